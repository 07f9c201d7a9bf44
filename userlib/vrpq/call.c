// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Slots, and how calls are answered, callbacks included. The state word of a slot is
 * described in <xen/io/vrpq.h>.
 */
#include <errno.h>

#include "call.h"
#include "objects.h"

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

static bool is_answered(const void *slot)
{
	const struct vrpq_slot *s = slot;

	return !is_pending(__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) & VRPQ_SLOT_STATE);
}

int vrpq_call_wait(struct vrpq_sender *sender, struct vrpq_slot *slot, bool ring, int *reason)
{
	struct vrpq_file *file = &sender->chan->file;
	u32 seq, status, state, flags = ring ? VRPQ_WAIT_RING : 0;

	/* A callee that sleeps is rung and waited for in one call. */
	if (ring)
		vrpq_stats_bell(sender->chan->session);
	else if (vrpq_spin_is_due(file))
		vrpq_spin(file, is_answered, slot);
	for (;;) {
		/* In this order: what is seen before the answer is older than the answer. */
		seq = __atomic_load_n(&file->seq, __ATOMIC_ACQUIRE);
		status = __atomic_load_n(&file->status, __ATOMIC_ACQUIRE);
		state = __atomic_fetch_or(&slot->state, VRPQ_SLOT_WAITING, __ATOMIC_ACQ_REL);
		state &= VRPQ_SLOT_STATE;
		if (state == VRPQ_SLOT_DONE) {
			*reason = vrpq_get(&slot->reason);
			/* Others may rely on that ring, whose callbacks have other handlers. */
			if (flags & VRPQ_WAIT_RING)
				vrpq_file_control(file, VRPQ_IOC_RING, NULL);
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

bool vrpq_call_is_whole(struct vrpq_slot *slot)
{
	/* What was read before is older. */
	u32 state = __atomic_fetch_or(&slot->state, 0, __ATOMIC_ACQ_REL);

	return (state & VRPQ_SLOT_STATE) == VRPQ_SLOT_DONE;
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

bool vrpq_slot_is_sound(const struct vrpq_session *session, const struct vrpq_slot *copy)
{
	return vrpq_params_are_sound(session, copy->in_offset, copy->in_size) &&
	       vrpq_params_are_sound(session, copy->out_offset, copy->out_size);
}
