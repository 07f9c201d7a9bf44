/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VUMEM, the client's end.
 *
 * A session is an open file of the node, a buffer a file of its own. All calls that make
 * something of a session hold its file until they end, so that nothing joins a session
 * which is closed; and whatever an answer of the server begins, begins when the answer
 * arrives, so that what the server says next finds it.
 *
 * A request is what a process asks of the server, or what is said for a process
 * that does not wait: because it is gone, or about to be. Locks: conn->lock alone, never
 * held over user memory or while waiting.
 */
#ifndef VUMEM_FRONT_H
#define VUMEM_FRONT_H

#include <linux/completion.h>

#include "../../xen-common/vumem/vumem.h"

struct front_conn {
	struct vumem_conn conn;		/* first */
	struct list_head pending;	/* requests to send, in order */
	struct request *sent[VUMEM_REQUESTS_MAX];	/* by tag; NULL: free */
	unsigned int under_way;		/* how many those are */
	u32 next_tag;
	struct list_head sessions;
	struct session *master;
};

struct request {
	struct kref ref;		/* by whoever waits, and by the connection */
	struct list_head node;		/* in pending */
	struct vumem_msg msg;		/* the request, then the response */
	int err;			/* 0 or a negative errno, when done */
	bool sent, done;
	bool cancel;			/* to be sent again as CANCEL */
	bool orphan;			/* nobody waits */
	/*
	 * What begins with a response that is no error, or NULL. Under the lock, unless nobody
	 * waits any more. The error is the waiter's; -EPROTO breaks the connection.
	 */
	int (*accept)(struct request *request);
	void *subject;			/* accept's; the waiter keeps it */
	struct completion completion;
};

struct session {
	struct kref ref;		/* by its file and its buffers */
	struct front_conn *conn;	/* a reference */
	struct list_head node;		/* in conn->sessions, until its file is closed */
	struct list_head buffers;
	struct list_head registrations;
	u32 epoch;
	bool master;
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
	struct list_head of_buffer;
	struct list_head of_session;
	struct session *session;
	struct buffer *buffer;
	struct request *unregister;	/* made in time, as free_request */
};

struct front_file {
	struct vumem_dev *dev;
	struct mutex lock;		/* guards the change from fresh */
	struct session *session;	/* NULL: fresh */
};

static inline struct front_conn *to_front(struct vumem_conn *conn)
{
	return container_of(conn, struct front_conn, conn);
}

/* request.c */
/* Of the calling process; @session: NULL for a new one. */
struct request *vumem_request_new(u32 type, const struct session *session, u32 buffer);
void vumem_request_put(struct request *request);
/*
 * Queues the request, for the caller to push; the connection takes a reference. -EPIPE: it
 * is broken. Under the lock.
 */
int vumem_request_submit(struct front_conn *conn, struct request *request);
/*
 * Waits for the response to what was submitted and pushed, in task state @state; it is in
 * request->msg then. Returns 0, the server's error as a negative errno, -EPIPE, or
 * -ERESTARTSYS on a signal, after which the request is cancelled or its result undone.
 */
int vumem_request_await(struct front_conn *conn, struct request *request, unsigned int state);
/* All of it. */
int vumem_request_call(struct front_conn *conn, struct request *request, unsigned int state);
int vumem_request_push(struct vumem_conn *conn);
int vumem_request_answered(struct front_conn *conn, const struct vumem_msg *msg);
/* All waiters get -EPIPE. Under the lock. */
void vumem_requests_end(struct front_conn *conn);

/* buffer.c */
long vumem_buffer_alloc_ioctl(struct session *session, void __user *arg);
/* The buffer's file is closed, or its session ends. Under the lock. */
void vumem_buffer_discard(struct buffer *buffer);
/* All registrations of the session, which is closed, end. Under the lock. */
void vumem_session_unregister(struct session *session);

/* main.c */
/* The session that @file is, if it is one of @dev; or NULL. */
struct session *vumem_session_of_file(const struct vumem_dev *dev, struct file *file);
void vumem_session_put(struct session *session);

#endif
