// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages that are found again and again, and told of once. */
#include <stdlib.h>

#include "lib/alloc.h"
#include "map.h"
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

void messages_say_new(struct messages *said, struct messages *now, enum log_level level)
{
	struct map before = { 0 };
	size_t i;

	for (i = 0; i < said->nr; i++)
		map_set(&before, said->list[i], said);
	for (i = 0; i < now->nr; i++)
		if (!map_get(&before, now->list[i]))
			log_message(level, "%s", now->list[i]);
	map_clear(&before);
	messages_clear(said);
	*said = *now;
	*now = (struct messages){ 0 };
}
