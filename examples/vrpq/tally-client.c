// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vrpq-tally-client DEVICE NUMBER...
 *
 * Posts the numbers, tells the server of them at once, asks for their sum, and prints what the
 * link has counted meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vlx/vrpq/client-lib.h>

#include "tally.h"

static void __attribute__((noreturn)) fail(int err, const char *what)
{
	fprintf(stderr, "vrpq-tally-client: %s: %s\n", what, strerror(err));
	exit(1);
}

static void check(int err, const char *what)
{
	if (err)
		fail(err, what);
}

static nku32_f number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value > 0xffffffffu) {
		fprintf(stderr, "vrpq-tally-client: \"%s\" is no number of 32 bits\n", text);
		exit(2);
	}
	return (nku32_f)value;
}

static void post(VrpqChanHandle chan, nku32_f value)
{
	VrpqParamInPtr in = vrpqParamPostAlloc(chan, sizeof(value), 0, 0);

	if (!in)
		fail(errno, "parameters");
	RPQ_PARAM_WRITE(in, 0, nku32_f, value);
	check(vrpqPost(chan, TALLY_ADD, in), "post");
}

static nku64_f ask(VrpqChanHandle chan)
{
	VrpqParamOutPtr out;
	VrpqParamInPtr in;
	nku64_f sum = 0;

	check(vrpqParamCallAlloc(chan, 0, 0, 0, 1, sizeof(sum), &in, &out), "parameters of a call");
	VRPQ_PARAM_REF_WRITE(out, 0, sizeof(sum), &sum);
	check(vrpqCall(chan, TALLY_SUM, in, out), "call");
	return sum;
}

static void print_counters(const char *device)
{
	VrpqStat general[] = { { .id = VRPQ_PROF_NOTIFY }, { .id = VRPQ_PROF_SESSION_CREATE } };
	VrpqStat procs[] = { { .id = TALLY_ADD }, { .id = TALLY_SUM } };

	check(vrpqProf(device, VRPQ_PROF_GEN_STAT_GET, general, 2), "counters");
	check(vrpqProf(device, VRPQ_PROF_PROC_STAT_GET, procs, 2), "counters of procedures");
	printf("%u posts and %u call, %u notification, %u session\n", procs[0].val, procs[1].val,
	       general[0].val, general[1].val);
}

int main(int argc, char **argv)
{
	VrpqSessionHandle session;
	VrpqChanHandle chan;
	nku64_f sum;
	int i;

	if (argc < 3) {
		fputs("usage: vrpq-tally-client DEVICE NUMBER...\n", stderr);
		return 2;
	}
	check(vrpqProf(argv[1], VRPQ_PROF_RESET, NULL, 0), argv[1]);
	check(vrpqSessionCreate(argv[1], TALLY_PORT, NULL, 0, &session), "session");
	check(vrpqChanCreate(session, NULL, 0, &chan), "channel");
	for (i = 2; i < argc; i++)
		post(chan, number(argv[i]));
	check(vrpqNotify(chan), "notify");
	sum = ask(chan);
	printf("the sum of %d numbers is %llu\n", argc - 2, (unsigned long long)sum);
	check(vrpqChanDestroy(chan), "end of the channel");
	check(vrpqSessionDestroy(session), "end of the session");
	print_counters(argv[1]);
	return 0;
}
