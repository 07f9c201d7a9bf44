// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The pages of a zone. The lowest are taken first, so that what is idle gathers at the end,
 * where it can be given back to the kernel.
 *
 * One page is reserved for each sender that has none, so that each channel can always go on
 * with what it has; the others leave that many pages free.
 */
#include <errno.h>
#include <stdlib.h>

#include "objects.h"

#define GROW_MAX	64u	/* pages asked for at a time, beyond what is needed */

int vrpq_pool_init(struct vrpq_pool *zone, const struct vrpq_session *session,
		   enum vrpq_zone id, u32 first, u32 max)
{
	*zone = (struct vrpq_pool) { .session = session, .id = id, .first = first, .max = max };
	zone->free_map = calloc((max + 63) / 64, sizeof(*zone->free_map));
	if (id != VRPQ_ZONE_RING)
		zone->chunks = calloc(max, sizeof(struct vrpq_chunk *));
	pthread_mutex_init(&zone->lock, NULL);
	zone->is_made = true;
	return zone->free_map && (zone->chunks || id == VRPQ_ZONE_RING) ? 0 : ENOMEM;
}

void vrpq_pool_fini(struct vrpq_pool *zone)
{
	if (!zone->is_made)
		return;
	zone->is_made = false;
	pthread_mutex_destroy(&zone->lock);
	free(zone->free_map);
	free(zone->chunks);
	zone->free_map = NULL;
	zone->chunks = NULL;
}

static bool is_free(const struct vrpq_pool *zone, u32 page)
{
	return zone->free_map[page / 64] >> (page % 64) & 1;
}

static void mark(struct vrpq_pool *zone, u32 page, u32 n, bool free)
{
	u32 i;

	for (i = page; i < page + n; i++) {
		if (free)
			zone->free_map[i / 64] |= 1ull << (i % 64);
		else
			zone->free_map[i / 64] &= ~(1ull << (i % 64));
	}
	zone->free += free ? n : -n;
	if (free && page < zone->lowest)
		zone->lowest = page;
	else if (!free && page == zone->lowest)
		zone->lowest = page + n;
}

/* The first of the lowest @n free pages in a row. */
static u32 find_run(const struct vrpq_pool *zone, u32 n)
{
	u32 i, len = 0;

	for (i = zone->lowest; i < zone->pages; i++) {
		if (i % 64 == 0 && !zone->free_map[i / 64]) {
			len = 0;
			i += 63;
		} else if (!is_free(zone, i)) {
			len = 0;
		} else if (++len == n) {
			return i + 1 - n;
		}
	}
	return VRPQ_NO_PAGE;
}

static u32 free_at_end(const struct vrpq_pool *zone)
{
	u32 n = 0;

	while (n < zone->pages && is_free(zone, zone->pages - 1 - n))
		n++;
	return n;
}

/* Takes over what the kernel says there is. */
static void note_pages(struct vrpq_pool *zone, u32 pages)
{
	u32 old = zone->pages;

	if (pages <= old || pages > zone->max)
		return;
	zone->pages = pages;
	mark(zone, old, pages - old, true);
}

static int grow(struct vrpq_pool *zone, const struct vrpq_chan *chan, u32 min)
{
	struct vrpq_grow_args args = { .zone = zone->id, .min = min, .pages = zone->pages };
	int err;

	args.want = zone->pages < GROW_MAX ? zone->pages : GROW_MAX;
	if (args.want < min)
		args.want = min;
	if (args.want > zone->max - zone->pages)
		args.want = zone->max - zone->pages;
	if (min > args.want)
		return EAGAIN;
	err = vrpq_session_control(zone->session, chan, VRPQ_IOC_GROW, &args);
	if (!err)
		note_pages(zone, args.pages);
	return err;
}

/* Pages that must come to take @n in a row and leave @leave. */
static u32 missing(const struct vrpq_pool *zone, u32 n, u32 leave)
{
	u32 by_count = n + leave > zone->free ? n + leave - zone->free : 0;
	u32 by_run = 0;

	if (find_run(zone, n) == VRPQ_NO_PAGE)
		by_run = n - free_at_end(zone);
	return by_count > by_run ? by_count : by_run;
}

static u32 take_locked(struct vrpq_pool *zone, const struct vrpq_chan *chan, u32 n,
		       u32 reserved, int *err)
{
	/* The caller may take the pages that are reserved for it, and none of the others. */
	u32 leave = n > reserved && zone->reserved > reserved ? zone->reserved - reserved : 0;
	u32 page, more = missing(zone, n, leave);

	if (more) {
		*err = grow(zone, chan, more);
		if (*err)
			return VRPQ_NO_PAGE;
		if (missing(zone, n, leave)) {
			*err = EAGAIN;
			return VRPQ_NO_PAGE;
		}
	}
	page = find_run(zone, n);
	mark(zone, page, n, false);
	zone->reserved -= zone->reserved > reserved ? reserved : zone->reserved;
	return page;
}

u32 vrpq_pool_take(struct vrpq_pool *zone, const struct vrpq_chan *chan, u32 n, u32 reserved,
		   const struct vrpq_waiter *waiter, int *err)
{
	u32 page = VRPQ_NO_PAGE;

	if (n > zone->max) {
		*err = EMSGSIZE;
		return VRPQ_NO_PAGE;
	}
	pthread_mutex_lock(&zone->lock);
	/* Nobody overtakes a waiter for many pages, except to take reserved ones. */
	if (zone->waiters && zone->waiters != waiter && !reserved)
		*err = EAGAIN;
	else
		page = take_locked(zone, chan, n, reserved, err);
	pthread_mutex_unlock(&zone->lock);
	return page;
}

static void wake_waiters(struct vrpq_pool *zone)
{
	if (zone->waiters)
		vrpq_session_kick(zone->session, zone->waiters->chan);
}

void vrpq_pool_give(struct vrpq_pool *zone, u32 page, u32 n, u32 reserved)
{
	pthread_mutex_lock(&zone->lock);
	mark(zone, page, n, true);
	zone->reserved += reserved;
	wake_waiters(zone);
	pthread_mutex_unlock(&zone->lock);
}

void vrpq_pool_reserve(struct vrpq_pool *zone, int change)
{
	pthread_mutex_lock(&zone->lock);
	zone->reserved += (u32)change;
	/* If it fails now, whoever takes the pages tries again. */
	if (change >= 0 && zone->reserved > zone->free)
		(void)grow(zone, NULL, zone->reserved - zone->free);
	if (change < 0)
		wake_waiters(zone);
	pthread_mutex_unlock(&zone->lock);
}

void vrpq_pool_trim(struct vrpq_pool *zone)
{
	struct vrpq_trim_args args = { .zone = zone->id };
	u32 n;

	/* The kernel takes them in portions of its own, and may leave some. */

	pthread_mutex_lock(&zone->lock);
	n = zone->free > zone->reserved ? zone->free - zone->reserved : 0;
	if (n > free_at_end(zone))
		n = free_at_end(zone);
	args.pages = zone->pages - n;
	if (n && !zone->waiters &&
	    !vrpq_session_control(zone->session, NULL, VRPQ_IOC_TRIM, &args) &&
	    args.pages < zone->pages) {
		mark(zone, args.pages, zone->pages - args.pages, false);
		zone->pages = args.pages;
		if (zone->lowest > zone->pages)
			zone->lowest = zone->pages;
	}
	pthread_mutex_unlock(&zone->lock);
}

bool vrpq_pool_has_lower(struct vrpq_pool *zone, u32 page)
{
	bool lower;

	pthread_mutex_lock(&zone->lock);
	lower = zone->free > zone->reserved && zone->lowest < page;
	pthread_mutex_unlock(&zone->lock);
	return lower;
}

void vrpq_pool_queue(struct vrpq_pool *zone, struct vrpq_waiter *waiter)
{
	struct vrpq_waiter **at;

	pthread_mutex_lock(&zone->lock);
	for (at = &zone->waiters; *at; at = &(*at)->next)
		;
	waiter->next = NULL;
	*at = waiter;
	pthread_mutex_unlock(&zone->lock);
}

void vrpq_pool_unqueue(struct vrpq_pool *zone, struct vrpq_waiter *waiter)
{
	struct vrpq_waiter **at;

	pthread_mutex_lock(&zone->lock);
	for (at = &zone->waiters; *at != waiter; at = &(*at)->next)
		;
	*at = waiter->next;
	wake_waiters(zone);
	pthread_mutex_unlock(&zone->lock);
}

bool vrpq_pool_is_first(struct vrpq_pool *zone, const struct vrpq_waiter *waiter)
{
	bool first;

	pthread_mutex_lock(&zone->lock);
	first = zone->waiters == waiter;
	pthread_mutex_unlock(&zone->lock);
	return first;
}
