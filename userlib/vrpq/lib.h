/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libvrpq share. <xen/io/vrpq.h> describes the memory that the two
 * libraries share, <vlink/vrpq_ioctl.h> what the drivers do.
 *
 * A session has a list of channels. Each channel has a sender, the end that
 * places requests or callbacks: slots, and an arena of parameter memory, which takes its
 * pages from a zone of the session's area. All that decides anything is in private memory;
 * shared memory is read once and checked.
 *
 * Locks, in this order:
 *   sessions_lock	the list of sessions (session.c)
 *   session->list_lock	the list of channels; held for walks over all of them
 *   chan->rx_lock	callbacks that a client has in work
 *   sender->lock	slots, records and arena of a sender
 *   zone->lock		the pages of a zone
 *   objects_lock	handles that are not in use (session.c)
 *   lock of resolve.c	memory that references may point into
 * None is held while a thread sleeps. fork() takes all of them (fork.c).
 */
#ifndef VRPQ_LIB_H
#define VRPQ_LIB_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <vlink/vrpq_ioctl.h>
#include <vlx/vrpq/client-lib.h>
#include <vlx/vrpq/server-lib.h>
#include <xen/io/vrpq.h>

#include "lock.h"

#define VRPQ_NO_PAGE		UINT32_MAX
#define VRPQ_UNIT		8u			/* parameters are aligned to it */
#define VRPQ_PAGE_UNITS		(VRPQ_PAGE_SIZE / VRPQ_UNIT)
#define VRPQ_ENDED		(VRPQ_WAIT_PEER_CLOSED | VRPQ_WAIT_BROKEN)

/* What posts go through, and what they seldom need: kept out of the former's way. */
#define VRPQ_FAST		inline __attribute__((always_inline))
#define VRPQ_SLOW		__attribute__((noinline, cold))

#define vrpq_get(p)		__atomic_load_n((p), __ATOMIC_RELAXED)
#define vrpq_set(p, v)		__atomic_store_n((p), (v), __ATOMIC_RELAXED)

/* --- device.c: the kernel, or a test that stands in for it ------------------ */

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

int vrpq_file_open(struct vrpq_file *file, const char *path);
/* The same for a server; a path that it has accepted at once is not looked at again. */
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
/* The same by a call of another descriptor. */
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

/* --- spin.c: before sleeping --------------------------------------------------- */

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
/* The same for such a server, which gives the processor to the others meanwhile. */
bool vrpq_yield(struct vrpq_file *file, bool (*found)(const void *what), const void *what);

/* --- pool.c: the pages of a zone ------------------------------------------- */

struct vrpq_arena;
struct vrpq_chan;
struct vrpq_chunk;
struct vrpq_session;

/* A thread that waits for pages; first come, first served. */
struct vrpq_waiter {
	struct vrpq_waiter *next;
	const struct vrpq_chan *chan;	/* for which it waits; NULL: for a new one */
};

/* Is that, of a function that takes something, a reason to wait and try again? */
static inline bool vrpq_may_come(int err)
{
	return err == EAGAIN || err == EINPROGRESS;
}

struct vrpq_pool {
	bool is_made;			/* whether all of it could be made or not */
	const struct vrpq_session *session;
	enum vrpq_zone id;
	u32 first, max;			/* pages of the area */
	pthread_mutex_t lock;
	u32 pages;			/* there are, from the start of the zone */
	u32 free;
	u32 lowest;			/* no page below is free */
	u32 owed;			/* free pages that only who has none may take */
	u64 *free_map;
	struct vrpq_chunk **chunks;	/* of each page, atomic; zones of parameters */
	struct vrpq_waiter *waiters;	/* the first has its turn */
};

int vrpq_pool_init(struct vrpq_pool *zone, const struct vrpq_session *session,
		   enum vrpq_zone id, u32 first, u32 max);
/* Also of one that could not be made, or of zeros. */
void vrpq_pool_fini(struct vrpq_pool *zone);
/*
 * Takes @n pages in a row for @chan, growing the zone if need be. @owed: so many of them
 * were owed to the caller. @waiter: the caller's place in the queue, or NULL. Returns the
 * first page, or VRPQ_NO_PAGE with *err EAGAIN (there are none), EINPROGRESS (the kernels
 * share them just now), EMSGSIZE, EPIPE or ENOMEM.
 */
u32 vrpq_pool_take(struct vrpq_pool *zone, const struct vrpq_chan *chan, u32 n, u32 owed,
		   const struct vrpq_waiter *waiter, int *err);
/* Gives them back; @owed of them are owed to the giver. */
void vrpq_pool_give(struct vrpq_pool *zone, u32 page, u32 n, u32 owed);
/* Changes what is owed, and has a client's zone grow to that if it can. */
void vrpq_pool_owe(struct vrpq_pool *zone, int change);
/* Gives free pages at the end back to the kernel, but for those that are owed. */
void vrpq_pool_trim(struct vrpq_pool *zone);
bool vrpq_pool_has_lower(struct vrpq_pool *zone, u32 page);
void vrpq_pool_queue(struct vrpq_pool *zone, struct vrpq_waiter *waiter);
void vrpq_pool_unqueue(struct vrpq_pool *zone, struct vrpq_waiter *waiter);
bool vrpq_pool_is_first(struct vrpq_pool *zone, const struct vrpq_waiter *waiter);

/* --- arena.c: parameter memory of a sender --------------------------------- */

/* Pages in a row, handed out from the start on. */
struct vrpq_chunk {
	struct vrpq_arena *arena;
	struct vrpq_chunk *next, **link;
	unsigned char *base;
	u32 page, pages;		/* in the zone */
	u32 used;			/* bytes */
	u32 live;			/* allocations that are neither freed nor consumed */
	u32 large;			/* bytes of the only allocation, if over a page */
	u16 units[VRPQ_PAGE_UNITS];	/* not posted yet: the length of what starts here */
};

struct vrpq_arena {
	const struct vrpq_chan *chan;
	struct vrpq_pool *zone;
	unsigned char *base;		/* of the zone, as mapped */
	struct vrpq_chunk *current;
	struct vrpq_chunk *chunks;
	bool has_floor;			/* a page is owed to it while it has none */
};

/* Memory without waiting; @size is a multiple of VRPQ_UNIT, not 0. NULL: see *err. */
void *vrpq_arena_get(struct vrpq_arena *arena, u32 size, const struct vrpq_waiter *waiter,
		     int *err);
/* Gives the pages of a chunk back in which nothing is any more. */
void vrpq_chunk_free(struct vrpq_chunk *chunk);

/* One allocation of the chunk is done with. */
static inline void vrpq_arena_put(struct vrpq_chunk *chunk)
{
	if (--chunk->live)
		return;
	if (chunk == chunk->arena->current)
		chunk->used = 0;
	else
		vrpq_chunk_free(chunk);
}

/* The chunk of an allocation that was not posted yet, which it becomes; NULL: there is none. */
struct vrpq_chunk *vrpq_arena_claim(struct vrpq_arena *arena, const void *ptr, u32 *size);
/* Gives back a page that holds nothing. */
void vrpq_arena_drop_idle(struct vrpq_arena *arena);
/* Places no more in a page for which there is a lower one, so that it can be given back. */
void vrpq_arena_move_down(struct vrpq_arena *arena);
void vrpq_arena_release(struct vrpq_arena *arena);

/* The same if the current page has room; @size is no more than a page. */
static inline void *vrpq_arena_get_at_hand(struct vrpq_arena *arena, u32 size)
{
	struct vrpq_chunk *current = arena->current;
	u32 at;

	if (!current)
		return NULL;
	at = current->used;
	if (at + size > VRPQ_PAGE_SIZE)
		return NULL;
	current->used = at + size;
	current->live++;
	current->units[at / VRPQ_UNIT] = (u16)(size / VRPQ_UNIT);
	return current->base + at;
}

/* vrpq_arena_claim() of what starts in the first page of @chunk; its size, 0: there is none. */
static inline u32 vrpq_chunk_claim(struct vrpq_chunk *chunk, const void *ptr)
{
	size_t at = (size_t)((uintptr_t)ptr - (uintptr_t)chunk->base);
	u32 units;

	if (at >= VRPQ_PAGE_SIZE || at % VRPQ_UNIT)
		return 0;
	units = chunk->units[at / VRPQ_UNIT];
	chunk->units[at / VRPQ_UNIT] = 0;
	return units * VRPQ_UNIT;
}

static inline bool vrpq_arena_contains(const struct vrpq_arena *arena, const void *ptr)
{
	return (uintptr_t)ptr - (uintptr_t)arena->base <
	       (uintptr_t)arena->zone->max * VRPQ_PAGE_SIZE;
}

/* --- sender.c: slots ------------------------------------------------------- */

struct vrpq_params;

/* What only the sender knows of a slot. */
struct vrpq_record {
	struct vrpq_chunk *chunk;	/* of the parameters, or NULL */
	bool awaited;			/* a thread waits for the answer */
};

/* A segment of requests, or the slots of callbacks. */
struct vrpq_slots {
	struct vrpq_slots *next;
	u32 page;			/* in the ring zone; segments */
	u32 nr;
	struct vrpq_slot *slots;
	struct vrpq_record records[VRPQ_SEGMENT_SLOTS];
};

struct vrpq_sender {
	struct vrpq_lock lock;
	struct vrpq_chan *chan;
	bool callbacks;
	bool gone : 1;			/* the peer reads no more: all is discarded */
	bool broken : 1;
	bool pages_wanted : 1;		/* a thread waits for pages, with no bell for these */
	struct vlink_ring_end end;
	u32 reaped;			/* slots up to here are forgotten */
	u32 announced;			/* and up to here, the peer was woken for */
	u32 awaited;			/* answers that threads wait for */
	u32 waiting;			/* threads that wait for room */
	struct vrpq_slots *head, *tail;	/* the oldest in use, the newest */
	u32 head_pos, tail_pos;
	bool looped;			/* the only segment follows itself, not followed yet */
	struct vrpq_slots *spare;
	struct vrpq_arena arena;
	struct vrpq_params *params;	/* private blocks that were not posted yet */

	/* Counted and not yet in the session's counters. */
	u32 stats[VRPQ_COUNTERS];
	u32 rounds;			/* since others' need of pages was asked for */
	u32 proc_id, proc_count;
};

/* A request that is ready but for its slot. */
struct vrpq_request {
	u32 proc_id;
	u32 flags;
	struct vrpq_chunk *chunk;
	u32 in_offset, in_size, out_offset, out_size;
};

/* --- stats.c ----------------------------------------------------------------- */

static inline void vrpq_count(struct vrpq_sender *sender, u32 id)
{
	sender->stats[id]++;
}

static inline void vrpq_count_max(struct vrpq_sender *sender, u32 id, u32 value)
{
	if (sender->stats[id] < value)
		sender->stats[id] = value;
}

/* Begins to count requests of @proc_id. */
void vrpq_count_other_proc(struct vrpq_sender *sender, u32 proc_id);

static inline void vrpq_count_proc(struct vrpq_sender *sender, u32 proc_id)
{
	if (sender->proc_id != proc_id)
		vrpq_count_other_proc(sender, proc_id);
	sender->proc_count++;
}

/* Adds what was counted to the session's counters. */
void vrpq_stats_flush(struct vrpq_sender *sender);
void vrpq_stats_wakeup(struct vrpq_session *session);
void vrpq_stats_bell(struct vrpq_session *session);

/* --- sender.c, continued ------------------------------------------------------- */

/* What a post does not have, nobody reads. */
static inline void vrpq_slot_write(struct vrpq_slot *slot, const struct vrpq_request *request)
{
	vrpq_set(&slot->proc_id, request->proc_id);
	vrpq_set(&slot->flags, request->flags);
	vrpq_set(&slot->in_offset, request->in_offset);
	vrpq_set(&slot->in_size, request->in_size);
	if (!(request->flags & VRPQ_SLOT_CALL))
		return;
	vrpq_set(&slot->out_offset, request->out_offset);
	vrpq_set(&slot->out_size, request->out_size);
	vrpq_set(&slot->reason, 0);
	vrpq_set(&slot->state, VRPQ_SLOT_QUEUED);
}

/* A slot whose answer is awaited. */
struct vrpq_ticket {
	struct vrpq_slot *slot;
	struct vrpq_record *record;
};

int vrpq_sender_init(struct vrpq_sender *sender, struct vrpq_chan *chan, bool callbacks,
		     struct vrpq_slots *first);
/* Forgets everything, the pages too. */
void vrpq_sender_fini(struct vrpq_sender *sender);
/* Memory for parameters and the next slot, if they are at hand. */
static inline void *vrpq_sender_alloc_at_hand(struct vrpq_sender *sender, u32 size)
{
	void *ptr = vrpq_arena_get_at_hand(&sender->arena, size);

	if (ptr) {
		vrpq_count_max(sender, VRPQ_PROF_PARAM_SINGLE_SZ_MAX, size);
		vrpq_count(sender, VRPQ_PROF_PARAM_ALLOC_FAST);
	}
	return ptr;
}

static inline bool vrpq_sender_has_slot(const struct vrpq_sender *sender)
{
	return sender->tail_pos < sender->tail->nr;
}

/* Hands the next slot, which there is, to the peer; returns which of the tail it was. */
static inline u32 vrpq_sender_publish(struct vrpq_sender *sender,
				      const struct vrpq_request *request)
{
	struct vrpq_slots *tail = sender->tail;
	u32 at = sender->tail_pos++;

	vrpq_slot_write(&tail->slots[at], request);
	tail->records[at].chunk = request->chunk;
	if (request->flags & VRPQ_SLOT_CALL) {
		tail->records[at].awaited = true;
		sender->awaited++;
	}
	sender->end.index++;
	vlink_store_release(&sender->end.prod_line->prod, sender->end.index);
	return at;
}

/* Forgets what the peer has consumed. All of these under sender->lock. */
void vrpq_sender_reap(struct vrpq_sender *sender);
void vrpq_sender_give_back(struct vrpq_sender *sender);
/* Memory for parameters; waits, with the lock released. */
int vrpq_sender_alloc(struct vrpq_sender *sender, u32 size, void **ptr);
/* Publishes the request; waits for room, with the lock released. */
int vrpq_sender_queue(struct vrpq_sender *sender, const struct vrpq_request *request,
		      struct vrpq_ticket *ticket);
/* Does the peer sleep for what was published since the last time? It is to be rung then. */
bool vrpq_sender_announce(struct vrpq_sender *sender);
/* Rings the peer, and counts it; EPIPE: it is gone. */
int vrpq_sender_ring(struct vrpq_sender *sender);
/* Asks the peer for a bell; true: it has moved on already. */
bool vrpq_sender_arm(struct vrpq_sender *sender);
/*
 * To be asked after a request was published or memory freed: is a thread that waits for
 * pages to be kicked, as it asked for no bell of this channel? Under the lock.
 */
static inline bool vrpq_sender_take_pages_wanted(struct vrpq_sender *sender)
{
	bool wanted = sender->pages_wanted;

	sender->pages_wanted = false;
	return wanted;
}

/* Takes over what the file knows of the peer. */
void vrpq_sender_note_status(struct vrpq_sender *sender);
/* Finds out whether the memory is still shared. */
bool vrpq_sender_is_broken(struct vrpq_sender *sender);
/* The threads that wait for room or answers are the parent's. Under the lock. */
void vrpq_sender_forget_waits(struct vrpq_sender *sender);
/* The thread has what it waited for. Takes the lock. */
void vrpq_sender_fetched(struct vrpq_sender *sender, struct vrpq_ticket *ticket);

/* --- copy.c: what programs' references name ------------------------------------ */

/* Pieces to copy: ours are there, theirs may be no memory. */
struct vrpq_copy {
	unsigned int nr;
	size_t size;
	struct iovec ours[VRPQ_IN_REFS_MAX], theirs[VRPQ_IN_REFS_MAX];
};

static inline void vrpq_copy_add(struct vrpq_copy *copy, void *ours, void *theirs, size_t size)
{
	copy->ours[copy->nr] = (struct iovec) { ours, size };
	copy->theirs[copy->nr] = (struct iovec) { theirs, size };
	copy->nr++;
	copy->size += size;
}

/* 0, or EFAULT; others where the process may do next to nothing. May sleep: no lock is held. */
int vrpq_copy_from_program(const struct vrpq_copy *copy);
int vrpq_copy_to_program(const struct vrpq_copy *copy);

/* --- params.c: what programs fill -------------------------------------------- */

int vrpq_params_alloc_in(struct vrpq_sender *sender, VrpqSize size, unsigned int refs,
			 VrpqSize ref_size, void **in);
int vrpq_params_alloc_both(struct vrpq_sender *sender, VrpqSize size, unsigned int refs,
			   VrpqSize ref_size, unsigned int out_refs, VrpqSize out_size,
			   void **in, VrpqParamRef **out);
/*
 * Makes a request of what the program filled; *outputs is what vrpq_params_fetch() needs,
 * to be freed by free(). The program's memory is freed also on error. Under the sender's
 * lock, which it releases while it copies or waits.
 */
int vrpq_params_build(struct vrpq_sender *sender, void *in, VrpqParamRef *out,
		      struct vrpq_request *request, struct vrpq_params **outputs);
/* Copies the output of an answered call to where the program wants it; 0 or EFAULT. */
int vrpq_params_fetch(struct vrpq_sender *sender, const struct vrpq_params *outputs,
		      const struct vrpq_request *request);
/* vrpqParamCallAlloc and its like. */
int vrpq_alloc_call(struct vrpq_sender *sender, VrpqSize in_size, unsigned int in_refs,
		    VrpqSize in_ref_size, unsigned int out_refs, VrpqSize out_size,
		    VrpqParamInPtr *pin, VrpqParamOutPtr *pout);
void vrpq_params_free_all(struct vrpq_sender *sender);

/* --- call.c ------------------------------------------------------------------ */

/* The program's memory is freed also on error. */
int vrpq_post(struct vrpq_sender *sender, VrpqProcId proc_id, void *in, VrpqParamRef *out,
	      bool notify);
/* *reason is the callee's answer if 0 is returned. */
int vrpq_call(struct vrpq_sender *sender, VrpqProcId proc_id, void *in, VrpqParamRef *out,
	      int *reason);
/* Rings the peer for what was published, if it sleeps. */
int vrpq_notify(struct vrpq_sender *sender);

/* Waits for the answer, after ringing if @ring; *reason is set if 0 is returned. */
int vrpq_call_wait(struct vrpq_sender *sender, struct vrpq_slot *slot, bool ring, int *reason);
/* The callee takes the request of a slot: false if there is nothing to handle. */
bool vrpq_call_take(struct vrpq_slot *slot);
/* The callee answers; true: the caller sleeps and is to be rung. */
bool vrpq_call_answer(struct vrpq_slot *slot, int reason);
/* Does all that the slot names lie in the zones of parameters? */
bool vrpq_slot_is_sound(const struct vrpq_session *session, const struct vrpq_slot *copy);
/* Reads a slot once. */
void vrpq_slot_copy(const struct vrpq_slot *slot, struct vrpq_slot *copy);

/* --- session.c --------------------------------------------------------------- */

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

/* --- fork.c ------------------------------------------------------------------ */

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

/* --- receive.c --------------------------------------------------------------- */

void vrpq_server_destroy(struct vrpq_chan *chan);

/* --- resolve.c --------------------------------------------------------------- */

/* Memory that references may point into. */
int vrpq_memory_add(const void *base, size_t size);
void vrpq_memory_remove(const void *base);
/* Private copies of a request, the latter both at once. */
int vrpq_memory_add_copy(const void *base, size_t size, const void *owner);
void vrpq_memory_remove_copies(const void *owner);

#endif
