// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "map.h"
#include "mem.h"

#define BUCKETS_MIN	64

struct map_entry {
	const char *name;
	void *value;
	struct map_entry *next;
};

static size_t bucket_of(const char *name, size_t nr_buckets)
{
	size_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash % nr_buckets;
}

static struct map_entry *find(const struct map *map, const char *name)
{
	struct map_entry *entry;

	if (!map->nr_buckets)
		return NULL;
	for (entry = map->buckets[bucket_of(name, map->nr_buckets)]; entry; entry = entry->next)
		if (!strcmp(entry->name, name))
			return entry;
	return NULL;
}

static void link_entry(struct map_entry **buckets, size_t nr_buckets, struct map_entry *entry)
{
	struct map_entry **bucket = &buckets[bucket_of(entry->name, nr_buckets)];

	entry->next = *bucket;
	*bucket = entry;
}

static void grow(struct map *map)
{
	size_t nr = map->nr_buckets ? map->nr_buckets * 4 : BUCKETS_MIN, i;
	struct map_entry **buckets = mem_alloc(nr * sizeof(struct map_entry *)), *entry, *next;

	for (i = 0; i < map->nr_buckets; i++)
		for (entry = map->buckets[i]; entry; entry = next) {
			next = entry->next;
			link_entry(buckets, nr, entry);
		}
	map->buckets = buckets;
	map->nr_buckets = nr;
}

void *map_get(const struct map *map, const char *name)
{
	const struct map_entry *entry = find(map, name);

	return entry ? entry->value : NULL;
}

void map_set(struct map *map, const char *name, void *value)
{
	struct map_entry *entry = find(map, name);

	if (entry) {
		entry->value = value;
		return;
	}
	if (map->nr >= map->nr_buckets)
		grow(map);
	entry = mem_alloc(sizeof(*entry));
	entry->name = name;
	entry->value = value;
	link_entry(map->buckets, map->nr_buckets, entry);
	map->nr++;
}
