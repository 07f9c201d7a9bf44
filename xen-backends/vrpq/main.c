// SPDX-License-Identifier: GPL-2.0
/*
 * VRPQ, the server's end: offers what clients create to server processes, and shows
 * them the pages of the sessions that they accepted. It maps pages and never looks at
 * what is in them. Whatever a client says is checked against what it said before.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../../xen-common/vrpq/vrpq.h"

/* ------------------------------------------------------------------------ */
/* Messages to the client                                                     */

static bool emit_paged(struct vrpq_session *session, struct vrpq_msg *msg)
{
	unsigned int i;

	for (i = 0; i < VRPQ_ZONES; i++) {
		struct vrpq_zone_pages *zone = &session->zones[i];

		if (zone->told == zone->count)
			continue;
		zone->told = zone->count;
		msg->type = VRPQ_PAGED;
		msg->u.size.zone = i;
		msg->u.size.pages = zone->count;
		return true;
	}
	return false;
}

static bool emit_trimmed(struct vrpq_session *session, struct vrpq_msg *msg)
{
	unsigned int i;

	for (i = 0; i < VRPQ_ZONES; i++) {
		struct vrpq_zone_pages *zone = &session->zones[i];

		if (!zone->trim_told)
			continue;
		zone->trim_told = false;
		msg->type = VRPQ_TRIMMED;
		msg->u.size.zone = i;
		msg->u.size.pages = zone->count;
		return true;
	}
	return false;
}

static void emit_grow(struct vrpq_session *session, struct vrpq_msg *msg)
{
	msg->type = VRPQ_GROW;
	msg->u.size.zone = VRPQ_ZONE_CALLBACK;
	msg->u.size.pages = session->zones[VRPQ_ZONE_CALLBACK].wanted;
}

/* The closing message of an object; it is gone when the client's has come. */
static void emit_closed(struct vrpq_object *obj, struct vrpq_msg *msg)
{
	obj->said_closed = true;
	if (!obj->is_chan) {
		msg->type = VRPQ_SESSION_CLOSED;
		vrpq_session_leave(to_session(obj));
		return;
	}
	msg->type = VRPQ_CHAN_CLOSED;
	if (obj->peer_closed)
		vrpq_chan_leave(to_chan(obj));
}

static bool server_emit(struct vrpq_object *obj, struct vrpq_msg *msg)
{
	struct vrpq_session *session = vrpq_session_of(obj);

	if (__test_and_clear_bit(VRPQ_TODO_FAILED, &obj->todo)) {
		msg->type = VRPQ_SESSION_FAILED;
		return true;
	}
	if (__test_and_clear_bit(VRPQ_TODO_ACCEPTED, &obj->todo)) {
		msg->type = obj->is_chan ? VRPQ_CHAN_ACCEPTED : VRPQ_SESSION_ACCEPTED;
		return true;
	}
	if (test_bit(VRPQ_TODO_PAGED, &obj->todo)) {
		if (emit_paged(session, msg))
			return true;
		__clear_bit(VRPQ_TODO_PAGED, &obj->todo);
	}
	if (test_bit(VRPQ_TODO_TRIMMED, &obj->todo)) {
		if (emit_trimmed(session, msg))
			return true;
		__clear_bit(VRPQ_TODO_TRIMMED, &obj->todo);
	}
	if (__test_and_clear_bit(VRPQ_TODO_GROW, &obj->todo)) {
		emit_grow(session, msg);
		return true;
	}
	return false;
}

static bool server_emit_last(struct vrpq_object *obj, struct vrpq_msg *msg)
{
	if (__test_and_clear_bit(VRPQ_TODO_LEFT, &obj->todo)) {
		msg->type = VRPQ_SESSION_LEFT;
		return true;
	}
	if (__test_and_clear_bit(VRPQ_TODO_CLOSE, &obj->todo)) {
		emit_closed(obj, msg);
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------------ */
/* Closing                                                                    */

/* The session ends when neither the client nor any file here has it open. */
static void session_try_end(struct vrpq_session *session)
{
	if (session->handles || !session->obj.peer_closed)
		return;
	vrpq_session_end(session);
	/* Messages about pages are moot. */
	session->obj.todo &= ~(BIT(VRPQ_TODO_PAGED) | BIT(VRPQ_TODO_TRIMMED) |
			       BIT(VRPQ_TODO_GROW));
	vrpq_say(&session->obj, VRPQ_TODO_CLOSE);
}

/* A channel that no server process has, or that it has closed. */
static void chan_refuse(struct vrpq_chan *chan)
{
	list_del_init(&chan->offered);
	chan->obj.state = VRPQ_CLOSING;
	vrpq_say(&chan->obj, VRPQ_TODO_CLOSE);
}

static void session_leave_it(struct vrpq_session *session)
{
	struct vrpq_chan *chan, *next;

	session->file_closed = true;
	list_for_each_entry_safe(chan, next, &session->offered_chans, offered)
		chan_refuse(chan);
	vrpq_say(&session->obj, VRPQ_TODO_LEFT);
}

static void server_close(struct vrpq_object *obj)
{
	struct vrpq_session *session = vrpq_session_of(obj);

	if (obj->is_chan)
		chan_refuse(to_chan(obj));
	else
		session_leave_it(session);
	session->handles--;
	session_try_end(session);
}

static void server_drop_pages(struct vrpq_session *session)
{
	struct vlink_region *region, *next;
	unsigned int i;

	for (i = 0; i < VRPQ_ZONES; i++) {
		list_for_each_entry_safe(region, next, &session->zones[i].regions, node) {
			list_del(&region->node);
			vrpq_budget_of(session->obj.conn, i)->pages -= region->nr_pages;
			vlink_pages_unmap(region);
		}
		session->zones[i].count = 0;
	}
}

/* Its channels that no process has are refused; the others are closed by their processes. */
static void server_failed(struct vrpq_session *session)
{
	struct vrpq_conn *conn = session->obj.conn;
	unsigned int id;

	list_del_init(&session->offered);
	for (id = 1; id < VRPQ_IDS; id++)
		if (conn->chans[id] && conn->chans[id]->session == session &&
		    conn->chans[id]->obj.state == VRPQ_CREATED)
			chan_refuse(conn->chans[id]);
	vrpq_session_end(session);
}

/* ------------------------------------------------------------------------ */
/* Messages of the client                                                     */

static void session_offer(struct vrpq_session *session)
{
	struct vrpq_conn *conn = session->obj.conn;

	list_add_tail(&session->offered, &conn->offered);
	atomic_inc(&conn->dev->offers);
	wake_up_all(&conn->dev->wait);
}

static void chan_offer(struct vrpq_chan *chan)
{
	struct vrpq_session *session = chan->session;

	if (session->file_closed || session->failed) {
		chan_refuse(chan);
		return;
	}
	list_add_tail(&chan->offered, &session->offered_chans);
	vrpq_object_moved(&session->obj);
}

static int info_expect(struct vrpq_object *obj, u32 size)
{
	obj->info_size = size;
	if (!size)
		return 0;
	obj->info = kzalloc(size, GFP_KERNEL);
	return obj->info ? 0 : -ENOMEM;
}

static int receive_session_create(struct vrpq_conn *conn, const struct vrpq_msg *msg)
{
	struct vrpq_session *session;
	u32 size = msg->u.session_create.info_size;
	int err;

	if (!msg->session || conn->sessions[msg->session] || size > VRPQ_INFO_MAX)
		return -EPROTO;
	session = vrpq_session_new(conn, msg->session);
	if (IS_ERR(session))
		return PTR_ERR(session);
	session->port = msg->u.session_create.port;
	session->app_id = msg->u.session_create.app_id;
	err = info_expect(&session->obj, size);
	vrpq_session_enter(session);
	/* The table has it now. */
	vrpq_object_put(&session->obj);
	if (err)
		vrpq_session_fail(session, "no memory");
	else if (!size)
		session_offer(session);
	return 0;
}

/* May the session have the channel that the client makes? Not after its own end. */
static bool chan_is_sound(const struct vrpq_session *session, const struct vrpq_msg *msg)
{
	return !session->obj.peer_closed && session->obj.state == VRPQ_OPEN &&
	       msg->u.chan_create.ctl_page < session->zones[VRPQ_ZONE_RING].max &&
	       msg->u.chan_create.info_size <= VRPQ_INFO_MAX;
}

/*
 * Whatever is wrong with the channel, its id is in use from now on, until both closing
 * messages are through. -EPROTO breaks the connection.
 */
static int receive_chan_create(struct vrpq_session *session, const struct vrpq_msg *msg)
{
	u32 size = msg->u.chan_create.info_size;
	struct vrpq_chan *chan;
	bool sound;

	if (!msg->channel || session->obj.conn->chans[msg->channel])
		return -EPROTO;
	chan = vrpq_chan_new(session, msg->channel);
	if (IS_ERR(chan))
		return -EPROTO;
	chan->ctl_page = msg->u.chan_create.ctl_page;
	vrpq_chan_enter(chan);
	/* The table has it now. */
	vrpq_object_put(&chan->obj);
	sound = session->failed || (chan_is_sound(session, msg) && !info_expect(&chan->obj, size));
	if (!sound)
		vrpq_session_fail(session, "a channel is created that cannot be");
	else if (!size || session->failed)
		chan_offer(chan);
	return 0;
}

static int receive_info(struct vrpq_object *obj, const struct vrpq_msg *msg)
{
	if (obj->state != VRPQ_CREATED || obj->peer_closed || !msg->count ||
	    msg->count > VRPQ_MSG_INFO || msg->u.info.offset != obj->info_done ||
	    msg->count > obj->info_size - obj->info_done)
		return -EPROTO;
	memcpy(obj->info + obj->info_done, msg->u.info.bytes, msg->count);
	obj->info_done += msg->count;
	if (obj->info_done < obj->info_size)
		return 0;
	if (obj->is_chan)
		chan_offer(to_chan(obj));
	else
		session_offer(to_session(obj));
	return 0;
}

static int receive_pages(struct vrpq_session *session, const struct vrpq_msg *msg)
{
	struct vrpq_conn *conn = session->obj.conn;
	struct vlink_region *region;
	struct vrpq_budget *budget;
	u32 zone = msg->u.pages.zone;
	int err;

	if (session->obj.peer_closed || zone >= VRPQ_ZONES || !msg->count ||
	    msg->count > VRPQ_MSG_REFS)
		return -EPROTO;
	budget = vrpq_budget_of(conn, zone);
	if (msg->count > budget->pages_max - budget->pages)
		return -EPROTO;
	region = vlink_pages_map(conn->link, msg->u.pages.refs, msg->count);
	if (IS_ERR(region))
		return PTR_ERR(region);
	err = vrpq_zone_append(session, zone, region);
	if (err) {
		vlink_pages_unmap(region);
		return err;
	}
	vrpq_say(&session->obj, VRPQ_TODO_PAGED);
	/* A server thread may wait for callback pages. */
	vrpq_object_moved(&session->obj);
	return 0;
}

/* Are there whole regions at the end of the zone beyond @keep? Pages go as they came. */
static bool can_trim(const struct vrpq_zone_pages *zone, u32 keep)
{
	struct vlink_region *region;
	u32 count = zone->count;

	list_for_each_entry_reverse(region, &zone->regions, node) {
		if (count <= keep)
			break;
		count -= region->nr_pages;
	}
	return count == keep && keep < zone->count;
}

static int receive_trim(struct vrpq_session *session, const struct vrpq_msg *msg)
{
	struct vrpq_zone_pages *zone;
	u32 keep = msg->u.size.pages;

	if (session->obj.peer_closed || msg->u.size.zone >= VRPQ_ZONES)
		return -EPROTO;
	zone = &session->zones[msg->u.size.zone];
	if (!can_trim(zone, keep))
		return -EPROTO;
	vlink_window_remove(session->window, zone->first + keep, zone->count - keep);
	while (zone->count > keep) {
		struct vlink_region *last = list_last_entry(&zone->regions, struct vlink_region,
							    node);

		zone->count -= last->nr_pages;
		vrpq_budget_of(session->obj.conn, msg->u.size.zone)->pages -= last->nr_pages;
		list_del(&last->node);
		vlink_pages_unmap(last);
	}
	zone->told = zone->count;
	zone->trim_told = true;
	vrpq_say(&session->obj, VRPQ_TODO_TRIMMED);
	return 0;
}

static int receive_chan_close(struct vrpq_chan *chan)
{
	if (chan->obj.peer_closed)
		return -EPROTO;
	chan->obj.peer_closed = true;
	if (chan->obj.said_closed) {
		vrpq_chan_leave(chan);
		return 0;
	}
	if (chan->obj.state == VRPQ_CREATED)
		chan_refuse(chan);
	vrpq_object_set_status(&chan->obj, VRPQ_WAIT_PEER_CLOSED);
	/* Its callbacks hold pages no more. */
	vrpq_object_moved(&chan->session->obj);
	return 0;
}

static int receive_session_close(struct vrpq_session *session)
{
	if (session->obj.peer_closed)
		return -EPROTO;
	session->obj.peer_closed = true;
	list_del_init(&session->offered);
	vrpq_object_set_status(&session->obj, VRPQ_WAIT_PEER_CLOSED);
	session_try_end(session);
	return 0;
}

/* A message of a session that has not failed; an error is a fault of the session. */
static int receive_for_session(struct vrpq_session *session, struct vrpq_chan *chan,
			       const struct vrpq_msg *msg)
{
	switch (msg->type) {
	case VRPQ_INFO:
		return receive_info(chan ? &chan->obj : &session->obj, msg);
	case VRPQ_PAGES:
		return receive_pages(session, msg);
	case VRPQ_TRIM:
		return receive_trim(session, msg);
	case VRPQ_CHAN_CLOSE:
		return receive_chan_close(chan);
	default:
		return receive_session_close(session);
	}
}

/* Until the client knows of the failure, what it sends may have crossed our message. */
static int receive_for_failed(struct vrpq_session *session, struct vrpq_chan *chan,
			      const struct vrpq_msg *msg)
{
	switch (msg->type) {
	case VRPQ_CHAN_CLOSE:
		return receive_chan_close(chan);
	case VRPQ_SESSION_CLOSE:
		return receive_session_close(session);
	}
	return session->peer_failed ? -EPROTO : 0;
}

/*
 * The channel that the message is about, NULL if it is about its session alone; an error if
 * there is no such channel.
 */
static struct vrpq_chan *chan_of_msg(struct vrpq_session *session, const struct vrpq_msg *msg)
{
	struct vrpq_chan *chan = session->obj.conn->chans[msg->channel];

	if (msg->type != VRPQ_CHAN_CLOSE && (msg->type != VRPQ_INFO || !msg->channel))
		return NULL;
	return chan && chan->session == session ? chan : ERR_PTR(-EPROTO);
}

static bool is_clients_type(u16 type)
{
	return (type >= VRPQ_SESSION_CREATE && type <= VRPQ_SESSION_CLOSE) ||
	       type == VRPQ_SESSION_FAILED;
}

static int server_receive(struct vrpq_conn *conn, const struct vrpq_msg *msg)
{
	struct vrpq_session *session = conn->sessions[msg->session];
	struct vrpq_chan *chan;

	if (msg->type == VRPQ_SESSION_CREATE)
		return receive_session_create(conn, msg);
	if (!is_clients_type(msg->type) || !session)
		return -EPROTO;
	if (msg->type == VRPQ_CHAN_CREATE)
		return receive_chan_create(session, msg);
	chan = chan_of_msg(session, msg);
	if (IS_ERR(chan))
		return PTR_ERR(chan);
	if (msg->type == VRPQ_SESSION_FAILED)
		return vrpq_session_peer_failed(session);
	if (session->failed)
		return receive_for_failed(session, chan, msg);
	if (receive_for_session(session, chan, msg))
		vrpq_session_fail(session, "the client breaks the protocol");
	return 0;
}

/* ------------------------------------------------------------------------ */
/* Accepting                                                                  */

/* Under conn->lock. */
static struct vrpq_session *first_offered(struct vrpq_conn *conn, u32 port)
{
	struct vrpq_session *session;

	list_for_each_entry(session, &conn->offered, offered)
		if (session->port == port)
			return session;
	return NULL;
}

/* Takes the session that waits longest at the port, if any; the caller gets a reference. */
static struct vrpq_session *take_session(struct vrpq_dev *dev, u32 port, u32 *vm_id)
{
	struct vrpq_conn *conn = vrpq_conn_get(dev);
	struct vrpq_session *session = NULL;

	if (!conn)
		return NULL;
	mutex_lock(&conn->lock);
	if (!conn->broken)
		session = first_offered(conn, port);
	if (session) {
		list_del_init(&session->offered);
		session->obj.state = VRPQ_OPEN;
		session->handles = 1;
		*vm_id = conn->link->xdev->otherend_id;
		vrpq_object_get(&session->obj);
		vrpq_say(&session->obj, VRPQ_TODO_ACCEPTED);
		vrpq_push(conn);
	}
	mutex_unlock(&conn->lock);
	vrpq_conn_put(conn);
	return session;
}

static struct vrpq_session *await_session(struct vrpq_dev *dev, u32 port, u32 *vm_id)
{
	for (;;) {
		int seen = atomic_read(&dev->offers);
		struct vrpq_session *session = take_session(dev, port, vm_id);
		int err;

		if (session)
			return session;
		if (READ_ONCE(dev->removed))
			return ERR_PTR(-ENODEV);
		err = vlink_wait_event(dev->wait, atomic_read(&dev->offers) != seen);
		if (err)
			return ERR_PTR(err);
	}
}

static struct vrpq_chan *take_chan(struct vrpq_session *session)
{
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_chan *chan = NULL;

	mutex_lock(&conn->lock);
	if (!conn->broken && !session->file_closed)
		chan = list_first_entry_or_null(&session->offered_chans, struct vrpq_chan,
						offered);
	if (chan) {
		list_del_init(&chan->offered);
		chan->obj.state = VRPQ_OPEN;
		session->handles++;
		vrpq_object_get(&chan->obj);
		vrpq_say(&chan->obj, VRPQ_TODO_ACCEPTED);
		vrpq_push(conn);
	}
	mutex_unlock(&conn->lock);
	return chan;
}

static struct vrpq_chan *await_chan(struct vrpq_session *session)
{
	for (;;) {
		int seen = atomic_read(&session->obj.seq);
		u32 status = READ_ONCE(session->obj.status);
		struct vrpq_chan *chan = take_chan(session);
		int err;

		if (chan)
			return chan;
		if (status)
			return ERR_PTR(-EPIPE);
		err = vlink_wait_event(session->obj.wait,
				       atomic_read(&session->obj.seq) != seen);
		if (err)
			return ERR_PTR(err);
	}
}

/* Copies the creator's info, as much as there is room for; *@room gets its true length. */
static int info_to_user(const struct vrpq_object *obj, u64 addr, u32 *room)
{
	u32 n = addr ? min(*room, obj->info_size) : 0;

	*room = obj->info_size;
	return n && copy_to_user(u64_to_user_ptr(addr), obj->info, n) ? -EFAULT : 0;
}

static long session_accept_ioctl(struct vrpq_file *file, void __user *arg)
{
	struct vrpq_session_args args;
	struct vrpq_session *session;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!vrpq_file_is_fresh(file))
		return -EINVAL;
	session = await_session(file->dev, args.port, &args.vm_id);
	if (IS_ERR(session))
		return PTR_ERR(session);

	args.id = session->obj.id;
	args.protocol = session->obj.conn->protocol;
	args.app_id = session->app_id;
	vrpq_geometry(session->obj.conn, &args.geometry);
	err = info_to_user(&session->obj, args.info, &args.info_size);
	if (!err && copy_to_user(arg, &args, sizeof(args)))
		err = -EFAULT;
	if (!err)
		err = vrpq_file_become(file, &session->obj);
	if (err)
		vrpq_object_abandon(&session->obj);
	return err;
}

static long chan_accept_ioctl(struct vrpq_file *file, void __user *arg)
{
	struct vrpq_chan_args args;
	struct vrpq_session *session;
	struct vrpq_chan *chan;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	session = vrpq_file_chan_session(file, args.session_fd);
	if (IS_ERR(session))
		return PTR_ERR(session);
	chan = await_chan(session);
	vrpq_object_put(&session->obj);
	if (IS_ERR(chan))
		return PTR_ERR(chan);

	args.id = chan->obj.id;
	args.ctl_page = chan->ctl_page;
	err = info_to_user(&chan->obj, args.info, &args.info_size);
	if (!err && copy_to_user(arg, &args, sizeof(args)))
		err = -EFAULT;
	if (!err)
		err = vrpq_file_become(file, &chan->obj);
	if (err)
		vrpq_object_abandon(&chan->obj);
	return err;
}

/* Asks the client's kernel; its pages move the session's number when they come. */
static long grow_ioctl(struct vrpq_session *session, void __user *arg)
{
	struct vrpq_zone_pages *zone = &session->zones[VRPQ_ZONE_CALLBACK];
	struct vrpq_conn *conn = session->obj.conn;
	struct vrpq_grow_args args;
	u32 target;
	int err = 0;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.zone != VRPQ_ZONE_CALLBACK)
		return -EINVAL;
	if (args.pages > zone->max || args.min > zone->max - args.pages)
		return -EMSGSIZE;
	target = args.pages + args.min;

	mutex_lock(&conn->lock);
	args.pages = zone->count;
	if (zone->count < target)
		err = READ_ONCE(session->obj.status) ? -EPIPE : -EAGAIN;
	if (err && zone->wanted < target) {
		zone->wanted = target;
		vrpq_say(&session->obj, VRPQ_TODO_GROW);
		vrpq_push(conn);
	}
	mutex_unlock(&conn->lock);
	if (err)
		return err;
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static long server_ioctl(struct vrpq_file *file, unsigned int cmd, void __user *arg)
{
	struct vrpq_session *session = vrpq_file_any_session(file);

	switch (cmd) {
	case VRPQ_IOC_SESSION_ACCEPT:
		return session_accept_ioctl(file, arg);
	case VRPQ_IOC_CHAN_ACCEPT:
		return chan_accept_ioctl(file, arg);
	case VRPQ_IOC_FRESH_FILE:
		return vrpq_file_open_like(file, arg);
	case VRPQ_IOC_GROW:
		return session ? grow_ioctl(session, arg) : -EINVAL;
	}
	return -ENOTTY;
}

/* The pages of sessions are the client's to tell of. */
static void server_stat(struct vrpq_conn *conn, struct vrpq_stat_args *args)
{
	args->pmem_now = 0;
	args->ring_now = 0;
}

static const struct vrpq_role server_role = {
	.prefix = "vrpq-srv-",
	.ioctl = server_ioctl,
	.receive = server_receive,
	.emit = server_emit,
	.emit_last = server_emit_last,
	.failed = server_failed,
	.close = server_close,
	.drop_pages = server_drop_pages,
	.stat = server_stat,
};

/* ------------------------------------------------------------------------ */
/* The link                                                                   */

static int vrpq_back_add(struct vlink *link)
{
	return vrpq_dev_add(link, &server_role);
}

static int vrpq_back_offer(struct vlink *link)
{
	struct vrpq_dev *dev = link->priv;
	int err = vlink_key_write(link, XBT_NIL, "reqs", dev->reqs);

	return err ?: vlink_key_write(link, XBT_NIL, "pmem-pages", dev->pmem_pages);
}

static int vrpq_back_connect(struct vlink *link)
{
	struct vlink_region *admin = vlink_region_map(link, "admin", VLINK_MAILBOX_PAGES);
	struct vrpq_dev *dev = link->priv;

	if (IS_ERR(admin))
		return PTR_ERR(admin);
	return vrpq_conn_start(link, admin, dev->reqs, dev->pmem_pages);
}

static const struct vlink_ops vrpq_back_ops = {
	.add = vrpq_back_add,
	.remove = vrpq_dev_remove,
	.offer = vrpq_back_offer,
	.connect = vrpq_back_connect,
	.disconnect = vrpq_conn_stop,
	.event = vrpq_event,
};

static struct vlink_driver vrpq_back = {
	.service = "vrpq",
	.role = VLINK_SERVER,
	.versions = { VRPQ_PROTOCOL_OLDEST, VRPQ_PROTOCOL_NEWEST },
	.ops = &vrpq_back_ops,
};

static int __init vrpq_back_init(void)
{
	return vlink_register_driver(&vrpq_back);
}

static void __exit vrpq_back_exit(void)
{
	vlink_unregister_driver(&vrpq_back);
}

module_init(vrpq_back_init);
module_exit(vrpq_back_exit);

MODULE_DESCRIPTION("Remote procedure queues between Xen domains, server's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_SERVER("vrpq"));
MODULE_ALIAS("xen-backend:vrpq");
