// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * attacker [--seed N] [--seconds N | --rounds N] [--round N] [--only AREA]... [--trace]
 *          [--user UID] [--group GID] [--outsider UID] [--near NODE]... [--cid CID]...
 *
 * Attacks, as an ordinary user, the drivers of this domain by all their nodes and by sockets,
 * in rounds of up to some thousand calls. Started as root it becomes the user for that. Round N
 * does the same however many came before: --round N does only that one, --trace prints each
 * call before it is done. --near names nodes that honest processes use as well: there nothing is
 * done that shuts others out by its meaning. --cid: whom to attack over sockets.
 *
 * Exit code 0: all rounds were done, all processes ended, nobody saw what he must not see.
 */
#include "attacker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define END_SECONDS	120	/* a killed process that is there for longer hangs */
#define ROUND_SECONDS	15	/* a round takes no longer */
#define FILES		512u	/* descriptors of a process */
#define PROCESSES	200u

static const char *const area_names[] = {
#define AREA_NAME(name) #name,
	AREAS(AREA_NAME)
#undef AREA_NAME
};

static const char *near[16];
static uint64_t seed;
static unsigned long seconds, rounds = 10, only_round;
static uid_t user = 65534, outsider = 65533;
static gid_t group = 65534;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- users ---- */

static void limit(int resource, rlim_t value)
{
	struct rlimit limits = { value, value };

	setrlimit((__rlimit_resource_t)resource, &limits);
}

/* From root to a user without any right; @gid: of the only group. */
static void become(uid_t uid, gid_t gid)
{
	limit(RLIMIT_NOFILE, FILES);
	limit(RLIMIT_NPROC, PROCESSES);
	limit(RLIMIT_FSIZE, 1u << 20);
	limit(RLIMIT_CORE, 1u << 20);
	if (geteuid())
		return;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)) {
		perror("attacker: cannot become a user");
		_exit(99);
	}
}

/* ---- the end of processes ---- */

static void print_file(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)n, stdout);
	if (fd >= 0)
		close(fd);
}

static void print_thread(pid_t pid, const char *tid)
{
	static const char *const files[] = { "comm", "wchan", "stack", "syscall" };
	char path[96];

	for (unsigned int i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/%s", (int)pid, tid, files[i]);
		printf("%s: ", path);
		print_file(path);
		printf("\n");
	}
}

#define CHILDREN "/proc/thread-self/children"

/* Does @what with all children, which those without parents become, too. */
static void for_children(void (*what)(pid_t pid))
{
	FILE *file = fopen(CHILDREN, "re");
	int pid;

	while (file && fscanf(file, "%d", &pid) == 1)
		what(pid);
	if (file)
		fclose(file);
}

static void kill_one(pid_t pid)
{
	kill(pid, SIGKILL);
}

static void print_one(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks)))
		if (entry->d_name[0] != '.')
			print_thread(pid, entry->d_name);
	if (tasks)
		closedir(tasks);
}

/* False: some cannot be killed. */
static bool end_all(void)
{
	double limit = now() + END_SECONDS;
	pid_t pid;

	for (;;) {
		for_children(kill_one);
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return true;
		if (now() > limit)
			break;
		usleep(10000);
	}
	printf("attacker: processes that were killed do not end:\n");
	for_children(print_one);
	return false;
}

/* ---- rounds ---- */

static void print_calls(void)
{
	for (unsigned int i = 0; i < BOARD_ACTORS; i++) {
		struct board_actor *other = &board->actors[i];

		for (unsigned int k = other->calls; other->calls - k < BOARD_TRACE && k--;) {
			const struct board_call *call = &other->last[k % BOARD_TRACE];

			if (call->name)
				printf("  %d: %s(%#lx, %#lx, %#lx, %#lx) = %ld\n", (int)other->tid,
				       call->name, call->args[0], call->args[1], call->args[2],
				       call->args[3], call->result);
		}
	}
}

static void begin_round(void)
{
	memset((void *)board->pids, 0, sizeof(board->pids));
	memset((void *)board->shown, 0, sizeof(board->shown));
	memset((void *)board->actors, 0, sizeof(board->actors));
	board->next_actor = 0;
}

/* A directory that the user may fill, and that is empty again for the next round. */
static void own_directory(void)
{
	char path[32] = "/tmp/attacker.XXXXXX";

	if (!mkdtemp(path) || chown(path, user, group) || chdir(path))
		perror("attacker: /tmp");
}

static void empty_directory(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlink(entry->d_name);
	if (dir)
		closedir(dir);
}

static uint64_t sum_of(const _Atomic uint64_t *counts)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < BOARD_KINDS; i++)
		sum += counts[i];
	return sum;
}

/* Starts a process of the round: attackers for an even @nr, an outsider for an odd one. */
static pid_t start_process(unsigned int nr, uint64_t process_seed, const int socks[2])
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (nr % 2) {
		become(outsider, (gid_t)outsider);
		outsider_run(process_seed, socks[1]);
	}
	become(user, group);
	round_run(process_seed, socks[0]);
}

/* Until the end of the round: those that died of what they did get successors. */
static void keep_going(uint64_t calls, uint64_t round_seed, const int socks[2])
{
	uint64_t before = sum_of(board->calls);
	double limit = now() + ROUND_SECONDS;
	pid_t pids[2] = { 0 };
	unsigned int nr = 0;

	for (;;) {
		pid_t gone = waitpid(-1, NULL, WNOHANG);

		for (unsigned int i = 0; i < 2; i++)
			if (!pids[i] || (gone > 0 && pids[i] == gone))
				pids[i] = start_process(i, round_seed + 10ull * nr++, socks);
		if (sum_of(board->calls) - before >= calls || now() > limit)
			return;
		if (gone <= 0)
			usleep(20000);
	}
}

static bool do_round(unsigned long nr)
{
	uint64_t round_seed = seed * UINT64_C(1000003) + nr * UINT64_C(7919);
	double began = now(), killed;
	int socks[2] = { -1, -1 };
	bool good;

	begin_round();
	actor_start(round_seed);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks))
		return false;
	/* All are killed wherever they are then, on slow machines and on fast ones. */
	keep_going(below(chance(30) ? 500 : 5000), round_seed, socks);
	killed = now();
	close(socks[0]);
	close(socks[1]);
	good = end_all() && !board->reports;
	printf("attacker: round %lu: %.1f s, and %.1f s until all had ended; %llu calls so far\n", nr,
	       killed - began, now() - killed, (unsigned long long)sum_of(board->calls));
	if (!good) {
		printf("attacker: round %lu of seed %llu: %s\nlast calls:\n", nr,
		       (unsigned long long)seed, board->report);
		print_calls();
	}
	empty_directory();
	return good;
}

static void print_counts(void)
{
	unsigned int column = 0;

	for (unsigned int i = 0; i < BOARD_KINDS; i++) {
		if (!board->calls[i])
			continue;
		printf("%s%s %llu/%llu", column++ % 4 ? ", " : "\n  ",
		       board->names[i] ? board->names[i] : "?",
		       (unsigned long long)(board->calls[i] - board->failed[i]),
		       (unsigned long long)board->calls[i]);
		if (board->failed[i])
			printf(" %s", strerrorname_np(board->errors[i]));
	}
	printf("\n");
}

static bool all_rounds(void)
{
	double end = now() + (double)seconds, began = now();
	unsigned long nr = only_round ? only_round : 1, done = 0;
	bool good = true;

	while (good && (seconds ? now() < end : done < rounds)) {
		printf("attacker: round %lu\n", nr);
		good = do_round(nr++);
		done++;
	}
	if (!board->windows && !only_round) {
		printf("attacker: nothing was mapped that could be attacked\n");
		good = false;
	}
	printf("attacker: calls (succeeded/all, and the last error):");
	print_counts();
	printf("attacker: seed %llu, %lu rounds, %.0f s, %llu calls, %llu of them failed, "
	       "%llu windows, %llu of %llu buffers given: %s\n",
	       (unsigned long long)seed, done, now() - began,
	       (unsigned long long)sum_of(board->calls),
	       (unsigned long long)sum_of(board->failed), (unsigned long long)board->windows,
	       (unsigned long long)board->given, (unsigned long long)board->asked,
	       good ? "passed" : "FAILED");
	return good;
}

/* ---- a program that was executed with what it inherited ---- */

static int use_inherited(void)
{
	char byte;

	for (int fd = 3; fd < 256; fd++) {
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
		(void)mmap(NULL, ATTACK_PAGE, PROT_READ, MAP_SHARED, fd, 0);
		(void)read(fd, &byte, 1);
		close(fd);
	}
	return 0;
}

/* ---- options ---- */

static const struct option long_options[] = {
	{ "seed", 1, NULL, 's' }, { "seconds", 1, NULL, 't' }, { "rounds", 1, NULL, 'n' },
	{ "round", 1, NULL, 'r' }, { "only", 1, NULL, 'o' }, { "trace", 0, NULL, 'v' },
	{ "user", 1, NULL, 'u' }, { "group", 1, NULL, 'g' }, { "outsider", 1, NULL, 'x' },
	{ "near", 1, NULL, 'N' }, { "cid", 1, NULL, 'c' }, { "held", 0, NULL, 'h' }, { 0 },
};

static bool add_area(const char *name)
{
	for (unsigned int i = 0; i < AREA_COUNT; i++)
		if (!strcmp(name, area_names[i])) {
			attack.areas |= 1u << i;
			return true;
		}
	return false;
}

static bool add_cid(unsigned long cid)
{
	if (attack.nr_cids == sizeof(attack.cids) / sizeof(attack.cids[0]))
		return false;
	attack.cids[attack.nr_cids++] = (uint32_t)cid;
	return true;
}

static bool add_near(const char *name)
{
	if (attack.nr_near == sizeof(near) / sizeof(near[0]))
		return false;
	near[attack.nr_near++] = name;
	attack.near = near;
	return true;
}

static bool take_option(int option)
{
	const char *value = optarg ? optarg : "";
	unsigned long number = strtoul(value, NULL, 0);

	switch (option) {
	case 's': seed = strtoull(value, NULL, 0); return true;
	case 't': seconds = number; return true;
	case 'n': rounds = number; return true;
	case 'r': only_round = number; rounds = 1; return true;
	case 'o': return add_area(value);
	case 'v': attack.trace = true; return true;
	case 'u': user = (uid_t)number; return true;
	case 'g': group = (gid_t)number; return true;
	case 'x': outsider = (uid_t)number; return true;
	case 'N': return add_near(value);
	case 'c': return add_cid(number);
	}
	return false;
}

static bool take_options(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 'h')
			exit(use_inherited());
		if (!take_option(option))
			return false;
	}
	if (!attack.areas)
		attack.areas = (1u << AREA_COUNT) - 1;
	if (!seed)
		seed = (uint64_t)time(NULL);
	return optind == argc && user && outsider;
}

static void print_replay(int argc, char **argv)
{
	printf("attacker: seed %llu; once more:", (unsigned long long)seed);
	for (int i = 0; i < argc; i++)
		printf(" %s", argv[i]);
	printf(" --seed %llu --round N\n", (unsigned long long)seed);
}

static void leave_out_what_linux_breaks_by(void)
{
	struct utsname name;

	if (uname(&name) || strncmp(name.release, "6.12.", 5))
		return;
	attack.no_buffer_rings = true;
	puts("attacker: no rings of buffers for io_uring, Linux 6.12 keeps them mapped");
}

int main(int argc, char **argv)
{
	char *all[argc + 1];

	memcpy(all, argv, sizeof(all));
	if (!take_options(argc, argv)) {
		fputs("usage: attacker [--seed N] [--seconds N | --rounds N] [--round N] "
		      "[--only AREA]... [--trace]\n"
		      "                [--user UID] [--group GID] [--outsider UID] [--near NODE]... "
		      "[--cid CID]...\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (board == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1))
		return 1;
	/* Without CONFIG_PROC_CHILDREN nobody would be killed. */
	if (access(CHILDREN, R_OK)) {
		perror("attacker: " CHILDREN);
		return 1;
	}
	print_replay(argc, all);
	leave_out_what_linux_breaks_by();
	ops_init();
	own_directory();
	return all_rounds() ? 0 : 1;
}
