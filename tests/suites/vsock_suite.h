/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The suite of AF_VSOCK sockets between two domains: one end here, the agent at the other
 * end, which is directed over a byte pipe. Options (--set):
 *
 *	prefix=P	the pipe of the agent is /dev/Pctl
 *
 * Ports are chosen by the kernel: a listener of a test is at any port that was free.
 */
#ifndef SUITES_VSOCK_SUITE_H
#define SUITES_VSOCK_SUITE_H

#include "agent_sockets.h"
#include "vbpipe_suite.h"

#include <sys/socket.h>
#include <vmci_sockets.h>

#define BUFFER_DEFAULT	262144u
#define WINDOW_MAX	1048576u	/* of a stream */
#define BUFFER_LIMIT	(4u << 20)	/* of the transport, if nobody changed it */

extern const struct suite_test socket_tests[], bind_tests[], option_tests[], connect_tests[],
	accept_tests[], send_tests[], receive_tests[], stream_tests[], seqpacket_tests[],
	poll_state_tests[], dgram_tests[], leak_tests[], many_tests[],
	own_tests[];

/* The CIDs of the two domains. */
unsigned int own_cid(void);
unsigned int peer_cid(void);

struct sockaddr_vm vm_address(unsigned int cid, unsigned int port);
#define SOCKADDR(address) ((const struct sockaddr *)(address))

/* A socket, or the test has failed. */
int vm_socket(int type);
/* The port that a socket is bound to, and the CID. */
unsigned int port_of(int fd);
/* An option of the level AF_VSOCK. */
uint64_t vm_option(int fd, int name);
void vm_set_option(int fd, int name, uint64_t value);
unsigned int cid_of(int fd);
/* A socket of this domain that listens at a port of its own. */
int vm_listener(int type, int backlog);
/* The same of the agent. */
int peer_listener(int type, int backlog);
/* connect() and bind(): 0, or -1 with errno. */
int vm_connect(int fd, unsigned int cid, unsigned int port);
int vm_bind(int fd, unsigned int cid, unsigned int port);

/* A connection that this end asked for, or that the agent asked for. */
struct pair pair_connect(int type);
struct pair pair_accept(int type);

/* The call failed with this errno. */
#define FAILS_WITH(call, error) do {		\
	errno = 0;				\
	SUITE_EQUAL(call, -1);			\
	SUITE_EQUAL(errno, error);		\
} while (0)

/*
 * Linux 6.12 tells the errors of a transport as they are, raises SIGPIPE for a stream that was shut
 * down, and lets messages be peeked at. Linux 6.1 makes ENOMEM of every error, and does neither.
 */
bool core_is_new(void);
/* How the kernel's AF_VSOCK tells of @error. */
int core_error(int error);

/* Closes all sockets of the test, and ends the agent's session with all of its own. */
void close_sockets(void);

/* Waits for these events, ten seconds at most; what came. */
short poll_for(int fd, short events);

#endif
