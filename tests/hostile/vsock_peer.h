/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Either end of a vsock link played from user space: rings of records as the wire
 * header describes them, spelled out again (peer.h says why).
 */
#ifndef HOSTILE_VSOCK_PEER_H
#define HOSTILE_VSOCK_PEER_H

#include "peer.h"

enum { VS_STREAM = 1, VS_SEQPACKET = 2, VS_DGRAM = 3, VS_CONTROL = 0xff00 };
enum {
	VS_REQUEST = 1, VS_RESPONSE, VS_RESET, VS_SHUTDOWN, VS_DATA, VS_CREDIT, VS_WANTS_CREDIT,
};

#define VS_PAYLOAD_MAX	16000u

/* The first 48 bytes of a record. */
struct vs_header {
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port, len;
	uint16_t type, op;
	uint32_t flags, buffer, forwarded, zero;
};

struct vs_end {
	struct end end;
	uint32_t own_cid, victim_cid;
	uint32_t forwards;	/* what we say of it, 0 or 1 */
	uint32_t ring;		/* how large we want those of the connection that is made next */
};

/* The client's or the server's end of link @name is ours, and not connected yet. */
void vs_open(struct vs_end *vs, const char *name, bool server);
/* Connects as the protocol says. */
void vs_connect(struct vs_end *vs);
/* What a client's vs_connect() does but for the victim's answer; the rings have their usual size. */
void vs_publish(struct vs_end *vs);
/* Everything is given back. */
void vs_close(struct vs_end *vs);

/* A header of ours to the victim, with a large buffer and no payload. */
struct vs_header vs_header(const struct vs_end *vs, uint16_t type, uint16_t op,
			   uint32_t src_port, uint32_t dst_port);
/* Puts bytes into the ring as they are, and publishes them; waits for room. */
void vs_put(struct vs_end *vs, const void *bytes, size_t size);
/* A record: @header, and header.len bytes of @payload (NULL: zeros). */
void vs_send(struct vs_end *vs, struct vs_header header, const void *payload);
/* The next record, payload to @payload (of VS_DGRAM_MAX bytes; NULL: thrown away). */
bool vs_receive(struct vs_end *vs, struct vs_header *header, void *payload, int ms);
/* Ends the test if another comes or none. */
struct vs_header vs_expect(struct vs_end *vs, uint16_t op);
/* Room in the ring to the victim. */
uint32_t vs_room(struct vs_end *vs);
/* Stores our index in the ring to the victim, whatever it is. */
void vs_set_prod(struct vs_end *vs, uint32_t value);
void vs_set_cons(struct vs_end *vs, uint32_t value);

#endif
