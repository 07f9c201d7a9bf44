/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of a process of vrpq_remote.h share. */
#ifndef SUITES_VRPQ_OPS_H
#define SUITES_VRPQ_OPS_H

#include "vrpq_remote.h"

#include <pthread.h>
#include <vlx/vrpq/client-lib.h>
#include <vlx/vrpq/server-lib.h>

#define VQ_BATCH	64	/* requests received at a time, at most */

/* A session or a channel. */
struct vq_object {
	void *handle;
	struct vq_object *session;	/* of a channel */
	void *base;			/* of a mapped session */
	VrpqProcReq *batch[VQ_BATCH];
	int batch_len;
	void *locals[2 * VQ_BATCH];	/* vrpqLocalBufReceive's buffers of the batch */
	unsigned int nr_locals;
};

/* The number of a new object; adds it to the table. */
int vq_add_object(void *handle, struct vq_object *session);
struct vq_object *vq_object(int number);

/* One of many threads. As pthread_create(). */
int vq_start_small_thread(pthread_t *thread, void *(*run)(void *argument), void *argument);

/* ---- parameters ---- */

struct vq_params {
	VrpqParamInPtr in;
	VrpqParamOutPtr out;
	void *refs[VRPQ_IN_REFS_MAX];
	void *outs[VRPQ_OUT_REFS_MAX];
	struct vq_head head;
};

/* Allocate and fill: for posts, calls and callbacks. 0 or an error. */
int vq_params_post(struct vq_params *p, void *chan, const struct vq_request *r);
int vq_params_call(struct vq_params *p, void *chan, const struct vq_request *r, bool callback);
/* Counts outputs: those that are not what vq_fill_outputs() makes, and those never written. */
void vq_check_outputs(const struct vq_params *p, int64_t *wrong, int64_t *untouched);
void vq_params_free(struct vq_params *p);

/*
 * Checks received parameters; the number of pieces that are wrong. @room: bytes at @in, or
 * UINT32_MAX if the sender is trusted.
 */
unsigned int vq_check_inputs(const void *in, uint32_t room, struct vq_head *head);
/* Returns how many outputs were filled; *wrong counts references that are not as announced. */
unsigned int vq_fill_outputs(VrpqParamRef *out, const struct vq_head *head, unsigned int *wrong);

/* ---- operations ---- */

int vq_client_op(const struct vq_request *r, struct vq_reply *reply);
int vq_server_op(const struct vq_request *r, struct vq_reply *reply);
int vq_serve_op(const struct vq_request *r, struct vq_reply *reply);
int vq_stress(const struct vq_request *r, struct vq_reply *reply);
int vq_crowd_op(const struct vq_request *r, struct vq_reply *reply);
int vq_memory_op(const struct vq_request *r, struct vq_reply *reply);

#endif
