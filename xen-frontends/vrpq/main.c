// SPDX-License-Identifier: GPL-2.0
/*
 * VRPQ, the client's end: makes sessions and channels, owns their pages, and outlives
 * its processes until the server has done with what they left.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "front.h"

/* ------------------------------------------------------------------------ */
/* Messages to the server                                                     */

static void emit_create(struct vrpq_object *obj, struct vrpq_msg *msg)
{
	if (obj->is_chan) {
		msg->type = VRPQ_CHAN_CREATE;
		msg->u.chan_create.ctl_page = to_chan(obj)->ctl_page;
		msg->u.chan_create.info_size = obj->info_size;
	} else {
		msg->type = VRPQ_SESSION_CREATE;
		msg->u.session_create.port = to_session(obj)->port;
		msg->u.session_create.app_id = to_session(obj)->app_id;
		msg->u.session_create.info_size = obj->info_size;
	}
}

/* Returns whether there was anything left of the info to send. */
static bool emit_info(struct vrpq_object *obj, struct vrpq_msg *msg)
{
	u32 n = min(obj->info_size - obj->info_done, VRPQ_MSG_INFO);

	if (!n)
		return false;
	msg->type = VRPQ_INFO;
	msg->count = n;
	msg->u.info.offset = obj->info_done;
	memcpy(msg->u.info.bytes, obj->info + obj->info_done, n);
	obj->info_done += n;
	return true;
}

/* The id is free, and the channel's guaranteed pages may be those of another one. */
static void chan_freed(struct vrpq_chan *chan)
{
	struct vrpq_session *session = chan->session;

	session->channels--;
	/* With the channel its reference to the session may go. */
	vrpq_floors_settle(session);
	vrpq_chan_leave(chan);
}

static void emit_close(struct vrpq_object *obj, struct vrpq_msg *msg)
{
	msg->type = obj->is_chan ? VRPQ_CHAN_CLOSE : VRPQ_SESSION_CLOSE;
	obj->said_closed = true;
	if (obj->is_chan && obj->peer_closed)
		chan_freed(to_chan(obj));
}

static bool client_emit(struct vrpq_object *obj, struct vrpq_msg *msg)
{
	if (__test_and_clear_bit(VRPQ_TODO_CREATE, &obj->todo)) {
		emit_create(obj, msg);
		return true;
	}
	if (vrpq_session_of(obj)->failed)
		__clear_bit(VRPQ_TODO_INFO, &obj->todo);
	if (test_bit(VRPQ_TODO_INFO, &obj->todo)) {
		if (emit_info(obj, msg))
			return true;
		__clear_bit(VRPQ_TODO_INFO, &obj->todo);
	}
	if (__test_and_clear_bit(VRPQ_TODO_FAILED, &obj->todo)) {
		msg->type = VRPQ_SESSION_FAILED;
		return true;
	}
	if (test_bit(VRPQ_TODO_PAGES, &obj->todo)) {
		if (vrpq_pages_emit(to_session(obj), msg))
			return true;
		__clear_bit(VRPQ_TODO_PAGES, &obj->todo);
	}
	if (test_bit(VRPQ_TODO_TRIM, &obj->todo)) {
		if (vrpq_trim_emit(to_session(obj), msg))
			return true;
		__clear_bit(VRPQ_TODO_TRIM, &obj->todo);
	}
	return false;
}

static bool client_emit_last(struct vrpq_object *obj, struct vrpq_msg *msg)
{
	if (__test_and_clear_bit(VRPQ_TODO_CLOSE, &obj->todo)) {
		emit_close(obj, msg);
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------------ */
/* Messages of the server                                                     */

static int object_accepted(struct vrpq_object *obj)
{
	if (obj->state == VRPQ_OPEN || obj->peer_closed)
		return -EPROTO;
	/* The client may have given it up meanwhile. */
	if (obj->state == VRPQ_CREATED)
		WRITE_ONCE(obj->state, VRPQ_OPEN);
	vrpq_object_moved(obj);
	return 0;
}

static int session_closed(struct vrpq_session *session)
{
	if (!session->obj.said_closed || session->channels)
		return -EPROTO;
	session->obj.peer_closed = true;
	vrpq_session_end(session);
	vrpq_floors_release(session);
	vrpq_session_leave(session);
	return 0;
}

static int session_left(struct vrpq_session *session)
{
	if (session->obj.status & VRPQ_WAIT_PEER_CLOSED)
		return -EPROTO;
	vrpq_object_set_status(&session->obj, VRPQ_WAIT_PEER_CLOSED);
	return 0;
}

/* The server maps nothing of it any more. */
static int session_peer_failed(struct vrpq_session *session)
{
	int err = vrpq_session_peer_failed(session);

	if (!err)
		vrpq_session_end(session);
	return err;
}

static int chan_closed(struct vrpq_chan *chan)
{
	if (chan->obj.peer_closed)
		return -EPROTO;
	chan->obj.peer_closed = true;
	vrpq_object_set_status(&chan->obj, VRPQ_WAIT_PEER_CLOSED);
	vrpq_object_moved(&chan->session->obj);
	if (chan->obj.said_closed)
		chan_freed(chan);
	return 0;
}

static int session_paged(struct vrpq_session *session, const struct vrpq_msg *msg)
{
	struct vrpq_zone_pages *zone;
	u32 pages = msg->u.size.pages;

	if (msg->u.size.zone >= VRPQ_ZONES)
		return -EPROTO;
	zone = &session->zones[msg->u.size.zone];
	/* An answer that crossed a TRIM is outdated. */
	if (!list_empty(&zone->trimmed))
		return 0;
	if (pages < zone->acked || pages > zone->told)
		return -EPROTO;
	WRITE_ONCE(zone->acked, pages);
	vrpq_object_moved(&session->obj);
	return 0;
}

static int session_grow(struct vrpq_session *session, const struct vrpq_msg *msg)
{
	struct vrpq_zone_pages *zone = &session->zones[VRPQ_ZONE_CALLBACK];

	if (msg->u.size.zone != VRPQ_ZONE_CALLBACK || msg->u.size.pages > zone->max)
		return -EPROTO;
	zone->wanted = max(zone->wanted, msg->u.size.pages);
	vrpq_pages_serve(session);
	return 0;
}

/* A message of a session that has not failed; an error is a fault of the session. */
static int receive_session(struct vrpq_session *session, struct vrpq_chan *chan,
			   const struct vrpq_msg *msg)
{
	switch (msg->type) {
	case VRPQ_CHAN_ACCEPTED:
		return object_accepted(&chan->obj);
	case VRPQ_CHAN_CLOSED:
		return chan_closed(chan);
	case VRPQ_SESSION_ACCEPTED:
		return object_accepted(&session->obj);
	case VRPQ_PAGED:
		return session_paged(session, msg);
	case VRPQ_GROW:
		return session_grow(session, msg);
	case VRPQ_TRIMMED:
		if (msg->u.size.zone >= VRPQ_ZONES)
			return -EPROTO;
		return vrpq_pages_trimmed(session, msg->u.size.zone, msg->u.size.pages);
	case VRPQ_SESSION_LEFT:
		return session_left(session);
	default:
		return session_closed(session);
	}
}

/* Until the server knows of the failure, what it sends may have crossed our message. */
static int receive_failed(struct vrpq_session *session, struct vrpq_chan *chan,
			  const struct vrpq_msg *msg)
{
	switch (msg->type) {
	case VRPQ_CHAN_CLOSED:
		return chan_closed(chan);
	case VRPQ_SESSION_LEFT:
		return session_left(session);
	case VRPQ_SESSION_CLOSED:
		return session_closed(session);
	}
	return session->peer_failed ? -EPROTO : 0;
}

static bool is_servers_type(u16 type)
{
	return (type >= VRPQ_SESSION_ACCEPTED && type <= VRPQ_SESSION_CLOSED) ||
	       type == VRPQ_SESSION_FAILED;
}

static int client_receive(struct vrpq_conn *conn, const struct vrpq_msg *msg)
{
	struct vrpq_session *session = conn->sessions[msg->session];
	bool of_chan = msg->type == VRPQ_CHAN_ACCEPTED || msg->type == VRPQ_CHAN_CLOSED;
	struct vrpq_chan *chan = of_chan ? conn->chans[msg->channel] : NULL;

	if (!is_servers_type(msg->type) || !session)
		return -EPROTO;
	if (of_chan && (!chan || chan->session != session))
		return -EPROTO;
	if (msg->type == VRPQ_SESSION_FAILED)
		return session_peer_failed(session);
	if (session->failed)
		return receive_failed(session, chan, msg);
	if (receive_session(session, chan, msg))
		vrpq_session_fail(session, "the server breaks the protocol");
	return 0;
}

/* The pages are kept until the server has unmapped them. */
static void client_failed(struct vrpq_session *session)
{
	vrpq_session_hide(session);
}

/* ------------------------------------------------------------------------ */
/* Closing                                                                    */

static void drop_handle(struct vrpq_session *session)
{
	if (--session->handles)
		return;
	session->obj.state = VRPQ_CLOSING;
	vrpq_say(&session->obj, VRPQ_TODO_CLOSE);
}

static void client_close(struct vrpq_object *obj)
{
	struct vrpq_session *session = obj->is_chan ? to_chan(obj)->session : to_session(obj);

	if (obj->is_chan) {
		obj->state = VRPQ_CLOSING;
		vrpq_say(obj, VRPQ_TODO_CLOSE);
	}
	drop_handle(session);
}

/* ------------------------------------------------------------------------ */
/* Creating                                                                   */

static int copy_info(u32 size, u64 addr, u8 **info)
{
	*info = NULL;
	if (size > VRPQ_INFO_MAX)
		return -EMSGSIZE;
	if (!size)
		return 0;
	*info = memdup_user(u64_to_user_ptr(addr), size);
	return PTR_ERR_OR_ZERO(*info);
}

/*
 * The first id after *@next that is free in the table of VRPQ_IDS pointers, so that ids
 * rest a while; 0: none.
 */
static unsigned int free_id(void *const *table, unsigned int *next)
{
	unsigned int i, id;

	for (i = 0; i < VRPQ_IDS; i++) {
		id = (*next + i) % VRPQ_IDS;
		if (id && !table[id]) {
			*next = id + 1;
			return id;
		}
	}
	return 0;
}

/* A new session that is charged to the calling process, not yet in the table. */
static struct vrpq_session *session_new(struct vrpq_conn *conn, unsigned int id)
{
	struct vrpq_session *session = vrpq_session_new(conn, id);
	struct vlink_account *account;

	if (IS_ERR(session))
		return session;
	account = vlink_account_get();
	if (IS_ERR(account)) {
		vlink_window_close(session->window);
		vrpq_object_put(&session->obj);
		return ERR_CAST(account);
	}
	/* Dropped when the session is freed. */
	session->account = account;
	session->app_id = task_tgid_vnr(current);
	return session;
}

/* Under conn->lock. The caller gets a reference. */
static struct vrpq_session *session_open(struct vrpq_conn *conn, u32 port, const u8 *info,
					 u32 info_size)
{
	unsigned int id = free_id((void **)conn->sessions, &conn->next_session);
	struct vrpq_session *session;
	int err = -ENOMEM;

	if (!id)
		return ERR_PTR(-EAGAIN);
	session = session_new(conn, id);
	if (IS_ERR(session))
		return session;
	session->port = port;
	session->obj.info_size = info_size;
	if (info_size)
		session->obj.info = kmemdup(info, info_size, GFP_KERNEL_ACCOUNT);
	if (session->obj.info || !info_size)
		err = vrpq_pages_grow(session, VRPQ_ZONE_RING, 1, 1);
	if (err) {
		vlink_window_close(session->window);
		session->window = NULL;
		vrpq_object_put(&session->obj);
		return ERR_PTR(err);
	}
	session->handles = 1;
	vrpq_session_enter(session);
	vrpq_say(&session->obj, VRPQ_TODO_CREATE);
	vrpq_say(&session->obj, VRPQ_TODO_INFO);
	vrpq_say(&session->obj, VRPQ_TODO_PAGES);
	return session;
}

/*
 * Abandons a channel whose pages the caller is going to use anew: the server may have
 * accepted it at this moment, so its last word is waited for.
 */
static void chan_abandon(struct vrpq_chan *chan)
{
	vrpq_object_close(&chan->obj);
	vlink_wait_event_killable(chan->obj.wait, READ_ONCE(chan->obj.status));
	vrpq_object_put(&chan->obj);
}

/*
 * Creates a session on the present connection and waits until it is accepted.
 * Returns NULL when the connection broke first: then there will be another. -EPIPE: the
 * session failed.
 */
static struct vrpq_session *create_on(struct vrpq_conn *conn, u32 port, const u8 *info,
				      u32 info_size)
{
	struct vrpq_session *session = NULL;
	int err;

	mutex_lock(&conn->lock);
	if (!conn->broken) {
		session = session_open(conn, port, info, info_size);
		vrpq_push(conn);
	}
	mutex_unlock(&conn->lock);
	if (IS_ERR_OR_NULL(session))
		return session;

	err = vlink_wait_event(session->obj.wait,
			       READ_ONCE(session->obj.state) == VRPQ_OPEN ||
			       READ_ONCE(session->obj.status));
	if (!err && READ_ONCE(session->obj.state) == VRPQ_OPEN)
		return session;
	if (!err && READ_ONCE(session->failed))
		err = -EPIPE;
	vrpq_object_abandon(&session->obj);
	return err ? ERR_PTR(err) : NULL;
}

/* Waits for a connection other than a broken one. */
static struct vrpq_conn *await_conn(struct vrpq_dev *dev)
{
	for (;;) {
		int seen = atomic_read(&dev->offers);
		struct vrpq_conn *conn = vrpq_conn_get(dev);
		int err;

		if (conn && !READ_ONCE(conn->broken))
			return conn;
		if (conn)
			vrpq_conn_put(conn);
		if (READ_ONCE(dev->removed))
			return ERR_PTR(-ENODEV);
		err = vlink_wait_event(dev->wait, atomic_read(&dev->offers) != seen);
		if (err)
			return ERR_PTR(err);
	}
}

static struct vrpq_session *create_session(struct vrpq_dev *dev, u32 port, const u8 *info,
					   u32 info_size)
{
	struct vrpq_session *session;

	do {
		struct vrpq_conn *conn = await_conn(dev);

		if (IS_ERR(conn))
			return ERR_CAST(conn);
		session = create_on(conn, port, info, info_size);
		vrpq_conn_put(conn);
	} while (!session);
	return session;
}

static long session_create_ioctl(struct vrpq_file *file, void __user *arg)
{
	struct vrpq_session_args args;
	struct vrpq_session *session;
	u8 *info;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!vrpq_file_is_fresh(file))
		return -EINVAL;
	err = copy_info(args.info_size, args.info, &info);
	if (err)
		return err;
	session = create_session(file->dev, args.port, info, args.info_size);
	kfree(info);
	if (IS_ERR(session))
		return PTR_ERR(session);

	args.id = session->obj.id;
	args.protocol = session->obj.conn->protocol;
	vrpq_geometry(session->obj.conn, &args.geometry);
	err = copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
	if (!err)
		err = vrpq_file_become(file, &session->obj);
	if (err)
		vrpq_object_abandon(&session->obj);
	return err;
}

/*
 * Under conn->lock. The caller gets a reference. -EBUSY: other sessions still have the
 * guaranteed pages of so many closed channels; it is worth trying again when the session moves.
 */
static struct vrpq_chan *chan_open(struct vrpq_session *session, u32 ctl_page, const u8 *info,
				   u32 info_size)
{
	struct vrpq_conn *conn = session->obj.conn;
	unsigned int id = free_id((void **)conn->chans, &conn->next_chan);
	struct vrpq_chan *chan;

	if (READ_ONCE(session->obj.status) || session->obj.state != VRPQ_OPEN)
		return ERR_PTR(-EPIPE);
	if (ctl_page >= session->zones[VRPQ_ZONE_RING].count)
		return ERR_PTR(-EINVAL);
	if (!id)
		return ERR_PTR(-EAGAIN);
	if (!vrpq_floors_suffice(session))
		return ERR_PTR(-EBUSY);
	chan = vrpq_chan_new(session, id);
	if (IS_ERR(chan))
		return chan;
	chan->ctl_page = ctl_page;
	chan->obj.info_size = info_size;
	if (info_size)
		chan->obj.info = kmemdup(info, info_size, GFP_KERNEL_ACCOUNT);
	if (info_size && !chan->obj.info) {
		vrpq_object_put(&chan->obj);
		return ERR_PTR(-ENOMEM);
	}
	session->handles++;
	session->channels++;
	vrpq_floors_settle(session);
	vrpq_chan_enter(chan);
	vrpq_say(&chan->obj, VRPQ_TODO_CREATE);
	vrpq_say(&chan->obj, VRPQ_TODO_INFO);
	return chan;
}

static struct vrpq_chan *try_chan_open(struct vrpq_session *session, u32 ctl_page,
				       const u8 *info, u32 info_size)
{
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_chan *chan = ERR_PTR(-EPIPE);

	mutex_lock(&conn->lock);
	if (!conn->broken) {
		chan = chan_open(session, ctl_page, info, info_size);
		vrpq_push(conn);
	}
	mutex_unlock(&conn->lock);
	return chan;
}

static struct vrpq_chan *create_chan(struct vrpq_session *session, u32 ctl_page, const u8 *info,
				     u32 info_size)
{
	struct vrpq_chan *chan;
	int err;

	for (;;) {
		u32 seq = atomic_read(&session->obj.seq);

		chan = try_chan_open(session, ctl_page, info, info_size);
		if (chan != ERR_PTR(-EBUSY))
			break;
		err = vlink_wait_event(session->obj.wait,
				       atomic_read(&session->obj.seq) != seq);
		if (err)
			return ERR_PTR(err);
	}
	if (IS_ERR(chan))
		return chan;

	err = vlink_wait_event(chan->obj.wait,
			       READ_ONCE(chan->obj.state) == VRPQ_OPEN ||
			       READ_ONCE(chan->obj.status));
	if (READ_ONCE(chan->obj.state) == VRPQ_OPEN)
		return chan;
	chan_abandon(chan);
	return ERR_PTR(err ?: -EPIPE);
}

static long chan_create_ioctl(struct vrpq_file *file, void __user *arg)
{
	struct vrpq_chan_args args;
	struct vrpq_session *session;
	struct vrpq_chan *chan;
	u8 *info;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	err = copy_info(args.info_size, args.info, &info);
	if (err)
		return err;
	session = vrpq_file_chan_session(file, args.session_fd);
	if (IS_ERR(session)) {
		kfree(info);
		return PTR_ERR(session);
	}
	chan = create_chan(session, args.ctl_page, info, args.info_size);
	vrpq_object_put(&session->obj);
	kfree(info);
	if (IS_ERR(chan))
		return PTR_ERR(chan);

	args.id = chan->obj.id;
	err = copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
	if (!err)
		err = vrpq_file_become(file, &chan->obj);
	if (err)
		vrpq_object_abandon(&chan->obj);
	return err;
}

static long client_ioctl(struct vrpq_file *file, unsigned int cmd, void __user *arg)
{
	struct vrpq_session *session = vrpq_file_session(file);

	switch (cmd) {
	case VRPQ_IOC_SESSION_CREATE:
		return session_create_ioctl(file, arg);
	case VRPQ_IOC_CHAN_CREATE:
		return chan_create_ioctl(file, arg);
	case VRPQ_IOC_GROW:
		return session ? vrpq_pages_grow_ioctl(session, arg) : -EINVAL;
	case VRPQ_IOC_TRIM:
		return session ? vrpq_pages_trim_ioctl(session, arg) : -EINVAL;
	}
	return -ENOTTY;
}

static const struct vrpq_role client_role = {
	.prefix = "vrpq-clt-",
	.ioctl = client_ioctl,
	.receive = client_receive,
	.emit = client_emit,
	.emit_last = client_emit_last,
	.failed = client_failed,
	.evict = vrpq_pages_evict,
	.queued = vrpq_pages_queued,
	.close = client_close,
	.drop_pages = vrpq_pages_drop,
	.stat = vrpq_pages_stat,
};

/* ------------------------------------------------------------------------ */
/* The link                                                                   */

static int vrpq_front_add(struct vlink *link)
{
	return vrpq_dev_add(link, &client_role);
}

static int vrpq_front_setup(struct vlink *link)
{
	struct vlink_region *admin = vlink_region_create(link, "admin", VLINK_MAILBOX_PAGES);

	return PTR_ERR_OR_ZERO(admin);
}

static int vrpq_front_connect(struct vlink *link)
{
	/* setup made no other. */
	struct vlink_region *admin = list_first_entry(&link->regions, struct vlink_region, node);
	u32 reqs, pmem_pages;
	int err;

	err = vlink_peer_u32(link, "reqs", VRPQ_REQS_MIN, VRPQ_REQS_MAX, &reqs);
	if (!err)
		err = vlink_peer_u32(link, "pmem-pages", VRPQ_PMEM_PAGES_MIN,
				     VRPQ_PMEM_PAGES_MAX, &pmem_pages);
	return err ?: vrpq_conn_start(link, admin, reqs, pmem_pages);
}

static const struct vlink_ops vrpq_front_ops = {
	.add = vrpq_front_add,
	.remove = vrpq_dev_remove,
	.setup = vrpq_front_setup,
	.connect = vrpq_front_connect,
	.disconnect = vrpq_conn_stop,
	.event = vrpq_event,
};

static struct vlink_driver vrpq_front = {
	.service = "vrpq",
	.role = VLINK_CLIENT,
	.versions = { VRPQ_PROTOCOL_OLDEST, VRPQ_PROTOCOL_NEWEST },
	.ops = &vrpq_front_ops,
};

static int __init vrpq_front_init(void)
{
	return vlink_register_driver(&vrpq_front);
}

static void __exit vrpq_front_exit(void)
{
	vlink_unregister_driver(&vrpq_front);
}

module_init(vrpq_front_init);
module_exit(vrpq_front_exit);

MODULE_DESCRIPTION("Remote procedure queues between Xen domains, client's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_CLIENT("vrpq"));
MODULE_ALIAS("xen:vrpq");
