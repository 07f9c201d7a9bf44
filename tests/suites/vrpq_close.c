/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of channels, sessions and processes, seen from the other end. */
#include "vrpq_suite.h"

static void posts_are_delivered_before_the_end(void)
{
	struct both chan = open_pair();

	for (unsigned int i = 1; i <= 10; i++)
		SUITE_EQUAL(RESULT(chan.c, POST, .proc = ANY_FORM(i), .size = 10), 0);
	SUITE_EQUAL(RESULT(chan.c, CHAN_DESTROY), 0);
	for (unsigned int i = 1; i <= 10; i++)
		receive_one(chan, ANY_FORM(i));
	SUITE_EQUAL(RESULT(chan.s, RECEIVE, .count = 1), EPIPE);
	SUITE_EQUAL(RESULT(chan.s, RECEIVE, .count = 1), EPIPE);
}

static void blocked_receive_ends_with_the_channel(void)
{
	struct both chan = open_pair();
	struct pending receive = START(chan.s, RECEIVE, .count = 1);

	CU_ASSERT(blocks(receive));
	SUITE_EQUAL(RESULT(chan.c, CHAN_DESTROY), 0);
	SUITE_EQUAL(finish(receive).result, EPIPE);
}

static struct both pair_of_client(uint32_t process)
{
	return open_chan(open_session_of(client_process(process), server_process(0), PORT));
}

static struct both pair_of_server(uint32_t process)
{
	return open_chan(open_session_of(client_process(0), server_process(process), PORT));
}

static void posts_outlive_a_client_that_exits(void)
{
	struct both session = open_session_of(client_process(1), server_process(0), PORT);
	struct both chan = open_chan(session);

	for (unsigned int i = 1; i <= 5; i++)
		SUITE_EQUAL(RESULT(chan.c, POST, .proc = PLAIN, .size = 200, .seed = i), 0);
	DO(chan.c, EXIT, .flags = VQ_EXIT_0);
	for (unsigned int i = 1; i <= 5; i++)
		receive_one(chan, PLAIN);
	SUITE_EQUAL(RESULT(chan.s, RECEIVE, .count = 1), EPIPE);
	SUITE_EQUAL(RESULT(session.s, CHAN_ACCEPT), EPIPE);
}

static void posts_outlive_a_client_that_crashes(void)
{
	struct both chan = pair_of_client(1);

	for (unsigned int i = 1; i <= 5; i++)
		SUITE_EQUAL(RESULT(chan.c, POST, .proc = PLAIN, .size = 5000, .seed = i), 0);
	DO(chan.c, EXIT, .flags = VQ_EXIT_SEGV);
	for (unsigned int i = 1; i <= 5; i++)
		receive_one(chan, PLAIN);
	SUITE_EQUAL(RESULT(chan.s, RECEIVE, .count = 1), EPIPE);
}

static void undelivered_calls_fail_when_the_server_closes(void)
{
	struct both chan = open_pair();
	struct pending first = start_call(chan, PLAIN), second = start_call(chan, PLAIN);

	CU_ASSERT(blocks(first));
	CU_ASSERT(blocks(second));
	SUITE_EQUAL(RESULT(chan.s, CHAN_DESTROY), 0);
	SUITE_EQUAL(finish(first).result, EPIPE);
	SUITE_EQUAL(finish(second).result, EPIPE);
}

static void delivered_call_is_answered_when_the_server_closes(void)
{
	struct both chan = open_pair();
	struct pending first = start_call(chan, PLAIN), second;

	CU_ASSERT(blocks(first));
	second = start_call(chan, PLAIN);
	CU_ASSERT(blocks(second));
	receive_one(chan, PLAIN);
	SUITE_EQUAL(RESULT(chan.s, SET_REASON, .arg = 77), 0);
	SUITE_EQUAL(RESULT(chan.s, CHAN_DESTROY), 0);
	SUITE_EQUAL(finish(first).result, 77);
	SUITE_EQUAL(finish(second).result, EPIPE);
}

static void outputs_arrive_when_the_server_closes(void)
{
	struct both chan = open_pair();
	struct pending call = START(chan.c, CALL, .proc = PLAIN, .size = HEAD, .outs = 2,
				    .out_size = 300);
	struct vq_reply reply;

	receive_one(chan, PLAIN);
	DO(chan.s, ANSWER);
	SUITE_EQUAL(RESULT(chan.s, CHAN_DESTROY), 0);
	reply = finish(call);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
}

static void posts_to_a_closed_server_are_discarded(void)
{
	struct both chan = open_pair();

	SUITE_EQUAL(RESULT(chan.s, CHAN_DESTROY), 0);
	/* A call knows for certain. */
	SUITE_EQUAL(finish(start_call(chan, PLAIN)).result, EPIPE);
	for (unsigned int i = 0; i < 20; i++)
		SUITE_EQUAL(RESULT(chan.c, POST, .proc = PLAIN, .size = 1000,
				   .flags = i & 1 ? VQ_NOTIFY : 0), 0);
	SUITE_EQUAL(finish(start_call(chan, PLAIN)).result, EPIPE);
	SUITE_EQUAL(RESULT(chan.c, NOTIFY_NOW), 0);
	SUITE_EQUAL(RESULT(chan.c, CHAN_DESTROY), 0);
}

static void calls_end_with_a_killed_server(void)
{
	struct both chan = pair_of_server(1);
	struct pending taken = start_call(chan, PLAIN), queued;

	receive_one(chan, PLAIN);
	queued = start_call(chan, PLAIN);
	CU_ASSERT(blocks(queued));
	CU_ASSERT(unfinished(taken));
	SUITE_EQUAL(RESULT(chan.s, KILL), 0);
	SUITE_EQUAL(finish(taken).result, EPIPE);
	SUITE_EQUAL(finish(queued).result, EPIPE);
	SUITE_EQUAL(finish(start_call(chan, PLAIN)).result, EPIPE);
}

static void expect_end_by(uint32_t proc)
{
	struct both chan = pair_of_server(1);
	struct pending serve = START(chan.s, SERVE);

	SUITE_EQUAL(finish(start_call(chan, PLAIN)).result, 0);
	SUITE_EQUAL(finish(start_call(chan, proc)).result, EPIPE);
	SUITE_EQUAL(finish(serve).result, VQ_LOST);
	SUITE_EQUAL(finish(start_call(chan, PLAIN)).result, EPIPE);
}

static void call_ends_with_a_server_that_exits(void)
{
	expect_end_by(VQ_PROC(VQ_PROC_EXIT));
}

static void call_ends_with_a_server_that_crashes(void)
{
	expect_end_by(VQ_PROC(VQ_PROC_CRASH));
}

static void clients_channels_outlive_their_session(void)
{
	struct both session = open_session(), chan = open_chan(session);
	struct pending call;

	SUITE_EQUAL(RESULT(session.c, SESSION_DESTROY), 0);
	call = START(chan.c, CALL, .proc = PLAIN, .size = 100, .outs = 1, .out_size = 10);
	receive_one(chan, PLAIN);
	DO(chan.s, ANSWER);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
}

static void servers_channels_outlive_their_session(void)
{
	struct both session = open_session(), chan = open_chan(session);
	struct pending call;

	SUITE_EQUAL(RESULT(session.s, SESSION_DESTROY), 0);
	call = START(chan.c, CALL, .proc = PLAIN, .size = 100, .outs = 1, .out_size = 10);
	receive_one(chan, PLAIN);
	DO(chan.s, ANSWER);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
	SUITE_EQUAL(RESULT(session.c, CHAN_CREATE), EPIPE);
}

static void channel_accept_ends_with_the_clients_session(void)
{
	struct both session = open_session();
	struct pending acceptance = START(session.s, CHAN_ACCEPT);

	CU_ASSERT(blocks(acceptance));
	SUITE_EQUAL(RESULT(session.c, SESSION_DESTROY), 0);
	SUITE_EQUAL(finish(acceptance).result, EPIPE);
	SUITE_EQUAL(RESULT(session.s, CHAN_ACCEPT), EPIPE);
}

static void channel_accept_ends_with_the_client(void)
{
	struct both session = open_session_of(client_process(1), server_process(0), PORT);
	struct pending acceptance = START(session.s, CHAN_ACCEPT);

	CU_ASSERT(blocks(acceptance));
	SUITE_EQUAL(RESULT(session.c, KILL), 0);
	SUITE_EQUAL(finish(acceptance).result, EPIPE);
}

static void channel_create_ends_with_the_servers_session(void)
{
	struct both session = open_session();
	struct pending creation = START(session.c, CHAN_CREATE);

	CU_ASSERT(blocks(creation));
	SUITE_EQUAL(RESULT(session.s, SESSION_DESTROY), 0);
	SUITE_EQUAL(finish(creation).result, EPIPE);
	SUITE_EQUAL(RESULT(session.c, CHAN_CREATE), EPIPE);
}

static void channel_create_ends_with_the_server(void)
{
	struct both session = open_session_of(client_process(0), server_process(1), PORT);
	struct pending creation = START(session.c, CHAN_CREATE);

	CU_ASSERT(blocks(creation));
	SUITE_EQUAL(RESULT(session.s, KILL), 0);
	SUITE_EQUAL(finish(creation).result, EPIPE);
}

static void other_channels_go_on_when_one_closes(void)
{
	struct both session = open_session();
	struct both first = open_chan(session), second = open_chan(session);

	post(first, PLAIN);
	SUITE_EQUAL(RESULT(first.c, CHAN_DESTROY), 0);
	post(second, PLAIN);
	receive_one(second, PLAIN);
	SUITE_EQUAL(RESULT(first.s, CHAN_DESTROY), 0);
	post(second, PLAIN);
	receive_one(second, PLAIN);
	first = open_chan(session);
	post(first, PLAIN);
	receive_one(first, PLAIN);
}

static void everything_is_forgotten_after_the_end(void)
{
	struct both session = open_session(), chan = open_chan(session);

	for (unsigned int i = 0; i < 50; i++)
		DO(chan.c, POST, .proc = PLAIN, .size = 1000, .seed = i);
	CU_ASSERT(DO(idle_client(), STAT).v[VQ_CHANNELS] == 1);
	CU_ASSERT(DO(idle_server(), STAT).v[VQ_CHANNELS] == 1);
	DO(chan.c, CHAN_DESTROY);
	DO(session.c, SESSION_DESTROY);
	receive_posts(chan, 50);
	DO(chan.s, CHAN_DESTROY);
	DO(session.s, SESSION_DESTROY);
	expect_counts_return(idle_client());
	expect_counts_return(idle_server());
}

const struct suite_test close_tests[] = {
	{ "posts_are_delivered_before_the_end", posts_are_delivered_before_the_end, 0 },
	{ "blocked_receive_ends_with_the_channel", blocked_receive_ends_with_the_channel, 0 },
	{ "posts_outlive_a_client_that_exits", posts_outlive_a_client_that_exits, 0 },
	{ "posts_outlive_a_client_that_crashes", posts_outlive_a_client_that_crashes, 0 },
	{ "undelivered_calls_fail_when_the_server_closes",
	  undelivered_calls_fail_when_the_server_closes, 0 },
	{ "delivered_call_is_answered_when_the_server_closes",
	  delivered_call_is_answered_when_the_server_closes, 0 },
	{ "outputs_arrive_when_the_server_closes", outputs_arrive_when_the_server_closes, 0 },
	{ "posts_to_a_closed_server_are_discarded", posts_to_a_closed_server_are_discarded, 0 },
	{ "calls_end_with_a_killed_server", calls_end_with_a_killed_server, 0 },
	{ "call_ends_with_a_server_that_exits", call_ends_with_a_server_that_exits, 0 },
	{ "call_ends_with_a_server_that_crashes", call_ends_with_a_server_that_crashes, 0 },
	{ "clients_channels_outlive_their_session", clients_channels_outlive_their_session, 0 },
	{ "servers_channels_outlive_their_session", servers_channels_outlive_their_session, 0 },
	{ "channel_accept_ends_with_the_clients_session",
	  channel_accept_ends_with_the_clients_session, 0 },
	{ "channel_accept_ends_with_the_client", channel_accept_ends_with_the_client, 0 },
	{ "channel_create_ends_with_the_servers_session",
	  channel_create_ends_with_the_servers_session, 0 },
	{ "channel_create_ends_with_the_server", channel_create_ends_with_the_server, 0 },
	{ "other_channels_go_on_when_one_closes", other_channels_go_on_when_one_closes, 0 },
	{ "everything_is_forgotten_after_the_end", everything_is_forgotten_after_the_end, 0 },
	{ NULL, NULL, 0 },
};
