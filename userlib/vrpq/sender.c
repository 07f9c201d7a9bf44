// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The end of a channel that places requests (a client) or callbacks (a server).
 *
 * A published slot is remembered in a record until the peer's index has passed it and
 * its answer, if one is awaited, was fetched; then its parameters and, at the end of
 * a segment, the segment are free. Consumed slots are looked for only when
 * something is needed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "objects.h"

/* Segments that a sender keeps for itself beside those in use. */
#define SPARE_SEGMENTS	1u

static struct vrpq_pool *ring_zone(const struct vrpq_sender *sender)
{
	return &sender->chan->session->zones[VRPQ_ZONE_RING];
}

static void set_lines(struct vrpq_sender *sender)
{
	struct vrpq_chan_page *ctl = sender->chan->ctl;

	if (sender->callbacks)
		vlink_producer_init(&sender->end, &ctl->cb_prod, &ctl->cb_cons, VRPQ_CALLBACK_SLOTS);
	else
		vlink_producer_init(&sender->end, &ctl->req_prod, &ctl->req_cons,
				    VRPQ_SLOTS_OUTSTANDING_MAX);
}

static void init_arena(struct vrpq_sender *sender)
{
	struct vrpq_session *session = sender->chan->session;
	enum vrpq_zone id = sender->callbacks ? VRPQ_ZONE_CALLBACK : VRPQ_ZONE_PARAM;

	sender->arena.chan = sender->chan;
	sender->arena.zone = &session->zones[id];
	sender->arena.base = session->base + (size_t)session->zones[id].first * VRPQ_PAGE_SIZE;
	/* The page that was reserved for the next channel is this one's now. */
	sender->arena.has_floor = !sender->callbacks;
	if (sender->arena.has_floor)
		vrpq_pool_reserve(sender->arena.zone, 1);
}

int vrpq_sender_init(struct vrpq_sender *sender, struct vrpq_chan *chan, bool callbacks,
		     struct vrpq_slots *first)
{
	*sender = (struct vrpq_sender) { .chan = chan, .callbacks = callbacks };
	sender->head = first;
	sender->tail = first;
	set_lines(sender);
	init_arena(sender);
	return 0;
}

/* --- what was consumed ------------------------------------------------------- */

static void give_segment(struct vrpq_sender *sender, struct vrpq_slots *slots)
{
	vrpq_pool_give(ring_zone(sender), slots->page, 1, 0);
	free(slots);
}

static struct vrpq_segment *segment_of(const struct vrpq_sender *sender,
				       const struct vrpq_slots *slots)
{
	return (void *)(sender->chan->session->base + (size_t)slots->page * VRPQ_PAGE_SIZE);
}

/* The peer has consumed a slot of the segment that follows: it looks here no more. */
static void drop_head(struct vrpq_sender *sender)
{
	struct vrpq_slots *old = sender->head;

	sender->head_pos = 0;
	if (sender->callbacks)
		return;
	sender->head = old->next;
	if (sender->spare) {
		give_segment(sender, old);
	} else {
		old->next = NULL;
		sender->spare = old;
	}
}

/*
 * The only segment is full, and the peer has consumed all of it. Where no other can be had it
 * is linked to itself, and used again from its start once the peer has followed the link.
 */
static bool reuse_only(struct vrpq_sender *sender)
{
	struct vrpq_slots *only = sender->tail;

	if (sender->head != only || sender->head_pos < only->nr)
		return false;
	vrpq_set(&segment_of(sender, only)->next, only->page);
	sender->head_pos = 0;
	sender->tail_pos = 0;
	sender->looped = true;
	return true;
}

static u32 consumed(struct vrpq_sender *sender)
{
	bool broken = false;

	if (sender->gone || sender->broken)
		return sender->end.index;
	vlink_producer_space(&sender->end, &broken);
	sender->broken = broken;
	return sender->end.peer;
}

/* Forgets slots of the oldest segment, up to @n; returns how many. */
static u32 reap_head(struct vrpq_sender *sender, u32 n)
{
	struct vrpq_record *records = sender->head->records + sender->head_pos;
	u32 i;

	for (i = 0; i < n && !records[i].awaited; i++) {
		if (records[i].chunk)
			vrpq_arena_put(records[i].chunk);
		records[i].chunk = NULL;
	}
	sender->head_pos += i;
	sender->reaped += i;
	return i;
}

void vrpq_sender_reap(struct vrpq_sender *sender)
{
	u32 before = sender->reaped, limit = consumed(sender);
	u32 n = 0, done = 0;

	while (done == n && sender->reaped != limit) {
		if (sender->head_pos == sender->head->nr)
			drop_head(sender);
		n = limit - sender->reaped;
		if (n > sender->head->nr - sender->head_pos)
			n = sender->head->nr - sender->head_pos;
		done = reap_head(sender, n);
	}
	if (sender->reaped == before)
		return;
	sender->looped = false;
	vrpq_count(sender, VRPQ_PROF_REQS_FREE);
	sender->stats[VRPQ_PROF_REQS_PER_FREE] += sender->reaped - before;
}

void vrpq_sender_give_back(struct vrpq_sender *sender)
{
	vrpq_arena_drop_idle(&sender->arena);
	if (sender->spare)
		give_segment(sender, sender->spare);
	sender->spare = NULL;
}

static void free_segments(struct vrpq_sender *sender)
{
	struct vrpq_slots *slots;

	while (sender->head) {
		slots = sender->head;
		sender->head = slots == sender->tail ? NULL : slots->next;
		if (sender->callbacks)
			free(slots);
		else
			give_segment(sender, slots);
	}
}

void vrpq_sender_fini(struct vrpq_sender *sender)
{
	vrpq_params_free_all(sender);
	vrpq_sender_give_back(sender);
	vrpq_arena_release(&sender->arena);
	if (sender->arena.has_floor)
		vrpq_pool_reserve(sender->arena.zone, -1);
	free_segments(sender);
}

/* --- what became of the peer ------------------------------------------------- */

void vrpq_sender_note_status(struct vrpq_sender *sender)
{
	u32 status = vrpq_file_status(&sender->chan->file);

	if (status & VRPQ_WAIT_BROKEN)
		sender->broken = true;
	else if (status & VRPQ_WAIT_PEER_CLOSED)
		sender->gone = true;
}

/*
 * The pages of a link that broke read as zeros, and the word that the client wrote
 * there at the start is none.
 */
bool vrpq_sender_is_broken(struct vrpq_sender *sender)
{
	if (!sender->broken && !vrpq_get(&sender->chan->ctl->first_segment)) {
		vrpq_file_poll(&sender->chan->file, 0);
		sender->broken = true;
	}
	return sender->broken;
}

bool vrpq_sender_announce(struct vrpq_sender *sender)
{
	u32 old = sender->announced;

	if (old == sender->end.index || sender->gone)
		return false;
	sender->announced = sender->end.index;
	vlink_full_barrier();
	return vlink_event_passed(vlink_load(&sender->end.cons_line->data_event), old,
				  sender->end.index);
}

/* Slots that are to be consumed before it is worth waking up. */
static u32 worth_waking(const struct vrpq_sender *sender)
{
	u32 outstanding = sender->end.index - sender->reaped;
	/* With a slot of the next segment this one is free. */
	u32 to_end = sender->head->nr - sender->head_pos + 1;

	if (sender->callbacks)
		return 1;
	if (to_end > outstanding)
		to_end = outstanding;
	return to_end > outstanding / 2 ? to_end : outstanding / 2;
}

bool vrpq_sender_arm(struct vrpq_sender *sender)
{
	struct vlink_ring_end *end = &sender->end;
	bool moved, broken = false;
	u32 want;

	if (sender->reaped == end->index || sender->gone || sender->broken)
		return false;
	/* An answer that is still to be fetched blocks it, not the peer. */
	if (end->peer != sender->reaped)
		return false;
	want = end->size - (end->index - end->peer) + worth_waking(sender);
	moved = vlink_producer_arm(end, want, &broken);
	sender->broken = broken;
	return moved || broken;
}

int vrpq_sender_ring(struct vrpq_sender *sender)
{
	vrpq_stats_bell(sender->chan->session);
	return vrpq_file_control(&sender->chan->file, VRPQ_IOC_RING, NULL) == EPIPE ? EPIPE : 0;
}

/* --- memory for parameters ----------------------------------------------------- */

/*
 * Frees what can be freed, and has what cannot be yet wake this thread later. Returns
 * whether there is something to look at already.
 */
static bool prepare_to_wait(struct vrpq_sender *sender, const struct vrpq_waiter *waiter)
{
	struct vrpq_session *session = sender->chan->session;

	vrpq_session_reap(session);
	return vrpq_pool_is_first(sender->arena.zone, waiter) && vrpq_session_arm(session);
}

/*
 * Tries to get memory until there is some, after @err. With the sender's lock held at the
 * start and the end, not in between.
 */
static int get_or_wait(struct vrpq_sender *sender, const struct vrpq_waiter *waiter, u32 size,
		       void **ptr, int err)
{
	struct vrpq_session *session = sender->chan->session;
	bool moved, full = false;
	u32 seq;

	for (;;) {
		/* Once, and not before pages that are on their way turn out to be too few. */
		if (err == EAGAIN && !full)
			vrpq_count(sender, VRPQ_PROF_PARAM_RING_FULL);
		full |= err == EAGAIN;
		vrpq_stats_flush(sender);
		seq = vrpq_file_seq(&session->file);
		vrpq_unlock(&sender->lock);
		/* What the kernels share just now is not in anybody's hands. */
		moved = err == EAGAIN && prepare_to_wait(sender, waiter);
		vrpq_file_poll(&sender->chan->file, 0);
		vrpq_lock(&sender->lock);
		vrpq_sender_note_status(sender);
		if (vrpq_sender_is_broken(sender))
			return EPIPE;
		*ptr = vrpq_arena_get(&sender->arena, size, waiter, &err);
		if (*ptr || !vrpq_may_come(err))
			return *ptr ? 0 : err;
		if (sender->gone)
			return EPIPE;
		if (moved)
			continue;
		vrpq_unlock(&sender->lock);
		moved = !vrpq_session_wait(session, sender->chan, seq);
		vrpq_lock(&sender->lock);
		vrpq_count(sender, VRPQ_PROF_WAIT_FOR_SPACE_INTR);
		if (!moved)
			return EINTR;
	}
}

static int wait_for_pages(struct vrpq_sender *sender, u32 size, void **ptr, int err)
{
	struct vrpq_waiter waiter = { .chan = sender->chan };

	vrpq_pool_queue(sender->arena.zone, &waiter);
	err = get_or_wait(sender, &waiter, size, ptr, err);
	vrpq_pool_unqueue(sender->arena.zone, &waiter);
	return err;
}

int vrpq_sender_alloc(struct vrpq_sender *sender, u32 size, void **ptr)
{
	int err = 0;

	*ptr = size > VRPQ_PAGE_SIZE ? NULL : vrpq_sender_alloc_at_hand(sender, size);
	if (*ptr)
		return 0;
	vrpq_count_max(sender, VRPQ_PROF_PARAM_SINGLE_SZ_MAX, size);
	vrpq_count(sender, VRPQ_PROF_PARAM_ALLOC_SLOW);
	if (vrpq_sender_is_broken(sender))
		return EPIPE;
	vrpq_sender_reap(sender);
	*ptr = vrpq_arena_get(&sender->arena, size, NULL, &err);
	if (*ptr)
		return 0;
	return vrpq_may_come(err) ? wait_for_pages(sender, size, ptr, err) : err;
}

/* --- room for requests ------------------------------------------------------- */

static struct vrpq_slots *new_segment(struct vrpq_sender *sender, int *err)
{
	struct vrpq_slots *slots = sender->spare;

	if (slots) {
		sender->spare = NULL;
		return slots;
	}
	slots = calloc(1, sizeof(*slots));
	*err = ENOMEM;
	if (!slots)
		return NULL;
	slots->page = vrpq_pool_take(ring_zone(sender), sender->chan, 1, 0, NULL, err);
	if (slots->page == VRPQ_NO_PAGE) {
		free(slots);
		return NULL;
	}
	slots->nr = VRPQ_SEGMENT_SLOTS;
	slots->slots = segment_of(sender, slots)->slots;
	return slots;
}

/* Appends a segment; it is seen with the first slot that is published in it. */
static int extend(struct vrpq_sender *sender)
{
	struct vrpq_slots *slots;
	int err = 0;

	if (sender->looped ||
	    sender->end.index - sender->reaped > VRPQ_SLOTS_OUTSTANDING_MAX - VRPQ_SEGMENT_SLOTS)
		return EAGAIN;
	slots = new_segment(sender, &err);
	if (!slots)
		return err;
	memset(segment_of(sender, slots), 0, offsetof(struct vrpq_segment, slots));
	vrpq_set(&segment_of(sender, sender->tail)->next, slots->page);
	sender->tail->next = slots;
	sender->tail = slots;
	sender->tail_pos = 0;
	return 0;
}

/* Slots of callbacks are always the same, used in turn. */
static int find_callback_room(struct vrpq_sender *sender)
{
	if (sender->end.index - sender->reaped == sender->tail->nr)
		vrpq_sender_reap(sender);
	if (sender->end.index - sender->reaped == sender->tail->nr)
		return EAGAIN;
	if (sender->tail_pos == sender->tail->nr)
		sender->tail_pos = 0;
	return 0;
}

/* Is there a slot now? If not: see vrpq_may_come(). */
static int find_room(struct vrpq_sender *sender)
{
	int err;

	if (sender->callbacks)
		return find_callback_room(sender);
	if (vrpq_sender_has_slot(sender))
		return 0;
	sender->rounds++;
	vrpq_sender_reap(sender);
	if (sender->broken)
		return EPIPE;
	err = extend(sender);
	return vrpq_may_come(err) && reuse_only(sender) ? 0 : err;
}

struct room {
	const u32 *cons;
	u32 wanted;
};

static bool is_there(const void *what)
{
	const struct room *room = what;

	return (int32_t)(vlink_load_acquire(room->cons) - room->wanted) >= 0;
}

/* With the lock released meanwhile. */
static bool spin_for_room(struct vrpq_sender *sender)
{
	const struct vlink_ring_end *end = &sender->end;
	struct room room = { .cons = &end->cons_line->cons };
	bool found;

	/* Answers that are still to be fetched may be what blocks it. */
	if (sender->awaited || end->peer != sender->reaped ||
	    !vrpq_spin_is_due(&sender->chan->file))
		return false;
	room.wanted = end->peer + worth_waking(sender);
	sender->waiting++;
	vrpq_unlock(&sender->lock);
	found = vrpq_spin(&sender->chan->file, is_there, &room);
	vrpq_lock(&sender->lock);
	sender->waiting--;
	return found;
}

static int wait_once(struct vrpq_sender *sender, u32 chan_seq, u32 session_seq)
{
	struct vrpq_chan *chan = sender->chan;
	bool moved, fetching, bell = vrpq_sender_announce(sender);
	int err = 0;

	/* A peer that is awake soon makes room. */
	if (!bell && spin_for_room(sender))
		return 0;
	bell = bell || vrpq_sender_announce(sender);
	fetching = sender->awaited;
	moved = vrpq_sender_arm(sender);
	sender->waiting++;
	vrpq_unlock(&sender->lock);
	if (moved && bell) {
		vrpq_sender_ring(sender);
	} else if (!moved && !fetching) {
		err = vrpq_file_wait(&chan->file, chan_seq, bell ? VRPQ_WAIT_RING : 0);
		vrpq_session_relieve(chan->session, &chan->file);
	} else if (!moved) {
		if (bell)
			vrpq_sender_ring(sender);
		err = vrpq_session_wait(chan->session, chan, session_seq);
	}
	vrpq_lock(&sender->lock);
	sender->waiting--;
	vrpq_count(sender, VRPQ_PROF_WAIT_FOR_SPACE_INTR);
	return err;
}

/* For the page of a segment that the kernels share just now. */
static int wait_for_segment(struct vrpq_sender *sender, u32 session_seq)
{
	int err;

	vrpq_unlock(&sender->lock);
	err = vrpq_session_wait(sender->chan->session, sender->chan, session_seq);
	vrpq_lock(&sender->lock);
	return err;
}

static int wait_for_room(struct vrpq_sender *sender, int err)
{
	struct vrpq_chan *chan = sender->chan;
	u32 chan_seq, session_seq;

	if (err == EAGAIN)
		vrpq_count(sender, VRPQ_PROF_REQ_RING_FULL);
	vrpq_stats_flush(sender);
	for (;;) {
		chan_seq = vrpq_file_seq(&chan->file);
		session_seq = vrpq_file_seq(&chan->session->file);
		vrpq_sender_note_status(sender);
		if (sender->gone || vrpq_sender_is_broken(sender))
			return sender->gone ? 0 : EPIPE;
		err = find_room(sender);
		if (!vrpq_may_come(err))
			return err;
		err = err == EAGAIN ? wait_once(sender, chan_seq, session_seq) :
				      wait_for_segment(sender, session_seq);
		if (err)
			return err;
	}
}

/* --- publishing ---------------------------------------------------------------- */

int vrpq_sender_queue(struct vrpq_sender *sender, const struct vrpq_request *request,
		      struct vrpq_ticket *ticket)
{
	int err = vrpq_sender_is_broken(sender) ? EPIPE : find_room(sender);
	u32 at;

	if (vrpq_may_come(err))
		err = wait_for_room(sender, err);
	if (!err && sender->gone && (sender->callbacks || (request->flags & VRPQ_SLOT_CALL)))
		err = EPIPE;
	if (err || sender->gone) {
		/* Nobody will read it. */
		if (request->chunk)
			vrpq_arena_put(request->chunk);
		return err;
	}
	at = vrpq_sender_publish(sender, request);
	vrpq_count_proc(sender, request->proc_id);
	if (ticket)
		*ticket = (struct vrpq_ticket) { &sender->tail->slots[at], &sender->tail->records[at] };
	return 0;
}

static void forget_answers(struct vrpq_slots *slots)
{
	u32 i;

	for (i = 0; i < VRPQ_SEGMENT_SLOTS; i++)
		slots->records[i].awaited = false;
}

void vrpq_sender_forget_waits(struct vrpq_sender *sender)
{
	struct vrpq_slots *slots = sender->head;

	sender->awaited = 0;
	sender->waiting = 0;
	sender->pages_wanted = false;
	for (; slots; slots = slots == sender->tail ? NULL : slots->next)
		forget_answers(slots);
}

void vrpq_sender_fetched(struct vrpq_sender *sender, struct vrpq_ticket *ticket)
{
	bool wake;

	vrpq_lock(&sender->lock);
	vrpq_sender_note_status(sender);
	ticket->record->awaited = false;
	sender->awaited--;
	wake = sender->waiting;
	vrpq_unlock(&sender->lock);
	if (wake || !vrpq_pool_is_first(sender->arena.zone, NULL))
		vrpq_session_kick(sender->chan->session, sender->chan);
}
