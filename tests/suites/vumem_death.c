/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that die, at either end. */
#include "vumem_suite.h"

#include "asleep.h"

#include <pthread.h>
#include <unistd.h>

#define BUFFERS	8

static void own_buffers(int sock)
{
	VumemSessionHandle session = new_session();
	char *addr;

	for (unsigned int i = 0; i < BUFFERS; i++) {
		new_buffer(session, 4 * PAGE, (void **)&addr);
		addr[0] = 1;
	}
	tell(sock, 0);
	for (;;)
		/* Busy with the memory when it is killed. */
		for (unsigned int i = 0; i < 4 * PAGE; i++)
			addr[i]++;
}

static void killed_client_frees_its_buffers(void)
{
	unsigned long kills = option_number("kills", 20);
	struct peer peer;

	start_server(2);
	for (unsigned long i = 1; i <= kills; i++) {
		peer = peer_start(own_buffers);
		SUITE_EQUAL(hear(peer.sock), 0);
		peer_kill(&peer);
		SUITE_EQUAL(command_result(VU_AWAIT_COUNT, VUMEM_CMD_BUFFER_FREE, (uint32_t)(i * BUFFERS)), 0);
	}
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_ALLOC), kills * BUFFERS);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_UNREGISTER), 0);
}

struct allocating {
	VumemSessionHandle session;
	int result;
};

static void *allocate(void *arg)
{
	struct allocating *allocating = arg;
	VumemBufferHandle buffer;

	allocating->result = alloc(allocating->session, VU_LIBRARY, PAGE, &buffer);
	return NULL;
}

static void allocation_of_a_dead_client_is_freed(void)
{
	struct peer peer;
	struct vu_reply allocated, freed;

	start_server(1);
	peer = peer_start(peer_alloc);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(command_result(VU_HOLD, CMD_BIT(ALLOC), 0), 0);
	tell(peer.sock, 0);
	SUITE_EQUAL(command_result(VU_AWAIT_HELD, 1, 0), 0);
	peer_kill(&peer);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 0);
	SUITE_EQUAL(command_result(VU_RELEASE, 0, 0), 0);
	SUITE_EQUAL(command_result(VU_AWAIT_COUNT, VUMEM_CMD_BUFFER_FREE, 1), 0);
	allocated = command(VU_ENTRY, 0, 0);
	freed = command(VU_ENTRY, 1, 0);
	SUITE_EQUAL(allocated.v[4], 0);
	SUITE_EQUAL(freed.v[0], VUMEM_CMD_BUFFER_FREE);
	SUITE_EQUAL(freed.v[3], allocated.v[3]);
	/* In the dead one's name. */
	SUITE_EQUAL(allocated.v[2], peer.pid);
	SUITE_EQUAL(freed.v[2], peer.pid);
}

/* The buffer is nobody's when the server has made it. */
static void session_ends_under_an_allocation(void)
{
	struct allocating allocating = { .result = -1 };
	pthread_t thread;

	start_server(1);
	allocating.session = new_session();
	SUITE_EQUAL(command_result(VU_HOLD, CMD_BIT(ALLOC), 0), 0);
	SUITE_EQUAL(pthread_create(&thread, NULL, allocate, &allocating), 0);
	SUITE_EQUAL(command_result(VU_AWAIT_HELD, 1, 0), 0);
	end_session(allocating.session);
	SUITE_EQUAL(command_result(VU_RELEASE, 0, 0), 0);
	SUITE_EQUAL(pthread_join(thread, NULL), 0);
	SUITE_EQUAL(allocating.result, EBADF);
	SUITE_EQUAL(command_result(VU_AWAIT_COUNT, VUMEM_CMD_BUFFER_FREE, 1), 0);
	expect_all_returned();
}

static void clients_die_at_any_moment(void)
{
	unsigned long kills = option_number("kills", 20);

	start_server(3);
	for (unsigned long i = 0; i < kills; i++) {
		struct peer peers[3];

		for (unsigned int j = 0; j < 3; j++)
			peers[j] = peer_start(own_buffers);
		/* Not an event: a moment that is another each time. */
		sleep_ms((long)(i * 7 % 50));
		for (unsigned int j = 0; j < 3; j++)
			peer_kill(&peers[j]);
	}
	/* Whatever was allocated is freed in the end, also what nobody waited for any more. */
	SUITE_EQUAL(command_result(VU_AWAIT_FREED, 0, 0), 0);
	expect_all_returned();
}

static void killed_server_leaves_zeros(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffers[BUFFERS], other;
	char *addrs[BUFFERS];

	start_server(2);
	session = new_session();
	for (unsigned int i = 0; i < BUFFERS; i++)
		buffers[i] = new_buffer(session, 16 * PAGE, (void **)&addrs[i]);
	SUITE_EQUAL(command_result(VU_KILL, 0, 0), 0);
	for (unsigned int i = 0; i < BUFFERS; i++) {
		CU_ASSERT(becomes_zero(addrs[i], 16 * PAGE));
		memset(addrs[i], 7, 16 * PAGE);
		SUITE_EQUAL(addrs[i][16 * PAGE - 1], 7);
	}
	SUITE_EQUAL(remote(buffers[0], VU_ECHO, 0, NULL), EPIPE);
	SUITE_EQUAL(vumemBufferCacheCtl(buffers[0], VUMEM_CACHE_SYNC_MEMORY), EPIPE);
	SUITE_EQUAL(alloc(session, VU_LIBRARY, PAGE, &other), EPIPE);
	SUITE_EQUAL(vumemBufferUnmap(buffers[1]), 0);
	SUITE_EQUAL(vumemBufferMap(buffers[1], (void **)&addrs[1]), EPIPE);
	SUITE_EQUAL(vumemBufferFree(buffers[1]), EPIPE);
	start_server(2);
	SUITE_EQUAL(vumemBufferFree(buffers[2]), EPIPE);
	end_session(session);
}

/* Writes all the time, whatever becomes of the memory. */
static void write_for_ever(int sock)
{
	VumemSessionHandle session = new_session();
	volatile char *addr;

	new_buffer(session, 64 * PAGE, (void **)&addr);
	tell(sock, 0);
	while (!heard(sock, 0))
		for (unsigned int i = 0; i < 64 * PAGE; i += 64)
			addr[i]++;
	hear(sock);
	tell(sock, vumemSessionDestroy(session));
}

static void clients_survive_killed_servers(void)
{
	struct peer peers[4];
	unsigned int i;

	for (unsigned int round = 0; round < 5; round++) {
		start_server(2);
		for (i = 0; i < 4; i++) {
			peers[i] = peer_start(write_for_ever);
			SUITE_EQUAL(hear(peers[i].sock), 0);
		}
		SUITE_EQUAL(command_result(VU_KILL, 0, 0), 0);
		for (i = 0; i < 4; i++) {
			tell(peers[i].sock, 0);
			SUITE_EQUAL(hear(peers[i].sock), 0);
			SUITE_EQUAL(peer_wait(&peers[i]), 0);
		}
	}
}

const struct suite_test vumem_death_tests[] = {
	{ "killed_client_frees_its_buffers", killed_client_frees_its_buffers, 0 },
	{ "allocation_of_a_dead_client_is_freed", allocation_of_a_dead_client_is_freed, 0 },
	{ "session_ends_under_an_allocation", session_ends_under_an_allocation, 0 },
	{ "clients_die_at_any_moment", clients_die_at_any_moment, 0 },
	{ "killed_server_leaves_zeros", killed_server_leaves_zeros, 0 },
	{ "clients_survive_killed_servers", clients_survive_killed_servers, 0 },
	{ NULL, NULL, 0 },
};
