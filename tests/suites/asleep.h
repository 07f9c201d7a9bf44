/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a task sleeps in the kernel: how a test knows that a call blocks
 * without guessing a delay.
 */
#ifndef SUITES_ASLEEP_H
#define SUITES_ASLEEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

enum call_phase { CALL_IDLE, CALL_ENTERED, CALL_RETURNED };

/*
 * Waits until task *@tid, which sets *@phase to CALL_ENTERED right before its
 * call (*@tid is read only then) and to CALL_RETURNED after it, sleeps in that
 * call. False when the call returned instead.
 */
bool wait_asleep(const pid_t *tid, const _Atomic int *phase);
/* The same, also where only a fatal signal would end the sleep. */
bool wait_asleep_killably(const pid_t *tid, const _Atomic int *phase);

void sleep_ms(long ms);
long long clock_us(void);

#endif
