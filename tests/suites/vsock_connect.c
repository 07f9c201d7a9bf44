/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* connect, accept, send, receive: what they return. */
#include "vsock_suite.h"

#include "asleep.h"
#include "pattern.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define NOBODYS_CID	123456u

static int so_error(int fd)
{
	socklen_t len = sizeof(int);
	int error = -1;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		suite_fail("SO_ERROR: %s", strerror(errno));
	return error;
}

/* ---- connect ---- */

static void both_ends_know_each_other(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	struct sockaddr_vm address = { 0 };
	socklen_t len = sizeof(address);

	SUITE_EQUAL(getpeername(pair.fd, (struct sockaddr *)&address, &len), 0);
	SUITE_EQUAL(address.svm_cid, peer_cid());
	SUITE_EQUAL(address.svm_port, agent_port(peer(), pair.peer_fd));
	SUITE_EQUAL(cid_of(pair.fd), own_cid());
	SUITE_EQUAL(agent_cid(peer(), pair.peer_fd, false), peer_cid());
	SUITE_EQUAL(agent_cid(peer(), pair.peer_fd, true), own_cid());
}

static void accept_tells_who_connected(void)
{
	int listener = vm_listener(SOCK_STREAM, 1), fd = agent_socket(peer(), SOCK_STREAM);
	struct sockaddr_vm address = { 0 };
	socklen_t len = sizeof(address);

	SUITE_EQUAL(agent_socket_connect(peer(), fd, own_cid(), port_of(listener)), 0);
	CU_ASSERT(accept(listener, (struct sockaddr *)&address, &len) >= 0);
	SUITE_EQUAL(address.svm_cid, peer_cid());
	SUITE_EQUAL(address.svm_port, agent_port(peer(), fd));
	SUITE_EQUAL(agent_cid(peer(), fd, false), peer_cid());
}

static void nobody_listens(void)
{
	int fd = vm_socket(SOCK_STREAM);

	FAILS_WITH(vm_connect(fd, peer_cid(), 4711), ECONNRESET);
	FAILS_WITH(vm_connect(fd, peer_cid(), VMADDR_PORT_ANY), ECONNRESET);
}

static void the_types_must_agree(void)
{
	int listener = peer_listener(SOCK_SEQPACKET, 1), fd = vm_socket(SOCK_STREAM);

	FAILS_WITH(vm_connect(fd, peer_cid(), agent_port(peer(), listener)), ECONNRESET);
}

/* dom0 knows who there is; others ask it, if it forwards. */
static void there_is_no_such_domain(void)
{
	const char *forwards = suite_option("forward", "no");
	int fd = vm_socket(SOCK_STREAM);

	FAILS_WITH(vm_connect(fd, NOBODYS_CID, 4711),
		   strcmp(forwards, "no") ? ECONNRESET : EHOSTUNREACH);
}

static void a_refused_socket_can_try_again(void)
{
	int listener = peer_listener(SOCK_STREAM, 1), fd = vm_socket(SOCK_STREAM);

	FAILS_WITH(vm_connect(fd, peer_cid(), 4711), ECONNRESET);
	SUITE_EQUAL(vm_connect(fd, peer_cid(), agent_port(peer(), listener)), 0);
}

static void connect_twice_is_refused(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	int listener = vm_listener(SOCK_STREAM, 1);

	FAILS_WITH(vm_connect(pair.fd, peer_cid(), 4711), EISCONN);
	FAILS_WITH(vm_connect(listener, peer_cid(), 4711), EINVAL);
}

static void connect_without_waiting(void)
{
	int listener = peer_listener(SOCK_STREAM, 1), fd = vm_socket(SOCK_STREAM | SOCK_NONBLOCK);

	FAILS_WITH(vm_connect(fd, peer_cid(), agent_port(peer(), listener)), EINPROGRESS);
	SUITE_EQUAL(poll_for(fd, POLLOUT), POLLOUT);
	SUITE_EQUAL(so_error(fd), 0);
	CU_ASSERT(agent_accept(peer(), listener) >= 0);
}

static void refused_without_waiting(void)
{
	int fd = vm_socket(SOCK_STREAM | SOCK_NONBLOCK);

	FAILS_WITH(vm_connect(fd, peer_cid(), 4711), EINPROGRESS);
	SUITE_EQUAL(poll_for(fd, 0), POLLERR);
	SUITE_EQUAL(poll_now(fd, POLLOUT), POLLOUT | POLLERR);
	SUITE_EQUAL(so_error(fd), ECONNRESET);
}

static void a_full_backlog_refuses(void)
{
	int listener = peer_listener(SOCK_STREAM, 1);
	unsigned int port = agent_port(peer(), listener);

	SUITE_EQUAL(vm_connect(vm_socket(SOCK_STREAM), peer_cid(), port), 0);
	SUITE_EQUAL(vm_connect(vm_socket(SOCK_STREAM), peer_cid(), port), 0);
	FAILS_WITH(vm_connect(vm_socket(SOCK_STREAM), peer_cid(), port), ECONNRESET);
	CU_ASSERT(agent_accept(peer(), listener) >= 0);
	SUITE_EQUAL(vm_connect(vm_socket(SOCK_STREAM), peer_cid(), port), 0);
}

static void a_domain_can_connect_to_itself(void)
{
	int listener = vm_listener(SOCK_STREAM, 1), fd = vm_socket(SOCK_STREAM), other;

	SUITE_EQUAL(vm_connect(fd, own_cid(), port_of(listener)), 0);
	other = accept(listener, NULL, NULL);
	send_all(fd, 1000, 1, 0);
	receive_all(other, 1000, 1, 0);
}

const struct suite_test connect_tests[] = {
	{ "both_ends_know_each_other", both_ends_know_each_other, 0 },
	{ "accept_tells_who_connected", accept_tells_who_connected, 0 },
	{ "nobody_listens", nobody_listens, 0 },
	{ "the_types_must_agree", the_types_must_agree, 0 },
	{ "there_is_no_such_domain", there_is_no_such_domain, 0 },
	{ "a_refused_socket_can_try_again", a_refused_socket_can_try_again, 0 },
	{ "connect_twice_is_refused", connect_twice_is_refused, 0 },
	{ "connect_without_waiting", connect_without_waiting, 0 },
	{ "refused_without_waiting", refused_without_waiting, 0 },
	{ "a_full_backlog_refuses", a_full_backlog_refuses, 0 },
	{ "a_domain_can_connect_to_itself", a_domain_can_connect_to_itself, 0 },
	{ NULL, NULL, 0 },
};

/* ---- accept ---- */

static void accept_needs_a_listener(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	FAILS_WITH(accept(vm_socket(SOCK_STREAM), NULL, NULL), EINVAL);
	FAILS_WITH(accept(pair.fd, NULL, NULL), EINVAL);
}

static void accept_without_waiting(void)
{
	int listener = vm_listener(SOCK_STREAM | SOCK_NONBLOCK, 1);
	int fd = agent_socket(peer(), SOCK_STREAM);

	FAILS_WITH(accept(listener, NULL, NULL), EAGAIN);
	SUITE_EQUAL(agent_socket_connect(peer(), fd, own_cid(), port_of(listener)), 0);
	SUITE_EQUAL(poll_for(listener, POLLIN), POLLIN);
	CU_ASSERT(accept(listener, NULL, NULL) >= 0);
}

static void accept_waits(void)
{
	int listener = peer_listener(SOCK_STREAM, 1);
	uint32_t ticket = agent_start(peer(), agent_request_accept(listener));

	CU_ASSERT(peer_call_blocks(ticket));
	SUITE_EQUAL(vm_connect(vm_socket(SOCK_STREAM), peer_cid(), agent_port(peer(), listener)), 0);
	CU_ASSERT(agent_finish(peer(), ticket).value >= 0);
}

static void accept_is_interrupted(void)
{
	int listener = peer_listener(SOCK_STREAM, 1);
	uint32_t ticket = agent_start(peer(), agent_request_accept(listener));

	CU_ASSERT(peer_call_blocks(ticket));
	SUITE_EQUAL(agent_interrupt(peer(), ticket, false), 0);
	SUITE_EQUAL(agent_finish(peer(), ticket).error, EINTR);
}

const struct suite_test accept_tests[] = {
	{ "accept_needs_a_listener", accept_needs_a_listener, 0 },
	{ "accept_without_waiting", accept_without_waiting, 0 },
	{ "accept_waits", accept_waits, 0 },
	{ "accept_is_interrupted", accept_is_interrupted, 0 },
	{ NULL, NULL, 0 },
};

/* ---- send ---- */

static void send_needs_a_connection(void)
{
	struct sockaddr_vm address = vm_address(peer_cid(), 4711);
	int fd = vm_socket(SOCK_STREAM);

	FAILS_WITH(send(fd, "x", 1, 0), ENOTCONN);
	FAILS_WITH(sendto(fd, "x", 1, 0, SOCKADDR(&address), sizeof(address)), EOPNOTSUPP);
}

static void send_takes_no_address_nor_oob(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	struct sockaddr_vm address = vm_address(peer_cid(), 4711);

	FAILS_WITH(sendto(pair.fd, "x", 1, 0, SOCKADDR(&address), sizeof(address)), EISCONN);
	FAILS_WITH(send(pair.fd, "x", 1, MSG_OOB), EOPNOTSUPP);
	SUITE_EQUAL(send(pair.fd, "x", 1, MSG_NOSIGNAL), 1);
}

static volatile sig_atomic_t broken_pipes;

static void count_broken_pipe(int number)
{
	(void)number;
	broken_pipes++;
}

static void send_after_shutdown_is_epipe(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	SUITE_EQUAL(shutdown(pair.fd, SHUT_WR), 0);
	signal(SIGPIPE, count_broken_pipe);
	FAILS_WITH(send(pair.fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	SUITE_EQUAL(broken_pipes, 0);
	FAILS_WITH(send(pair.fd, "x", 1, 0), EPIPE);
	FAILS_WITH(write(pair.fd, "x", 1), EPIPE);
	SUITE_EQUAL(broken_pipes, core_is_new() ? 2 : 0);
}

static void send_to_a_closed_peer_is_epipe(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	CU_ASSERT(poll_for(pair.fd, POLLRDHUP) & POLLRDHUP);
	FAILS_WITH(send(pair.fd, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void send_without_room(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	size_t filled = fill_ring(pair.fd, 3);

	SUITE_EQUAL(filled, BUFFER_DEFAULT);
	FAILS_WITH(send(pair.fd, "x", 1, MSG_DONTWAIT), EAGAIN);
	SUITE_EQUAL(poll_now(pair.fd, POLLOUT), 0);
	peer_receive(&pair, filled, 3, 0);
	SUITE_EQUAL(poll_for(pair.fd, POLLOUT), POLLOUT);
}

static void send_waits_for_room(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	size_t filled = fill_ring(pair.fd, 4);
	struct call call;

	call_write(&call, pair.fd, 1000, 4, filled);
	CU_ASSERT(call_blocks(&call));
	peer_receive(&pair, filled + 1000, 4, 0);
	SUITE_EQUAL(call_finish(&call), 1000);
}

static void send_is_interrupted(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	size_t filled = fill_ring(pair.fd, 4);
	struct call call;

	call_write(&call, pair.fd, 1000, 4, filled);
	CU_ASSERT(call_blocks(&call));
	call_signal(&call, false);
	SUITE_EQUAL(call_finish(&call), -1);
	SUITE_EQUAL(errno, EINTR);
}

static void send_of_no_memory(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	FAILS_WITH(send(pair.fd, no_access(), 10, 0), core_error(EFAULT));
	send_all(pair.fd, 100, 5, 0);
	peer_receive(&pair, 100, 5, 0);
}

const struct suite_test send_tests[] = {
	{ "send_needs_a_connection", send_needs_a_connection, 0 },
	{ "send_takes_no_address_nor_oob", send_takes_no_address_nor_oob, 0 },
	{ "send_after_shutdown_is_epipe", send_after_shutdown_is_epipe, 0 },
	{ "send_to_a_closed_peer_is_epipe", send_to_a_closed_peer_is_epipe, 0 },
	{ "send_without_room", send_without_room, 0 },
	{ "send_waits_for_room", send_waits_for_room, 0 },
	{ "send_is_interrupted", send_is_interrupted, 0 },
	{ "send_of_no_memory", send_of_no_memory, 0 },
	{ NULL, NULL, 0 },
};

/* ---- receive, shutdown ---- */

static void receive_needs_a_connection(void)
{
	char c;

	FAILS_WITH(recv(vm_socket(SOCK_STREAM), &c, 1, 0), ENOTCONN);
	FAILS_WITH(recv(vm_listener(SOCK_STREAM, 1), &c, 1, 0), ENOTCONN);
}

static void the_end_comes_after_the_data(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	char c;

	peer_send(&pair, 5000, 6, 0);
	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	CU_ASSERT(poll_for(pair.fd, POLLRDHUP) & POLLRDHUP);
	receive_all(pair.fd, 5000, 6, 0);
	SUITE_EQUAL(recv(pair.fd, &c, 1, 0), 0);
	SUITE_EQUAL(recv(pair.fd, &c, 1, 0), 0);
}

static void a_killed_peer_is_an_end(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	struct call call;

	call_read(&call, pair.fd, 10, 0, 0);
	CU_ASSERT(call_blocks(&call));
	/* The agent's process of this session ends with all its sockets. */
	peer_leave();
	SUITE_EQUAL(call_finish(&call), 0);
}

static void receive_without_waiting(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	struct timeval timeout = { .tv_usec = 20000 };
	char c;

	FAILS_WITH(recv(pair.fd, &c, 1, MSG_DONTWAIT), EAGAIN);
	SUITE_EQUAL(setsockopt(pair.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
	FAILS_WITH(recv(pair.fd, &c, 1, 0), EAGAIN);
}

static void receive_waits(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	struct call call;

	call_read(&call, pair.fd, 100, 7, 0);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 100, 7, 0);
	SUITE_EQUAL(call_finish(&call), 100);
}

static void receive_into_no_memory_loses_nothing(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	peer_send(&pair, 100, 8, 0);
	CU_ASSERT(poll_for(pair.fd, POLLIN) & POLLIN);
	FAILS_WITH(recv(pair.fd, no_access(), 100, 0), core_error(EFAULT));
	receive_all(pair.fd, 100, 8, 0);
}

static void receive_waits_for_all(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	static char buffer[BUFFER_DEFAULT];

	peer_send(&pair, 50000, 9, 0);
	peer_send(&pair, 50000, 9, 50000);
	SUITE_EQUAL(recv(pair.fd, buffer, 100000, MSG_WAITALL), 100000);
	SUITE_EQUAL(pattern_check(buffer, 100000, 9, 0), 0);
	FAILS_WITH(recv(pair.fd, buffer, sizeof(buffer), MSG_WAITALL), ENOMEM);
}

static void receive_peeks(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	char buffer[100];

	peer_send(&pair, 100, 10, 0);
	SUITE_EQUAL(recv(pair.fd, buffer, 100, MSG_PEEK | MSG_WAITALL), 100);
	SUITE_EQUAL(pattern_check(buffer, 100, 10, 0), 0);
	receive_all(pair.fd, 100, 10, 0);
	FAILS_WITH(recv(pair.fd, buffer, 1, MSG_OOB), EOPNOTSUPP);
}

static void shutdown_needs_a_connection(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	FAILS_WITH(shutdown(vm_socket(SOCK_STREAM), SHUT_RDWR), ENOTCONN);
	FAILS_WITH(shutdown(pair.fd, 3), EINVAL);
	FAILS_WITH(shutdown(pair.fd, -1), EINVAL);
}

static void one_direction_ends_before_the_other(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	send_all(pair.fd, 3000, 11, 0);
	SUITE_EQUAL(shutdown(pair.fd, SHUT_WR), 0);
	peer_receive(&pair, 3000, 11, 0);
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, 10, 0, 0), 0);
	peer_send(&pair, 4000, 12, 0);
	receive_all(pair.fd, 4000, 12, 0);
	pair_close(&pair);
}

static void receiving_ends_by_shutdown(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	struct call call;
	char c;

	call_read(&call, pair.fd, 10, 0, 0);
	CU_ASSERT(call_blocks(&call));
	SUITE_EQUAL(shutdown(pair.fd, SHUT_RD), 0);
	SUITE_EQUAL(call_finish(&call), 0);
	SUITE_EQUAL(recv(pair.fd, &c, 1, 0), 0);
}

static void requests_of_other_families_are_refused(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	int value = 1;

	CU_ASSERT(ioctl(pair.fd, FIONREAD, &value) < 0);
	FAILS_WITH(setsockopt(pair.fd, 6, 1, &value, sizeof(value)), ENOPROTOOPT);
	value = BUFFER_DEFAULT + 1;
	FAILS_WITH(setsockopt(pair.fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value)), EINVAL);
}

const struct suite_test receive_tests[] = {
	{ "receive_needs_a_connection", receive_needs_a_connection, 0 },
	{ "the_end_comes_after_the_data", the_end_comes_after_the_data, 0 },
	{ "a_killed_peer_is_an_end", a_killed_peer_is_an_end, 0 },
	{ "receive_without_waiting", receive_without_waiting, 0 },
	{ "receive_waits", receive_waits, 0 },
	{ "receive_into_no_memory_loses_nothing", receive_into_no_memory_loses_nothing, 0 },
	{ "receive_waits_for_all", receive_waits_for_all, 0 },
	{ "receive_peeks", receive_peeks, 0 },
	{ "shutdown_needs_a_connection", shutdown_needs_a_connection, 0 },
	{ "one_direction_ends_before_the_other", one_direction_ends_before_the_other, 0 },
	{ "receiving_ends_by_shutdown", receiving_ends_by_shutdown, 0 },
	{ "requests_of_other_families_are_refused", requests_of_other_families_are_refused, 0 },
	{ NULL, NULL, 0 },
};
