/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions: waiting for the server, the master, handles. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "vumem_suite.h"

#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void create_session(int sock)
{
	VumemSessionHandle session = NULL;

	entering();
	tell(sock, vumemSessionCreate(client_device(), &session));
	returned();
}

static void session_waits_for_server(void)
{
	struct peer peer;

	command_result(VU_KILL, 0, 0);
	peer = peer_start(create_session);
	CU_ASSERT(peer_blocks(&peer));
	start_server(1);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(peer_wait(&peer), 0);
}

static void waiting_session_can_be_killed(void)
{
	struct peer peer;

	command_result(VU_KILL, 0, 0);
	peer = peer_start(create_session);
	CU_ASSERT(peer_blocks(&peer));
	peer_kill(&peer);
}

static void ignore(int number)
{
	(void)number;
}

static void create_session_interrupted(int sock)
{
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = ignore }, NULL);
	create_session(sock);
}

static void waiting_session_is_interrupted(void)
{
	struct peer peer;

	command_result(VU_KILL, 0, 0);
	peer = peer_start(create_session_interrupted);
	CU_ASSERT(peer_blocks(&peer));
	SUITE_EQUAL(kill(peer.pid, SIGUSR1), 0);
	SUITE_EQUAL(hear(peer.sock), EINTR);
	SUITE_EQUAL(peer_wait(&peer), 0);
}

static void session_does_not_reach_the_server_program(void)
{
	start_server(1);
	end_session(new_session());
	SUITE_EQUAL(command_result(VU_STOP, 0, 0), 0);
	for (VumemCmd cmd = 0; cmd < 8; cmd++)
		SUITE_EQUAL(server_count(cmd), 0);
}

/* Rights are looked at when the device is opened, which the session did. */
static void allocate_without_rights(int sock)
{
	VumemSessionHandle session = new_session();
	VumemBufferHandle buffer;

	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		tell(sock, errno);
	if (!access(client_device(), W_OK))
		suite_fail("everybody has rights to %s", client_device());
	tell(sock, alloc(session, VU_LIBRARY, PAGE, &buffer));
}

static void buffers_need_no_rights_to_the_device(void)
{
	struct peer peer;

	start_server(1);
	peer = peer_start(allocate_without_rights);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(peer_wait(&peer), 0);
}

static void there_is_one_master(void)
{
	VumemSessionHandle master, other;

	start_server(1);
	SUITE_EQUAL(vumemSessionMasterCreate(client_device(), &master), 0);
	SUITE_EQUAL(vumemSessionMasterCreate(client_device(), &other), EBUSY);
	end_session(master);
	SUITE_EQUAL(vumemSessionMasterCreate(client_device(), &other), 0);
	end_session(other);
}

static void only_the_master_allocates(void)
{
	VumemSessionHandle plain, master;
	VumemBufferHandle buffer;

	start_server(1);
	plain = new_session();
	SUITE_EQUAL(vumemSessionMasterCreate(client_device(), &master), 0);
	SUITE_EQUAL(alloc(plain, VU_LIBRARY, PAGE, &buffer), EPERM);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_ALLOC), 0);
	SUITE_EQUAL(alloc(master, VU_LIBRARY, PAGE, &buffer), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	end_session(master);
	SUITE_EQUAL(alloc(plain, VU_LIBRARY, PAGE, &buffer), 0);
	end_session(plain);
}

static void buffers_older_than_the_master_stay_usable(void)
{
	VumemSessionHandle plain, master;
	VumemBufferHandle buffer;
	char *addr;

	start_server(1);
	plain = new_session();
	buffer = new_buffer(plain, PAGE, NULL);
	SUITE_EQUAL(vumemSessionMasterCreate(client_device(), &master), 0);
	SUITE_EQUAL(vumemBufferMap(buffer, (void **)&addr), 0);
	SUITE_EQUAL(pattern_check(addr, PAGE, 1, 0), 0);
	SUITE_EQUAL(remote(buffer, VU_ECHO, 0, NULL), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	end_session(plain);
	end_session(master);
}

static void be_master(int sock)
{
	VumemSessionHandle master;

	tell(sock, vumemSessionMasterCreate(client_device(), &master));
	hear(sock);
}

static void killed_master_makes_room(void)
{
	VumemSessionHandle master;
	struct peer peer;

	start_server(1);
	peer = peer_start(be_master);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(vumemSessionMasterCreate(client_device(), &master), EBUSY);
	peer_kill(&peer);
	SUITE_EQUAL(vumemSessionMasterCreate(client_device(), &master), 0);
	end_session(master);
}

static void session_end_frees_its_buffers(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffers[5];

	start_server(1);
	session = new_session();
	for (unsigned int i = 0; i < 5; i++)
		buffers[i] = new_buffer(session, PAGE, NULL);
	end_session(session);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 5);
	for (unsigned int i = 0; i < 5; i++)
		SUITE_EQUAL(vumemBufferFree(buffers[i]), EBADF);
}

static void ended_handles_are_refused(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	VumemBufferId id;
	void *addr;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(vumemBufferIdGet(session, &id), EBADF);
	SUITE_EQUAL(alloc(buffer, VU_LIBRARY, PAGE, &buffer), EBADF);
	SUITE_EQUAL(vumemBufferRegister(buffer, session), EBADF);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), EBADF);
	SUITE_EQUAL(vumemBufferMap(buffer, &addr), EBADF);
	SUITE_EQUAL(vumemBufferCacheCtl(buffer, VUMEM_CACHE_SYNC_MEMORY), EBADF);
	end_session(session);
	SUITE_EQUAL(vumemSessionDestroy(session), EBADF);
	SUITE_EQUAL(vumemSessionDestroy(NULL), EBADF);
}

static void devices_may_be_named_shortly(void)
{
	char name[64];
	VumemSessionHandle session;

	start_server(1);
	snprintf(name, sizeof(name), "%s", strrchr(client_device(), '/') + 1);
	SUITE_EQUAL(vumemSessionCreate(name, &session), 0);
	end_session(session);
	name[strlen(name) - 1] = 0;
	SUITE_EQUAL(vumemSessionCreate(name, &session), 0);
	end_session(session);
}

static void other_devices_are_refused(void)
{
	VumemSessionHandle session;

	SUITE_EQUAL(vumemSessionCreate("/dev/null", &session), EINVAL);
	SUITE_EQUAL(vumemSessionCreate("/dev/vumem-clt-nosuch0", &session), ENOENT);
	SUITE_EQUAL(vumemSessionCreate(NULL, &session), EINVAL);
	SUITE_EQUAL(vumemSessionCreate(client_device(), NULL), EINVAL);
}

const struct suite_test vumem_session_tests[] = {
	{ "session_waits_for_server", session_waits_for_server, 0 },
	{ "waiting_session_can_be_killed", waiting_session_can_be_killed, 0 },
	{ "waiting_session_is_interrupted", waiting_session_is_interrupted, 0 },
	{ "session_does_not_reach_the_server_program", session_does_not_reach_the_server_program, 0 },
	{ "buffers_need_no_rights_to_the_device", buffers_need_no_rights_to_the_device, 0 },
	{ "there_is_one_master", there_is_one_master, 0 },
	{ "only_the_master_allocates", only_the_master_allocates, 0 },
	{ "buffers_older_than_the_master_stay_usable", buffers_older_than_the_master_stay_usable, 0 },
	{ "killed_master_makes_room", killed_master_makes_room, 0 },
	{ "session_end_frees_its_buffers", session_end_frees_its_buffers, 0 },
	{ "ended_handles_are_refused", ended_handles_are_refused, 0 },
	{ "devices_may_be_named_shortly", devices_may_be_named_shortly, 0 },
	{ "other_devices_are_refused", other_devices_are_refused, 0 },
	{ NULL, NULL, 0 },
};
