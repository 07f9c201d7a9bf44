/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of sessions and channels (device.c): the kernel, or a test that stands in for it;
 * and spinning before they are slept on (spin.c).
 */
#ifndef VRPQ_FILE_H
#define VRPQ_FILE_H

#include "common.h"

struct vrpq_kernel {
	int (*open_node)(const char *path);	/* a descriptor, or -errno */
	void (*close_file)(int fd);
	int (*control)(int fd, unsigned long cmd, void *args);	/* 0 or errno */
	/* In place of what is at @at. NULL on failure. */
	void *(*map)(int fd, void *at, size_t size);
	void (*unmap)(void *at, size_t size);
};

extern const struct vrpq_kernel *vrpq_kernel;

/*
 * Addresses for an area, and behind it zeros: a peer that puts a request at the very end of
 * the area is not to make a program read beyond what is mapped.
 */
#define VRPQ_TAIL	VRPQ_SERIAL_DIRECT_PARAMS_SIZE_MAX
void *vrpq_reserve(size_t size);
/* Zeros again where something was mapped in such a place. */
void vrpq_reserve_again(void *base, size_t size);
void vrpq_unreserve(void *base, size_t size);

/* An open session or channel. */
struct vrpq_file {
	int fd;			/* -1: closed */
	u32 seq;		/* its sequence number as last seen; atomic */
	u32 status;		/* VRPQ_ENDED, once seen; atomic */
	u32 pressure;		/* VRPQ_WAIT_PRESSURE as last seen; atomic */

	/* For spinning before sleeping; atomic, and no worse if threads mix them up. */
	u32 slept_us;		/* the last time */
	u32 misses;		/* times in a row that spinning was in vain */
	u32 skip;		/* sleeps before the next time */
};

/* EPROTONOSUPPORT: its driver is of another version, as a message has said. */
int vrpq_file_open(struct vrpq_file *file, const char *path);
/*
 * vrpq_file_open() for a server (listen.c); a path that it has accepted at once is not looked
 * at again.
 */
int vrpq_file_open_to_accept(struct vrpq_file *file, const char *path);
/* For fork(); in the child nobody uses them. */
void vrpq_listeners_lock(void);
void vrpq_listeners_unlock(void);
void vrpq_listeners_forget_users(void);
/* Forgets all, when nobody accepts. */
void vrpq_listeners_close(void);
/* One that can become a channel of the session, whatever the process may open by now. */
int vrpq_file_open_chan(struct vrpq_file *file, const struct vrpq_file *session);
/* Another one like @fresh. */
int vrpq_file_open_like(struct vrpq_file *file, const struct vrpq_file *fresh);
void vrpq_file_close(struct vrpq_file *file);
int vrpq_file_control(struct vrpq_file *file, unsigned long cmd, void *args);
/* Sleeps unless the number is not @seq any more; 0 or EINTR. The status tells the rest. */
int vrpq_file_wait(struct vrpq_file *file, u32 seq, u32 flags);
/* vrpq_file_wait() by a call of another descriptor. */
int vrpq_file_wait_through(struct vrpq_file *file, int fd, u32 seq, u32 flags);
/* Updates number and status, without sleeping. */
void vrpq_file_poll(struct vrpq_file *file, u32 flags);

static inline u32 vrpq_file_seq(const struct vrpq_file *file)
{
	return vrpq_get(&file->seq);
}

static inline u32 vrpq_file_status(const struct vrpq_file *file)
{
	return vrpq_get(&file->status);
}

/* A server of the process is awake from now on, or sleeps or ends. */
void vrpq_spin_count_server(bool awake);
/* No server is awake: the process was forked. */
void vrpq_spin_forget_servers(void);
/* Is spinning promising? To be asked once before a sleep. */
bool vrpq_spin_is_due(struct vrpq_file *file);
/* Spins until @found(@what) or for a while; returns whether it was found. */
bool vrpq_spin(struct vrpq_file *file, bool (*found)(const void *what), const void *what);
/* Is this server, which has nothing to do, one of many? To be asked once before a sleep. */
bool vrpq_yield_is_due(const struct vrpq_file *file);
/* vrpq_spin() for such a server: it gives the processor to the others meanwhile. */
bool vrpq_yield(struct vrpq_file *file, bool (*found)(const void *what), const void *what);

#endif
