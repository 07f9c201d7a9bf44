/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libvrpq share. <xen/io/vrpq.h> describes the memory that the two
 * libraries share, <vlink/vrpq_ioctl.h> what the drivers do.
 *
 * A session has a list of channels. Each channel has a sender, the end that
 * places requests or callbacks: slots, and an arena of parameter memory, which takes its
 * pages from a zone of the session's area. All that decides anything is in private memory;
 * shared memory is read once and checked.
 *
 * Locks, in this order:
 *   sessions_lock	the list of sessions (session.c)
 *   session->list_lock	the list of channels; held for walks over all of them
 *   chan->rx_lock	callbacks that a client has in work
 *   sender->lock	slots, records and arena of a sender
 *   zone->lock		the pages of a zone
 *   objects_lock	handles that are not in use (session.c)
 *   lock of resolve.c	memory that references may point into
 * None is held while a thread sleeps. fork() takes all of them (fork.c).
 */
#ifndef VRPQ_COMMON_H
#define VRPQ_COMMON_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vlink/vrpq_ioctl.h>
#include <vlx/vrpq/client-lib.h>
#include <vlx/vrpq/server-lib.h>
#include <xen/io/vrpq.h>

#include "lock.h"

#define VRPQ_NO_PAGE		UINT32_MAX
#define VRPQ_UNIT		8u			/* parameters are aligned to it */
#define VRPQ_PAGE_UNITS		(VRPQ_PAGE_SIZE / VRPQ_UNIT)
#define VRPQ_ENDED		(VRPQ_WAIT_PEER_CLOSED | VRPQ_WAIT_BROKEN)

/* What posts go through, and what they seldom need: kept out of the former's way. */
#define VRPQ_FAST		inline __attribute__((always_inline))
#define VRPQ_SLOW		__attribute__((noinline, cold))

#define vrpq_get(p)		__atomic_load_n((p), __ATOMIC_RELAXED)
#define vrpq_set(p, v)		__atomic_store_n((p), (v), __ATOMIC_RELAXED)

#endif
