/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sleeping until something about links changes in xenstore. */
#ifndef VLINKCTL_EVENTS_H
#define VLINKCTL_EVENTS_H

#include <time.h>

#include "listing.h"

struct events {
	const struct context *ctx;
	struct timespec start;
	struct timespec woken;	/* when the last look began */
	/* What is to be read again: */
	unsigned int *domids;
	size_t nr_domids;
	bool all;
};

/* Watches what @ctx means; its time limit counts from now. Returns 0 or -errno. */
int events_start(struct events *events, const struct context *ctx);
/*
 * Sleeps until something has changed about the links, or the domains, of @listing, and reads
 * again what has: whatever else guests write costs no look. Looks half of the time at most: with
 * a hundred links that come one after the other, looking after each would keep xenstored from
 * connecting them. Returns 0, -ETIMEDOUT or another error; then @listing may be empty.
 */
int events_sleep(struct events *events, struct listing *listing);
void events_clear(struct events *events);

#endif
