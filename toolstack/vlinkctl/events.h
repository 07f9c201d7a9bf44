/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sleeping until something about links changes in xenstore. */
#ifndef VLINKCTL_EVENTS_H
#define VLINKCTL_EVENTS_H

#include <time.h>

#include "context.h"

struct events {
	struct xs_handle *xs;
	long timeout_ms;
	struct timespec start;
	struct timespec woken;	/* when the caller began to look */
};

/* Watches what @ctx means; its time limit counts from now. Returns 0 or -errno. */
int events_start(struct events *events, const struct context *ctx);
/*
 * Returns 0 when something may have changed, -ETIMEDOUT, or another error. The caller looks
 * half of the time at most: with a hundred links that come one after the other, looking at
 * all of them after each would keep xenstored from connecting them.
 */
int events_sleep(struct events *events);

#endif
