/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of a channel that places requests or callbacks: its slots (sender.c), and what is
 * counted of them (stats.c).
 */
#ifndef VRPQ_SENDER_H
#define VRPQ_SENDER_H

#include "arena.h"

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
/* Does the peer sleep for what was published since the last time? The caller must ring then. */
bool vrpq_sender_announce(struct vrpq_sender *sender);
/* Rings the peer, and counts it; EPIPE: it is gone. */
int vrpq_sender_ring(struct vrpq_sender *sender);
/* Asks the peer for a bell; true: it has moved on already. */
bool vrpq_sender_arm(struct vrpq_sender *sender);
/*
 * To be asked after a request was published or memory freed: must a thread that waits
 * for pages be woken, which asked for no bell of this channel? Under the lock.
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

#endif
