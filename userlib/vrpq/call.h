/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what a program fills to a request: parameters (params.c), what their references name
 * (copy.c), posts and calls (call.c).
 */
#ifndef VRPQ_CALL_H
#define VRPQ_CALL_H

#include <sys/uio.h>

#include "sender.h"

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
/*
 * Whether what was read of the answer is of the callee: when the link ends, zeros are in the
 * place of all that both share, this slot included. Before the slot is used again.
 */
bool vrpq_call_is_whole(struct vrpq_slot *slot);
/* The callee takes the request of a slot: false if there is nothing to handle. */
bool vrpq_call_take(struct vrpq_slot *slot);
/* The callee answers; true: the caller sleeps and must be rung. */
bool vrpq_call_answer(struct vrpq_slot *slot, int reason);
/* Does all that the slot names lie in the zones of parameters? */
bool vrpq_slot_is_sound(const struct vrpq_session *session, const struct vrpq_slot *copy);
/* Reads a slot once. */
void vrpq_slot_copy(const struct vrpq_slot *slot, struct vrpq_slot *copy);

#endif
