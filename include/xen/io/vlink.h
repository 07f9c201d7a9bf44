/* SPDX-License-Identifier: MIT */
/*
 * vlink: what all services have in common on the wire.
 *
 * A link between a client (front end, domain F) and a server (back end, domain
 * B) is a xenbus device pair per service. docs/xenstore.md lists the nodes that
 * the toolstack makes; this file defines what the two drivers add to them.
 *
 * Xenstore keys
 * =============
 * Written by the back end before it enters InitWait:
 *
 *   versions         decimal list, blank-separated: protocol versions of the
 *                    service that the back end speaks ("1"); see below
 *   and the keys that the header of the service names.
 *
 * Written by the front end in one transaction before it enters Initialised:
 *
 *   version          decimal: the version it chose
 *   event-channel    decimal: port allocated by F for B to bind
 *   NAME-ref         decimal: grant reference of the first directory page of
 *                    the region NAME
 *   NAME-pages       decimal: number of pages of the region
 *   and the keys that the header of the service names.
 *
 * Written by the end that fails, with its state Closing; empty, as the toolstack makes
 * it, when that end is Connected again:
 *
 *   failure          text of at most 127 characters, for people: why
 *
 * Versions
 * ========
 * The protocol of each service has a version, a number from 1 on, that is raised with every
 * change that the other end can notice: in the header of the service, or here, for all
 * services. (The host test check-layouts has the text of each version.) An end speaks all
 * versions from the oldest to the newest that its release knows, as the header of the service
 * says, and may speak several: so the two ends of a link can be upgraded one after the other.
 * F chooses the newest that both speak. If there is none, or B does not speak what F
 * chose, that end fails; its reason names what each end speaks, and the domain whose modules
 * are the older ones.
 *
 * Regions
 * =======
 * A region is a number of pages, owned and granted by F, mapped by B. Its
 * grant references stand in a chain of directory pages, which B reads once,
 * while it connects:
 *
 *   offset  size  content
 *   0       4     grant reference of the next directory page, 0 in the last
 *   4       4*n   grant references of the pages, in order; n <= 1023, all
 *                 1023 in each directory page but the last
 *
 * A reference of 0 for a page is invalid. Pages hold zeros when the front end
 * enters Initialised: nothing of an earlier connection is ever visible.
 *
 * Mailboxes
 * =========
 * Services whose kernels exchange messages have a region for them, of 3 pages: the
 * first begins with the lines of two rings (vlink/ring.h), the service may use
 * what follows at 0x100; the second holds the messages client to server, the third those
 * back. A page holds as many messages as fit, a power of two.
 *
 *   offset  size  written by  content
 *   0x000   64    F           client to server: producer's line
 *   0x040   64    B           client to server: consumer's line
 *   0x080   64    B           server to client: producer's line
 *   0x0c0   64    F           server to client: consumer's line
 *
 * Events
 * ======
 * One interdomain event channel carries notifications both ways; what they are
 * about stands in the shared memory.
 *
 * States
 * ======
 * The xenbus states of both ends. Every connection begins with both ends' first
 * line, so that a peer that was restarted at any moment is found out; each new
 * connection is a new epoch.
 *
 *   front end (F)                          back end (B)
 *   -------------                          ------------
 *   Initialising                           Initialising
 *     waits for InitWait                     writes its keys -> InitWait
 *     |                                      |
 *   sees InitWait:                         InitWait
 *     makes and grants regions               waits for Initialised
 *     and event channel -> Initialised       |
 *     |                                    sees Initialised:
 *   Initialised                              maps regions, binds the event
 *     waits for Connected                    channel -> Connected
 *     |                                      |
 *   sees Connected -> Connected            Connected
 *     |                                      |
 *   ...data...                             ...data...
 *     |                                      |
 *   sees InitWait, Initialising or         sees Initialising:
 *   nothing (B started anew):                unmaps, -> InitWait
 *     ends its grants -> Initialising
 *     |                                      |
 *   sees Closing or Closed:                sees Closing: unmaps -> Closing
 *     ends its grants -> Closed            sees Closed or nothing:
 *     |                                      unmaps -> Closed
 *     |                                      |
 *   Closed                                 Closed, or still Closing
 *     when its pause is over                 waits for Initialising; then, and when
 *     -> Initialising                        its pause is over, -> InitWait
 *
 *   fails: ends its grants -> Closing      fails: unmaps -> Closing
 *
 * A Connected front end seen from InitWait is one of the previous epoch: B waits
 * until F noticed. An Initialised front end that sees InitWait again keeps
 * what it granted: B has not taken it yet. Any state may be followed by any other when
 * the peer is hostile: what the picture does not show is ignored.
 *
 * Failures
 * ========
 * An end fails when it cannot go on with a connection, complete or not: the peer breaks
 * the protocol, or memory is lacking. It enters Closing from whatever state it is in, and
 * the other end ends its part at once. F always begins anew by itself, and B follows. The
 * end that failed pauses first: 100 ms, twice as long each time until a connection
 * has held for 10 s, at most 20 s by default. So an end that breaks every connection
 * costs the other one little, and what failed for want of something comes back when that is
 * there. No state lasts for good while both drivers are there.
 */
#ifndef XEN_IO_VLINK_H
#define XEN_IO_VLINK_H

#include <vlink/ring.h>

#define VLINK_DIR_REFS		1023	/* grant references in a directory page */

struct vlink_dir_page {
	unsigned int next;
	unsigned int refs[VLINK_DIR_REFS];
};

#define VLINK_MAILBOX_PAGES	3u

struct vlink_mailbox_lines {
	struct vlink_ring_prod c2s_prod;
	struct vlink_ring_cons c2s_cons;
	struct vlink_ring_prod s2c_prod;
	struct vlink_ring_cons s2c_cons;
};

#endif /* XEN_IO_VLINK_H */
