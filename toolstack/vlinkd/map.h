/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds things by their names, however many there are. */
#ifndef VLINKD_MAP_H
#define VLINKD_MAP_H

#include <stddef.h>

struct map_slot {
	char *key;
	void *value;
};

struct map {
	struct map_slot *slots;
	size_t nr, room;
};

/* The key is copied. What stood under it before is replaced. */
void map_set(struct map *map, const char *key, void *value);
/* NULL: there is none. */
void *map_get(const struct map *map, const char *key);
void map_clear(struct map *map);

#endif
