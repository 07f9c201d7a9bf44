// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptors and processes: passed on, duplicated, inherited, closed under others. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int any_fd(const struct node **node)
{
	return pick_fd_on(chance(70) ? 1 + below(8) : ANYTHING, node);
}

static void close_one(void)
{
	const struct node *node;
	int fd = any_fd(&node);

	if (fd <= STDERR_FILENO)
		return;
	/* Some stay in the pool: used once more, or as whatever has the number next. */
	if (chance(90))
		forget_fd(fd);
	CALL(close, fd);
}

static void duplicate(void)
{
	const struct node *node;
	int fd = any_fd(&node);
	long copy;

	switch (below(5)) {
	case 0: copy = CALL(dup, fd); break;
	case 1: copy = CALL(fcntl, fd, F_DUPFD_CLOEXEC, below(64)); break;
	case 2: copy = CALL(dup3, fd, 32 + below(200), chance(50) ? O_CLOEXEC : 0); break;
	case 3: copy = CALL(pidfd_getfd, pick_fd(PLAIN), fd, 0); break;
	default:
		fd = 3 + (int)below(120);
		CALL(close_range, fd, fd + below(3), below(8));
		return;
	}
	keep_fd((int)copy, ANYTHING, node);
}

static void control_fd(void)
{
	static const int commands[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_SETOWN, F_SETSIG,
					F_SETLEASE, F_NOTIFY, F_ADD_SEALS, F_SET_RW_HINT, F_SETLK,
					F_OFD_SETLK, F_SETPIPE_SZ };
	const struct node *node;
	int fd = any_fd(&node);
	int command = commands[below(sizeof(commands) / sizeof(commands[0]))];

	switch (command) {
	case F_SETOWN: CALL(fcntl, fd, command, getpid()); break;
	case F_SETSIG: CALL(fcntl, fd, command, chance(50) ? SIGUSR1 : 0); break;
	case F_SETFL:
		CALL(fcntl, fd, command, O_NONBLOCK * below(2) | O_ASYNC * below(2));
		break;
	default: CALL(fcntl, fd, command, chance(50) ? odd_number() : (uintptr_t)odd_pointer(64));
	}
}

/* Whatever works on files. */
static void as_a_file(void)
{
	const struct node *node;
	int fd = any_fd(&node);
	char text[256] = "attack";

	switch (below(11)) {
	case 0: CALL(ftruncate, fd, odd_number()); break;
	case 1: CALL(fallocate, fd, below(64), odd_number(), odd_number()); break;
	case 2: CALL(fadvise64, fd, odd_number(), odd_number(), below(8)); break;
	case 3: CALL(fsync, fd); break;
	case 4: CALL(sync_file_range, fd, odd_number(), odd_number(), below(8)); break;
	case 5: CALL(flock, fd, below(16) | LOCK_NB); break;
	case 6: CALL(fchmod, fd, below(01000)); break;
	case 7: CALL(fsetxattr, fd, "user.attack", text, below(sizeof(text)), 0); break;
	case 8: CALL(flistxattr, fd, odd_pointer(256), below(256)); break;
	case 9: CALL(readahead, fd, odd_number(), odd_size()); break;
	default: CALL(statx, fd, "", AT_EMPTY_PATH, below(1 << 13), odd_pointer(256));
	}
}

static void watch(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | (chance(50) ? EPOLLET : 0) };
	struct { int fd; short events, revents; } polls[8];
	struct timespec none = { 0 };
	const struct node *node;
	int epoll = pick_fd(PLAIN);

	if (chance(20))
		keep_fd((int)CALL(epoll_create1, EPOLL_CLOEXEC), PLAIN, NULL);
	CALL(epoll_ctl, epoll, 1 + below(3), any_fd(&node), &event);
	for (unsigned int i = 0; i < 8; i++)
		polls[i].fd = any_fd(&node), polls[i].events = (short)rnd();
	CALL(ppoll, polls, 8, &none, NULL, 8);
}

/* ---- over sockets ---- */

static void send_fd(int sock, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	CALL(sendmsg, sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void pass_to_outsider(void)
{
	const struct node *node;
	int fd = any_fd(&node);

	if (fd >= 0)
		send_fd(outsider_sock, fd);
}

/* Sent, and never received: or received by chance from those who kept the sockets. */
static void leave_in_flight(void)
{
	const struct node *node;
	int socks[2] = { -1, -1 };

	if (CALL(socketpair, AF_UNIX, SOCK_DGRAM, 0, socks))
		return;
	for (unsigned int i = 1 + below(6); i; i--)
		send_fd(socks[0], any_fd(&node));
	/* A cycle, too. */
	if (chance(30))
		send_fd(socks[0], socks[1]);
	if (chance(30))
		keep_fd(socks[1], PLAIN, NULL);
	else
		CALL(close, socks[1]);
	CALL(close, socks[0]);
}

static void open_anew(void)
{
	const struct node *node;
	int fd = any_fd(&node);
	char path[64] = "/proc/self/fd/";
	unsigned int at = (unsigned int)strlen(path);

	if (fd < 0)
		return;
	if (fd >= 100)
		path[at++] = (char)('0' + fd / 100 % 10);
	if (fd >= 10)
		path[at++] = (char)('0' + fd / 10 % 10);
	path[at] = (char)('0' + fd % 10);
	keep_fd((int)CALL(openat, AT_FDCWD, path, O_RDWR), ANYTHING, node);
}

/* ---- processes ---- */

void child_begin(uint64_t seed)
{
	actor_start(seed);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned int i = 0; i < BOARD_PIDS; i++) {
		pid_t none = 0;

		if (atomic_compare_exchange_strong(&board->pids[i], &none, getpid()))
			break;
	}
}

void forget_child(pid_t child)
{
	for (unsigned int i = 0; i < BOARD_PIDS; i++)
		if (board->pids[i] == child)
			board->pids[i] = 0;
}

/* Children end by themselves; some are killed instead. */
static void end_child(pid_t child)
{
	if (child <= 0)
		return;
	if (chance(40))
		usleep(below(5000));
	if (chance(40))
		CALL(kill, child, SIGKILL);
	for (unsigned int i = 0; i < 100; i++) {
		if (CALL(wait4, child, NULL, WNOHANG, NULL))
			break;
		usleep(2000);
	}
	CALL(kill, child, SIGKILL);
	waitpid(child, NULL, 0);
	forget_child(child);
}

/* A child that attacks a little, in @namespaces of its own. */
static void fork_to_attack(int namespaces, unsigned int ops)
{
	uint64_t seed = rnd();
	pid_t child = fork();

	if (child) {
		end_child(child);
		return;
	}
	child_begin(seed);
	if (namespaces)
		CALL(unshare, namespaces);
	while (ops--)
		attack_once();
	_exit(0);
}

static void fork_one(void)
{
	fork_to_attack(0, below(40));
}

static void new_namespace(void)
{
	fork_to_attack(CLONE_NEWUSER | (chance(50) ? CLONE_NEWNET : 0) |
		       (chance(50) ? CLONE_NEWNS : 0) | (chance(50) ? CLONE_NEWIPC : 0), below(60));
}

/* Shares memory, or files, or both with its parent, but is a process. */
static int shared_child(void *arg)
{
	struct range part = *(struct range *)arg;
	const struct node *node;

	/* No thread-local data of its own: system calls only. */
	syscall(SYS_madvise, part.addr, part.len, MADV_DONTNEED);
	syscall(SYS_madvise, part.addr, part.len, 11);	/* DOFORK */
	syscall(SYS_close, any_fd(&node));
	syscall(SYS_munmap, part.addr, part.len);
	syscall(SYS_exit, 0);
	return 0;
}

/* Runs @child in a process that shares what @flags say. */
static void clone_and_end(int (*child)(void *arg), int flags, void *arg)
{
	static _Alignas(16) char stacks[4][16384];
	char *stack = stacks[below(4)] + sizeof(stacks[0]);

	end_child(clone(child, stack, flags | SIGCHLD, arg));
}

static void clone_one(void)
{
	struct range part = pick_part();
	int flags = (chance(70) ? CLONE_VM : 0) | (chance(50) ? CLONE_FILES : 0) |
		    (chance(20) ? CLONE_FS : 0) | (chance(20) ? CLONE_VFORK : 0);

	if (is_in_arena(part.addr))
		clone_and_end(shared_child, flags, &part);
}

static int exec_child(void *unused)
{
	static char name[] = "attacker", held[] = "--held";
	char *const argv[] = { name, held, NULL }, *const envp[] = { NULL };

	(void)unused;
	syscall(SYS_execve, "/proc/self/exe", argv, envp);
	syscall(SYS_exit, 1);
	return 0;
}

/* As vfork() does it, or fork(). */
static void exec_one(void)
{
	clone_and_end(exec_child, chance(50) ? CLONE_VM | CLONE_VFORK : 0, NULL);
}

static void signal_other(void)
{
	static const int signals[] = { SIGSTOP, SIGCONT, SIGCONT, SIGCONT, SIGUSR1, SIGKILL };
	pid_t pid = board->pids[below(BOARD_PIDS)];

	if (pid > 1 && pid != getpid())
		CALL(kill, pid, signals[below(sizeof(signals) / sizeof(signals[0]))]);
}

static void take_from_other(void)
{
	pid_t pid = board->pids[below(BOARD_PIDS)];
	long fd, copy;

	if (pid <= 1)
		return;
	fd = CALL(pidfd_open, pid, 0);
	if (fd < 0)
		return;
	copy = CALL(pidfd_getfd, fd, 3 + below(60), 0);
	keep_fd((int)copy, ANYTHING, NULL);
	CALL(kcmp, getpid(), pid, below(8), copy, 3);
	CALL(close, fd);
}

const struct op fd_ops[] = {
	{ close_one, 140 }, { duplicate, 120 }, { control_fd, 80 }, { as_a_file, 60 }, { watch, 80 },
	{ pass_to_outsider, 80 }, { leave_in_flight, 50 }, { open_anew, 50 }, { fork_one, 10 },
	{ clone_one, 15 }, { exec_one, 3 }, { new_namespace, 3 }, { signal_other, 8 },
	{ take_from_other, 50 }, { 0 },
};
