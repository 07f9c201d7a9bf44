/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vsock_suite.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define SOCKETS_END	1024	/* of descriptors, as the limit usually is */

bool core_is_new(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname kernel;

	if (uname(&kernel) || sscanf(kernel.release, "%u.%u", &major, &minor) != 2)
		suite_fail("the kernel's version is not known");
	return major > 6 || (major == 6 && minor >= 12);
}

int core_error(int error)
{
	return core_is_new() ? error : ENOMEM;
}

unsigned int own_cid(void)
{
	return VMCISock_GetLocalCID();
}

unsigned int peer_cid(void)
{
	unsigned int cid = agent_local_cid(peer());

	if (cid < VMADDR_CID_HOST || cid == VMADDR_CID_ANY)
		suite_fail("the agent's domain has the CID %u", cid);
	return cid;
}

struct sockaddr_vm vm_address(unsigned int cid, unsigned int port)
{
	struct sockaddr_vm address;

	memset(&address, 0, sizeof(address));
	address.svm_family = AF_VSOCK;
	address.svm_cid = cid;
	address.svm_port = port;
	return address;
}

int vm_socket(int type)
{
	int fd = socket(AF_VSOCK, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		suite_fail("socket of type %d: %s", type, strerror(errno));
	return fd;
}

static struct sockaddr_vm name_of(int fd)
{
	struct sockaddr_vm address = { 0 };
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len) || len != sizeof(address))
		suite_fail("getsockname: %s", strerror(errno));
	return address;
}

unsigned int port_of(int fd)
{
	return name_of(fd).svm_port;
}

unsigned int cid_of(int fd)
{
	return name_of(fd).svm_cid;
}

int vm_connect(int fd, unsigned int cid, unsigned int port)
{
	struct sockaddr_vm address = vm_address(cid, port);

	return connect(fd, SOCKADDR(&address), sizeof(address));
}

int vm_bind(int fd, unsigned int cid, unsigned int port)
{
	struct sockaddr_vm address = vm_address(cid, port);

	return bind(fd, SOCKADDR(&address), sizeof(address));
}

int vm_listener(int type, int backlog)
{
	int fd = vm_socket(type);

	if (vm_bind(fd, VMADDR_CID_ANY, VMADDR_PORT_ANY) || listen(fd, backlog))
		suite_fail("cannot listen: %s", strerror(errno));
	return fd;
}

int peer_listener(int type, int backlog)
{
	int fd = agent_listener(peer(), type, VMADDR_PORT_ANY, backlog);

	if (fd < 0)
		suite_fail("the peer cannot listen: %s", strerror(errno));
	return fd;
}

struct pair pair_connect(int type)
{
	int listener = peer_listener(type, 1);
	struct pair pair = { .name = "connected", .fd = vm_socket(type) };

	if (vm_connect(pair.fd, peer_cid(), agent_port(peer(), listener)))
		suite_fail("connect: %s", strerror(errno));
	pair.peer_fd = agent_accept(peer(), listener);
	if (pair.peer_fd < 0)
		suite_fail("the peer's accept: %s", strerror(errno));
	agent_close(peer(), listener);
	return pair;
}

struct pair pair_accept(int type)
{
	int listener = vm_listener(type, 1);
	struct pair pair = { .name = "accepted", .peer_fd = agent_socket(peer(), type) };

	if (agent_socket_connect(peer(), pair.peer_fd, own_cid(), port_of(listener)) < 0)
		suite_fail("the peer's connect: %s", strerror(errno));
	pair.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (pair.fd < 0)
		suite_fail("accept: %s", strerror(errno));
	close(listener);
	return pair;
}

/* Tests leave their sockets as they are: few of them end all connections in order. */
void close_sockets(void)
{
	int domain;
	socklen_t len;

	for (int fd = 3; fd < SOCKETS_END; fd++) {
		len = sizeof(domain);
		if (!getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_VSOCK)
			close(fd);
	}
	close_session();
}

short poll_for(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	if (poll(&poll_fd, 1, suite_patience_ms()) < 1)
		suite_fail("nothing of 0x%x comes", (unsigned int)events);
	return poll_fd.revents;
}

uint64_t vm_option(int fd, int name)
{
	socklen_t len = sizeof(uint64_t);
	uint64_t value = 0;

	if (getsockopt(fd, AF_VSOCK, name, &value, &len) || len != sizeof(value))
		suite_fail("getsockopt %d: %s", name, strerror(errno));
	return value;
}

void vm_set_option(int fd, int name, uint64_t value)
{
	if (setsockopt(fd, AF_VSOCK, name, &value, sizeof(value)))
		suite_fail("setsockopt %d: %s", name, strerror(errno));
}
