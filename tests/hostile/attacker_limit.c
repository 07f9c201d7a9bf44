// SPDX-License-Identifier: LGPL-2.1-or-later
/* Limits that are reached, races for one object, and hoards. */
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <vlink/vrpq_ioctl.h>
#include <vlink/vumem_ioctl.h>

/* ---- limits ---- */

static void limit_for_a_while(int resource, rlim_t value, unsigned int ops)
{
	struct rlimit limit, old;

	if (getrlimit((__rlimit_resource_t)resource, &old))
		return;
	limit = old;
	limit.rlim_cur = value < old.rlim_max ? value : old.rlim_max;
	CALL(prlimit64, 0, resource, &limit, NULL);
	while (ops--)
		attack_once();
	CALL(prlimit64, 0, resource, &old, NULL);
}

static void with_limits(void)
{
	switch (below(5)) {
	case 0: limit_for_a_while(RLIMIT_MEMLOCK, below(64) * ATTACK_PAGE, below(40)); break;
	case 1: limit_for_a_while(RLIMIT_NOFILE, 8 + below(64), below(40)); break;
	case 2: limit_for_a_while(RLIMIT_AS, (32u + below(128)) << 20, below(20)); break;
	case 3: limit_for_a_while(RLIMIT_DATA, (rlim_t)below(16) << 20, below(20)); break;
	default: limit_for_a_while(RLIMIT_FSIZE, below(8192), below(20));
	}
}

const struct op limit_ops[] = { { with_limits, 1 }, { 0 } };

/* ---- races ---- */

/* What two threads do to one descriptor at the same time. */
struct contest {
	int fd;
	uint64_t random;
	size_t len;
};

static void *map_and_look(void *arg)
{
	struct contest *contest = arg;

	actor_start(contest->random);
	for (unsigned int i = 0; i < 40; i++) {
		char *place = arena_place();
		long addr = CALL(mmap, place, contest->len, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED, contest->fd, 0);

		if (addr == -1)
			break;
		touch((struct range){ place, contest->len }, false);
		if (chance(30))
			touch((struct range){ place, contest->len }, true);
		if (chance(70))
			CALL(munmap, place, contest->len);
		else
			keep_range(WINDOW, place, contest->len);
	}
	return NULL;
}

static void end_object(enum what what, int fd)
{
	struct vrpq_trim_args trim = { .zone = below(3) };

	usleep(below(3000));
	if (what == VUMEM_BUFFER && chance(70))
		ASK(fd, VUMEM_IOC_FREE, 0);
	else if (what == VRPQ_SESSION && chance(50))
		ASK(fd, VRPQ_IOC_TRIM, &trim);
	else if (fd > STDERR_FILENO)
		CALL(close, fd);
}

static void map_against_end(void)
{
	enum what what = chance(70) ? VUMEM_BUFFER : VRPQ_SESSION;
	const struct node *node;
	struct contest contest = { .fd = pick_fd_on(what, &node), .random = rnd() };
	struct vumem_buffer_args buffer = { 0 };
	pthread_t thread;

	if (contest.fd < 0)
		return;
	contest.len = (1 + below(64)) * ATTACK_PAGE;
	if (what == VUMEM_BUFFER && !ASK(contest.fd, VUMEM_IOC_BUFFER, &buffer))
		contest.len = buffer.bytes;
	if (!contest.len || contest.len > ARENA_SLOT ||
	    pthread_create(&thread, NULL, map_and_look, &contest))
		return;
	end_object(what, contest.fd);
	pthread_join(thread, NULL);
}

static void *call_again(void *arg)
{
	struct contest *contest = arg;

	actor_start(contest->random);
	for (unsigned int i = 0; i < 30; i++)
		attack_once();
	return NULL;
}

static void close_against_calls(void)
{
	struct contest contest = { .random = rnd() };
	const struct node *node;
	pthread_t thread;

	if (pthread_create(&thread, NULL, call_again, &contest))
		return;
	for (unsigned int i = 0; i < 20; i++) {
		int fd = pick_fd_on(1 + below(8), &node);

		if (fd > STDERR_FILENO)
			CALL(close, fd);
		usleep(below(500));
	}
	pthread_join(thread, NULL);
}

const struct op race_ops[] = { { map_against_end, 5 }, { close_against_calls, 1 }, { 0 } };

/* ---- hoards ---- */

#define HOARD_OPEN	2000u
#define HOARD_SOCKETS	(1u << 24)	/* bytes that they are given */

static void hoard_nodes(void)
{
	const struct node *node = node_any();

	for (unsigned int i = 0; node && i < HOARD_OPEN; i++)
		if (CALL(openat, AT_FDCWD, node->path, O_RDWR | O_NONBLOCK) < 0)
			break;
}

static void hoard_buffers(void)
{
	struct vumem_session_args none = { 0 };
	const struct node *node = node_of(VUMEM_CLT);
	long session = node ? CALL(openat, AT_FDCWD, node->path, O_RDWR) : -1;

	if (session < 0 || ASK(session, VUMEM_IOC_SESSION_CREATE, &none))
		return;
	for (unsigned int i = 0; i < HOARD_OPEN; i++) {
		struct vumem_alloc_args args = { .fd = -1 };

		if (ASK(session, VUMEM_IOC_ALLOC, &args))
			break;
		/* Each mapping costs entries of the domain's table of mapped grants. */
		for (unsigned int k = 0; k < 8; k++) {
			long addr = CALL(mmap, NULL, args.bytes, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_POPULATE, args.fd, 0);

			if (addr == -1)
				break;
		}
	}
}

static void hoard_sessions(void)
{
	const struct node *node = node_of(chance(50) ? VRPQ_CLT : VRPQ_SRV);

	for (unsigned int i = 0; node && i < HOARD_OPEN; i++) {
		struct vrpq_session_args args = { .port = ATTACK_PORT + below(ATTACK_PORTS) };
		struct vrpq_grow_args grow = { .want = 0xffff, .min = 0 };
		long fd = CALL(openat, AT_FDCWD, node->path, O_RDWR);

		if (fd < 0 || (node->role == VRPQ_CLT ? ASK(fd, VRPQ_IOC_SESSION_CREATE, &args) :
							ASK(fd, VRPQ_IOC_SESSION_ACCEPT, &args)))
			break;
		for (grow.zone = 0; grow.zone < 3; grow.zone++)
			ASK(fd, VRPQ_IOC_GROW, &grow);
	}
}

static void hoard_sockets(void)
{
	static char data[65536];
	struct sockaddr_vm address = { .svm_family = AF_VSOCK };
	size_t sent = 0;

	for (unsigned int i = 0; attack.nr_cids && i < HOARD_OPEN; i++) {
		long fd = CALL(socket, AF_VSOCK, chance(80) ? SOCK_STREAM : SOCK_DGRAM, 0), n;

		if (fd < 0)
			break;
		address.svm_cid = attack.cids[below(attack.nr_cids)];
		address.svm_port = 5000 + below(6);
		CALL(connect, fd, &address, sizeof(address));
		while (sent < HOARD_SOCKETS) {
			n = CALL(sendto, fd, data, sizeof(data), MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
			if (n <= 0)
				break;
			sent += (size_t)n;
		}
	}
}

static void hoard_calls(void)
{
	for (unsigned int i = 0; i < 500; i++)
		attack_once();
}

/* A process that takes what it gets, keeps it for a while, and is killed. */
static void hoard(void)
{
	static void (*const hoards[])(void) = { hoard_nodes, hoard_buffers, hoard_sessions,
						hoard_sockets, hoard_calls };
	struct rlimit files = { HOARD_OPEN, HOARD_OPEN };
	unsigned int which = below(sizeof(hoards) / sizeof(hoards[0]));
	unsigned int nap = below(300000);
	uint64_t seed = rnd();
	pid_t child = fork();

	if (child < 0)
		return;
	if (!child) {
		child_begin(seed);
		forget_all_fds();
		setrlimit(RLIMIT_NOFILE, &files);
		hoards[which]();
		usleep(nap);
		_exit(0);
	}
	for (unsigned int i = 0; i < 100 + nap / 10000; i++) {
		if (waitpid(child, NULL, WNOHANG))
			return;
		usleep(10000);
	}
	CALL(kill, child, SIGKILL);
	waitpid(child, NULL, 0);
}

const struct op hoard_ops[] = { { hoard, 1 }, { 0 } };
