/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The work of vlinkd, apart from how it is started and woken. */
#ifndef VLINKD_DAEMON_H
#define VLINKD_DAEMON_H

#include "apply.h"
#include "config.h"
#include "domains.h"

struct daemon {
	xc_interface *xc;
	struct xs_handle *xs;
	struct config config;
	struct domains_watched watched;
	struct withdrawn withdrawn;
	bool config_stale;	/* the files may have changed */
	bool search_orphans;	/* directories without a record may be about */
	struct messages said;	/* of the last pass */
	size_t nr_domains, nr_links, nr_joined;	/* as of the last pass */
};

/* Asks xenstored for events; daemon->xc, xs and config.dirs are set by the caller. */
int daemon_start(struct daemon *daemon);
/* Takes all events that are waiting. Returns their number or -errno. */
int daemon_take_events(struct daemon *daemon);
/*
 * Compares and repairs once. Returns 0, -EAGAIN when something is left that is
 * to be tried again soon, or the error of a lost connection.
 */
int daemon_pass(struct daemon *daemon);
void daemon_clear(struct daemon *daemon);

#endif
