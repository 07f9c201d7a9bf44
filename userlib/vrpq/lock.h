/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock of a sender, which every post takes twice: one word, so that taking and
 * releasing it while nobody else wants it is a few instructions in place, and none that
 * is atomic while the process has one thread.
 */
#ifndef VRPQ_LOCK_H
#define VRPQ_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/single_threaded.h>

struct vrpq_lock {
	uint32_t word;		/* 0: free, 1: taken, 2: taken, and threads may sleep for it */
};

/* Sleeps until the lock can be had, and takes it. */
void vrpq_lock_wait(struct vrpq_lock *lock);
/* Wakes a thread that sleeps for it. */
void vrpq_lock_wake(struct vrpq_lock *lock);

/* Takes the lock if nobody has it. */
static inline bool vrpq_try_lock(struct vrpq_lock *lock)
{
	uint32_t free = 0;

	/* No second thread can come to be while the only one is in here. */
	return __libc_single_threaded ||
	       __atomic_compare_exchange_n(&lock->word, &free, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void vrpq_lock(struct vrpq_lock *lock)
{
	if (!vrpq_try_lock(lock))
		vrpq_lock_wait(lock);
}

static inline void vrpq_unlock(struct vrpq_lock *lock)
{
	/* It may have been taken while there were others. */
	if (__libc_single_threaded)
		__atomic_store_n(&lock->word, 0, __ATOMIC_RELAXED);
	else if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
		vrpq_lock_wake(lock);
}

#endif
