// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Callbacks: the server calls the client. The server's end is a sender like that of a
 * client's requests; the client's end takes one at a time. Several threads may each have
 * one in work; the index moves over those that are done, in order.
 */
#include <errno.h>
#include <stdlib.h>

#include "call.h"
#include "objects.h"

/* --- the server -------------------------------------------------------------- */

int vrpqCallbackParamAlloc(VrpqChanHandle chan, VrpqSize inSize, unsigned int inRefCount,
			   VrpqSize inRefSize, unsigned int outCount, VrpqSize outSize,
			   VrpqParamInPtr *pin, VrpqParamOutPtr *pout)
{
	int err;
	struct vrpq_sender *sender = vrpq_sender_of(chan, VRPQ_SERVER_MAGIC, &err);

	return err ? err : vrpq_alloc_call(sender, inSize, inRefCount, inRefSize, outCount, outSize,
					   pin, pout);
}

int vrpqCallbackPerform(VrpqChanHandle chan, VrpqProcId procId, VrpqParamInPtr in,
			VrpqParamOutPtr out, int flags)
{
	int err, value = 0;
	struct vrpq_sender *sender = vrpq_sender_of(chan, VRPQ_SERVER_MAGIC, &err);

	if (err)
		return err;
	if (flags == VRPQ_CALLBACK_ASYNC)
		return vrpq_post(sender, procId, in, out, true);
	if (flags != VRPQ_CALLBACK_SYNC)
		return EINVAL;
	err = vrpq_call(sender, procId, in, out, &value);
	return err ? err : value;
}

/* --- the client -------------------------------------------------------------- */

/* A callback in work. */
struct work {
	struct vrpq_slot *slot;
	u32 at;
	struct vrpq_slot copy;
};

/* Callbacks that are queued and that no thread has taken. */
static u32 untaken(struct vrpq_chan *chan)
{
	u32 avail = vlink_consumer_avail(&chan->rx, &chan->rx_broken);

	return avail - (chan->taken - chan->rx.index);
}

/* The callback at @at is done with. Returns whether the server must be rung. */
static bool finish(struct vrpq_chan *chan, u32 at)
{
	u32 n = 0;
	u64 bit;

	chan->done |= 1ull << (at % VRPQ_CALLBACK_SLOTS);
	while (chan->rx.index + n != chan->taken) {
		bit = 1ull << ((chan->rx.index + n) % VRPQ_CALLBACK_SLOTS);
		if (!(chan->done & bit))
			break;
		chan->done &= ~bit;
		n++;
	}
	return n && vlink_consumer_publish(&chan->rx, n);
}

/* Is there something to do in the slot? If not, it is answered. */
static bool accept_slot(struct vrpq_chan *chan, struct work *work, bool *bell)
{
	bool is_call;

	vrpq_slot_copy(work->slot, &work->copy);
	is_call = work->copy.flags & VRPQ_SLOT_CALL;
	if (is_call && !vrpq_call_take(work->slot))
		return false;
	if (vrpq_slot_is_sound(chan->session, &work->copy))
		return true;
	if (is_call && vrpq_call_answer(work->slot, EBADREQ))
		*bell = true;
	return false;
}

static bool take(struct vrpq_chan *chan, struct work *work, bool *bell)
{
	while (untaken(chan) && !chan->rx_broken) {
		work->at = chan->taken++;
		work->slot = &chan->ctl->callbacks[work->at % VRPQ_CALLBACK_SLOTS];
		if (accept_slot(chan, work, bell))
			return true;
		if (finish(chan, work->at))
			*bell = true;
	}
	return false;
}

/* Waits for a callback. Under rx_lock, but while it sleeps. */
static int wait_for_work(struct vrpq_chan *chan, struct work *work, bool *bell)
{
	u32 seq, status;
	int err;

	for (;;) {
		seq = __atomic_load_n(&chan->file.seq, __ATOMIC_ACQUIRE);
		status = __atomic_load_n(&chan->file.status, __ATOMIC_ACQUIRE);
		if (take(chan, work, bell))
			return 0;
		if (chan->rx_broken || (status & VRPQ_ENDED))
			return EPIPE;
		if (vlink_consumer_arm(&chan->rx, chan->taken - chan->rx.index + 1,
				       &chan->rx_broken) || chan->rx_broken)
			continue;
		pthread_mutex_unlock(&chan->rx_lock);
		err = vrpq_file_wait(&chan->file, seq, *bell ? VRPQ_WAIT_RING : 0);
		*bell = false;
		pthread_mutex_lock(&chan->rx_lock);
		if (err)
			return err;
	}
}

static void *param_at(const struct vrpq_chan *chan, u32 offset)
{
	return offset ? chan->session->base + offset : NULL;
}

int vrpqCallbackHandle(VrpqChanHandle chan, VrpqCallbackFunc func, void *cookie)
{
	struct vrpq_chan *c = vrpq_chan_of(chan);
	struct work work;
	bool bell = false;
	int err, value;

	if (!c)
		return ECHANINVALID;
	if (c->server || !func)
		return EINVAL;
	pthread_mutex_lock(&c->rx_lock);
	err = wait_for_work(c, &work, &bell);
	pthread_mutex_unlock(&c->rx_lock);
	if (bell)
		vrpq_sender_ring(&c->sender);
	if (err)
		return err;
	value = func(cookie, work.copy.proc_id, param_at(c, work.copy.in_offset),
		     param_at(c, work.copy.out_offset));
	bell = (work.copy.flags & VRPQ_SLOT_CALL) && vrpq_call_answer(work.slot, value);
	pthread_mutex_lock(&c->rx_lock);
	if (finish(c, work.at))
		bell = true;
	pthread_mutex_unlock(&c->rx_lock);
	if (bell)
		vrpq_sender_ring(&c->sender);
	return 0;
}
