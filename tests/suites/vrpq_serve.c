/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole servers: one channel until its end; a forked child; and the usual daemon with a
 * process for each session and a thread for each channel.
 *
 * They copy every request to private memory first (vrpqLocalBufReceive), so that a client
 * that writes anything at any time can make a request wrong, but not crash them.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "transfer.h"
#include "vrpq_ops.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX	64	/* of clients that number their requests */
#define CHANS_MAX	64	/* of a session */

struct server {
	VrpqChanHandle chan;
	void *base;
	bool trusting;		/* reads parameters where they are */
	void *in, *out;
	VrpqSize in_room, out_room;
	uint32_t last[THREADS_MAX];
	int64_t counts[5];
	pthread_t thread;
};

static void *at_least(void *buffer, VrpqSize *room, VrpqSize size)
{
	if (size <= *room)
		return buffer;
	free(buffer);
	*room = size;
	buffer = malloc(size);
	if (!buffer)
		abort();
	return buffer;
}

static void check_order(struct server *s, const struct vq_head *head)
{
	uint32_t *last = &s->last[head->thread % THREADS_MAX];

	if (head->number != *last + 1)
		s->counts[VQ_DISORDER]++;
	*last = head->number;
}

static int callback_from_request(struct server *s, const struct vq_head *head)
{
	struct vq_request r = { .size = sizeof(*head), .seed = head->seed, .number = head->number };
	struct vq_params p;
	int error = vq_params_call(&p, s->chan, &r, true);

	if (!error)
		error = vrpqCallbackPerform(s->chan, VQ_PROC(VQ_PROC_PLAIN), p.in, p.out,
					    VRPQ_CALLBACK_SYNC);
	vq_params_free(&p);
	return error;
}

static void obey(struct server *s, uint32_t proc, const struct vq_head *head)
{
	switch (VRPQ_PROC_ID_FUNC_GET(proc)) {
	case VQ_PROC_REASON: vrpqCallSetReason(s->chan, (int)head->number); break;
	case VQ_PROC_NUMBERED: check_order(s, head); break;
	case VQ_PROC_EXIT: _exit(0);
	case VQ_PROC_CRASH: abort();
	case VQ_PROC_CALLBACK: vrpqCallSetReason(s->chan, callback_from_request(s, head)); break;
	case VQ_PROC_SLOW: usleep(head->number % 1000000); break;
	}
}

/* The first few are described in the log. */
static void note_wrong(struct server *s, const void *in, VrpqSize room, const struct vq_head *head)
{
	if (s->counts[VQ_WRONG]++ < 3)
		fprintf(stderr, "vrpq_serve: %s request %lld at %#lx, %u bytes, is wrong: seed %u size %u refs %u of %u outs %u of %u\n",
			s->trusting ? "shared" : "copied",
			(long long)s->counts[VQ_POSTS] + s->counts[VQ_CALLS_SERVED],
			(unsigned long)((const char *)in - (const char *)s->base), room,
			head->seed, head->size, head->refs, head->ref_size, head->outs,
			head->out_size);
}

/* One request: its parameters checked, its outputs filled. */
static void handle(struct server *s, uint32_t proc, const void *in, VrpqSize room,
		   VrpqParamRef *out)
{
	unsigned int wrong = 0;
	struct vq_head head;

	s->counts[out ? VQ_CALLS_SERVED : VQ_POSTS]++;
	if (!in)
		return;
	wrong = vq_check_inputs(in, room, &head);
	if (!wrong)
		vq_fill_outputs(out, &head, &wrong);
	if (wrong)
		note_wrong(s, in, room, &head);
	else
		obey(s, proc, &head);
}

static void handle_copy(struct server *s)
{
	VrpqSize in = 0, out = 0;
	VrpqProcReq req;

	if (vrpqLocalBufInfo(s->chan, &in, &out)) {
		s->counts[VQ_WRONG]++;
		return;
	}
	s->in = at_least(s->in, &s->in_room, in);
	s->out = at_least(s->out, &s->out_room, out);
	if (vrpqLocalBufReceive(s->chan, &req, s->in, s->out))
		s->counts[VQ_WRONG]++;
	else
		handle(s, req.procId, in ? s->in : NULL, in, out ? s->out : NULL);
}

static void handle_in_place(struct server *s, const VrpqProcReq *req)
{
	handle(s, req->procId, vrpqParamInGet(req, s->base), UINT32_MAX,
	       vrpqParamOutGet(req, s->base));
}

static int serve(struct server *s)
{
	VrpqProcReq *batch[VQ_BATCH];
	int avail, error;

	/* The buffers of copies are to stay until the next receive. */
	int count = s->trusting ? VQ_BATCH : 1;

	while (!(error = vrpqReceive(s->chan, batch, count, &avail)) || error == EINTR) {
		for (int i = 0; !error && i < avail; i++) {
			if (s->trusting)
				handle_in_place(s, batch[i]);
			else
				handle_copy(s);
		}
	}
	free(s->in);
	free(s->out);
	return error;
}

static void *serve_thread(void *argument)
{
	struct server *s = argument;

	/* How it ended is told by the end of the program's accepting. */
	serve(s);
	vrpqChanDestroy(s->chan);
	return NULL;
}

/* Accepts channels, for ever or @count of them, and serves them; adds up what happened. */
static int serve_session(VrpqSessionHandle session, void *base, uint32_t count, int64_t *sums)
{
	static struct server servers[CHANS_MAX];
	uint32_t n = 0;
	int error = 0;

	memset(servers, 0, sizeof(servers));
	while ((!count || n < count) && n < CHANS_MAX) {
		struct server *s = &servers[n];

		error = vrpqChanAccept(session, NULL, NULL, &s->chan);
		if (error == EINTR)
			continue;
		if (error)
			break;
		s->base = base;
		s->trusting = n & 1;
		if (pthread_create(&s->thread, NULL, serve_thread, s))
			abort();
		n++;
	}
	for (uint32_t i = 0; i < n; i++) {
		pthread_join(servers[i].thread, NULL);
		for (unsigned int k = 0; k < 5; k++)
			sums[k] += servers[i].counts[k];
	}
	return error;
}

static void __attribute__((noreturn)) child_of_fork(const struct vq_request *r, int to_parent)
{
	struct vq_object *session = vq_object(r->object);
	struct vq_reply sums = { 0 };

	if (!session->base && vrpqShmMap(session->handle, &session->base))
		_exit(3);
	sums.result = serve_session(session->handle, session->base, r->count, sums.v);
	transfer_whole(to_parent, &sums, sizeof(sums), true);
	_exit(0);
}

static int fork_serve(const struct vq_request *r, struct vq_reply *reply)
{
	struct vq_object *session = vq_object(r->object);
	struct vq_reply sums;
	int fds[2], status = 0;
	pid_t pid;

	if ((r->flags & VQ_MAP_FIRST) && vrpqShmMap(session->handle, &session->base))
		return VQ_BAD;
	if (pipe(fds))
		return VQ_BAD;
	pid = fork();
	if (!pid)
		child_of_fork(r, fds[1]);
	close(fds[1]);
	sums.result = VQ_LOST;
	if (transfer_whole(fds[0], &sums, sizeof(sums), false))
		memcpy(reply->v, sums.v, sizeof(reply->v));
	else
		sums.result = VQ_LOST;
	close(fds[0]);
	waitpid(pid, &status, 0);
	reply->v[VQ_CRASHED] = status;
	return sums.result;
}

static void __attribute__((noreturn)) daemon_child(VrpqSessionHandle session)
{
	int64_t sums[5] = { 0 };
	void *base = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (vrpqShmMap(session, &base))
		_exit(3);
	serve_session(session, base, 0, sums);
	_exit(sums[VQ_WRONG] || sums[VQ_DISORDER] ? 1 : 0);
}

static void count_child(int status, struct vq_reply *reply)
{
	if (WIFSIGNALED(status))
		reply->v[0]++;
	else if (WEXITSTATUS(status) == 1)
		reply->v[2]++;
	else if (WEXITSTATUS(status))
		reply->v[3]++;
}

/* Waits for all. */
static void count_children(struct vq_reply *reply)
{
	int status;

	for (;;) {
		if (waitpid(-1, &status, 0) > 0)
			count_child(status, reply);
		else if (errno != EINTR)
			return;
	}
}

/* v: crashed children, sessions, children with wrong requests, with other failures */
static int run_daemon(const struct vq_request *r, struct vq_reply *reply)
{
	VrpqSessionHandle session;
	int status, error = 0;

	while (!r->count || reply->v[1] < (int64_t)r->count) {
		error = vrpqSessionAccept(r->device, (nku32_f)r->arg, NULL, NULL, &session);
		if (error)
			break;
		reply->v[1]++;
		if (!fork())
			daemon_child(session);
		vrpqSessionDestroy(session);
		while (waitpid(-1, &status, WNOHANG) > 0)
			count_child(status, reply);
	}
	count_children(reply);
	return error;
}

/* One of many sessions: its channel, to the end. */
static void *serve_in_crowd(void *argument)
{
	struct server *s = argument;
	VrpqSessionHandle session = s->chan;

	s->chan = NULL;
	if (vrpqShmMap(session, &s->base) || vrpqChanAccept(session, NULL, NULL, &s->chan)) {
		s->counts[VQ_CRASHED]++;
		return NULL;
	}
	serve(s);
	vrpqChanDestroy(s->chan);
	vrpqSessionDestroy(session);
	return NULL;
}

static int crowd_serve(const struct vq_request *r, struct vq_reply *reply)
{
	struct server *servers = calloc(r->count, sizeof(*servers));
	uint32_t n = 0;
	int error = 0;

	if (!servers)
		return ENOMEM;
	while (!error && n < r->count) {
		VrpqSessionHandle session;

		error = vrpqSessionAccept(r->device, (nku32_f)r->arg, NULL, NULL, &session);
		if (error)
			break;
		servers[n].chan = session;
		if (vq_start_small_thread(&servers[n].thread, serve_in_crowd, &servers[n]))
			abort();
		n++;
	}
	for (uint32_t i = 0; i < n; i++) {
		pthread_join(servers[i].thread, NULL);
		for (unsigned int k = 0; k < 5; k++)
			reply->v[k] += servers[i].counts[k];
	}
	free(servers);
	return error;
}

static int serve_one(const struct vq_request *r, struct vq_reply *reply)
{
	struct vq_object *chan = vq_object(r->object);
	struct server s = { .chan = chan->handle, .base = chan->session->base, .trusting = true };
	int error = serve(&s);

	memcpy(reply->v, s.counts, sizeof(s.counts));
	return error;
}

int vq_serve_op(const struct vq_request *r, struct vq_reply *reply)
{
	switch (r->op) {
	case VQ_SERVE: return serve_one(r, reply);
	case VQ_FORK_SERVE: return fork_serve(r, reply);
	case VQ_CROWD_SERVE: return crowd_serve(r, reply);
	}
	return run_daemon(r, reply);
}
