// SPDX-License-Identifier: LGPL-2.1-or-later
/* Honest users of pipes and sockets: what is sent comes back. */
#include "neighbour.h"

#include "../suites/pattern.h"
#include "../suites/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vmci_sockets.h>

#define CHUNK		20000u
#define CHUNKS		8u	/* over one connection */

/* Less than the pipe holds, so that writing all before reading ends. */
static void exchange(const char *what, int fd)
{
	static char data[CHUNK];
	uint64_t state = turn_number();
	size_t len = pattern_size(&state, CHUNK);

	pattern_fill(data, len, turn_number(), 0);
	if (!transfer_whole(fd, data, len, true))
		harmed(what, errno ? errno : EPIPE);
	memset(data, 0, len);
	if (!transfer_whole(fd, data, len, false))
		harmed(what, errno ? errno : EPIPE);
	if (pattern_check(data, len, turn_number(), 0))
		harmed("content of a stream", EBADMSG);
}

static void echo(int fd)
{
	static char data[CHUNK];
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0)
		if (!transfer_whole(fd, data, (size_t)n, true))
			return;
}

/* ---- pipes ---- */

static int open_pipe(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		harmed(node, errno);
	return fd;
}

void pipe_client(const char *node)
{
	int fd = open_pipe(node);

	for (;;) {
		exchange("a pipe", fd);
		made_progress();
	}
}

void pipe_server(const char *node)
{
	for (;;) {
		int fd = open_pipe(node);

		echo(fd);
		close(fd);
	}
}

/* ---- sockets ---- */

static struct sockaddr_vm honest_address(unsigned int cid)
{
	struct sockaddr_vm address;

	memset(&address, 0, sizeof(address));
	address.svm_family = AF_VSOCK;
	address.svm_cid = cid;
	address.svm_port = HONEST_PORT;
	return address;
}

static int connect_honestly(unsigned int cid)
{
	struct sockaddr_vm address = honest_address(cid);

	for (;;) {
		int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		/* There may be no listener yet, or no memory or room for one more now. */
		if (fd >= 0)
			close(fd);
		refused();
	}
}

void socket_client(const char *cid)
{
	for (;;) {
		int fd = connect_honestly((unsigned int)strtoul(cid, NULL, 0));

		for (unsigned int i = 0; i < CHUNKS; i++) {
			exchange("a connection", fd);
			made_progress();
		}
		close(fd);
	}
}

void socket_server(const char *unused)
{
	struct sockaddr_vm address = honest_address(VMADDR_CID_ANY);
	int listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unused;
	signal(SIGCHLD, SIG_IGN);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 16))
		harmed("a listener", errno);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0) {
			refused();
			continue;
		}
		if (!fork()) {
			echo(fd);
			_exit(0);
		}
		close(fd);
	}
}
