// SPDX-License-Identifier: LGPL-2.1-or-later
/* Servers: receiving requests and answering them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/node.h"
#include "lib.h"

int vumemServerCreate(const char *devName, VumemServerHandle *handle)
{
	struct vumem_object *server;
	int err = 0;

	if (!devName || !handle)
		return EINVAL;
	server = vumem_object_new(VUMEM_SERVER);
	if (!server)
		return ENOMEM;
	server->fd = vlink_node_open(devName);
	if (server->fd < 0)
		err = -server->fd;
	else
		err = vumem_control_first(server->fd, VUMEM_IOC_SERVER_CREATE, NULL);
	if (err) {
		vumem_object_put(server);
		return err;
	}
	vumem_object_publish(server);
	*handle = server;
	return 0;
}

int vumemServerDestroy(VumemServerHandle handle)
{
	struct vumem_object *server = vumem_object_get(handle, VUMEM_SERVER);
	int err;

	if (!server)
		return EBADF;
	if (!vumem_object_retire(server)) {
		vumem_object_put(server);
		return EBADF;
	}
	/* Threads that are in other functions keep the file open, but not the server. */
	err = vumem_control(server->fd, VUMEM_IOC_SERVER_DESTROY, NULL);
	/* This function's reference, and the handle's */
	vumem_object_put(server);
	vumem_object_put(server);
	return err;
}

/* --- which request a thread answers ---------------------------------------------- */

static pid_t this_thread(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/* Where the thread's request is, or the end of the list. */
static struct vumem_taken **find_taken(struct vumem_object *server)
{
	struct vumem_taken **at;
	pid_t thread = this_thread();

	for (at = &server->taken; *at && (*at)->thread != thread; at = &(*at)->next)
		;
	return at;
}

/* Every thread keeps the entry it has once. */
static int prepare_taken(struct vumem_object *server)
{
	struct vumem_taken **at, *taken;

	pthread_mutex_lock(&server->lock);
	at = find_taken(server);
	taken = *at;
	if (!taken) {
		taken = calloc(1, sizeof(*taken));
		*at = taken;
	}
	if (taken)
		taken->thread = this_thread();
	pthread_mutex_unlock(&server->lock);
	return taken ? 0 : ENOMEM;
}

static void note_taken(struct vumem_object *server, VumemCmd cmd)
{
	pthread_mutex_lock(&server->lock);
	(*find_taken(server))->cmd = cmd;
	pthread_mutex_unlock(&server->lock);
}

/* 0: the driver will say that there is none. */
static VumemCmd taken_cmd(struct vumem_object *server)
{
	struct vumem_taken *taken;
	VumemCmd cmd;

	pthread_mutex_lock(&server->lock);
	taken = *find_taken(server);
	cmd = taken ? taken->cmd : 0;
	pthread_mutex_unlock(&server->lock);
	return cmd;
}

/* --- requests ---------------------------------------------------------------------- */

static void fill_request(VumemReq *req, const struct vumem_receive_args *args)
{
	memset(req, 0, sizeof(*req));
	req->header.clId.vmId = args->vm_id;
	req->header.clId.appId = args->app_id;
	req->header.cmd = args->cmd;
	switch (args->cmd) {
	case VUMEM_CMD_BUFFER_ALLOC:
		req->bufferAlloc.bufferId = args->buffer;
		memcpy(req->bufferAlloc.alloc, args->opaque, sizeof(req->bufferAlloc.alloc));
		req->bufferAlloc.size = args->size;
		break;
	case VUMEM_CMD_BUFFER_CTL:
		req->bufferCtl.bufferId = args->buffer;
		memcpy(req->bufferCtl.ctl, args->opaque, sizeof(req->bufferCtl.ctl));
		req->bufferCtl.size = args->size;
		break;
	default:
		req->bufferFree.bufferId = args->buffer;
	}
}

static int receive(struct vumem_object *server, VumemReq *req)
{
	struct vumem_receive_args args;
	int err = prepare_taken(server);

	if (!err)
		err = vumem_control(server->fd, VUMEM_IOC_RECEIVE, &args);
	if (err)
		return err;
	note_taken(server, args.cmd);
	fill_request(req, &args);
	return 0;
}

int vumemReceive(VumemServerHandle handle, VumemReq *req)
{
	struct vumem_object *server;
	int err;

	if (!req)
		return EINVAL;
	server = vumem_object_get(handle, VUMEM_SERVER);
	if (!server)
		return EBADF;
	err = receive(server, req);
	vumem_object_put(server);
	return err;
}

/* --- responses --------------------------------------------------------------------- */

/* Clients can cause these again and again. */
static bool first_time(bool *said)
{
	return !__atomic_exchange_n(said, true, __ATOMIC_RELAXED);
}

static void warn_of_tail(const VumemBufferMap *map)
{
	static bool said;
	size_t tail = map->size % (size_t)sysconf(_SC_PAGESIZE);

	if (!tail || map->vaddr == VUMEM_BUFFER_NO_VADDR ||
	    vumem_memory_is_padded(map->vaddr, map->size) || !first_time(&said))
		return;
	fprintf(stderr, "libvumem: what lies behind the %u bytes of a buffer, up to the end of the page, is visible to the client (vumemServerMemAlloc has memory without)\n",
		map->size);
}

static void explain_no_memory(const VumemBufferMap *map)
{
	static bool said;
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    !first_time(&said))
		return;
	fprintf(stderr, "libvumem: a buffer of %u bytes cannot be locked in memory: RLIMIT_MEMLOCK is %llu bytes for all buffers of this process\n",
		map->size, (unsigned long long)limit.rlim_cur);
}

static int respond(struct vumem_object *server, const VumemResp *resp)
{
	VumemCmd cmd = taken_cmd(server);
	struct vumem_respond_args args = { .ret = resp->retVal };
	bool alloc = cmd == VUMEM_CMD_BUFFER_ALLOC && !resp->retVal;
	int err;

	if (alloc) {
		args.buffer = resp->bufferAlloc.bufferId;
		args.bytes = resp->bufferAlloc.map.size;
		args.vaddr = resp->bufferAlloc.map.vaddr == VUMEM_BUFFER_NO_VADDR ?
				     UINT64_MAX : (uintptr_t)resp->bufferAlloc.map.vaddr;
		memcpy(args.opaque, resp->bufferAlloc.alloc, sizeof(args.opaque));
		warn_of_tail(&resp->bufferAlloc.map);
	} else if (cmd == VUMEM_CMD_BUFFER_CTL) {
		memcpy(args.opaque, resp->bufferCtl.ctl, sizeof(args.opaque));
	}
	err = vumem_control(server->fd, VUMEM_IOC_RESPOND, &args);
	if (err == ENOMEM && alloc)
		explain_no_memory(&resp->bufferAlloc.map);
	return err;
}

int vumemRespond(VumemServerHandle handle, VumemResp *resp)
{
	struct vumem_object *server;
	int err;

	if (!resp)
		return EINVAL;
	server = vumem_object_get(handle, VUMEM_SERVER);
	if (!server)
		return EBADF;
	err = respond(server, resp);
	vumem_object_put(server);
	return err;
}
