// SPDX-License-Identifier: GPL-2.0
/* Requests: sending them, waiting for what the server says. */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "front.h"

struct request *vumem_request_new(u32 type, const struct session *session, u32 buffer)
{
	struct request *request = kzalloc(sizeof(*request), GFP_KERNEL);

	if (!request)
		return NULL;
	kref_init(&request->ref);
	INIT_LIST_HEAD(&request->node);
	init_completion(&request->completion);
	request->msg.type = type;
	request->msg.app_id = task_tgid_vnr(current);
	request->msg.buffer = buffer;
	if (session)
		request->msg.epoch = session->epoch;
	return request;
}

static void request_free(struct kref *ref)
{
	kfree(container_of(ref, struct request, ref));
}

void vumem_request_put(struct request *request)
{
	kref_put(&request->ref, request_free);
}

int vumem_request_submit(struct front_conn *conn, struct request *request)
{
	lockdep_assert_held(&conn->conn.lock);
	if (conn->conn.broken)
		return -EPIPE;
	/* Dropped when it is answered, or by vumem_requests_end(). */
	kref_get(&request->ref);
	list_add_tail(&request->node, &conn->pending);
	atomic64_inc(&conn->conn.dev->stats[VUMEM_PROF_RPC_CALLS]);
	return 0;
}

static void send_cancel(struct front_conn *conn, struct request *request)
{
	struct vumem_msg msg = { .type = VUMEM_CANCEL, .tag = request->msg.tag };

	list_del_init(&request->node);
	request->cancel = false;
	vlink_mailbox_send(&conn->conn.box, &msg);
}

static int send_request(struct front_conn *conn, struct request *request)
{
	int err = xa_alloc_cyclic(&conn->tags, &request->msg.tag, request, xa_limit_31b,
				  &conn->next_tag, GFP_KERNEL);

	if (err < 0)
		return err;
	list_del_init(&request->node);
	request->sent = true;
	conn->under_way++;
	vlink_mailbox_send(&conn->conn.box, &request->msg);
	return 0;
}

int vumem_request_push(struct vumem_conn *vconn)
{
	struct front_conn *conn = to_front(vconn);
	int space;

	while (!list_empty(&conn->pending)) {
		struct request *request = list_first_entry(&conn->pending, struct request, node);

		/* Goes on with the next response. */
		if (!request->cancel && conn->under_way == VUMEM_REQUESTS_MAX)
			return 0;
		space = vlink_mailbox_space(&vconn->box);
		if (space <= 0)
			return space;
		if (request->cancel)
			send_cancel(conn, request);
		else if (send_request(conn, request))
			/* Out of memory: tried again when something else happens. */
			return 0;
	}
	return 0;
}

/* Frees what the server allocated for a process that did not wait for it. */
static void free_orphan(struct front_conn *conn, const struct vumem_msg *msg)
{
	struct request *request = vumem_request_new(VUMEM_FREE, NULL, msg->buffer);

	if (!request)
		return;
	request->msg.epoch = msg->epoch;
	request->orphan = true;
	vumem_request_submit(conn, request);
	vumem_request_put(request);
}

static void request_finish(struct request *request)
{
	request->done = true;
	list_del_init(&request->node);
	complete(&request->completion);
	/* vumem_request_submit()'s reference */
	vumem_request_put(request);
}

int vumem_request_answered(struct front_conn *conn, const struct vumem_msg *msg)
{
	struct request *request = xa_erase(&conn->tags, msg->tag);
	u32 type, epoch;

	if (!request)
		return -EPROTO;
	conn->under_way--;
	type = request->msg.type;
	epoch = request->msg.epoch;
	request->msg = *msg;
	if (type == VUMEM_ALLOC && !msg->ret && request->orphan) {
		request->msg.epoch = epoch;
		free_orphan(conn, &request->msg);
	}
	request_finish(request);
	return 0;
}

void vumem_requests_end(struct front_conn *conn)
{
	struct request *request, *next;
	unsigned long tag;

	xa_for_each(&conn->tags, tag, request) {
		xa_erase(&conn->tags, tag);
		request->msg.ret = EPIPE;
		request_finish(request);
	}
	list_for_each_entry_safe(request, next, &conn->pending, node) {
		request->msg.ret = EPIPE;
		request_finish(request);
	}
}

/* Is the server to hear of it, whoever waits? Before the response. */
static bool must_arrive(const struct request *request)
{
	return request->msg.type == VUMEM_FREE || request->msg.type == VUMEM_UNREGISTER;
}

/* The waiter is interrupted: whatever comes of the request, nobody wants it. */
static bool request_withdraw(struct front_conn *conn, struct request *request)
{
	bool done;

	mutex_lock(&conn->conn.lock);
	done = request->done;
	request->orphan = true;
	if (!done && !must_arrive(request)) {
		if (!request->sent) {
			request_finish(request);
		} else {
			request->cancel = true;
			/* Before others, which may wait for its room. */
			list_add(&request->node, &conn->pending);
			vumem_push(&conn->conn);
		}
	}
	mutex_unlock(&conn->conn.lock);
	return !done;
}

/* A peer's error is one that user space may see. */
static int error_of(u32 untrusted_ret)
{
	if (!untrusted_ret)
		return 0;
	return untrusted_ret <= MAX_ERRNO ? -(int)untrusted_ret : -EINVAL;
}

int vumem_request_call(struct front_conn *conn, struct request *request, bool killable)
{
	int err;

	mutex_lock(&conn->conn.lock);
	err = vumem_request_submit(conn, request);
	if (!err)
		vumem_push(&conn->conn);
	mutex_unlock(&conn->conn.lock);
	if (err)
		return err;
	if (killable)
		err = wait_for_completion_state(&request->completion, VLINK_KILLABLE);
	else
		err = wait_for_completion_state(&request->completion, VLINK_INTERRUPTIBLE);
	if (err && request_withdraw(conn, request))
		return err;
	return error_of(request->msg.ret);
}
