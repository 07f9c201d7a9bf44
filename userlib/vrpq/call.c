// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Posts and calls, callbacks included: what happens between the request that is ready and
 * the answer. The state word of a slot is described in <xen/io/vrpq.h>.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib.h"

/* Takes the call back unless the callee has it already. */
static bool cancel(struct vrpq_slot *slot)
{
	u32 state = vrpq_get(&slot->state);

	while ((state & VRPQ_SLOT_STATE) == VRPQ_SLOT_QUEUED)
		if (__atomic_compare_exchange_n(&slot->state, &state, VRPQ_SLOT_CANCELLED, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

static bool is_pending(u32 state)
{
	return state == VRPQ_SLOT_QUEUED || state == VRPQ_SLOT_TAKEN;
}

int vrpq_call_wait(struct vrpq_sender *sender, struct vrpq_slot *slot, bool ring, int *reason)
{
	struct vrpq_file *file = &sender->chan->file;
	u32 seq, status, state, flags = ring ? VRPQ_WAIT_RING : 0;

	if (ring)
		vrpq_stats_bell(sender->chan->session);
	for (;;) {
		/* In this order: what is seen before the answer is older than the answer. */
		seq = __atomic_load_n(&file->seq, __ATOMIC_ACQUIRE);
		status = __atomic_load_n(&file->status, __ATOMIC_ACQUIRE);
		state = __atomic_fetch_or(&slot->state, VRPQ_SLOT_WAITING, __ATOMIC_ACQ_REL);
		state &= VRPQ_SLOT_STATE;
		if (state == VRPQ_SLOT_DONE) {
			*reason = vrpq_get(&slot->reason);
			return 0;
		}
		if ((status & VRPQ_ENDED) || !is_pending(state))
			return EPIPE;
		if (vrpq_file_wait(file, seq, flags) == EINTR) {
			if (cancel(slot))
				return EINTR;
			flags |= VRPQ_WAIT_KILLABLE;
		}
		flags &= ~VRPQ_WAIT_RING;
		vrpq_stats_wakeup(sender->chan->session);
	}
}

bool vrpq_call_take(struct vrpq_slot *slot)
{
	u32 state = vrpq_get(&slot->state);

	while ((state & VRPQ_SLOT_STATE) == VRPQ_SLOT_QUEUED)
		if (__atomic_compare_exchange_n(&slot->state, &state,
						(state & VRPQ_SLOT_WAITING) | VRPQ_SLOT_TAKEN,
						false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

bool vrpq_call_answer(struct vrpq_slot *slot, int reason)
{
	vrpq_set(&slot->reason, reason);
	return __atomic_exchange_n(&slot->state, VRPQ_SLOT_DONE, __ATOMIC_ACQ_REL) &
	       VRPQ_SLOT_WAITING;
}

void vrpq_slot_copy(const struct vrpq_slot *slot, struct vrpq_slot *copy)
{
	copy->proc_id = vrpq_get(&slot->proc_id);
	copy->flags = vrpq_get(&slot->flags);
	copy->in_offset = vrpq_get(&slot->in_offset);
	copy->in_size = vrpq_get(&slot->in_size);
	copy->out_offset = vrpq_get(&slot->out_offset);
	copy->out_size = vrpq_get(&slot->out_size);
	if (!copy->in_offset)
		copy->in_size = 0;
	/* There is nobody to see the output of what is not a call. */
	if (!copy->out_offset || !(copy->flags & VRPQ_SLOT_CALL)) {
		copy->out_offset = 0;
		copy->out_size = 0;
	}
}

static bool is_sound(const struct vrpq_session *session, u32 offset, u32 size)
{
	u64 start = (u64)session->geometry.ring_pages * VRPQ_PAGE_SIZE;

	return !offset || (offset >= start && offset % VRPQ_UNIT == 0 && size &&
			   (u64)offset + size <= session->size);
}

bool vrpq_slot_is_sound(const struct vrpq_session *session, const struct vrpq_slot *copy)
{
	return is_sound(session, copy->in_offset, copy->in_size) &&
	       is_sound(session, copy->out_offset, copy->out_size);
}

static int ring(struct vrpq_sender *sender)
{
	vrpq_stats_bell(sender->chan->session);
	return vrpq_file_control(&sender->chan->file, VRPQ_IOC_RING, NULL) == EPIPE ? EPIPE : 0;
}

/*
 * Announces what was published, and counts it: @posts at a time in a way that has the
 * three statistics from @id on.
 */
static bool announce(struct vrpq_sender *sender, u32 id, u32 posts)
{
	vrpq_count(sender, id);
	sender->stats[id + 1] += posts;
	vrpq_count_max(sender, id + 2, posts);
	vrpq_stats_flush(sender);
	return vrpq_sender_announce(sender);
}

/* Segments or calls after which it is time to look what others need. */
#define ROUNDS	64u

static bool round_is_over(struct vrpq_sender *sender)
{
	if (sender->rounds < ROUNDS)
		return false;
	sender->rounds = 0;
	return true;
}

static u32 unannounced(const struct vrpq_sender *sender)
{
	return sender->end.index - sender->announced;
}

int vrpq_notify(struct vrpq_sender *sender)
{
	bool bell = false;
	int err = 0;

	pthread_mutex_lock(&sender->lock);
	vrpq_count(sender, VRPQ_PROF_NOTIFY);
	if (vrpq_sender_is_broken(sender))
		err = EPIPE;
	else if (unannounced(sender))
		bell = announce(sender, VRPQ_PROF_POST_MULTI, unannounced(sender));
	pthread_mutex_unlock(&sender->lock);
	return bell ? ring(sender) : err;
}

int vrpq_post(struct vrpq_sender *sender, VrpqProcId proc_id, void *in, VrpqParamRef *out,
	      bool notify)
{
	struct vrpq_request request = { .proc_id = proc_id };
	struct vrpq_params *outputs;
	bool bell = false, look;
	int err;

	pthread_mutex_lock(&sender->lock);
	err = vrpq_params_build(sender, in, out, &request, &outputs);
	request.out_offset = 0;
	request.out_size = 0;
	if (!err)
		err = vrpq_sender_queue(sender, &request, NULL);
	if (!err && notify)
		bell = announce(sender, VRPQ_PROF_POST_MULTI_NOTIFY,
				unannounced(sender) ? unannounced(sender) - 1 : 0);
	look = round_is_over(sender);
	pthread_mutex_unlock(&sender->lock);
	free(outputs);
	if (look)
		vrpq_session_look_round(sender->chan->session);
	return bell ? ring(sender) : err;
}

int vrpq_call(struct vrpq_sender *sender, VrpqProcId proc_id, void *in, VrpqParamRef *out,
	      int *reason)
{
	struct vrpq_request request = { .proc_id = proc_id, .flags = VRPQ_SLOT_CALL };
	struct vrpq_params *outputs;
	struct vrpq_ticket ticket;
	bool bell = false, look;
	int err;

	pthread_mutex_lock(&sender->lock);
	sender->rounds++;
	look = round_is_over(sender);
	err = vrpq_params_build(sender, in, out, &request, &outputs);
	if (!err)
		err = vrpq_sender_queue(sender, &request, &ticket);
	if (!err)
		bell = announce(sender, VRPQ_PROF_POST_MULTI_CALL, unannounced(sender) - 1);
	pthread_mutex_unlock(&sender->lock);
	if (!err) {
		err = vrpq_call_wait(sender, ticket.slot, bell, reason);
		if (!err && !*reason)
			vrpq_params_fetch(sender, outputs, &request);
		vrpq_sender_fetched(sender, &ticket);
	}
	free(outputs);
	if (look)
		vrpq_session_look_round(sender->chan->session);
	return err;
}
