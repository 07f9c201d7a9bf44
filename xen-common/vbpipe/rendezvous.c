// SPDX-License-Identifier: GPL-2.0
/*
 * The rendezvous of open: the state machines of include/xen/io/vbpipe.h, driven by
 * the first opener of an end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>

#include "vbpipe.h"

bool vbpipe_peer_is_on(const struct vbpipe_conn *conn)
{
	/* Acquire: what the peer produced before it closed is seen after. */
	u32 state = VBPIPE_STATE(vlink_load_acquire(conn->peer_word));

	return state == VBPIPE_ON || (state == VBPIPE_LEAVING && conn->server);
}

void vbpipe_wake_all(struct vbpipe *pipe)
{
	wake_up_all(&pipe->open_wait);
	wake_up_interruptible_all(&pipe->rx_wait);
	wake_up_interruptible_all(&pipe->tx_wait);
}

static void set_word(struct vbpipe_conn *conn, u32 state, u32 count)
{
	conn->word = VBPIPE_WORD(state, count);
	vlink_store_release(conn->my_word, conn->word);
	/* Either we see the peer's next store or it sees ours. */
	vlink_full_barrier();
	vlink_notify(conn->link);
}

static void enter_reset(struct vbpipe_conn *conn, u32 peer)
{
	conn->peer_count = VBPIPE_COUNT(peer);
	vlink_producer_init(&conn->tx, conn->tx_prod, conn->tx_cons, conn->tx_size);
	vlink_consumer_init(&conn->rx, conn->rx_prod, conn->rx_cons, conn->rx_size);
	set_word(conn, VBPIPE_RESET, VBPIPE_COUNT(conn->word));
}

static void enter_open(struct vbpipe *pipe, struct vbpipe_conn *conn)
{
	set_word(conn, VBPIPE_ON, VBPIPE_COUNT(conn->word) + 1);
	pipe->state = VBPIPE_END_OPEN;
}

/* One row of the server's table; returns whether the word changed. */
static bool server_step(struct vbpipe *pipe, struct vbpipe_conn *conn, u32 untrusted_client)
{
	u32 client = VBPIPE_STATE(untrusted_client);

	switch (VBPIPE_STATE(conn->word)) {
	case VBPIPE_OFF:
		if (client == VBPIPE_ON || client == VBPIPE_LEAVING)
			return false;
		enter_reset(conn, untrusted_client);
		return true;
	case VBPIPE_RESET:
		if (client == VBPIPE_OFF || client == VBPIPE_LEAVING)
			return false;
		set_word(conn, VBPIPE_ON, VBPIPE_COUNT(conn->word));
		return true;
	case VBPIPE_ON:
		if (client == VBPIPE_RESET)
			return false;
		if (client == VBPIPE_ON)
			enter_open(pipe, conn);
		else
			enter_reset(conn, untrusted_client);
		return true;
	}
	return false;
}

/* The same of the client's, but for an open that was interrupted. */
static bool client_step(struct vbpipe *pipe, struct vbpipe_conn *conn, u32 untrusted_server)
{
	u32 server = VBPIPE_STATE(untrusted_server);

	switch (VBPIPE_STATE(conn->word)) {
	case VBPIPE_OFF:
		if (server == VBPIPE_ON)
			return false;
		enter_reset(conn, untrusted_server);
		return true;
	case VBPIPE_RESET:
		if (server == VBPIPE_OFF)
			return false;
		set_word(conn, VBPIPE_ON, VBPIPE_COUNT(conn->word));
		return true;
	case VBPIPE_ON:
		if (VBPIPE_COUNT(untrusted_server) != conn->peer_count)
			enter_open(pipe, conn);
		else if (server == VBPIPE_OFF)
			enter_reset(conn, untrusted_server);
		else
			return false;
		return true;
	}
	return false;
}

static bool rendezvous_step(struct vbpipe *pipe, struct vbpipe_conn *conn)
{
	u32 untrusted_peer = vlink_load_acquire(conn->peer_word);

	if (conn->server)
		return server_step(pipe, conn, untrusted_peer);
	return client_step(pipe, conn, untrusted_peer);
}

/* Goes as far as the peer allows; returns whether the wait is over. */
static bool rendezvous_advance(struct vbpipe *pipe)
{
	struct vbpipe_conn *conn;
	/* Enough for OFF to open and one retreat; an event brings us back here. */
	int steps = 5;
	bool over;

	rcu_read_lock();
	spin_lock(&pipe->lock);
	conn = rcu_dereference(pipe->conn);
	while (conn && !pipe->removed && steps-- && pipe->state != VBPIPE_END_OPEN &&
	       rendezvous_step(pipe, conn))
		;
	over = pipe->removed || pipe->state == VBPIPE_END_OPEN;
	spin_unlock(&pipe->lock);
	rcu_read_unlock();
	return over;
}

/* Whether the server has answered a client that leaves; asks it at first. */
static bool leave_step(struct vbpipe *pipe, struct vbpipe_conn *conn)
{
	u32 untrusted_server;

	if (VBPIPE_STATE(conn->word) == VBPIPE_ON)
		set_word(conn, VBPIPE_LEAVING, VBPIPE_COUNT(conn->word));
	if (VBPIPE_STATE(conn->word) != VBPIPE_LEAVING)
		return true;	/* it has not found us ON */

	untrusted_server = vlink_load_acquire(conn->peer_word);
	if (VBPIPE_COUNT(untrusted_server) != conn->peer_count) {
		enter_open(pipe, conn);
		return true;
	}
	return VBPIPE_STATE(untrusted_server) != VBPIPE_ON;
}

/* Whether it is decided what an interrupted open ends with. */
static bool leave_advance(struct vbpipe *pipe)
{
	struct vbpipe_conn *conn;
	bool over;

	rcu_read_lock();
	spin_lock(&pipe->lock);
	conn = rcu_dereference(pipe->conn);
	over = !conn || conn->server || pipe->removed || leave_step(pipe, conn);
	spin_unlock(&pipe->lock);
	rcu_read_unlock();
	return over;
}

/*
 * Waits until the peer's end is open too. Returns 0, -ERESTARTSYS after a signal or
 * -ENODEV when the device is gone. The caller holds open_lock.
 */
int vbpipe_rendezvous(struct vbpipe *pipe)
{
	int err = wait_event_interruptible(pipe->open_wait, rendezvous_advance(pipe));

	if (err) {
		/* An answer is on its way, unless the peer is hostile: then to be killed. */
		(void)wait_event_killable(pipe->open_wait, leave_advance(pipe));
		if (READ_ONCE(pipe->state) != VBPIPE_END_IDLE)
			err = 0;
	}
	if (!err && READ_ONCE(pipe->removed))
		err = -ENODEV;
	if (err)
		vbpipe_retract(pipe);
	return err;
}

/* Turns this end off: the last close, or an open that was given up. */
void vbpipe_retract(struct vbpipe *pipe)
{
	struct vbpipe_conn *conn;
	void *residue;

	rcu_read_lock();
	spin_lock(&pipe->lock);
	conn = rcu_dereference(pipe->conn);
	if (conn && VBPIPE_STATE(conn->word) != VBPIPE_OFF)
		set_word(conn, VBPIPE_OFF, VBPIPE_COUNT(conn->word));
	pipe->state = VBPIPE_END_IDLE;
	residue = pipe->residue;
	pipe->residue = NULL;
	spin_unlock(&pipe->lock);
	rcu_read_unlock();
	kvfree(residue);
}
