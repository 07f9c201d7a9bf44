/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vumem_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
	*box = (struct box){ .mail = { &box->end, sizeof(struct message), 0, 0 } };
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
	mailbox_prepare(&box->mail);
}

void box_publish(struct box *box, uint32_t admin_ref, uint32_t admin_pages)
{
	mailbox_publish(&box->mail, admin_ref, admin_pages);
}

void box_finish(struct box *box)
{
	client_finish(&box->end);
}

void box_connect(struct box *box)
{
	if (box->end.server) {
		mailbox_offer(&box->mail);
		mailbox_take(&box->mail);
		return;
	}
	box_prepare(box);
	box_publish(box, box->end.dirs.refs[0], MAILBOX_PAGES);
	box_finish(box);
}

/* ---- messages ---- */

void box_send(struct box *box, const struct message *message)
{
	mailbox_send(&box->mail, message);
}

bool box_receive(struct box *box, struct message *message, int ms)
{
	return mailbox_receive(&box->mail, message, ms);
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
