// SPDX-License-Identifier: GPL-2.0
/*
 * The rendezvous of open: the state machines of include/xen/io/vbpipe.h, driven by
 * the first opener of an end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>

#include "rendezvous.h"
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
	vbpipe_rings_init(conn);
	set_word(conn, VBPIPE_RESET, VBPIPE_COUNT(conn->word));
}

static void enter_open(struct vbpipe *pipe, struct vbpipe_conn *conn)
{
	set_word(conn, VBPIPE_ON, VBPIPE_COUNT(conn->word) + 1);
	pipe->state = VBPIPE_END_OPEN;
}

/* Returns whether the own word changed. */
static bool make_move(struct vbpipe *pipe, struct vbpipe_conn *conn, enum vbpipe_move move,
		      u32 untrusted_peer)
{
	switch (move) {
	case VBPIPE_STAY:
		return false;
	case VBPIPE_GO_RESET:
		enter_reset(conn, untrusted_peer);
		break;
	case VBPIPE_GO_OFF:
		set_word(conn, VBPIPE_OFF, VBPIPE_COUNT(conn->word));
		break;
	case VBPIPE_GO_ON:
		set_word(conn, VBPIPE_ON, VBPIPE_COUNT(conn->word));
		break;
	case VBPIPE_GO_LEAVING:
		set_word(conn, VBPIPE_LEAVING, VBPIPE_COUNT(conn->word));
		break;
	case VBPIPE_GO_OPEN:
		enter_open(pipe, conn);
		break;
	}
	return true;
}

static enum vbpipe_move next_move(const struct vbpipe_conn *conn, u32 untrusted_peer,
				  bool leaving)
{
	if (conn->server)
		return leaving ? VBPIPE_GO_OFF : vbpipe_server_move(conn->word, untrusted_peer);
	return leaving ? vbpipe_client_leave(conn->word, untrusted_peer, conn->peer_count) :
			 vbpipe_client_move(conn->word, untrusted_peer, conn->peer_count);
}

static bool rendezvous_step(struct vbpipe *pipe, struct vbpipe_conn *conn, bool leaving)
{
	u32 untrusted_peer = vlink_load_acquire(conn->peer_word);

	return make_move(pipe, conn, next_move(conn, untrusted_peer, leaving), untrusted_peer);
}

/* An open that was interrupted is over when this end is OFF, too. */
static bool is_over(const struct vbpipe *pipe, const struct vbpipe_conn *conn, bool leaving)
{
	return pipe->removed || pipe->state == VBPIPE_END_OPEN ||
	       (leaving && (!conn || VBPIPE_STATE(conn->word) == VBPIPE_OFF));
}

/* A process opens or closes this end: the peer's will answer. */
static void expect_answers(struct vbpipe *pipe)
{
	struct vbpipe_conn *conn;

	rcu_read_lock();
	conn = rcu_dereference(pipe->conn);
	if (conn)
		WRITE_ONCE(conn->words_due, VBPIPE_WORDS_DUE);
	rcu_read_unlock();
}

/* Goes as far as the peer allows; returns whether the wait is over. */
static bool rendezvous_advance(struct vbpipe *pipe, bool leaving)
{
	struct vbpipe_conn *conn;
	/* More than a peer that stands still allows; one that moves sends an event. */
	int steps = 8;
	bool over;

	rcu_read_lock();
	spin_lock(&pipe->lock);
	conn = rcu_dereference(pipe->conn);
	while (conn && steps-- && !is_over(pipe, conn, leaving) &&
	       rendezvous_step(pipe, conn, leaving))
		;
	over = is_over(pipe, conn, leaving);
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
	int err;

	expect_answers(pipe);
	err = vlink_wait_event(pipe->open_wait, rendezvous_advance(pipe, false));
	if (err) {
		/* An answer is on its way, unless the peer is hostile: then to be killed. */
		(void)vlink_wait_event_killable(pipe->open_wait, rendezvous_advance(pipe, true));
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

	expect_answers(pipe);
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
