/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VUMEM, the server's end.
 *
 * A request of the client waits in a FIFO until a thread of the server process
 * receives it, then belongs to that thread until it responds. The request's
 * structure carries the response back. Locks: conn->lock; dev->server_lock before it.
 */
#ifndef VUMEM_BACK_H
#define VUMEM_BACK_H

#include <linux/xarray.h>

#include "../../xen-common/vumem/vumem.h"

struct back_conn {
	struct vumem_conn conn;		/* first */
	/* All that a client can have under way, so that none of it fails for lack of memory. */
	struct back_request *requests;
	struct list_head unused;	/* those of requests that are none now */
	struct list_head fifo;		/* requests that no thread has received */
	struct list_head taken;		/* requests that a thread works on */
	struct list_head unmapping;	/* FREE requests while the client still maps */
	struct list_head answers;	/* to be sent */
	struct xarray buffers;		/* by id */
	u32 reset_epoch;		/* RESET to be sent for it; 0: none */
	wait_queue_head_t wait;		/* for requests */
	struct delayed_work unmap_work;	/* looks at unmapping again */
	unsigned int unmap_ms;
	struct delayed_work thread_work;	/* looks whether threads of taken are alive */
};

struct back_request {
	struct list_head node;
	struct vumem_msg msg;		/* the request, then the response */
	struct task_struct *thread;	/* taken: whose it is; a reference */
	bool thread_ended;		/* when it was looked at last */
	struct back_buffer *buffer;	/* that a FREE is about, or NULL */
};

struct back_buffer {
	u32 id;
	u32 nr_pages;
	bool freeing;			/* a FREE request is on its way */
	struct vlink_region *region;	/* NULL: no pages, or given back */
};

struct server {
	struct vumem_dev *dev;
	struct back_conn *conn;		/* a reference */
	u32 epoch;
	bool ended;			/* under the lock */
};

struct back_file {
	struct vumem_dev *dev;
	struct server *server;		/* NULL: fresh */
};

static inline struct back_conn *to_back(struct vumem_conn *conn)
{
	return container_of(conn, struct back_conn, conn);
}

/* buffer.c */
/* An id for a buffer that is about to be allocated, or a negative errno. */
int vumem_back_buffer_id_alloc(void);
void vumem_back_buffer_id_free(u32 id);
/*
 * Pins and grants @bytes from @vaddr of the calling process, and fills in the response.
 * Takes and drops the lock. -EINVAL, -ENOMEM, -ENOSPC, -EOPNOTSUPP, -EPIPE, -EBUSY.
 */
int vumem_back_buffer_export(struct server *server, const struct vumem_respond_args *args,
			     struct vumem_msg *response);
/* The client has unmapped all: ends the grants and pins; false if that is not so. */
bool vumem_back_buffer_try_end(struct back_conn *conn, struct back_buffer *buffer);
/* Ends it anyhow: pages that the client still maps stay pinned. Under the lock. */
void vumem_back_buffer_drop(struct back_conn *conn, struct back_buffer *buffer);
void vumem_back_buffer_free(struct back_conn *conn, struct back_buffer *buffer);

#endif
