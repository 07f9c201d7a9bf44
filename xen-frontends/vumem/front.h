/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VUMEM, the client's end.
 *
 * A request is what a process asks of the server, or what is said for a process
 * that does not wait: because it is gone, or about to be. Locks: conn->lock alone, never
 * held over user memory or while waiting.
 */
#ifndef VUMEM_FRONT_H
#define VUMEM_FRONT_H

#include <linux/completion.h>
#include <linux/xarray.h>

#include "../../xen-common/vumem/vumem.h"

struct front_conn {
	struct vumem_conn conn;		/* first */
	struct list_head pending;	/* requests to send, in order */
	struct xarray tags;		/* requests that were sent */
	unsigned int under_way;		/* how many those are */
	u32 next_tag;
	struct list_head sessions;
	struct session *master;
};

struct request {
	struct kref ref;		/* by whoever waits, and by the connection */
	struct list_head node;		/* in pending */
	struct vumem_msg msg;		/* the request, then the response */
	bool sent, done;
	bool cancel;			/* to be sent again as CANCEL */
	bool orphan;			/* nobody waits */
	struct completion completion;
};

struct session {
	struct kref ref;		/* by its file and its buffers */
	struct front_conn *conn;	/* a reference */
	struct list_head node;		/* in conn->sessions */
	struct list_head buffers;
	u32 epoch;
	bool broken;			/* the server or the link is gone */
};

struct buffer {
	struct kref ref;		/* by its file, and its session until freed */
	struct session *session;	/* that allocated it; a reference */
	struct list_head node;		/* in session->buffers */
	u32 id, bytes, attr, pages, dir_ref;
	bool freed;
	struct vlink_window *window;	/* NULL: not mapped yet, or revoked */
	struct vlink_region *region;
	struct list_head registrations;
	struct request *free_request;	/* made in time, for when nothing may fail */
};

/* A session other than the allocator's that registered for a buffer. */
struct registration {
	struct list_head node;
	struct session *session;	/* a reference */
};

struct front_file {
	struct vumem_dev *dev;
	struct mutex lock;		/* guards the change from fresh */
	struct session *session;	/* at most one of the two */
	struct buffer *buffer;
};

static inline struct front_conn *to_front(struct vumem_conn *conn)
{
	return container_of(conn, struct front_conn, conn);
}

/* request.c */
struct request *vumem_request_new(u32 type, const struct session *session, u32 buffer);
void vumem_request_put(struct request *request);
/*
 * Queues the request, for the caller to push; the connection takes a reference. -EPIPE: it
 * is broken. Under the lock.
 */
int vumem_request_submit(struct front_conn *conn, struct request *request);
/*
 * Submits and waits for the response, which is in request->msg then. Returns 0, the
 * server's error as a negative errno, -EPIPE, or -ERESTARTSYS on a signal (a fatal
 * one, if @killable), after which the request is cancelled or its result undone.
 */
int vumem_request_call(struct front_conn *conn, struct request *request, bool killable);
int vumem_request_push(struct vumem_conn *conn);
int vumem_request_answered(struct front_conn *conn, const struct vumem_msg *msg);
/* All waiters get -EPIPE. Under the lock. */
void vumem_requests_end(struct front_conn *conn);

/* buffer.c */
long vumem_buffer_alloc_ioctl(struct front_file *file, void __user *arg);
long vumem_buffer_ioctl(struct front_file *file, unsigned int cmd, void __user *arg);
int vumem_buffer_mmap(struct buffer *buffer, struct vm_area_struct *vma);
void vumem_buffer_put(struct buffer *buffer);
/* The buffer's file is closed, or its session's. Under the lock. */
void vumem_buffer_forsake(struct buffer *buffer);
/* The session is closed: the server hears that it is not registered. Under the lock. */
void vumem_buffer_forget_session(struct buffer *buffer, struct session *session);
/* Ends all mappings. Under the lock. */
void vumem_buffer_revoke(struct buffer *buffer);

/* main.c */
struct session *vumem_session_of_fd(struct vumem_dev *dev, int fd);
void vumem_session_put(struct session *session);

#endif
