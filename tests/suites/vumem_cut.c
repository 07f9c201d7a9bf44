/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vumem_cut server DEVICE
 * vumem_cut client DEVICE [BUFFERS]
 *
 * One end of many mapped buffers that are cut off at any time: until the other end's
 * domain is gone; then again, for ever. What happens is written to xenstore, below
 * /tool/xenlab/signal:
 *
 *	cut-DOMID-moving-N	round N has all its buffers mapped
 *	cut-DOMID-end-N		round N is over; value: what was found then
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "announce.h"
#include "asleep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vlink/vumem_ioctl.h>
#include <vlx/vumem/client-lib.h>
#include <vlx/vumem/server-lib.h>

#define BUFFERS_MAX	1000u
#define SIZE		32768u
#define IDS		65536u
#define SETTLE_TRIES	1200u	/* of 50 ms */

static const char *device;
static unsigned int round_nr;

/* Called for all that moves; the first of a round is told by itself. */
static void announce_moving(void)
{
	static unsigned int announced;

	announce_alive();
	if (announced != round_nr)
		announce("moving", round_nr, "");
	announced = round_nr;
}

static const char *name_of(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : "?";
}

/* ---- the server ---- */

static void *memories[IDS];

/* What is pinned or still mapped by the client when all is over; looked at till it is none. */
static void settle(struct vumem_stat_args *stat)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	for (unsigned int tries = SETTLE_TRIES; tries; tries--) {
		if (fd < 0 || ioctl(fd, VUMEM_IOC_STAT, stat))
			stat->pinned_pages = 999999;
		if (!stat->pinned_pages && !stat->quarantined_pages)
			break;
		sleep_ms(50);
	}
	if (fd >= 0)
		close(fd);
}

static unsigned int free_memories(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < IDS; i++)
		if (memories[i]) {
			n++;
			vumemServerMemFree(memories[i]);
			memories[i] = NULL;
		}
	return n;
}

/* What the client says that it has filled a buffer with, after it has; -1: nothing yet. */
static short told[IDS];
/* Requests and buffers that did not hold it. */
static unsigned int wrong;

static bool holds(unsigned int id, short content)
{
	const unsigned char *memory = memories[id];

	for (unsigned int i = 0; i < SIZE; i++)
		if (memory[i] != content)
			return false;
	return true;
}

static void check_request(const VumemReq *req)
{
	unsigned int id = req->bufferCtl.bufferId % IDS;

	told[id] = (unsigned char)req->bufferCtl.ctl[0];
	if (memories[id] && !holds(id, told[id]))
		wrong++;
}

/* What was told remains, however the link ended. The client may be in the middle of one buffer. */
static void check_all(void)
{
	unsigned int others = 0;

	for (unsigned int id = 0; id < IDS; id++)
		if (memories[id] && told[id] >= 0 && !holds(id, told[id]))
			others++;
	if (others > 1)
		wrong += others;
}

static void handle(const VumemReq *req, VumemResp *resp)
{
	VumemBufferId id = req->bufferFree.bufferId % IDS;

	switch (req->header.cmd) {
	case VUMEM_CMD_BUFFER_ALLOC:
		resp->retVal = (unsigned int)vumemServerMemAlloc(SIZE, &memories[id]);
		told[id] = -1;
		resp->bufferAlloc.bufferId = id;
		resp->bufferAlloc.map.vaddr = memories[id];
		resp->bufferAlloc.map.size = SIZE;
		if (!resp->retVal)
			memset(memories[id], 0x5a, SIZE);
		break;
	case VUMEM_CMD_BUFFER_FREE:
		vumemServerMemFree(memories[id]);
		memories[id] = NULL;
		break;
	case VUMEM_CMD_BUFFER_CTL:
		check_request(req);
		announce_moving();
		break;
	}
}

static int serve(VumemServerHandle server)
{
	VumemReq req;
	int err;

	for (;;) {
		VumemResp resp = { 0 };

		err = vumemReceive(server, &req);
		if (err == EINTR)
			continue;
		if (err)
			return err;
		handle(&req, &resp);
		err = vumemRespond(server, &resp);
		if (err)
			return err;
	}
}

static void server_round(void)
{
	struct vumem_stat_args stat = { 0 };
	VumemServerHandle server;
	unsigned int buffers;
	char text[256];
	int err = vumemServerCreate(device, &server);

	if (err) {
		fprintf(stderr, "vumem_cut: vumemServerCreate: %s\n", strerror(err));
		exit(1);
	}
	err = serve(server);
	check_all();
	vumemServerDestroy(server);
	buffers = free_memories();
	settle(&stat);
	snprintf(text, sizeof(text), "receive=%s buffers=%u pinned=%llu quarantined=%llu wrong=%u",
		 name_of(err), buffers, (unsigned long long)stat.pinned_pages,
		 (unsigned long long)stat.quarantined_pages, wrong);
	wrong = 0;
	announce_end(round_nr, text);
}

/* ---- the client ---- */

static VumemBufferHandle buffers[BUFFERS_MAX];
static unsigned char *addrs[BUFFERS_MAX];
static unsigned int nr_buffers = BUFFERS_MAX;

static int map_all(VumemSessionHandle session)
{
	int err = 0;

	for (unsigned int i = 0; i < nr_buffers && !err; i++) {
		err = vumemBufferAlloc(session, NULL, 0, &buffers[i]);
		if (!err)
			err = vumemBufferMap(buffers[i], (void **)&addrs[i]);
		if (!err)
			addrs[i][SIZE / 2] = (unsigned char)i;
	}
	return err;
}

/* That of use_all()'s last round, which may have been written after the end. */
static unsigned int last_used;

static bool all_zero(void)
{
	for (unsigned int i = 0; i < nr_buffers; i++)
		for (unsigned int j = 0; j < SIZE && i != last_used; j++)
			if (addrs[i][j])
				return false;
	return true;
}

/* Until the server is gone. */
static int use_all(void)
{
	int err = 0;

	for (unsigned int i = 0; !err || err == EINTR; i++) {
		unsigned char content = (unsigned char)(i | 1);

		last_used = i % nr_buffers;
		memset(addrs[last_used], content, SIZE);
		err = vumemBufferCtl(buffers[last_used], VUMEM_CTL_REMOTE, &content, 1);
		if (!err)
			announce_moving();
	}
	return err;
}

static void client_round(void)
{
	VumemSessionHandle session;
	VumemBufferHandle late;
	char text[256];
	int err = vumemSessionCreate(device, &session);
	bool zero;

	if (err) {
		fprintf(stderr, "vumem_cut: vumemSessionCreate: %s\n", strerror(err));
		exit(1);
	}
	err = map_all(session);
	if (err) {
		fprintf(stderr, "vumem_cut: round %u: %s\n", round_nr, strerror(err));
		vumemSessionDestroy(session);
		return;
	}
	err = use_all();
	zero = all_zero();
	/* Memory of its own now, which may be written. */
	memset(addrs[0], 1, SIZE);
	snprintf(text, sizeof(text), "ctl=%s alloc=%s zero=%s", name_of(err),
		 name_of(vumemBufferAlloc(session, NULL, 0, &late)), zero ? "yes" : "no");
	vumemSessionDestroy(session);
	announce_end(round_nr, text);
}

/* Each buffer is a descriptor. */
static void allow_files(void)
{
	struct rlimit limit = { BUFFERS_MAX + 64, BUFFERS_MAX + 64 };

	if (setrlimit(RLIMIT_NOFILE, &limit)) {
		perror("vumem_cut: RLIMIT_NOFILE");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	bool server = argc == 3 && !strcmp(argv[1], "server");
	bool client = (argc == 3 || argc == 4) && !strcmp(argv[1], "client");

	if (argc == 4)
		nr_buffers = (unsigned int)strtoul(argv[3], NULL, 10);
	if ((!server && !client) || !nr_buffers || nr_buffers > BUFFERS_MAX) {
		fprintf(stderr, "usage: vumem_cut server DEVICE | client DEVICE [BUFFERS]\n");
		return 2;
	}
	device = argv[2];
	allow_files();
	if (!announce_open("vumem_cut"))
		return 1;
	for (round_nr = 1;; round_nr++)
		server ? server_round() : client_round();
}
