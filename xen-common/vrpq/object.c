// SPDX-License-Identifier: GPL-2.0
/* Sessions and channels: what both ends have in common, and waiting for the peer. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vrpq.h"

void vrpq_object_init(struct vrpq_object *obj, struct vrpq_conn *conn, u16 id, bool is_chan)
{
	kref_init(&obj->ref);
	/* Dropped by object_free(). */
	kref_get(&conn->ref);
	obj->conn = conn;
	obj->id = id;
	obj->is_chan = is_chan;
	atomic_set(&obj->seq, 0);
	init_waitqueue_head(&obj->wait);
	INIT_LIST_HEAD(&obj->dirty);
}

static void object_free(struct kref *ref)
{
	struct vrpq_object *obj = container_of(ref, struct vrpq_object, ref);
	struct vrpq_conn *conn = obj->conn;

	kfree(obj->info);
	if (obj->is_chan) {
		struct vrpq_chan *chan = to_chan(obj);

		/* vrpq_chan_new()'s reference */
		vrpq_object_put(&chan->session->obj);
		kfree(chan);
	} else {
		if (to_session(obj)->account)
			/* The client's, from the creation of the session */
			vlink_account_put(to_session(obj)->account);
		kfree(to_session(obj));
	}
	vrpq_conn_put(conn);
}

void vrpq_object_get(struct vrpq_object *obj)
{
	kref_get(&obj->ref);
}
EXPORT_SYMBOL_GPL(vrpq_object_get);

void vrpq_object_put(struct vrpq_object *obj)
{
	kref_put(&obj->ref, object_free);
}
EXPORT_SYMBOL_GPL(vrpq_object_put);

void vrpq_object_moved(struct vrpq_object *obj)
{
	atomic_inc(&obj->seq);
	wake_up_all(&obj->wait);
}
EXPORT_SYMBOL_GPL(vrpq_object_moved);

void vrpq_object_set_status(struct vrpq_object *obj, u32 status)
{
	WRITE_ONCE(obj->status, obj->status | status);
	/* Pairs with smp_rmb() in vrpq_wait(): who sees the number move sees the status. */
	smp_mb__before_atomic();
	vrpq_object_moved(obj);
}
EXPORT_SYMBOL_GPL(vrpq_object_set_status);

void vrpq_object_close(struct vrpq_object *obj)
{
	struct vrpq_conn *conn = obj->conn;

	mutex_lock(&conn->lock);
	if (!conn->broken) {
		conn->role->close(obj);
		vrpq_push(conn);
	}
	mutex_unlock(&conn->lock);
}
EXPORT_SYMBOL_GPL(vrpq_object_close);

void vrpq_object_abandon(struct vrpq_object *obj)
{
	vrpq_object_close(obj);
	vrpq_object_put(obj);
}
EXPORT_SYMBOL_GPL(vrpq_object_abandon);

static void zone_init(struct vrpq_zone_pages *zone, u32 first, u32 max)
{
	zone->first = first;
	zone->max = max;
	INIT_LIST_HEAD(&zone->regions);
	INIT_LIST_HEAD(&zone->trimmed);
}

void vrpq_geometry(const struct vrpq_conn *conn, struct vrpq_geometry *geometry)
{
	*geometry = (struct vrpq_geometry) {
		.reqs = conn->reqs,
		.pmem_pages = conn->pmem_pages,
		.ring_pages = VRPQ_RING_PAGES(conn->reqs),
		.param_pages = VRPQ_PARAM_PAGES(conn->pmem_pages),
		.callback_pages = VRPQ_CALLBACK_PAGES(conn->pmem_pages),
	};
}
EXPORT_SYMBOL_GPL(vrpq_geometry);

struct vrpq_session *vrpq_session_new(struct vrpq_conn *conn, u16 id)
{
	struct vrpq_session *session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	struct vrpq_geometry geo;

	if (!session)
		return ERR_PTR(-ENOMEM);
	vrpq_geometry(conn, &geo);
	session->window = vlink_window_create(dev_name(&conn->dev->dev), geo.ring_pages +
					      geo.param_pages + geo.callback_pages);
	if (IS_ERR(session->window)) {
		int err = PTR_ERR(session->window);

		kfree(session);
		return ERR_PTR(err);
	}
	zone_init(&session->zones[VRPQ_ZONE_RING], 0, geo.ring_pages);
	zone_init(&session->zones[VRPQ_ZONE_PARAM], geo.ring_pages, geo.param_pages);
	zone_init(&session->zones[VRPQ_ZONE_CALLBACK], geo.ring_pages + geo.param_pages,
		  geo.callback_pages);
	INIT_LIST_HEAD(&session->offered);
	INIT_LIST_HEAD(&session->offered_chans);
	INIT_LIST_HEAD(&session->dirty_chans);
	vrpq_object_init(&session->obj, conn, id, false);
	return session;
}
EXPORT_SYMBOL_GPL(vrpq_session_new);

struct vrpq_chan *vrpq_chan_new(struct vrpq_session *session, u16 id)
{
	struct vrpq_chan *chan = kzalloc(sizeof(*chan), GFP_KERNEL_ACCOUNT);

	if (!chan)
		return ERR_PTR(-ENOMEM);
	/* Dropped by object_free(). */
	vrpq_object_get(&session->obj);
	chan->session = session;
	INIT_LIST_HEAD(&chan->offered);
	vrpq_object_init(&chan->obj, session->obj.conn, id, true);
	return chan;
}
EXPORT_SYMBOL_GPL(vrpq_chan_new);

void vrpq_session_enter(struct vrpq_session *session)
{
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_stats *stats = &conn->dev->stats;

	lockdep_assert_held(&conn->lock);
	/* Dropped by vrpq_session_leave(). */
	vrpq_object_get(&session->obj);
	conn->sessions[session->obj.id] = session;
	conn->nr_sessions++;
	mutex_lock(&conn->dev->stats_lock);
	stats->sessions_total++;
	stats->sessions_max = max(stats->sessions_max, conn->nr_sessions);
	mutex_unlock(&conn->dev->stats_lock);
}
EXPORT_SYMBOL_GPL(vrpq_session_enter);

void vrpq_session_leave(struct vrpq_session *session)
{
	struct vrpq_conn *conn = session->obj.conn;

	lockdep_assert_held(&conn->lock);
	conn->sessions[session->obj.id] = NULL;
	conn->nr_sessions--;
	list_del_init(&session->obj.dirty);
	list_del_init(&session->offered);
	/* vrpq_session_enter()'s reference */
	vrpq_object_put(&session->obj);
}
EXPORT_SYMBOL_GPL(vrpq_session_leave);

void vrpq_chan_enter(struct vrpq_chan *chan)
{
	struct vrpq_conn *conn = chan->obj.conn;
	struct vrpq_stats *stats = &conn->dev->stats;

	lockdep_assert_held(&conn->lock);
	/* Dropped by vrpq_chan_leave(). */
	vrpq_object_get(&chan->obj);
	spin_lock_irq(&conn->dev->bell_lock);
	conn->chans[chan->obj.id] = chan;
	spin_unlock_irq(&conn->dev->bell_lock);
	conn->nr_chans++;
	mutex_lock(&conn->dev->stats_lock);
	stats->channels_total++;
	stats->channels_max = max(stats->channels_max, conn->nr_chans);
	mutex_unlock(&conn->dev->stats_lock);
}
EXPORT_SYMBOL_GPL(vrpq_chan_enter);

void vrpq_chan_leave(struct vrpq_chan *chan)
{
	struct vrpq_conn *conn = chan->obj.conn;

	lockdep_assert_held(&conn->lock);
	spin_lock_irq(&conn->dev->bell_lock);
	conn->chans[chan->obj.id] = NULL;
	spin_unlock_irq(&conn->dev->bell_lock);
	conn->nr_chans--;
	list_del_init(&chan->obj.dirty);
	list_del_init(&chan->offered);
	/* vrpq_chan_enter()'s reference */
	vrpq_object_put(&chan->obj);
}
EXPORT_SYMBOL_GPL(vrpq_chan_leave);

void vrpq_session_hide(struct vrpq_session *session)
{
	lockdep_assert_held(&session->obj.conn->lock);
	if (!session->window)
		return;
	vrpq_stats_fold(session);
	vlink_window_close(session->window);
	session->window = NULL;
}
EXPORT_SYMBOL_GPL(vrpq_session_hide);

void vrpq_session_end(struct vrpq_session *session)
{
	vrpq_session_hide(session);
	session->obj.conn->role->drop_pages(session);
}
EXPORT_SYMBOL_GPL(vrpq_session_end);

struct vrpq_budget *vrpq_budget_of(struct vrpq_conn *conn, enum vrpq_zone zone)
{
	return &conn->budgets[zone == VRPQ_ZONE_RING ? VRPQ_BUDGET_RING : VRPQ_BUDGET_PARAM];
}
EXPORT_SYMBOL_GPL(vrpq_budget_of);

int vrpq_zone_append(struct vrpq_session *session, enum vrpq_zone zone,
		     struct vlink_region *region)
{
	struct vrpq_zone_pages *pages = &session->zones[zone];
	int err;

	lockdep_assert_held(&session->obj.conn->lock);
	if (region->nr_pages > pages->max - pages->count)
		return -EMSGSIZE;
	err = vlink_window_add(session->window, pages->first + pages->count, region);
	if (err)
		return err;
	list_add_tail(&region->node, &pages->regions);
	pages->count += region->nr_pages;
	vrpq_budget_of(session->obj.conn, zone)->pages += region->nr_pages;
	return 0;
}
EXPORT_SYMBOL_GPL(vrpq_zone_append);

/* ------------------------------------------------------------------------ */
/* Waiting                                                                    */

/*
 * Has nothing more to come? A session that the server has left goes on as long as its
 * channels do.
 */
static bool ended(const struct vrpq_object *obj)
{
	u32 status = READ_ONCE(obj->status);

	return status & VRPQ_WAIT_BROKEN || (obj->is_chan && status & VRPQ_WAIT_PEER_CLOSED);
}

static int wait_for_move(struct vrpq_object *obj, u32 seq, bool killable)
{
#define MOVED ((u32)atomic_read(&obj->seq) != seq || ended(obj))
	if (killable)
		return vlink_wait_event_killable(obj->wait, MOVED);
	return vlink_wait_event(obj->wait, MOVED);
#undef MOVED
}

long vrpq_wait(struct vrpq_object *obj, void __user *arg)
{
	struct vrpq_wait_args args;
	ktime_t start;
	int err = 0;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~(VRPQ_WAIT_RING | VRPQ_WAIT_KILLABLE | VRPQ_WAIT_NOT |
			   VRPQ_WAIT_SESSION))
		return -EINVAL;
	if (args.flags & VRPQ_WAIT_RING) {
		if (!obj->is_chan)
			return -EINVAL;
		vrpq_ring(to_chan(obj));
	}
	if (args.flags & VRPQ_WAIT_SESSION)
		obj = &vrpq_session_of(obj)->obj;
	start = ktime_get();
	if (!(args.flags & VRPQ_WAIT_NOT))
		err = wait_for_move(obj, args.seq, args.flags & VRPQ_WAIT_KILLABLE);
	if (err)
		return err;
	args.slept_us = min_t(s64, ktime_us_delta(ktime_get(), start), U32_MAX);
	/* The number first: what moves it now is seen next time. */
	args.seq = atomic_read(&obj->seq);
	smp_rmb();
	args.status = READ_ONCE(obj->status);
	if (READ_ONCE(vrpq_session_of(obj)->pressure))
		args.status |= VRPQ_WAIT_PRESSURE;
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}
