// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: a file for each. It may be passed to other processes; what a process has of
 * it are its descriptors and mappings. A buffer ends when its allocator frees it, when
 * its last descriptor is closed, and with the session that allocated it: then no mapping
 * is left anywhere, before the server hears of it.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "front.h"

static const struct file_operations buffer_fops;

static struct front_conn *conn_of(const struct buffer *buffer)
{
	return buffer->session->conn;
}

/* ------------------------------------------------------------------------ */
/* Registrations                                                              */

static void registration_free(struct registration *reg)
{
	if (reg->unregister)
		vumem_request_put(reg->unregister);
	kfree(reg);
}

static struct registration *registration_new(struct buffer *buffer, struct session *session)
{
	struct registration *reg = kzalloc(sizeof(*reg), GFP_KERNEL_ACCOUNT);

	if (!reg)
		return NULL;
	reg->session = session;
	reg->buffer = buffer;
	reg->unregister = vumem_request_new(VUMEM_UNREGISTER, session, buffer->id);
	if (reg->unregister)
		return reg;
	registration_free(reg);
	return NULL;
}

/* Under the lock, as all that follow. */
static void registration_end(struct registration *reg)
{
	list_del(&reg->of_buffer);
	list_del(&reg->of_session);
	registration_free(reg);
}

static struct registration *find_registration(struct buffer *buffer,
					      const struct session *session)
{
	struct registration *reg;

	list_for_each_entry(reg, &buffer->registrations, of_buffer)
		if (reg->session == session)
			return reg;
	return NULL;
}

static bool is_registered(struct buffer *buffer, const struct session *session)
{
	return session == buffer->session || find_registration(buffer, session);
}

/* The server's consent has come; the subject is the place of a registration to take. */
static int registration_accept(struct request *request)
{
	struct registration **place = request->subject, *reg = *place;

	if (reg->buffer->freed || reg->session->broken)
		return -EPIPE;
	/* Another thread's came before. */
	if (is_registered(reg->buffer, reg->session))
		return 0;
	*place = NULL;
	list_add_tail(&reg->of_buffer, &reg->buffer->registrations);
	list_add_tail(&reg->of_session, &reg->session->registrations);
	atomic64_inc(&conn_of(reg->buffer)->conn.dev->stats[VUMEM_PROF_BUFFER_REGISTER]);
	return 0;
}

void vumem_session_unregister(struct session *session)
{
	struct registration *reg, *next;

	list_for_each_entry_safe(reg, next, &session->registrations, of_session) {
		reg->unregister->orphan = true;
		if (!session->broken)
			vumem_request_submit(session->conn, reg->unregister);
		registration_end(reg);
	}
}

/* ------------------------------------------------------------------------ */
/* Life and end                                                               */

static void buffer_free(struct kref *ref)
{
	struct buffer *buffer = container_of(ref, struct buffer, ref);

	if (buffer->free_request)
		vumem_request_put(buffer->free_request);
	/* buffer_new()'s reference */
	vumem_session_put(buffer->session);
	kfree(buffer);
}

static void buffer_put(struct buffer *buffer)
{
	kref_put(&buffer->ref, buffer_free);
}

/* Ends all mappings. */
static void buffer_revoke(struct buffer *buffer)
{
	lockdep_assert_held(&conn_of(buffer)->conn.lock);
	if (buffer->window)
		vlink_window_close(buffer->window);
	buffer->window = NULL;
	if (buffer->region)
		vlink_pages_unmap(buffer->region);
	buffer->region = NULL;
}

/* Takes the buffer from its session; false if that was done before. */
static bool buffer_end(struct buffer *buffer)
{
	struct vumem_dev *dev = conn_of(buffer)->conn.dev;
	struct registration *reg, *next;

	if (buffer->freed)
		return false;
	WRITE_ONCE(buffer->freed, true);
	buffer_revoke(buffer);
	list_for_each_entry_safe(reg, next, &buffer->registrations, of_buffer)
		registration_end(reg);
	list_del_init(&buffer->node);
	atomic64_inc(&dev->stats[VUMEM_PROF_BUFFER_FREE]);
	atomic64_dec(&dev->stats[VUMEM_PROF_BUFFERS]);
	atomic64_sub(buffer->bytes, &dev->stats[VUMEM_PROF_BUFFER_ALLOCATED_SIZE]);
	return true;
}

void vumem_buffer_discard(struct buffer *buffer)
{
	struct request *request = buffer->free_request;

	if (!buffer_end(buffer))
		return;
	request->orphan = true;
	/* If the session is broken, the server knows. */
	if (!buffer->session->broken)
		vumem_request_submit(conn_of(buffer), request);
	/* The session's reference. */
	buffer_put(buffer);
}

/* What the server says about a new buffer, as far as it can be true. */
static int check_allocated(const struct vumem_msg *msg)
{
	if (msg->pages > VUMEM_BUFFER_PAGES_MAX || (msg->pages && !msg->dir_ref))
		return -EPROTO;
	if (msg->pages && msg->bytes != msg->pages * PAGE_SIZE)
		return -EPROTO;
	return 0;
}

static struct buffer *buffer_new(struct session *session)
{
	struct buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL_ACCOUNT);

	if (!buffer)
		return NULL;
	buffer->free_request = vumem_request_new(VUMEM_FREE, session, 0);
	if (!buffer->free_request) {
		kfree(buffer);
		return NULL;
	}
	kref_init(&buffer->ref);
	INIT_LIST_HEAD(&buffer->node);
	INIT_LIST_HEAD(&buffer->registrations);
	/* Dropped by buffer_free(). */
	kref_get(&session->ref);
	buffer->session = session;
	/* Until the server has made it one. */
	buffer->freed = true;
	return buffer;
}

static void note_allocated(struct vumem_dev *dev, u32 bytes)
{
	s64 now = atomic64_add_return(bytes, &dev->stats[VUMEM_PROF_BUFFER_ALLOCATED_SIZE]);

	atomic64_inc(&dev->stats[VUMEM_PROF_BUFFER_ALLOC]);
	atomic64_inc(&dev->stats[VUMEM_PROF_BUFFERS]);
	/* Peaks: whoever loses a race here is noted by the next. */
	if (now > atomic64_read(&dev->stats[VUMEM_PROF_BUFFER_ALLOCATED_SIZE_MAX]))
		atomic64_set(&dev->stats[VUMEM_PROF_BUFFER_ALLOCATED_SIZE_MAX], now);
	if (bytes > atomic64_read(&dev->stats[VUMEM_PROF_BUFFER_SINGLE_SIZE_MAX]))
		atomic64_set(&dev->stats[VUMEM_PROF_BUFFER_SINGLE_SIZE_MAX], bytes);
}

/* The server has allocated the buffer. */
static int buffer_accept(struct request *request)
{
	const struct vumem_msg *msg = &request->msg;
	struct buffer *buffer = request->subject;
	struct session *session = buffer->session;

	if (check_allocated(msg))
		return -EPROTO;
	if (session->broken)
		return -EPIPE;
	buffer->id = msg->buffer;
	buffer->bytes = msg->bytes;
	buffer->attr = msg->attr;
	buffer->pages = msg->pages;
	buffer->dir_ref = msg->dir_ref;
	buffer->free_request->msg.buffer = msg->buffer;
	/* The session's reference, until the buffer ends. */
	kref_get(&buffer->ref);
	list_add_tail(&buffer->node, &session->buffers);
	WRITE_ONCE(buffer->freed, false);
	note_allocated(session->conn->conn.dev, buffer->bytes);
	return 0;
}

/* ------------------------------------------------------------------------ */
/* Allocation                                                                 */

static int may_allocate(struct session *session)
{
	struct front_conn *conn = session->conn;
	int err = 0;

	mutex_lock(&conn->conn.lock);
	if (session->broken)
		err = -EPIPE;
	else if (conn->master && conn->master != session)
		err = -EPERM;
	mutex_unlock(&conn->conn.lock);
	return err;
}

static int request_set_opaque(struct request *request, u64 opaque, u32 size)
{
	request->msg.opaque_size = size;
	return copy_from_user(request->msg.opaque, u64_to_user_ptr(opaque), size) ? -EFAULT : 0;
}

/* Asks the server; on success @buffer is one, and @args says what the caller is to know. */
static int allocate(struct buffer *buffer, struct vumem_alloc_args *args)
{
	struct session *session = buffer->session;
	struct request *request = vumem_request_new(VUMEM_ALLOC, session, 0);
	int err;

	if (!request)
		return -ENOMEM;
	request->accept = buffer_accept;
	request->subject = buffer;
	err = request_set_opaque(request, args->opaque, args->size);
	if (!err)
		err = vumem_request_call(session->conn, request, VLINK_KILLABLE);
	if (!err && copy_to_user(u64_to_user_ptr(args->opaque), request->msg.opaque, args->size))
		err = -EFAULT;
	vumem_request_put(request);
	args->buffer = buffer->id;
	args->bytes = buffer->bytes;
	args->attr = buffer->attr;
	return err;
}

/* The file of a buffer that the server is yet to allocate. */
static struct file *buffer_file(struct session *session)
{
	struct buffer *buffer = buffer_new(session);
	struct file *file;

	if (!buffer)
		return ERR_PTR(-ENOMEM);
	/* It has buffer_new()'s reference now. */
	file = anon_inode_getfile("[vumem-buffer]", &buffer_fops, buffer, O_RDWR);
	if (IS_ERR(file))
		buffer_put(buffer);
	return file;
}

long vumem_buffer_alloc_ioctl(struct session *session, void __user *arg)
{
	struct vumem_alloc_args args;
	struct file *file;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.size > VUMEM_OPAQUE_MAX)
		return -EINVAL;
	err = may_allocate(session);
	if (err)
		return err;
	file = buffer_file(session);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* Both before the server is asked for what could not be handed out. */
	args.fd = get_unused_fd_flags(O_CLOEXEC);
	if (args.fd < 0) {
		err = args.fd;
		goto put_file;
	}
	err = allocate(file->private_data, &args);
	if (!err && copy_to_user(arg, &args, sizeof(args)))
		err = -EFAULT;
	if (err)
		goto put_fd;
	fd_install(args.fd, file);
	return 0;

put_fd:
	put_unused_fd(args.fd);
put_file:
	/* Frees the buffer, if there is one by now. */
	fput(file);
	return err;
}

/* ------------------------------------------------------------------------ */
/* What buffers can do                                                        */

/* What a call about a buffer that has ended returns. */
static int ended_error(const struct buffer *buffer)
{
	return READ_ONCE(buffer->session->broken) ? -EPIPE : -EINVAL;
}

static long buffer_free_ioctl(struct buffer *buffer)
{
	struct front_conn *conn = conn_of(buffer);
	struct request *request = buffer->free_request;
	bool ours;
	int err;

	mutex_lock(&conn->conn.lock);
	ours = buffer_end(buffer);
	err = ended_error(buffer);
	if (ours) {
		/* That of its allocator, if nobody frees it. */
		request->msg.app_id = task_tgid_vnr(current);
		err = vumem_request_submit(conn, request);
		vumem_push(&conn->conn);
	}
	mutex_unlock(&conn->conn.lock);
	if (!err)
		/* Interrupted or not, the server will hear of it. */
		err = vumem_request_await(conn, request, VLINK_KILLABLE);
	if (ours)
		/* The session's reference. */
		buffer_put(buffer);
	return err;
}

/* 1: it is registered, or has it allocated. */
static int check_registrable(struct buffer *buffer, struct session *session)
{
	struct vumem_conn *conn = &conn_of(buffer)->conn;
	int ret = 0;

	mutex_lock(&conn->lock);
	if (buffer->freed || session->broken)
		ret = -EPIPE;
	else if (is_registered(buffer, session))
		ret = 1;
	mutex_unlock(&conn->lock);
	return ret;
}

static int register_session(struct buffer *buffer, struct session *session)
{
	int ret = check_registrable(buffer, session);
	struct registration *reg;
	struct request *request;

	/* Twice is as good as once. */
	if (ret)
		return min(ret, 0);
	request = vumem_request_new(VUMEM_REGISTER, session, buffer->id);
	reg = registration_new(buffer, session);
	ret = -ENOMEM;
	if (request && reg) {
		request->accept = registration_accept;
		request->subject = &reg;
		ret = vumem_request_call(session->conn, request, VLINK_KILLABLE);
	}
	if (request)
		vumem_request_put(request);
	/* Unless it was taken. */
	if (reg)
		registration_free(reg);
	return ret;
}

static int unregister_session(struct buffer *buffer, struct session *session)
{
	struct front_conn *conn = session->conn;
	struct request *request = NULL;
	struct registration *reg;
	int err = -EINVAL;

	mutex_lock(&conn->conn.lock);
	reg = find_registration(buffer, session);
	if (reg) {
		request = reg->unregister;
		reg->unregister = NULL;
		registration_end(reg);
		err = vumem_request_submit(conn, request);
		vumem_push(&conn->conn);
	}
	mutex_unlock(&conn->conn.lock);
	if (!err)
		err = vumem_request_await(conn, request, VLINK_KILLABLE);
	if (!err)
		atomic64_inc(&conn->conn.dev->stats[VUMEM_PROF_BUFFER_UNREGISTER]);
	if (request)
		vumem_request_put(request);
	return err;
}

/* The file of the session that is open as @fd is held meanwhile. */
static int with_session_of_fd(struct buffer *buffer, int fd,
			      int (*fn)(struct buffer *buffer, struct session *session))
{
	struct session *session;
	struct file *file = fget(fd);
	int err;

	if (!file)
		return -EBADF;
	session = vumem_session_of_file(conn_of(buffer)->conn.dev, file);
	if (!session)
		err = -EINVAL;
	else if (session->conn != conn_of(buffer))
		err = -EPIPE;
	else
		err = fn(buffer, session);
	fput(file);
	return err;
}

static long registration_ioctl(struct buffer *buffer, void __user *arg,
			       int (*fn)(struct buffer *buffer, struct session *session))
{
	s32 fd;

	if (copy_from_user(&fd, arg, sizeof(fd)))
		return -EFAULT;
	return with_session_of_fd(buffer, fd, fn);
}

static long ctl_ioctl(struct buffer *buffer, void __user *arg)
{
	struct vumem_ctl_args args;
	struct request *request;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.size > VUMEM_OPAQUE_MAX)
		return -EINVAL;
	if (READ_ONCE(buffer->freed))
		return ended_error(buffer);
	request = vumem_request_new(VUMEM_CTL, buffer->session, buffer->id);
	if (!request)
		return -ENOMEM;
	err = request_set_opaque(request, args.opaque, args.size);
	if (!err)
		err = vumem_request_call(conn_of(buffer), request, VLINK_KILLABLE);
	if (!err && copy_to_user(u64_to_user_ptr(args.opaque), request->msg.opaque, args.size))
		err = -EFAULT;
	if (!err)
		atomic64_inc(&conn_of(buffer)->conn.dev->stats[VUMEM_PROF_BUFFER_CTL_REMOTE]);
	vumem_request_put(request);
	return err;
}

static long info_ioctl(struct buffer *buffer, void __user *arg)
{
	struct vumem_buffer_args args = {
		.buffer = buffer->id,
		.bytes = buffer->bytes,
		.attr = buffer->attr,
		.ended = READ_ONCE(buffer->freed) ? -ended_error(buffer) : 0,
	};

	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static long buffer_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct buffer *buffer = file->private_data;
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VUMEM_IOC_ABI:
		return vlink_node_abi(VUMEM_ABI_OLDEST, VUMEM_ABI_NEWEST, uarg);
	case VUMEM_IOC_FREE:
		return buffer_free_ioctl(buffer);
	case VUMEM_IOC_REGISTER:
		return registration_ioctl(buffer, uarg, register_session);
	case VUMEM_IOC_UNREGISTER:
		return registration_ioctl(buffer, uarg, unregister_session);
	case VUMEM_IOC_CTL:
		return ctl_ioctl(buffer, uarg);
	case VUMEM_IOC_BUFFER:
		return info_ioctl(buffer, uarg);
	case VUMEM_IOC_STAT:
		return vumem_stat(conn_of(buffer)->conn.dev, uarg);
	case VUMEM_IOC_SESSION_CREATE:
	case VUMEM_IOC_ALLOC:
		return -EINVAL;
	}
	return -ENOTTY;
}

/* Maps the server's pages when they are needed first. Under the lock. */
static int buffer_open_window(struct buffer *buffer)
{
	struct vumem_conn *conn = &conn_of(buffer)->conn;
	struct vlink_window *window;
	struct vlink_region *region;
	int err;

	if (buffer->window)
		return 0;
	region = vlink_pages_map_dir(conn->link, buffer->dir_ref, buffer->pages);
	if (IS_ERR(region))
		return PTR_ERR(region);
	err = vlink_region_charge(region, NULL);
	if (err)
		goto fail;
	window = vlink_window_create(dev_name(&conn->dev->dev), buffer->pages);
	if (IS_ERR(window)) {
		err = PTR_ERR(window);
		goto fail;
	}
	buffer->window = window;
	buffer->region = region;
	err = vlink_window_add(window, 0, region);
	if (err)
		buffer_revoke(buffer);
	return err;

fail:
	vlink_pages_unmap(region);
	return err;
}

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct buffer *buffer = file->private_data;
	struct vumem_conn *conn = &conn_of(buffer)->conn;
	int err;

	if (!buffer->pages || vma->vm_pgoff || vma_pages(vma) != buffer->pages)
		return -EINVAL;
	mutex_lock(&conn->lock);
	err = buffer->freed || conn->broken ? -EPIPE : buffer_open_window(buffer);
	if (!err)
		err = vlink_window_mmap(buffer->window, vma,
					VLINK_WINDOW_POPULATE | VLINK_WINDOW_ONCE);
	mutex_unlock(&conn->lock);
	if (!err)
		atomic64_inc(&conn->dev->stats[VUMEM_PROF_BUFFER_MAP]);
	return err;
}

static int buffer_release(struct inode *inode, struct file *file)
{
	struct buffer *buffer = file->private_data;
	struct vumem_conn *conn = &conn_of(buffer)->conn;

	mutex_lock(&conn->lock);
	vumem_buffer_discard(buffer);
	vumem_push(conn);
	mutex_unlock(&conn->lock);
	/* The file's reference. */
	buffer_put(buffer);
	return 0;
}

static const struct file_operations buffer_fops = {
	.owner = THIS_MODULE,
	.release = buffer_release,
	.unlocked_ioctl = buffer_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = buffer_mmap,
};
