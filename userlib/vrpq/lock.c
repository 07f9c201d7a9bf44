// SPDX-License-Identifier: LGPL-2.1-or-later
/* Waiting for a sender's lock. */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock.h"

void vrpq_lock_wait(struct vrpq_lock *lock)
{
	/* Who takes it from here on does not know whether others sleep. */
	while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &lock->word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
}

void vrpq_lock_wake(struct vrpq_lock *lock)
{
	syscall(SYS_futex, &lock->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
