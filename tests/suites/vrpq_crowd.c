/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many sessions of one process, with a channel each, that are all used at the same time. */
#include "asleep.h"
#include "vrpq_ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STACK	(64 << 10)
#define LATE_MS	1000

int vq_start_small_thread(pthread_t *thread, void *(*run)(void *argument), void *argument)
{
	pthread_attr_t attributes;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	error = pthread_create(thread, &attributes, run, argument);
	pthread_attr_destroy(&attributes);
	return error;
}

struct member {
	pthread_t thread;
	int32_t chan;
	const struct vq_request *request;
	int64_t v[VQ_CROWD_LATE_CALLS + 1];
};

static struct {
	struct member *members;
	uint32_t nr;
	pthread_barrier_t start;
} crowd;

/* ---- opening ---- */

static int open_member(struct member *member, const struct vq_request *r)
{
	struct vq_request one = { .op = VQ_SESSION_CREATE, .arg = r->arg };
	struct vq_reply reply = { 0 };
	int error;

	memcpy(one.device, r->device, sizeof(one.device));
	error = vq_client_op(&one, &reply);
	if (error)
		return error;
	one = (struct vq_request){ .op = VQ_CHAN_CREATE, .object = (int32_t)reply.v[0] };
	error = vq_client_op(&one, &reply);
	member->chan = (int32_t)reply.v[0];
	return error;
}

static int open_all(const struct vq_request *r, struct vq_reply *reply)
{
	int error = 0;

	crowd.members = calloc(r->count, sizeof(*crowd.members));
	if (!crowd.members)
		return ENOMEM;
	while (crowd.nr < r->count && !error) {
		error = open_member(&crowd.members[crowd.nr], r);
		if (!error)
			crowd.nr++;
	}
	reply->v[0] = crowd.nr;
	return error;
}

/* ---- using ---- */

/* Does one operation; its time counts as the longest and as late, if it is. */
static int timed(struct member *member, struct vq_request request, uint32_t op,
		 enum vq_crowd longest, enum vq_crowd late)
{
	struct vq_reply reply = { 0 };
	long long start = clock_us(), ms;
	int error;

	request.op = op;
	request.object = member->chan;
	if (op == VQ_POST)
		request.outs = 0;
	error = vq_client_op(&request, &reply);
	ms = (clock_us() - start) / 1000;
	if (ms > member->v[longest])
		member->v[longest] = ms;
	member->v[late] += ms > LATE_MS;
	if (op == VQ_CALL)
		member->v[VQ_CROWD_WRONG] += reply.v[0];
	return error;
}

static int take_round(struct member *member, struct vq_request request)
{
	int error;

	/* Room for its parameters is what a post waits for; the call also waits for the server. */
	error = timed(member, request, VQ_POST, VQ_CROWD_POST_MS, VQ_CROWD_LATE_POSTS);
	if (!error)
		error = timed(member, request, VQ_CALL, VQ_CROWD_CALL_MS, VQ_CROWD_LATE_CALLS);
	return error;
}

/* Rounds that are to begin at regular times are spread over their interval. */
static void await_round(const struct member *member, long long start_us, uint32_t round)
{
	long long interval_us = member->request->arg * 1000ll;
	long long index = member - crowd.members;
	long long at_us = start_us + round * interval_us + interval_us * index / crowd.nr;
	struct timespec at = { at_us / 1000000, at_us % 1000000 * 1000 };

	if (interval_us)
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
			;
}

static void *use_channel(void *argument)
{
	struct member *member = argument;
	struct vq_request request = *member->request;
	long long start_us;

	request.seed += (uint32_t)member->chan;
	request.flags = VQ_NOTIFY;
	pthread_barrier_wait(&crowd.start);
	start_us = clock_us();
	for (uint32_t i = 0; i < member->request->count; i++) {
		await_round(member, start_us, i);
		if (take_round(member, request)) {
			member->v[VQ_CROWD_FAILED]++;
			break;
		}
		member->v[VQ_CROWD_ROUNDS]++;
	}
	return NULL;
}

static void add_member(const struct member *member, int64_t *v)
{
	for (unsigned int i = 0; i <= VQ_CROWD_LATE_CALLS; i++) {
		if (i != VQ_CROWD_POST_MS && i != VQ_CROWD_CALL_MS)
			v[i] += member->v[i];
		else if (member->v[i] > v[i])
			v[i] = member->v[i];
	}
}

static int run_all(const struct vq_request *r, struct vq_reply *reply)
{
	pthread_barrier_init(&crowd.start, NULL, crowd.nr);
	for (uint32_t i = 0; i < crowd.nr; i++) {
		struct member *member = &crowd.members[i];

		*member = (struct member){ .chan = member->chan, .request = r };
		if (vq_start_small_thread(&member->thread, use_channel, member))
			abort();
	}
	for (uint32_t i = 0; i < crowd.nr; i++) {
		pthread_join(crowd.members[i].thread, NULL);
		add_member(&crowd.members[i], reply->v);
	}
	pthread_barrier_destroy(&crowd.start);
	return 0;
}

int vq_crowd_op(const struct vq_request *r, struct vq_reply *reply)
{
	return r->op == VQ_CROWD_OPEN ? open_all(r, reply) : run_all(r, reply);
}
