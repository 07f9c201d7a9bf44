// SPDX-License-Identifier: GPL-2.0
/* VUMEM, the server's end: requests on their way to server threads and back. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../../xen-common/compat.h"
#include "back.h"

#define UNMAP_MIN_MS	10
#define UNMAP_MAX_MS	1000
/* After twice that a client hears that the thread with its request is gone. */
#define THREAD_MS	250

/* ------------------------------------------------------------------------ */
/* Answers                                                                    */

/*
 * The request becomes its answer, which the caller pushes when it has done with all
 * lists: that may find the connection broken, and then they are gone. Under the lock.
 */
static void answer(struct back_conn *conn, struct back_request *request, u32 ret)
{
	request->msg.type = VUMEM_RESPONSE;
	request->msg.ret = ret;
	if (request->thread)
		/* take_request()'s reference */
		put_task_struct(request->thread);
	request->thread = NULL;
	list_move_tail(&request->node, &conn->answers);
}

static int send_reset(struct back_conn *conn)
{
	struct vumem_msg msg = { .type = VUMEM_RESET, .epoch = conn->reset_epoch };
	int space = vlink_mailbox_space(&conn->conn.box);

	if (space <= 0)
		return space;
	vlink_mailbox_send(&conn->conn.box, &msg);
	conn->reset_epoch = 0;
	return 1;
}

static int back_push(struct vumem_conn *vconn)
{
	struct back_conn *conn = to_back(vconn);
	struct back_request *request, *next;
	int space;

	/* First what was answered before the server went. */
	list_for_each_entry_safe(request, next, &conn->answers, node) {
		space = vlink_mailbox_space(&vconn->box);
		if (space <= 0)
			return space;
		vlink_mailbox_send(&vconn->box, &request->msg);
		list_move(&request->node, &conn->unused);
	}
	return conn->reset_epoch ? min(send_reset(conn), 0) : 0;
}

/* ------------------------------------------------------------------------ */
/* What the client says                                                       */

static void deliver(struct back_conn *conn, struct back_request *request)
{
	list_move_tail(&request->node, &conn->fifo);
	wake_up_all(&conn->wait);
}

/* Delivers what no longer has to wait for the client to unmap. Under the lock. */
static void unmapping_pass(struct back_conn *conn)
{
	struct back_request *request, *next;

	list_for_each_entry_safe(request, next, &conn->unmapping, node)
		if (vumem_back_buffer_try_end(conn, request->buffer))
			deliver(conn, request);
}

static void unmap_work_fn(struct work_struct *work)
{
	struct back_conn *conn = container_of(to_delayed_work(work), struct back_conn,
					      unmap_work);

	mutex_lock(&conn->conn.lock);
	if (!conn->conn.broken) {
		unmapping_pass(conn);
		conn->unmap_ms = min(2 * conn->unmap_ms, (unsigned int)UNMAP_MAX_MS);
		if (!list_empty(&conn->unmapping))
			queue_delayed_work(system_dfl_wq, &conn->unmap_work,
					   msecs_to_jiffies(conn->unmap_ms));
	}
	mutex_unlock(&conn->conn.lock);
}

/* An honest client unmaps before it frees; the server hears of it when that is so. */
static void receive_free(struct back_conn *conn, struct back_request *request)
{
	if (vumem_back_buffer_try_end(conn, request->buffer)) {
		deliver(conn, request);
		return;
	}
	list_move_tail(&request->node, &conn->unmapping);
	conn->unmap_ms = UNMAP_MIN_MS;
	mod_delayed_work(system_dfl_wq, &conn->unmap_work, msecs_to_jiffies(conn->unmap_ms));
}

static void receive_request(struct back_conn *conn, struct back_request *request)
{
	struct vumem_msg *msg = &request->msg;
	struct back_buffer *buffer;

	if (msg->type == VUMEM_SESSION || msg->type == VUMEM_ALLOC) {
		deliver(conn, request);
		return;
	}
	buffer = xa_load(&conn->buffers, msg->buffer);
	if (!buffer || buffer->freeing) {
		answer(conn, request, EINVAL);
	} else if (msg->type == VUMEM_FREE) {
		request->buffer = buffer;
		buffer->freeing = true;
		receive_free(conn, request);
	} else {
		deliver(conn, request);
	}
}

static void receive_cancel(struct back_conn *conn, u32 tag)
{
	struct back_request *request;

	list_for_each_entry(request, &conn->fifo, node) {
		if (request->msg.tag == tag && request->msg.type != VUMEM_FREE) {
			answer(conn, request, EINTR);
			return;
		}
	}
}

static int back_receive(struct vumem_conn *vconn, const struct vumem_msg *msg)
{
	struct back_conn *conn = to_back(vconn);
	struct back_request *request;

	if (msg->type == VUMEM_CANCEL) {
		receive_cancel(conn, msg->tag);
		return 0;
	}
	if (msg->type < VUMEM_SESSION || msg->type > VUMEM_CTL ||
	    msg->opaque_size > VUMEM_OPAQUE_MAX)
		return -EPROTO;
	/* More than may be under way. */
	if (list_empty(&conn->unused))
		return -EPROTO;
	request = list_first_entry(&conn->unused, struct back_request, node);
	list_del(&request->node);
	*request = (struct back_request){ .msg = *msg };
	INIT_LIST_HEAD(&request->node);
	receive_request(conn, request);
	return 0;
}

/* ------------------------------------------------------------------------ */
/* The server process                                                         */

/* The request that the calling thread has received and not answered. */
static struct back_request *my_request(struct back_conn *conn)
{
	struct back_request *request;

	list_for_each_entry(request, &conn->taken, node)
		if (request->thread == current)
			return request;
	return NULL;
}

/* While threads work on requests, they may die. Under the lock. */
static void watch_threads(struct back_conn *conn)
{
	if (!list_empty(&conn->taken))
		queue_delayed_work(system_dfl_wq, &conn->thread_work,
				   msecs_to_jiffies(THREAD_MS));
}

/* The next request for the server process, answering what needs none. Under the lock. */
static struct back_request *take_request(struct server *server)
{
	struct back_conn *conn = server->conn;
	struct back_request *request;

	while ((request = list_first_entry_or_null(&conn->fifo, struct back_request, node))) {
		if (request->msg.type == VUMEM_SESSION) {
			request->msg.epoch = server->epoch;
			answer(conn, request, 0);
			continue;
		}
		/* What frees a buffer has one, which is this server's. */
		if (request->msg.epoch != server->epoch && request->msg.type != VUMEM_FREE) {
			answer(conn, request, EPIPE);
			continue;
		}
		/* Dropped by answer(). */
		get_task_struct(current);
		request->thread = current;
		list_move_tail(&request->node, &conn->taken);
		watch_threads(conn);
		return request;
	}
	return NULL;
}

/* An allocation's buffer has its number before it has memory. */
static int number_buffer(struct back_request *request)
{
	int id;

	if (request->msg.type != VUMEM_ALLOC)
		return 0;
	id = vumem_back_buffer_id_alloc();
	if (id < 0)
		return id;
	request->msg.buffer = id;
	return 0;
}

/* The request fails. If its buffer is there already, the number goes with that. */
static void forget_number(struct back_conn *conn, const struct back_request *request)
{
	if (request->msg.type == VUMEM_ALLOC && request->thread &&
	    !xa_load(&conn->buffers, request->msg.buffer))
		vumem_back_buffer_id_free(request->msg.buffer);
}

/* The library's number of it. */
static u32 cmd_of(u32 type)
{
	return type - VUMEM_ALLOC + 1;
}

/* 1: @args is the next request; 0: there is none; or a negative errno. */
static int try_receive(struct server *server, struct vumem_receive_args *args)
{
	struct back_conn *conn = server->conn;
	struct back_request *request = NULL;
	int err = 0;

	mutex_lock(&conn->conn.lock);
	if (conn->conn.broken || server->ended)
		err = -EPIPE;
	else if (my_request(conn))
		err = -EINVAL;
	else
		request = take_request(server);
	if (request) {
		err = number_buffer(request);
		if (err)
			answer(conn, request, -err);
	}
	if (request && !err) {
		memset(args, 0, sizeof(*args));
		args->cmd = cmd_of(request->msg.type);
		args->vm_id = conn->conn.link->xdev->otherend_id;
		args->app_id = request->msg.app_id;
		args->buffer = request->msg.buffer;
		args->size = request->msg.opaque_size;
		memcpy(args->opaque, request->msg.opaque, args->size);
		err = 1;
	}
	vumem_push(&conn->conn);
	mutex_unlock(&conn->conn.lock);
	return err;
}

/* The thread did not get to know its request: the next receive does. */
static void return_to_fifo(struct back_conn *conn)
{
	struct back_request *request;

	mutex_lock(&conn->conn.lock);
	request = my_request(conn);
	if (request) {
		if (request->msg.type == VUMEM_ALLOC)
			vumem_back_buffer_id_free(request->msg.buffer);
		/* take_request()'s reference */
		put_task_struct(request->thread);
		request->thread = NULL;
		list_move(&request->node, &conn->fifo);
		/* Others may be waiting. */
		wake_up_all(&conn->wait);
	}
	mutex_unlock(&conn->conn.lock);
}

static bool has_requests(struct server *server)
{
	struct back_conn *conn = server->conn;

	return READ_ONCE(conn->conn.broken) || READ_ONCE(server->ended) ||
	       !list_empty_careful(&conn->fifo);
}

static long receive_ioctl(struct server *server, void __user *arg)
{
	struct vumem_receive_args args;
	int err;

	while (!(err = try_receive(server, &args))) {
		err = vlink_wait_event(server->conn->wait, has_requests(server));
		if (err)
			return err;
	}
	if (err < 0)
		return err;
	if (!copy_to_user(arg, &args, sizeof(args)))
		return 0;
	return_to_fifo(server->conn);
	return -EFAULT;
}

/* @msg is a copy of the calling thread's request; -EINVAL: it has none. */
static int find_mine(struct server *server, struct vumem_msg *msg)
{
	struct back_conn *conn = server->conn;
	struct back_request *request;
	int err = -EINVAL;

	mutex_lock(&conn->conn.lock);
	request = my_request(conn);
	if (request) {
		*msg = request->msg;
		err = 0;
	} else if (conn->conn.broken || server->ended) {
		err = -EPIPE;
	}
	mutex_unlock(&conn->conn.lock);
	return err;
}

/* What the server said, as far as it makes sense for the request. */
static int respond_error(const struct vumem_msg *request, const struct vumem_respond_args *args)
{
	if (!vumem_is_errno(args->ret))
		return -EINVAL;
	if (!args->ret && request->type == VUMEM_ALLOC && args->buffer != request->buffer)
		return -EINVAL;
	return 0;
}

/* Ends what the request was about, as its answer says. Under the lock. */
static void settle(struct back_conn *conn, struct back_request *request, u32 type, u32 ret)
{
	if (type == VUMEM_ALLOC && ret)
		vumem_back_buffer_id_free(request->msg.buffer);
	if (type == VUMEM_FREE)
		vumem_back_buffer_free(conn, request->buffer);
}

/*
 * Fails the requests of threads that ended without answering. A thread that ends with its
 * process is given the time in which that closes the server. Under the lock.
 */
static void fail_requests_of_ended_threads(struct back_conn *conn)
{
	struct back_request *request, *next;

	list_for_each_entry_safe(request, next, &conn->taken, node) {
		if (!READ_ONCE(request->thread->exit_state))
			continue;
		if (!request->thread_ended) {
			request->thread_ended = true;
			continue;
		}
		settle(conn, request, request->msg.type, EIO);
		answer(conn, request, EIO);
	}
}

static void thread_work_fn(struct work_struct *work)
{
	struct back_conn *conn = container_of(to_delayed_work(work), struct back_conn,
					      thread_work);

	mutex_lock(&conn->conn.lock);
	if (!conn->conn.broken) {
		fail_requests_of_ended_threads(conn);
		vumem_push(&conn->conn);
		watch_threads(conn);
	}
	mutex_unlock(&conn->conn.lock);
}

/* The calling thread's request becomes @response; -EPIPE: it is not its any more. */
static int conclude(struct back_conn *conn, const struct vumem_msg *response, u32 ret)
{
	struct back_request *request;
	u32 type = response->type;

	mutex_lock(&conn->conn.lock);
	request = my_request(conn);
	if (request) {
		request->msg = *response;
		settle(conn, request, type, ret);
		answer(conn, request, ret);
		vumem_push(&conn->conn);
	}
	mutex_unlock(&conn->conn.lock);
	return request ? 0 : -EPIPE;
}

/* What @args says to the request in @response, which becomes the response. */
static int prepare_response(struct server *server, const struct vumem_respond_args *args,
			    struct vumem_msg *response)
{
	bool alloc = response->type == VUMEM_ALLOC;
	int err = respond_error(response, args);

	response->opaque_size = VUMEM_OPAQUE_MAX;
	memset(response->opaque, 0, sizeof(response->opaque));
	if (alloc)
		memcpy(response->opaque, args->alloc, sizeof(response->opaque));
	else if (response->type == VUMEM_CTL)
		memcpy(response->opaque, args->ctl, sizeof(response->opaque));
	if (!err && !args->ret && alloc)
		err = vumem_back_buffer_export(server, args, response);
	return err;
}

static long respond_ioctl(struct server *server, struct vumem_respond_args __user *arg)
{
	struct back_conn *conn = server->conn;
	struct vumem_respond_args args;
	struct vumem_msg response;
	int err, lost;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	err = find_mine(server, &response);
	if (err)
		return err;
	if (put_user(cmd_of(response.type), &arg->cmd))
		return -EFAULT;
	/* It stays this thread's: nobody else answers it, unless the server ends. */
	err = prepare_response(server, &args, &response);
	lost = conclude(conn, &response, err ? -err : args.ret);
	return err ?: lost;
}

static struct server *server_new(struct vumem_dev *dev, struct vumem_conn *conn)
{
	struct server *server = kzalloc(sizeof(*server), GFP_KERNEL);

	if (!server)
		return NULL;
	server->dev = dev;
	/* The caller's reference. */
	server->conn = to_back(conn);
	server->epoch = ++dev->epoch;
	return server;
}

static long server_create_ioctl(struct back_file *file)
{
	struct vumem_dev *dev = file->dev;
	struct server *server = NULL;
	struct vumem_conn *conn;
	long err = 0;

	if (READ_ONCE(dev->server))
		return READ_ONCE(file->server) ? -EINVAL : -EBUSY;
	conn = vumem_conn_await(dev);
	if (IS_ERR(conn))
		return PTR_ERR(conn);

	mutex_lock(&dev->server_lock);
	if (dev->server)
		err = -EBUSY;
	else
		server = server_new(dev, conn);
	if (!err && !server)
		err = -ENOMEM;
	if (!err) {
		dev->server = server;
		/* Pairs with smp_load_acquire() in back_ioctl(). */
		smp_store_release(&file->server, server);
	}
	mutex_unlock(&dev->server_lock);
	if (err)
		vumem_conn_put(conn);
	return err;
}

/* All requests of the list but new sessions fail. Under the lock. */
static void refuse_requests(struct back_conn *conn, struct list_head *list)
{
	struct back_request *request, *next;

	list_for_each_entry_safe(request, next, list, node) {
		if (request->msg.type == VUMEM_SESSION)
			continue;
		forget_number(conn, request);
		answer(conn, request, EPIPE);
	}
}

/* Under the lock. */
static void drop_buffers(struct back_conn *conn)
{
	struct back_buffer *buffer;
	unsigned long id;

	xa_for_each(&conn->buffers, id, buffer)
		vumem_back_buffer_drop(conn, buffer);
}

/* Nobody is the server any more. Under both locks. */
static void server_end(struct server *server)
{
	struct back_conn *conn = server->conn;

	WRITE_ONCE(server->ended, true);
	wake_up_all(&conn->wait);
	WRITE_ONCE(server->dev->server, NULL);
	if (conn->conn.broken)
		return;
	refuse_requests(conn, &conn->taken);
	refuse_requests(conn, &conn->unmapping);
	refuse_requests(conn, &conn->fifo);
	drop_buffers(conn);
	conn->reset_epoch = server->epoch;
	vumem_push(&conn->conn);
}

static long server_destroy_ioctl(struct server *server)
{
	struct back_conn *conn = server->conn;
	long err = -EPIPE;

	mutex_lock(&server->dev->server_lock);
	mutex_lock(&conn->conn.lock);
	if (!server->ended) {
		server_end(server);
		err = 0;
	}
	mutex_unlock(&conn->conn.lock);
	mutex_unlock(&server->dev->server_lock);
	return err;
}

static void server_close(struct server *server)
{
	server_destroy_ioctl(server);
	vumem_conn_put(&server->conn->conn);
	kfree(server);
}

/* ------------------------------------------------------------------------ */
/* Files                                                                      */

static int back_open(struct inode *inode, struct file *file)
{
	struct back_file *bfile = kzalloc(sizeof(*bfile), GFP_KERNEL_ACCOUNT);

	if (!bfile)
		return -ENOMEM;
	/* The open file keeps the cdev, and that its parent, the device. */
	bfile->dev = vumem_dev_of_inode(inode);
	file->private_data = bfile;
	return nonseekable_open(inode, file);
}

static int back_release(struct inode *inode, struct file *file)
{
	struct back_file *bfile = file->private_data;

	if (bfile->server)
		server_close(bfile->server);
	kfree(bfile);
	return 0;
}

static long back_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct back_file *bfile = file->private_data;
	struct server *server = smp_load_acquire(&bfile->server);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VUMEM_IOC_ABI:
		return vlink_node_abi(VUMEM_ABI_OLDEST, VUMEM_ABI_NEWEST, uarg);
	case VUMEM_IOC_SERVER_CREATE:
		return server ? -EINVAL : server_create_ioctl(bfile);
	case VUMEM_IOC_RECEIVE:
		return server ? receive_ioctl(server, uarg) : -EINVAL;
	case VUMEM_IOC_RESPOND:
		return server ? respond_ioctl(server, uarg) : -EINVAL;
	case VUMEM_IOC_SERVER_DESTROY:
		return server ? server_destroy_ioctl(server) : -EINVAL;
	case VUMEM_IOC_STAT:
		return vumem_stat(bfile->dev, uarg);
	}
	return -ENOTTY;
}

static const struct file_operations back_fops = {
	.open = back_open,
	.release = back_release,
	.unlocked_ioctl = back_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* ------------------------------------------------------------------------ */
/* The connection                                                             */

static void forget_requests(struct back_conn *conn, struct list_head *list)
{
	struct back_request *request, *next;

	list_for_each_entry_safe(request, next, list, node) {
		forget_number(conn, request);
		if (request->thread)
			put_task_struct(request->thread);
		list_move(&request->node, &conn->unused);
	}
}

static void back_end(struct vumem_conn *vconn)
{
	struct back_conn *conn = to_back(vconn);

	forget_requests(conn, &conn->fifo);
	forget_requests(conn, &conn->taken);
	forget_requests(conn, &conn->unmapping);
	forget_requests(conn, &conn->answers);
	drop_buffers(conn);
	wake_up_all(&conn->wait);
}

static void back_free(struct vumem_conn *conn)
{
	xa_destroy(&to_back(conn)->buffers);
	kvfree(to_back(conn)->requests);
	kfree(to_back(conn));
}

static const struct vumem_role back_role = {
	.prefix = "vumem-srv-",
	.fops = &back_fops,
	.receive = back_receive,
	.push = back_push,
	.end = back_end,
	.free = back_free,
};

static int vumem_back_add(struct vlink *link)
{
	return vumem_dev_add(link, &back_role);
}

static struct back_conn *back_conn_new(void)
{
	struct back_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);
	unsigned int i;

	if (!conn)
		return NULL;
	conn->requests = kvcalloc(VUMEM_REQUESTS_MAX, sizeof(*conn->requests), GFP_KERNEL);
	if (!conn->requests) {
		kfree(conn);
		return NULL;
	}
	INIT_LIST_HEAD(&conn->unused);
	for (i = 0; i < VUMEM_REQUESTS_MAX; i++)
		list_add_tail(&conn->requests[i].node, &conn->unused);
	INIT_LIST_HEAD(&conn->fifo);
	INIT_LIST_HEAD(&conn->taken);
	INIT_LIST_HEAD(&conn->unmapping);
	INIT_LIST_HEAD(&conn->answers);
	xa_init(&conn->buffers);
	init_waitqueue_head(&conn->wait);
	INIT_DELAYED_WORK(&conn->unmap_work, unmap_work_fn);
	INIT_DELAYED_WORK(&conn->thread_work, thread_work_fn);
	return conn;
}

static int vumem_back_connect(struct vlink *link)
{
	struct vlink_region *admin = vlink_region_map(link, "admin", VLINK_MAILBOX_PAGES);
	struct back_conn *conn;

	if (IS_ERR(admin))
		return PTR_ERR(admin);
	conn = back_conn_new();
	if (!conn)
		return -ENOMEM;
	return vumem_conn_start(link, admin, &conn->conn);
}

static void vumem_back_disconnect(struct vlink *link)
{
	struct vumem_dev *dev = link->priv;
	struct vumem_conn *conn = vumem_conn_get(dev);

	vumem_conn_stop(link);
	/* They find the connection broken, if they still run. */
	cancel_delayed_work_sync(&to_back(conn)->unmap_work);
	cancel_delayed_work_sync(&to_back(conn)->thread_work);
	vumem_conn_put(conn);
}

static const struct vlink_ops vumem_back_ops = {
	.add = vumem_back_add,
	.remove = vumem_dev_remove,
	.connect = vumem_back_connect,
	.disconnect = vumem_back_disconnect,
	.event = vumem_event,
};

static struct vlink_driver vumem_back = {
	.service = "vumem",
	.role = VLINK_SERVER,
	.versions = { VUMEM_PROTOCOL_OLDEST, VUMEM_PROTOCOL_NEWEST },
	.ops = &vumem_back_ops,
};

static int __init vumem_back_init(void)
{
	return vlink_register_driver(&vumem_back);
}

static void __exit vumem_back_exit(void)
{
	vlink_unregister_driver(&vumem_back);
}

module_init(vumem_back_init);
module_exit(vumem_back_exit);

MODULE_DESCRIPTION("User memory buffers shared between Xen domains, server's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_SERVER("vumem"));
MODULE_ALIAS("xen-backend:vumem");
