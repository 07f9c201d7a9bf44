// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"
#include "mem.h"
#include "process.h"

#define MEMORY_MAX	((rlim_t)2 << 30)

enum { IN, OUT, ERR, NR_PIPES };

struct run {
	struct process *process;
	pid_t pid;
	int child_fd[NR_PIPES];	/* -1 once closed */
	int our_fd[NR_PIPES];
	size_t written;
	long long deadline_ms;
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void open_pipes(struct run *run)
{
	int fds[2], i;

	for (i = 0; i < NR_PIPES; i++) {
		if (pipe2(fds, O_CLOEXEC))
			diag_fatal("cannot make a pipe: %s", strerror(errno));
		run->child_fd[i] = fds[i == IN ? 0 : 1];
		run->our_fd[i] = fds[i == IN ? 1 : 0];
		fcntl(run->our_fd[i], F_SETFL, O_NONBLOCK);
	}
}

/*
 * A program that was given hostile input shall not eat up the machine, nor those that it starts:
 * the preprocessor is two. Whether this succeeds does not matter: it is a second line of defence.
 */
static void limit_self(const struct process *process)
{
	const rlim_t seconds = process->timeout_ms / 1000 + 1;
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX }, cpu = { seconds, seconds };

	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CPU, &cpu);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The child becomes the program, in a process group of its own; or tells why not. */
_Noreturn static void become(const struct run *run, int report)
{
	int i, error;

	setpgid(0, 0);
	limit_self(run->process);
	/* We ignore SIGPIPE; the program need not. */
	signal(SIGPIPE, SIG_DFL);
	for (i = 0; i < NR_PIPES; i++)
		if (dup2(run->child_fd[i], i) < 0 || fcntl(i, F_SETFD, 0) < 0)
			break;
	if (i == NR_PIPES)
		execvp(run->process->argv[0], run->process->argv);
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Returns an errno value. */
static int spawn(struct run *run)
{
	int report[2], error = 0, i;

	if (pipe2(report, O_CLOEXEC))
		diag_fatal("cannot make a pipe: %s", strerror(errno));
	run->pid = fork();
	if (!run->pid)
		become(run, report[1]);
	if (run->pid < 0)
		error = errno;
	close(report[1]);
	for (i = 0; i < NR_PIPES; i++)
		close_fd(&run->child_fd[i]);
	/* Writes nothing if the program could be started. */
	if (run->pid > 0 && read(report[0], &error, sizeof(error)) > 0)
		waitpid(run->pid, NULL, 0);
	close(report[0]);
	return error;
}

static void feed(struct run *run)
{
	struct process *process = run->process;
	ssize_t put;

	put = write(run->our_fd[IN], process->input + run->written,
		    process->input_len - run->written);
	if (put > 0)
		run->written += (size_t)put;
	/* EPIPE: the program has seen enough, and will say why. */
	if ((put < 0 && errno != EAGAIN && errno != EINTR) ||
	    run->written == process->input_len)
		close_fd(&run->our_fd[IN]);
}

static void append(struct output *output, const char *data, size_t len)
{
	if (output->len + len > output->size) {
		output->size = 2 * (output->len + len);
		output->data = realloc(output->data, output->size);
		if (!output->data)
			diag_fatal("out of memory");
	}
	memcpy(output->data + output->len, data, len);
	output->len += len;
}

/* False when the program prints more than it should. */
static bool drain(struct run *run, int which, struct output *output)
{
	char buf[65536];
	ssize_t got = read(run->our_fd[which], buf, sizeof(buf));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0) {
		close_fd(&run->our_fd[which]);
		return true;
	}
	if (output->len + (size_t)got > run->process->output_max)
		return false;
	append(output, buf, (size_t)got);
	return true;
}

/* Serves the three pipes until the program has closed them. */
static const char *serve(struct run *run)
{
	struct pollfd polls[NR_PIPES];
	long long left;
	int i;

	while (run->our_fd[OUT] >= 0 || run->our_fd[ERR] >= 0) {
		for (i = 0; i < NR_PIPES; i++)
			polls[i] = (struct pollfd){ .fd = run->our_fd[i],
						    .events = i == IN ? POLLOUT : POLLIN };
		left = run->deadline_ms - now_ms();
		if (left <= 0)
			return "it does not come to an end";
		if (poll(polls, NR_PIPES, (int)left) <= 0)
			continue;
		if (polls[IN].revents)
			feed(run);
		if ((polls[OUT].revents && !drain(run, OUT, &run->process->out)) ||
		    (polls[ERR].revents && !drain(run, ERR, &run->process->err)))
			return "it prints without end";
	}
	return NULL;
}

static enum process_result reap(struct run *run)
{
	int status;

	while (waitpid(run->pid, &status, 0) < 0)
		if (errno != EINTR)
			diag_fatal("cannot wait for %s: %s", run->process->argv[0],
				   strerror(errno));
	if (WIFEXITED(status)) {
		run->process->status = WEXITSTATUS(status);
		return PROCESS_EXITED;
	}
	if (!run->process->why)
		run->process->why = mem_printf("it was killed by signal %d", WTERMSIG(status));
	return PROCESS_FAILED;
}

/* Moves what was read to memory of the run. */
static void keep_output(struct output *output)
{
	char *data = mem_copy(output->len ? output->data : "", output->len);

	free(output->data);
	output->data = data;
}

enum process_result process_run(struct process *process)
{
	struct run run = { .process = process };
	enum process_result result;
	int i, ret;

	open_pipes(&run);
	signal(SIGPIPE, SIG_IGN);
	run.deadline_ms = now_ms() + process->timeout_ms;
	ret = spawn(&run);
	if (!ret) {
		process->why = serve(&run);
		if (process->why)
			kill(-run.pid, SIGKILL);
		result = reap(&run);
		if (process->why)
			result = PROCESS_FAILED;
	} else {
		process->why = strerror(ret);
		result = ret == ENOENT ? PROCESS_NOT_FOUND : PROCESS_FAILED;
	}
	for (i = 0; i < NR_PIPES; i++)
		close_fd(&run.our_fd[i]);
	keep_output(&process->out);
	keep_output(&process->err);
	return result;
}
