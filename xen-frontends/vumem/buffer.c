// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: a file for each. It may be passed to other processes; what a process has of
 * it are its descriptors and mappings. A buffer ends when its allocator frees it, when
 * its last descriptor is closed, and with the session that allocated it: then no mapping
 * is left anywhere, before the server hears of it.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "front.h"

/* ------------------------------------------------------------------------ */
/* Life and end                                                               */

static void registration_free(struct registration *reg)
{
	/* register_session()'s reference */
	vumem_session_put(reg->session);
	kfree(reg);
}

static void buffer_free(struct kref *ref)
{
	struct buffer *buffer = container_of(ref, struct buffer, ref);
	struct registration *reg, *next;

	list_for_each_entry_safe(reg, next, &buffer->registrations, node)
		registration_free(reg);
	if (buffer->free_request)
		vumem_request_put(buffer->free_request);
	/* buffer_new()'s reference */
	vumem_session_put(buffer->session);
	kfree(buffer);
}

void vumem_buffer_put(struct buffer *buffer)
{
	kref_put(&buffer->ref, buffer_free);
}

void vumem_buffer_revoke(struct buffer *buffer)
{
	lockdep_assert_held(&buffer->session->conn->conn.lock);
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
	struct vumem_dev *dev = buffer->session->conn->conn.dev;

	if (buffer->freed)
		return false;
	buffer->freed = true;
	vumem_buffer_revoke(buffer);
	list_del_init(&buffer->node);
	atomic64_inc(&dev->stats[VUMEM_PROF_BUFFER_FREE]);
	atomic64_dec(&dev->stats[VUMEM_PROF_BUFFERS]);
	atomic64_sub(buffer->bytes, &dev->stats[VUMEM_PROF_BUFFER_ALLOCATED_SIZE]);
	return true;
}

void vumem_buffer_forsake(struct buffer *buffer)
{
	struct front_conn *conn = buffer->session->conn;
	struct request *request = buffer->free_request;

	if (!buffer_end(buffer))
		return;
	if (!buffer->session->broken) {
		request->orphan = true;
		/* If the connection is broken, the server knows. */
		vumem_request_submit(conn, request);
	}
	/* The session's reference. */
	vumem_buffer_put(buffer);
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

/* The caller's session reference becomes the buffer's. */
static struct buffer *buffer_new(struct session *session)
{
	struct buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);

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
	kref_get(&session->ref);
	buffer->session = session;
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

/* Under the lock. */
static int buffer_begin(struct buffer *buffer, const struct vumem_msg *msg)
{
	struct session *session = buffer->session;

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

/* Asks the server; on success @buffer is one, and request->msg.opaque the answer. */
static int allocate(struct buffer *buffer, struct request *request)
{
	struct front_conn *conn = buffer->session->conn;
	int err = vumem_request_call(conn, request, true);

	if (err)
		return err;
	mutex_lock(&conn->conn.lock);
	if (check_allocated(&request->msg)) {
		vumem_conn_break(&conn->conn);
		err = -EPIPE;
	} else {
		err = buffer_begin(buffer, &request->msg);
	}
	mutex_unlock(&conn->conn.lock);
	return err;
}

/* Makes the fresh file the buffer. */
static int file_become_buffer(struct front_file *file, struct buffer *buffer)
{
	int err = -EINVAL;

	mutex_lock(&file->lock);
	if (!file->session && !file->buffer) {
		/* Pairs with smp_load_acquire() of the file's other calls. */
		smp_store_release(&file->buffer, buffer);
		err = 0;
	}
	mutex_unlock(&file->lock);
	return err;
}

static void buffer_abandon(struct buffer *buffer)
{
	struct vumem_conn *conn = &buffer->session->conn->conn;

	mutex_lock(&conn->lock);
	vumem_buffer_forsake(buffer);
	vumem_push(conn);
	mutex_unlock(&conn->lock);
}

static int alloc_in_session(struct front_file *file, struct session *session,
			    struct request *request, struct vumem_alloc_args *args)
{
	struct buffer *buffer = buffer_new(session);
	int err;

	if (!buffer)
		return -ENOMEM;
	err = allocate(buffer, request);
	if (err)
		goto drop;
	args->buffer = buffer->id;
	args->bytes = buffer->bytes;
	args->attr = buffer->attr;
	if (args->size && copy_to_user(u64_to_user_ptr(args->opaque), request->msg.opaque,
				       args->size))
		err = -EFAULT;
	if (!err)
		err = file_become_buffer(file, buffer);
	if (!err)
		return 0;
	buffer_abandon(buffer);
drop:
	vumem_buffer_put(buffer);
	return err;
}

static int request_set_opaque(struct request *request, u64 opaque, u32 size)
{
	request->msg.opaque_size = size;
	return copy_from_user(request->msg.opaque, u64_to_user_ptr(opaque), size) ? -EFAULT : 0;
}

long vumem_buffer_alloc_ioctl(struct front_file *file, void __user *arg)
{
	struct vumem_alloc_args args;
	struct session *session;
	struct request *request;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.size > VUMEM_OPAQUE_MAX || READ_ONCE(file->session) || READ_ONCE(file->buffer))
		return -EINVAL;
	session = vumem_session_of_fd(file->dev, args.session_fd);
	if (IS_ERR(session))
		return PTR_ERR(session);

	err = may_allocate(session);
	request = err ? NULL : vumem_request_new(VUMEM_ALLOC, session, 0);
	if (!err && !request)
		err = -ENOMEM;
	if (!err)
		err = request_set_opaque(request, args.opaque, args.size);
	if (!err)
		err = alloc_in_session(file, session, request, &args);
	if (request)
		vumem_request_put(request);
	vumem_session_put(session);
	if (err)
		return err;
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

/* ------------------------------------------------------------------------ */
/* What buffers can do                                                        */

static long buffer_free_ioctl(struct buffer *buffer)
{
	struct front_conn *conn = buffer->session->conn;
	struct request *request = vumem_request_new(VUMEM_FREE, buffer->session, buffer->id);
	bool ours, broken;
	int err = -EPIPE;

	if (!request)
		return -ENOMEM;
	mutex_lock(&conn->conn.lock);
	broken = buffer->session->broken;
	ours = buffer_end(buffer);
	mutex_unlock(&conn->conn.lock);
	if (ours && !broken)
		/* Interrupted or not, the server will hear of it. */
		err = vumem_request_call(conn, request, true);
	vumem_request_put(request);
	if (!ours)
		return broken ? -EPIPE : -EINVAL;
	/* The session's reference. */
	vumem_buffer_put(buffer);
	return err;
}

/* Sends a request about the buffer for another session. */
static int call_about(struct buffer *buffer, struct session *session, u32 type)
{
	struct request *request = vumem_request_new(type, session, buffer->id);
	int err;

	if (!request)
		return -ENOMEM;
	err = vumem_request_call(buffer->session->conn, request, true);
	vumem_request_put(request);
	return err;
}

static struct registration *find_registration(struct buffer *buffer,
					      const struct session *session)
{
	struct registration *reg;

	list_for_each_entry(reg, &buffer->registrations, node)
		if (reg->session == session)
			return reg;
	return NULL;
}

static int register_session(struct buffer *buffer, struct session *session)
{
	struct vumem_conn *conn = &buffer->session->conn->conn;
	struct registration *reg = kzalloc(sizeof(*reg), GFP_KERNEL);
	int err = 0;

	if (!reg)
		return -ENOMEM;
	/* Dropped by registration_free(). */
	kref_get(&session->ref);
	reg->session = session;
	mutex_lock(&conn->lock);
	if (buffer->freed || session->broken)
		err = -EPIPE;
	else if (session == buffer->session || find_registration(buffer, session))
		err = -EBUSY;
	else
		list_add_tail(&reg->node, &buffer->registrations);
	mutex_unlock(&conn->lock);
	if (err)
		registration_free(reg);
	return err;
}

static int unregister_session(struct buffer *buffer, struct session *session)
{
	struct vumem_conn *conn = &buffer->session->conn->conn;
	struct registration *reg;

	mutex_lock(&conn->lock);
	reg = find_registration(buffer, session);
	if (reg)
		list_del(&reg->node);
	mutex_unlock(&conn->lock);
	if (!reg)
		return -EINVAL;
	registration_free(reg);
	return 0;
}

void vumem_buffer_forget_session(struct buffer *buffer, struct session *session)
{
	struct registration *reg = find_registration(buffer, session);
	struct request *request;

	if (!reg)
		return;
	list_del(&reg->node);
	registration_free(reg);
	request = vumem_request_new(VUMEM_UNREGISTER, session, buffer->id);
	if (!request)
		return;
	request->orphan = true;
	vumem_request_submit(session->conn, request);
	vumem_request_put(request);
}

static long registration_ioctl(struct front_file *file, struct buffer *buffer, u32 type,
			       void __user *arg)
{
	struct vumem_dev *dev = file->dev;
	struct session *session;
	s32 fd;
	int err;

	if (copy_from_user(&fd, arg, sizeof(fd)))
		return -EFAULT;
	session = vumem_session_of_fd(dev, fd);
	if (IS_ERR(session))
		return PTR_ERR(session);
	if (session->conn != buffer->session->conn)
		err = -EPIPE;
	else if (type == VUMEM_REGISTER)
		err = register_session(buffer, session);
	else
		err = unregister_session(buffer, session);
	if (!err)
		err = call_about(buffer, session, type);
	if (err && err != -EBUSY && type == VUMEM_REGISTER)
		unregister_session(buffer, session);
	if (!err)
		atomic64_inc(&dev->stats[type == VUMEM_REGISTER ? VUMEM_PROF_BUFFER_REGISTER :
								  VUMEM_PROF_BUFFER_UNREGISTER]);
	vumem_session_put(session);
	/* Twice is as good as once. */
	return err == -EBUSY ? 0 : err;
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
		return READ_ONCE(buffer->session->broken) ? -EPIPE : -EINVAL;
	request = vumem_request_new(VUMEM_CTL, buffer->session, buffer->id);
	if (!request)
		return -ENOMEM;
	err = request_set_opaque(request, args.opaque, args.size);
	if (!err)
		err = vumem_request_call(buffer->session->conn, request, true);
	if (!err && copy_to_user(u64_to_user_ptr(args.opaque), request->msg.opaque, args.size))
		err = -EFAULT;
	if (!err)
		atomic64_inc(&buffer->session->conn->conn.dev->stats[VUMEM_PROF_BUFFER_CTL_REMOTE]);
	vumem_request_put(request);
	return err;
}

static long info_ioctl(struct buffer *buffer, void __user *arg)
{
	struct vumem_buffer_args args = {
		.buffer = buffer->id,
		.bytes = buffer->bytes,
		.attr = buffer->attr,
		.freed = READ_ONCE(buffer->freed),
	};

	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

long vumem_buffer_ioctl(struct front_file *file, unsigned int cmd, void __user *arg)
{
	struct buffer *buffer = smp_load_acquire(&file->buffer);

	if (!buffer)
		return -EINVAL;
	switch (cmd) {
	case VUMEM_IOC_FREE:
		return buffer_free_ioctl(buffer);
	case VUMEM_IOC_REGISTER:
		return registration_ioctl(file, buffer, VUMEM_REGISTER, arg);
	case VUMEM_IOC_UNREGISTER:
		return registration_ioctl(file, buffer, VUMEM_UNREGISTER, arg);
	case VUMEM_IOC_CTL:
		return ctl_ioctl(buffer, arg);
	default:
		return info_ioctl(buffer, arg);
	}
}

/* Maps the server's pages when they are needed first. Under the lock. */
static int buffer_open_window(struct buffer *buffer)
{
	struct vumem_conn *conn = &buffer->session->conn->conn;
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
		vumem_buffer_revoke(buffer);
	return err;

fail:
	vlink_pages_unmap(region);
	return err;
}

int vumem_buffer_mmap(struct buffer *buffer, struct vm_area_struct *vma)
{
	struct vumem_conn *conn = &buffer->session->conn->conn;
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
