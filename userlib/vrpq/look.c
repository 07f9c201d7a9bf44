// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Looking for a while before sleeping. To sleep and be woken costs both ends more than what
 * a peer that is at work needs to answer, or to post again.
 *
 * Who looks does so for about as long as it slept the last time, and not at all if that
 * was long: an idle end looks once, and sleeps. Looks that found nothing make the next ones
 * rare.
 *
 * A server that is one of many gives way to the others while it looks. Its own sleeps tell
 * little then: they last until its turn has come round. So it stays as long as others of
 * the process have something to do now and then, and while all stay awake the client rings
 * for none of them; what is posted meanwhile waits for the next turn, all at once.
 */
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "lib.h"

#define SHORT_SLEEP_US	500u
#define LOOK_MIN_US	50u
#define LOOK_MAX_US	250u
#define MISSES_MAX	6u	/* then one sleep in 2^6 begins with a look */

/* For servers that give way. */
#define OTHERS_NEAR_US	1000u	/* since another had nothing to do: it had before */
#define GIVE_WAY_MAX_US	5000u
#define TURNS_MIN	2u	/* of all others, however long they take */

/* Between two looks, so that the peer has its cache line for itself meanwhile. */
#define PAUSES		8u
#define LOOKS_PER_CLOCK	4u

/* Servers of this process that have slept and do not sleep now; atomic. */
static u32 at_work;

/* When a server of this process last had nothing to do, and which; atomic. */
static u32 dry_us;
static const struct vrpq_file *dry_file;

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

/* Do more servers work than there are processors? */
static bool is_crowded(void)
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

bool vrpq_look_is_due(struct vrpq_file *file)
{
	u32 skip = vrpq_get(&file->skip);

	if (vrpq_get(&file->slept_us) > SHORT_SLEEP_US || is_crowded())
		return false;
	if (skip)
		vrpq_set(&file->skip, skip - 1);
	return !skip;
}

static void note_result(struct vrpq_file *file, bool found)
{
	u32 misses = vrpq_get(&file->misses);

	vrpq_set(&file->skip, found ? 0 : (1u << misses) - 1);
	if (found)
		misses = 0;
	else if (misses < MISSES_MAX)
		misses++;
	vrpq_set(&file->misses, misses);
}

static u32 look_us(const struct vrpq_file *file)
{
	u32 us = vrpq_get(&file->slept_us);

	return us < LOOK_MIN_US ? LOOK_MIN_US : us > LOOK_MAX_US ? LOOK_MAX_US : us;
}

bool vrpq_look(struct vrpq_file *file, bool (*found)(const void *what), const void *what)
{
	bool there;
	u32 i, n;
	u64 end = 0;

	/* What comes at once costs no look at the clock. */
	for (n = 1; !(there = found(what)); n++) {
		for (i = 0; i < PAUSES; i++)
			pause_cpu();
		if (n % LOOKS_PER_CLOCK)
			continue;
		if (!end)
			end = now_us() + look_us(file);
		else if (now_us() >= end)
			break;
	}
	note_result(file, there);
	return there;
}

/* Had another server of the process nothing to do a moment ago? One alone asks no clock. */
static bool others_are_near(const struct vrpq_file *file)
{
	const struct vrpq_file *who = __atomic_exchange_n(&dry_file, file, __ATOMIC_RELAXED);
	u32 now, before;

	if (!who || who == file)
		return false;
	now = (u32)now_us();
	before = __atomic_exchange_n(&dry_us, now, __ATOMIC_RELAXED);
	return now - before < OTHERS_NEAR_US;
}

bool vrpq_look_gives_way(const struct vrpq_file *file)
{
	bool near = others_are_near(file);

	return is_crowded() || (near && vrpq_get(&file->slept_us) > SHORT_SLEEP_US);
}

/* Neither quiet elsewhere, nor time to sleep? @start: 0 at first. */
static bool stays(u64 *start)
{
	u32 dry = vrpq_get(&dry_us);
	u64 now = now_us();

	if (!*start)
		*start = now;
	return now - *start < GIVE_WAY_MAX_US && (u32)now - dry < OTHERS_NEAR_US;
}

bool vrpq_look_giving_way(struct vrpq_file *file, bool (*found)(const void *what), const void *what)
{
	u32 skip = vrpq_get(&file->skip), turns = 0;
	u64 start = 0;
	bool there;

	do {
		sched_yield();
		there = found(what);
	} while (!there && !skip && (++turns < TURNS_MIN || stays(&start)));
	if (there || !skip)
		note_result(file, there);
	else
		vrpq_set(&file->skip, skip - 1);
	return there;
}
