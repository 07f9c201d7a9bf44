/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * echo-server [-n CONVERSATIONS] [DEVICE]
 *
 * Sends back every message that arrives on a vbpipe. When the client closes,
 * or its domain ends, the server closes too and opens again, which waits for the
 * next client. Ends after so many conversations, never by default.
 */
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *device = "/dev/vbpipe0";

/* A conversation on the open @fd. False: it ended with an error. */
static bool converse(int fd)
{
	char text[MESSAGE_TEXT_MAX];
	unsigned int messages = 0;
	int length;

	while ((length = message_receive(fd, text)) >= 0) {
		printf("echo-server: %.*s\n", length, text);
		fflush(stdout);
		if (message_send(fd, text, (size_t)length)) {
			length = -1;
			break;
		}
		messages++;
	}
	if (length != MESSAGE_END && errno != EPIPE) {
		fprintf(stderr, "echo-server: %s: %s\n", device, strerror(errno));
		return false;
	}
	printf("echo-server: the client closed after %u messages\n", messages);
	return true;
}

static bool serve_client(void)
{
	bool good;
	int fd;

	printf("echo-server: waiting for a client on %s\n", device);
	fflush(stdout);
	/* The rendezvous: this waits until the client opens its end. */
	fd = open(device, O_RDWR);
	if (fd < 0) {
		fprintf(stderr, "echo-server: %s: %s\n", device, strerror(errno));
		return errno == EINTR;
	}
	puts("echo-server: a client is there");
	good = converse(fd);
	fflush(stdout);
	close(fd);
	return good;
}

static int usage(void)
{
	fputs("usage: echo-server [-n CONVERSATIONS] [DEVICE]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	unsigned long wanted = 0;
	int option;

	while ((option = getopt(argc, argv, "n:")) != -1) {
		char *end = NULL;

		if (option != 'n')
			return usage();
		wanted = strtoul(optarg, &end, 10);
		if (!wanted || *end)
			return usage();
	}
	if (optind < argc - 1)
		return usage();
	if (optind < argc)
		device = argv[optind];
	for (unsigned long done = 0; !wanted || done < wanted; done++)
		if (!serve_client())
			return 1;
	return 0;
}
