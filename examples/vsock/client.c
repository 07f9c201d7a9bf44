// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vsock-client [-p PORT] CID [TEXT...]
 *
 * Sends each TEXT to the server in the domain of this CID and compares what comes back.
 */
#include "common.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <vmci_sockets.h>

static int connect_to(int family, unsigned int cid, unsigned int port)
{
	struct sockaddr_vm address;
	socklen_t len = sizeof(address);
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	set_buffers(fd, family);
	memset(&address, 0, sizeof(address));
	address.svm_family = (unsigned short)family;
	address.svm_cid = cid;
	address.svm_port = port;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("connect");
	if (getsockname(fd, (struct sockaddr *)&address, &len))
		die("getsockname");
	printf("vsock-client: connected to CID %u, port %u, from CID %u\n", cid, port,
	       address.svm_cid);
	return fd;
}

/* Waits until there is something to read, for no longer than a while. */
static bool await_answer(int fd)
{
	struct timeval limit = { .tv_sec = 60 };
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	if (select(fd + 1, &readable, NULL, NULL, &limit) < 0)
		die("select");
	return FD_ISSET(fd, &readable);
}

static bool converse(int fd, const char *text)
{
	size_t len = strlen(text), done = 0;
	char answer[EXAMPLE_TEXT];

	if (write(fd, text, len) != (ssize_t)len)
		die("write");
	while (done < len) {
		ssize_t n;

		if (!await_answer(fd)) {
			fputs("vsock-client: the server does not answer\n", stderr);
			return false;
		}
		n = read(fd, answer, sizeof(answer));
		if (n < 0)
			die("read");
		if (!n || (size_t)n > len - done || memcmp(answer, text + done, (size_t)n)) {
			fputs("vsock-client: not what was sent\n", stderr);
			return false;
		}
		done += (size_t)n;
	}
	printf("vsock-client: %s\n", text);
	return true;
}

/* Says that no more will come, and waits for the server's end. */
static bool end_well(int fd)
{
	char rest;
	ssize_t n;

	if (shutdown(fd, SHUT_WR))
		die("shutdown");
	n = recv(fd, &rest, 1, 0);
	if (n < 0)
		die("recv");
	close(fd);
	return !n;
}

int main(int argc, char **argv)
{
	unsigned int cid, port = EXAMPLE_PORT;
	int option, family, af_fd, fd, i;
	bool good = true;

	while ((option = getopt(argc, argv, "p:")) != -1 && option == 'p')
		port = number(optarg);
	if (option != -1 || optind >= argc) {
		fputs("usage: vsock-client [-p PORT] CID [TEXT...]\n", stderr);
		return 2;
	}
	cid = number(argv[optind]);
	family = VMCISock_GetAFValueFd(&af_fd);
	if (family < 0)
		die("no vSockets in this domain");
	fd = connect_to(family, cid, port);
	for (i = optind + 1; i < argc && good; i++)
		good = converse(fd, argv[i]);
	good = end_well(fd) && good;
	VMCISock_ReleaseAFValueFd(af_fd);
	return good ? 0 : 1;
}
