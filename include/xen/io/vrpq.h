/* SPDX-License-Identifier: MIT */
/*
 * VRPQ: remote procedure posts, calls and callbacks between two domains.
 *
 * Two protocols share this file. The kernels of the front end F (client) and the
 * back end B (server) talk over the region "admin": they create and end sessions and
 * channels, share pages and ring doorbells. The libraries of a client process and
 * of a server process talk over the pages of their session: requests, answers and
 * parameters move there without any kernel. Neither kernel acts on what it finds in
 * a session's pages; each library takes what it finds there for hostile.
 *
 * Both are of the version that the kernels have chosen (vlink.h). A kernel tells it to
 * libraries with each session that they create or accept; one that does not speak it gives
 * the session up.
 *
 * Xenstore keys, beyond those of vlink.h
 * ======================================
 *   back end:
 *     reqs           decimal: requests the link can hold, VRPQ_REQS_MIN..MAX
 *     pmem-pages     decimal: pages of parameters, VRPQ_PMEM_PAGES_MIN..MAX
 *   front end:
 *     admin-ref, admin-pages: the one region, 3 pages
 *
 * The region "admin"
 * ==================
 * A mailbox (vlink.h) of 64-byte messages, and in its first page:
 *
 *   offset  size  written by  content
 *   0x100   136   both        doorbells F to B: struct vrpq_bells
 *   0x200   136   both        doorbells B to F: struct vrpq_bells
 *
 * Doorbells: bit C of word C / 64 stands for channel C, bit W of the summary says
 * that word W has news. Who rings sets the channel's bit, then, if it was
 * clear, the summary's bit, and notifies if that was clear too. Who answers
 * exchanges the summary with 0, then each word that it names.
 *
 * Messages
 * ========
 * Ids of sessions and channels are 1..1023, chosen by F, each unique on the link.
 *
 *   F to B                                B to F
 *   ------                                ------
 *   SESSION_CREATE  port, app_id,         SESSION_ACCEPTED
 *                   info_size
 *   CHAN_CREATE     ctl_page, info_size   CHAN_ACCEPTED
 *   INFO            the info bytes of a
 *                   creation, in order,
 *                   at most 52 at a time
 *   PAGES           grants of a zone's    PAGED        so many pages of the zone
 *                   next pages                         are mapped
 *   TRIM            the zone has so many  TRIMMED      the rest is unmapped
 *                   pages from now on
 *                                         GROW         the callback zone is to
 *                                                      have so many pages
 *   CHAN_CLOSE      the client is gone    CHAN_CLOSED  the server is gone
 *   SESSION_CLOSE   the client is gone,   SESSION_LEFT the server accepts no
 *                   its channels are             more channels
 *                   closed                SESSION_CLOSED  nothing is mapped
 *   SESSION_FAILED  the session is over   SESSION_FAILED  likewise, and nothing is
 *                                                         mapped any more
 *
 * Messages about one session arrive in an order in which each can be understood: pages before
 * the channel whose control page is among them, a channel's messages before the closing
 * message of its session. Between sessions there is no order.
 *
 *   a session, at F                       at B
 *   free                                  free
 *    | create: -> SESSION_CREATE           |
 *   CREATED                                | SESSION_CREATE, INFO
 *    |                                    OFFERED
 *    | SESSION_ACCEPTED                    | accept: -> SESSION_ACCEPTED
 *   OPEN                                  OPEN
 *    | last close: -> SESSION_CLOSE        | last close: -> SESSION_LEFT, channels
 *   CLOSING                                |   -> CHAN_CLOSED
 *    | SESSION_CLOSED: ends the grants     | SESSION_CLOSE seen, and the last handle
 *   free                                   |   closed, in either order: unmaps,
 *                                          |   -> SESSION_CLOSED
 *                                         free
 *
 * A channel goes the same way with CHAN_*; its id is free at either end when that end
 * has sent and received its closing message. A creation that the client gives up is
 * closed like any other.
 *
 * A message that does not fit the state of its session or channel, or that the
 * receiver cannot serve, ends that session and no other: the receiver sends SESSION_FAILED
 * once, and ignores what it still receives about the session, except for closing messages
 * and SESSION_FAILED. Who receives SESSION_FAILED sends its own, if it has not done so
 * before; from then on the peer sends closing messages only. A channel that is created in
 * a failed session is answered with CHAN_CLOSED. Ids become free as ever, by
 * closing messages. SESSION_CLOSE is the last that F says of a session, whatever crosses it, and
 * SESSION_CLOSED the last that B says.
 *
 * A message of an unknown type, about a session or channel that does not exist or that does
 * not belong together, the creation of one that exists, and a mailbox index that is
 * impossible break the connection: all its sessions end.
 *
 * The area of a session
 * =====================
 * Both processes see the pages of their session as one area of contiguous
 * addresses: pages 0 .. VRPQ_RING_PAGES - 1 the ring zone, then the parameter zone, then the
 * callback zone. Each zone is filled from its start as pages are granted; beyond that a
 * process finds private zeros. An offset counts bytes from the start of the area,
 * which is less than 4 GiB.
 *
 *   page 0                 the client library's counters (struct vrpq_counters)
 *   ring zone              control pages of channels and segments of requests
 *   parameter zone         parameters of posts and calls; placed by the client
 *   callback zone          parameters of callbacks; placed by the server
 *
 * The control page of a channel:
 *
 *   offset  size  written by  content
 *   0x000   64    client      requests: producer's line (index of slots)
 *   0x040   64    server      requests: consumer's line
 *   0x080   64    server      callbacks: producer's line
 *   0x0c0   64    client      callbacks: consumer's line
 *   0x100   4     client      area page of the first segment
 *   0x140   4     server      1: the server has left the channel and reads nothing of
 *                             it any more, so that its pages may be used anew
 *   0x800   2048  both        64 slots of callbacks
 *
 * A segment is a page: u32 next, the area page of the segment that follows, 28 bytes
 * of zeros, 127 slots. Slots are used in order; the client stores next before it
 * publishes a slot of the segment that follows, and may use a segment
 * anew when its calls are fetched and the consumer's index has passed a slot of
 * the segment that follows. The only segment may follow itself, once its
 * slots are consumed; its next is left alone until a slot of the new round is. A consumer
 * moves its index when it has done with the slots, not when it has seen them: that
 * is what frees the parameters.
 *
 * A slot (struct vrpq_slot) carries a post, a call or a callback. in_offset and
 * out_offset are multiples of 8; 0 means that there are none. What in_offset
 * points to is in_size bytes: the direct parameters, then references
 * (16 bytes: u32 size, u32 0, u32 offset relative to the reference, u32 0), then
 * what they refer to, each piece padded to 8. What out_offset points to is
 * references, then room for what they refer to. Of what is no call only the first four
 * words are looked at.
 *
 * The state word of a slot, for calls and synchronous callbacks:
 *
 *   QUEUED     by the caller, before the slot is published
 *   TAKEN      by the callee, by compare-and-swap from QUEUED, when it is
 *              delivered; the caller must wait now
 *   CANCELLED  by the caller, by compare-and-swap from QUEUED; never delivered
 *   DONE       by the callee, by exchange, after it wrote the output and the
 *              reason
 *   + WAITING  or-ed to by the caller before it sleeps: then the callee rings the
 *              channel's bell after DONE
 */
#ifndef XEN_IO_VRPQ_H
#define XEN_IO_VRPQ_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
#endif

#include <vlink/ring.h>
#include <xen/io/vlink.h>

#define VRPQ_PROTOCOL_OLDEST	1u
#define VRPQ_PROTOCOL_NEWEST	1u

#define VRPQ_PAGE_SIZE		4096u
#define VRPQ_REQS_MIN		256u
#define VRPQ_REQS_MAX		0x100000u
#define VRPQ_PMEM_PAGES_MIN	4u
#define VRPQ_PMEM_PAGES_MAX	0x10000u
#define VRPQ_IDS		1024u	/* ids 1..1023 */
#define VRPQ_INFO_MAX		256u

/* ------------------------------------------------------------------------ */
/* Between the kernels                                                        */

#define VRPQ_BELL_WORDS		(VRPQ_IDS / 64)

struct vrpq_bells {
	u64 summary;
	u64 words[VRPQ_BELL_WORDS];
};

struct vrpq_admin {
	struct vlink_mailbox_lines lines;	/* 0x000 */
	struct vrpq_bells c2s_bells;		/* 0x100 */
	u8 reserved[256 - sizeof(struct vrpq_bells)];
	struct vrpq_bells s2c_bells;		/* 0x200 */
};

enum vrpq_msg_type {
	VRPQ_SESSION_CREATE = 1,	/* F to B */
	VRPQ_CHAN_CREATE,
	VRPQ_INFO,
	VRPQ_PAGES,
	VRPQ_TRIM,
	VRPQ_CHAN_CLOSE,
	VRPQ_SESSION_CLOSE,

	VRPQ_SESSION_FAILED = 16,	/* both ways */

	VRPQ_SESSION_ACCEPTED = 32,	/* B to F */
	VRPQ_CHAN_ACCEPTED,
	VRPQ_PAGED,
	VRPQ_GROW,
	VRPQ_TRIMMED,
	VRPQ_CHAN_CLOSED,
	VRPQ_SESSION_LEFT,
	VRPQ_SESSION_CLOSED,
};

enum vrpq_zone {
	VRPQ_ZONE_RING,
	VRPQ_ZONE_PARAM,
	VRPQ_ZONE_CALLBACK,
	VRPQ_ZONES,
};

#define VRPQ_MSG_REFS		13u
#define VRPQ_MSG_INFO		52u

struct vrpq_msg {
	u16 type;
	u16 session;
	u16 channel;			/* CHAN_*, INFO of a channel; else 0 */
	u16 count;			/* PAGES: pages; INFO: bytes */
	union {
		struct {
			u32 port;
			u32 app_id;
			u32 info_size;
		} session_create;
		struct {
			u32 ctl_page;
			u32 info_size;
		} chan_create;
		struct {
			u32 offset;
			u8 bytes[VRPQ_MSG_INFO];
		} info;
		struct {
			u32 zone;
			u32 refs[VRPQ_MSG_REFS];
		} pages;
		struct {
			u32 zone;
			u32 pages;	/* the zone's new number of pages */
		} size;			/* PAGED, TRIM, TRIMMED, GROW */
		u8 pad[56];
	} u;
};

/* ------------------------------------------------------------------------ */
/* Between the libraries                                                      */

#define VRPQ_SEGMENT_SLOTS	127u
#define VRPQ_CALLBACK_SLOTS	64u

/*
 * Guaranteed pages of each channel, whatever the link has left, and of the next one that a
 * session makes. A session itself has a page of counters and one for callbacks.
 */
#define VRPQ_FLOOR_RING_PAGES	2u	/* control page and a segment */
#define VRPQ_FLOOR_PARAM_PAGES	1u

/* Pages of the zones of an area, for a link of @reqs requests and @pmem pages. */
#define VRPQ_SEGMENT_PAGES(reqs) \
	(((reqs) + VRPQ_SEGMENT_SLOTS - 1) / VRPQ_SEGMENT_SLOTS)
#define VRPQ_RING_PAGES(reqs) \
	(1 + VRPQ_FLOOR_RING_PAGES * (VRPQ_IDS - 1) + VRPQ_SEGMENT_PAGES(reqs))
#define VRPQ_PARAM_PAGES(pmem)	(VRPQ_FLOOR_PARAM_PAGES * (VRPQ_IDS - 1) + (pmem))
#define VRPQ_CALLBACK_PAGES(pmem)	(1 + (pmem))

/*
 * The most pages that all sessions of a link may have together: of the ring zones, and of
 * the other two. The client's kernel keeps to it; at the server a session that is granted
 * more fails. Each of up to VRPQ_IDS - 1 sessions and channels has its guaranteed
 * pages; beyond them all sessions share reqs and pmem. As a session gets its part
 * even though others took more while they were fewer, what they have together may be
 * up to VRPQ_OVERCOMMIT times as much.
 */
#define VRPQ_OVERCOMMIT		4u
#define VRPQ_RING_PAGES_ALL(reqs) \
	((VRPQ_IDS - 1) * (1 + 2 * VRPQ_FLOOR_RING_PAGES) + \
	 VRPQ_OVERCOMMIT * VRPQ_SEGMENT_PAGES(reqs))
#define VRPQ_PARAM_PAGES_ALL(pmem) \
	((VRPQ_IDS - 1) * (1 + 2 * VRPQ_FLOOR_PARAM_PAGES) + VRPQ_OVERCOMMIT * (pmem))

/* No more than this many slots of one channel are ever outstanding. */
#define VRPQ_SLOTS_OUTSTANDING_MAX	0x200000u

enum vrpq_slot_state {
	VRPQ_SLOT_POST = 0,		/* nobody waits */
	VRPQ_SLOT_QUEUED = 1,
	VRPQ_SLOT_TAKEN = 2,
	VRPQ_SLOT_CANCELLED = 3,
	VRPQ_SLOT_DONE = 4,
	VRPQ_SLOT_STATE = 0xff,		/* mask of the above */
	VRPQ_SLOT_WAITING = 0x100,
};

#define VRPQ_SLOT_CALL		1u	/* flags: the caller waits for an answer */

struct vrpq_slot {
	u32 proc_id;
	u32 flags;
	u32 in_offset;
	u32 in_size;
	u32 out_offset;
	u32 out_size;
	u32 state;
	s32 reason;
};

struct vrpq_segment {
	u32 next;
	u32 reserved[7];
	struct vrpq_slot slots[VRPQ_SEGMENT_SLOTS];
};

struct vrpq_chan_page {
	struct vlink_ring_prod req_prod;	/* 0x000 */
	struct vlink_ring_cons req_cons;	/* 0x040 */
	struct vlink_ring_prod cb_prod;		/* 0x080 */
	struct vlink_ring_cons cb_cons;		/* 0x0c0 */
	u32 first_segment;			/* 0x100 */
	u8 reserved[0x140 - 0x104];
	u32 left;				/* 0x140 */
	u8 reserved2[0x800 - 0x144];
	struct vrpq_slot callbacks[VRPQ_CALLBACK_SLOTS];	/* 0x800 */
};

struct vrpq_ref {
	u32 size;
	u32 pad;
	u32 offset;		/* from this reference to its data */
	u32 pad2;
};

/*
 * Page 0: what the client library counts, for the client's kernel to sum up. The
 * index of stats is the VRPQ_PROF_ id of <vlx/vrpq/common.h>.
 */
#define VRPQ_COUNTERS		32u
#define VRPQ_PROC_COUNTERS	400u

struct vrpq_proc_counter {
	u32 proc_id;
	u32 count;		/* 0: unused entry */
};

struct vrpq_counters {
	u64 stats[VRPQ_COUNTERS];
	u64 wakeups;			/* times this end slept and was woken */
	u64 bells;			/* times it rang */
	u64 reserved[30];
	struct vrpq_proc_counter procs[VRPQ_PROC_COUNTERS];
};

#endif /* XEN_IO_VRPQ_H */
