// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Posts and calls, callbacks included, and the functions by which a client makes them. A
 * post for which all is at hand takes a way of its own, without any call.
 */
#include <errno.h>
#include <stdlib.h>

#include "call.h"
#include "objects.h"

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

/* Segments or calls after which the kernel is asked whether others need pages. */
#define ROUNDS	64u

static bool pressure_check_is_due(struct vrpq_sender *sender)
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

/* announce() for a post, which may be discarded, and for those before it. */
static bool announce_post(struct vrpq_sender *sender)
{
	u32 n = unannounced(sender);

	return announce(sender, VRPQ_PROF_POST_MULTI_NOTIFY, n ? n - 1 : 0);
}

int vrpq_notify(struct vrpq_sender *sender)
{
	bool bell = false;
	int err = 0;

	vrpq_lock(&sender->lock);
	vrpq_count(sender, VRPQ_PROF_NOTIFY);
	if (vrpq_sender_is_broken(sender))
		err = EPIPE;
	else if (unannounced(sender))
		bell = announce(sender, VRPQ_PROF_POST_MULTI, unannounced(sender));
	vrpq_unlock(&sender->lock);
	return bell ? vrpq_sender_ring(sender) : err;
}

int vrpq_post(struct vrpq_sender *sender, VrpqProcId proc_id, void *in, VrpqParamRef *out,
	      bool notify)
{
	struct vrpq_request request = { .proc_id = proc_id };
	struct vrpq_params *outputs;
	bool bell = false, check, kick;
	int err;

	vrpq_lock(&sender->lock);
	err = vrpq_params_build(sender, in, out, &request, &outputs);
	request.out_offset = 0;
	request.out_size = 0;
	if (!err)
		err = vrpq_sender_queue(sender, &request, NULL);
	if (!err && notify)
		bell = announce_post(sender);
	check = pressure_check_is_due(sender);
	kick = vrpq_sender_take_pages_wanted(sender);
	vrpq_unlock(&sender->lock);
	free(outputs);
	if (kick)
		vrpq_session_kick(sender->chan->session, sender->chan);
	if (check)
		vrpq_session_check_pressure(sender->chan->session);
	return bell ? vrpq_sender_ring(sender) : err;
}

int vrpq_call(struct vrpq_sender *sender, VrpqProcId proc_id, void *in, VrpqParamRef *out,
	      int *reason)
{
	struct vrpq_request request = { .proc_id = proc_id, .flags = VRPQ_SLOT_CALL };
	struct vrpq_params *outputs;
	struct vrpq_ticket ticket;
	bool bell = false, check, kick;
	int err;

	vrpq_lock(&sender->lock);
	sender->rounds++;
	check = pressure_check_is_due(sender);
	err = vrpq_params_build(sender, in, out, &request, &outputs);
	if (!err)
		err = vrpq_sender_queue(sender, &request, &ticket);
	if (!err)
		bell = announce(sender, VRPQ_PROF_POST_MULTI_CALL, unannounced(sender) - 1);
	kick = vrpq_sender_take_pages_wanted(sender);
	vrpq_unlock(&sender->lock);
	if (kick)
		vrpq_session_kick(sender->chan->session, sender->chan);
	if (!err) {
		err = vrpq_call_wait(sender, ticket.slot, bell, reason);
		if (!err && !*reason)
			err = vrpq_params_fetch(sender, outputs, &request);
		if (!err && !vrpq_call_is_whole(ticket.slot))
			err = EPIPE;
		vrpq_sender_fetched(sender, &ticket);
	}
	free(outputs);
	if (check)
		vrpq_session_check_pressure(sender->chan->session);
	return err;
}

/* --- the client -------------------------------------------------------------- */

static VRPQ_SLOW void *alloc_slowly(VrpqChanHandle chan, VrpqSize size, unsigned int refs,
			  VrpqSize ref_size)
{
	void *in = NULL;
	int err;
	struct vrpq_sender *sender = vrpq_sender_of(chan, VRPQ_CLIENT_MAGIC, &err);

	if (sender) {
		vrpq_lock(&sender->lock);
		err = vrpq_params_alloc_in(sender, size, refs, ref_size, &in);
		vrpq_unlock(&sender->lock);
	}
	if (err)
		errno = err;
	return in;
}

/* alloc_slowly() for a caller that holds the sender's lock. */
static VRPQ_SLOW void *unlock_and_alloc(struct vrpq_chan *chan, VrpqSize size, unsigned int refs,
					VrpqSize ref_size)
{
	vrpq_unlock(&chan->sender.lock);
	return alloc_slowly(chan, size, refs, ref_size);
}

VrpqParamInPtr vrpqParamPostAlloc(VrpqChanHandle chan, VrpqSize size, unsigned int refCount,
				  VrpqSize refSize)
{
	struct vrpq_chan *c = vrpq_chan_with(chan, VRPQ_CLIENT_MAGIC);
	void *in;

	/* Without references they may stand in the current page. */
	if (!c || refCount || !size || size > VRPQ_PAGE_SIZE || !vrpq_try_lock(&c->sender.lock))
		return alloc_slowly(chan, size, refCount, refSize);
	in = vrpq_sender_alloc_at_hand(&c->sender, (size + VRPQ_UNIT - 1) & ~(VRPQ_UNIT - 1));
	if (!in)
		return unlock_and_alloc(c, size, refCount, refSize);
	vrpq_unlock(&c->sender.lock);
	return in;
}

int vrpqParamCallAlloc(VrpqChanHandle chan, VrpqSize inSize, unsigned int inRefCount,
		       VrpqSize inRefSize, unsigned int outCount, VrpqSize outSize,
		       VrpqParamInPtr *pin, VrpqParamOutPtr *pout)
{
	int err;
	struct vrpq_sender *sender = vrpq_sender_of(chan, VRPQ_CLIENT_MAGIC, &err);

	return err ? err : vrpq_alloc_call(sender, inSize, inRefCount, inRefSize, outCount, outSize,
					   pin, pout);
}

/*
 * Posts @in if it stands in the current page, there is a slot, and nothing else is to be
 * looked at. Returns whether it did.
 */
static VRPQ_FAST bool post_at_hand(struct vrpq_chan *chan, VrpqProcId proc_id, const void *in)
{
	struct vrpq_sender *sender = &chan->sender;
	struct vrpq_request request = { .proc_id = proc_id, .chunk = sender->arena.current };

	if (!request.chunk || sender->params || sender->gone || sender->broken ||
	    sender->pages_wanted ||
	    !vrpq_get(&chan->ctl->first_segment) || !vrpq_sender_has_slot(sender))
		return false;
	request.in_size = vrpq_chunk_claim(request.chunk, in);
	if (!request.in_size)
		return false;
	request.in_offset = vrpq_offset_of(chan->session, in);
	vrpq_sender_publish(sender, &request);
	return true;
}

static VRPQ_SLOW int post_slowly(VrpqChanHandle chan, VrpqProcId proc_id, VrpqParamInPtr in,
				 bool notify)
{
	int err;
	struct vrpq_sender *sender = vrpq_sender_of(chan, VRPQ_CLIENT_MAGIC, &err);

	return err ? err : vrpq_post(sender, proc_id, in, NULL, notify);
}

/* post_slowly() for a caller that holds the sender's lock. */
static VRPQ_SLOW int unlock_and_post(struct vrpq_chan *chan, VrpqProcId proc_id,
				     VrpqParamInPtr in, bool notify)
{
	vrpq_unlock(&chan->sender.lock);
	return post_slowly(chan, proc_id, in, notify);
}

/* Posts, under the lock, after requests of another procedure, which are counted apart. */
static VRPQ_SLOW int post_other(struct vrpq_chan *chan, VrpqProcId proc_id, VrpqParamInPtr in)
{
	if (!post_at_hand(chan, proc_id, in))
		return unlock_and_post(chan, proc_id, in, false);
	vrpq_count_proc(&chan->sender, proc_id);
	vrpq_unlock(&chan->sender.lock);
	return 0;
}

int vrpqPost(VrpqChanHandle chan, VrpqProcId procId, VrpqParamInPtr in)
{
	struct vrpq_chan *c = vrpq_chan_with(chan, VRPQ_CLIENT_MAGIC);

	if (!c || !vrpq_try_lock(&c->sender.lock))
		return post_slowly(chan, procId, in, false);
	if (c->sender.proc_id != procId)
		return post_other(c, procId, in);
	if (!post_at_hand(c, procId, in))
		return unlock_and_post(c, procId, in, false);
	c->sender.proc_count++;
	vrpq_unlock(&c->sender.lock);
	return 0;
}

int vrpqPostAndNotify(VrpqChanHandle chan, VrpqProcId procId, VrpqParamInPtr in)
{
	struct vrpq_chan *c = vrpq_chan_with(chan, VRPQ_CLIENT_MAGIC);
	bool bell;

	if (!c || !vrpq_try_lock(&c->sender.lock))
		return post_slowly(chan, procId, in, true);
	if (!post_at_hand(c, procId, in))
		return unlock_and_post(c, procId, in, true);
	vrpq_count_proc(&c->sender, procId);
	bell = announce_post(&c->sender);
	vrpq_unlock(&c->sender.lock);
	return bell ? vrpq_sender_ring(&c->sender) : 0;
}

int vrpqNotify(VrpqChanHandle chan)
{
	int err;
	struct vrpq_sender *sender = vrpq_sender_of(chan, VRPQ_CLIENT_MAGIC, &err);

	return err ? err : vrpq_notify(sender);
}

int vrpqCall(VrpqChanHandle chan, VrpqProcId procId, VrpqParamInPtr in, VrpqParamOutPtr out)
{
	int err, reason = 0;
	struct vrpq_sender *sender = vrpq_sender_of(chan, VRPQ_CLIENT_MAGIC, &err);

	if (!err)
		err = vrpq_call(sender, procId, in, out, &reason);
	if (err)
		return err;
	/* A negative errno value is meant as what it is. */
	return reason < 0 && reason >= -4095 ? -reason : reason;
}
