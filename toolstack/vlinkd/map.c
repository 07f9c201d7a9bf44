// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds things by their names: a table of hashes with open addressing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc.h"
#include "map.h"

/* FNV-1a */
static size_t hash(const char *key)
{
	uint64_t value = 0xcbf29ce484222325u;

	for (; *key; key++)
		value = (value ^ (unsigned char)*key) * 0x100000001b3u;
	return (size_t)(value ^ value >> 32);
}

/* Where the key is, or belongs: at most half of the slots are taken. */
static struct map_slot *slot_of(const struct map *map, const char *key)
{
	size_t at = hash(key) & (map->room - 1);

	while (map->slots[at].key && strcmp(map->slots[at].key, key))
		at = (at + 1) & (map->room - 1);
	return &map->slots[at];
}

static void grow(struct map *map)
{
	struct map larger = { .nr = map->nr, .room = map->room ? 2 * map->room : 16 };
	size_t i;

	larger.slots = alloc_zero(larger.room, sizeof(*larger.slots));
	for (i = 0; i < map->room; i++)
		if (map->slots[i].key)
			*slot_of(&larger, map->slots[i].key) = map->slots[i];
	free(map->slots);
	*map = larger;
}

void map_set(struct map *map, const char *key, void *value)
{
	struct map_slot *slot;

	if (2 * (map->nr + 1) > map->room)
		grow(map);
	slot = slot_of(map, key);
	if (!slot->key) {
		slot->key = alloc_string(key);
		map->nr++;
	}
	slot->value = value;
}

void *map_get(const struct map *map, const char *key)
{
	return map->nr ? slot_of(map, key)->value : NULL;
}

void map_clear(struct map *map)
{
	size_t i;

	for (i = 0; i < map->room; i++)
		free(map->slots[i].key);
	free(map->slots);
	*map = (struct map){ 0 };
}
