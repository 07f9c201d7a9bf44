/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vumem_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ADMIN_PAGES	3u
#define ANSWER_MS	15000

/* ---- connecting ---- */

static void open_memory(struct box *box)
{
	struct end *memory = &box->memory;

	*memory = (struct end){ .server = box->end.server, .other_domain = box->end.other_domain };
	if (box->end.server)
		memory->shares = xengntshr_open(NULL, 0);
	else
		memory->maps = xengnttab_open(NULL, 0);
	if (!memory->shares && !memory->maps)
		suite_fail("no grants: %s", strerror(errno));
}

void box_open(struct box *box, const char *name, bool server)
{
	*box = (struct box){ .sent = 0 };
	end_open_service(&box->end, "vumem", name, server);
	open_memory(box);
}

void box_close(struct box *box)
{
	end_close(&box->end);
	end_drop(&box->end);
	end_drop(&box->memory);
}

void box_prepare(struct box *box)
{
	struct end *end = &box->end;

	end_reset(end);
	end_release(end);
	end->region = share_pages(end, ADMIN_PAGES, true);
	end->dirs = share_pages(end, 1, true);
	fill_dirs(end);
	open_port(end);
	box->sent = 0;
	box->received = 0;
}

static void write_number(struct end *end, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	end_write(end, key, text, strlen(text));
}

void box_publish(struct box *box, uint32_t admin_ref, uint32_t admin_pages)
{
	struct end *end = &box->end;

	write_number(end, "version", 1);
	write_number(end, "event-channel", (uint32_t)end->port);
	write_number(end, "admin-ref", admin_ref);
	write_number(end, "admin-pages", admin_pages);
	end_set_state(end, XenbusStateInitialised);
}

void box_finish(struct box *box)
{
	client_finish(&box->end);
}

static void connect_server(struct box *box)
{
	struct end *end = &box->end;
	uint32_t *refs;

	end_reset(end);
	end_release(end);
	end_write(end, "versions", "1", 1);
	end_set_state(end, XenbusStateInitWait);
	end_await(end, XenbusStateInitialised);
	SUITE_EQUAL(end_read_number(end, "admin-pages"), ADMIN_PAGES);
	refs = read_chain(end, end_read_number(end, "admin-ref"), ADMIN_PAGES);
	end->region = try_map_pages(end, refs, ADMIN_PAGES, PROT_READ | PROT_WRITE);
	end->region.refs = refs;
	if (!end->region.at)
		suite_fail("the client's mailbox cannot be mapped");
	bind_port(end, end_read_number(end, "event-channel"));
	box->sent = 0;
	box->received = 0;
	server_finish(end);
}

void box_connect(struct box *box)
{
	if (box->end.server) {
		connect_server(box);
		return;
	}
	box_prepare(box);
	box_publish(box, box->end.dirs.refs[0], ADMIN_PAGES);
	box_finish(box);
}

/* ---- messages ---- */

static unsigned char *slot(struct box *box, bool out, uint32_t index)
{
	unsigned int page = out == !box->end.server ? 1 : 2;

	return box->end.region.at + page * PEER_PAGE +
	       (index % MAILBOX_SLOTS) * sizeof(struct message);
}

static uint32_t my_prod(const struct box *box)
{
	return box->end.server ? BOX_S2C_PROD : BOX_C2S_PROD;
}

static uint32_t my_cons(const struct box *box)
{
	return box->end.server ? BOX_C2S_CONS : BOX_S2C_CONS;
}

/* The lines of the other end lie 0x40 from those of ours that they answer. */
static uint32_t their_cons(const struct box *box)
{
	return my_prod(box) + 0x40;
}

static uint32_t their_prod(const struct box *box)
{
	return my_cons(box) - 0x40;
}

/* Until the other end's index at @offset differs from @seen. */
static bool await_index(struct box *box, uint32_t offset, uint32_t seen, int ms)
{
	while (end_load(&box->end, offset) == seen) {
		if (ms <= 0)
			return false;
		end_wait_event(&box->end, ms < 20 ? ms : 20);
		ms -= 20;
	}
	return true;
}

void box_send(struct box *box, const struct message *message)
{
	if (!await_index(box, their_cons(box), box->sent - MAILBOX_SLOTS, ANSWER_MS))
		suite_fail("the other end takes no messages");
	memcpy(slot(box, true, box->sent), message, sizeof(*message));
	box->sent++;
	/* Asks to be woken by the next that is taken, too. */
	end_store(&box->end, my_prod(box) + EVENT_OF_LINE, box->sent + 1 - MAILBOX_SLOTS);
	end_store(&box->end, my_prod(box), box->sent);
	end_notify(&box->end);
}

bool box_receive(struct box *box, struct message *message, int ms)
{
	end_store(&box->end, my_cons(box) + EVENT_OF_LINE, box->received + 1);
	if (!await_index(box, their_prod(box), box->received, ms))
		return false;
	memcpy(message, slot(box, false, box->received), sizeof(*message));
	box->received++;
	end_store(&box->end, my_cons(box), box->received);
	end_notify(&box->end);
	return true;
}

struct message box_expect(struct box *box, uint32_t type)
{
	struct message message;

	if (!box_receive(box, &message, ANSWER_MS))
		suite_fail("no message of type %u comes", type);
	if (message.words[M_TYPE] != type)
		suite_fail("a message of type %u comes, not %u", message.words[M_TYPE], type);
	return message;
}

/* ---- a client's requests ---- */

struct message box_request(struct box *box, uint32_t type, uint32_t buffer)
{
	struct message request = { { 0 } };

	request.words[M_TYPE] = type;
	request.words[M_TAG] = ++box->tag;
	request.words[M_EPOCH] = box->epoch;
	request.words[M_APP] = (uint32_t)getpid();
	request.words[M_BUFFER] = buffer;
	return request;
}

struct message box_call(struct box *box, struct message request)
{
	struct message response;

	box_send(box, &request);
	response = box_expect(box, T_RESPONSE);
	SUITE_EQUAL(response.words[M_TAG], request.words[M_TAG]);
	return response;
}

uint32_t box_call_ret(struct box *box, uint32_t type, uint32_t buffer)
{
	return box_call(box, box_request(box, type, buffer)).words[M_RET];
}

void box_begin_session(struct box *box)
{
	struct message response = box_call(box, box_request(box, T_SESSION, 0));

	SUITE_EQUAL(response.words[M_RET], 0);
	box->epoch = response.words[M_EPOCH];
}

struct foreign box_alloc(struct box *box, uint32_t size)
{
	struct vu_order order = { .kind = VU_LIBRARY, .size = size, .seed = 1 };
	struct message message = box_request(box, T_ALLOC, 0);
	struct foreign buffer = { .count = (size + PEER_PAGE - 1) / PEER_PAGE };

	message.words[M_OPAQUE_SIZE] = sizeof(order);
	memcpy(&message.words[M_OPAQUE], &order, sizeof(order));
	message = box_call(box, message);
	if (message.words[M_RET])
		suite_fail("no buffer of %u bytes: %s", size, strerror((int)message.words[M_RET]));
	SUITE_EQUAL(message.words[M_PAGES], buffer.count);
	SUITE_EQUAL(message.words[M_BYTES], buffer.count * PEER_PAGE);
	buffer.id = message.words[M_BUFFER];
	buffer.dir = message.words[M_DIR];
	/* The directory goes with the buffer. */
	buffer.refs = read_chain(&box->memory, message.words[M_DIR], buffer.count);
	return buffer;
}

void foreign_map(struct box *box, struct foreign *buffer)
{
	buffer->pages = try_map_pages(&box->memory, buffer->refs, buffer->count,
				      PROT_READ | PROT_WRITE);
	if (!buffer->pages.at)
		suite_fail("a buffer of %u pages cannot be mapped", buffer->count);
}

void foreign_unmap(struct box *box, struct foreign *buffer)
{
	unshare_pages(&box->memory, &buffer->pages);
}

void foreign_free(struct box *box, struct foreign *buffer)
{
	foreign_unmap(box, buffer);
	SUITE_EQUAL(box_call_ret(box, T_FREE, buffer->id), 0);
	free(buffer->refs);
	*buffer = (struct foreign){ 0 };
}

/* ---- a server's answers ---- */

struct message box_response(const struct message *request, uint32_t ret)
{
	struct message response = *request;

	response.words[M_TYPE] = T_RESPONSE;
	response.words[M_RET] = ret;
	return response;
}
