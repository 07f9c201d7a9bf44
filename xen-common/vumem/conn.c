// SPDX-License-Identifier: GPL-2.0
/* Connections: their beginning and end, and the work that messages make. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "../compat.h"
#include "vumem.h"

/*
 * Messages that are taken in a row: who fills the mailbox as fast as it is emptied does not
 * keep the lock from processes that close, map or are killed.
 */
#define RECEIVE_BUDGET	32

static void conn_free(struct kref *ref)
{
	struct vumem_conn *conn = container_of(ref, struct vumem_conn, ref);
	struct vumem_dev *dev = conn->dev;

	dev->role->free(conn);
	/* vumem_conn_start()'s reference */
	put_device(&dev->dev);
}

void vumem_conn_put(struct vumem_conn *conn)
{
	kref_put(&conn->ref, conn_free);
}
EXPORT_SYMBOL_GPL(vumem_conn_put);

struct vumem_conn *vumem_conn_get(struct vumem_dev *dev)
{
	struct vumem_conn *conn;

	spin_lock_irq(&dev->conn_lock);
	conn = dev->conn;
	if (conn)
		kref_get(&conn->ref);
	spin_unlock_irq(&dev->conn_lock);
	return conn;
}
EXPORT_SYMBOL_GPL(vumem_conn_get);

struct vumem_conn *vumem_conn_await(struct vumem_dev *dev)
{
	for (;;) {
		int seen = atomic_read(&dev->changes);
		struct vumem_conn *conn = vumem_conn_get(dev);
		int err;

		if (conn && !READ_ONCE(conn->broken))
			return conn;
		if (conn)
			vumem_conn_put(conn);
		if (READ_ONCE(dev->removed))
			return ERR_PTR(-ENODEV);
		err = vlink_wait_event(dev->wait, atomic_read(&dev->changes) != seen);
		if (err)
			return ERR_PTR(err);
	}
}
EXPORT_SYMBOL_GPL(vumem_conn_await);

static void changed(struct vumem_dev *dev)
{
	atomic_inc(&dev->changes);
	wake_up_all(&dev->wait);
}

static void mark_broken(struct vumem_conn *conn)
{
	if (conn->broken)
		return;
	WRITE_ONCE(conn->broken, true);
	conn->dev->role->end(conn);
}

void vumem_conn_break(struct vumem_conn *conn)
{
	lockdep_assert_held(&conn->lock);
	if (conn->broken)
		return;
	mark_broken(conn);
	vlink_fail(conn->link, "the peer breaks the protocol of vumem");
}
EXPORT_SYMBOL_GPL(vumem_conn_break);

void vumem_push(struct vumem_conn *conn)
{
	lockdep_assert_held(&conn->lock);
	if (!conn->broken && conn->dev->role->push(conn))
		vumem_conn_break(conn);
}
EXPORT_SYMBOL_GPL(vumem_push);

/* 1: a message was taken; 0: there is none; or -EPROTO. */
static int receive_one(struct vumem_conn *conn)
{
	struct vumem_msg msg;
	int got = vlink_mailbox_receive(&conn->box, &msg);

	return got > 0 ? conn->dev->role->receive(conn, &msg) ?: 1 : got;
}

/* Receives, but not for ever; returns whether there may be more. */
static bool receive_some(struct vumem_conn *conn)
{
	unsigned int i;
	int got = 1;

	for (i = 0; i < RECEIVE_BUDGET && got > 0; i++)
		got = receive_one(conn);
	if (got < 0)
		vumem_conn_break(conn);
	return got > 0;
}

static void conn_work_fn(struct work_struct *work)
{
	struct vumem_conn *conn = container_of(work, struct vumem_conn, work);
	bool more = false;

	mutex_lock(&conn->lock);
	if (!conn->broken) {
		more = receive_some(conn);
		vumem_push(conn);
	}
	mutex_unlock(&conn->lock);
	/* Others who wait for the lock go first. */
	if (more)
		queue_work(system_dfl_wq, &conn->work);
}

bool vumem_event(struct vlink *link)
{
	struct vumem_dev *dev = link->priv;
	bool news = false;

	spin_lock(&dev->conn_lock);
	if (dev->conn && !READ_ONCE(dev->conn->broken)) {
		news = vlink_mailbox_news(&dev->conn->box);
		if (vlink_mailbox_pending(&dev->conn->box))
			queue_work(system_dfl_wq, &dev->conn->work);
	}
	spin_unlock(&dev->conn_lock);
	return news;
}
EXPORT_SYMBOL_GPL(vumem_event);

int vumem_conn_start(struct vlink *link, struct vlink_region *admin, struct vumem_conn *conn)
{
	struct vumem_dev *dev = link->priv;

	BUILD_BUG_ON(sizeof(struct vumem_msg) != 256);
	BUILD_BUG_ON(offsetof(struct vumem_msg, opaque) != 0x80);

	kref_init(&conn->ref);
	/* Dropped by conn_free(). */
	get_device(&dev->dev);
	conn->dev = dev;
	conn->link = link;
	mutex_init(&conn->lock);
	INIT_WORK(&conn->work, conn_work_fn);
	vlink_mailbox_init(&conn->box, link, admin, sizeof(struct vumem_msg));

	spin_lock_irq(&dev->conn_lock);
	dev->conn = conn;
	spin_unlock_irq(&dev->conn_lock);
	/* What the peer said before we could hear it. */
	queue_work(system_dfl_wq, &conn->work);
	changed(dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vumem_conn_start);

void vumem_conn_stop(struct vlink *link)
{
	struct vumem_dev *dev = link->priv;
	struct vumem_conn *conn = dev->conn;

	/* The interrupt handler and new callers find it no more. */
	spin_lock_irq(&dev->conn_lock);
	dev->conn = NULL;
	spin_unlock_irq(&dev->conn_lock);

	mutex_lock(&conn->lock);
	mark_broken(conn);
	mutex_unlock(&conn->lock);
	/* It finds the connection broken, if it still runs. */
	cancel_work_sync(&conn->work);
	changed(dev);
	/* vumem_conn_start()'s, by way of dev->conn */
	vumem_conn_put(conn);
}
EXPORT_SYMBOL_GPL(vumem_conn_stop);
