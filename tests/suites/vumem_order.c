/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's side: threads, turns, order, and what it must not do. */
#include "vumem_suite.h"

#include <unistd.h>

#define CLIENTS	8

static void start_clients(struct peer *peers, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		peers[i] = peer_start(peer_alloc);
		SUITE_EQUAL(hear(peers[i].sock), 0);
	}
}

static void end_clients(struct peer *peers, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		tell(peers[i].sock, 0);
		SUITE_EQUAL(peer_wait(&peers[i]), 0);
	}
}

static void threads_serve_in_parallel(void)
{
	struct peer peers[CLIENTS];

	start_server(CLIENTS);
	start_clients(peers, CLIENTS);
	SUITE_EQUAL(command_result(VU_HOLD, CMD_BIT(ALLOC), 0), 0);
	for (unsigned int i = 0; i < CLIENTS; i++)
		tell(peers[i].sock, 0);
	SUITE_EQUAL(command_result(VU_AWAIT_HELD, CLIENTS, 0), 0);
	for (unsigned int i = 0; i < CLIENTS; i++)
		CU_ASSERT(peer_blocks(&peers[i]));
	SUITE_EQUAL(command_result(VU_RELEASE, 0, 0), 0);
	for (unsigned int i = 0; i < CLIENTS; i++)
		SUITE_EQUAL(hear(peers[i].sock), 0);
	end_clients(peers, CLIENTS);
}

/* One thread: the others' requests wait, and come in the order in which they were made. */
static void one_thread_serves_in_order(void)
{
	struct peer peers[CLIENTS];

	start_server(1);
	start_clients(peers, CLIENTS);
	SUITE_EQUAL(command_result(VU_HOLD, CMD_BIT(ALLOC), 0), 0);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		tell(peers[i].sock, 0);
		CU_ASSERT(peer_blocks(&peers[i]));
	}
	SUITE_EQUAL(command_result(VU_AWAIT_HELD, 1, 0), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_ALLOC), 1);
	SUITE_EQUAL(command_result(VU_RELEASE, 0, 0), 0);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		SUITE_EQUAL(hear(peers[i].sock), 0);
		SUITE_EQUAL(command(VU_ENTRY, i, 0).v[2], peers[i].pid);
	}
	end_clients(peers, CLIENTS);
}

/*
 * Of a queue of waiters each can be killed alone, and is not served then. Its withdrawal
 * may reach the server's kernel after the release does the server: then what was
 * allocated is freed again.
 */
static void waiter_is_killed_alone(void)
{
	struct peer peers[3];
	uint32_t served;

	start_server(1);
	start_clients(peers, 3);
	SUITE_EQUAL(command_result(VU_HOLD, CMD_BIT(ALLOC), 0), 0);
	for (unsigned int i = 0; i < 3; i++) {
		tell(peers[i].sock, 0);
		CU_ASSERT(peer_blocks(&peers[i]));
	}
	SUITE_EQUAL(command_result(VU_AWAIT_HELD, 1, 0), 0);
	peer_kill(&peers[1]);
	SUITE_EQUAL(command_result(VU_RELEASE, 0, 0), 0);
	SUITE_EQUAL(hear(peers[0].sock), 0);
	SUITE_EQUAL(hear(peers[2].sock), 0);
	served = server_count(VUMEM_CMD_BUFFER_ALLOC);
	CU_ASSERT(served == 2 || served == 3);
	if (served == 3)
		SUITE_EQUAL(command_result(VU_AWAIT_COUNT, VUMEM_CMD_BUFFER_FREE, 1), 0);
	SUITE_EQUAL(command(VU_ENTRY, served - 1, 0).v[2], peers[2].pid);
	end_clients(&peers[0], 1);
	end_clients(&peers[2], 1);
}

static void there_is_one_server(void)
{
	start_server(1);
	SUITE_EQUAL(command_result(VU_SECOND_SERVER, 0, 0), EBUSY);
	SUITE_EQUAL(command_result(VU_STOP, 0, 0), 0);
	SUITE_EQUAL(command_result(VU_SECOND_SERVER, 0, 0), 0);
	start_server(1);
	end_session(new_session());
}

static void receiving_before_answering_is_einval(void)
{
	struct vu_order order = { .kind = VU_LIBRARY, .size = PAGE, .flags = VU_RECEIVE };
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	SUITE_EQUAL(alloc_order(session, &order, &buffer), 0);
	SUITE_EQUAL(order.answer, EINVAL);
	end_session(session);
}

static void answering_nothing_is_einval(void)
{
	struct vu_order order = { .kind = VU_LIBRARY, .size = PAGE, .flags = VU_RESPOND };
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	struct vu_reply entry;

	start_server(1);
	session = new_session();
	SUITE_EQUAL(alloc_order(session, &order, &buffer), 0);
	entry = command(VU_ENTRY, 0, 0);
	SUITE_EQUAL(entry.v[4], 0);
	SUITE_EQUAL(entry.v[5], EINVAL);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	end_session(session);
}

static void receiving_is_interrupted(void)
{
	start_server(1);
	SUITE_EQUAL(command_result(VU_INTERRUPT, 0, 0), 0);
	end_session(new_session());
}

static void desert(VumemCmd cmd, bool on)
{
	SUITE_EQUAL(command_result(VU_REFUSE, cmd, on ? VU_DESERT : 0), 0);
}

/* The request of a thread that ends without answering fails; the others go on. */
static void ended_threads_request_is_eio(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(4);
	session = new_session();
	desert(VUMEM_CMD_BUFFER_ALLOC, true);
	SUITE_EQUAL(alloc(session, VU_LIBRARY, PAGE, &buffer), EIO);
	desert(VUMEM_CMD_BUFFER_ALLOC, false);
	buffer = new_buffer(session, PAGE, NULL);
	desert(VUMEM_CMD_BUFFER_CTL, true);
	SUITE_EQUAL(remote(buffer, VU_ECHO, 0, NULL), EIO);
	desert(VUMEM_CMD_BUFFER_CTL, false);
	SUITE_EQUAL(remote(buffer, VU_ECHO, 0, NULL), 0);
	desert(VUMEM_CMD_BUFFER_FREE, true);
	SUITE_EQUAL(vumemBufferFree(buffer), EIO);
	desert(VUMEM_CMD_BUFFER_FREE, false);
	new_buffer(session, PAGE, NULL);
	end_session(session);
}

static void destroyed_server_ends_its_threads(void)
{
	struct vu_reply reply;

	start_server(8);
	reply = command(VU_STOP, 0, 0);
	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
	SUITE_EQUAL(reply.v[1], 8);
	start_server(1);
	end_session(new_session());
}

static void destroyed_server_breaks_its_sessions(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer, other;
	char *addr;

	start_server(2);
	session = new_session();
	buffer = new_buffer(session, 2 * PAGE, (void **)&addr);
	SUITE_EQUAL(command_result(VU_STOP, 0, 0), 0);
	CU_ASSERT(becomes_zero(addr, 2 * PAGE));
	addr[5] = 1;
	SUITE_EQUAL(remote(buffer, VU_ECHO, 0, NULL), EPIPE);
	SUITE_EQUAL(alloc(session, VU_LIBRARY, PAGE, &other), EPIPE);
	SUITE_EQUAL(vumemBufferFree(buffer), EPIPE);
	SUITE_EQUAL(vumemBufferFree(buffer), EBADF);
	/* The next server does not make them good again. */
	start_server(2);
	SUITE_EQUAL(alloc(session, VU_LIBRARY, PAGE, &other), EPIPE);
	end_session(session);
	session = new_session();
	new_buffer(session, PAGE, NULL);
	end_session(session);
}

/* Requests that nobody answered fail; waiting for a new session goes on. */
static void destroyed_server_fails_what_waits(void)
{
	struct peer peers[2];

	start_server(1);
	start_clients(peers, 2);
	SUITE_EQUAL(command_result(VU_HOLD, CMD_BIT(ALLOC), 0), 0);
	for (unsigned int i = 0; i < 2; i++) {
		tell(peers[i].sock, 0);
		CU_ASSERT(peer_blocks(&peers[i]));
	}
	SUITE_EQUAL(command_result(VU_AWAIT_HELD, 1, 0), 0);
	SUITE_EQUAL(command_result(VU_KILL, 0, 0), 0);
	for (unsigned int i = 0; i < 2; i++)
		SUITE_EQUAL(hear(peers[i].sock), EPIPE);
	end_clients(peers, 2);
}

const struct suite_test vumem_order_tests[] = {
	{ "threads_serve_in_parallel", threads_serve_in_parallel, 0 },
	{ "one_thread_serves_in_order", one_thread_serves_in_order, 0 },
	{ "waiter_is_killed_alone", waiter_is_killed_alone, 0 },
	{ "there_is_one_server", there_is_one_server, 0 },
	{ "receiving_before_answering_is_einval", receiving_before_answering_is_einval, 0 },
	{ "answering_nothing_is_einval", answering_nothing_is_einval, 0 },
	{ "receiving_is_interrupted", receiving_is_interrupted, 0 },
	{ "ended_threads_request_is_eio", ended_threads_request_is_eio, 0 },
	{ "destroyed_server_ends_its_threads", destroyed_server_ends_its_threads, 0 },
	{ "destroyed_server_breaks_its_sessions", destroyed_server_breaks_its_sessions, 0 },
	{ "destroyed_server_fails_what_waits", destroyed_server_fails_what_waits, 0 },
	{ NULL, NULL, 0 },
};
