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
};

/* Watches what @ctx means; its time limit counts from now. Returns 0 or -errno. */
int events_start(struct events *events, const struct context *ctx);
/* Returns 0 when something may have changed, -ETIMEDOUT, or another error. */
int events_sleep(const struct events *events);

#endif
