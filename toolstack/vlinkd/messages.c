// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages that are found again and again, and told of once. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "messages.h"

void messages_add(struct messages *messages, char *text)
{
	messages->list = alloc_grow(messages->list, messages->nr, sizeof(*messages->list));
	messages->list[messages->nr++] = text;
}

void messages_clear(struct messages *messages)
{
	size_t i;

	for (i = 0; i < messages->nr; i++)
		free(messages->list[i]);
	free(messages->list);
	*messages = (struct messages){ 0 };
}

static bool has_message(const struct messages *messages, const char *text)
{
	size_t i;

	for (i = 0; i < messages->nr; i++)
		if (!strcmp(messages->list[i], text))
			return true;
	return false;
}

void messages_say_new(struct messages *said, struct messages *now, enum log_level level)
{
	size_t i;

	for (i = 0; i < now->nr; i++)
		if (!has_message(said, now->list[i]))
			log_message(level, "%s", now->list[i]);
	messages_clear(said);
	*said = *now;
	*now = (struct messages){ 0 };
}
