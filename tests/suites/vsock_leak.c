/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A socket that is closed is gone, whatever was done with it: nothing of it is left. */
#include "vsock_suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY	200u

/* Every socket holds AF_VSOCK's module, and one that has a transport that module too. */
static long references_to(const char *module)
{
	char path[80];
	long count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%ld", &count) != 1)
		suite_fail("%s: %s", path, strerror(errno));
	fclose(file);
	return count;
}

static long references(void)
{
	return references_to("vsock") + references_to("vlink_vsock");
}

/* A closed connection may wait for the peer for some seconds. */
static void await_references(long expected)
{
	int ms = suite_patience_ms();

	for (; references() > expected && ms > 0; ms -= 50)
		usleep(50000);
	printf("# references: %ld, %ld before\n", references(), expected);
	CU_ASSERT(references() <= expected);
}

static void leaves_nothing(void (*once)(void))
{
	long before;

	/* What the session needs itself is there before it counts. */
	peer_cid();
	before = references();
	for (unsigned int i = 0; i < MANY; i++)
		once();
	await_references(before);
}

static void open_and_close(void)
{
	close(vm_socket(SOCK_STREAM));
	close(vm_socket(SOCK_SEQPACKET));
	close(vm_socket(SOCK_DGRAM));
}

static void open_bind_and_close(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };

	for (unsigned int i = 0; i < 3; i++) {
		int fd = vm_socket(types[i]);

		SUITE_EQUAL(vm_bind(fd, VMADDR_CID_ANY, VMADDR_PORT_ANY), 0);
		if (types[i] != SOCK_DGRAM)
			SUITE_EQUAL(listen(fd, 5), 0);
		close(fd);
	}
}

static unsigned int cid_to_reach;

static void send_and_close(void)
{
	struct sockaddr_vm address = vm_address(cid_to_reach, 4711);
	int fd = vm_socket(SOCK_DGRAM);

	SUITE_EQUAL(sendto(fd, "x", 1, 0, SOCKADDR(&address), sizeof(address)), 1);
	close(fd);
}

/* Nobody listens there; the second one does not wait for the answer, which has an hour. */
static void fail_to_connect_and_close(void)
{
	struct timeval hour = { .tv_sec = 3600 };
	int fd = vm_socket(SOCK_STREAM);

	FAILS_WITH(vm_connect(fd, cid_to_reach, 4711), ECONNRESET);
	close(fd);
	fd = vm_socket(SOCK_SEQPACKET);
	set_nonblock(fd, true);
	SUITE_EQUAL(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &hour, sizeof(hour)), 0);
	FAILS_WITH(vm_connect(fd, cid_to_reach, 4711), EINPROGRESS);
	close(fd);
}

static void sockets_that_were_never_used(void)
{
	leaves_nothing(open_and_close);
}

static void sockets_that_were_bound(void)
{
	leaves_nothing(open_bind_and_close);
}

static void sockets_that_sent_a_datagram(void)
{
	cid_to_reach = peer_cid();
	leaves_nothing(send_and_close);
}

static void sockets_that_did_not_connect(void)
{
	cid_to_reach = peer_cid();
	leaves_nothing(fail_to_connect_and_close);
}

/* With bytes that nobody read, at either end. */
static void connections(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };
	long before = (peer_cid(), references());

	for (unsigned int i = 0; i < 20; i++) {
		struct pair pair = i % 2 ? pair_connect(types[i / 10]) : pair_accept(types[i / 10]);

		send_all(pair.fd, 1000, i, 0);
		peer_send(&pair, 1000, i, 0);
		close(pair.fd);
		agent_close(peer(), pair.peer_fd);
	}
	await_references(before);
}

const struct suite_test leak_tests[] = {
	{ "sockets_that_were_never_used", sockets_that_were_never_used, 0 },
	{ "sockets_that_were_bound", sockets_that_were_bound, 0 },
	{ "sockets_that_sent_a_datagram", sockets_that_sent_a_datagram, 0 },
	{ "sockets_that_did_not_connect", sockets_that_did_not_connect, 0 },
	{ "connections", connections, 0 },
	{ NULL, NULL, 0 },
};
