// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Parameters, from what the program fills to what the peer reads.
 *
 * Parameters without references are filled in shared memory. References hold addresses of
 * this process, which the peer must not be able to change: parameters with them are
 * filled in a private block and copied, with what they refer to, when they are posted.
 * Output references are always private; only offsets are shared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "objects.h"

#define REF_SIZE	((u32)sizeof(struct vrpq_ref))

struct vrpq_params {
	struct vrpq_params *next;
	u32 size;		/* of direct parameters, rounded up; output: 0 */
	u32 nr_refs;
	u64 room;		/* for what they refer to */
	const void *in;		/* output: the input it was allocated with */
	bool shared;		/* output: room was taken in shared memory, behind the input */
	u32 in_size;		/* output: the input's part of it */
	_Alignas(16) unsigned char data[];
};

static u64 padded(u64 size)
{
	return (size + VRPQ_UNIT - 1) & ~(u64)(VRPQ_UNIT - 1);
}

/* The sum of the pieces that refer to @size bytes, if each is padded. */
static u64 room_of(unsigned int refs, u32 size)
{
	return padded((u64)size + (VRPQ_UNIT - 1) * (u64)refs);
}

/* The bytes that a request may take, or 0 if that can never be had. */
static u32 total_size(const struct vrpq_sender *sender, u64 in, u64 out)
{
	u64 limit = (u64)sender->chan->session->geometry.pmem_pages * VRPQ_PAGE_SIZE;
	u64 total = in + out;

	if (total > limit)
		return 0;
	return total ? (u32)total : VRPQ_UNIT;
}

/* --- allocation ---------------------------------------------------------------- */

static struct vrpq_params *block_new(struct vrpq_sender *sender, VrpqSize size, unsigned int refs,
				     u64 room)
{
	u32 rounded = (u32)padded(size);
	struct vrpq_params *block;

	block = calloc(1, sizeof(*block) + rounded + refs * sizeof(VrpqParamRef) + VRPQ_UNIT);
	if (!block)
		return NULL;
	block->size = rounded;
	block->nr_refs = refs;
	block->room = room;
	block->next = sender->params;
	sender->params = block;
	return block;
}

static struct vrpq_params *block_take(struct vrpq_sender *sender, const void *data)
{
	struct vrpq_params **at, *block;

	for (at = &sender->params; (block = *at); at = &block->next) {
		if (block->data == data) {
			*at = block->next;
			return block;
		}
	}
	return NULL;
}

/* The output that was allocated with the input @in. */
static struct vrpq_params *block_take_pair(struct vrpq_sender *sender, const void *in)
{
	struct vrpq_params *block;

	for (block = sender->params; block; block = block->next)
		if (block->in == in)
			return block_take(sender, block->data);
	return NULL;
}

void vrpq_params_free_all(struct vrpq_sender *sender)
{
	while (sender->params)
		free(block_take(sender, sender->params->data));
}

static int alloc_in(struct vrpq_sender *sender, VrpqSize size, unsigned int refs,
		    VrpqSize ref_size, u64 out, void **in)
{
	u64 in_room = padded(size) + refs * (u64)REF_SIZE + room_of(refs, refs ? ref_size : 0);
	struct vrpq_params *block;
	u32 total;

	if (refs > VRPQ_IN_REFS_MAX)
		return EINVAL;
	total = total_size(sender, in_room, out);
	if (!total)
		return EMSGSIZE;
	if (!refs)
		return vrpq_sender_alloc(sender, total, in);
	block = block_new(sender, size, refs, room_of(refs, ref_size));
	if (!block)
		return ENOMEM;
	*in = block->data;
	return 0;
}

int vrpq_params_alloc_in(struct vrpq_sender *sender, VrpqSize size, unsigned int refs,
			 VrpqSize ref_size, void **in)
{
	return alloc_in(sender, size, refs, ref_size, 0, in);
}

static void cancel_in(struct vrpq_sender *sender, void *in)
{
	struct vrpq_chunk *chunk;
	u32 size;

	if (!vrpq_arena_contains(&sender->arena, in)) {
		free(block_take(sender, in));
		return;
	}
	chunk = vrpq_arena_claim(&sender->arena, in, &size);
	if (chunk)
		vrpq_arena_put(chunk);
}

int vrpq_params_alloc_both(struct vrpq_sender *sender, VrpqSize size, unsigned int refs,
			   VrpqSize ref_size, unsigned int out_refs, VrpqSize out_size,
			   void **in, VrpqParamRef **out)
{
	u64 room = room_of(out_refs, out_refs ? out_size : 0);
	u64 out_total = out_refs * (u64)REF_SIZE + room;
	struct vrpq_params *block;
	int err;

	if (out_refs > VRPQ_OUT_REFS_MAX)
		return EINVAL;
	err = alloc_in(sender, size, refs, ref_size, out_total, in);
	if (err)
		return err;
	block = block_new(sender, 0, out_refs, room);
	if (!block) {
		cancel_in(sender, *in);
		return ENOMEM;
	}
	block->in = *in;
	block->shared = !refs;
	block->in_size = (u32)padded(size);
	*out = (VrpqParamRef *)(void *)block->data;
	return 0;
}

int vrpq_alloc_call(struct vrpq_sender *sender, VrpqSize in_size, unsigned int in_refs,
		    VrpqSize in_ref_size, unsigned int out_refs, VrpqSize out_size,
		    VrpqParamInPtr *pin, VrpqParamOutPtr *pout)
{
	VrpqParamRef *out = NULL;
	void *in = NULL;
	bool kick;
	int err;

	if ((!pin && (in_size || in_refs)) || (!pout && out_refs))
		return EINVAL;
	vrpq_lock(&sender->lock);
	err = vrpq_params_alloc_both(sender, in_size, in_refs, in_ref_size, out_refs, out_size,
				     &in, &out);
	/* It may have freed what it took. */
	kick = err && vrpq_sender_take_pages_wanted(sender);
	vrpq_unlock(&sender->lock);
	if (kick)
		vrpq_session_kick(sender->chan->session, sender->chan);
	if (err)
		return err;
	if (pin)
		*pin = in;
	if (pout)
		*pout = out;
	return 0;
}

/* --- posting ------------------------------------------------------------------- */

/* A private copy of a block's references. Returns the sum of the pieces, or an error. */
static int read_refs(const struct vrpq_params *block, VrpqParamRef *refs, u64 *sum)
{
	u32 i;

	memcpy(refs, block->data + block->size, block->nr_refs * sizeof(*refs));
	*sum = 0;
	for (i = 0; i < block->nr_refs; i++)
		*sum += padded(refs[i].size);
	return *sum > block->room ? EINVAL : 0;
}

/* Writes references whose data follow them. */
static void write_refs(unsigned char *to, const VrpqParamRef *refs, u32 nr)
{
	u32 i, at = nr * REF_SIZE;

	for (i = 0; i < nr; i++) {
		struct vrpq_ref shared = { .size = refs[i].size, .offset = at - i * REF_SIZE };

		memcpy(to + i * REF_SIZE, &shared, sizeof(shared));
		at += (u32)padded(refs[i].size);
	}
}

/* What is to be copied for @nr references whose shared form, data included, is at @shared. */
static void list_pieces(struct vrpq_copy *copy, unsigned char *shared, const VrpqParamRef *refs,
			u32 nr)
{
	u32 i, at = nr * REF_SIZE;

	copy->nr = 0;
	copy->size = 0;
	for (i = 0; i < nr; i++) {
		if (refs[i].size)
			vrpq_copy_add(copy, shared + at, refs[i].uptr, refs[i].size);
		at += (u32)padded(refs[i].size);
	}
}

/* What the program filled, while it is made into a request. */
struct build {
	struct vrpq_params *in, *out;	/* private blocks, or NULL */
	unsigned char *shared;		/* input in shared memory, or NULL */
	struct vrpq_chunk *chunk;
	u32 shared_size;
	VrpqParamRef in_refs[VRPQ_IN_REFS_MAX], out_refs[VRPQ_OUT_REFS_MAX];
	u64 in_sum, out_sum;
};

static int find_in(struct vrpq_sender *sender, struct build *b, void *in)
{
	if (!in)
		return 0;
	if (!vrpq_arena_contains(&sender->arena, in)) {
		b->in = block_take(sender, in);
		return b->in && !b->in->in ? 0 : EINVAL;
	}
	b->chunk = vrpq_arena_claim(&sender->arena, in, &b->shared_size);
	b->shared = in;
	return b->chunk ? 0 : EINVAL;
}

static int find_both(struct vrpq_sender *sender, struct build *b, void *in, VrpqParamRef *out)
{
	struct vrpq_params *pair;
	const void *paired;
	int err, err_out = 0;

	if (out) {
		b->out = block_take(sender, out);
		if (!b->out || !b->out->in)
			err_out = EINVAL;
	}
	paired = b->out ? b->out->in : NULL;
	if (!in && paired)
		in = (void *)(uintptr_t)paired;
	err = find_in(sender, b, in);
	pair = b->out ? NULL : block_take_pair(sender, in);
	if (pair && !out)
		b->shared_size = b->shared ? pair->in_size : b->shared_size;
	free(pair);
	if (!err)
		err = err_out;
	return !err && paired && paired != in ? EINVAL : err;
}

static int check_refs(struct build *b)
{
	int err = 0;

	if (b->in)
		err = read_refs(b->in, b->in_refs, &b->in_sum);
	if (b->out && !err)
		err = read_refs(b->out, b->out_refs, &b->out_sum);
	return err;
}

/* Fills shared memory from a private input. */
static int fill_shared(const struct build *b)
{
	unsigned char *refs = b->shared + b->in->size;
	struct vrpq_copy copy;

	memcpy(b->shared, b->in->data, b->in->size);
	write_refs(refs, b->in_refs, b->in->nr_refs);
	list_pieces(&copy, refs, b->in_refs, b->in->nr_refs);
	return vrpq_copy_from_program(&copy);
}

/* Copies a private input, and makes room for the output behind it. */
static int copy_in(struct vrpq_sender *sender, struct build *b, struct vrpq_request *request)
{
	u64 in_size = (u64)b->in->size + b->in->nr_refs * (u64)REF_SIZE + b->in_sum;
	u64 out_size = b->out ? b->out->nr_refs * (u64)REF_SIZE + b->out_sum : 0;
	void *ptr;
	u32 size;
	int err;

	vrpq_count(sender, VRPQ_PROF_IN_PARAM_REF);
	err = vrpq_sender_alloc(sender, (u32)(in_size + out_size), &ptr);
	if (err)
		return err;
	b->shared = ptr;
	/* It is posted at once. */
	b->chunk = vrpq_arena_claim(&sender->arena, ptr, &size);
	request->in_size = (u32)in_size;
	/* The program's memory may be slow to come, and others need not wait for it. */
	vrpq_unlock(&sender->lock);
	err = fill_shared(b);
	vrpq_lock(&sender->lock);
	return err;
}

static int place(struct vrpq_sender *sender, struct build *b, struct vrpq_request *request)
{
	u32 offset;
	int err;

	if (b->in) {
		err = copy_in(sender, b, request);
		if (err)
			return err;
	} else if (b->shared) {
		request->in_size = b->out ? b->out->in_size : b->shared_size;
	}
	if (!b->shared)
		return 0;
	offset = vrpq_offset_of(sender->chan->session, b->shared);
	request->chunk = b->chunk;
	request->in_offset = request->in_size ? offset : 0;
	if (b->out && b->out->nr_refs) {
		write_refs(b->shared + request->in_size, b->out_refs, b->out->nr_refs);
		request->out_offset = offset + request->in_size;
		request->out_size = b->out->nr_refs * REF_SIZE + (u32)b->out_sum;
	}
	return 0;
}

int vrpq_params_build(struct vrpq_sender *sender, void *in, VrpqParamRef *out,
		      struct vrpq_request *request, struct vrpq_params **outputs)
{
	struct build b;
	int err;

	b.in = NULL;
	b.out = NULL;
	b.shared = NULL;
	b.chunk = NULL;
	b.shared_size = 0;
	err = find_both(sender, &b, in, out);
	if (!err)
		err = check_refs(&b);
	if (!err)
		err = place(sender, &b, request);
	if (err && b.chunk)
		vrpq_arena_put(b.chunk);
	free(b.in);
	if (err || !b.out || !request->out_size) {
		free(b.out);
		b.out = NULL;
	} else {
		/* As checked, whatever the program does to them meanwhile. */
		memcpy(b.out->data, b.out_refs, b.out->nr_refs * sizeof(VrpqParamRef));
	}
	*outputs = b.out;
	return err;
}

int vrpq_params_fetch(struct vrpq_sender *sender, const struct vrpq_params *outputs,
		      const struct vrpq_request *request)
{
	struct vrpq_copy copy;

	if (!outputs)
		return 0;
	list_pieces(&copy, sender->chan->session->base + request->out_offset,
		    (const VrpqParamRef *)(const void *)outputs->data, outputs->nr_refs);
	return vrpq_copy_to_program(&copy);
}
