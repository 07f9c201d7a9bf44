/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parameters that describe themselves: made by either end, checked by the other. */
#include "pattern.h"
#include "vrpq_ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define POISON		0xa5
#define SEED_REF	1u
#define SEED_OUT	1000u
#define SIZE_MAX_SANE	(16u << 20)

static void make_head(struct vq_head *head, const struct vq_request *r)
{
	*head = (struct vq_head){
		.seed = r->seed, .size = r->size, .refs = r->refs, .ref_size = r->ref_size,
		.outs = r->outs, .out_size = r->out_size, .thread = r->thread,
		.number = r->number,
	};
}

static void fill_direct(void *in, const struct vq_head *head)
{
	uint32_t start = head->size < sizeof(*head) ? head->size : sizeof(*head);

	VRPQ_PARAM_BUF_WRITE(in, 0, head, start);
	if (head->size > start)
		pattern_fill((char *)in + start, head->size - start, head->seed, 0);
}

static void fill_refs(struct vq_params *p, const struct vq_request *r)
{
	uint32_t at = VRPQ_ROUND_UP(r->size, 8, uint32_t);

	for (uint32_t i = 0; i < r->refs && i < VRPQ_IN_REFS_MAX; i++, at += sizeof(VrpqParamRef)) {
		p->refs[i] = malloc(r->ref_size ? r->ref_size : 1);
		if (!p->refs[i])
			abort();
		pattern_fill(p->refs[i], r->ref_size, r->seed + SEED_REF + i, 0);
		VRPQ_PARAM_REF_WRITE(p->in, at, r->ref_size, p->refs[i]);
	}
}

static void fill_out_refs(struct vq_params *p, const struct vq_request *r)
{
	for (uint32_t i = 0; i < r->outs && i < VRPQ_OUT_REFS_MAX; i++) {
		p->outs[i] = malloc(r->out_size ? r->out_size : 1);
		if (!p->outs[i])
			abort();
		memset(p->outs[i], POISON, r->out_size);
		VRPQ_PARAM_REF_WRITE(p->out, i * sizeof(VrpqParamRef), r->out_size, p->outs[i]);
	}
}

static void fill(struct vq_params *p, const struct vq_request *r)
{
	make_head(&p->head, r);
	if (p->in) {
		fill_direct(p->in, &p->head);
		fill_refs(p, r);
	}
	if (p->out)
		fill_out_refs(p, r);
}

/* What all pieces take, as allocations are told. */
static uint32_t sum_of(uint32_t count, uint32_t size, uint32_t flags)
{
	if (flags & VQ_SHORT)
		return 0;
	return count * ((flags & VQ_PADDED) ? VRPQ_ROUND_UP(size, 8, uint32_t) : size);
}

int vq_params_post(struct vq_params *p, void *chan, const struct vq_request *r)
{
	memset(p, 0, sizeof(*p));
	if (r->flags & VQ_NULL)
		return 0;
	p->in = vrpqParamPostAlloc(chan, r->size, r->refs,
				   sum_of(r->refs, r->ref_size, r->flags));
	if (!p->in)
		return errno ? errno : VQ_BAD;
	fill(p, r);
	return 0;
}

int vq_params_call(struct vq_params *p, void *chan, const struct vq_request *r, bool callback)
{
	uint32_t refs = sum_of(r->refs, r->ref_size, r->flags);
	uint32_t outs = sum_of(r->outs, r->out_size, r->flags);
	int error;

	memset(p, 0, sizeof(*p));
	if (r->flags & VQ_NULL)
		return 0;
	error = callback ? vrpqCallbackParamAlloc(chan, r->size, r->refs, refs, r->outs, outs,
						  &p->in, &p->out) :
			   vrpqParamCallAlloc(chan, r->size, r->refs, refs, r->outs, outs, &p->in,
					      &p->out);
	if (!error)
		fill(p, r);
	return error;
}

void vq_params_free(struct vq_params *p)
{
	for (unsigned int i = 0; i < VRPQ_IN_REFS_MAX; i++)
		free(p->refs[i]);
	for (unsigned int i = 0; i < VRPQ_OUT_REFS_MAX; i++)
		free(p->outs[i]);
}

static bool all_poison(const unsigned char *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (bytes[i] != POISON)
			return false;
	return true;
}

void vq_check_outputs(const struct vq_params *p, int64_t *wrong, int64_t *untouched)
{
	*wrong = *untouched = 0;
	for (uint32_t i = 0; i < p->head.outs && i < VRPQ_OUT_REFS_MAX; i++) {
		if (!p->outs[i])
			continue;
		if (pattern_check(p->outs[i], p->head.out_size, p->head.seed + SEED_OUT + i, 0))
			++*wrong;
		if (all_poison(p->outs[i], p->head.out_size))
			++*untouched;
	}
}

static bool head_is_sane(const struct vq_head *head, uint32_t room)
{
	uint64_t refs = (uint64_t)head->refs * sizeof(VrpqParamRef);

	if (head->size < sizeof(*head) || head->size > SIZE_MAX_SANE ||
	    head->refs > VRPQ_IN_REFS_MAX || head->outs > VRPQ_OUT_REFS_MAX)
		return false;
	return VRPQ_ROUND_UP(head->size, 8, uint64_t) + refs <= room;
}

unsigned int vq_check_inputs(const void *in, uint32_t room, struct vq_head *head)
{
	unsigned char *bytes = (unsigned char *)(uintptr_t)in;
	unsigned int wrong = 0;
	uint32_t at;

	memset(head, 0, sizeof(*head));
	if (room < sizeof(*head))
		return 1;
	VRPQ_PARAM_BUF_READ(bytes, 0, head, sizeof(*head));
	if (!head_is_sane(head, room))
		return 1;
	wrong += pattern_check(bytes + sizeof(*head), head->size - sizeof(*head), head->seed, 0) != 0;
	at = VRPQ_ROUND_UP(head->size, 8, uint32_t);
	for (uint32_t i = 0; i < head->refs; i++, at += sizeof(VrpqParamRef)) {
		unsigned int error = 0;
		const void *data = VRPQ_PARAM_REF_IN_PLACE(bytes, at, void *, head->ref_size, error);

		if (!data)
			wrong += error || head->ref_size;
		else
			wrong += error || pattern_check(data, head->ref_size,
							head->seed + SEED_REF + i, 0);
	}
	return wrong;
}

unsigned int vq_fill_outputs(VrpqParamRef *out, const struct vq_head *head, unsigned int *wrong)
{
	unsigned int filled = 0;

	for (uint32_t i = 0; out && i < head->outs; i++) {
		unsigned int error = 0;
		void *data = VRPQ_PARAM_REF_IN_PLACE(out, i * sizeof(VrpqParamRef), void *,
						     head->out_size, error);

		if (data && !error) {
			pattern_fill(data, head->out_size, head->seed + SEED_OUT + i, 0);
			filled++;
		} else {
			*wrong += error || head->out_size;
		}
	}
	return filled;
}
