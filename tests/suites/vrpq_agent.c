/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vrpq_agent CONTROL
 * vrpq_agent - FD
 *
 * The other end of the tests of VRPQ: a router on the control pipe, in a process
 * of its own for each test, for ever. Or one router on a descriptor that is open.
 */
#include "vrpq_remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noreturn)) route(const char *path)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "vrpq_agent: %s: %s\n", path, strerror(errno));
		_exit(1);
	}
	vq_route(fd);
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t pid;

	if (argc == 3 && !strcmp(argv[1], "-"))
		vq_route(atoi(argv[2]));
	if (argc != 2) {
		fprintf(stderr, "usage: vrpq_agent CONTROL | - FD\n");
		return 2;
	}
	printf("vrpq_agent: serving %s\n", argv[1]);
	fflush(stdout);
	while (!status) {
		pid = fork();
		if (!pid)
			route(argv[1]);
		if (pid < 0)
			return 1;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	fprintf(stderr, "vrpq_agent: a router ended with status %#x\n", status);
	return 1;
}
