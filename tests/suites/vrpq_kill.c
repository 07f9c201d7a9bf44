/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes killed at random moments, and processes that write into all they can. */
#include "pattern.h"
#include "vrpq_suite.h"

#define SCRIBBLE_PORT	8

/* The moment of a kill is random within this: what two sessions take here and now. */
static uint64_t kill_range_us(void)
{
	struct pending daemon = START(server_process(1), DAEMON, .arg = PORT);
	struct vq_reply reply = finish(START(client_process(1), STRESS, .arg = PORT, .count = 2));

	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(stop_daemon(daemon).result, EINTR);
	return 1000 * ((uint64_t)reply.elapsed_ms + 1);
}

static int32_t random_moment(uint64_t *state, uint64_t range_us)
{
	return (int32_t)pattern_size(state, range_us);
}

/* After all that: nothing is left of the old sessions, and a new one works. */
static void expect_recovered(void)
{
	struct both session, chan;
	struct pending call;

	/* Before, a server may still be offered the session of a client that is gone. */
	expect_counts_return(idle_client());
	expect_counts_return(idle_server());
	session = open_session();
	chan = open_chan(session);
	call = START(chan.c, CALL, .proc = PLAIN, .size = 1000, .outs = 1, .out_size = 1000);
	receive_one(chan, PLAIN);
	DO(chan.s, ANSWER);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
	DO(chan.c, CHAN_DESTROY);
	DO(chan.s, CHAN_DESTROY);
	DO(session.c, SESSION_DESTROY);
	DO(session.s, SESSION_DESTROY);
	expect_counts_return(idle_client());
	expect_counts_return(idle_server());
}

static void clients_killed_at_any_moment(void)
{
	unsigned long kills = option_number("kills", 25);
	uint64_t range = kill_range_us();
	struct pending daemon = START(server_process(1), DAEMON, .arg = PORT);
	struct vq_reply reply;
	uint64_t state = 1;

	for (unsigned long i = 0; i < kills; i++) {
		struct handle client = client_process(1);
		struct pending stress = START(client, STRESS, .arg = PORT, .seed = (uint32_t)i);

		SUITE_EQUAL(RESULT(client, KILL, .arg = random_moment(&state, range)), 0);
		SUITE_EQUAL(finish(stress).result, VQ_LOST);
	}
	reply = stop_daemon(daemon);
	/* Every server saw the end of its client, and nothing wrong before. */
	SUITE_EQUAL(reply.result, EINTR);
	SUITE_EQUAL(reply.v[0], 0);
	SUITE_EQUAL(reply.v[2] + reply.v[3], 0);
	CU_ASSERT(reply.v[1] > (int64_t)kills / 4);
	expect_recovered();
}

/* A client that is alive when a server dies gets EPIPE, and has the next one serve it. */
static void servers_killed_at_any_moment(void)
{
	unsigned long kills = option_number("kills", 25);
	uint64_t range = kill_range_us();
	struct pending clients[3];
	struct vq_reply reply;
	uint64_t state = 2;

	for (uint32_t i = 0; i < 3; i++)
		clients[i] = START(client_process(i), STRESS, .arg = PORT, .seed = i,
				   .count = 0x7fffffff);
	for (unsigned long i = 0; i < kills; i++) {
		struct handle server = server_process(1);
		struct pending daemon = START(server, DAEMON, .arg = PORT);

		SUITE_EQUAL(RESULT(server, KILL, .arg = random_moment(&state, range)), 0);
		SUITE_EQUAL(finish(daemon).result, VQ_LOST);
	}
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT(unfinished(clients[i]));
	for (uint32_t i = 0; i < 3; i++) {
		SUITE_EQUAL(RESULT(client_process(i), KILL), 0);
		reply = finish(clients[i]);
		SUITE_EQUAL(reply.result, VQ_LOST);
	}
	expect_recovered();
}

static void both_killed_at_any_moment(void)
{
	unsigned long kills = option_number("kills", 25);
	uint64_t range = kill_range_us();
	uint64_t state = 3;

	for (unsigned long i = 0; i < kills; i++) {
		struct handle server = server_process(1), client = client_process(1);
		struct pending daemon = START(server, DAEMON, .arg = PORT);
		struct pending stress = START(client, STRESS, .arg = PORT, .seed = (uint32_t)i);
		struct pending end = START(server, KILL, .arg = random_moment(&state, range));

		SUITE_EQUAL(RESULT(client, KILL, .arg = random_moment(&state, range)), 0);
		SUITE_EQUAL(finish(end).result, 0);
		SUITE_EQUAL(finish(stress).result, VQ_LOST);
		SUITE_EQUAL(finish(daemon).result, VQ_LOST);
	}
	expect_recovered();
}

/*
 * Writes random bytes into all that the processes of one session share, while the
 * others' checksums are right. @who writes: the client or the server.
 */
static struct both victim_session(struct pending *serve, struct pending *stream)
{
	struct both session = open_session_of(client_process(4), server_process(4), SCRIBBLE_PORT);
	struct both chan = open_chan(session);

	*serve = START(chan.s, RECEIVE, .count = 8);
	*stream = START(chan.c, STREAM, .proc = PLAIN, .size = 200, .outs = 1, .out_size = 100,
			.count = 1000000, .flags = VQ_CALLS);
	return chan;
}

static void scribble(bool by_client)
{
	uint32_t steps = (uint32_t)option_number("steps", 100000);
	struct pending daemon = START(server_process(1), DAEMON, .arg = PORT), others[2];
	struct pending serve, stream;
	struct both victim = victim_session(&serve, &stream);
	struct vq_reply reply;

	for (uint32_t i = 0; i < 2; i++)
		others[i] = START(client_process(i), STRESS, .arg = PORT, .count = 10, .seed = i);
	reply = finish_within(START(by_client ? victim.c : victim.s, SCRIBBLE, .count = steps,
				    .seed = 7), 600);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], steps);
	for (uint32_t i = 0; i < 2; i++) {
		reply = finish_within(others[i], 300);
		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[1], 0);
		SUITE_EQUAL(reply.v[2], 0);
	}
	/* The process that was written over answers still, and can be ended. */
	SUITE_EQUAL(RESULT(by_client ? victim.s : victim.c, PING), 0);
	SUITE_EQUAL(RESULT(victim.c, KILL), 0);
	SUITE_EQUAL(RESULT(victim.s, KILL), 0);
	finish(serve);
	finish(stream);
	reply = stop_daemon(daemon);
	SUITE_EQUAL(reply.v[0] + reply.v[2] + reply.v[3], 0);
	expect_recovered();
}

static void scribbling_client_harms_only_itself(void)
{
	scribble(true);
}

static void scribbling_server_harms_only_its_session(void)
{
	scribble(false);
}

/* The server goes on reading what the client writes over: no crash, no hang. */
static void server_survives_a_scribbling_client(void)
{
	uint32_t steps = (uint32_t)option_number("steps", 100000) / 20;
	struct pending daemon = START(server_process(1), DAEMON, .arg = PORT);
	struct vq_reply reply;

	for (uint32_t i = 0; i < 20; i++) {
		struct handle client = client_process(2), chan;
		struct pending stream, scribbler;

		reply = DO(client, SESSION_CREATE, .arg = PORT);
		chan = made(client, &reply);
		reply = DO(chan, CHAN_CREATE);
		chan = made(client, &reply);
		stream = START(chan, STREAM, .proc = PLAIN, .size = 300, .refs = 2, .ref_size = 50,
			       .outs = 1, .out_size = 50, .count = 1000000, .flags = VQ_CALLS);
		scribbler = START(client, SCRIBBLE, .count = steps, .seed = i);
		finish_within(scribbler, 120);
		SUITE_EQUAL(RESULT(client, KILL), 0);
		finish(stream);
	}
	reply = stop_daemon(daemon);
	SUITE_EQUAL(reply.result, EINTR);
	SUITE_EQUAL(reply.v[0], 0);	/* none crashed; wrong requests are what is expected */
	SUITE_EQUAL(reply.v[1], 20);
	expect_recovered();
}

const struct suite_test vrpq_kill_tests[] = {
	{ "clients_killed_at_any_moment", clients_killed_at_any_moment, 1200 },
	{ "servers_killed_at_any_moment", servers_killed_at_any_moment, 1200 },
	{ "both_killed_at_any_moment", both_killed_at_any_moment, 1200 },
	{ "scribbling_client_harms_only_itself", scribbling_client_harms_only_itself, 1200 },
	{ "scribbling_server_harms_only_its_session", scribbling_server_harms_only_its_session,
	  1200 },
	{ "server_survives_a_scribbling_client", server_survives_a_scribbling_client, 1200 },
	{ NULL, NULL, 0 },
};
