// SPDX-License-Identifier: LGPL-2.1-or-later
/* The server of bench-vrpq: a session, a thread for each channel. */
#include "bench-vrpq.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define BATCH	64

static void *shm;

/* What all channels added up. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	uint32_t count, sum;
} total = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

struct part {
	uint32_t count, sum;
};

static void add_part(struct part *part)
{
	if (!part->count)
		return;
	pthread_mutex_lock(&total.lock);
	total.count += part->count;
	total.sum += part->sum;
	pthread_cond_broadcast(&total.more);
	pthread_mutex_unlock(&total.lock);
	*part = (struct part) { 0 };
}

static uint32_t await_sum(uint32_t count)
{
	uint32_t sum;

	pthread_mutex_lock(&total.lock);
	while (total.count != count)
		pthread_cond_wait(&total.more, &total.lock);
	sum = total.sum;
	pthread_mutex_unlock(&total.lock);
	return sum;
}

static void hold(uint32_t ms)
{
	uint64_t end = bench_now_ns() + ms * 1000000ull;

	while (bench_now_ns() < end)
		;
}

static void answer(VrpqShmParamOutPtr out, uint32_t value)
{
	uint32_t *room;
	int wrong = 0;

	room = VRPQ_PARAM_REF_IN_PLACE(out, 0, uint32_t *, sizeof(*room), wrong);
	bench_vrpq_check(wrong ? EINVAL : 0, "output parameter");
	*room = value;
}

static void handle(const VrpqProcReq *request, struct part *part)
{
	uint32_t value = VRPQ_PARAM_READ(vrpqParamInGet(request, shm), 0, uint32_t);

	switch (request->procId) {
	case BENCH_ADD:
		part->count++;
		part->sum += value;
		break;
	case BENCH_NEXT:
		answer(vrpqParamOutGet(request, shm), value + 1);
		break;
	case BENCH_HOLD:
		hold(value);
		break;
	case BENCH_SUM:
		add_part(part);
		answer(vrpqParamOutGet(request, shm), await_sum(value));
		break;
	default:
		bench_vrpq_check(ENOSYS, "procedure");
	}
}

static void *serve_channel(void *chan)
{
	struct part part = { 0 };
	VrpqProcReq *requests[BATCH];
	int i, count, err;

	while (!(err = vrpqReceive(chan, requests, BATCH, &count))) {
		for (i = 0; i < count; i++)
			handle(requests[i], &part);
		add_part(&part);
	}
	if (err != ECHANBROKEN)
		bench_vrpq_check(err, "receive");
	vrpqChanDestroy(chan);
	return NULL;
}

void bench_vrpq_serve(const struct bench_args *args, const char *device)
{
	pthread_t *threads = calloc(args->channels, sizeof(*threads));
	VrpqSessionHandle session;
	VrpqChanHandle chan;
	unsigned int i;

	if (!threads)
		bench_die("threads");
	bench_vrpq_check(vrpqSessionAccept(device, BENCH_PORT, NULL, NULL, &session), device);
	bench_vrpq_check(vrpqShmMap(session, &shm), "map");
	for (i = 0; i < args->channels; i++) {
		bench_vrpq_check(vrpqChanAccept(session, NULL, NULL, &chan), "accept a channel");
		bench_vrpq_check(pthread_create(&threads[i], NULL, serve_channel, chan), "thread");
	}
	for (i = 0; i < args->channels; i++)
		pthread_join(threads[i], NULL);
	vrpqSessionDestroy(session);
	free(threads);
}
