/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As many sessions and channels as there may be. These tests take long. */
#include "vrpq_suite.h"

#define IDS 1023

static struct handle sessions_c[IDS], sessions_s[IDS];

/* Every session has a mapping at its client, so the sessions are spread over processes. */
static struct handle client_of(unsigned int i)
{
	return client_process(i % 8);
}

static void open_all_sessions(void)
{
	for (unsigned int i = 0; i < IDS; i++) {
		struct pending create = START(client_of(i), SESSION_CREATE, .arg = PORT);
		struct vq_reply accepted = DO(server_process(0), SESSION_ACCEPT, .arg = PORT);
		struct vq_reply created = finish(create);

		if (created.result || accepted.result)
			suite_fail("session %u: create %d, accept %d", i, created.result,
				   accepted.result);
		sessions_c[i] = made(client_of(i), &created);
		sessions_s[i] = made(server_process(0), &accepted);
	}
}

static void use_session(unsigned int i)
{
	struct both session = { sessions_c[i], sessions_s[i] }, chan;
	struct pending call;

	SUITE_EQUAL(RESULT(session.s, SHM_MAP), 0);
	chan = open_chan(session);
	call = START(chan.c, CALL, .proc = PLAIN, .size = 100, .outs = 1, .out_size = 64,
		     .seed = i);
	receive_one(chan, PLAIN);
	DO(chan.s, ANSWER);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
}

static void long_1023_sessions(void)
{
	open_all_sessions();
	SUITE_EQUAL(RESULT(client_process(9), SESSION_CREATE, .arg = PORT), EAGAIN);
	SUITE_EQUAL(DO(idle_client(), STAT).v[VQ_SESSIONS], IDS);
	for (unsigned int i = 0; i < IDS; i += 93)
		use_session(i);
	for (unsigned int i = 0; i < 8; i++)
		SUITE_EQUAL(RESULT(client_process(i), KILL), 0);
	SUITE_EQUAL(RESULT(server_process(0), KILL), 0);
	expect_counts_return(idle_client());
	expect_counts_return(idle_server());
	open_session();
}

static void long_1023_channels(void)
{
	struct both session = open_session();
	static struct both chans[IDS];

	for (unsigned int i = 0; i < IDS; i++)
		chans[i] = open_chan(session);
	SUITE_EQUAL(RESULT(session.c, CHAN_CREATE), EAGAIN);
	/* Each has room of its own, whatever the others hold. */
	for (unsigned int i = 0; i < IDS; i++)
		SUITE_EQUAL(RESULT(chans[i].c, POST, .proc = PLAIN, .size = 3000, .seed = i), 0);
	for (unsigned int i = IDS; i-- > 0;) {
		SUITE_EQUAL(RESULT(chans[i].c, NOTIFY_NOW), 0);
		receive_one(chans[i], PLAIN);
	}
	SUITE_EQUAL(RESULT(session.c, KILL), 0);
	SUITE_EQUAL(RESULT(session.s, KILL), 0);
	expect_counts_return(idle_client());
	expect_counts_return(idle_server());
	open_pair();
}

/* The same channels again and again: ids are used anew. */
static void long_5000_sessions_in_a_row(void)
{
	for (unsigned int i = 0; i < 5000; i++) {
		struct pending create = START(client_process(0), SESSION_CREATE, .arg = PORT);
		struct vq_reply accepted = DO(server_process(0), SESSION_ACCEPT, .arg = PORT);
		struct vq_reply created = finish(create);

		if (created.result || accepted.result)
			suite_fail("session %u: create %d, accept %d", i, created.result,
				   accepted.result);
		/* Handles are numbered per process; it ends before there are too many. */
		if (RESULT(made(client_process(0), &created), SESSION_DESTROY) ||
		    RESULT(made(server_process(0), &accepted), SESSION_DESTROY))
			suite_fail("session %u cannot be destroyed", i);
		if (i % 2000 == 1999) {
			DO(client_process(0), KILL);
			DO(server_process(0), KILL);
		}
	}
	expect_counts_return(idle_client());
	expect_counts_return(idle_server());
	open_pair();
}

const struct suite_test limit_tests[] = {
	{ "long_1023_sessions", long_1023_sessions, 1800 },
	{ "long_1023_channels", long_1023_channels, 1800 },
	{ "long_5000_sessions_in_a_row", long_5000_sessions_in_a_row, 1800 },
	{ NULL, NULL, 0 },
};
