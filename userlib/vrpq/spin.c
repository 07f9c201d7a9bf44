// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Spinning for a while before sleeping. To sleep and be woken costs both ends more than what
 * a peer that is at work needs to answer, or to post again.
 *
 * A thread spins for about as long as it slept the last time, and not at all if that was
 * long: an idle end sleeps at once. Where many servers of the process are awake, or run
 * out of work in turn, a thread gives the processor to the others instead: it yields,
 * and what is posted meanwhile waits for its next turn, all at once; while all of them stay
 * awake the client rings for none.
 *
 * Both are bounded by what they cost. A yield returns at once if no other thread can run, so
 * the number of yields is limited, not their time: with others at work the same number lasts
 * as long as these need. What was in vain halves the number of the following ones, down to
 * one in 64 sleeps. So a process whose channels are mostly idle spends next to nothing on it,
 * however many they are.
 */
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "file.h"

#define SHORT_SLEEP_US	500u
#define SPIN_MIN_US	50u
#define SPIN_MAX_US	250u
#define MISSES_MAX	6u	/* then one sleep in 2^6 begins with spinning or yielding */

/*
 * Some 50 us if nothing else can run, which is what a wake-up costs. Skipped ones
 * are one yield: for that long a crowd of servers that have work needs no sleep.
 */
#define YIELDS_MAX	64u

/* Between two looks, so that the peer has its cache line for itself meanwhile. */
#define PAUSES		8u
#define LOOKS_FIRST	4u	/* before the clock is read for the first time */
#define LOOKS_MAX	1024u	/* before it is read again */

/* Servers of this process that have slept and do not sleep now; atomic. */
static u32 servers_awake;

/* Which server of this process had nothing to do last; atomic. */
static const struct vrpq_file *last_idle;

void vrpq_spin_count_server(bool awake)
{
	__atomic_fetch_add(&servers_awake, awake ? 1 : -1, __ATOMIC_RELAXED);
}

void vrpq_spin_forget_servers(void)
{
	vrpq_set(&servers_awake, 0);
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

/* Are more servers awake than there are processors? */
static bool is_crowded(void)
{
	u32 n = vrpq_get(&servers_awake);

	return n > 1 && n > processors();
}

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("isb" ::: "memory");
#endif
}

bool vrpq_spin_is_due(struct vrpq_file *file)
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

static u64 spin_ns(const struct vrpq_file *file)
{
	u32 us = vrpq_get(&file->slept_us);

	us = us < SPIN_MIN_US ? SPIN_MIN_US : us > SPIN_MAX_US ? SPIN_MAX_US : us;
	return (u64)us * 1000;
}

/* Looks @looks times, or until @found(@what). */
static bool look(u32 looks, bool (*found)(const void *what), const void *what)
{
	u32 i;

	while (looks--) {
		if (found(what))
			return true;
		for (i = 0; i < PAUSES; i++)
			pause_cpu();
	}
	return false;
}

/* So many looks as fill half of @left ns, by how long the last @looks took. */
static u32 looks_for(u64 left, u32 looks, u64 took)
{
	u64 n = left / 2 * looks / (took ? took : 1);

	return n < 1 ? 1 : n > LOOKS_MAX ? LOOKS_MAX : (u32)n;
}

bool vrpq_spin(struct vrpq_file *file, bool (*found)(const void *what), const void *what)
{
	/* What comes at once costs no look at the clock, which some guests ask the kernel for. */
	bool there = look(LOOKS_FIRST, found, what);
	u64 end, before, now;
	u32 looks = LOOKS_FIRST;

	if (there) {
		note_result(file, true);
		return true;
	}
	now = now_ns();
	end = now + spin_ns(file);
	while (!there && now < end) {
		there = look(looks, found, what);
		before = now;
		now = now_ns();
		looks = looks_for(end > now ? end - now : 0, looks, now - before);
	}
	note_result(file, there);
	return there;
}

/* Had another server of the process nothing to do since this one had not? */
static bool others_idle_in_turn(const struct vrpq_file *file)
{
	const struct vrpq_file *who = __atomic_exchange_n(&last_idle, file, __ATOMIC_RELAXED);

	return who && who != file;
}

bool vrpq_yield_is_due(const struct vrpq_file *file)
{
	bool in_turn = others_idle_in_turn(file);

	/* Short sleeps promise more of spinning. Others tell little: they last a turn. */
	return is_crowded() || (in_turn && vrpq_get(&file->slept_us) > SHORT_SLEEP_US);
}

bool vrpq_yield(struct vrpq_file *file, bool (*found)(const void *what), const void *what)
{
	u32 skip = vrpq_get(&file->skip), left = skip ? 1 : YIELDS_MAX;
	bool there;

	do {
		sched_yield();
		there = found(what);
	} while (!there && --left);
	if (there || !skip)
		note_result(file, there);
	else
		vrpq_set(&file->skip, skip - 1);
	return there;
}
