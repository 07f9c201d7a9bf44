/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages that are found again and again, and told of once. */
#ifndef VLINKD_MESSAGES_H
#define VLINKD_MESSAGES_H

#include <stddef.h>

#include "log.h"

struct messages {
	char **list;
	size_t nr;
};

/* Takes over @text. */
void messages_add(struct messages *messages, char *text);
void messages_clear(struct messages *messages);
/* Logs those of @now that are not in @said, which then becomes @now. */
void messages_say_new(struct messages *said, struct messages *now, enum log_level level);

#endif
