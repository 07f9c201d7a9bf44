/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values by name. */
#ifndef DTS2XL_MAP_H
#define DTS2XL_MAP_H

#include <stddef.h>

struct map {
	struct map_entry **buckets;
	size_t nr_buckets;
	size_t nr;
};

void *map_get(const struct map *map, const char *name);	/* NULL: none */
/* NULL takes a name's value away. */
void map_set(struct map *map, const char *name, void *value);

#endif
