/* SPDX-License-Identifier: MIT */
/*
 * VBPIPE: a bidirectional byte pipe between two domains.
 *
 * Xenstore keys, beyond those of vlink.h
 * ======================================
 *   back end:
 *     rx-size        decimal: bytes of the ring that the server end reads from
 *   front end:
 *     c2s-size       decimal: bytes of the ring client to server (= rx-size)
 *     s2c-size       decimal: bytes of the ring server to client
 *     ring-ref, ring-pages: the one region
 *
 * Sizes are powers of two from 16 to 16777216. The size of a ring is its reader's
 * choice.
 *
 * The region "ring"
 * =================
 *   first page             the control page
 *   next                   ring client to server, rounded up to pages
 *   last                   ring server to client, rounded up to pages
 *
 * Control page (vlink/ring.h has the lines of the rings):
 *
 *   offset  size  written by  content
 *   0x000   4     client      the client end's state word
 *   0x040   4     server      the server end's state word
 *   0x080   64    client      client to server: producer's line
 *   0x0c0   64    server      client to server: consumer's line
 *   0x100   64    server      server to client: producer's line
 *   0x140   64    client      server to client: consumer's line
 *
 * All words little endian as the CPUs are; everything else is 0.
 *
 * Rendezvous
 * ==========
 * A state word holds the state of an end in bits 1..0 and in bits 31..2 the number
 * of rendezvous that this end has completed, modulo 2^30:
 *
 *   0 OFF      nobody has the end open
 *   1 RESET    an open is waiting; own ring indices are back to 0
 *   2 ON       an open saw the peer; after a rendezvous: the end is open
 *   3 LEAVING  client only: makes sure that the server has not met it, to begin
 *              again or to end an interrupted open
 *
 * An open that a signal interrupts must not have succeeded at the other end alone.
 * So there is one end that decides, the server: it is open when it finds the client
 * ON, and the client is open when it finds that the server's count has changed. A
 * server that is interrupted before just goes OFF. A client that is ON cannot know
 * what the server has found and is about to write; once it is LEAVING, a server that is
 * not ON has found nothing.
 *
 *   server's word  client's word        server's new word
 *   -------------  -------------        -----------------
 *   OFF            OFF, RESET           RESET, indices to 0
 *   RESET          RESET, ON            ON
 *   ON             ON                   ON, count + 1: open
 *   ON             OFF, LEAVING         RESET, indices to 0
 *   any            last close,          OFF
 *                  interrupted open
 *
 *   client's word  server's word        client's new word
 *   -------------  -------------        -----------------
 *   OFF            not ON               RESET, indices to 0
 *   RESET          not OFF              ON
 *   RESET          interrupted open     OFF
 *   ON, LEAVING    its count is not as  ON, count + 1: open (and if the server is
 *                  it was at my RESET   OFF, it has closed again)
 *   ON             OFF, count as it was LEAVING: the server's open was interrupted
 *   ON             interrupted open     LEAVING
 *   LEAVING        OFF or RESET, count  RESET, indices to 0; OFF if the open was
 *                  as it was            interrupted
 *   any            last close, killed   OFF
 *
 * Every change is followed by a notification, and by a full barrier before the other
 * word is looked at again. An open server whose client is neither ON nor LEAVING has
 * lost it for good, and so has an open client whose server is not ON: the peer cannot
 * leave OFF while this end is ON. So data that were sent before the close stay
 * readable, and a new rendezvous begins when both ends have been closed.
 */
#ifndef XEN_IO_VBPIPE_H
#define XEN_IO_VBPIPE_H

#include <vlink/ring.h>

#define VBPIPE_PROTOCOL_OLDEST	1u
#define VBPIPE_PROTOCOL_NEWEST	1u

#define VBPIPE_RING_MIN		16u
#define VBPIPE_RING_MAX		(16u << 20)
/* An end refuses a ring of the peer's that is larger than this, and than its own. */
#define VBPIPE_PEER_RING_MAX	(1u << 20)

#define VBPIPE_OFF		0u
#define VBPIPE_RESET		1u
#define VBPIPE_ON		2u
#define VBPIPE_LEAVING		3u
#define VBPIPE_STATE(word)	((word) & 3u)
#define VBPIPE_COUNT(word)	((word) >> 2)
#define VBPIPE_WORD(state, count) ((vlink_u32)(state) | (vlink_u32)(count) << 2)

struct vbpipe_state_line {
	vlink_u32 word;
	vlink_u32 reserved[15];
};

struct vbpipe_control {
	struct vbpipe_state_line client;	/* 0x000 */
	struct vbpipe_state_line server;	/* 0x040 */
	struct vlink_ring_prod c2s_prod;	/* 0x080 */
	struct vlink_ring_cons c2s_cons;	/* 0x0c0 */
	struct vlink_ring_prod s2c_prod;	/* 0x100 */
	struct vlink_ring_cons s2c_cons;	/* 0x140 */
};

#endif /* XEN_IO_VBPIPE_H */
