/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vsock_peer.h"

#include "../suites/harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER		48u
#define OUR_RING	65536u
#define ANSWER_MS	15000

_Static_assert(sizeof(struct vs_header) == HEADER, "a header has 48 bytes");

/* ---- connecting ---- */

static uint32_t published_cid(struct vs_end *vs, const char *key)
{
	char path[160], *text;
	uint32_t cid;

	snprintf(path, sizeof(path), "vlink/vsock/%s/%s", vs->end.link, key);
	text = xs_read(vs->end.xs, XBT_NULL, path, NULL);
	if (!text)
		suite_fail("%s: %s", path, strerror(errno));
	cid = (uint32_t)strtoul(text, NULL, 10);
	free(text);
	return cid;
}

void vs_open(struct vs_end *vs, const char *name, bool server)
{
	*vs = (struct vs_end){ .ring = OUR_RING };
	end_open_service(&vs->end, "vsock", name, server);
	vs->own_cid = published_cid(vs, "cid");
	vs->victim_cid = published_cid(vs, "peer-cid");
}

void vs_close(struct vs_end *vs)
{
	end_close(&vs->end);
	end_drop(&vs->end);
}

static void connect_server(struct vs_end *vs)
{
	struct end *end = &vs->end;

	end_reset(end);
	end_release(end);
	end_write_number(end, "rx-size", vs->ring);
	end_write_number(end, "tx-size", vs->ring);
	end_write_number(end, "forward", vs->forwards);
	end_set_state(end, XenbusStateInitWait);
	end_await(end, XenbusStateInitialised);
	server_take(end);
	end_lay_out_rings(end, 0);
	server_finish(end);
}

void vs_publish(struct vs_end *vs)
{
	struct end *end = &vs->end;

	end_reset(end);
	end_release(end);
	end->c2s_size = end_read_number(end, "rx-size");
	end->s2c_size = OUR_RING;
	end->region = share_pages(end, 1 + (end->c2s_size + end->s2c_size) / PEER_PAGE, true);
	end->dirs = share_pages(end, 1, true);
	fill_dirs(end);
	open_port(end);
	end_lay_out_rings(end, 0);
	end_write_number(end, "version", 1);
	end_write_number(end, "event-channel", (uint32_t)end->port);
	end_write_number(end, "c2s-size", end->c2s_size);
	end_write_number(end, "s2c-size", vs->ring);
	end_write_number(end, "forward", vs->forwards);
	end_write_number(end, "ring-ref", end->dirs.refs[0]);
	end_write_number(end, "ring-pages", end->region.count);
	end_set_state(end, XenbusStateInitialised);
}

static void connect_client(struct vs_end *vs)
{
	vs_publish(vs);
	client_finish(&vs->end);
}

void vs_connect(struct vs_end *vs)
{
	vs->end.server ? connect_server(vs) : connect_client(vs);
}

/* ---- records ---- */

struct vs_header vs_header(const struct vs_end *vs, uint16_t type, uint16_t op,
			   uint32_t src_port, uint32_t dst_port)
{
	return (struct vs_header){
		.src_cid = vs->own_cid, .dst_cid = vs->victim_cid, .src_port = src_port,
		.dst_port = dst_port, .type = type, .op = op, .buffer = 1u << 20,
	};
}

uint32_t vs_room(struct vs_end *vs)
{
	return vs->end.out.size - (vs->end.out.index - end_load(&vs->end, vs->end.out.theirs));
}

void vs_set_prod(struct vs_end *vs, uint32_t value)
{
	end_store(&vs->end, vs->end.out.mine, value);
	end_notify(&vs->end);
}

void vs_set_cons(struct vs_end *vs, uint32_t value)
{
	end_store(&vs->end, vs->end.in.mine, value);
	end_notify(&vs->end);
}

static void await_room(struct vs_end *vs, size_t size)
{
	int ms;

	/* To be woken when the ring is empty. */
	end_store(&vs->end, vs->end.out.mine + EVENT_OF_LINE, vs->end.out.index);
	for (ms = ANSWER_MS; vs_room(vs) < size; ms -= 20) {
		if (ms <= 0)
			suite_fail("the victim takes no records any more");
		end_wait_event(&vs->end, 20);
	}
}

void vs_put(struct vs_end *vs, const void *bytes, size_t size)
{
	struct stream *out = &vs->end.out;

	await_room(vs, size);
	for (size_t i = 0; i < size; i++)
		out->bytes[(out->index + i) & (out->size - 1)] = ((const unsigned char *)bytes)[i];
	out->index += (uint32_t)size;
	vs_set_prod(vs, out->index);
}

void vs_send(struct vs_end *vs, struct vs_header header, const void *payload)
{
	size_t size = HEADER + ((size_t)header.len + 7) / 8 * 8;
	unsigned char *record = calloc(1, size);

	if (!record)
		suite_fail("no memory for a record");
	memcpy(record, &header, HEADER);
	if (payload)
		memcpy(record + HEADER, payload, header.len);
	vs_put(vs, record, size);
	free(record);
}

static void take(struct vs_end *vs, uint32_t offset, void *to, size_t size)
{
	const struct stream *in = &vs->end.in;

	for (size_t i = 0; i < size; i++)
		((unsigned char *)to)[i] = in->bytes[(in->index + offset + i) & (in->size - 1)];
}

bool vs_receive(struct vs_end *vs, struct vs_header *header, void *payload, int ms)
{
	end_store(&vs->end, vs->end.in.mine + EVENT_OF_LINE, vs->end.in.index + 1);
	for (; end_load(&vs->end, vs->end.in.theirs) == vs->end.in.index; ms -= 20) {
		if (ms <= 0)
			return false;
		end_wait_event(&vs->end, ms < 20 ? ms : 20);
	}
	take(vs, 0, header, HEADER);
	SUITE_EQUAL(header->zero, 0);
	CU_ASSERT_FATAL(header->len <= vs->end.in.size);
	if (payload)
		take(vs, HEADER, payload, header->len);
	vs->end.in.index += HEADER + (header->len + 7) / 8 * 8;
	vs_set_cons(vs, vs->end.in.index);
	return true;
}

struct vs_header vs_expect(struct vs_end *vs, uint16_t op)
{
	struct vs_header header;

	if (!vs_receive(vs, &header, NULL, ANSWER_MS))
		suite_fail("no record with operation %u comes", op);
	if (header.op != op)
		suite_fail("a record with operation %u comes, not %u", header.op, op);
	return header;
}
