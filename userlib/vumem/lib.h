/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libvumem share. <vlink/vumem_ioctl.h> describes what the drivers do. */
#ifndef VUMEM_LIB_H
#define VUMEM_LIB_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <vlink/vumem_ioctl.h>
#include <vlx/vumem/client-lib.h>
#include <vlx/vumem/server-lib.h>

enum vumem_kind { VUMEM_SESSION = 1, VUMEM_BUFFER, VUMEM_SERVER };

/* What handles point to. */
struct vumem_object {
	uint32_t magic;			/* of a handle that is good */
	enum vumem_kind kind;
	unsigned int refs;		/* by the handle, and by whoever works with it */
	int fd;
	struct vumem_object *next;	/* among the live, or the unused */

	struct vumem_object *session;	/* buffer: that allocated it; NULL: another process's */
	struct vumem_object *registered;	/* session it was registered for last */
	pthread_mutex_t lock;		/* guards addr and private */
	void *addr;			/* NULL: not mapped */
	VumemSize size;
	VumemBufferId id;
	VumemBufferAttr attr;
	void *private;
};

/* --- object.c: handles ------------------------------------------------------- */

/* From now on forked children get what is theirs of all this. */
void vumem_watch_forks(void);
/* A new object with one reference, for its handle, and no descriptor. NULL: no memory. */
struct vumem_object *vumem_object_new(enum vumem_kind kind);
/* The handle is good from now on; false: it is not, since its session's is no more. */
bool vumem_object_publish(struct vumem_object *object);
/* The object of a good handle, with a reference; NULL: it is none. */
struct vumem_object *vumem_object_get(void *handle, enum vumem_kind kind);
/* The handle is good no more; false if it was not. The caller gets its reference. */
bool vumem_object_retire(struct vumem_object *object);
void vumem_object_put(struct vumem_object *object);
/* A reference to some good handle's buffer of @session; NULL: there is none left. */
struct vumem_object *vumem_object_buffer_of(const struct vumem_object *session);
void vumem_object_set_registered(struct vumem_object *buffer, struct vumem_object *session);
/* The session it is registered for, with a reference; NULL: none. */
struct vumem_object *vumem_object_take_registered(struct vumem_object *buffer);
/* Registrations for @session are forgotten. */
void vumem_object_forget_session(const struct vumem_object *session);

/* --- the driver -------------------------------------------------------------- */

/*
 * Opens a node: a descriptor or a negative errno; -EPROTONOSUPPORT: its driver is of another
 * version, as a message has said.
 */
int vumem_open(const char *name);
/* 0, or what vumem_open() would return of the driver of @fd, positive. */
int vumem_check_driver(int fd);
/* 0 or a positive errno. */
int vumem_control(int fd, unsigned long cmd, void *args);
/* vumem_control() for the first call on a file: a device that does not have it is EINVAL. */
int vumem_control_first(int fd, unsigned long cmd, void *args);

/* --- memory.c ---------------------------------------------------------------- */

/* Is what lies behind @size bytes at @addr, in its last page, the allocator's zeros? */
bool vumem_memory_is_padded(const void *addr, VumemSize size);
/* Around a fork. The child does not have the memory, and may not free it. */
void vumem_memory_before_fork(void);
void vumem_memory_after_fork(void);
void vumem_memory_after_fork_in_child(void);

#endif
