// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Looking for a while before sleeping. To sleep and be woken costs both ends more than what
 * a peer that is at work needs to answer, or to post again.
 *
 * Who looks does so no longer than it slept the last time, and not at all if that was
 * long: an idle end looks once, and sleeps. Looks that found nothing make the next ones
 * rare. Where the process has other servers at work for each processor nobody looks; who
 * has nothing to do gives way to them, which takes a while as well.
 */
#include <time.h>
#include <unistd.h>

#include "lib.h"

#define SHORT_SLEEP_US	500u
#define LOOK_MAX_US	250u
#define MISSES_MAX	6u	/* then one sleep in 2^6 begins with a look */

/* Between two looks, so that the peer has its cache line for itself meanwhile. */
#define PAUSES		8u

/* Servers of this process that have slept and do not sleep now; atomic. */
static u32 at_work;

void vrpq_look_count(bool works)
{
	__atomic_fetch_add(&at_work, works ? 1 : -1, __ATOMIC_RELAXED);
}

static u32 processors(void)
{
	static u32 known;	/* atomic */
	u32 n = vrpq_get(&known);
	long online;

	if (n)
		return n;
	online = sysconf(_SC_NPROCESSORS_ONLN);
	n = online > 0 ? (u32)online : 1;
	vrpq_set(&known, n);
	return n;
}

bool vrpq_look_is_crowded(void)
{
	u32 n = vrpq_get(&at_work);

	return n > 1 && n > processors();
}

static u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000 + (u64)now.tv_nsec / 1000;
}

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("isb" ::: "memory");
#endif
}

bool vrpq_look_is_due(struct vrpq_look *look)
{
	u32 skip = vrpq_get(&look->skip);

	if (vrpq_get(&look->slept_us) > SHORT_SLEEP_US || vrpq_look_is_crowded())
		return false;
	if (skip)
		vrpq_set(&look->skip, skip - 1);
	return !skip;
}

static void note_result(struct vrpq_look *look, bool found)
{
	u32 misses = vrpq_get(&look->misses);

	if (!found)
		vrpq_set(&look->skip, (1u << misses) - 1);
	if (found)
		misses = 0;
	else if (misses < MISSES_MAX)
		misses++;
	vrpq_set(&look->misses, misses);
}

bool vrpq_look(struct vrpq_look *look, bool (*found)(const void *what), const void *what)
{
	u32 us = vrpq_get(&look->slept_us);
	u64 end = now_us() + (us < LOOK_MAX_US ? us : LOOK_MAX_US);
	bool there = found(what);
	u32 i;

	while (!there && now_us() < end) {
		for (i = 0; i < PAUSES; i++)
			pause_cpu();
		there = found(what);
	}
	note_result(look, there);
	return there;
}

int vrpq_look_sleep(struct vrpq_look *look, struct vrpq_file *file, u32 seq, u32 flags)
{
	u64 start = now_us();
	int err = vrpq_file_wait(file, seq, flags);
	u64 slept = now_us() - start;

	vrpq_set(&look->slept_us, slept < UINT32_MAX ? (u32)slept : UINT32_MAX);
	return err;
}
