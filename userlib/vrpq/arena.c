// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Parameter memory of a sender. Small requests are placed one behind the other in a
 * chunk of one page; a larger one gets a chunk of its own. A chunk whose requests
 * were all consumed starts anew, or its pages go back to the zone. All under the
 * sender's lock.
 */
#include <errno.h>
#include <stdlib.h>

#include "arena.h"

static u32 reserved(const struct vrpq_arena *arena)
{
	return arena->has_floor && !arena->chunks;
}

static void set_owner(struct vrpq_chunk *chunk, struct vrpq_chunk *owner)
{
	u32 i;

	for (i = 0; i < chunk->pages; i++)
		vrpq_set(&chunk->arena->zone->chunks[chunk->page + i], owner);
}

static void chunk_link(struct vrpq_chunk *chunk)
{
	struct vrpq_arena *arena = chunk->arena;

	chunk->next = arena->chunks;
	chunk->link = &arena->chunks;
	if (chunk->next)
		chunk->next->link = &chunk->next;
	arena->chunks = chunk;
}

void vrpq_chunk_free(struct vrpq_chunk *chunk)
{
	struct vrpq_arena *arena = chunk->arena;

	set_owner(chunk, NULL);
	*chunk->link = chunk->next;
	if (chunk->next)
		chunk->next->link = chunk->link;
	if (arena->current == chunk)
		arena->current = NULL;
	vrpq_pool_give(arena->zone, chunk->page, chunk->pages, reserved(arena));
	free(chunk);
}

static struct vrpq_chunk *chunk_new(struct vrpq_arena *arena, u32 pages,
				    const struct vrpq_waiter *waiter, int *err)
{
	struct vrpq_chunk *chunk = calloc(1, sizeof(*chunk));

	if (!chunk) {
		*err = ENOMEM;
		return NULL;
	}
	chunk->arena = arena;
	chunk->pages = pages;
	chunk->page = vrpq_pool_take(arena->zone, arena->chan, pages, reserved(arena), waiter, err);
	if (chunk->page == VRPQ_NO_PAGE) {
		free(chunk);
		return NULL;
	}
	chunk->base = arena->base + (size_t)chunk->page * VRPQ_PAGE_SIZE;
	chunk_link(chunk);
	set_owner(chunk, chunk);
	return chunk;
}

/* The only allocation of a chunk of its own. */
static void *chunk_fill(struct vrpq_chunk *chunk, u32 size)
{
	chunk->live = 1;
	chunk->large = size;
	chunk->units[0] = 1;
	return chunk->base;
}

void *vrpq_arena_get(struct vrpq_arena *arena, u32 size, const struct vrpq_waiter *waiter,
		     int *err)
{
	void *ptr = size > VRPQ_PAGE_SIZE ? NULL : vrpq_arena_get_at_hand(arena, size);
	struct vrpq_chunk *fresh;

	if (ptr)
		return ptr;
	if (size > VRPQ_PAGE_SIZE)
		vrpq_arena_drop_idle(arena);
	fresh = chunk_new(arena, (size + VRPQ_PAGE_SIZE - 1) / VRPQ_PAGE_SIZE, waiter, err);
	if (!fresh)
		return NULL;
	if (size > VRPQ_PAGE_SIZE)
		return chunk_fill(fresh, size);
	arena->current = fresh;
	return vrpq_arena_get_at_hand(arena, size);
}

static bool owns(const struct vrpq_arena *arena, const struct vrpq_chunk *chunk)
{
	const struct vrpq_chunk *mine = arena->chunks;

	if (chunk == arena->current)
		return chunk;
	while (mine && mine != chunk)
		mine = mine->next;
	return mine;
}

struct vrpq_chunk *vrpq_arena_claim(struct vrpq_arena *arena, const void *ptr, u32 *size)
{
	u32 offset = (u32)((const unsigned char *)ptr - arena->base);
	struct vrpq_chunk *chunk = vrpq_get(&arena->zone->chunks[offset / VRPQ_PAGE_SIZE]);

	/* What another sender owns may be freed at any moment, and is not looked at. */
	if (!owns(arena, chunk))
		return NULL;
	*size = vrpq_chunk_claim(chunk, ptr);
	if (!*size)
		return NULL;
	if (chunk->large)
		*size = chunk->large;
	return chunk;
}

void vrpq_arena_drop_idle(struct vrpq_arena *arena)
{
	if (arena->current && !arena->current->live)
		vrpq_chunk_free(arena->current);
}

void vrpq_arena_move_down(struct vrpq_arena *arena)
{
	struct vrpq_chunk *current = arena->current;

	if (current && vrpq_pool_has_lower(arena->zone, current->page))
		arena->current = NULL;
	if (current && !arena->current && !current->live)
		vrpq_chunk_free(current);
}

void vrpq_arena_release(struct vrpq_arena *arena)
{
	struct vrpq_chunk *chunk, *next;

	for (chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		vrpq_chunk_free(chunk);
	}
}
