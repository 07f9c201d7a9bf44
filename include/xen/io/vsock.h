/* SPDX-License-Identifier: MIT */
/*
 * vsock: AF_VSOCK sockets between two domains.
 *
 * A link carries all sockets between its two domains. Each end sends records, in the
 * order in which the other is to take them; what the records of a connection mean
 * is as in virtio's socket device.
 *
 * Context ids
 * ===========
 * Every domain has one, its CID: 2 is dom0's, another's is its domain id + 2 unless its
 * configuration says cid=. Both ends learn both CIDs from the list of links that the
 * toolstack publishes to their domain (docs/xenstore.md), where neither can write:
 *
 *     cid            decimal: this domain's
 *     peer-cid       decimal: the other end's
 *
 * Xenstore keys, beyond those of vlink.h
 * ======================================
 *   back end:
 *     rx-size        decimal: bytes of the ring that the server end would read from
 *     tx-size        decimal: the most bytes of the other ring that it will map
 *     forward        1: this end is dom0 and takes records for other domains; else 0
 *   front end:
 *     c2s-size       decimal: bytes of the ring client to server, at most rx-size
 *     s2c-size       decimal: bytes of the ring server to client, at most tx-size
 *     forward        as the back end's
 *     ring-ref, ring-pages: the one region
 *
 * Sizes are powers of two from 16384 to 16777216. The size of a ring is its reader's
 * choice, as far as the writer's end agrees: neither has the other map or grant what it likes.
 *
 * The region "ring"
 * =================
 *   first page             the lines of the rings, as those of a mailbox (vlink.h)
 *   next                   ring client to server
 *   last                   ring server to client
 *
 * A unit of the rings is a byte. A record is
 *
 *   offset  size  content
 *   0       8     CID of the sender
 *   8       8     CID of the receiver
 *   16      4     port of the sender
 *   20      4     port of the receiver
 *   24      4     n, bytes of payload
 *   28      2     type: 1 stream, 2 seqpacket, 3 datagram, 0xff00 control
 *   30      2     operation
 *   32      4     flags
 *   36      4     buffer: how much the sender's socket takes unread
 *   40      4     forwarded: how much was read of it so far, modulo 2^32
 *   44      4     0
 *   48      n     payload, then zeros up to a multiple of 8
 *
 * little endian, without regard to the end of the ring, which may be anywhere in it. It is
 * published whole. n is at most 16000 but in a datagram, where it is at most 65536
 * and at most half the ring.
 *
 *   operation            types  n   flags
 *   1 request            1 2    0   0
 *   2 response           1 2    0   0
 *   3 reset              1 2    0   0
 *   4 shutdown           1 2    0   1: receives no more, 2: sends no more
 *   5 data               1 2    >0  type 2: 1 ends a message, 2 ends a record of messages
 *                        3      >=0 0
 *   6 credit             1 2    0   0
 *   7 wants credit       1 2    0   0
 *   1 gone               0xff00 0   0
 *
 * A receiver takes only the CID of the other end as a sender's, and only its own as a
 * receiver's, unless dom0 forwards: then dom0 takes other receivers, and the end beside
 * dom0 takes other senders. dom0 forwards between links whose both configurations
 * allow it, and answers a reset to what it cannot forward; a datagram that the
 * receiver's ring would not take it drops. "gone" comes from a dom0 that forwards: all
 * connections with the domain of the sender's CID are over, since that domain is or since
 * one of the two did not take what the other sent.
 *
 * A connection, seen from one end
 * ===============================
 *
 *   CLOSED  -- sends request ------------> SYN_SENT
 *   LISTEN  -- takes request, sends -----> ESTABLISHED (a new socket)
 *                response
 *   SYN_SENT - takes response -----------> ESTABLISHED
 *            - takes reset --------------> CLOSED: ECONNRESET
 *   ESTABLISHED
 *            - sends shutdown 1|2 -------> CLOSING, until a reset comes or 8 seconds passed
 *            - takes shutdown 1|2 -------> sends reset when all was read: CLOSED
 *            - takes reset --------------> CLOSED: end of file
 *            - the link is lost ---------> CLOSED: ECONNRESET
 *   any      - takes what does not fit --> sends reset (but not to a reset)
 *
 * Data needs credit: sent - forwarded <= min(buffer of the receiver, own buffer), of what
 * the last record of the connection said.
 *
 * The link
 * ========
 * Each connection of the link (vlink.h) is a new epoch: the rings are empty and no
 * connection of sockets is left from before. An end that finds a record that this text
 * does not allow, or an impossible index, gives up the epoch and says why; the
 * next one follows after a pause (vlink.h).
 *
 *   DOWN -- both ends Connected ---------> UP
 *   UP   -- peer leaves Connected -------> DOWN: connections reset, records dropped
 *   UP   -- a record breaks the rules ---> BROKEN: the same, and it leaves Connected
 *   BROKEN -- has left Connected --------> DOWN
 */
#ifndef XEN_IO_VSOCK_H
#define XEN_IO_VSOCK_H

#include <xen/io/vlink.h>

#define VSOCK_PROTOCOL_OLDEST	1u
#define VSOCK_PROTOCOL_NEWEST	1u

#define VSOCK_RING_MIN		(16u << 10)
#define VSOCK_RING_MAX		(16u << 20)

#define VSOCK_RECORD_HEADER	48u
#define VSOCK_RECORD_ALIGN	8u
#define VSOCK_PAYLOAD_MAX	16000u
#define VSOCK_DGRAM_MAX		65536u

#define VSOCK_TYPE_STREAM	1u
#define VSOCK_TYPE_SEQPACKET	2u
#define VSOCK_TYPE_DGRAM	3u
#define VSOCK_TYPE_CONTROL	0xff00u

#define VSOCK_CONTROL_GONE	1u

#endif /* XEN_IO_VSOCK_H */
