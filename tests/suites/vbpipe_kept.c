/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vbpipe_kept DEVICE
 *
 * One end of a pipe whose peer's domain is destroyed: both ends write KEPT bytes and read
 * nothing. Only when the pipe has broken this one reads: all that had arrived must be there,
 * then the end of the file. Again and again, with each new peer; what happens is written to
 * xenstore, below /tool/xenlab/signal:
 *
 *	cut-DOMID-full-N	all of the peer's bytes have arrived in round N
 *	cut-DOMID-kept-N	the pipe broke; value: what could be read, see report()
 */
#include "announce.h"
#include "pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define KEPT		(128u << 10)
#define SEED		9

static bool write_all(int fd)
{
	static char buffer[KEPT];

	pattern_fill(buffer, sizeof(buffer), SEED, 0);
	return write(fd, buffer, sizeof(buffer)) == (ssize_t)sizeof(buffer);
}

/* A reader would be woken too soon, so there is nothing to wait by. */
static bool await_arrival(int fd)
{
	int available = 0;

	while (!ioctl(fd, FIONREAD, &available)) {
		if (available == (int)KEPT)
			return true;
		usleep(10000);
	}
	return false;
}

static bool await_break(int fd)
{
	struct pollfd broken = { .fd = fd };

	return poll(&broken, 1, -1) == 1 && broken.revents & POLLHUP;
}

/* "bytes=N end=yes pattern=yes" */
static void report(int fd, unsigned int round)
{
	static char buffer[2 * KEPT];
	char text[128];
	size_t sum = 0;
	ssize_t got = 0;

	while (sum < sizeof(buffer) && (got = read(fd, buffer + sum, sizeof(buffer) - sum)) > 0)
		sum += (size_t)got;
	snprintf(text, sizeof(text), "bytes=%zu end=%s pattern=%s", sum, got ? "no" : "yes",
		 sum && !pattern_check(buffer, sum, SEED, 0) ? "yes" : "no");
	announce("kept", round, text);
}

static bool run_round(const char *device, unsigned int round)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);
	bool ok = fd >= 0 && write_all(fd) && await_arrival(fd);

	if (ok)
		announce("full", round, "1");
	ok = ok && await_break(fd);
	if (ok)
		report(fd, round);
	else
		fprintf(stderr, "vbpipe_kept: %s, round %u: %s\n", device, round, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned int round = 1;

	if (argc != 2) {
		fprintf(stderr, "usage: vbpipe_kept DEVICE\n");
		return 2;
	}
	if (!announce_open("vbpipe_kept"))
		return 1;
	while (run_round(argv[1], round))
		round++;
	return 1;
}
