/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Datagrams: whole or not at all. */
#include "vsock_suite.h"

#include "pattern.h"

#include <poll.h>
#include <string.h>

#define DGRAM_LIMIT	65536

/* A bound socket of either end. */
static int bound(void)
{
	int fd = vm_socket(SOCK_DGRAM);

	if (vm_bind(fd, VMADDR_CID_ANY, VMADDR_PORT_ANY))
		suite_fail("bind of a datagram socket: %s", strerror(errno));
	return fd;
}

static struct pair pair_bound(void)
{
	struct pair pair = { .name = "datagrams", .fd = bound() };

	pair.peer_fd = agent_socket(peer(), SOCK_DGRAM);
	if (pair.peer_fd < 0 ||
	    agent_bind(peer(), pair.peer_fd, VMADDR_CID_ANY, VMADDR_PORT_ANY))
		suite_fail("the peer's datagram socket: %s", strerror(errno));
	if (agent_socket_connect(peer(), pair.peer_fd, own_cid(), port_of(pair.fd)))
		suite_fail("the peer's connect: %s", strerror(errno));
	return pair;
}

static ssize_t send_to_peer(struct pair *pair, const void *data, size_t size)
{
	struct sockaddr_vm address = vm_address(peer_cid(), agent_port(peer(), pair->peer_fd));

	return sendto(pair->fd, data, size, 0, SOCKADDR(&address), sizeof(address));
}

static void datagrams_keep_their_bounds(void)
{
	static const size_t sizes[] = { 1, 100, 4096, 30000, DGRAM_LIMIT };
	static char buffer[DGRAM_LIMIT + 1];
	struct pair pair = pair_bound();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pattern_fill(buffer, sizes[i], 41, 0);
		SUITE_EQUAL(send_to_peer(&pair, buffer, sizes[i]), sizes[i]);
		SUITE_EQUAL(agent_read(peer(), pair.peer_fd, sizeof(buffer), 41, 0), sizes[i]);
		peer_send(&pair, sizes[i], 42, 0);
		SUITE_EQUAL(recv(pair.fd, buffer, sizeof(buffer), 0), sizes[i]);
		SUITE_EQUAL(pattern_check(buffer, sizes[i], 42, 0), 0);
	}
}

static void the_sender_is_told(void)
{
	struct pair pair = pair_bound();
	struct sockaddr_vm address = { 0 };
	socklen_t len = sizeof(address);
	char buffer[10];

	peer_send(&pair, 10, 42, 0);
	SUITE_EQUAL(recvfrom(pair.fd, buffer, 10, 0, (struct sockaddr *)&address, &len), 10);
	SUITE_EQUAL(address.svm_family, AF_VSOCK);
	SUITE_EQUAL(address.svm_cid, peer_cid());
	SUITE_EQUAL(address.svm_port, agent_port(peer(), pair.peer_fd));
}

static void what_does_not_fit_is_lost(void)
{
	struct pair pair = pair_bound();
	char buffer[10];

	peer_send(&pair, 100, 42, 0);
	peer_send(&pair, 5, 42, 0);
	SUITE_EQUAL(recv(pair.fd, buffer, 10, MSG_TRUNC), 100);
	SUITE_EQUAL(recv(pair.fd, buffer, 10, 0), 5);
}

static void an_empty_one_is_one(void)
{
	struct pair pair = pair_bound();
	char buffer[10];

	peer_send(&pair, 0, 42, 0);
	CU_ASSERT(poll_for(pair.fd, POLLIN) & POLLIN);
	SUITE_EQUAL(recv(pair.fd, buffer, 10, 0), 0);
}

/*
 * More than the receiver's buffer takes: the sender is not kept waiting. Whenever the last
 * one, which is shorter, gets lost, the buffer is full, and there is something to receive.
 */
static void a_full_buffer_drops(void)
{
	struct pair pair = pair_bound();
	int size = 20000, received = 0;
	char buffer[4096];
	ssize_t length;

	SUITE_EQUAL(setsockopt(pair.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (int i = 0; i < 200; i++)
		peer_send(&pair, sizeof(buffer), 42, 0);
	do {
		peer_send(&pair, 7, 42, 0);
		length = recv(pair.fd, buffer, sizeof(buffer), 0);
		CU_ASSERT_FATAL(length > 0);
		SUITE_EQUAL(pattern_check(buffer, (size_t)length, 42, 0), 0);
		received += length == sizeof(buffer);
	} while (length == sizeof(buffer));
	SUITE_EQUAL(length, 7);
	CU_ASSERT(received > 0 && received < 200);
}

static void too_long_a_datagram_is_refused(void)
{
	static char buffer[DGRAM_LIMIT + 1];
	struct pair pair = pair_bound();

	FAILS_WITH(send_to_peer(&pair, buffer, sizeof(buffer)), EMSGSIZE);
}

static void without_a_receiver_it_is_lost(void)
{
	struct sockaddr_vm address = vm_address(peer_cid(), 4711);

	SUITE_EQUAL(sendto(bound(), "x", 1, 0, SOCKADDR(&address), sizeof(address)), 1);
}

static void only_from_whom_one_is_connected_to(void)
{
	struct pair pair = pair_bound();
	char buffer[10];
	int other = agent_socket(peer(), SOCK_DGRAM);

	SUITE_EQUAL(vm_connect(pair.fd, peer_cid(), agent_port(peer(), pair.peer_fd)), 0);
	SUITE_EQUAL(agent_socket_connect(peer(), other, own_cid(), port_of(pair.fd)), 0);
	SUITE_EQUAL(agent_write(peer(), other, 3, 1, 0), 3);
	peer_send(&pair, 5, 42, 0);
	SUITE_EQUAL(recv(pair.fd, buffer, 10, 0), 5);
	SUITE_EQUAL(poll_now(pair.fd, POLLIN), 0);
	SUITE_EQUAL(send(pair.fd, buffer, 5, 0), 5);
}

static void a_domain_sends_to_itself(void)
{
	int fd = bound();
	struct sockaddr_vm address = vm_address(own_cid(), port_of(fd));
	char buffer[10];

	SUITE_EQUAL(sendto(bound(), "hello", 5, 0, SOCKADDR(&address), sizeof(address)), 5);
	SUITE_EQUAL(recv(fd, buffer, 10, 0), 5);
}

static void calls_for_connections_are_refused(void)
{
	int fd = bound();
	uint64_t value = 65536;

	FAILS_WITH(listen(fd, 1), EOPNOTSUPP);
	FAILS_WITH(accept(fd, NULL, NULL), EOPNOTSUPP);
	FAILS_WITH(setsockopt(fd, AF_VSOCK, SO_VMCI_BUFFER_SIZE, &value, sizeof(value)), EOPNOTSUPP);
	FAILS_WITH(vm_bind(fd, VMADDR_CID_ANY, VMADDR_PORT_ANY), EINVAL);
	FAILS_WITH(vm_bind(vm_socket(SOCK_DGRAM), VMADDR_CID_ANY, port_of(fd)), EADDRINUSE);
	FAILS_WITH(vm_bind(vm_socket(SOCK_DGRAM), 123456, VMADDR_PORT_ANY), EADDRNOTAVAIL);
	FAILS_WITH(send(fd, "x", 1, 0), EINVAL);
}

const struct suite_test dgram_tests[] = {
	{ "datagrams_keep_their_bounds", datagrams_keep_their_bounds, 0 },
	{ "the_sender_is_told", the_sender_is_told, 0 },
	{ "what_does_not_fit_is_lost", what_does_not_fit_is_lost, 0 },
	{ "an_empty_one_is_one", an_empty_one_is_one, 0 },
	{ "a_full_buffer_drops", a_full_buffer_drops, 0 },
	{ "too_long_a_datagram_is_refused", too_long_a_datagram_is_refused, 0 },
	{ "without_a_receiver_it_is_lost", without_a_receiver_it_is_lost, 0 },
	{ "only_from_whom_one_is_connected_to", only_from_whom_one_is_connected_to, 0 },
	{ "a_domain_sends_to_itself", a_domain_sends_to_itself, 0 },
	{ "calls_for_connections_are_refused", calls_for_connections_are_refused, 0 },
	{ NULL, NULL, 0 },
};
