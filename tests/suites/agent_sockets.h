/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's calls on AF_VSOCK sockets. */
#ifndef SUITES_AGENT_SOCKETS_H
#define SUITES_AGENT_SOCKETS_H

#include "agent.h"

/* ---- the agent ---- */

/* A call of the operations from AGENT_SOCKET on: its value, or -1 with errno. */
int64_t agent_socket_call(const struct agent_request *request);

/* ---- the test's side: the call's value, or -1 with errno ---- */

int agent_socket(struct agent *agent, int type);
/* A socket that listens at @port of any CID. */
int agent_listener(struct agent *agent, int type, unsigned int port, int backlog);
int agent_bind(struct agent *agent, int fd, unsigned int cid, unsigned int port);
int agent_socket_connect(struct agent *agent, int fd, unsigned int cid, unsigned int port);
int agent_accept(struct agent *agent, int fd);
int agent_shutdown(struct agent *agent, int fd, int how);
/* Of the socket, or of its peer. */
unsigned int agent_cid(struct agent *agent, int fd, bool of_peer);
unsigned int agent_port(struct agent *agent, int fd);
/* The CID of the agent's domain. */
unsigned int agent_local_cid(struct agent *agent);

struct agent_request agent_request_accept(int fd);
struct agent_request agent_request_connect(int fd, unsigned int cid, unsigned int port);
/*
 * Accepts @connections on the listener @fd, and sends back what comes over each until it
 * ends; value: all bytes.
 */
struct agent_request agent_request_echo(int fd, unsigned int connections);
/* Writes to each of the connections @fd, @fd + 1, ... so fast as it can, till all broke. */
struct agent_request agent_request_flood(int fd, unsigned int connections);
/* close(), which waits so many seconds for the peer. */
struct agent_request agent_request_linger(int fd, unsigned int seconds);
/* Very often the same: another buffer size, shutdown(SHUT_RD), a connect that is given up. */
long long agent_resize(struct agent *agent, int fd, unsigned int times);
long long agent_shut_often(struct agent *agent, int fd, unsigned int times);
long long agent_connect_often(struct agent *agent, unsigned int cid, unsigned int port,
			      unsigned int times);

#endif
