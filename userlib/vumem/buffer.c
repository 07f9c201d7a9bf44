// SPDX-License-Identifier: LGPL-2.1-or-later
/* Buffers of clients. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib.h"

/* The last handle of @object ends; what it has mapped is its caller's affair. */
static int end_handle(struct vumem_object *object)
{
	if (!vumem_object_retire(object))
		return EBADF;
	/* The handle's reference */
	vumem_object_put(object);
	return 0;
}

static int unmap(struct vumem_object *buffer)
{
	int err = EINVAL;

	pthread_mutex_lock(&buffer->lock);
	if (buffer->addr)
		err = munmap(buffer->addr, buffer->size) ? errno : 0;
	if (!err)
		buffer->addr = NULL;
	pthread_mutex_unlock(&buffer->lock);
	return err;
}

/* --- allocation ---------------------------------------------------------------- */

static int allocate(struct vumem_object *buffer, struct vumem_object *session, void *alloc,
		    VumemSize size)
{
	struct vumem_alloc_args args = { .fd = -1, .size = size, .opaque = (uintptr_t)alloc };
	int err = vumem_control(session->fd, VUMEM_IOC_ALLOC, &args);

	if (err)
		return err;
	buffer->fd = args.fd;
	buffer->session = session;
	buffer->id = args.buffer;
	buffer->size = args.bytes;
	buffer->attr = args.attr;
	return 0;
}

static int alloc_in(struct vumem_object *session, void *alloc, VumemSize size,
		    VumemBufferHandle *handle)
{
	struct vumem_object *buffer = vumem_object_new(VUMEM_BUFFER);
	int err;

	if (!buffer)
		return ENOMEM;
	err = allocate(buffer, session, alloc, size);
	if (!err && !vumem_object_publish(buffer))
		/* The session was destroyed meanwhile, and with it what was allocated. */
		err = EBADF;
	if (err) {
		vumem_object_put(buffer);
		return err;
	}
	*handle = buffer;
	return 0;
}

int vumemBufferAlloc(VumemSessionHandle handle, void *alloc, VumemSize size,
		     VumemBufferHandle *buffer)
{
	struct vumem_object *session;
	int err;

	if (!buffer || (size && !alloc) || size > VUMEM_OPAQUE_REQUEST_SIZE_MAX)
		return EINVAL;
	session = vumem_object_get(handle, VUMEM_SESSION);
	if (!session)
		return EBADF;
	err = alloc_in(session, alloc, size, buffer);
	vumem_object_put(session);
	return err;
}

int vumemBufferFree(VumemBufferHandle handle)
{
	struct vumem_object *buffer = vumem_object_get(handle, VUMEM_BUFFER);
	int err;

	if (!buffer)
		return EBADF;
	err = end_handle(buffer);
	if (!err && buffer->session) {
		(void)unmap(buffer);
		err = vumem_control(buffer->fd, VUMEM_IOC_FREE, NULL);
	}
	vumem_object_put(buffer);
	return err;
}

/* --- registration -------------------------------------------------------------- */

static int register_for(struct vumem_object *session, struct vumem_object *buffer)
{
	int32_t fd = session->fd;
	int err = vumem_control(buffer->fd, VUMEM_IOC_REGISTER, &fd);

	if (!err)
		vumem_object_set_registered(buffer, session);
	return err;
}

int vumemBufferRegister(VumemSessionHandle session_handle, VumemBufferHandle buffer_handle)
{
	struct vumem_object *session = vumem_object_get(session_handle, VUMEM_SESSION);
	struct vumem_object *buffer = vumem_object_get(buffer_handle, VUMEM_BUFFER);
	int err = session && buffer ? register_for(session, buffer) : EBADF;

	if (session)
		vumem_object_put(session);
	if (buffer)
		vumem_object_put(buffer);
	return err;
}

int vumemBufferUnregister(VumemBufferHandle handle)
{
	struct vumem_object *buffer = vumem_object_get(handle, VUMEM_BUFFER);
	struct vumem_object *session;
	int err = EINVAL;
	int32_t fd;

	if (!buffer)
		return EBADF;
	session = vumem_object_take_registered(buffer);
	if (session) {
		fd = session->fd;
		err = vumem_control(buffer->fd, VUMEM_IOC_UNREGISTER, &fd);
		vumem_object_put(session);
	}
	vumem_object_put(buffer);
	return err;
}

/* --- mapping ------------------------------------------------------------------- */

static int map(struct vumem_object *buffer, void **vaddr)
{
	void *addr;

	if (buffer->addr) {
		*vaddr = buffer->addr;
		return EBUSY;
	}
	if (!(buffer->attr & VUMEM_ATTR_IS_MAPPABLE))
		return EINVAL;
	addr = mmap(NULL, buffer->size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer->fd, 0);
	if (addr == MAP_FAILED)
		return errno;
	buffer->addr = addr;
	*vaddr = addr;
	return 0;
}

int vumemBufferMap(VumemBufferHandle handle, void **vaddr)
{
	struct vumem_object *buffer;
	int err;

	if (!vaddr)
		return EINVAL;
	buffer = vumem_object_get(handle, VUMEM_BUFFER);
	if (!buffer)
		return EBADF;
	pthread_mutex_lock(&buffer->lock);
	err = map(buffer, vaddr);
	pthread_mutex_unlock(&buffer->lock);
	vumem_object_put(buffer);
	return err;
}

int vumemBufferUnmap(VumemBufferHandle handle)
{
	struct vumem_object *buffer = vumem_object_get(handle, VUMEM_BUFFER);
	int err;

	if (!buffer)
		return EBADF;
	err = unmap(buffer);
	vumem_object_put(buffer);
	return err;
}

static int check_cache_op(VumemCacheOp op)
{
	const VumemCacheOp directions = VUMEM_CACHE_SYNC_MEMORY | VUMEM_CACHE_SYNC_DEVICE;

	return !(op & directions) || (op & ~(directions | VUMEM_CACHE_LOCAL)) ? EINVAL : 0;
}

/* Is it mapped, and still what was mapped? */
static int check_mapped(struct vumem_object *buffer)
{
	struct vumem_buffer_args args;
	int err;

	pthread_mutex_lock(&buffer->lock);
	err = buffer->addr ? 0 : EINVAL;
	pthread_mutex_unlock(&buffer->lock);
	if (!err)
		err = vumem_control(buffer->fd, VUMEM_IOC_BUFFER, &args);
	return err ? err : (int)args.ended;
}

int vumemBufferCacheCtl(VumemBufferHandle handle, VumemCacheOp op)
{
	struct vumem_object *buffer = vumem_object_get(handle, VUMEM_BUFFER);
	int err = check_cache_op(op);

	if (!buffer)
		return EBADF;
	if (!err)
		err = check_mapped(buffer);
	if (!err)
		/* Caches are coherent: only the order of accesses is to be kept. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	vumem_object_put(buffer);
	return err;
}

/* --- questions ----------------------------------------------------------------- */

static int ctl_flag(bool value, int *result, VumemSize size)
{
	if (size != sizeof(*result))
		return EINVAL;
	*result = value;
	return 0;
}

static int ctl_private(struct vumem_object *buffer, void **pointer, VumemSize size, bool set)
{
	if (size != sizeof(*pointer))
		return EINVAL;
	pthread_mutex_lock(&buffer->lock);
	if (set)
		buffer->private = *pointer;
	else
		*pointer = buffer->private;
	pthread_mutex_unlock(&buffer->lock);
	return 0;
}

static int ctl_remote(const struct vumem_object *buffer, void *arg, VumemSize size)
{
	struct vumem_ctl_args args = { .size = size, .opaque = (uintptr_t)arg };

	if (size > VUMEM_OPAQUE_REQUEST_SIZE_MAX)
		return EINVAL;
	return vumem_control(buffer->fd, VUMEM_IOC_CTL, &args);
}

static int ctl(struct vumem_object *buffer, VumemCtlOp cmd, void *arg, VumemSize size)
{
	switch (cmd) {
	case VUMEM_CTL_REMOTE:
		return ctl_remote(buffer, arg, size);
	case VUMEM_CTL_IS_ALLOCATOR:
		return ctl_flag(buffer->session, arg, size);
	case VUMEM_CTL_IS_MAPPABLE:
		return ctl_flag(buffer->attr & VUMEM_ATTR_IS_MAPPABLE, arg, size);
	case VUMEM_CTL_PRIVATE_GET:
	case VUMEM_CTL_PRIVATE_SET:
		return ctl_private(buffer, arg, size, cmd == VUMEM_CTL_PRIVATE_SET);
	}
	return EINVAL;
}

int vumemBufferCtl(VumemBufferHandle handle, VumemCtlOp cmd, void *arg, VumemSize size)
{
	struct vumem_object *buffer;
	int err;

	if (!arg && size)
		return EINVAL;
	buffer = vumem_object_get(handle, VUMEM_BUFFER);
	if (!buffer)
		return EBADF;
	err = ctl(buffer, cmd, arg, size);
	vumem_object_put(buffer);
	return err;
}

int vumemBufferIdGet(VumemBufferHandle handle, VumemBufferId *id)
{
	struct vumem_object *buffer;

	if (!id)
		return EINVAL;
	buffer = vumem_object_get(handle, VUMEM_BUFFER);
	if (!buffer)
		return EBADF;
	*id = buffer->id;
	vumem_object_put(buffer);
	return 0;
}

int vumemBufferInfo(VumemBufferHandle handle, VumemSize *size, VumemBufferAttr *attr)
{
	struct vumem_object *buffer = vumem_object_get(handle, VUMEM_BUFFER);

	if (!buffer)
		return EBADF;
	if (size)
		*size = buffer->size;
	if (attr)
		*attr = buffer->attr;
	vumem_object_put(buffer);
	return 0;
}

/* --- passing to other processes ------------------------------------------------ */

int vumemBufferFd(VumemBufferHandle handle, int *fd)
{
	struct vumem_object *buffer;

	if (!fd)
		return EINVAL;
	buffer = vumem_object_get(handle, VUMEM_BUFFER);
	if (!buffer)
		return EBADF;
	*fd = buffer->fd;
	vumem_object_put(buffer);
	return 0;
}

static int adopt(struct vumem_object *buffer, int fd)
{
	struct vumem_buffer_args args;
	int err;

	buffer->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (buffer->fd < 0)
		return errno;
	err = vumem_check_driver(buffer->fd);
	if (!err)
		err = vumem_control_first(buffer->fd, VUMEM_IOC_BUFFER, &args);
	if (err)
		return err;
	buffer->id = args.buffer;
	buffer->size = args.bytes;
	buffer->attr = args.attr;
	return 0;
}

int vumemBufferFromFd(int fd, VumemBufferHandle *handle)
{
	struct vumem_object *buffer;
	int err;

	if (!handle)
		return EINVAL;
	buffer = vumem_object_new(VUMEM_BUFFER);
	if (!buffer)
		return ENOMEM;
	err = adopt(buffer, fd);
	if (err) {
		vumem_object_put(buffer);
		return err;
	}
	(void)vumem_object_publish(buffer);
	*handle = buffer;
	return 0;
}
