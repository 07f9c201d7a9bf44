/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_sockets.h"

#include <errno.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h>

static long long call(struct agent *agent, struct agent_request request)
{
	struct agent_reply reply = agent_call(agent, request);

	errno = reply.error;
	return reply.value;
}

int agent_socket(struct agent *agent, int type)
{
	return (int)call(agent, (struct agent_request){
		.op = AGENT_SOCKET, .flags = (uint32_t)type });
}

int agent_bind(struct agent *agent, int fd, unsigned int cid, unsigned int port)
{
	return (int)call(agent, (struct agent_request){
		.op = AGENT_BIND, .fd = fd, .flags = cid, .arg = port });
}

int agent_listener(struct agent *agent, int type, unsigned int port, int backlog)
{
	int fd = agent_socket(agent, type);

	if (fd < 0 || agent_bind(agent, fd, VMADDR_CID_ANY, port) < 0)
		return -1;
	if (call(agent, (struct agent_request){
			.op = AGENT_LISTEN, .fd = fd, .arg = (uint32_t)backlog }) < 0)
		return -1;
	return fd;
}

struct agent_request agent_request_connect(int fd, unsigned int cid, unsigned int port)
{
	return (struct agent_request){ .op = AGENT_CONNECT, .fd = fd, .flags = cid, .arg = port };
}

int agent_socket_connect(struct agent *agent, int fd, unsigned int cid, unsigned int port)
{
	return (int)call(agent, agent_request_connect(fd, cid, port));
}

struct agent_request agent_request_accept(int fd)
{
	return (struct agent_request){ .op = AGENT_ACCEPT, .fd = fd };
}

int agent_accept(struct agent *agent, int fd)
{
	return (int)call(agent, agent_request_accept(fd));
}

struct agent_request agent_request_linger(int fd, unsigned int seconds)
{
	return (struct agent_request){ .op = AGENT_LINGER, .fd = fd, .arg = seconds };
}

long long agent_resize(struct agent *agent, int fd, unsigned int times)
{
	return call(agent, (struct agent_request){ .op = AGENT_RESIZE, .fd = fd, .count = times });
}

long long agent_shut_often(struct agent *agent, int fd, unsigned int times)
{
	return call(agent, (struct agent_request){
		.op = AGENT_SHUT_OFTEN, .fd = fd, .count = times });
}

long long agent_connect_often(struct agent *agent, unsigned int cid, unsigned int port,
			      unsigned int times)
{
	return call(agent, (struct agent_request){
		.op = AGENT_CONNECT_OFTEN, .flags = cid, .arg = port, .count = times });
}

int agent_shutdown(struct agent *agent, int fd, int how)
{
	return (int)call(agent, (struct agent_request){
		.op = AGENT_SHUTDOWN, .fd = fd, .arg = (uint32_t)how });
}

unsigned int agent_cid(struct agent *agent, int fd, bool of_peer)
{
	return (unsigned int)call(agent, (struct agent_request){
		.op = AGENT_SOCKET_CID, .fd = fd, .flags = of_peer });
}

unsigned int agent_port(struct agent *agent, int fd)
{
	return (unsigned int)call(agent, (struct agent_request){
		.op = AGENT_SOCKET_PORT, .fd = fd });
}

unsigned int agent_local_cid(struct agent *agent)
{
	return (unsigned int)call(agent, (struct agent_request){ .op = AGENT_LOCAL_CID });
}

struct agent_request agent_request_echo(int fd, unsigned int connections)
{
	return (struct agent_request){ .op = AGENT_ECHO, .fd = fd, .arg = connections };
}

struct agent_request agent_request_flood(int fd, unsigned int connections)
{
	return (struct agent_request){ .op = AGENT_FLOOD, .fd = fd, .arg = connections };
}
