// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Honest users of VUMEM. The server gives buffers to attackers as well, a few.
 */
#include "neighbour.h"
#include "secrets.h"

#include "../suites/pattern.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <vlx/vumem/client-lib.h>
#include <vlx/vumem/server-lib.h>

#define PAGE		4096u
#define SIZE		(4u * PAGE)
#define OTHERS_MAX	40u	/* buffers for those who do not say who they are */

/* What honest clients write to the opaque part. */
struct order {
	uint64_t secret;
	uint32_t seed, wrong;
};

/* Each page begins with a word that only the two of us may see. */
static void fill(char *memory, uint32_t seed)
{
	const uint64_t secret = SECRET_HONEST;

	pattern_fill(memory, SIZE, seed, 0);
	for (unsigned int at = 0; at < SIZE; at += PAGE)
		memcpy(memory + at, &secret, sizeof(secret));
}

static bool is_right(const char *memory, uint32_t seed)
{
	static char right[SIZE];

	fill(right, seed);
	return !memcmp(memory, right, SIZE);
}

/* ---- client ---- */

static VumemBufferHandle allocate(VumemSessionHandle session, uint32_t seed)
{
	struct order order = { .secret = SECRET_HONEST, .seed = seed };
	VumemBufferHandle buffer;
	int err;

	while ((err = vumemBufferAlloc(session, &order, sizeof(order), &buffer))) {
		if (err != ENOMEM && err != EAGAIN && err != EBUSY && err != EINTR)
			harmed("vumemBufferAlloc", err);
		refused();
	}
	return buffer;
}

static void *map(VumemBufferHandle buffer)
{
	void *memory;
	int err;

	while ((err = vumemBufferMap(buffer, &memory))) {
		if (err != ENOMEM)
			harmed("vumemBufferMap", err);
		refused();
	}
	return memory;
}

static void take_turn(VumemSessionHandle session)
{
	struct order order = { .secret = SECRET_HONEST, .seed = turn_number() };
	VumemBufferHandle buffer = allocate(session, order.seed);
	char *memory = map(buffer);
	int err;

	if (!is_right(memory, order.seed))
		harmed("content of a buffer", EBADMSG);
	order.seed++;
	fill(memory, order.seed);
	err = vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, &order, sizeof(order));
	if (err || order.wrong)
		harmed("vumemBufferCtl", err ? err : EBADMSG);
	err = vumemBufferFree(buffer);
	if (err)
		harmed("vumemBufferFree", err);
	made_progress();
}

void vumem_client(const char *node)
{
	VumemSessionHandle session;
	int err;

	while ((err = vumemSessionCreate(node, &session))) {
		if (err != ENOMEM && err != EAGAIN && err != EINTR)
			harmed("vumemSessionCreate", err);
		refused();
	}
	for (;;)
		take_turn(session);
}

/* ---- server ---- */

static struct buffer {
	char *memory;
	VumemBufferId id;
	bool is_other;
} buffers[OTHERS_MAX + 16];

#define NR_BUFFERS	(sizeof(buffers) / sizeof(buffers[0]))

static unsigned int others;

static struct buffer *find(VumemBufferId id, bool used)
{
	for (unsigned int i = 0; i < NR_BUFFERS; i++)
		if (used ? buffers[i].memory && buffers[i].id == id : !buffers[i].memory)
			return &buffers[i];
	return NULL;
}

static int give(const VumemBufferAllocIn *in, VumemBufferAllocOut *out)
{
	struct buffer *buffer = find(0, false);
	struct order order;
	void *memory;

	memcpy(&order, in->alloc, sizeof(order));
	if (!buffer || (order.secret != SECRET_HONEST && others == OTHERS_MAX))
		return EAGAIN;
	if (vumemServerMemAlloc(SIZE, &memory))
		return ENOMEM;
	buffer->memory = memory;
	buffer->id = in->bufferId;
	buffer->is_other = order.secret != SECRET_HONEST;
	others += buffer->is_other;
	if (!buffer->is_other)
		fill(memory, order.seed);
	out->bufferId = in->bufferId;
	out->map.vaddr = memory;
	out->map.size = SIZE;
	memcpy(out->alloc, in->alloc, sizeof(out->alloc));
	return 0;
}

static void forget(struct buffer *buffer)
{
	vumemServerMemFree(buffer->memory);
	others -= buffer->is_other;
	buffer->memory = NULL;
}

/* Nobody may see any more what is written there now. */
static void take_back(VumemBufferId id)
{
	struct buffer *buffer = find(id, true);
	uint64_t secret = SECRET_FREED;

	if (!buffer)
		harmed("a buffer to free", ENOENT);
	for (unsigned int at = 0; at < SIZE; at += PAGE)
		memcpy(buffer->memory + at, &secret, sizeof(secret));
	forget(buffer);
}

static int control(const VumemBufferCtlIn *in, VumemBufferCtlOut *out)
{
	const struct buffer *buffer = find(in->bufferId, true);
	struct order order;

	memcpy(&order, in->ctl, sizeof(order));
	if (!buffer || buffer->is_other || order.secret != SECRET_HONEST)
		return EINVAL;
	order.wrong = !is_right(buffer->memory, order.seed);
	memcpy(out->ctl, &order, sizeof(order));
	return 0;
}

static void handle(VumemServerHandle server, const VumemReq *req)
{
	VumemResp resp = { 0 };
	int err;

	switch (req->header.cmd) {
	case VUMEM_CMD_BUFFER_ALLOC:
		resp.retVal = (unsigned int)give(&req->bufferAlloc, &resp.bufferAlloc);
		break;
	case VUMEM_CMD_BUFFER_FREE:
		take_back(req->bufferFree.bufferId);
		break;
	case VUMEM_CMD_BUFFER_CTL:
		resp.retVal = (unsigned int)control(&req->bufferCtl, &resp.bufferCtl);
		break;
	}
	err = vumemRespond(server, &resp);
	if (err == EPIPE)
		harmed("vumemRespond", err);
	if (err && req->header.cmd == VUMEM_CMD_BUFFER_ALLOC && !resp.retVal)
		forget(find(req->bufferAlloc.bufferId, true));
}

void vumem_server(const char *node)
{
	VumemServerHandle server;
	VumemReq req;
	int err = vumemServerCreate(node, &server);

	while (!err || err == EINTR) {
		err = vumemReceive(server, &req);
		if (!err)
			handle(server, &req);
	}
	harmed("a server of VUMEM", err);
}
