/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pages of a zone (pool.c).
 */
#ifndef VRPQ_POOL_H
#define VRPQ_POOL_H

#include "common.h"

struct vrpq_chan;
struct vrpq_chunk;
struct vrpq_session;

/* A thread that waits for pages; first come, first served. */
struct vrpq_waiter {
	struct vrpq_waiter *next;
	const struct vrpq_chan *chan;	/* for which it waits; NULL: for a new one */
};

/* Is that, of a function that takes something, a reason to wait and try again? */
static inline bool vrpq_may_come(int err)
{
	return err == EAGAIN || err == EINPROGRESS;
}

struct vrpq_pool {
	bool is_made;			/* whether all of it could be made or not */
	const struct vrpq_session *session;
	enum vrpq_zone id;
	u32 first, max;			/* pages of the area */
	pthread_mutex_t lock;
	u32 pages;			/* there are, from the start of the zone */
	u32 free;
	u32 lowest;			/* no page below is free */
	u32 reserved;			/* free pages for senders that have none */
	u64 *free_map;
	struct vrpq_chunk **chunks;	/* of each page, atomic; zones of parameters */
	struct vrpq_waiter *waiters;	/* the first has its turn */
};

int vrpq_pool_init(struct vrpq_pool *zone, const struct vrpq_session *session,
		   enum vrpq_zone id, u32 first, u32 max);
/* Also of one that could not be made, or of zeros. */
void vrpq_pool_fini(struct vrpq_pool *zone);
/*
 * Takes @n pages in a row for @chan, growing the zone if need be. @reserved: how many of them
 * were reserved for the caller. @waiter: the caller's place in the queue, or NULL. Returns the
 * first page, or VRPQ_NO_PAGE with *err EAGAIN (there are none), EINPROGRESS (the kernels
 * share them just now), EMSGSIZE, EPIPE or ENOMEM.
 */
u32 vrpq_pool_take(struct vrpq_pool *zone, const struct vrpq_chan *chan, u32 n, u32 reserved,
		   const struct vrpq_waiter *waiter, int *err);
/* Gives them back; @reserved of them stay reserved for the giver. */
void vrpq_pool_give(struct vrpq_pool *zone, u32 page, u32 n, u32 reserved);
/* Changes how many pages are reserved; a client's zone grows to that if it can. */
void vrpq_pool_reserve(struct vrpq_pool *zone, int change);
/* Gives free pages at the end back to the kernel, but for reserved ones. */
void vrpq_pool_trim(struct vrpq_pool *zone);
bool vrpq_pool_has_lower(struct vrpq_pool *zone, u32 page);
void vrpq_pool_queue(struct vrpq_pool *zone, struct vrpq_waiter *waiter);
void vrpq_pool_unqueue(struct vrpq_pool *zone, struct vrpq_waiter *waiter);
bool vrpq_pool_is_first(struct vrpq_pool *zone, const struct vrpq_waiter *waiter);

#endif
