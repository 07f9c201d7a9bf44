// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vsock-server [-n CONNECTIONS] [PORT]
 *
 * Sends back what comes over each of any number of connections at a time, until the
 * client sends no more. Ends after so many connections, never by default.
 */
#include "common.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmci_sockets.h>

#define CONNECTIONS_MAX	64

static struct pollfd polled[1 + CONNECTIONS_MAX];
static unsigned int connections;

static int listen_at(int family, unsigned int port)
{
	struct sockaddr_vm address;
	socklen_t len = sizeof(address);
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	set_buffers(fd, family);
	memset(&address, 0, sizeof(address));
	address.svm_family = (unsigned short)family;
	address.svm_cid = VMADDR_CID_ANY;
	address.svm_port = port;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die("bind");
	if (getsockname(fd, (struct sockaddr *)&address, &len))
		die("getsockname");
	if (listen(fd, 16))
		die("listen");
	printf("vsock-server: CID %u, port %u\n", VMCISock_GetLocalCID(), address.svm_port);
	fflush(stdout);
	return fd;
}

static void take_connection(int listener)
{
	struct sockaddr_vm peer = { 0 };
	socklen_t len = sizeof(peer);
	int fd = accept(listener, (struct sockaddr *)&peer, &len);

	if (fd < 0)
		die("accept");
	polled[++connections] = (struct pollfd){ .fd = fd, .events = POLLIN };
	printf("vsock-server: a client from CID %u, port %u\n", peer.svm_cid, peer.svm_port);
	fflush(stdout);
}

/* Sends all of it; the client may take it piece by piece. */
static ssize_t send_back(int fd, const char *text, ssize_t len)
{
	ssize_t done, n;

	for (done = 0; done < len; done += n) {
		n = send(fd, text + done, (size_t)(len - done), 0);
		if (n < 0)
			return n;
	}
	return done;
}

/* False: the connection is over. */
static bool serve(int fd)
{
	char text[EXAMPLE_TEXT];
	ssize_t len = recv(fd, text, sizeof(text), 0);

	if (len > 0)
		len = send_back(fd, text, len);
	if (len > 0)
		return true;
	if (len < 0)
		fprintf(stderr, "vsock-server: a connection is lost: %s\n", strerror(errno));
	close(fd);
	return false;
}

/* Returns how many connections ended. */
static unsigned int serve_all(void)
{
	unsigned int i, ended = 0;

	for (i = connections; i > 0; i--)
		if (polled[i].revents && !serve(polled[i].fd)) {
			polled[i] = polled[connections--];
			ended++;
		}
	return ended;
}

int main(int argc, char **argv)
{
	unsigned int wanted = 0, served = 0;
	int option, family, af_fd, listener;

	while ((option = getopt(argc, argv, "n:")) != -1) {
		if (option != 'n') {
			fputs("usage: vsock-server [-n CONNECTIONS] [PORT]\n", stderr);
			return 2;
		}
		wanted = number(optarg);
	}
	family = VMCISock_GetAFValueFd(&af_fd);
	if (family < 0)
		die("no vSockets in this domain");
	listener = listen_at(family, optind < argc ? number(argv[optind]) : EXAMPLE_PORT);
	polled[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	while (!wanted || served < wanted) {
		/* With all places taken, others wait in the listener's queue. */
		polled[0].events = connections < CONNECTIONS_MAX ? POLLIN : 0;
		if (poll(polled, 1 + connections, -1) < 0)
			die("poll");
		served += serve_all();
		if (polled[0].revents)
			take_connection(listener);
	}
	close(listener);
	VMCISock_ReleaseAFValueFd(af_fd);
	return 0;
}
