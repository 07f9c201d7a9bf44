/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of a client, as a test asks for them. */
#include "pattern.h"
#include "vrpq_ops.h"

#include <stdlib.h>
#include <string.h>

#define INFO_ROOM 1024

static int keep(int error, void *handle, struct vq_object *session, struct vq_reply *reply)
{
	if (!error)
		reply->v[0] = vq_add_object(handle, session);
	return error;
}

static const void *make_info(char *buffer, const struct vq_request *r)
{
	if (!r->size || r->size > INFO_ROOM)
		return NULL;
	pattern_fill(buffer, r->size, r->seed, 0);
	return buffer;
}

static int session_create(const struct vq_request *r, struct vq_reply *reply)
{
	char buffer[INFO_ROOM];
	VrpqSessionHandle session = NULL;
	int error = vrpqSessionCreate(r->device, (nku32_f)r->arg, make_info(buffer, r), r->size,
				      &session);

	return keep(error, session, NULL, reply);
}

static int chan_create(const struct vq_request *r, struct vq_reply *reply)
{
	struct vq_object *session = vq_object(r->object);
	char buffer[INFO_ROOM];
	VrpqChanHandle chan = NULL;
	int error = vrpqChanCreate(session->handle, make_info(buffer, r), r->size, &chan);

	return keep(error, chan, session, reply);
}

static int alloc_only(const struct vq_request *r)
{
	struct vq_params p;
	int error = r->outs ? vq_params_call(&p, vq_object(r->object)->handle, r, false) :
			      vq_params_post(&p, vq_object(r->object)->handle, r);

	vq_params_free(&p);
	return error;
}

static int post(const struct vq_request *r, struct vq_reply *reply)
{
	void *chan = vq_object(r->object)->handle;
	void *owner = (r->flags & VQ_FOREIGN) ? vq_object(r->arg)->handle : chan;
	struct vq_params p;
	int error = vq_params_post(&p, owner, r);

	if (error)
		reply->v[1] = 1;
	else if (r->flags & VQ_NOTIFY)
		error = vrpqPostAndNotify(chan, r->proc, p.in);
	else
		error = vrpqPost(chan, r->proc, p.in);
	vq_params_free(&p);
	return error;
}

static int call(const struct vq_request *r, struct vq_reply *reply)
{
	void *chan = vq_object(r->object)->handle;
	struct vq_params p;
	int error = vq_params_call(&p, chan, r, false);

	if (error)
		reply->v[2] = 1;
	else
		error = vrpqCall(chan, r->proc, p.in, p.out);
	vq_check_outputs(&p, &reply->v[0], &reply->v[1]);
	vq_params_free(&p);
	return error;
}

static int stream(const struct vq_request *r, struct vq_reply *reply)
{
	struct vq_reply one = { 0 };
	struct vq_request next = *r;
	void *chan = vq_object(r->object)->handle;
	int error = 0;

	for (uint32_t i = 0; i < r->count && !error; i++) {
		next.number = r->number + i;
		next.seed = r->seed + i;
		next.flags = r->flags & ~(uint32_t)VQ_NOTIFY;
		error = (r->flags & VQ_CALLS) ? call(&next, &one) : post(&next, &one);
		if (error)
			break;
		reply->v[0]++;
		if (r->flags & VQ_CALLS)
			reply->v[1] += one.v[0];
		if (r->arg && (i + 1) % (uint32_t)r->arg == 0)
			error = vrpqNotify(chan);
	}
	if (!error && r->arg)
		error = vrpqNotify(chan);
	return error;
}

struct handler {
	const struct vq_request *request;
	struct vq_reply *reply;
	void *chan;
};

static int handle_callback(void *cookie, VrpqProcId proc, VrpqShmParamInPtr in,
			   VrpqShmParamOutPtr out)
{
	struct handler *h = cookie;
	struct vq_head head = { 0 };
	unsigned int wrong = 0;

	if (in)
		wrong = vq_check_inputs(in, UINT32_MAX, &head);
	h->reply->v[1] = vq_fill_outputs(out, &head, &wrong);
	h->reply->v[0] = wrong;
	h->reply->v[2] = head.number;
	h->reply->procs[0] = proc;
	if (h->request->flags & VQ_NEST) {
		struct vq_request nested = *h->request;
		struct vq_reply ignored = { 0 };

		nested.flags = 0;
		h->reply->v[3] = call(&nested, &ignored);
	}
	return h->request->arg;
}

static int handle_one(const struct vq_request *r, struct vq_reply *reply)
{
	struct handler h = { .request = r, .reply = reply, .chan = vq_object(r->object)->handle };

	return vrpqCallbackHandle(h.chan, handle_callback, &h);
}

static int prof(const struct vq_request *r, struct vq_reply *reply)
{
	VrpqStat stats[VQ_PROCS_MAX] = { 0 };
	int count = (int)(r->count < 32 ? r->count : 32);
	int result;

	for (int i = 0; i < count; i++)
		stats[i].id = r->procs[i];
	result = vrpqProf(r->device, r->arg, stats, count);
	for (int i = 0; i < count; i++) {
		reply->procs[i] = stats[i].id;
		reply->v[i] = stats[i].val;
	}
	return result;
}

int vq_client_op(const struct vq_request *r, struct vq_reply *reply)
{
	void *handle = vq_object(r->object)->handle;

	switch (r->op) {
	case VQ_SESSION_CREATE: return session_create(r, reply);
	case VQ_SESSION_DESTROY: return vrpqSessionDestroy(handle);
	case VQ_CHAN_CREATE: return chan_create(r, reply);
	case VQ_CHAN_DESTROY: return vrpqChanDestroy(handle);
	case VQ_ALLOC: return alloc_only(r);
	case VQ_POST: return post(r, reply);
	case VQ_CALL: return call(r, reply);
	case VQ_NOTIFY_NOW: return vrpqNotify(handle);
	case VQ_STREAM: return stream(r, reply);
	case VQ_HANDLE: return handle_one(r, reply);
	case VQ_PROF: return prof(r, reply);
	}
	return VQ_BAD;
}

/* ---- anything, for ever ---- */

struct stress {
	const struct vq_request *request;
	struct vq_reply *reply;
	uint64_t state;
	uint32_t number;
};

static int stress_request(struct stress *s, void *chan)
{
	struct vq_request r = *s->request;
	struct vq_params p;
	int64_t untouched, wrong = 0;
	int error;

	r.size = (uint32_t)sizeof(struct vq_head) + (uint32_t)pattern_size(&s->state, 3000);
	r.refs = (uint32_t)pattern_size(&s->state, 4) - 1;
	r.ref_size = (uint32_t)pattern_size(&s->state, 500);
	r.seed = s->number++;
	if (pattern_size(&s->state, 4) > 1) {
		r.outs = 0;
		error = vq_params_post(&p, chan, &r);
		if (!error)
			error = vrpqPost(chan, VQ_PROC(VQ_PROC_PLAIN), p.in);
	} else {
		r.outs = (uint32_t)pattern_size(&s->state, 4);
		r.out_size = (uint32_t)pattern_size(&s->state, 500);
		error = vq_params_call(&p, chan, &r, false);
		if (!error)
			error = vrpqCall(chan, VQ_PROC(VQ_PROC_PLAIN), p.in, p.out);
		if (!error)
			vq_check_outputs(&p, &wrong, &untouched);
	}
	s->reply->v[1] += wrong;
	vq_params_free(&p);
	return error;
}

static int stress_chan(struct stress *s, VrpqSessionHandle session)
{
	uint32_t requests = (uint32_t)pattern_size(&s->state, 60);
	VrpqChanHandle chan;
	int error = vrpqChanCreate(session, NULL, 0, &chan);

	if (error)
		return error;
	for (uint32_t i = 0; i < requests && !error; i++)
		error = stress_request(s, chan);
	vrpqChanDestroy(chan);
	return error;
}

static int stress_session(struct stress *s)
{
	uint32_t chans = (uint32_t)pattern_size(&s->state, 3);
	VrpqSessionHandle session;
	int error = vrpqSessionCreate(s->request->device, (nku32_f)s->request->arg, NULL, 0,
				      &session);

	if (error)
		return error;
	for (uint32_t i = 0; i < chans && !error; i++)
		error = stress_chan(s, session);
	vrpqSessionDestroy(session);
	return error;
}

/* Servers that die are no error. */
int vq_stress(const struct vq_request *r, struct vq_reply *reply)
{
	struct stress s = { .request = r, .reply = reply, .state = r->seed };
	int error = 0;

	for (uint32_t i = 0; !r->count || i < r->count; i++) {
		error = stress_session(&s);
		if (error == EPIPE)
			reply->v[2]++;
		else if (error)
			return error;
		reply->v[0]++;
	}
	return 0;
}
