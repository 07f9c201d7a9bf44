/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parameter memory of a sender (arena.c).
 */
#ifndef VRPQ_ARENA_H
#define VRPQ_ARENA_H

#include "pool.h"

/* Pages in a row, handed out from the start on. */
struct vrpq_chunk {
	struct vrpq_arena *arena;
	struct vrpq_chunk *next, **link;
	unsigned char *base;
	u32 page, pages;		/* in the zone */
	u32 used;			/* bytes */
	u32 live;			/* allocations that are neither freed nor consumed */
	u32 large;			/* bytes of the only allocation, if over a page */
	u16 units[VRPQ_PAGE_UNITS];	/* not posted yet: the length of what starts here */
};

struct vrpq_arena {
	const struct vrpq_chan *chan;
	struct vrpq_pool *zone;
	unsigned char *base;		/* of the zone, as mapped */
	struct vrpq_chunk *current;
	struct vrpq_chunk *chunks;
	bool has_floor;			/* a page is reserved for it while it has none */
};

/* Memory without waiting; @size is a multiple of VRPQ_UNIT, not 0. NULL: see *err. */
void *vrpq_arena_get(struct vrpq_arena *arena, u32 size, const struct vrpq_waiter *waiter,
		     int *err);
/* Gives the pages of a chunk back in which nothing is any more. */
void vrpq_chunk_free(struct vrpq_chunk *chunk);

/* One allocation of the chunk is done with. */
static inline void vrpq_arena_put(struct vrpq_chunk *chunk)
{
	if (--chunk->live)
		return;
	if (chunk == chunk->arena->current)
		chunk->used = 0;
	else
		vrpq_chunk_free(chunk);
}

/* The chunk of an allocation that was not posted yet, which it becomes; NULL: there is none. */
struct vrpq_chunk *vrpq_arena_claim(struct vrpq_arena *arena, const void *ptr, u32 *size);
/* Gives back a page that holds nothing. */
void vrpq_arena_drop_idle(struct vrpq_arena *arena);
/* Places no more in a page for which there is a lower one, so that it can be given back. */
void vrpq_arena_move_down(struct vrpq_arena *arena);
void vrpq_arena_release(struct vrpq_arena *arena);

/* vrpq_arena_get() if the current page has room; @size is no more than a page. */
static inline void *vrpq_arena_get_at_hand(struct vrpq_arena *arena, u32 size)
{
	struct vrpq_chunk *current = arena->current;
	u32 at;

	if (!current)
		return NULL;
	at = current->used;
	if (at + size > VRPQ_PAGE_SIZE)
		return NULL;
	current->used = at + size;
	current->live++;
	current->units[at / VRPQ_UNIT] = (u16)(size / VRPQ_UNIT);
	return current->base + at;
}

/* vrpq_arena_claim() of what starts in the first page of @chunk; its size, 0: there is none. */
static inline u32 vrpq_chunk_claim(struct vrpq_chunk *chunk, const void *ptr)
{
	size_t at = (size_t)((uintptr_t)ptr - (uintptr_t)chunk->base);
	u32 units;

	if (at >= VRPQ_PAGE_SIZE || at % VRPQ_UNIT)
		return 0;
	units = chunk->units[at / VRPQ_UNIT];
	chunk->units[at / VRPQ_UNIT] = 0;
	return units * VRPQ_UNIT;
}

static inline bool vrpq_arena_contains(const struct vrpq_arena *arena, const void *ptr)
{
	return (uintptr_t)ptr - (uintptr_t)arena->base <
	       (uintptr_t)arena->zone->max * VRPQ_PAGE_SIZE;
}

#endif
