/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "transfer.h"
#include "vumem_suite.h"

#include "asleep.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STILL_MS	40	/* how long what blocks is watched */

static int control_fd = -1;
static _Atomic int *my_phase;

const char *client_device(void)
{
	return suite_option("client", "/dev/vumem-clt-vumem0");
}

unsigned long option_number(const char *key, unsigned long fallback)
{
	const char *text = suite_option(key, NULL);

	return text ? strtoul(text, NULL, 10) : fallback;
}

/* ---- the server ---- */

static void connect_control(void)
{
	const char *path = suite_option("control", "/dev/vumem-ctl");

	signal(SIGPIPE, SIG_IGN);
	control_fd = open(path, O_RDWR | O_CLOEXEC);
	if (control_fd < 0)
		suite_fail("%s: %s", path, strerror(errno));
}

struct vu_reply command(uint32_t op, uint32_t arg0, uint32_t arg1)
{
	struct vu_command message = { .op = op, .args = { arg0, arg1 } };
	struct vu_reply reply;

	if (control_fd < 0)
		connect_control();
	if (!transfer_whole(control_fd, &message, sizeof(message), true) ||
	    !transfer_whole(control_fd, &reply, sizeof(reply), false))
		suite_fail("the agent is lost");
	return reply;
}

int command_result(uint32_t op, uint32_t arg0, uint32_t arg1)
{
	return command(op, arg0, arg1).result;
}

void start_server(unsigned int threads)
{
	int err = command_result(VU_START, threads, 0);

	if (err)
		suite_fail("the server does not start: %d", err);
}

uint32_t server_count(VumemCmd cmd)
{
	return (uint32_t)command(VU_COUNT, cmd, 0).v[0];
}

void close_control(void)
{
	if (control_fd < 0)
		return;
	expect_all_returned();
	close(control_fd);
}

/* ---- buffers ---- */

VumemSessionHandle new_session(void)
{
	VumemSessionHandle session = NULL;
	int err = vumemSessionCreate(client_device(), &session);

	if (err)
		suite_fail("vumemSessionCreate: %d", err);
	return session;
}

void end_session(VumemSessionHandle session)
{
	SUITE_EQUAL(vumemSessionDestroy(session), 0);
}

int alloc_order(VumemSessionHandle session, struct vu_order *order, VumemBufferHandle *buffer)
{
	return vumemBufferAlloc(session, order, sizeof(*order), buffer);
}

int alloc(VumemSessionHandle session, uint32_t kind, uint32_t size, VumemBufferHandle *buffer)
{
	struct vu_order order = { .kind = kind, .size = size, .seed = 1 };

	return alloc_order(session, &order, buffer);
}

VumemBufferHandle new_buffer(VumemSessionHandle session, uint32_t size, void **addr)
{
	VumemBufferHandle buffer = NULL;
	int err = alloc(session, VU_LIBRARY, size, &buffer);

	if (err)
		suite_fail("vumemBufferAlloc of %u bytes: %d", size, err);
	err = addr ? vumemBufferMap(buffer, addr) : 0;
	if (err)
		suite_fail("vumemBufferMap of %u bytes: %d", size, err);
	return buffer;
}

int remote(VumemBufferHandle buffer, uint32_t op, uint32_t seed, int64_t *value)
{
	struct vu_ctl ctl = { .op = op, .seed = seed, .value = value ? *value : 0 };
	int err = vumemBufferCtl(buffer, VUMEM_CTL_REMOTE, &ctl, sizeof(ctl));

	if (value)
		*value = ctl.value;
	return err;
}

bool is_zero(const void *addr, size_t size)
{
	const volatile char *bytes = addr;

	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

bool becomes_zero(const void *addr, size_t size)
{
	for (int ms = suite_patience_ms(); ms > 0; ms -= 10) {
		if (is_zero(addr, size))
			return true;
		sleep_ms(10);
	}
	return false;
}

nku32_f stat_of(nku32_f id)
{
	VumemStat stat = { .id = id };

	SUITE_EQUAL(vumemProf(client_device(), VUMEM_PROF_GEN_STAT_GET, &stat, 1), 0);
	return stat.val;
}

/* There is no event for "all is forgotten": looked at again until it is. */
void expect_all_returned(void)
{
	VumemStat now[] = { { .id = VUMEM_PROF_SESSIONS }, { .id = VUMEM_PROF_BUFFERS },
			    { .id = VUMEM_PROF_BUFFER_MAPPINGS },
			    { .id = VUMEM_PROF_BUFFER_ALLOCATED_SIZE } };
	struct vu_reply reply = { 0 };

	for (int ms = suite_patience_ms(); ms > 0; ms -= 20) {
		int err = vumemProf(client_device(), VUMEM_PROF_GEN_STAT_GET, now, 4);

		reply = command(VU_STAT, 0, 0);
		if (!err && !reply.result && !reply.v[0] && !reply.v[1] && !now[0].val &&
		    !now[1].val && !now[2].val && !now[3].val)
			return;
		sleep_ms(20);
	}
	suite_fail("left are %u sessions, %u buffers, %u mappings, %u bytes; the server's %d pages and %d in quarantine",
		   now[0].val, now[1].val, now[2].val, now[3].val, (int)reply.v[0],
		   (int)reply.v[1]);
}

/* ---- peers ---- */

struct peer peer_start(void (*run)(int sock))
{
	struct peer peer;
	int socks[2];

	peer.phase = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (peer.phase == MAP_FAILED ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks))
		suite_fail("peer: %s", strerror(errno));
	peer.pid = fork();
	if (peer.pid < 0)
		suite_fail("fork: %s", strerror(errno));
	if (!peer.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(socks[0]);
		my_phase = peer.phase;
		run(socks[1]);
		_exit(0);
	}
	close(socks[1]);
	peer.sock = socks[0];
	return peer;
}

static int reap(struct peer *peer)
{
	int status = 0;

	while (waitpid(peer->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(peer->sock);
	munmap((void *)peer->phase, PAGE);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void peer_kill(struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	reap(peer);
}

int peer_wait(struct peer *peer)
{
	return reap(peer);
}

bool peer_blocks(const struct peer *peer)
{
	return wait_asleep_killably(&peer->pid, peer->phase) && !heard(peer->sock, STILL_MS);
}

void tell(int sock, int value)
{
	/* A peer that is gone shows in what it does not say. */
	(void)!send(sock, &value, sizeof(value), MSG_NOSIGNAL);
}

int hear(int sock)
{
	int value;
	ssize_t got;

	do
		got = recv(sock, &value, sizeof(value), 0);
	while (got < 0 && errno == EINTR);
	return got == sizeof(value) ? value : -1;
}

bool heard(int sock, int ms)
{
	struct pollfd poll_fd = { .fd = sock, .events = POLLIN };

	return poll(&poll_fd, 1, ms) > 0;
}

union control_message {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr aligned;
};

void tell_fd(int sock, int fd)
{
	union control_message control = { 0 };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) != 1)
		suite_fail("sendmsg: %s", strerror(errno));
}

int hear_fd(int sock)
{
	union control_message control = { 0 };
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&msg);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

void entering(void)
{
	atomic_store(my_phase, CALL_ENTERED);
}

void returned(void)
{
	atomic_store(my_phase, CALL_RETURNED);
}

void peer_alloc(int sock)
{
	VumemSessionHandle session = NULL;
	VumemBufferHandle buffer;

	tell(sock, vumemSessionCreate(client_device(), &session));
	hear(sock);
	entering();
	tell(sock, alloc(session, VU_LIBRARY, PAGE, &buffer));
	returned();
	hear(sock);
}
