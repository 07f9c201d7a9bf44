/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Servers of several processes and threads. */
#include "vrpq_suite.h"

/* An accepted session without a mapping. */
static struct both accept_only(uint32_t port)
{
	struct pending create = START(client_process(0), SESSION_CREATE, .arg = (int32_t)port);
	struct vq_reply accepted = DO(server_process(0), SESSION_ACCEPT, .arg = (int32_t)port);
	struct vq_reply created = finish(create);

	SUITE_EQUAL(created.result, 0);
	SUITE_EQUAL(accepted.result, 0);
	return (struct both){ made(client_process(0), &created),
			      made(server_process(0), &accepted) };
}

static void use_channel(struct both session, uint32_t seed)
{
	struct vq_reply reply = DO(session.c, CHAN_CREATE);
	struct handle chan = made(session.c, &reply);

	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(RESULT(chan, STREAM, .proc = NUMBERED, .size = 500, .count = 100, .number = 1,
			   .seed = seed, .arg = 10), 0);
	reply = DO(chan, STREAM, .proc = PLAIN, .size = 300, .count = 20, .outs = 2,
		   .out_size = 900, .flags = VQ_CALLS);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[1], 0);
	SUITE_EQUAL(RESULT(chan, CHAN_DESTROY), 0);
}

static void serve_in_child(uint32_t flags, bool parent_leaves)
{
	struct both session = accept_only(PORT);
	struct pending child = START(session.s, FORK_SERVE, .flags = flags);
	struct vq_reply sums;

	use_channel(session, 1);
	if (parent_leaves)
		SUITE_EQUAL(RESULT(session.s, SESSION_DESTROY), 0);
	use_channel(session, 2);
	use_channel(session, 3);
	DO(session.c, SESSION_DESTROY);
	sums = finish(child);
	SUITE_EQUAL(sums.result, EPIPE);
	SUITE_EQUAL(sums.v[VQ_POSTS], 300);
	SUITE_EQUAL(sums.v[VQ_CALLS_SERVED], 60);
	SUITE_EQUAL(sums.v[VQ_WRONG], 0);
	SUITE_EQUAL(sums.v[VQ_DISORDER], 0);
	SUITE_EQUAL(sums.v[VQ_CRASHED], 0);
}

static void forked_child_maps_and_serves(void)
{
	serve_in_child(0, false);
}

static void forked_child_inherits_the_mapping(void)
{
	serve_in_child(VQ_MAP_FIRST, false);
}

static void forked_child_serves_when_its_parent_left(void)
{
	serve_in_child(0, true);
	serve_in_child(VQ_MAP_FIRST, true);
}

static void expect_daemon_ended_well(struct pending daemon, unsigned int sessions)
{
	struct vq_reply reply;

	reply = stop_daemon(daemon);
	SUITE_EQUAL(reply.result, EINTR);
	SUITE_EQUAL(reply.v[0], 0);
	SUITE_EQUAL(reply.v[1], sessions);
	SUITE_EQUAL(reply.v[2], 0);
	SUITE_EQUAL(reply.v[3], 0);
}

static void daemon_serves_many_clients(void)
{
	struct pending daemon = START(server_process(1), DAEMON, .arg = PORT), clients[6];

	for (uint32_t i = 0; i < 6; i++)
		clients[i] = START(client_process(i), STRESS, .arg = PORT, .count = 4, .seed = i);
	for (uint32_t i = 0; i < 6; i++) {
		struct vq_reply reply = finish_within(clients[i], 120);

		SUITE_EQUAL(reply.result, 0);
		SUITE_EQUAL(reply.v[0], 4);
		SUITE_EQUAL(reply.v[1], 0);
		SUITE_EQUAL(reply.v[2], 0);
	}
	expect_daemon_ended_well(daemon, 24);
	expect_counts_return(idle_client());
	expect_counts_return(idle_server());
}

static void daemons_on_different_ports(void)
{
	struct pending daemons[3], clients[3];

	for (uint32_t i = 0; i < 3; i++)
		daemons[i] = START(server_process(1 + i), DAEMON, .arg = (int32_t)(100 + i));
	for (uint32_t i = 0; i < 3; i++)
		clients[i] = START(client_process(i), STRESS, .arg = (int32_t)(100 + i),
				   .count = 2 + i, .seed = 30 + i);
	for (uint32_t i = 0; i < 3; i++)
		SUITE_EQUAL(finish_within(clients[i], 120).v[1], 0);
	for (uint32_t i = 0; i < 3; i++)
		expect_daemon_ended_well(daemons[i], 2 + i);
}

static void crashing_child_ends_its_session_only(void)
{
	struct pending daemon = START(server_process(1), DAEMON, .arg = PORT), crash;
	struct pending other = START(client_process(1), STRESS, .arg = PORT, .count = 6);
	struct vq_reply reply = DO(client_process(0), SESSION_CREATE, .arg = PORT);
	struct handle session = made(client_process(0), &reply), chan;

	reply = DO(session, CHAN_CREATE);
	chan = made(session, &reply);
	crash = START(chan, CALL, .proc = VQ_PROC(VQ_PROC_CRASH), .size = HEAD);
	SUITE_EQUAL(finish(crash).result, EPIPE);
	SUITE_EQUAL(RESULT(session, CHAN_CREATE), EPIPE);
	DO(session, SESSION_DESTROY);
	reply = finish_within(other, 120);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[1] + reply.v[2], 0);
	reply = stop_daemon(daemon);
	SUITE_EQUAL(reply.v[0], 1);
	SUITE_EQUAL(reply.v[1], 7);
	SUITE_EQUAL(reply.v[2] + reply.v[3], 0);
}

static void session_serves(struct both chan)
{
	struct pending call = start_call(chan, PLAIN);

	receive_one(chan, PLAIN);
	acknowledge(chan);
	SUITE_EQUAL(finish(call).result, 0);
}

static void channels_are_served_side_by_side(void)
{
	struct both session = open_session();
	struct both first = open_chan(session), second = open_chan(session);
	struct pending serve = START(second.s, SERVE), held = start_call(first, PLAIN);

	receive_one(first, PLAIN);
	for (uint32_t i = 0; i < 10; i++)
		SUITE_EQUAL(finish(start_call(second, PLAIN)).result, 0);
	CU_ASSERT(unfinished(held));
	acknowledge(first);
	SUITE_EQUAL(finish(held).result, 0);
	DO(second.c, CHAN_DESTROY);
	SUITE_EQUAL(finish(serve).v[VQ_POSTS], 10);
}

/* It may not open the node any more, and goes on where it has accepted before. */
static void server_without_rights_goes_on(void)
{
	struct handle server = server_process(3);
	struct both first = open_session_of(client_process(0), server, PORT), second;

	SUITE_EQUAL(RESULT(server, GIVE_UP_RIGHTS), 0);
	SUITE_EQUAL(RESULT(server, STAT), EACCES);
	second = open_session_of(client_process(1), server, PORT);
	session_serves(open_chan(second));
	session_serves(open_chan(first));
}

const struct suite_test server_tests[] = {
	{ "forked_child_maps_and_serves", forked_child_maps_and_serves, 0 },
	{ "forked_child_inherits_the_mapping", forked_child_inherits_the_mapping, 0 },
	{ "forked_child_serves_when_its_parent_left", forked_child_serves_when_its_parent_left,
	  60 },
	{ "daemon_serves_many_clients", daemon_serves_many_clients, 0 },
	{ "daemons_on_different_ports", daemons_on_different_ports, 0 },
	{ "crashing_child_ends_its_session_only", crashing_child_ends_its_session_only, 0 },
	{ "channels_are_served_side_by_side", channels_are_served_side_by_side, 0 },
	{ "server_without_rights_goes_on", server_without_rights_goes_on, 0 },
	{ NULL, NULL, 0 },
};
