// SPDX-License-Identifier: LGPL-2.1-or-later
/* Honest users of VRPQ: calls whose parameters and answers are patterns. */
#include "neighbour.h"
#include "secrets.h"

#include "../suites/pattern.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <vlx/vrpq/client-lib.h>
#include <vlx/vrpq/server-lib.h>

#define PROC		VRPQ_PROC_ID(0x7652, 1)
#define SIZE		1600u
#define CALLS		25u	/* in one session */

struct parameters {
	uint64_t secret;
	uint32_t seed, unused;
	char data[SIZE];
};

static bool may_be_had_later(int err)
{
	return err == EAGAIN || err == ENOMEM || err == EINTR || err == EMFILE;
}

/* ---- client ---- */

static int call(VrpqChanHandle chan, uint32_t seed, char *answer)
{
	struct parameters parameters = { .secret = SECRET_HONEST, .seed = seed };
	VrpqParamInPtr in;
	VrpqParamOutPtr out;
	int err = vrpqParamCallAlloc(chan, sizeof(parameters), 0, 0, 1, SIZE, &in, &out);

	if (err)
		return err;
	pattern_fill(parameters.data, SIZE, seed, 0);
	VRPQ_PARAM_BUF_WRITE(in, 0, &parameters, sizeof(parameters));
	VRPQ_PARAM_REF_WRITE(out, 0, SIZE, answer);
	return vrpqCall(chan, PROC, in, out);
}

static void take_turn(VrpqChanHandle chan)
{
	uint32_t seed = turn_number();
	char answer[SIZE] = "";
	int err;

	while ((err = call(chan, seed, answer))) {
		if (!may_be_had_later(err))
			harmed("vrpqCall", err);
		refused();
	}
	if (pattern_check(answer, SIZE, seed + 1, 0))
		harmed("content of an answer", EBADMSG);
	made_progress();
}

static VrpqChanHandle open_channel(const char *node, VrpqSessionHandle *session)
{
	VrpqChanHandle chan;
	int err;

	while ((err = vrpqSessionCreate(node, HONEST_PORT, "honest", 6, session))) {
		if (!may_be_had_later(err))
			harmed("vrpqSessionCreate", err);
		refused();
	}
	while ((err = vrpqChanCreate(*session, NULL, 0, &chan))) {
		if (!may_be_had_later(err))
			harmed("vrpqChanCreate", err);
		refused();
	}
	return chan;
}

void vrpq_client(const char *node)
{
	for (;;) {
		VrpqSessionHandle session;
		VrpqChanHandle chan = open_channel(node, &session);

		for (unsigned int i = 0; i < CALLS; i++)
			take_turn(chan);
		vrpqChanDestroy(chan);
		vrpqSessionDestroy(session);
	}
}

/* ---- server ---- */

static void answer_request(VrpqChanHandle chan, const VrpqProcReq *request, void *shm)
{
	VrpqShmParamInPtr in = vrpqParamInGet(request, shm);
	VrpqShmParamOutPtr out = vrpqParamOutGet(request, shm);
	struct parameters parameters;
	void *data = NULL;
	int bad = 0;

	if (!in || !out)
		harmed("parameters", EBADMSG);
	VRPQ_PARAM_BUF_READ(in, 0, &parameters, sizeof(parameters));
	data = VRPQ_PARAM_REF_IN_PLACE(out, 0, void *, SIZE, bad);
	if (bad || parameters.secret != SECRET_HONEST ||
	    pattern_check(parameters.data, SIZE, parameters.seed, 0))
		harmed("content of parameters", EBADMSG);
	pattern_fill(data, SIZE, parameters.seed + 1, 0);
	vrpqCallSetReason(chan, 0);
}

static void serve(VrpqSessionHandle session)
{
	VrpqProcReq *request;
	VrpqChanHandle chan;
	void *shm;
	int n, err = vrpqShmMap(session, &shm);

	if (!err)
		err = vrpqChanAccept(session, NULL, NULL, &chan);
	while (!err) {
		err = vrpqReceive(chan, &request, 1, &n);
		if (!err)
			answer_request(chan, request, shm);
	}
	if (err != EPIPE)
		harmed("a server of VRPQ", err);
	_exit(0);
}

void vrpq_server(const char *node)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		VrpqSessionHandle session;
		int err = vrpqSessionAccept(node, HONEST_PORT, NULL, NULL, &session);

		if (err && !may_be_had_later(err))
			harmed("vrpqSessionAccept", err);
		if (err) {
			refused();
			continue;
		}
		if (!fork())
			serve(session);
		vrpqSessionDestroy(session);
	}
}
