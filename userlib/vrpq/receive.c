// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Receiving requests. The consumer's index moves when requests are acknowledged, not when
 * they are seen: it is what frees their memory at the client.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "objects.h"

#define BATCH_MAX	1024	/* requests delivered at a time */

/* --- acknowledging ------------------------------------------------------------- */

static bool answer_call(struct vrpq_chan *chan)
{
	int reason = chan->reason;

	if (!reason && chan->call_out_copy)
		memcpy(chan->session->base + chan->call_out_offset, chan->call_out_copy,
		       chan->call_out_size);
	chan->reason = 0;
	return vrpq_call_answer(chan->call, reason);
}

/* Returns whether the client must be rung. */
static bool acknowledge(struct vrpq_chan *chan)
{
	bool bell = false;

	if (chan->call)
		bell = answer_call(chan);
	if (chan->passed && vlink_consumer_publish(&chan->rx, chan->passed))
		bell = true;
	if (chan->copied)
		vrpq_memory_remove_copies(chan);
	chan->call = NULL;
	chan->passed = 0;
	chan->call_out_copy = NULL;
	chan->batch_len = 0;
	chan->copied = 0;
	return bell;
}

/* --- collecting ---------------------------------------------------------------- */

/* The next segment, if this one has no slots left; false if there cannot be one. */
static bool next_segment(struct vrpq_chan *chan)
{
	const struct vrpq_session *session = chan->session;
	u32 page;

	if (chan->segment_pos < VRPQ_SEGMENT_SLOTS)
		return true;
	page = vrpq_get(&chan->segment->next);
	if (!page || page >= session->geometry.ring_pages)
		return false;
	chan->segment = (void *)(session->base + (size_t)page * VRPQ_PAGE_SIZE);
	chan->segment_pos = 0;
	return true;
}

/* Takes a call that can still be taken; returns whether it was delivered. */
static bool deliver_call(struct vrpq_chan *chan, struct vrpq_slot *slot,
			 struct vrpq_delivered *to, bool *bell)
{
	struct vrpq_slot copy;

	if (!vrpq_call_take(slot))
		return false;
	vrpq_slot_copy(slot, &copy);
	if (!vrpq_slot_is_sound(chan->session, &copy)) {
		if (vrpq_call_answer(slot, EBADREQ))
			*bell = true;
		return false;
	}
	*to = (struct vrpq_delivered) {
		.req = { .procId = copy.proc_id, .inOffset = copy.in_offset,
			 .outOffset = copy.out_offset },
		.in_size = copy.in_size,
		.out_size = copy.out_size,
	};
	chan->call = slot;
	chan->call_out_offset = copy.out_offset;
	chan->call_out_size = copy.out_size;
	return true;
}

/* Returns whether the post is sound, and was delivered. There is nobody to see its output. */
static VRPQ_FAST bool deliver_post(const struct vrpq_session *session,
				   const struct vrpq_slot *slot, struct vrpq_delivered *to)
{
	u32 offset = vrpq_get(&slot->in_offset);
	u32 size = offset ? vrpq_get(&slot->in_size) : 0;

	if (!vrpq_params_are_sound(session, offset, size))
		return false;
	to->req.procId = vrpq_get(&slot->proc_id);
	to->req.inOffset = offset;
	to->req.outOffset = 0;
	to->in_size = size;
	to->out_size = 0;
	return true;
}

/* Delivers what the @n next slots of the segment hold, up to a call. */
static void collect_slots(struct vrpq_chan *chan, u32 n, bool *bell)
{
	struct vrpq_slot *slot = &chan->segment->slots[chan->segment_pos];
	struct vrpq_delivered *to = chan->batch + chan->batch_len;
	u32 i = 0;

	while (i < n && !chan->call) {
		if (vrpq_get(&slot[i].flags) & VRPQ_SLOT_CALL)
			to += deliver_call(chan, &slot[i], to, bell);
		else
			to += deliver_post(chan->session, &slot[i], to);
		i++;
	}
	chan->segment_pos += i;
	chan->passed += i;
	chan->batch_len = (u32)(to - chan->batch);
}

/* Fills the batch with what is queued, up to @count requests. */
static void collect(struct vrpq_chan *chan, u32 count, bool *bell)
{
	u32 n, avail = vlink_consumer_avail(&chan->rx, &chan->rx_broken);

	while (chan->batch_len < count && chan->passed < avail && !chan->rx_broken && !chan->call) {
		if (!next_segment(chan)) {
			chan->rx_broken = true;
			break;
		}
		n = avail - chan->passed;
		if (n > count - chan->batch_len)
			n = count - chan->batch_len;
		if (n > VRPQ_SEGMENT_SLOTS - chan->segment_pos)
			n = VRPQ_SEGMENT_SLOTS - chan->segment_pos;
		collect_slots(chan, n, bell);
	}
	/* Nothing but what was withdrawn or malformed: that is done with. */
	if (!chan->batch_len && chan->passed) {
		if (vlink_consumer_publish(&chan->rx, chan->passed))
			*bell = true;
		chan->passed = 0;
	}
}

/* --- vrpqReceive --------------------------------------------------------------- */

static void ring(struct vrpq_chan *chan)
{
	vrpq_file_control(&chan->file, VRPQ_IOC_RING, NULL);
}

static bool is_posted(const void *chan)
{
	const struct vlink_ring_end *rx = &((const struct vrpq_chan *)chan)->rx;

	return vlink_load_acquire(&rx->prod_line->prod) != rx->index;
}

/*
 * Before sleeping: spins for a while, or yields to others, if that is promising.
 * Returns whether something came. Who must be rung is not kept waiting meanwhile.
 */
static bool spin_or_yield(struct vrpq_chan *chan, bool *bell)
{
	if (!*bell && vrpq_yield_is_due(&chan->file))
		return vrpq_yield(&chan->file, is_posted, chan);
	if (!vrpq_spin_is_due(&chan->file))
		return false;
	if (*bell)
		ring(chan);
	*bell = false;
	return vrpq_spin(&chan->file, is_posted, chan);
}

static void set_working(struct vrpq_chan *chan, bool works)
{
	if (chan->counted != works)
		vrpq_spin_count_server(works);
	chan->counted = works;
}

static int sleep_for_posts(struct vrpq_chan *chan, u32 seq, bool bell)
{
	int err;

	set_working(chan, false);
	err = vrpq_file_wait(&chan->file, seq, bell ? VRPQ_WAIT_RING : 0);
	set_working(chan, true);
	return err;
}

/* Waits until something is in the batch. */
static int fill(struct vrpq_chan *chan, u32 count, bool bell)
{
	bool spun = false;
	u32 seq, status;
	int err = 0;

	while (!err) {
		/* What the peer did before it was closed is found after that is known. */
		seq = __atomic_load_n(&chan->file.seq, __ATOMIC_ACQUIRE);
		status = __atomic_load_n(&chan->file.status, __ATOMIC_ACQUIRE);
		collect(chan, count, &bell);
		if (chan->batch_len)
			break;
		if (chan->rx_broken || (status & VRPQ_ENDED)) {
			err = EPIPE;
		} else if (!spun) {
			spun = !spin_or_yield(chan, &bell);
		} else if (!vlink_consumer_arm(&chan->rx, 1, &chan->rx_broken) && !chan->rx_broken) {
			err = sleep_for_posts(chan, seq, bell);
			bell = false;
		}
	}
	if (bell)
		ring(chan);
	return err;
}

static int make_room(struct vrpq_chan *chan, u32 count)
{
	struct vrpq_delivered *batch;

	if (count <= chan->batch_room)
		return 0;
	batch = realloc(chan->batch, count * sizeof(*batch));
	if (!batch)
		return ENOMEM;
	chan->batch = batch;
	chan->batch_room = count;
	return 0;
}

static int receive(struct vrpq_chan *chan, VrpqProcReq **reqs, int count, int *avail)
{
	bool bell = acknowledge(chan);
	u32 n = count > BATCH_MAX ? BATCH_MAX : (u32)count;
	int err = count ? make_room(chan, n) : 0;

	if (avail)
		*avail = 0;
	if (err || !count) {
		if (bell)
			ring(chan);
		return err;
	}
	err = fill(chan, n, bell);
	if (err)
		return err;
	for (n = 0; n < chan->batch_len; n++)
		reqs[n] = &chan->batch[n].req;
	*avail = (int)chan->batch_len;
	return 0;
}

/* The server's channel, for this thread alone until it is released. */
static int enter(VrpqChanHandle handle, struct vrpq_chan **chan)
{
	*chan = vrpq_chan_of(handle);
	if (!*chan)
		return ECHANINVALID;
	if (!(*chan)->server)
		return EINVAL;
	return __atomic_exchange_n(&(*chan)->busy, true, __ATOMIC_ACQUIRE) ? EALREADY : 0;
}

static void leave(struct vrpq_chan *chan)
{
	__atomic_store_n(&chan->busy, false, __ATOMIC_RELEASE);
}

int vrpqReceive(VrpqChanHandle chan, VrpqProcReq **reqs, int count, int *avail)
{
	struct vrpq_chan *c;
	int err;

	if (count < 0 || (count && (!reqs || !avail)))
		return EINVAL;
	err = enter(chan, &c);
	if (err)
		return err;
	err = receive(c, reqs, count, avail);
	leave(c);
	return err;
}

int vrpqCallSetReason(VrpqChanHandle chan, int reason)
{
	struct vrpq_chan *c;
	int err = enter(chan, &c);

	if (err)
		return err;
	if (c->call)
		c->reason = reason;
	else
		err = EINVAL;
	leave(c);
	return err;
}

/* --- local buffers ------------------------------------------------------------- */

static int current_request(struct vrpq_chan *chan, const struct vrpq_delivered **current)
{
	if (chan->copied >= chan->batch_len)
		return EINVAL;
	*current = &chan->batch[chan->copied];
	return 0;
}

int vrpqLocalBufInfo(VrpqChanHandle chan, VrpqSize *inSize, VrpqSize *outSize)
{
	const struct vrpq_delivered *current;
	struct vrpq_chan *c;
	int err = enter(chan, &c);

	if (err)
		return err;
	err = inSize && outSize ? current_request(c, &current) : EINVAL;
	if (!err) {
		*inSize = current->in_size;
		*outSize = current->out_size;
	}
	leave(c);
	return err;
}

static int copy_piece(const struct vrpq_chan *chan, void *to, u32 offset, u32 size)
{
	if (!size)
		return 0;
	if (!to)
		return EINVAL;
	memcpy(to, chan->session->base + offset, size);
	return vrpq_memory_add_copy(to, size, chan);
}

static int copy_request(struct vrpq_chan *chan, VrpqProcReq *req, void *in, VrpqParamRef *out)
{
	const struct vrpq_delivered *current;
	int err = req ? current_request(chan, &current) : EINVAL;

	if (!err)
		err = copy_piece(chan, in, current->req.inOffset, current->in_size);
	if (!err)
		err = copy_piece(chan, out, current->req.outOffset, current->out_size);
	if (err)
		return err;
	*req = current->req;
	if (current->out_size)
		chan->call_out_copy = out;
	chan->copied++;
	return 0;
}

int vrpqLocalBufReceive(VrpqChanHandle chan, VrpqProcReq *req, VrpqShmParamInPtr in,
			VrpqShmParamOutPtr out)
{
	struct vrpq_chan *c;
	int err = enter(chan, &c);

	if (err)
		return err;
	err = copy_request(c, req, in, out);
	leave(c);
	return err;
}

/* --- the end ------------------------------------------------------------------- */

void vrpq_server_destroy(struct vrpq_chan *chan)
{
	struct vrpq_session *session = chan->session;

	if (acknowledge(chan))
		ring(chan);
	set_working(chan, false);
	vrpq_memory_remove_copies(chan);
	/* The last word: the client may use the pages anew. */
	__atomic_store_n(&chan->ctl->left, 1, __ATOMIC_RELEASE);
	vrpq_session_unlink(session, chan, false);
	vrpq_chan_free(chan);
	vrpq_session_put(session);
}
