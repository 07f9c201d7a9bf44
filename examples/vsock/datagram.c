// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * vsock-datagram server [-n DATAGRAMS]
 * vsock-datagram client CID TEXT...
 *
 * The server sends each datagram back; the client sends each text again until it is answered,
 * since datagrams may get lost. Before, the client asks for a connection that nobody takes.
 */
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <vmci_sockets.h>

#define DATAGRAM_PORT	15001u
#define TRIES		5

static struct sockaddr_vm address_of(int family, unsigned int cid, unsigned int port)
{
	struct sockaddr_vm address;

	memset(&address, 0, sizeof(address));
	address.svm_family = (unsigned short)family;
	address.svm_cid = cid;
	address.svm_port = port;
	return address;
}

static int serve(int family, unsigned int datagrams)
{
	struct sockaddr_vm own = address_of(family, VMADDR_CID_ANY, DATAGRAM_PORT), from;
	char text[EXAMPLE_TEXT];
	unsigned int done = 0;
	int fd = socket(family, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)))
		die("bind");
	printf("vsock-datagram: CID %u, port %u\n", VMCISock_GetLocalCID(), DATAGRAM_PORT);
	fflush(stdout);
	while (!datagrams || done++ < datagrams) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&from, &len);

		if (n < 0)
			die("recvfrom");
		/* A sender that is gone, or does not read, is none of our business. */
		(void)sendto(fd, text, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
	return 0;
}

/* Within half a second, not the two that are the default. */
static void ask_for_a_connection(int family, unsigned int cid)
{
	struct sockaddr_vm nobody = address_of(family, cid, DATAGRAM_PORT);
	struct timeval limit = { .tv_usec = 500000 };
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, family, SO_VMCI_CONNECT_TIMEOUT, &limit, sizeof(limit)))
		die("SO_VMCI_CONNECT_TIMEOUT");
	if (!connect(fd, (struct sockaddr *)&nobody, sizeof(nobody))) {
		fprintf(stderr, "vsock-datagram: somebody took the connection\n");
		exit(1);
	}
	printf("no connection: %s\n", strerror(errno));
}

static int send_and_receive(int fd, const struct sockaddr_vm *server, const char *text)
{
	struct timeval limit = { .tv_sec = 1 };
	char answer[EXAMPLE_TEXT];
	int tries;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		die("SO_RCVTIMEO");
	for (tries = 0; tries < TRIES; tries++) {
		ssize_t n;

		if (sendto(fd, text, strlen(text), 0, (const struct sockaddr *)server,
			   sizeof(*server)) < 0)
			die("sendto");
		n = recv(fd, answer, sizeof(answer), 0);
		if (n == (ssize_t)strlen(text) && !memcmp(answer, text, (size_t)n)) {
			printf("answer: %s\n", text);
			return 0;
		}
	}
	fprintf(stderr, "vsock-datagram: no answer to \"%s\"\n", text);
	return 1;
}

static int ask(int family, int argc, char **argv)
{
	unsigned int cid = number(argv[0]);
	struct sockaddr_vm server = address_of(family, cid, DATAGRAM_PORT);
	struct sockaddr_vm own = address_of(family, VMADDR_CID_ANY, VMADDR_PORT_ANY);
	int i, err = 0, fd = socket(family, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)))
		die("bind");
	ask_for_a_connection(family, cid);
	for (i = 1; i < argc && !err; i++)
		err = send_and_receive(fd, &server, argv[i]);
	return err;
}

int main(int argc, char **argv)
{
	int family = VMCISock_GetAFValue();

	if (family < 0)
		die("VMCISock_GetAFValue");
	if (argc == 2 && !strcmp(argv[1], "server"))
		return serve(family, 0);
	if (argc == 4 && !strcmp(argv[1], "server") && !strcmp(argv[2], "-n"))
		return serve(family, number(argv[3]));
	if (argc >= 4 && !strcmp(argv[1], "client"))
		return ask(family, argc - 2, argv + 2);
	fputs("usage: vsock-datagram server [-n DATAGRAMS] | client CID TEXT...\n", stderr);
	return 2;
}
