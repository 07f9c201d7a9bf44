// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles and what they point to. Objects are kept for the next one when they end, so
 * that an ended handle is found out as such.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib.h"

#define MAGIC	0x56756d00u

/* Guards the lists, and magic and refs of all objects. */
static pthread_mutex_t objects_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vumem_object *live, *unused;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void before_fork(void)
{
	pthread_mutex_lock(&objects_lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&objects_lock);
}

/* Mappings are not inherited, and the parent remains the allocator. */
static void after_fork_in_child(void)
{
	struct vumem_object *object;

	for (object = live; object; object = object->next) {
		/* The thread that may have held it is the parent's. */
		pthread_mutex_init(&object->lock, NULL);
		object->addr = NULL;
		object->session = NULL;
		/* References of the other threads are nobody's now. */
		object->refs = object->magic ? 1 : object->refs;
	}
	pthread_mutex_unlock(&objects_lock);
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

struct vumem_object *vumem_object_new(enum vumem_kind kind)
{
	struct vumem_object *object;

	pthread_once(&fork_once, watch_forks);
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

void vumem_object_publish(struct vumem_object *object)
{
	pthread_mutex_lock(&objects_lock);
	object->magic = MAGIC + object->kind;
	pthread_mutex_unlock(&objects_lock);
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

/* Takes the object out of the live ones. */
static void unlink_object(struct vumem_object *object)
{
	struct vumem_object **at;

	for (at = &live; *at != object; at = &(*at)->next)
		;
	*at = object->next;
}

static void end_object(struct vumem_object *object)
{
	struct vumem_taken *taken;

	while ((taken = object->taken)) {
		object->taken = taken->next;
		free(taken);
	}
	if (object->fd >= 0)
		close(object->fd);
	free(object->path);
	object->path = NULL;
	pthread_mutex_destroy(&object->lock);
	pthread_mutex_lock(&objects_lock);
	object->next = unused;
	unused = object;
	pthread_mutex_unlock(&objects_lock);
}

void vumem_object_put(struct vumem_object *object)
{
	bool last;

	pthread_mutex_lock(&objects_lock);
	last = !--object->refs;
	if (last)
		unlink_object(object);
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

int vumem_control(int fd, unsigned long cmd, void *args)
{
	return ioctl(fd, cmd, args) < 0 ? errno : 0;
}

int vumem_control_first(int fd, unsigned long cmd, void *args)
{
	int err = vumem_control(fd, cmd, args);

	return err == ENOTTY ? EINVAL : err;
}
