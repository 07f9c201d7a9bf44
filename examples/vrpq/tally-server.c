// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vrpq-tally-server DEVICE [SESSIONS]
 *
 * Adds up the numbers of one channel of each session, reading them where they lie. Ends after
 * so many sessions, never by default.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vlx/vrpq/server-lib.h>

#include "tally.h"

#define BATCH	16

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "vrpq-tally-server: %s: %s\n", what, strerror(err));
	exit(1);
}

static void add(const VrpqProcReq *request, void *shm, nku64_f *sum)
{
	VrpqShmParamInPtr in = vrpqParamInGet(request, shm);

	/* The client may change it at any time: it is read once. */
	if (in)
		*sum += *(volatile nku32_f *)VRPQ_PARAM_IN_PLACE(in, 0, nku32_f *);
}

static void answer(VrpqChanHandle chan, const VrpqProcReq *request, void *shm, nku64_f sum)
{
	VrpqShmParamOutPtr out = vrpqParamOutGet(request, shm);
	nku64_f *room = NULL;
	int wrong = 0;

	if (out)
		room = VRPQ_PARAM_REF_IN_PLACE(out, 0, nku64_f *, sizeof(*room), wrong);
	if (room && !wrong)
		memcpy(room, &sum, sizeof(sum));
	vrpqCallSetReason(chan, room && !wrong ? 0 : EINVAL);
}

/* Until the client ends the channel. */
static nku64_f serve(VrpqChanHandle chan, void *shm)
{
	VrpqProcReq *requests[BATCH];
	nku64_f sum = 0;
	int i, count, err;

	while (!(err = vrpqReceive(chan, requests, BATCH, &count))) {
		for (i = 0; i < count; i++) {
			if (requests[i]->procId == TALLY_ADD)
				add(requests[i], shm, &sum);
			else if (requests[i]->procId == TALLY_SUM)
				answer(chan, requests[i], shm, sum);
			else
				vrpqCallSetReason(chan, ENOSYS);
		}
	}
	if (err != ECHANBROKEN)
		check(err, "receive");
	return sum;
}

static void serve_session(const char *device)
{
	VrpqSessionHandle session;
	VrpqChanHandle chan;
	nku64_f sum;
	void *shm;

	check(vrpqSessionAccept(device, TALLY_PORT, NULL, NULL, &session), device);
	/* A client that has gone again is nothing to end for. */
	if (!vrpqShmMap(session, &shm) && !vrpqChanAccept(session, NULL, NULL, &chan)) {
		sum = serve(chan, shm);
		check(vrpqChanDestroy(chan), "end of the channel");
		printf("a client's numbers add up to %llu\n", (unsigned long long)sum);
		fflush(stdout);
	}
	check(vrpqSessionDestroy(session), "end of the session");
}

int main(int argc, char **argv)
{
	unsigned long sessions = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, done;

	if (argc != 2 && argc != 3) {
		fputs("usage: vrpq-tally-server DEVICE [SESSIONS]\n", stderr);
		return 2;
	}
	for (done = 0; !sessions || done < sessions; done++)
		serve_session(argv[1]);
	return 0;
}
