// SPDX-License-Identifier: LGPL-2.1-or-later
/* Servers: receiving requests and answering them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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
	server->fd = vumem_open(devName);
	if (server->fd < 0)
		err = -server->fd;
	else
		err = vumem_control_first(server->fd, VUMEM_IOC_SERVER_CREATE, NULL);
	if (err) {
		vumem_object_put(server);
		return err;
	}
	(void)vumem_object_publish(server);
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
	int err = vumem_control(server->fd, VUMEM_IOC_RECEIVE, &args);

	if (!err)
		fill_request(req, &args);
	return err;
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

/* The driver knows what kind of request the thread has, and takes what belongs to it. */
static int respond(struct vumem_object *server, const VumemResp *resp)
{
	const VumemBufferMap *map = &resp->bufferAlloc.map;
	struct vumem_respond_args args = { .ret = resp->retVal,
					   .buffer = resp->bufferAlloc.bufferId,
					   .bytes = map->size };
	int err;

	args.vaddr = map->vaddr == VUMEM_BUFFER_NO_VADDR ? UINT64_MAX : (uintptr_t)map->vaddr;
	memcpy(args.alloc, resp->bufferAlloc.alloc, sizeof(args.alloc));
	memcpy(args.ctl, resp->bufferCtl.ctl, sizeof(args.ctl));
	err = vumem_control(server->fd, VUMEM_IOC_RESPOND, &args);
	if (args.cmd == VUMEM_CMD_BUFFER_ALLOC && !resp->retVal) {
		warn_of_tail(map);
		if (err == ENOMEM)
			explain_no_memory(map);
	}
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
