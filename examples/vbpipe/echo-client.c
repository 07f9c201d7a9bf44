/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * echo-client [DEVICE]
 *
 * Sends every line of its input as a message on a vbpipe and prints the answer.
 * A line that is too long for a message is sent in several.
 */
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool failed(const char *what)
{
	if (errno == EPIPE)
		fprintf(stderr, "echo-client: %s: the server closed\n", what);
	else
		fprintf(stderr, "echo-client: %s: %s\n", what, strerror(errno));
	return false;
}

static bool ask(int fd, const char *text, size_t length)
{
	char answer[MESSAGE_TEXT_MAX];
	int got;

	if (message_send(fd, text, length))
		return failed("sending");
	got = message_receive(fd, answer);
	if (got == MESSAGE_END)
		errno = EPIPE;
	if (got < 0)
		return failed("receiving");
	printf("%.*s\n", got, answer);
	fflush(stdout);
	return true;
}

static bool converse(int fd)
{
	char line[MESSAGE_TEXT_MAX + 1];

	while (fgets(line, sizeof(line), stdin))
		if (!ask(fd, line, strcspn(line, "\n")))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	const char *device = argc > 1 ? argv[1] : "/dev/vbpipe0";
	bool good;
	int fd;

	if (argc > 2) {
		fputs("usage: echo-client [DEVICE]\n", stderr);
		return 2;
	}
	/* The rendezvous: this waits until the server opens its end. */
	fd = open(device, O_RDWR);
	if (fd < 0) {
		failed(device);
		return 1;
	}
	good = converse(fd);
	close(fd);
	return good ? 0 : 1;
}
