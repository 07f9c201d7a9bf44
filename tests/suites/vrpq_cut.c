/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vrpq_cut client|server DEVICE
 *
 * One end of VRPQ traffic that is cut off at any time: sessions with channels in every
 * kind of wait there is, until the other end's domain is gone; then again, for ever.
 * What happens is written to xenstore, below /tool/xenlab/signal:
 *
 *	cut-DOMID-moving-N	round N has made its first calls
 *	cut-DOMID-end-N		round N is over; value: how each wait ended, see report_end()
 *
 * Two sessions: on the first's channels a client calls in a row, waits for a call that was
 * taken, for one that never will be, and for a callback; on the second it waits for a
 * channel that nobody accepts. A third session is never accepted: its creation
 * outlasts all rounds.
 */
#include "announce.h"
#include "pattern.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vlx/vrpq/client-lib.h>
#include <vlx/vrpq/server-lib.h>

#define PORT		20u
#define PROC		VRPQ_PROC_ID(0x7652, 1)
#define ANSWER_SIZE	2000u
#define MOVING		200u	/* calls after which it moves */
#define CHANNELS	4

enum { CALLING, HELD, UNHEEDED, HANDLING };	/* what the channels are for */

static const char *device;
static unsigned int round_nr;
static _Atomic unsigned int wrong;

/* A thread and the error that ended it. */
struct task {
	const char *name;
	int (*run)(void *handle);
	void *handle;
	pthread_t thread;
	int result;
};

static void *run_task(void *argument)
{
	struct task *task = argument;

	task->result = task->run(task->handle);
	return NULL;
}

static void start(struct task *task)
{
	if (pthread_create(&task->thread, NULL, run_task, task))
		abort();
}

static void join(struct task *tasks, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		pthread_join(tasks[i].thread, NULL);
}

/* NAME=ERROR of each task; then bytes, and results of later calls, that were wrong. */
static void report_end(struct task *tasks, unsigned int n)
{
	char text[512];
	size_t used = 0;

	for (unsigned int i = 0; i < n; i++) {
		const char *error;

		error = tasks[i].result < 0 ? "?" : strerrorname_np(tasks[i].result);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s=%s ",
					 tasks[i].name, error ? error : "?");
	}
	snprintf(text + used, sizeof(text) - used, "wrong=%u", atomic_load(&wrong));
	announce_end(round_nr, text);
}

static void fail(const char *what, int error)
{
	fprintf(stderr, "vrpq_cut: round %u: %s: %s\n", round_nr, what, strerror(error));
	exit(1);
}

/* ---- client ---- */

static int call_once(VrpqChanHandle chan, uint32_t seed, char *answer)
{
	VrpqParamInPtr in;
	VrpqParamOutPtr out;
	int error = vrpqParamCallAlloc(chan, sizeof(seed), 0, 0, 1, ANSWER_SIZE, &in, &out);

	if (error)
		return error;
	VRPQ_PARAM_WRITE(in, 0, uint32_t, seed);
	VRPQ_PARAM_REF_WRITE(out, 0, ANSWER_SIZE, answer);
	return vrpqCall(chan, PROC, in, out);
}

static int call_in_a_row(void *chan)
{
	char answer[ANSWER_SIZE];
	uint32_t seed = 0;
	int error;

	while (!(error = call_once(chan, seed, answer))) {
		if (pattern_check(answer, sizeof(answer), seed, 0))
			atomic_fetch_add(&wrong, 1);
		announce_alive();
		if (++seed == MOVING)
			announce("moving", round_nr, "1");
	}
	/* From now on everything fails. */
	if (error == EPIPE && call_once(chan, seed, answer) != EPIPE)
		return EPROTO;
	return error;
}

static int call_and_wait(void *chan)
{
	char answer[ANSWER_SIZE];

	return call_once(chan, 1, answer);
}

static int handler(void *cookie, VrpqProcId proc, VrpqShmParamInPtr in, VrpqShmParamOutPtr out)
{
	(void)cookie;
	(void)proc;
	(void)in;
	(void)out;
	return 0;
}

static int handle_callback(void *chan)
{
	return vrpqCallbackHandle(chan, handler, NULL);
}

static int create_channel(void *session)
{
	VrpqChanHandle chan;

	return vrpqChanCreate(session, NULL, 0, &chan);
}

static void create_session(uint32_t port, VrpqSessionHandle *session)
{
	int error = vrpqSessionCreate(device, port, NULL, 0, session);

	if (error)
		fail("session", error);
}

/* The sessions may end while they are being made: then the round is begun anew. */
static bool open_client(VrpqSessionHandle *sessions, VrpqChanHandle *chans)
{
	int error = 0;

	create_session(PORT, &sessions[0]);
	create_session(PORT + 1, &sessions[1]);
	for (unsigned int i = 0; i < CHANNELS && !error; i++)
		error = vrpqChanCreate(sessions[0], NULL, 0, &chans[i]);
	if (error && error != EPIPE)
		fail("channel", error);
	return !error;
}

/* On a channel whose link has gone everything fails, whoever was the first to find out. */
static void check_all_fails(VrpqChanHandle chan)
{
	if (vrpqNotify(chan) != EPIPE || vrpqPost(chan, PROC, NULL) != EPIPE ||
	    vrpqPostAndNotify(chan, PROC, NULL) != EPIPE || vrpqNotify(chan) != EPIPE)
		atomic_fetch_add(&wrong, 1);
}

static void client_round(void)
{
	VrpqChanHandle chans[CHANNELS] = { NULL };
	VrpqSessionHandle sessions[2];
	struct task tasks[] = {
		{ .name = "call", .run = call_in_a_row }, { .name = "held", .run = call_and_wait },
		{ .name = "queued", .run = call_and_wait },
		{ .name = "handle", .run = handle_callback },
		{ .name = "create", .run = create_channel },
	};

	if (open_client(sessions, chans)) {
		for (unsigned int i = 0; i < 5; i++) {
			tasks[i].handle = i < CHANNELS ? chans[i] : sessions[1];
			start(&tasks[i]);
		}
		join(tasks, 5);
		for (unsigned int i = 0; i < CHANNELS; i++)
			check_all_fails(chans[i]);
		report_end(tasks, 5);
	}
	for (unsigned int i = 0; i < CHANNELS; i++)
		if (chans[i])
			vrpqChanDestroy(chans[i]);
	vrpqSessionDestroy(sessions[0]);
	vrpqSessionDestroy(sessions[1]);
}

/* Its creation goes on whatever happens. */
static int create_for_ever(void *unused)
{
	VrpqSessionHandle session;

	(void)unused;
	return vrpqSessionCreate(device, PORT + 2, NULL, 0, &session);
}

static void run_client(void)
{
	static struct task forever = { .name = "forever", .run = create_for_ever };

	start(&forever);
	for (round_nr = 1;; round_nr++) {
		client_round();
		/* It must not have ended; a thread that did could be joined. */
		if (!pthread_tryjoin_np(forever.thread, NULL))
			fail("a session that nobody accepts", forever.result);
	}
}

/* ---- server ---- */

static void *base;
static sem_t ended;

static int receive(VrpqChanHandle chan, VrpqProcReq **req)
{
	int avail, error = vrpqReceive(chan, req, 1, &avail);

	return error ? error : avail == 1 ? 0 : EPROTO;
}

static int answer_calls(void *chan)
{
	unsigned int served = 0;
	VrpqProcReq *req;
	int error;

	while (!(error = receive(chan, &req))) {
		VrpqShmParamInPtr in = vrpqParamInGet(req, base);
		VrpqShmParamOutPtr out = vrpqParamOutGet(req, base);
		int bad = 0;
		void *data;

		if (!in || !out)
			return EPROTO;
		data = VRPQ_PARAM_REF_IN_PLACE(out, 0, void *, ANSWER_SIZE, bad);
		if (bad)
			atomic_fetch_add(&wrong, 1);
		else
			pattern_fill(data, ANSWER_SIZE, VRPQ_PARAM_READ(in, 0, uint32_t), 0);
		announce_alive();
		if (++served == MOVING)
			announce("moving", round_nr, "1");
	}
	/* Tells whoever holds a call. */
	sem_post(&ended);
	return error;
}

/*
 * Takes a call and does not answer until the end. Its parameters can be read and
 * written still, though nobody will see that any more.
 */
static int hold_call(void *chan)
{
	VrpqProcReq *req;
	int error = receive(chan, &req);
	uint32_t *seed;

	while (sem_wait(&ended))
		;
	if (error)
		return error;
	seed = VRPQ_PARAM_IN_PLACE(vrpqParamInGet(req, base), 0, uint32_t *);
	if (*seed > 1)
		atomic_fetch_add(&wrong, 1);
	*seed = 1;
	return vrpqReceive(chan, &req, 0, &error);
}

static int receive_nothing(void *chan)
{
	VrpqProcReq *req;

	return receive(chan, &req);
}

static int accept_channel(void *session)
{
	VrpqChanHandle chan;

	return vrpqChanAccept(session, NULL, NULL, &chan);
}

static void accept_session(uint32_t port, VrpqSessionHandle *session)
{
	int error = vrpqSessionAccept(device, port, NULL, NULL, session);

	if (error)
		fail("session", error);
}

static bool open_server(VrpqSessionHandle *sessions, VrpqChanHandle *chans)
{
	int error;

	accept_session(PORT, &sessions[0]);
	accept_session(PORT + 1, &sessions[1]);
	error = vrpqShmMap(sessions[0], &base);
	for (unsigned int i = 0; i < CHANNELS && !error; i++)
		error = vrpqChanAccept(sessions[0], NULL, NULL, &chans[i]);
	if (error && error != EPIPE)
		fail("channel", error);
	return !error;
}

static void server_round(void)
{
	VrpqChanHandle chans[CHANNELS] = { NULL };
	VrpqSessionHandle sessions[2];
	struct task tasks[] = {
		{ .name = "answer", .run = answer_calls }, { .name = "hold", .run = hold_call },
		{ .name = "receive", .run = receive_nothing },
		{ .name = "accept", .run = accept_channel },
	};

	if (open_server(sessions, chans)) {
		tasks[0].handle = chans[CALLING];
		tasks[1].handle = chans[HELD];
		tasks[2].handle = chans[HANDLING];
		tasks[3].handle = sessions[0];
		for (unsigned int i = 0; i < 4; i++)
			start(&tasks[i]);
		join(tasks, 4);
		report_end(tasks, 4);
	}
	for (unsigned int i = 0; i < CHANNELS; i++)
		if (chans[i])
			vrpqChanDestroy(chans[i]);
	vrpqSessionDestroy(sessions[0]);
	vrpqSessionDestroy(sessions[1]);
}

static void run_server(void)
{
	sem_init(&ended, 0, 0);
	for (round_nr = 1;; round_nr++)
		server_round();
}

int main(int argc, char **argv)
{
	if (argc != 3 || (strcmp(argv[1], "client") && strcmp(argv[1], "server"))) {
		fprintf(stderr, "usage: vrpq_cut client|server DEVICE\n");
		return 2;
	}
	device = argv[2];
	if (!announce_open("vrpq_cut"))
		return 1;
	if (!strcmp(argv[1], "client"))
		run_client();
	else
		run_server();
	return 1;
}
