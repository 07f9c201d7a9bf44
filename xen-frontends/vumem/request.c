// SPDX-License-Identifier: GPL-2.0
/* Requests: sending them, waiting for what the server says. */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "front.h"

struct request *vumem_request_new(u32 type, const struct session *session, u32 buffer)
{
	struct request *request = kzalloc(sizeof(*request), GFP_KERNEL_ACCOUNT);

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

/* The place of the request with this tag among those that were sent. */
static struct request **sent_place(struct front_conn *conn, u32 tag)
{
	return &conn->sent[tag % VUMEM_REQUESTS_MAX];
}

/* Some place is free. */
static void send_request(struct front_conn *conn, struct request *request)
{
	while (*sent_place(conn, conn->next_tag))
		conn->next_tag++;
	request->msg.tag = conn->next_tag++;
	*sent_place(conn, request->msg.tag) = request;
	list_del_init(&request->node);
	request->sent = true;
	conn->under_way++;
	vlink_mailbox_send(&conn->conn.box, &request->msg);
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
		else
			send_request(conn, request);
	}
	return 0;
}

static void request_finish(struct request *request, int err)
{
	request->err = err;
	request->done = true;
	list_del_init(&request->node);
	complete(&request->completion);
	/* vumem_request_submit()'s reference */
	vumem_request_put(request);
}

/*
 * What the server did for a process that had stopped waiting is taken back in its name:
 * the request becomes the one that does it. False: there is nothing to take back.
 */
static bool request_undo(struct front_conn *conn, struct request *request,
			 const struct vumem_msg *asked)
{
	struct vumem_msg undo = { .app_id = asked->app_id, .epoch = asked->epoch };

	if (request->err)
		return false;
	if (asked->type == VUMEM_ALLOC) {
		undo.type = VUMEM_FREE;
		undo.buffer = request->msg.buffer;
	} else if (asked->type == VUMEM_REGISTER) {
		undo.type = VUMEM_UNREGISTER;
		undo.buffer = asked->buffer;
	} else {
		return false;
	}
	request->msg = undo;
	request->sent = false;
	request->cancel = false;
	list_move_tail(&request->node, &conn->pending);
	return true;
}

/* A peer's error is one that programs know. */
static int error_of(u32 untrusted_ret)
{
	return vumem_is_errno(untrusted_ret) ? -(int)untrusted_ret : -EINVAL;
}

int vumem_request_answered(struct front_conn *conn, const struct vumem_msg *msg)
{
	struct request **place = sent_place(conn, msg->tag), *request = *place;
	struct vumem_msg asked;
	int err = 0;

	if (!request || request->msg.tag != msg->tag)
		return -EPROTO;
	*place = NULL;
	conn->under_way--;
	asked = request->msg;
	request->msg = *msg;
	request->err = error_of(msg->ret);
	if (request->orphan && request_undo(conn, request, &asked))
		return 0;
	if (!request->err && !request->orphan && request->accept)
		err = request->accept(request);
	request_finish(request, err == -EPROTO ? -EPIPE : err ?: request->err);
	return err == -EPROTO ? err : 0;
}

void vumem_requests_end(struct front_conn *conn)
{
	struct request *request, *next;
	unsigned int i;

	for (i = 0; i < VUMEM_REQUESTS_MAX; i++) {
		request = conn->sent[i];
		conn->sent[i] = NULL;
		if (request)
			request_finish(request, -EPIPE);
	}
	list_for_each_entry_safe(request, next, &conn->pending, node)
		request_finish(request, -EPIPE);
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
			request_finish(request, -EINTR);
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

int vumem_request_await(struct front_conn *conn, struct request *request, unsigned int state)
{
	int err = wait_for_completion_state(&request->completion, state);

	if (err && request_withdraw(conn, request))
		return err;
	return request->err;
}

int vumem_request_call(struct front_conn *conn, struct request *request, unsigned int state)
{
	int err;

	mutex_lock(&conn->conn.lock);
	err = vumem_request_submit(conn, request);
	if (!err)
		vumem_push(&conn->conn);
	mutex_unlock(&conn->conn.lock);
	return err ?: vumem_request_await(conn, request, state);
}
