/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What processes may do with mappings, how many they may have, and what is in them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "vma.h"
#include "vumem_suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PEERS_MAX	127
#define LARGE		(8 * MIB)
#define USER		54321
#define SHOWS_ZEROS	(-2)

static int buffer_fd(VumemBufferHandle buffer)
{
	int fd = -1;

	SUITE_EQUAL(vumemBufferFd(buffer, &fd), 0);
	return fd;
}

static void *map_fd(int fd, size_t size, int prot)
{
	void *addr = mmap(NULL, size, prot, MAP_SHARED, fd, 0);

	return addr == MAP_FAILED ? NULL : addr;
}

static void no_call_copies_moves_or_drops_a_mapping(void)
{
	VumemSessionHandle session;
	const char *broken;
	void *addr;

	start_server(1);
	session = new_session();
	new_buffer(session, 4 * PAGE, &addr);
	SUITE_EQUAL(pattern_check(addr, 4 * PAGE, 1, 0), 0);
	broken = vma_misuse(addr, 4 * PAGE);
	if (broken)
		suite_fail("not so: %s", broken);
	SUITE_EQUAL(pattern_check(addr, 4 * PAGE, 1, 0), 0);
	end_session(session);
}

static void process_has_one_mapping_of_a_buffer(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer, second;
	void *addr, *other = NULL;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, 2 * PAGE, &addr);
	SUITE_EQUAL(vumemBufferFromFd(buffer_fd(buffer), &second), 0);
	SUITE_EQUAL(vumemBufferMap(second, &other), EBUSY);
	CU_ASSERT_PTR_NULL(map_fd(buffer_fd(buffer), 2 * PAGE, PROT_READ));
	SUITE_EQUAL(errno, EBUSY);
	/* Another process has its own. */
	SUITE_EQUAL(vma_access_signal(buffer_fd(buffer), 2 * PAGE, PROT_READ, 0), 0);
	SUITE_EQUAL(vumemBufferUnmap(buffer), 0);
	SUITE_EQUAL(vumemBufferMap(second, &other), 0);
	SUITE_EQUAL(pattern_check(other, 2 * PAGE, 1, 0), 0);
	SUITE_EQUAL(vumemBufferMap(buffer, &addr), EBUSY);
	SUITE_EQUAL(vumemBufferFree(second), 0);
	end_session(session);
}

static void protections_hold_for_processes(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	void *addr;
	int fd;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, 4 * PAGE, NULL);
	fd = buffer_fd(buffer);
	SUITE_EQUAL(vma_access_signal(fd, 4 * PAGE, PROT_READ, 0), 0);
	SUITE_EQUAL(vma_access_signal(fd, 4 * PAGE, PROT_READ, 1), SIGSEGV);
	SUITE_EQUAL(vma_access_signal(fd, 4 * PAGE, PROT_NONE, 0), SIGSEGV);
	SUITE_EQUAL(vma_access_signal(fd, 4 * PAGE, PROT_NONE, 1), SIGSEGV);
	SUITE_EQUAL(vumemBufferMap(buffer, &addr), 0);
	SUITE_EQUAL(pattern_check(addr, 4 * PAGE, 1, 0), 0);
	SUITE_EQUAL(vumemBufferUnmap(buffer), 0);
	SUITE_EQUAL(vma_access_signal(fd, 4 * PAGE, PROT_READ | PROT_WRITE, 1), 0);
	SUITE_EQUAL(vumemBufferMap(buffer, &addr), 0);
	SUITE_EQUAL(*(volatile char *)addr, 1);
	end_session(session);
}

static void protections_hold_for_the_kernel(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	void *addr;
	int fds[2];

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, PAGE, NULL);
	addr = map_fd(buffer_fd(buffer), PAGE, PROT_READ);
	CU_ASSERT_PTR_NOT_NULL_FATAL(addr);
	SUITE_EQUAL(pipe(fds), 0);
	SUITE_EQUAL(write(fds[1], "abc", 3), 3);
	CU_ASSERT(read(fds[0], addr, 3) == -1 && errno == EFAULT);
	CU_ASSERT(vma_proc_mem(addr, 1));
	SUITE_EQUAL(pattern_check(addr, PAGE, 1, 0), 0);
	munmap(addr, PAGE);
	addr = map_fd(buffer_fd(buffer), PAGE, PROT_NONE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(addr);
	CU_ASSERT(vma_proc_mem(addr, 0));
	CU_ASSERT(vma_proc_mem(addr, 1));
	CU_ASSERT(write(fds[1], addr, 1) == -1 && errno == EFAULT);
	close(fds[0]);
	close(fds[1]);
	end_session(session);
}

/* ---- what is there after the end ---- */

static void write_after_the_end(int sock)
{
	int fd = hear_fd(sock);
	char *addr = map_fd(fd, 4 * PAGE, PROT_READ | PROT_WRITE);

	tell(sock, addr ? (int)pattern_check(addr, 4 * PAGE, 1, 0) : -1);
	hear(sock);
	tell(sock, is_zero(addr, 4 * PAGE));
	memset(addr, 0x22, 4 * PAGE);
	tell(sock, 0);
	hear(sock);
	tell(sock, addr[0] == 0x22 && addr[4 * PAGE - 1] == 0x22);
}

static void zeros_are_each_processes_own(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	struct peer peer;
	char *addr;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, 4 * PAGE, NULL);
	/* The handle's own mapping would end with it. */
	addr = map_fd(buffer_fd(buffer), 4 * PAGE, PROT_READ | PROT_WRITE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(addr);
	SUITE_EQUAL(pattern_check(addr, 4 * PAGE, 1, 0), 0);
	peer = peer_start(write_after_the_end);
	tell_fd(peer.sock, buffer_fd(buffer));
	SUITE_EQUAL(hear(peer.sock), 0);
	SUITE_EQUAL(vumemBufferFree(buffer), 0);
	tell(peer.sock, 0);
	SUITE_EQUAL(hear(peer.sock), 1);
	SUITE_EQUAL(hear(peer.sock), 0);
	/* What the other has written is not here, nor the reverse. */
	CU_ASSERT(is_zero(addr, 4 * PAGE));
	memset(addr, 0x11, 4 * PAGE);
	tell(peer.sock, 0);
	SUITE_EQUAL(hear(peer.sock), 1);
	SUITE_EQUAL(peer_wait(&peer), 0);
	SUITE_EQUAL(addr[0], 0x11);
	end_session(session);
}

struct race {
	pthread_barrier_t start;
	int fd;
	volatile char *addr;
};

static void *map_and_read(void *arg)
{
	struct race *race = arg;

	pthread_barrier_wait(&race->start);
	race->addr = map_fd(race->fd, 64 * PAGE, PROT_READ | PROT_WRITE);
	for (unsigned int i = 0; race->addr && i < 64; i++)
		(void)race->addr[i * PAGE];
	return NULL;
}

/* Whenever a free returns, no mapping shows the memory, also one that was just being made. */
static void free_waits_for_no_mmap(void)
{
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	struct race race;
	pthread_t thread;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		suite_skip("needs two processors");
	start_server(1);
	session = new_session();
	for (unsigned long i = option_number("races", 100); i; i--) {
		buffer = new_buffer(session, 64 * PAGE, NULL);
		race.fd = dup(buffer_fd(buffer));
		pthread_barrier_init(&race.start, NULL, 2);
		SUITE_EQUAL(pthread_create(&thread, NULL, map_and_read, &race), 0);
		pthread_barrier_wait(&race.start);
		for (unsigned long spin = i % 50 * 400; spin; spin--)
			__asm__ volatile("");
		SUITE_EQUAL(vumemBufferFree(buffer), 0);
		pthread_join(thread, NULL);
		pthread_barrier_destroy(&race.start);
		close(race.fd);
		if (!race.addr)
			continue;
		CU_ASSERT(is_zero((void *)race.addr, 64 * PAGE));
		munmap((void *)race.addr, 64 * PAGE);
	}
	end_session(session);
}

/* ---- bounds ---- */

/* Xen's tables of what a domain maps are filled by processes only where Xen makes their entries. */
static bool is_pv(void)
{
	char type[8] = "";
	FILE *file = fopen("/sys/hypervisor/guest_type", "re");

	if (!file)
		return false;
	(void)!fgets(type, sizeof(type), file);
	fclose(file);
	return !strcmp(type, "PV\n");
}

static void map_as_user(int sock)
{
	int fd = hear_fd(sock);

	if (setgid(USER) || setuid(USER))
		_exit(1);
	tell(sock, map_fd(fd, LARGE, PROT_READ | PROT_WRITE) ? 0 : errno);
	hear(sock);
}

static void on_bus_error(int signal)
{
	_exit(signal);
}

static void map_and_read_all(int sock)
{
	const int fd = hear_fd(sock);
	void *addr = map_fd(fd, LARGE, PROT_READ | PROT_WRITE);

	signal(SIGBUS, on_bus_error);
	if (!addr)
		_exit(1);
	tell(sock, pattern_check(addr, LARGE, 1, 0) ? SHOWS_ZEROS : 0);
	hear(sock);
}

/* Peers that map the buffer, up to @max or the first that cannot; its result in *last. */
static unsigned int start_mappers(struct peer *peers, unsigned int max, void (*run)(int sock),
				  VumemBufferHandle buffer, int *last)
{
	unsigned int n = 0;

	do {
		peers[n] = peer_start(run);
		tell_fd(peers[n].sock, buffer_fd(buffer));
		*last = hear(peers[n].sock);
	} while (++n < max && !*last);
	return n;
}

static void end_mappers(struct peer *peers, unsigned int n)
{
	while (n)
		peer_kill(&peers[--n]);
}

static void mappings_of_a_user_are_bounded(void)
{
	/* Five eighths of 1024 frames of 256 entries. */
	const unsigned int fit = is_pv() ? 1024 * 256 / 8 * 5 / (LARGE / PAGE) : PEERS_MAX;
	struct peer peers[PEERS_MAX], other;
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	unsigned int n;
	void *addr;
	int last;

	start_server(1);
	session = new_session();
	buffer = new_buffer(session, LARGE, NULL);
	n = start_mappers(peers, PEERS_MAX, map_as_user, buffer, &last);
	SUITE_EQUAL(last ? n - 1 : n, fit);
	SUITE_EQUAL(last, fit < PEERS_MAX ? ENOMEM : 0);
	/* Others are not concerned. */
	SUITE_EQUAL(vumemBufferMap(buffer, &addr), 0);
	SUITE_EQUAL(pattern_check(addr, LARGE, 1, 0), 0);
	end_mappers(peers, n);
	/* All that was taken is given back. */
	n = start_mappers(&other, 1, map_as_user, buffer, &last);
	SUITE_EQUAL(last, 0);
	end_mappers(&other, n);
	end_session(session);
}

/* This domain's maptrack table is smaller than its drivers know (vm3.conf). */
static void what_xen_cannot_map_is_no_zeros(void)
{
	struct peer peers[PEERS_MAX];
	VumemSessionHandle session;
	VumemBufferHandle buffer;
	unsigned int n;
	void *addr;
	int last;

	if (!is_pv())
		suite_skip("Xen makes no entries for processes here");
	start_server(1);
	session = new_session();
	buffer = new_buffer(session, LARGE, NULL);
	n = start_mappers(peers, 40, map_and_read_all, buffer, &last);
	SUITE_EQUAL(last, -1);	/* it died before it told */
	CU_ASSERT(n > 1);
	if (last == -1)
		SUITE_EQUAL(peer_wait(&peers[--n]), SIGBUS);
	end_mappers(peers, n);
	SUITE_EQUAL(vumemBufferMap(buffer, &addr), 0);
	SUITE_EQUAL(pattern_check(addr, LARGE, 1, 0), 0);
	end_session(session);
}

const struct suite_test vumem_vma_tests[] = {
	{ "no_call_copies_moves_or_drops_a_mapping", no_call_copies_moves_or_drops_a_mapping, 0 },
	{ "process_has_one_mapping_of_a_buffer", process_has_one_mapping_of_a_buffer, 0 },
	{ "protections_hold_for_processes", protections_hold_for_processes, 0 },
	{ "protections_hold_for_the_kernel", protections_hold_for_the_kernel, 0 },
	{ "zeros_are_each_processes_own", zeros_are_each_processes_own, 0 },
	{ "free_waits_for_no_mmap", free_waits_for_no_mmap, 0 },
	{ "mappings_of_a_user_are_bounded", mappings_of_a_user_are_bounded, 0 },
	{ "what_xen_cannot_map_is_no_zeros", what_xen_cannot_map_is_no_zeros, 0 },
	{ NULL, NULL, 0 },
};
