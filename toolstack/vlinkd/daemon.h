/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The work of vlinkd, apart from how it is started and woken. */
#ifndef VLINKD_DAEMON_H
#define VLINKD_DAEMON_H

#include "apply.h"
#include "choice.h"
#include "config.h"
#include "lib/detached.h"
#include "domains.h"

/* What is known of xenstore is read once: only vlinkd and vlinkctl write there. */
struct daemon {
	xc_interface *xc;
	struct xs_handle *xs;
	long long now_ms;	/* of a clock that never goes back; set by the caller */
	struct config config;
	struct domains_known known;
	struct published published;
	struct records records;
	struct detached detached;
	struct withdrawn withdrawn;
	bool config_stale;	/* the files may have changed */
	bool detached_stale;
	bool search_orphans;	/* directories without a record may be about */
	bool obey;		/* the configs are to be followed as they are now */
	long long again_ms;	/* when to pass again without an event; CHOICE_NEVER */
	struct messages said;	/* of the last pass */
	size_t nr_domains, nr_links, nr_joined;	/* as of the last pass */
};

/* Asks xenstored for events; daemon->xc, xs and config.dirs are set by the caller. */
int daemon_start(struct daemon *daemon);
/* Takes all events that are waiting. Returns their number or -errno. */
int daemon_take_events(struct daemon *daemon);
/* The administrator wants all to be looked at, and the configs to be followed now. */
void daemon_reload(struct daemon *daemon);
/*
 * Compares and repairs once. Returns 0, -EAGAIN when something is left that is
 * to be tried again soon, or the error of a lost connection.
 */
int daemon_pass(struct daemon *daemon);
void daemon_clear(struct daemon *daemon);

#endif
