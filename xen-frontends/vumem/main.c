// SPDX-License-Identifier: GPL-2.0
/* VUMEM, the client's end: sessions, files, and what the server says. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "front.h"

/* ------------------------------------------------------------------------ */
/* Sessions                                                                   */

static void session_free(struct kref *ref)
{
	struct session *session = container_of(ref, struct session, ref);

	/* session_new()'s reference */
	vumem_conn_put(&session->conn->conn);
	kfree(session);
}

void vumem_session_put(struct session *session)
{
	kref_put(&session->ref, session_free);
}

static struct session *session_new(struct front_conn *conn, bool master)
{
	struct session *session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);

	if (!session)
		return NULL;
	kref_init(&session->ref);
	INIT_LIST_HEAD(&session->node);
	INIT_LIST_HEAD(&session->buffers);
	INIT_LIST_HEAD(&session->registrations);
	/* Dropped by session_free(). */
	kref_get(&conn->conn.ref);
	session->conn = conn;
	session->master = master;
	return session;
}

/* All buffers of the session end. Under the lock. */
static void session_end_buffers(struct session *session)
{
	struct buffer *buffer, *next;

	list_for_each_entry_safe(buffer, next, &session->buffers, node)
		vumem_buffer_discard(buffer);
}

/* The server of the session is gone. Under the lock. */
static void session_break(struct session *session)
{
	WRITE_ONCE(session->broken, true);
	session_end_buffers(session);
}

/* A server has answered: the session is its. */
static int session_accept(struct request *request)
{
	struct session *session = request->subject;
	struct front_conn *conn = session->conn;

	if (session->master && conn->master)
		return -EBUSY;
	if (session->master)
		conn->master = session;
	session->epoch = request->msg.epoch;
	/* The file's reference keeps it; session_close() takes it out. */
	list_add_tail(&session->node, &conn->sessions);
	atomic64_inc(&conn->conn.dev->stats[VUMEM_PROF_SESSIONS]);
	return 0;
}

static void session_close(struct session *session)
{
	struct front_conn *conn = session->conn;

	mutex_lock(&conn->conn.lock);
	vumem_session_unregister(session);
	session_end_buffers(session);
	if (conn->master == session)
		conn->master = NULL;
	list_del_init(&session->node);
	atomic64_dec(&conn->conn.dev->stats[VUMEM_PROF_SESSIONS]);
	vumem_push(&conn->conn);
	mutex_unlock(&conn->conn.lock);
	vumem_session_put(session);
}

/* Asks the server that receives next. */
static struct session *session_create_on(struct front_conn *conn, bool master)
{
	struct request *request = vumem_request_new(VUMEM_SESSION, NULL, 0);
	struct session *session = session_new(conn, master);
	int err = -ENOMEM;

	if (request && session) {
		request->accept = session_accept;
		request->subject = session;
		err = vumem_request_call(conn, request, VLINK_INTERRUPTIBLE);
	}
	if (request)
		vumem_request_put(request);
	if (err && session)
		vumem_session_put(session);
	return err ? ERR_PTR(err) : session;
}

static bool has_master(struct front_conn *conn)
{
	bool has;

	mutex_lock(&conn->conn.lock);
	has = conn->master;
	mutex_unlock(&conn->conn.lock);
	return has;
}

static struct session *session_create(struct vumem_dev *dev, bool master)
{
	struct session *session;
	bool again;

	do {
		struct vumem_conn *conn = vumem_conn_await(dev);

		if (IS_ERR(conn))
			return ERR_CAST(conn);
		if (master && has_master(to_front(conn)))
			session = ERR_PTR(-EBUSY);
		else
			session = session_create_on(to_front(conn), master);
		/* The server's domain restarted: the next one will do. */
		again = session == ERR_PTR(-EPIPE) && READ_ONCE(conn->broken);
		vumem_conn_put(conn);
	} while (again);
	return session;
}

/* Makes the fresh file the session. */
static int file_become_session(struct front_file *file, struct session *session)
{
	int err = -EINVAL;

	mutex_lock(&file->lock);
	if (!file->session) {
		/* Pairs with file_session(). */
		smp_store_release(&file->session, session);
		err = 0;
	}
	mutex_unlock(&file->lock);
	return err;
}

static long session_create_ioctl(struct front_file *file, void __user *arg)
{
	struct vumem_session_args args;
	struct session *session;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~VUMEM_IOC_MASTER || READ_ONCE(file->session))
		return -EINVAL;
	session = session_create(file->dev, args.flags & VUMEM_IOC_MASTER);
	if (IS_ERR(session))
		return PTR_ERR(session);
	err = file_become_session(file, session);
	if (err)
		session_close(session);
	return err;
}

/* ------------------------------------------------------------------------ */
/* Files                                                                      */

static int front_open(struct inode *inode, struct file *file)
{
	struct front_file *ffile = kzalloc(sizeof(*ffile), GFP_KERNEL_ACCOUNT);

	if (!ffile)
		return -ENOMEM;
	mutex_init(&ffile->lock);
	/* The open file keeps the cdev, and that its parent, the device. */
	ffile->dev = vumem_dev_of_inode(inode);
	file->private_data = ffile;
	return nonseekable_open(inode, file);
}

static struct session *file_session(struct front_file *file)
{
	/* Pairs with file_become_session(). */
	return smp_load_acquire(&file->session);
}

static int front_release(struct inode *inode, struct file *file)
{
	struct front_file *ffile = file->private_data;

	if (ffile->session)
		session_close(ffile->session);
	kfree(ffile);
	return 0;
}

static long front_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct front_file *ffile = file->private_data;
	struct session *session = file_session(ffile);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VUMEM_IOC_ABI:
		return vlink_node_abi(VUMEM_ABI_OLDEST, VUMEM_ABI_NEWEST, uarg);
	case VUMEM_IOC_SESSION_CREATE:
		return session_create_ioctl(ffile, uarg);
	case VUMEM_IOC_ALLOC:
		return session ? vumem_buffer_alloc_ioctl(session, uarg) : -EINVAL;
	case VUMEM_IOC_STAT:
		return vumem_stat(ffile->dev, uarg);
	case VUMEM_IOC_FREE:
	case VUMEM_IOC_REGISTER:
	case VUMEM_IOC_UNREGISTER:
	case VUMEM_IOC_CTL:
	case VUMEM_IOC_BUFFER:
		return -EINVAL;
	}
	return -ENOTTY;
}

static const struct file_operations front_fops = {
	.open = front_open,
	.release = front_release,
	.unlocked_ioctl = front_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

struct session *vumem_session_of_file(const struct vumem_dev *dev, struct file *file)
{
	struct front_file *ffile = file->private_data;

	if (file->f_op != &front_fops || ffile->dev != dev)
		return NULL;
	return file_session(ffile);
}

/* ------------------------------------------------------------------------ */
/* The connection                                                             */

static int front_reset(struct front_conn *conn, u32 epoch)
{
	struct session *session;

	list_for_each_entry(session, &conn->sessions, node)
		if ((s32)(epoch - session->epoch) >= 0)
			session_break(session);
	return 0;
}

static int front_receive(struct vumem_conn *conn, const struct vumem_msg *msg)
{
	switch (msg->type) {
	case VUMEM_RESPONSE:
		return vumem_request_answered(to_front(conn), msg);
	case VUMEM_RESET:
		return front_reset(to_front(conn), msg->epoch);
	}
	return -EPROTO;
}

static void front_end(struct vumem_conn *vconn)
{
	struct front_conn *conn = to_front(vconn);
	struct session *session;

	list_for_each_entry(session, &conn->sessions, node)
		session_break(session);
	vumem_requests_end(conn);
}

static u64 front_mappings(struct vumem_conn *vconn)
{
	struct session *session;
	struct buffer *buffer;
	u64 sum = 0;

	list_for_each_entry(session, &to_front(vconn)->sessions, node)
		list_for_each_entry(buffer, &session->buffers, node)
			if (buffer->window)
				sum += vlink_window_mappings(buffer->window);
	return sum;
}

static void front_free(struct vumem_conn *conn)
{
	kfree(to_front(conn));
}

static const struct vumem_role front_role = {
	.prefix = "vumem-clt-",
	.fops = &front_fops,
	.receive = front_receive,
	.push = vumem_request_push,
	.end = front_end,
	.mappings = front_mappings,
	.free = front_free,
};

static int vumem_front_add(struct vlink *link)
{
	return vumem_dev_add(link, &front_role);
}

static int vumem_front_setup(struct vlink *link)
{
	return PTR_ERR_OR_ZERO(vlink_region_create(link, "admin", VLINK_MAILBOX_PAGES));
}

static int vumem_front_connect(struct vlink *link)
{
	/* setup made no other. */
	struct vlink_region *admin = list_first_entry(&link->regions, struct vlink_region, node);
	struct front_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);

	if (!conn)
		return -ENOMEM;
	INIT_LIST_HEAD(&conn->pending);
	INIT_LIST_HEAD(&conn->sessions);
	return vumem_conn_start(link, admin, &conn->conn);
}

static const struct vlink_ops vumem_front_ops = {
	.add = vumem_front_add,
	.remove = vumem_dev_remove,
	.setup = vumem_front_setup,
	.connect = vumem_front_connect,
	.disconnect = vumem_conn_stop,
	.event = vumem_event,
};

static struct vlink_driver vumem_front = {
	.service = "vumem",
	.role = VLINK_CLIENT,
	.versions = { VUMEM_PROTOCOL_OLDEST, VUMEM_PROTOCOL_NEWEST },
	.ops = &vumem_front_ops,
};

static int __init vumem_front_init(void)
{
	return vlink_register_driver(&vumem_front);
}

static void __exit vumem_front_exit(void)
{
	vlink_unregister_driver(&vumem_front);
}

module_init(vumem_front_init);
module_exit(vumem_front_exit);

MODULE_DESCRIPTION("User memory buffers shared between Xen domains, client's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_CLIENT("vumem"));
MODULE_ALIAS("xen:vumem");
