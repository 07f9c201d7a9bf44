/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vmci_sockets.h>

#define ECHO_CONNECTIONS_MAX	1024
#define ECHO_CHUNK		16384

static struct sockaddr_vm address_of(unsigned int cid, unsigned int port)
{
	struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };

	return address;
}

static int64_t do_name(const struct agent_request *r)
{
	struct sockaddr_vm address = { 0 };
	socklen_t len = sizeof(address);
	int failed = r->flags ? getpeername(r->fd, (struct sockaddr *)&address, &len) :
				getsockname(r->fd, (struct sockaddr *)&address, &len);

	if (failed)
		return -1;
	return r->op == AGENT_SOCKET_PORT ? address.svm_port : address.svm_cid;
}

/* ---- echo ---- */

struct echo {
	int listener;
	unsigned int wanted, accepted, open;
	struct pollfd fds[1 + ECHO_CONNECTIONS_MAX];
	int64_t bytes;
};

static bool echo_accept(struct echo *echo)
{
	int fd = accept(echo->listener, NULL, NULL);

	if (fd < 0)
		return false;
	echo->fds[++echo->open] = (struct pollfd){ .fd = fd, .events = POLLIN };
	if (++echo->accepted == echo->wanted)
		echo->fds[0].events = 0;
	return true;
}

/* 1: something came, 0: the connection ended, -1: an error. */
static int echo_once(struct echo *echo, int fd)
{
	char buffer[ECHO_CHUNK];
	ssize_t got = read(fd, buffer, sizeof(buffer)), done, n;

	for (done = 0; done < got; done += n) {
		n = write(fd, buffer + done, (size_t)(got - done));
		if (n < 0)
			return -1;
	}
	echo->bytes += got > 0 ? got : 0;
	return got > 0 ? 1 : (int)got;
}

static bool echo_all(struct echo *echo)
{
	unsigned int i;
	int alive;

	for (i = echo->open; i > 0; i--) {
		if (!echo->fds[i].revents)
			continue;
		alive = echo_once(echo, echo->fds[i].fd);
		if (alive < 0)
			return false;
		if (alive)
			continue;
		close(echo->fds[i].fd);
		echo->fds[i] = echo->fds[echo->open--];
	}
	return true;
}

static int64_t do_echo(const struct agent_request *r)
{
	struct echo *echo = calloc(1, sizeof(*echo));
	int64_t bytes = -1;
	bool good = echo && r->arg <= ECHO_CONNECTIONS_MAX;

	if (!good) {
		free(echo);
		errno = EINVAL;
		return -1;
	}
	echo->listener = r->fd;
	echo->wanted = r->arg;
	echo->fds[0] = (struct pollfd){ .fd = r->fd, .events = POLLIN };
	while (good && (echo->accepted < echo->wanted || echo->open)) {
		good = poll(echo->fds, 1 + echo->open, -1) >= 0 && echo_all(echo);
		if (good && echo->fds[0].revents)
			good = echo_accept(echo);
	}
	if (good)
		bytes = echo->bytes;
	while (echo->open)
		close(echo->fds[echo->open--].fd);
	free(echo);
	return bytes;
}

/* ---- flood ---- */

static int64_t do_flood(const struct agent_request *r)
{
	static const char chunk[65536];
	struct pollfd fds[64];
	unsigned int i, open = r->arg;
	int64_t bytes = 0;
	ssize_t n;

	if (r->arg > 64) {
		errno = EINVAL;
		return -1;
	}
	for (i = 0; i < r->arg; i++)
		fds[i] = (struct pollfd){ .fd = r->fd + (int)i, .events = POLLOUT };
	while (open && poll(fds, r->arg, -1) >= 0)
		for (i = 0; i < r->arg; i++) {
			if (!fds[i].revents)
				continue;
			n = send(fds[i].fd, chunk, sizeof(chunk), MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n > 0) {
				bytes += n;
			} else if (errno != EAGAIN) {
				fds[i].fd = -1;
				open--;
			}
		}
	return bytes;
}

/* ---- the same, very often ---- */

static int64_t do_resize(const struct agent_request *r)
{
	uint64_t size, i;

	for (i = 0; i < r->count; i++) {
		size = 100000 + i % 2;
		if (setsockopt(r->fd, AF_VSOCK, SO_VMCI_BUFFER_SIZE, &size, sizeof(size)))
			return -1;
	}
	return (int64_t)i;
}

static int64_t do_shut_often(const struct agent_request *r)
{
	uint64_t i;

	for (i = 0; i < r->count; i++)
		if (shutdown(r->fd, SHUT_RD))
			return -1;
	return (int64_t)i;
}

static int64_t do_linger(const struct agent_request *r)
{
	struct linger linger = { .l_onoff = 1, .l_linger = (int)r->arg };

	if (setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		return -1;
	return close(r->fd);
}

static int64_t do_connect_often(const struct agent_request *r)
{
	struct sockaddr_vm address = address_of(r->flags, r->arg);
	int64_t begun = 0;

	for (uint64_t i = 0; i < r->count; i++) {
		int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0)
			return -1;
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) && errno == EINPROGRESS)
			begun++;
		close(fd);
	}
	return begun;
}

int64_t agent_socket_call(const struct agent_request *r)
{
	struct sockaddr_vm address = address_of(r->flags, r->arg);
	const struct sockaddr *to = (const struct sockaddr *)&address;

	switch (r->op) {
	case AGENT_SOCKET: return socket(AF_VSOCK, (int)r->flags | SOCK_CLOEXEC, 0);
	case AGENT_BIND: return bind(r->fd, to, sizeof(address));
	case AGENT_LISTEN: return listen(r->fd, (int)r->arg);
	case AGENT_ACCEPT: return accept4(r->fd, NULL, NULL, SOCK_CLOEXEC);
	case AGENT_CONNECT: return connect(r->fd, to, sizeof(address));
	case AGENT_SHUTDOWN: return shutdown(r->fd, (int)r->arg);
	case AGENT_SOCKET_CID:
	case AGENT_SOCKET_PORT: return do_name(r);
	case AGENT_LOCAL_CID: return VMCISock_GetLocalCID();
	case AGENT_ECHO: return do_echo(r);
	case AGENT_FLOOD: return do_flood(r);
	case AGENT_RESIZE: return do_resize(r);
	case AGENT_SHUT_OFTEN: return do_shut_often(r);
	case AGENT_LINGER: return do_linger(r);
	case AGENT_CONNECT_OFTEN: return do_connect_often(r);
	}
	errno = ENOSYS;
	return -1;
}
