/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server of the tests: does with buffers what the requests about them say. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "pattern.h"
#include "vumem_wire.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vlx/vumem/server-lib.h>

#define THREADS_MAX	32
#define PLANTED_BYTES	(1u << 20)

struct memory {
	struct memory *next;
	uint32_t buffer, kind, size;
	void *addr;
};

static struct {
	struct vu_shared *shared;
	VumemServerHandle handle;
	pthread_mutex_t lock;
	struct memory *memories;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

void vu_changed(struct vu_shared *shared)
{
	shared->changes++;
	syscall(SYS_futex, &shared->changes, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void vu_wait(struct vu_shared *shared, uint32_t seen)
{
	syscall(SYS_futex, &shared->changes, FUTEX_WAIT, seen, NULL, NULL, 0);
}

/* ---- buffers ---- */

static void remember(uint32_t buffer, const struct vu_order *order, void *addr)
{
	struct memory *memory = malloc(sizeof(*memory));

	if (!memory)
		abort();
	*memory = (struct memory){ .buffer = buffer, .kind = order->kind, .size = order->size,
				   .addr = addr };
	pthread_mutex_lock(&server.lock);
	memory->next = server.memories;
	server.memories = memory;
	pthread_mutex_unlock(&server.lock);
}

static struct memory *find_memory(uint32_t buffer, bool take)
{
	struct memory **at, *memory;

	pthread_mutex_lock(&server.lock);
	for (at = &server.memories; *at && (*at)->buffer != buffer; at = &(*at)->next)
		;
	memory = *at;
	if (memory && take)
		*at = memory->next;
	pthread_mutex_unlock(&server.lock);
	return memory;
}

static void forget(uint32_t buffer)
{
	struct memory *memory = find_memory(buffer, true);

	if (!memory)
		return;
	vu_memory_free(memory->kind, memory->size, memory->addr);
	free(memory);
}

static void complement(uint32_t *words, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		words[i] = ~words[i];
}

static void follow_order(const VumemReq *req, struct vu_order *order, VumemResp *resp)
{
	VumemReq other;
	void *addr;

	if (order->flags & VU_RECEIVE)
		order->answer = vumemReceive(server.handle, &other);
	complement(order->echo, sizeof(order->echo) / 4);
	resp->retVal = order->ret;
	if (order->flags & VU_BAD_RETVAL)
		resp->retVal = (unsigned int)-ENOSPC;
	if (resp->retVal)
		return;
	resp->retVal = (unsigned int)vu_memory_new(order->kind, order->size, &addr);
	if (resp->retVal)
		return;
	if (vu_memory_is_real(order->kind))
		pattern_fill(addr, order->size, order->seed, 0);
	remember(req->bufferAlloc.bufferId, order, addr);
	resp->bufferAlloc.bufferId = req->bufferAlloc.bufferId + !!(order->flags & VU_WRONG_ID);
	resp->bufferAlloc.map.vaddr = addr;
	resp->bufferAlloc.map.size = order->size;
}

static uint32_t allocate(const VumemReq *req, VumemResp *resp)
{
	struct vu_order order;

	memcpy(&order, req->bufferAlloc.alloc, sizeof(order));
	if (req->bufferAlloc.size != sizeof(order))
		/* A client that wants nothing particular. */
		order = (struct vu_order){ .kind = VU_LIBRARY, .size = 4096 };
	follow_order(req, &order, resp);
	memcpy(resp->bufferAlloc.alloc, &order, sizeof(order));
	return order.flags;
}

/* Memory that was a client's must not be seen by any; this is what must not be seen. */
static void plant(uint8_t byte)
{
	void *pieces[8];

	for (unsigned int i = 0; i < 8; i++) {
		pieces[i] = malloc(PLANTED_BYTES);
		if (pieces[i])
			memset(pieces[i], byte, PLANTED_BYTES);
	}
	for (unsigned int i = 0; i < 8; i++)
		free(pieces[i]);
}

static void control(const VumemReq *req, VumemResp *resp)
{
	const struct memory *memory = find_memory(req->bufferCtl.bufferId, false);
	struct vu_ctl ctl;

	memcpy(&ctl, req->bufferCtl.ctl, sizeof(ctl));
	complement(ctl.echo, sizeof(ctl.echo) / 4);
	if (!memory) {
		resp->retVal = ENOKEY;
		return;
	}
	switch (ctl.op) {
	case VU_CHECK:
		ctl.value = (int64_t)pattern_check(memory->addr, memory->size, ctl.seed, 0);
		break;
	case VU_FILL: pattern_fill(memory->addr, memory->size, ctl.seed, 0); break;
	case VU_PLANT: plant((uint8_t)ctl.seed); break;
	case VU_FAIL: resp->retVal = (unsigned int)ctl.value; break;
	}
	memcpy(resp->bufferCtl.ctl, &ctl, sizeof(ctl));
}

/* ---- requests ---- */

static struct vu_entry *log_request(const VumemReq *req)
{
	uint32_t i = server.shared->nr_entries++;
	struct vu_entry *entry = &server.shared->entries[i % VU_LOG_MAX];

	entry->cmd = req->header.cmd;
	entry->vm = req->header.clId.vmId;
	entry->app = req->header.clId.appId;
	entry->buffer = req->bufferFree.bufferId;
	entry->result = VU_PENDING;
	entry->second = VU_PENDING;
	vu_changed(server.shared);
	return entry;
}

static void hold(VumemCmd cmd)
{
	struct vu_shared *shared = server.shared;
	uint32_t generation = shared->generation, seen;

	if (!(shared->hold & 1u << cmd))
		return;
	shared->held++;
	vu_changed(shared);
	for (;;) {
		seen = shared->changes;
		if (shared->generation != generation)
			break;
		vu_wait(shared, seen);
	}
	shared->held--;
}

static void __attribute__((noreturn)) desert(const VumemReq *req)
{
	if (req->header.cmd == VUMEM_CMD_BUFFER_FREE)
		forget(req->bufferFree.bufferId);
	pthread_exit(NULL);
}

static void handle(const VumemReq *req)
{
	struct vu_entry *entry = log_request(req);
	VumemResp resp = { 0 };
	uint32_t flags = 0;
	int err;

	hold(req->header.cmd);
	resp.retVal = server.shared->refuse[req->header.cmd];
	if (resp.retVal == VU_DESERT)
		desert(req);
	if (!resp.retVal && req->header.cmd == VUMEM_CMD_BUFFER_ALLOC)
		flags = allocate(req, &resp);
	else if (!resp.retVal && req->header.cmd == VUMEM_CMD_BUFFER_CTL)
		control(req, &resp);
	else if (req->header.cmd == VUMEM_CMD_BUFFER_FREE)
		forget(req->bufferFree.bufferId);
	err = vumemRespond(server.handle, &resp);
	if (req->header.cmd == VUMEM_CMD_BUFFER_ALLOC && (err || resp.retVal))
		forget(req->bufferAlloc.bufferId);
	if (flags & VU_RESPOND)
		entry->second = vumemRespond(server.handle, &resp);
	entry->result = err;
	vu_changed(server.shared);
}

static void *serve(void *unused)
{
	VumemReq req;
	int err;

	while (!(err = vumemReceive(server.handle, &req)) || err == EINTR) {
		if (err) {
			server.shared->interrupted++;
			vu_changed(server.shared);
		} else {
			handle(&req);
		}
	}
	if (err == EPIPE || err == EBADF)
		server.shared->broken++;
	vu_changed(server.shared);
	return unused;
}

/* Limits bind those only who are not privileged. */
static void limit_memory(unsigned int bytes)
{
	struct rlimit limit = { bytes, bytes };

	if (bytes && (setrlimit(RLIMIT_MEMLOCK, &limit) || setgid(65534) || setuid(65534)))
		_exit(3);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void await_stop(void)
{
	uint32_t seen;

	for (;;) {
		seen = server.shared->changes;
		if (server.shared->stop)
			return;
		vu_wait(server.shared, seen);
	}
}

static void ignore(int number)
{
	(void)number;
}

/* The signal by which the agent interrupts: not for this thread, but for one that receives. */
static void leave_signal_to_threads(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void vu_serve(const char *device, struct vu_shared *shared, unsigned int threads,
	      unsigned int memlock)
{
	pthread_t ids[THREADS_MAX];
	int err = vumemServerCreate(device, &server.handle);

	server.shared = shared;
	limit_memory(memlock);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = ignore }, NULL);
	for (unsigned int i = 0; !err && i < threads && i < THREADS_MAX; i++)
		if (pthread_create(&ids[i], NULL, serve, NULL))
			_exit(3);
	leave_signal_to_threads();
	shared->created = 1 + (uint32_t)err;
	vu_changed(shared);
	if (err)
		_exit(0);
	await_stop();
	err = vumemServerDestroy(server.handle);
	for (unsigned int i = 0; i < threads && i < THREADS_MAX; i++)
		pthread_join(ids[i], NULL);
	shared->stopped = 1 + (uint32_t)err;
	vu_changed(shared);
	_exit(0);
}
