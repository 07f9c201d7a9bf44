/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * agent CONTROL [SESSIONS]
 *
 * Serves sessions on the control pipe one after the other, each in a process
 * of its own; for ever, or as many as told. Prints a line when it is ready.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noreturn)) session_process(const char *path)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "agent: %s: %s\n", path, strerror(errno));
		_exit(1);
	}
	agent_serve(fd);
}

static int run_session(const char *path)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		session_process(path);
	if (pid < 0) {
		perror("agent: fork");
		return 1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFSIGNALED(status))
		fprintf(stderr, "agent: a session was killed by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

int main(int argc, char **argv)
{
	long sessions = argc > 2 ? atol(argv[2]) : 0;

	if (argc < 2 || argc > 3 || (argc > 2 && sessions < 1)) {
		fprintf(stderr, "usage: agent CONTROL [SESSIONS]\n");
		return 2;
	}
	printf("agent: serving %s\n", argv[1]);
	fflush(stdout);
	for (long done = 0; !sessions || done < sessions; done++)
		if (run_session(argv[1]))
			return 1;
	return 0;
}
