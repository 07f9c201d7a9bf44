// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * neighbour server|client [--user UID] [--group GID] [--turns N] [--vrpq NODE]...
 *                         [--vumem NODE]... [--pipe NODE]... [--socket CID]...
 *
 * Honest programs in a domain where an attacker is at home (attacker.c): a process for each
 * node. Clients take turns until SIGTERM, or N of them; each checks what it gets. It is a
 * failure if content is wrong, if a session or a connection is lost, or if one makes no progress
 * for a generous time. Servers serve until SIGTERM; the CID of theirs is not looked at.
 */
#include "neighbour.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STILL_SECONDS	240	/* without progress: harmed */
#define PROCESSES	12u

struct process {
	const char *name, *node;
	void (*client)(const char *node);
	void (*server)(const char *node);
	struct {
		_Atomic uint32_t turns;
		_Atomic bool harmed;
	} *shared;
	/* the watcher's: */
	time_t moved;
	uint32_t seen;
	pid_t pid;
};

static struct process processes[PROCESSES];
static unsigned int nr_processes;
static struct process *self;
static bool is_server;
static uint32_t turns_wanted;
static uid_t user = 65534;
static gid_t group = 65534;
static volatile sig_atomic_t ending;

/* ---- in a process ---- */

void harmed(const char *what, int error)
{
	printf("neighbour: HARMED: %s %s: %s: %s, after %u turns\n", self->name, self->node, what,
	       strerror(error), self->shared->turns);
	fflush(stdout);
	/* We may be a child of a server that goes on. */
	self->shared->harmed = true;
	_exit(1);
}

void refused(void)
{
	usleep(50000);
}

void made_progress(void)
{
	if (++self->shared->turns == turns_wanted)
		_exit(0);
}

uint32_t turn_number(void)
{
	return self->shared->turns * 2 + (uint32_t)getpid() * 7919u;
}

static void run(struct process *process)
{
	self = process;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	if (!geteuid() && (setgroups(0, NULL) || setresgid(group, group, group) ||
			   setresuid(user, user, user)))
		harmed("a user", errno);
	(is_server ? process->server : process->client)(process->node);
}

/* ---- their watcher ---- */

static void on_end(int number)
{
	(void)number;
	ending = 1;
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void print_stack(pid_t pid)
{
	char path[64], text[2048];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stack", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text));
	printf("%.*s\n", (int)(n > 0 ? n : 0), text);
	if (fd >= 0)
		close(fd);
}

/* False: it stands still. */
static bool moves(struct process *process)
{
	uint32_t turns = process->shared->turns;

	if (turns != process->seen || is_server) {
		process->seen = turns;
		process->moved = now();
	}
	if (now() - process->moved < STILL_SECONDS)
		return true;
	printf("neighbour: HARMED: %s %s makes no progress after %u turns:\n", process->name,
	       process->node, turns);
	print_stack(process->pid);
	return false;
}

/* False: one of them failed, or stands still. Sets *@left: how many there still are. */
static bool look(unsigned int *left)
{
	bool good = true;

	*left = 0;
	for (unsigned int i = 0; i < nr_processes; i++) {
		struct process *process = &processes[i];
		int status;

		if (!process->pid)
			continue;
		if (waitpid(process->pid, &status, WNOHANG) == process->pid) {
			process->pid = 0;
			if (status || is_server)
				printf("neighbour: HARMED: %s %s ended with status %#x\n",
				       process->name, process->node, (unsigned int)status);
			good = good && !status && !is_server;
			continue;
		}
		good = moves(process) && !process->shared->harmed && good;
		++*left;
	}
	return good;
}

static void end_all(void)
{
	for (unsigned int i = 0; i < nr_processes; i++)
		if (processes[i].pid) {
			kill(processes[i].pid, SIGKILL);
			waitpid(processes[i].pid, NULL, 0);
		}
}

static void start_all(void)
{
	for (unsigned int i = 0; i < nr_processes; i++) {
		struct process *process = &processes[i];

		process->shared = mmap(NULL, sizeof(*process->shared), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (process->shared == MAP_FAILED)
			exit(1);
		process->moved = now();
		process->pid = fork();
		if (!process->pid)
			run(process);
	}
}

static int watch(void)
{
	unsigned int left = nr_processes;
	bool good = true;

	while (!ending && good && left) {
		usleep(200000);
		good = look(&left);
	}
	end_all();
	printf("neighbour: %s:", is_server ? "server" : "client");
	for (unsigned int i = 0; i < nr_processes; i++)
		printf(" %s %s %u,", processes[i].name, processes[i].node, processes[i].shared->turns);
	printf(" %s\n", good ? "unharmed" : "HARMED");
	return good ? 0 : 1;
}

/* ---- options ---- */

static const struct option long_options[] = {
	{ "vrpq", 1, NULL, 0 }, { "vumem", 1, NULL, 1 }, { "pipe", 1, NULL, 2 },
	{ "socket", 1, NULL, 3 }, { "user", 1, NULL, 'u' }, { "group", 1, NULL, 'g' },
	{ "turns", 1, NULL, 't' }, { 0 },
};

static const struct process services[] = {
	{ .name = "vrpq", .client = vrpq_client, .server = vrpq_server },
	{ .name = "vumem", .client = vumem_client, .server = vumem_server },
	{ .name = "pipe", .client = pipe_client, .server = pipe_server },
	{ .name = "socket", .client = socket_client, .server = socket_server },
};

static bool take_option(int option)
{
	switch (option) {
	case 'u': user = (uid_t)strtoul(optarg, NULL, 0); return true;
	case 'g': group = (gid_t)strtoul(optarg, NULL, 0); return true;
	case 't': turns_wanted = (uint32_t)strtoul(optarg, NULL, 0); return true;
	case 0: case 1: case 2: case 3:
		if (nr_processes == PROCESSES)
			return false;
		processes[nr_processes] = services[option];
		processes[nr_processes++].node = optarg;
		return true;
	}
	return false;
}

static bool take_options(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (!take_option(option))
			return false;
	if (optind != argc - 1)
		return false;
	is_server = !strcmp(argv[optind], "server");
	return is_server || !strcmp(argv[optind], "client");
}

int main(int argc, char **argv)
{
	if (!take_options(argc, argv)) {
		fputs("usage: neighbour server|client [--user UID] [--group GID] [--turns N] "
		      "[--vrpq NODE]...\n"
		      "                 [--vumem NODE]... [--pipe NODE]... [--socket CID]...\n",
		      stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, on_end);
	start_all();
	return watch();
}
