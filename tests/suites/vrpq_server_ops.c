/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of a server, as a test asks for them. */
#include "pattern.h"
#include "vrpq_ops.h"

#include <stdlib.h>
#include <string.h>

#define INFO_ROOM	1024
#define NO_HEAD		0x100u	/* functions from here on have parameters of any form */

static void report_info(const char *info, uint32_t room, VrpqSize length,
			const struct vq_request *r, struct vq_reply *reply)
{
	uint32_t stored = length < room ? length : room;

	reply->v[1] = length;
	reply->v[2] = pattern_check(info, stored, r->seed, 0) != 0;
	/* What lies behind was left alone. */
	for (uint32_t i = room; i < INFO_ROOM; i++)
		reply->v[2] += info[i] != 0x5a;
}

static int session_accept(const struct vq_request *r, struct vq_reply *reply)
{
	bool wanted = !(r->flags & VQ_NULL);
	VrpqSessionHandle session = NULL;
	char info[INFO_ROOM];
	VrpqSize length = r->size;
	int error;

	memset(info, 0x5a, sizeof(info));
	error = vrpqSessionAccept(r->device, (nku32_f)r->arg, wanted ? info : NULL,
				  wanted ? &length : NULL, &session);
	if (error)
		return error;
	reply->v[0] = vq_add_object(session, NULL);
	if (wanted)
		report_info(info, r->size, length, r, reply);
	return 0;
}

static int chan_accept(const struct vq_request *r, struct vq_reply *reply)
{
	struct vq_object *session = vq_object(r->object);
	void *handle = (r->flags & VQ_ANY) ? VRPQ_SESSION_ANY : session->handle;
	bool wanted = !(r->flags & VQ_NULL);
	VrpqChanHandle chan = NULL;
	char info[INFO_ROOM];
	VrpqSize length = r->size;
	int error;

	memset(info, 0x5a, sizeof(info));
	error = vrpqChanAccept(handle, wanted ? info : NULL, wanted ? &length : NULL, &chan);
	if (error)
		return error;
	reply->v[0] = vq_add_object(chan, session);
	if (wanted)
		report_info(info, r->size, length, r, reply);
	return 0;
}

static int client_id(const struct vq_request *r, struct vq_reply *reply)
{
	VrpqClientId id = { 0, 0 };
	int error = vrpqClientIdGet(vq_object(r->object)->handle, &id);

	reply->v[0] = id.vmId;
	reply->v[1] = id.appId;
	return error;
}

static int shm_map(const struct vq_request *r)
{
	struct vq_object *session = vq_object(r->object);
	void *base = NULL;
	int error = vrpqShmMap((r->flags & VQ_ANY) ? VRPQ_SESSION_ANY : session->handle, &base);

	if (!error)
		session->base = base;
	return error;
}

static bool has_head(const VrpqProcReq *req)
{
	return VRPQ_PROC_ID_FUNC_GET(req->procId) < NO_HEAD;
}

static int receive(const struct vq_request *r, struct vq_reply *reply)
{
	struct vq_object *chan = vq_object(r->object);
	int count = (int)r->count, error;

	chan->batch_len = 0;
	error = vrpqReceive(chan->handle, chan->batch, count > VQ_BATCH ? VQ_BATCH : count,
			    &chan->batch_len);
	while (!error && chan->nr_locals)
		free(chan->locals[--chan->nr_locals]);
	reply->v[0] = chan->batch_len;
	if (error || !chan->session->base)
		return error;
	for (int i = 0; i < chan->batch_len; i++) {
		void *in = vrpqParamInGet(chan->batch[i], chan->session->base);
		struct vq_head head;

		if (in && has_head(chan->batch[i]))
			reply->v[1] += vq_check_inputs(in, UINT32_MAX, &head);
		reply->v[2] += !vrpqParamOutGet(chan->batch[i], chan->session->base);
		reply->v[3] += !in;
		if (i < VQ_PROCS_MAX)
			reply->procs[i] = chan->batch[i]->procId;
	}
	return 0;
}

static const VrpqProcReq *last_of_batch(const struct vq_object *chan)
{
	static const VrpqProcReq none;

	return chan->batch_len ? chan->batch[chan->batch_len - 1] : &none;
}

static int answer(const struct vq_request *r, struct vq_reply *reply)
{
	struct vq_object *chan = vq_object(r->object);
	const VrpqProcReq *req = last_of_batch(chan);
	void *in = vrpqParamInGet(req, chan->session->base);
	unsigned int wrong = 0;
	struct vq_head head;

	if (!in)
		return VQ_BAD;
	vq_check_inputs(in, UINT32_MAX, &head);
	reply->v[0] = vq_fill_outputs(vrpqParamOutGet(req, chan->session->base), &head, &wrong);
	reply->v[1] = wrong;
	return 0;
}

static int resolve(const struct vq_request *r, struct vq_reply *reply)
{
	struct vq_object *chan = vq_object(r->object);
	const VrpqProcReq *req = last_of_batch(chan);
	void *in = vrpqParamInGet(req, chan->session->base);
	void *out = vrpqParamOutGet(req, chan->session->base);
	struct vq_head head;
	uint32_t at;
	int errors = 0;

	if (!in || !VRPQ_PARAM_IN_PLACE(in, 0, uint32_t *))
		return VQ_BAD;
	VRPQ_PARAM_BUF_READ(in, 0, &head, sizeof(head));
	at = (uint32_t)r->arg * (uint32_t)sizeof(VrpqParamRef);
	if (r->flags & VQ_OUTPUT) {
		reply->v[1] = !VRPQ_PARAM_REF_IN_PLACE(out, at, char *, r->size, errors);
	} else {
		at += VRPQ_ROUND_UP(head.size, 8, uint32_t);
		reply->v[1] = !VRPQ_PARAM_REF_IN_PLACE(in, at, char *, r->size, errors);
	}
	reply->v[0] = errors;
	return 0;
}

static int local_info(const struct vq_request *r, struct vq_reply *reply)
{
	VrpqSize in = 0, out = 0;
	int error = vrpqLocalBufInfo(vq_object(r->object)->handle, &in, &out);

	reply->v[0] = in;
	reply->v[1] = out;
	return error;
}

/* Stays until the next receive, when the answer has been taken from it. */
static void *local_buffer(struct vq_object *chan, VrpqSize size)
{
	void *buffer = size ? malloc(size) : NULL;

	if (buffer && chan->nr_locals < 2 * VQ_BATCH)
		chan->locals[chan->nr_locals++] = buffer;
	return buffer;
}

static int local_receive(const struct vq_request *r, struct vq_reply *reply)
{
	struct vq_object *chan = vq_object(r->object);
	VrpqSize in_size = 0, out_size = 0;
	struct vq_head head = { 0 };
	unsigned int wrong = 0;
	VrpqProcReq req = { 0 };
	void *in, *out;
	int error = vrpqLocalBufInfo(chan->handle, &in_size, &out_size);

	if (error)
		return error;
	in = local_buffer(chan, in_size);
	out = local_buffer(chan, out_size);
	error = vrpqLocalBufReceive(chan->handle, &req, in, out);
	if (error)
		return error;
	if (in)
		wrong = vq_check_inputs(in, in_size, &head);
	reply->v[1] = vq_fill_outputs(out, &head, &wrong);
	reply->v[0] = wrong;
	reply->v[2] = head.number;
	reply->procs[0] = req.procId;
	return 0;
}

static int callback(const struct vq_request *r, struct vq_reply *reply)
{
	void *chan = vq_object(r->object)->handle;
	struct vq_params p;
	int error = vq_params_call(&p, chan, r, true);

	if (error)
		reply->v[2] = 1;
	else
		error = vrpqCallbackPerform(chan, r->proc, p.in, p.out, (r->flags & VQ_ASYNC) ?
					    VRPQ_CALLBACK_ASYNC : VRPQ_CALLBACK_SYNC);
	/* What an asynchronous one may write to stays for good. */
	vq_check_outputs(&p, &reply->v[0], &reply->v[1]);
	if (!(r->flags & VQ_ASYNC))
		vq_params_free(&p);
	return error;
}

int vq_server_op(const struct vq_request *r, struct vq_reply *reply)
{
	void *handle = vq_object(r->object)->handle;

	switch (r->op) {
	case VQ_SESSION_ACCEPT: return session_accept(r, reply);
	case VQ_CLIENT_ID: return client_id(r, reply);
	case VQ_SHM_MAP: return shm_map(r);
	case VQ_CHAN_ACCEPT: return chan_accept(r, reply);
	case VQ_RECEIVE: return receive(r, reply);
	case VQ_ANSWER: return answer(r, reply);
	case VQ_SET_REASON: return vrpqCallSetReason(handle, r->arg);
	case VQ_RESOLVE: return resolve(r, reply);
	case VQ_LOCAL_INFO: return local_info(r, reply);
	case VQ_LOCAL_RECEIVE: return local_receive(r, reply);
	case VQ_CALLBACK: return callback(r, reply);
	}
	return VQ_BAD;
}
