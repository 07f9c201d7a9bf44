/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vumem-server DEVICE DIRECTORY [BUFFERS]
 *
 * Gives clients memory for pictures, and saves these as PNG files in the directory
 * when they ask for it. For ever, or until so many buffers were freed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vlx/vumem/server-lib.h>

#include "picture.h"
#include "save.h"

#define LINE_ALIGN	64u

struct picture {
	struct picture *next;
	VumemBufferId id;
	uint32_t width, height, stride;
	void *pixels;
};

static struct picture *pictures;
static const char *directory;
static unsigned long freed;

static struct picture **find(VumemBufferId id)
{
	struct picture **at;

	for (at = &pictures; *at && (*at)->id != id; at = &(*at)->next)
		;
	return at;
}

/* The requests are anybody's: 0 or an errno for the client. */
static int new_picture(VumemBufferId id, struct picture_request *request, VumemBufferMap *map)
{
	struct picture *picture;
	int err;

	if (!request->width || request->width > PICTURE_MAX || !request->height ||
	    request->height > PICTURE_MAX)
		return EINVAL;
	request->stride = (4 * request->width + LINE_ALIGN - 1) / LINE_ALIGN * LINE_ALIGN;
	map->size = request->stride * request->height;
	err = vumemServerMemAlloc(map->size, &map->vaddr);
	if (err)
		return err;
	picture = malloc(sizeof(*picture));
	if (!picture) {
		vumemServerMemFree(map->vaddr);
		return ENOMEM;
	}
	*picture = (struct picture){ pictures, id, request->width, request->height,
				     request->stride, map->vaddr };
	pictures = picture;
	return 0;
}

static void drop_picture(VumemBufferId id)
{
	struct picture **at = find(id), *picture = *at;

	if (!picture)
		return;
	*at = picture->next;
	vumemServerMemFree(picture->pixels);
	free(picture);
}

static int allocate(const VumemBufferAllocIn *in, VumemBufferAllocOut *out)
{
	struct picture_request request;
	int err;

	if (in->size != sizeof(request))
		return EINVAL;
	memcpy(&request, in->alloc, sizeof(request));
	out->bufferId = in->bufferId;
	err = new_picture(in->bufferId, &request, &out->map);
	memcpy(out->alloc, &request, sizeof(request));
	printf("alloc: %u x %u: %s\n", request.width, request.height, strerror(err));
	return err;
}

static int save(const struct picture *picture, struct picture_control *control)
{
	char path[512];
	int err;

	control->name[sizeof(control->name) - 1] = 0;
	if (!control->name[0] || control->name[0] == '.' || strchr(control->name, '/'))
		return EINVAL;
	snprintf(path, sizeof(path), "%s/%s", directory, control->name);
	control->checksum = picture_checksum(picture->pixels, picture->width, picture->height,
					     picture->stride);
	err = write_png(path, picture->pixels, picture->width, picture->height, picture->stride);
	printf("save: %s, checksum %08x: %s\n", control->name, control->checksum, strerror(err));
	return err;
}

static int control(const VumemBufferCtlIn *in, VumemBufferCtlOut *out)
{
	const struct picture *picture = *find(in->bufferId);
	struct picture_control request;
	int err;

	if (!picture || in->size != sizeof(request))
		return EINVAL;
	memcpy(&request, in->ctl, sizeof(request));
	if (request.op != PICTURE_SAVE)
		return EINVAL;
	err = save(picture, &request);
	memcpy(out->ctl, &request, sizeof(request));
	return err;
}

static void handle(const VumemReq *req, VumemResp *resp)
{
	switch (req->header.cmd) {
	case VUMEM_CMD_BUFFER_ALLOC:
		resp->retVal = (unsigned int)allocate(&req->bufferAlloc, &resp->bufferAlloc);
		break;
	case VUMEM_CMD_BUFFER_FREE:
		drop_picture(req->bufferFree.bufferId);
		printf("free\n");
		freed++;
		break;
	case VUMEM_CMD_BUFFER_CTL:
		resp->retVal = (unsigned int)control(&req->bufferCtl, &resp->bufferCtl);
		break;
	case VUMEM_CMD_BUFFER_REGISTER:
	case VUMEM_CMD_BUFFER_UNREGISTER:
		/* Every process of the client's domain may use every picture. */
		printf("%s: process %u\n", req->header.cmd == VUMEM_CMD_BUFFER_REGISTER ?
		       "register" : "unregister", req->header.clId.appId);
		break;
	default:
		printf("command %u\n", req->header.cmd);
	}
}

/* Until @limit buffers were freed (0: for ever), or an error, which is returned. */
static int serve(VumemServerHandle server, unsigned long limit)
{
	VumemReq req;
	int err = 0;

	while (!err && (!limit || freed < limit)) {
		VumemResp resp = { 0 };

		err = vumemReceive(server, &req);
		if (err == EINTR)
			err = 0;
		else if (!err) {
			handle(&req, &resp);
			err = vumemRespond(server, &resp);
			/* The client got the same: the buffer never was. */
			if (req.header.cmd == VUMEM_CMD_BUFFER_ALLOC && (err || resp.retVal))
				drop_picture(req.bufferAlloc.bufferId);
			if (err != EPIPE)
				err = 0;
		}
	}
	return err;
}

int main(int argc, char **argv)
{
	unsigned long limit = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	VumemServerHandle server;
	int err;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: vumem-server DEVICE DIRECTORY [BUFFERS]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	directory = argv[2];
	do {
		err = vumemServerCreate(argv[1], &server);
		if (err)
			break;
		printf("serving\n");
		err = serve(server, limit);
		vumemServerDestroy(server);
		while (pictures)
			drop_picture(pictures->id);
		/* The client's domain is gone: its successor is served as well. */
	} while (err == EPIPE);
	if (err)
		fprintf(stderr, "vumem-server: %s: %s\n", argv[1], strerror(err));
	return err ? 1 : 0;
}
