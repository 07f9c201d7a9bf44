/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers in several processes: passing, registering, revocation. */
#include "vumem_suite.h"

#include <fcntl.h>
#include <unistd.h>

static VumemBufferHandle receive_buffer(int sock)
{
	VumemBufferHandle buffer = NULL;
	int fd = hear_fd(sock);

	tell(sock, vumemBufferFromFd(fd, &buffer));
	close(fd);
	return buffer;
}

static void pass_buffer(const struct peer *peer, VumemBufferHandle buffer)
{
	int fd = -1;

	SUITE_EQUAL(vumemBufferFd(buffer, &fd), 0);
	tell_fd(peer->sock, fd);
	SUITE_EQUAL(hear(peer->sock), 0);
}

/* Checks and changes what it was passed; then whether it became zeros; then writes there. */
static void use_passed(int sock)
{
	VumemBufferHandle buffer = receive_buffer(sock);
	int allocator = 1;
	VumemBufferId id = 0;
	char *addr = NULL;

	tell(sock, vumemBufferIdGet(buffer, &id));
	tell(sock, (int)id);
	tell(sock, vumemBufferCtl(buffer, VUMEM_CTL_IS_ALLOCATOR, &allocator, sizeof(allocator)));
	tell(sock, allocator);
	tell(sock, vumemBufferMap(buffer, (void **)&addr));
	tell(sock, !pattern_check(addr, 8 * PAGE, 1, 0));
	pattern_fill(addr, 8 * PAGE, 5, 0);
	tell(sock, 0);
	hear(sock);
	tell(sock, is_zero(addr, 8 * PAGE));
	memset(addr, 1, 8 * PAGE);
	tell(sock, addr[5] == 1);
	tell(sock, remote(buffer, VU_ECHO, 0, NULL));
	tell(sock, vumemBufferUnmap(buffer));
	tell(sock, vumemBufferMap(buffer, (void **)&addr));
	tell(sock, vumemBufferFree(buffer));
}

static void passed_buffer_is_shared_and_revoked(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	VumemBufferId id;
	struct peer peer;
	char *addr;

	start_server(1);
	peer = peer_start(use_passed);
	session = new_session();
	buffer = new_buffer(session, 8 * PAGE, (void **)&addr);
	SUITE_EQUAL(vumemBufferIdGet(buffer, &id), 0);
	pass_buffer(&peer, buffer);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(hear(peer.sock), id);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(hear(peer.sock), 1);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(pattern_check(addr, 8 * PAGE, 5, 0), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	tell(peer.sock, 0);
	SUITE_EQUAL(hear(peer.sock), 1);	/* zeros */
	SUITE_EQUAL(hear(peer.sock), 1);	/* of its own */
	SUITE_EQUAL(hear(peer.sock), EINVAL);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(hear(peer.sock), EPIPE);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(peer_wait(&peer), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 1);
	end_session(session);
}

static void watch_passed(int sock)
{
	VumemBufferHandle buffer = receive_buffer(sock);
	char *addr = NULL;

	tell(sock, vumemBufferMap(buffer, (void **)&addr));
	for (;;) {
		hear(sock);
		tell(sock, is_zero(addr, 8 * PAGE));
	}
}

static void own_and_free(int sock)
{
	VumemSessionHandle session = new_session();
	VumemBufferHandle buffer = new_buffer(session, 8 * PAGE, NULL);
	int fd = -1;

	tell(sock, vumemBufferFd(buffer, &fd));
	tell_fd(sock, fd);
	hear(sock);
	entering();
	tell(sock, vumemBufferFree(buffer));
	returned();
	hear(sock);
}

/* Before the server hears of FREE, nobody has the memory mapped. */
static void mappings_are_gone_before_the_server_hears(void)
{
	struct peer owner, watcher;
	int fd;

	start_server(2);
	watcher = peer_start(watch_passed);
	owner = peer_start(own_and_free);
	SUITE_EQUAL(hear(owner.sock), 0);
	fd = hear_fd(owner.sock);
	tell_fd(watcher.sock, fd);
	close(fd);
	SUITE_EQUAL(hear(watcher.sock), 0);
	SUITE_EQUAL(hear(watcher.sock), 0);
	tell(watcher.sock, 0);
	SUITE_EQUAL(hear(watcher.sock), 0);	/* the server's memory */
	SUITE_EQUAL(command_result(VU_HOLD, CMD_BIT(FREE), 0), 0);
	tell(owner.sock, 0);
	SUITE_EQUAL(command_result(VU_AWAIT_HELD, 1, 0), 0);
	tell(watcher.sock, 0);
	SUITE_EQUAL(hear(watcher.sock), 1);	/* zeros */
	CU_ASSERT(peer_blocks(&owner));
	SUITE_EQUAL(command_result(VU_RELEASE, 0, 0), 0);
	SUITE_EQUAL(hear(owner.sock), 0);
	peer_kill(&owner);
	peer_kill(&watcher);
}

static void mapping_survives_its_handle_till_the_free(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer, second;
	char *addr, *other;
	int fd;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, (void **)&addr);
	SUITE_EQUAL(vumemBufferFd(buffer, &fd), 0);
	SUITE_EQUAL(vumemBufferFromFd(fd, &second), 0);
	addr[7] = 'x';
	SUITE_EQUAL(vumemBufferUnmap(buffer), 0);
	SUITE_EQUAL(vumemBufferMap(second, (void **)&other), 0);
	SUITE_EQUAL(vumemBufferFree(second), 0);
	SUITE_EQUAL(other[7], 'x');
	other[7] = 'y';
	SUITE_EQUAL(remote(buffer, VU_FILL, 1, NULL), 0);
	SUITE_EQUAL(pattern_check(other, PAGE, 1, 0), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	CU_ASSERT(is_zero(other, PAGE));
	end_session(session);
}

static void other_descriptors_are_no_buffers(void)
{
	VumemBufferHandle buffer;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fresh = open(client_device(), O_RDWR | O_CLOEXEC);

	SUITE_EQUAL(vumemBufferFromFd(-1, &buffer), EBADF);
	SUITE_EQUAL(vumemBufferFromFd(null, &buffer), EINVAL);
	SUITE_EQUAL(vumemBufferFromFd(fresh, &buffer), EINVAL);
	SUITE_EQUAL(vumemBufferFromFd(null, NULL), EINVAL);
	close(null);
	close(fresh);
}

/* ---- registration ---- */

static void register_passed(int sock)
{
	VumemBufferHandle buffer = receive_buffer(sock);
	VumemSessionHandle session = new_session();

	tell(sock, vumemBufferUnregister(buffer));
	tell(sock, vumemBufferRegister(session, buffer));
	tell(sock, vumemBufferRegister(session, buffer));
	hear(sock);
	tell(sock, vumemBufferUnregister(buffer));
	tell(sock, vumemBufferUnregister(buffer));
	tell(sock, vumemBufferRegister(session, buffer));
	/* Ends with the process. */
	hear(sock);
}

static void expect_entry(uint32_t i, VumemCmd cmd, const struct peer *peer, VumemBufferId id)
{
	struct vu_reply entry = command(VU_ENTRY, i, 0);

	SUITE_EQUAL(entry.v[0], cmd);
	SUITE_EQUAL(entry.v[2], peer->pid);
	SUITE_EQUAL(entry.v[3], id);
}

static void registrations_reach_the_server(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	VumemBufferId id;
	struct peer peer;

	start_server(1);
	peer = peer_start(register_passed);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	vumemBufferIdGet(buffer, &id);
	pass_buffer(&peer, buffer);
	SUITE_EQUAL(hear(peer.sock), EINVAL);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(hear(peer.sock), 0);
	expect_entry(1, VUMEM_CMD_BUFFER_REGISTER, &peer, id);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_REGISTER), 1);
	tell(peer.sock, 0);
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(hear(peer.sock), EINVAL);
	expect_entry(2, VUMEM_CMD_BUFFER_UNREGISTER, &peer, id);
	SUITE_EQUAL(hear(peer.sock), 0);
	expect_entry(3, VUMEM_CMD_BUFFER_REGISTER, &peer, id);
	peer_kill(&peer);
	expect_entry(4, VUMEM_CMD_BUFFER_UNREGISTER, &peer, id);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_UNREGISTER), 2);
	end_session(session);
}

static void allocator_is_registered_silently(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(vumemBufferRegister(session, buffer), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_REGISTER), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_UNREGISTER), 0);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_FREE), 1);
	end_session(session);
}

static void server_may_refuse_registration(void)
{
	VumemSessionHandle session, other;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	other = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(command_result(VU_REFUSE, VUMEM_CMD_BUFFER_REGISTER, EACCES), 0);
	SUITE_EQUAL(vumemBufferRegister(other, buffer), EACCES);
	SUITE_EQUAL(vumemBufferUnregister(buffer), EINVAL);
	SUITE_EQUAL(command_result(VU_REFUSE, VUMEM_CMD_BUFFER_REGISTER, 0), 0);
	SUITE_EQUAL(vumemBufferRegister(other, buffer), 0);
	SUITE_EQUAL(vumemBufferUnregister(buffer), 0);
	end_session(other);
	end_session(session);
}

static void freed_buffer_cannot_be_registered(void)
{
	VumemSessionHandle session, other;
	VumemBufferHandle buffer, second;
	int fd;

	start_server(1);
	session = new_session();
	other = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(vumemBufferFd(buffer, &fd), 0);
	SUITE_EQUAL(vumemBufferFromFd(fd, &second), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	SUITE_EQUAL(vumemBufferRegister(other, second), EPIPE);
	SUITE_EQUAL(server_count(VUMEM_CMD_BUFFER_REGISTER), 0);
	SUITE_EQUAL(vumemBufferFree(second), 0);
	end_session(other);
	end_session(session);
}

static void session_end_ends_registration(void)
{
	VumemSessionHandle session, other;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	other = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(vumemBufferRegister(other, buffer), 0);
	end_session(other);
	SUITE_EQUAL(command_result(VU_AWAIT_COUNT, VUMEM_CMD_BUFFER_UNREGISTER, 1), 0);
	SUITE_EQUAL(vumemBufferUnregister(buffer), EINVAL);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	end_session(session);
}

static void error_of_the_server_at_free_frees_all_the_same(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	SUITE_EQUAL(command_result(VU_REFUSE, VUMEM_CMD_BUFFER_FREE, EIO), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), EIO);
	SUITE_EQUAL(vumemBufferFree(buffer), EBADF);
	SUITE_EQUAL(stat_of(VUMEM_PROF_BUFFERS), 0);
	end_session(session);
}

const struct suite_test vumem_share_tests[] = {
	{ "passed_buffer_is_shared_and_revoked", passed_buffer_is_shared_and_revoked, 0 },
	{ "mappings_are_gone_before_the_server_hears", mappings_are_gone_before_the_server_hears, 0 },
	{ "mapping_survives_its_handle_till_the_free", mapping_survives_its_handle_till_the_free, 0 },
	{ "other_descriptors_are_no_buffers", other_descriptors_are_no_buffers, 0 },
	{ "registrations_reach_the_server", registrations_reach_the_server, 0 },
	{ "allocator_is_registered_silently", allocator_is_registered_silently, 0 },
	{ "server_may_refuse_registration", server_may_refuse_registration, 0 },
	{ "freed_buffer_cannot_be_registered", freed_buffer_cannot_be_registered, 0 },
	{ "session_end_ends_registration", session_end_ends_registration, 0 },
	{ "error_of_the_server_at_free_frees_all_the_same", error_of_the_server_at_free_frees_all_the_same, 0 },
	{ NULL, NULL, 0 },
};
