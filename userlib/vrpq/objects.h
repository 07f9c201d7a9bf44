/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions and channels (session.c), their servers (receive.c), memory that references may
 * point into (resolve.c), and what a fork does to all of them (fork.c).
 */
#ifndef VRPQ_OBJECTS_H
#define VRPQ_OBJECTS_H

#include "file.h"
#include "sender.h"

struct vrpq_session {
	u32 magic;
	struct vrpq_session *next;	/* all of the process, or all unused */
	bool server;
	bool shown;			/* vrpqShmMap was called */
	bool handle_open;
	bool creating;			/* a thread makes a channel; under list_lock */
	u32 creators;			/* that wait for it */
	u32 refs;			/* the handle, channels; atomic */
	struct vrpq_file file;
	struct vrpq_geometry geometry;
	u32 params_start;		/* offset of the zones of parameters */
	VrpqClientId client;
	unsigned char *base;		/* NULL: not mapped */
	size_t size;
	pthread_mutex_t list_lock;
	struct vrpq_chan *chans;	/* those destroyed and not drained yet, too */
	struct vrpq_pool zones[VRPQ_ZONES];
};

/* What the server knows of a request that it was given. */
struct vrpq_delivered {
	VrpqProcReq req;
	u32 in_size, out_size;
};

#define VRPQ_CLIENT_MAGIC	0x56524343u
#define VRPQ_SERVER_MAGIC	0x56524353u

struct vrpq_chan {
	u32 magic;			/* while the handle is good */
	struct vrpq_chan *next;		/* in the session, or all unused */
	struct vrpq_session *session;	/* a reference */
	bool server;
	bool destroyed;			/* client: waits for the server to drain it */
	struct vrpq_file file;
	u32 ctl_page;
	struct vrpq_chan_page *ctl;
	struct vrpq_sender sender;

	/* The receiving end: requests at a server, callbacks at a client. */
	struct vlink_ring_end rx;
	bool rx_broken;

	/* Server: receiving. Owned by the thread that has set busy. */
	bool busy;			/* atomic */
	bool counted;			/* by vrpq_spin_count_server() */
	struct vrpq_segment *segment;
	u32 segment_pos;
	u32 passed;			/* slots to acknowledge */
	struct vrpq_slot *call;		/* of these, the call; NULL: none */
	u32 call_out_offset, call_out_size;
	int reason;
	struct vrpq_delivered *batch;
	u32 batch_room, batch_len;
	u32 copied;			/* of the batch, by vrpqLocalBufReceive */
	void *call_out_copy;		/* the call's output is there */

	/* Client: callbacks in work, under rx_lock. */
	pthread_mutex_t rx_lock;
	u32 taken;			/* index of the next to take */
	u64 done;			/* of those taken, by slot */
};

/* Makes the session's file a session, and finds out how large its area is. */
int vrpq_session_open(struct vrpq_session *session, const char *path, unsigned long cmd,
		      struct vrpq_session_args *args);
/* A new object with a lock in it; the memory of handles is never given back. */
struct vrpq_session *vrpq_session_new(void);
void vrpq_session_put(struct vrpq_session *session);
/* Under list_lock. */
int vrpq_session_map(struct vrpq_session *session);
/* In a forked child, which inherits no mapping of it. Returns false if only zeros are there. */
bool vrpq_session_map_again(struct vrpq_session *session);
/* Do @size bytes at @offset lie in the zones of parameters? 0: there are none. */
static inline bool vrpq_params_are_sound(const struct vrpq_session *session, u32 offset, u32 size)
{
	return !offset || (offset >= session->params_start && offset % VRPQ_UNIT == 0 && size &&
			   (u64)offset + size <= session->size);
}

/* NULL if it is none. */
struct vrpq_session *vrpq_session_of(VrpqSessionHandle handle);
int vrpq_session_release_handle(struct vrpq_session *session);

struct vrpq_chan *vrpq_chan_new(struct vrpq_session *session);
/* NULL if it is none with that magic. */
static inline struct vrpq_chan *vrpq_chan_with(VrpqChanHandle handle, u32 magic)
{
	struct vrpq_chan *chan = handle;

	if (!chan || (uintptr_t)chan % _Alignof(struct vrpq_chan))
		return NULL;
	return chan->magic == magic ? chan : NULL;
}

/* NULL if it is none. */
struct vrpq_chan *vrpq_chan_of(VrpqChanHandle handle);
/* The sending end of a channel with that magic; NULL: see *err. */
static inline struct vrpq_sender *vrpq_sender_of(VrpqChanHandle handle, u32 magic, int *err)
{
	struct vrpq_chan *chan = vrpq_chan_with(handle, magic);

	*err = 0;
	if (chan)
		return &chan->sender;
	*err = vrpq_chan_of(handle) ? EINVAL : ECHANINVALID;
	return NULL;
}

/* Frees it and its pages; it is in no list. The reference to the session stays. */
void vrpq_chan_free(struct vrpq_chan *chan);
void vrpq_session_link(struct vrpq_session *session, struct vrpq_chan *chan);
void vrpq_session_unlink(struct vrpq_session *session, struct vrpq_chan *chan, bool keep);

/* Walk over all channels: reap, and give back what is idle. */
void vrpq_session_reap(struct vrpq_session *session);
/* Asks all servers that have requests for a bell; true: one has moved on already. */
bool vrpq_session_arm(struct vrpq_session *session);
/*
 * The following are a thread's that works for @chan; a client's may have none (NULL).
 * A server may end its session at any moment, and goes through its channel's file.
 */
int vrpq_session_control(const struct vrpq_session *session, const struct vrpq_chan *chan,
			 unsigned long cmd, void *args);
/* Waits until the session's number is not @seq any more; 0 or EINTR. */
int vrpq_session_wait(struct vrpq_session *session, const struct vrpq_chan *chan, u32 seq);
/* Wakes all threads that do. */
void vrpq_session_kick(const struct vrpq_session *session, const struct vrpq_chan *chan);
/* Gives pages back if others need some. No lock is held. */
void vrpq_session_check_pressure(struct vrpq_session *session);
/* Gives pages back that others need, if the file says so. */
void vrpq_session_relieve(struct vrpq_session *session, const struct vrpq_file *file);

static inline u32 vrpq_offset_of(const struct vrpq_session *session, const void *ptr)
{
	return (u32)((const unsigned char *)ptr - session->base);
}

void vrpq_server_destroy(struct vrpq_chan *chan);

/* Memory that references may point into. */
int vrpq_memory_add(const void *base, size_t size);
void vrpq_memory_remove(const void *base);
/* Private copies of a request, the latter both at once. */
int vrpq_memory_add_copy(const void *base, size_t size, const void *owner);
void vrpq_memory_remove_copies(const void *owner);

/* From now on, forks leave all sessions in a state that both processes can go on from. */
void vrpq_fork_watch(void);

/* The sessions of the process; for fork.c, which holds all locks of the library. */
struct vrpq_session *vrpq_sessions(void);
struct vrpq_session *vrpq_sessions_lock(void);
void vrpq_sessions_unlock(void);
void vrpq_objects_lock(void);
void vrpq_objects_unlock(void);
void vrpq_memory_lock(void);
void vrpq_memory_unlock(void);

#endif
