/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vumem_agent CONTROL DEVICE
 *
 * The other end of the tests of VUMEM: serves one test after the other on the control
 * pipe, each in a process of its own, whose child is the test's server.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "transfer.h"
#include "vumem_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vlink/vumem_ioctl.h>
#include <vlx/vumem/server-lib.h>

static const char *device;
static struct vu_shared *shared;
static pid_t server_pid;
static int warnings_fd = -1;	/* what the server prints */

/* ---- the server's process ---- */

static bool server_is_gone(void)
{
	int status;

	if (server_pid && waitpid(server_pid, &status, WNOHANG) == server_pid)
		server_pid = 0;
	return !server_pid;
}

/* Waits until *@word is not 0; its value, or 0 if the server died. */
static uint32_t await_word(const _Atomic uint32_t *word)
{
	for (;;) {
		uint32_t seen = shared->changes, value = *word;

		if (value || server_is_gone())
			return value;
		vu_wait(shared, seen);
	}
}

/* A wait in the agent ends when its server does. */
static void on_child(int number)
{
	(void)number;
	if (shared)
		vu_changed(shared);
}

static void kill_server(void)
{
	if (server_pid) {
		kill(server_pid, SIGKILL);
		while (waitpid(server_pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	server_pid = 0;
}

static int start_server(uint32_t threads, uint32_t memlock)
{
	uint32_t created;
	int warnings[2];

	kill_server();
	memset((void *)shared, 0, sizeof(*shared));
	if (pipe2(warnings, O_CLOEXEC | O_NONBLOCK))
		return errno;
	server_pid = fork();
	if (!server_pid) {
		dup2(warnings[1], STDERR_FILENO);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		vu_serve(device, shared, threads, memlock);
	}
	close(warnings[1]);
	close(warnings_fd);
	warnings_fd = warnings[0];
	created = await_word(&shared->created);
	return created ? (int)created - 1 : VU_LOST;
}

static int stop_server(struct vu_reply *reply)
{
	uint32_t stopped;

	shared->stop = 1;
	vu_changed(shared);
	stopped = await_word(&shared->stopped);
	reply->v[0] = (int)stopped - 1;
	reply->v[1] = shared->broken;
	if (!stopped)
		return VU_LOST;
	while (waitpid(server_pid, NULL, 0) < 0 && errno == EINTR)
		;
	server_pid = 0;
	return 0;
}

static int second_server(void)
{
	VumemServerHandle handle;
	int err = vumemServerCreate(device, &handle);

	if (!err)
		vumemServerDestroy(handle);
	return err;
}

/* ---- what the server has done ---- */

static uint32_t count(uint32_t cmd)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < shared->nr_entries && i < VU_LOG_MAX; i++)
		n += shared->entries[i].cmd == cmd;
	return n;
}

/* Until the server has done so much of it; VU_LOST if it died. */
static int await_progress(uint32_t (*progress)(uint32_t), uint32_t arg, uint32_t goal)
{
	for (;;) {
		uint32_t seen = shared->changes;

		if (progress(arg) >= goal)
			return 0;
		if (server_is_gone())
			return VU_LOST;
		vu_wait(shared, seen);
	}
}

static uint32_t all_freed(uint32_t unused)
{
	(void)unused;
	return count(VUMEM_CMD_BUFFER_FREE) == count(VUMEM_CMD_BUFFER_ALLOC);
}

static uint32_t held(uint32_t unused)
{
	(void)unused;
	return shared->held;
}

static uint32_t answered(uint32_t i)
{
	return i < shared->nr_entries && shared->entries[i].result != VU_PENDING;
}

static int read_entry(uint32_t i, struct vu_reply *reply)
{
	const struct vu_entry *entry = &shared->entries[i % VU_LOG_MAX];
	int err = await_progress(answered, i, 1);

	reply->v[0] = entry->cmd;
	reply->v[1] = entry->vm;
	reply->v[2] = entry->app;
	reply->v[3] = entry->buffer;
	reply->v[4] = entry->result;
	reply->v[5] = entry->second;
	return err;
}

static int read_stat(struct vu_reply *reply)
{
	struct vumem_stat_args args = { 0 };
	int fd = open(device, O_RDWR | O_CLOEXEC);
	int err = fd < 0 || ioctl(fd, VUMEM_IOC_STAT, &args) ? errno : 0;

	if (fd >= 0)
		close(fd);
	reply->v[0] = (int64_t)args.pinned_pages;
	reply->v[1] = (int64_t)args.quarantined_pages;
	return err;
}

static int64_t count_warnings(void)
{
	static int64_t lines;
	char text[4096];
	ssize_t length;

	while ((length = read(warnings_fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < length; i++)
			lines += text[i] == '\n';
	return lines;
}

static int set_word(_Atomic uint32_t *word, uint32_t value)
{
	*word = value;
	vu_changed(shared);
	return 0;
}

static int release(void)
{
	shared->hold = 0;
	return set_word(&shared->generation, shared->generation + 1);
}

static uint32_t broken(uint32_t unused)
{
	(void)unused;
	return shared->broken;
}

static uint32_t interrupted(uint32_t unused)
{
	(void)unused;
	return shared->interrupted;
}

/* The thread may not be in its call yet: the signal is sent until it has been. */
static int interrupt_server(void)
{
	uint32_t before = shared->interrupted;

	while (!server_is_gone() && shared->interrupted == before) {
		kill(server_pid, SIGUSR1);
		usleep(10000);
	}
	return await_progress(interrupted, 0, before + 1);
}

static int execute(const struct vu_command *c, struct vu_reply *reply)
{
	switch (c->op) {
	case VU_START: return start_server(c->args[0], c->args[1]);
	case VU_KILL: kill_server(); return 0;
	case VU_STOP: return stop_server(reply);
	case VU_HOLD: return set_word(&shared->hold, c->args[0]);
	case VU_AWAIT_HELD: return await_progress(held, 0, c->args[0]);
	case VU_RELEASE: return release();
	case VU_REFUSE: return set_word(&shared->refuse[c->args[0] % 8], c->args[1]);
	case VU_COUNT: reply->v[0] = count(c->args[0]); return 0;
	case VU_AWAIT_COUNT: return await_progress(count, c->args[0], c->args[1]);
	case VU_AWAIT_FREED: return await_progress(all_freed, 0, 1);
	case VU_ENTRY: return read_entry(c->args[0], reply);
	case VU_STAT: return read_stat(reply);
	case VU_SECOND_SERVER: return second_server();
	case VU_WARNINGS: reply->v[0] = count_warnings(); return 0;
	case VU_AWAIT_BROKEN: return await_progress(broken, 0, c->args[0]);
	case VU_INTERRUPT: return interrupt_server();
	}
	return EBADR;
}

static void __attribute__((noreturn)) serve_test(const char *control)
{
	struct sigaction action = { .sa_handler = on_child };
	struct vu_command command;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	fd = open(control, O_RDWR | O_CLOEXEC);
	if (fd < 0 || shared == MAP_FAILED) {
		fprintf(stderr, "vumem_agent: %s: %s\n", control, strerror(errno));
		_exit(1);
	}
	sigaction(SIGCHLD, &action, NULL);
	while (transfer_whole(fd, &command, sizeof(command), false)) {
		struct vu_reply reply = { 0 };

		reply.result = execute(&command, &reply);
		if (!transfer_whole(fd, &reply, sizeof(reply), true))
			break;
	}
	kill_server();
	_exit(0);
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t pid;

	if (argc != 3) {
		fprintf(stderr, "usage: vumem_agent CONTROL DEVICE\n");
		return 2;
	}
	device = argv[2];
	printf("vumem_agent: serving %s, control %s\n", device, argv[1]);
	fflush(stdout);
	while (!status) {
		pid = fork();
		if (!pid)
			serve_test(argv[1]);
		if (pid < 0)
			return 1;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	fprintf(stderr, "vumem_agent: a test's process ended with status %#x\n", status);
	return 1;
}
