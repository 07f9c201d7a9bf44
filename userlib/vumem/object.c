// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles and what they point to. Objects are kept for the next one when they end, so
 * that an ended handle is found out as such.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../common/abi.h"
#include "../common/node.h"
#include "lib.h"

#define MAGIC	0x56756d00u

/* Guards the lists, and magic and refs of all objects. */
static pthread_mutex_t objects_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vumem_object *live, *unused;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void before_fork(void)
{
	vumem_memory_before_fork();
	pthread_mutex_lock(&objects_lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&objects_lock);
	vumem_memory_after_fork();
}

/* Takes the object out of the live ones, for the next. Under the lock. */
static void recycle(struct vumem_object *object)
{
	struct vumem_object **at;

	for (at = &live; *at != object; at = &(*at)->next)
		;
	*at = object->next;
	object->next = unused;
	unused = object;
}

/* Mappings are not inherited, and the parent remains the allocator. */
static void inherit(struct vumem_object *object)
{
	/* The thread that may have held it is the parent's. */
	pthread_mutex_init(&object->lock, NULL);
	object->addr = NULL;
	object->session = NULL;
	/* Its session may be ending in the parent. */
	if (object->registered && !object->registered->magic)
		object->registered = NULL;
	/* References of the other threads are nobody's now. */
	object->refs = 1;
}

/* Objects without a handle are those that other threads made or ended: here nobody will. */
static void after_fork_in_child(void)
{
	struct vumem_object *object, *next;

	for (object = live; object; object = object->next)
		inherit(object);
	for (object = live; object; object = next) {
		next = object->next;
		if (object->magic)
			continue;
		if (object->fd >= 0)
			close(object->fd);
		recycle(object);
	}
	pthread_mutex_unlock(&objects_lock);
	vumem_memory_after_fork_in_child();
}

static void watch(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

void vumem_watch_forks(void)
{
	pthread_once(&fork_once, watch);
}

struct vumem_object *vumem_object_new(enum vumem_kind kind)
{
	struct vumem_object *object;

	vumem_watch_forks();
	pthread_mutex_lock(&objects_lock);
	object = unused;
	if (object)
		unused = object->next;
	pthread_mutex_unlock(&objects_lock);
	if (!object)
		object = malloc(sizeof(*object));
	if (!object)
		return NULL;
	*object = (struct vumem_object) { .kind = kind, .refs = 1, .fd = -1 };
	pthread_mutex_init(&object->lock, NULL);
	pthread_mutex_lock(&objects_lock);
	object->next = live;
	live = object;
	pthread_mutex_unlock(&objects_lock);
	return object;
}

bool vumem_object_publish(struct vumem_object *object)
{
	bool good;

	pthread_mutex_lock(&objects_lock);
	/* A session that is being destroyed has seen what is to end with it. */
	good = !object->session || object->session->magic;
	if (good)
		object->magic = MAGIC + object->kind;
	pthread_mutex_unlock(&objects_lock);
	return good;
}

struct vumem_object *vumem_object_get(void *handle, enum vumem_kind kind)
{
	struct vumem_object *object = handle;

	if (!object || (uintptr_t)object % _Alignof(struct vumem_object))
		return NULL;
	pthread_mutex_lock(&objects_lock);
	if (object->magic == MAGIC + kind)
		object->refs++;
	else
		object = NULL;
	pthread_mutex_unlock(&objects_lock);
	return object;
}

bool vumem_object_retire(struct vumem_object *object)
{
	bool was_good;

	pthread_mutex_lock(&objects_lock);
	was_good = object->magic;
	object->magic = 0;
	pthread_mutex_unlock(&objects_lock);
	return was_good;
}

/* Nobody else knows the object any more. */
static void end_object(struct vumem_object *object)
{
	int fd = object->fd;

	/* First, as a child that is forked meanwhile closes what it finds here. */
	object->fd = -1;
	if (fd >= 0)
		close(fd);
	pthread_mutex_destroy(&object->lock);
	pthread_mutex_lock(&objects_lock);
	recycle(object);
	pthread_mutex_unlock(&objects_lock);
}

void vumem_object_put(struct vumem_object *object)
{
	bool last;

	pthread_mutex_lock(&objects_lock);
	last = !--object->refs;
	pthread_mutex_unlock(&objects_lock);
	if (last)
		end_object(object);
}

struct vumem_object *vumem_object_buffer_of(const struct vumem_object *session)
{
	struct vumem_object *object;

	pthread_mutex_lock(&objects_lock);
	for (object = live; object; object = object->next)
		if (object->magic == MAGIC + VUMEM_BUFFER && object->session == session)
			break;
	if (object)
		object->refs++;
	pthread_mutex_unlock(&objects_lock);
	return object;
}

void vumem_object_set_registered(struct vumem_object *buffer, struct vumem_object *session)
{
	pthread_mutex_lock(&objects_lock);
	if (session->magic)
		buffer->registered = session;
	pthread_mutex_unlock(&objects_lock);
}

struct vumem_object *vumem_object_take_registered(struct vumem_object *buffer)
{
	struct vumem_object *session;

	pthread_mutex_lock(&objects_lock);
	session = buffer->registered;
	buffer->registered = NULL;
	if (session)
		session->refs++;
	pthread_mutex_unlock(&objects_lock);
	return session;
}

void vumem_object_forget_session(const struct vumem_object *session)
{
	struct vumem_object *object;

	pthread_mutex_lock(&objects_lock);
	for (object = live; object; object = object->next)
		if (object->registered == session)
			object->registered = NULL;
	pthread_mutex_unlock(&objects_lock);
}

int vumem_check_driver(int fd)
{
	static struct vlink_abi abi = { .name = "libvumem", .package = "libvumem1",
					.cmd = VUMEM_IOC_ABI, .oldest = VUMEM_ABI_OLDEST,
					.newest = VUMEM_ABI_NEWEST };

	return vlink_abi_check_node(&abi, fd);
}

int vumem_open(const char *name)
{
	int fd = vlink_node_open(name);
	int err;

	if (fd < 0)
		return fd;
	err = vumem_check_driver(fd);
	if (!err)
		return fd;
	close(fd);
	return -err;
}

int vumem_control(int fd, unsigned long cmd, void *args)
{
	return ioctl(fd, cmd, args) < 0 ? errno : 0;
}

int vumem_control_first(int fd, unsigned long cmd, void *args)
{
	int err = vumem_control(fd, cmd, args);

	return err == ENOTTY ? EINVAL : err;
}
