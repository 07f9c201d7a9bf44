// SPDX-License-Identifier: GPL-2.0
/*
 * The rendezvous of open: the state machine of include/xen/io/vbpipe.h, driven by
 * the first opener of an end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>

#include "vbpipe.h"

bool vbpipe_peer_is_on(const struct vbpipe_conn *conn)
{
	/* Acquire: what the peer produced before it closed is seen after. */
	return VBPIPE_STATE(vlink_load_acquire(conn->peer_word)) == VBPIPE_ON;
}

void vbpipe_wake_all(struct vbpipe *pipe)
{
	wake_up_interruptible_all(&pipe->open_wait);
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

/* One row of the table in the wire header; returns whether the state changed. */
static bool rendezvous_step(struct vbpipe *pipe, struct vbpipe_conn *conn)
{
	u32 untrusted_peer = vlink_load_acquire(conn->peer_word);
	u32 peer = VBPIPE_STATE(untrusted_peer);

	switch (VBPIPE_STATE(conn->word)) {
	case VBPIPE_OFF:
		if (peer == VBPIPE_ON)
			return false;
		enter_reset(conn, untrusted_peer);
		return true;
	case VBPIPE_RESET:
		if (peer == VBPIPE_OFF)
			return false;
		set_word(conn, VBPIPE_ON, VBPIPE_COUNT(conn->word));
		return true;
	case VBPIPE_ON:
		if (peer == VBPIPE_RESET)
			return false;
		if (peer == VBPIPE_OFF && VBPIPE_COUNT(untrusted_peer) == conn->peer_count)
			enter_reset(conn, untrusted_peer);
		else
			enter_open(pipe, conn);
		return true;
	}
	return false;
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

/*
 * Waits until the peer's end is open too. Returns 0, -ERESTARTSYS after a signal or
 * -ENODEV when the device is gone. The caller holds open_lock.
 */
int vbpipe_rendezvous(struct vbpipe *pipe)
{
	int err = wait_event_interruptible(pipe->open_wait, rendezvous_advance(pipe));

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
