// SPDX-License-Identifier: GPL-2.0
/* Connections: messages between the kernels, doorbells, beginning and end. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <asm/sync_bitops.h>

#include "../compat.h"
#include "vrpq.h"

/* Messages that are received, or sent, while conn->lock is held once: a mailbox full. */
#define PASS_MAX	64u

static void conn_free(struct kref *ref)
{
	struct vrpq_conn *conn = container_of(ref, struct vrpq_conn, ref);

	/* vrpq_conn_start()'s reference */
	put_device(&conn->dev->dev);
	kvfree(conn);
}

void vrpq_conn_put(struct vrpq_conn *conn)
{
	kref_put(&conn->ref, conn_free);
}
EXPORT_SYMBOL_GPL(vrpq_conn_put);

struct vrpq_conn *vrpq_conn_get(struct vrpq_dev *dev)
{
	struct vrpq_conn *conn;

	spin_lock_irq(&dev->bell_lock);
	conn = dev->conn;
	if (conn)
		kref_get(&conn->ref);
	spin_unlock_irq(&dev->bell_lock);
	return conn;
}
EXPORT_SYMBOL_GPL(vrpq_conn_get);

/* ------------------------------------------------------------------------ */
/* Doorbells                                                                  */

/* Sets a channel's bit; returns whether the peer is to be notified. */
static bool bells_set(struct vrpq_bells *bells, unsigned int id)
{
	if (sync_test_and_set_bit(id % 64, (unsigned long *)&bells->words[id / 64]))
		return false;
	return !sync_test_and_set_bit(id / 64, (unsigned long *)&bells->summary);
}

void vrpq_ring(struct vrpq_chan *chan)
{
	struct vrpq_conn *conn = chan->obj.conn;
	struct vrpq_dev *dev = conn->dev;
	unsigned long flags;

	BUILD_BUG_ON(sizeof(unsigned long) != sizeof(u64));
	spin_lock_irqsave(&dev->bell_lock, flags);
	if (!conn->broken) {
		atomic64_inc(&dev->bells_rung);
		if (bells_set(conn->tx_bells, chan->obj.id))
			vlink_notify(conn->link);
	}
	spin_unlock_irqrestore(&dev->bell_lock, flags);
}
EXPORT_SYMBOL_GPL(vrpq_ring);

/*
 * Wakes whoever waits for the channel; returns whether anybody did. A bell that nobody waits
 * for is no news: the peer that rings it is throttled.
 */
static bool answer_bell(struct vrpq_chan *chan)
{
	struct vrpq_object *session = &chan->session->obj;
	bool awaited;

	/* A waiter that is missed because it just begins is woken all the same. */
	awaited = waitqueue_active(&chan->obj.wait) || waitqueue_active(&session->wait);
	vrpq_object_moved(&chan->obj);
	vrpq_object_moved(session);
	return awaited;
}

static bool answer_word(struct vrpq_conn *conn, unsigned int word)
{
	unsigned long untrusted_bits = xchg(&conn->rx_bells->words[word], 0);
	bool news = false;
	unsigned int bit;

	for_each_set_bit(bit, &untrusted_bits, 64) {
		struct vrpq_chan *chan = conn->chans[word * 64 + bit];

		if (!chan)
			continue;
		atomic64_inc(&conn->dev->bells_heard);
		news |= answer_bell(chan);
	}
	return news;
}

/* Wakes whom the peer rang for; returns whether there was anybody. */
static bool answer_bells(struct vrpq_conn *conn)
{
	unsigned long untrusted_summary = xchg(&conn->rx_bells->summary, 0);
	bool news = false;
	unsigned int word;

	for_each_set_bit(word, &untrusted_summary, VRPQ_BELL_WORDS)
		news |= answer_word(conn, word);
	return news;
}

bool vrpq_event(struct vlink *link)
{
	struct vrpq_dev *dev = link->priv;
	struct vrpq_conn *conn;
	bool news = false;

	spin_lock(&dev->bell_lock);
	conn = dev->conn;
	if (conn && !conn->broken) {
		news = answer_bells(conn);
		news |= vlink_mailbox_news(&conn->box);
		if (vlink_mailbox_pending(&conn->box))
			queue_work(system_dfl_wq, &conn->work);
	}
	spin_unlock(&dev->bell_lock);
	return news;
}
EXPORT_SYMBOL_GPL(vrpq_event);

/* ------------------------------------------------------------------------ */
/* Messages                                                                   */

/* Everybody on the connection learns that it is over. Under conn->lock. */
static void tell_all(struct vrpq_conn *conn)
{
	unsigned int id;

	for (id = 1; id < VRPQ_IDS; id++) {
		if (conn->sessions[id])
			vrpq_object_set_status(&conn->sessions[id]->obj, VRPQ_WAIT_BROKEN);
		if (conn->chans[id])
			vrpq_object_set_status(&conn->chans[id]->obj, VRPQ_WAIT_BROKEN);
	}
}

static void mark_broken(struct vrpq_conn *conn)
{
	spin_lock_irq(&conn->dev->bell_lock);
	conn->broken = true;
	spin_unlock_irq(&conn->dev->bell_lock);
	tell_all(conn);
}

void vrpq_conn_break(struct vrpq_conn *conn, const char *why)
{
	lockdep_assert_held(&conn->lock);
	if (conn->broken)
		return;
	mark_broken(conn);
	vlink_fail(conn->link, "%s", why);
}
EXPORT_SYMBOL_GPL(vrpq_conn_break);

/* Everybody at the session and its channels learns that it is over. Under conn->lock. */
static void tell_session(struct vrpq_session *session)
{
	struct vrpq_conn *conn = session->obj.conn;
	unsigned int id;

	vrpq_object_set_status(&session->obj, VRPQ_WAIT_BROKEN);
	for (id = 1; id < VRPQ_IDS; id++)
		if (conn->chans[id] && conn->chans[id]->session == session)
			vrpq_object_set_status(&conn->chans[id]->obj, VRPQ_WAIT_BROKEN);
}

void vrpq_session_fail(struct vrpq_session *session, const char *why)
{
	struct vrpq_conn *conn = session->obj.conn;

	lockdep_assert_held(&conn->lock);
	if (session->failed || conn->broken)
		return;
	vlink_warn_failure(conn->link, "session %u of process %u ends: %s\n", session->obj.id,
			   session->app_id, why);
	session->failed = true;
	session->obj.todo &= VRPQ_TODO_OF_FAILED;
	tell_session(session);
	conn->role->failed(session);
	vrpq_say(&session->obj, VRPQ_TODO_FAILED);
}
EXPORT_SYMBOL_GPL(vrpq_session_fail);

int vrpq_session_peer_failed(struct vrpq_session *session)
{
	if (session->peer_failed)
		return -EPROTO;
	session->peer_failed = true;
	vrpq_session_fail(session, "the peer gave it up");
	return 0;
}
EXPORT_SYMBOL_GPL(vrpq_session_peer_failed);

void vrpq_say(struct vrpq_object *obj, enum vrpq_todo what)
{
	struct vrpq_session *session = vrpq_session_of(obj);
	struct vrpq_conn *conn = obj->conn;

	lockdep_assert_held(&conn->lock);
	if (conn->broken || (session->failed && !(BIT(what) & VRPQ_TODO_OF_FAILED)))
		return;
	/* The closing message is the last one: the peer may have forgotten the session. */
	if (session->obj.said_closed)
		return;
	obj->todo |= BIT(what);
	if (obj->is_chan && list_empty(&obj->dirty))
		list_add_tail(&obj->dirty, &session->dirty_chans);
	if (list_empty(&session->obj.dirty))
		list_add_tail(&session->obj.dirty, &conn->dirty);
}
EXPORT_SYMBOL_GPL(vrpq_say);

/* The next message about @obj, which may be gone after its last one. */
static bool emit(struct vrpq_object *obj, struct vrpq_msg *msg,
		 bool (*emit_of)(struct vrpq_object *obj, struct vrpq_msg *msg))
{
	msg->session = vrpq_session_of(obj)->obj.id;
	msg->channel = obj->is_chan ? obj->id : 0;
	return emit_of(obj, msg);
}

/* The next message about a channel of the session. */
static bool emit_chans(struct vrpq_session *session, struct vrpq_msg *msg)
{
	const struct vrpq_role *role = session->obj.conn->role;
	bool emitted = false;

	while (!emitted && !list_empty(&session->dirty_chans)) {
		struct vrpq_object *obj = list_first_entry(&session->dirty_chans,
							   struct vrpq_object, dirty);

		vrpq_object_get(obj);
		emitted = emit(obj, msg, role->emit) || emit(obj, msg, role->emit_last);
		if (!emitted)
			list_del_init(&obj->dirty);
		vrpq_object_put(obj);
	}
	return emitted;
}

/*
 * The next message about the session or its channels. Pages come before the channels that are
 * in them, and all messages about channels before the last one about the session.
 */
static bool emit_session(struct vrpq_session *session, struct vrpq_msg *msg)
{
	const struct vrpq_role *role = session->obj.conn->role;

	return emit(&session->obj, msg, role->emit) || emit_chans(session, msg) ||
	       emit(&session->obj, msg, role->emit_last);
}

/* Sends one message of the first session in the list, whose turn comes last again. */
static void push_one(struct vrpq_conn *conn)
{
	struct vrpq_session *session = list_first_entry(&conn->dirty, struct vrpq_session,
							obj.dirty);
	struct vrpq_msg msg;

	memset(&msg, 0, sizeof(msg));
	list_move_tail(&session->obj.dirty, &conn->dirty);
	vrpq_object_get(&session->obj);
	if (emit_session(session, &msg))
		vlink_mailbox_send(&conn->box, &msg);
	else
		list_del_init(&session->obj.dirty);
	vrpq_object_put(&session->obj);
}

void vrpq_push(struct vrpq_conn *conn)
{
	unsigned int steps;
	int space;

	lockdep_assert_held(&conn->lock);
	for (steps = 0; !conn->broken && !list_empty(&conn->dirty); steps++) {
		space = vlink_mailbox_space(&conn->box);
		if (space < 0)
			vrpq_conn_break(conn, "the mailbox has an impossible index");
		if (space <= 0)
			return;
		if (steps == PASS_MAX) {
			queue_work(system_dfl_wq, &conn->work);
			return;
		}
		push_one(conn);
	}
}
EXPORT_SYMBOL_GPL(vrpq_push);

/* Returns how many messages were received, up to PASS_MAX. */
static unsigned int receive_some(struct vrpq_conn *conn)
{
	struct vrpq_msg msg;
	unsigned int n;
	int got;

	for (n = 0; n < PASS_MAX && !conn->broken; n++) {
		got = vlink_mailbox_receive(&conn->box, &msg);
		if (!got)
			return n;
		if (got < 0)
			vrpq_conn_break(conn, "the mailbox has an impossible index");
		else if (msg.session >= VRPQ_IDS || msg.channel >= VRPQ_IDS ||
			 conn->role->receive(conn, &msg))
			vrpq_conn_break(conn, "a message beyond the protocol");
		cond_resched();
	}
	return n;
}

static void conn_work_fn(struct work_struct *work)
{
	struct vrpq_conn *conn = container_of(work, struct vrpq_conn, work);

	mutex_lock(&conn->lock);
	if (!conn->broken) {
		/* A peer that never stops sending does not keep others from the lock. */
		if (receive_some(conn) == PASS_MAX)
			queue_work(system_dfl_wq, &conn->work);
		vrpq_push(conn);
	}
	mutex_unlock(&conn->lock);
}

static void evict_work_fn(struct work_struct *work)
{
	struct vrpq_conn *conn = container_of(work, struct vrpq_conn, evict_work.work);

	mutex_lock(&conn->lock);
	if (!conn->broken) {
		conn->role->evict(conn);
		vrpq_push(conn);
	}
	mutex_unlock(&conn->lock);
}

/* ------------------------------------------------------------------------ */
/* Beginning and end                                                          */

static void lay_out(struct vrpq_conn *conn, struct vlink_region *region)
{
	struct vrpq_admin *admin = page_address(region->pages[0]);

	BUILD_BUG_ON(offsetof(struct vrpq_admin, c2s_bells) != 0x100);
	BUILD_BUG_ON(offsetof(struct vrpq_admin, s2c_bells) != 0x200);
	BUILD_BUG_ON(sizeof(struct vrpq_msg) != 64);
	BUILD_BUG_ON(sizeof(struct vrpq_slot) != 32);
	BUILD_BUG_ON(sizeof(struct vrpq_segment) != 4096);
	BUILD_BUG_ON(sizeof(struct vrpq_chan_page) != 4096);
	BUILD_BUG_ON(sizeof(struct vrpq_counters) > 4096);

	vlink_mailbox_init(&conn->box, conn->link, region, sizeof(struct vrpq_msg));
	if (conn->link->drv->role == VLINK_SERVER) {
		conn->tx_bells = &admin->s2c_bells;
		conn->rx_bells = &admin->c2s_bells;
	} else {
		conn->tx_bells = &admin->c2s_bells;
		conn->rx_bells = &admin->s2c_bells;
	}
}

static void budgets_init(struct vrpq_conn *conn)
{
	struct vrpq_budget *ring = &conn->budgets[VRPQ_BUDGET_RING];
	struct vrpq_budget *param = &conn->budgets[VRPQ_BUDGET_PARAM];

	ring->limit = VRPQ_SEGMENT_PAGES(conn->reqs);
	ring->pages_max = VRPQ_RING_PAGES_ALL(conn->reqs);
	param->limit = conn->pmem_pages;
	param->pages_max = VRPQ_PARAM_PAGES_ALL(conn->pmem_pages);
}

int vrpq_conn_start(struct vlink *link, struct vlink_region *admin, u32 reqs, u32 pmem_pages)
{
	struct vrpq_dev *dev = link->priv;
	struct vrpq_conn *conn = kvzalloc(sizeof(*conn), GFP_KERNEL);

	if (!conn)
		return -ENOMEM;
	kref_init(&conn->ref);
	/* Dropped by conn_free(). */
	get_device(&dev->dev);
	conn->dev = dev;
	conn->link = link;
	conn->protocol = link->version;
	conn->role = dev->role;
	conn->reqs = reqs;
	conn->pmem_pages = pmem_pages;
	mutex_init(&conn->lock);
	INIT_WORK(&conn->work, conn_work_fn);
	INIT_DELAYED_WORK(&conn->evict_work, evict_work_fn);
	INIT_LIST_HEAD(&conn->dirty);
	INIT_LIST_HEAD(&conn->offered);
	budgets_init(conn);
	lay_out(conn, admin);

	spin_lock_irq(&dev->bell_lock);
	dev->conn = conn;
	spin_unlock_irq(&dev->bell_lock);
	/* What the peer said before we could hear it. */
	queue_work(system_dfl_wq, &conn->work);
	atomic_inc(&dev->offers);
	wake_up_all(&dev->wait);
	return 0;
}
EXPORT_SYMBOL_GPL(vrpq_conn_start);

/* Sessions and channels that files keep are only told; their memory goes now. */
static void end_objects(struct vrpq_conn *conn)
{
	unsigned int id;

	for (id = 1; id < VRPQ_IDS; id++)
		if (conn->chans[id])
			vrpq_chan_leave(conn->chans[id]);
	for (id = 1; id < VRPQ_IDS; id++) {
		if (!conn->sessions[id])
			continue;
		vrpq_session_end(conn->sessions[id]);
		vrpq_session_leave(conn->sessions[id]);
	}
}

void vrpq_conn_stop(struct vlink *link)
{
	struct vrpq_dev *dev = link->priv;
	struct vrpq_conn *conn = dev->conn;

	/* The interrupt handler and new callers find it no more. */
	spin_lock_irq(&dev->bell_lock);
	dev->conn = NULL;
	spin_unlock_irq(&dev->bell_lock);

	mutex_lock(&conn->lock);
	mark_broken(conn);
	end_objects(conn);
	mutex_unlock(&conn->lock);
	/* They find the connection broken, if they still run. */
	cancel_work_sync(&conn->work);
	cancel_delayed_work_sync(&conn->evict_work);

	atomic_inc(&dev->offers);
	wake_up_all(&dev->wait);
	/* vrpq_conn_start()'s, by way of dev->conn */
	vrpq_conn_put(conn);
}
EXPORT_SYMBOL_GPL(vrpq_conn_stop);
