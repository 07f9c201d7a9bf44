// SPDX-License-Identifier: LGPL-2.1-or-later
/* Everything that can be asked of a mapping. */
#include "attacker.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

static int random_prot(void)
{
	return chance(60) ? PROT_READ | PROT_WRITE : (int)below(8) | (chance(3) ? PROT_GROWSDOWN : 0);
}

static int random_map_flags(void)
{
	static const int more[] = { MAP_POPULATE, MAP_LOCKED, MAP_NORESERVE, MAP_GROWSDOWN,
				    MAP_SYNC, MAP_STACK, MAP_NONBLOCK, MAP_HUGETLB };
	int flags = MAP_SHARED;

	if (chance(15))
		flags = chance(50) ? MAP_PRIVATE : MAP_SHARED_VALIDATE;
	for (unsigned int i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (chance(8))
			flags |= more[i];
	return flags;
}

static void map_something(void)
{
	enum what what = chance(60) ? VUMEM_BUFFER : chance(70) ? VRPQ_SESSION : ANYTHING;
	int flags = random_map_flags();
	size_t len = (1 + below(chance(80) ? 64 : 900)) * ATTACK_PAGE;
	off_t offset = chance(85) ? 0 : (off_t)(odd_number() * ATTACK_PAGE);
	int fd = pick_fd(what);
	void *addr;

	if (chance(10)) {
		flags |= MAP_ANONYMOUS;
		len = (1 + below(32)) * ATTACK_PAGE;
		fd = -1;
	}
	addr = (void *)CALL(mmap, arena_place(), len, random_prot(), flags | MAP_FIXED, fd, offset);
	if (addr == MAP_FAILED)
		return;
	keep_range(fd < 0 ? MEMORY : WINDOW, addr, len);
	if (fd >= 0)
		atomic_fetch_add(&board->windows, 1);
}

static void unmap_part(void)
{
	struct range part = pick_part();

	CALL(munmap, part.addr, part.len);
}

static void move_mapping(void)
{
	struct range part = pick_part();
	int flags = (int)below(8);	/* MAYMOVE, FIXED, DONTUNMAP */
	size_t old = chance(15) ? 0 : part.len;
	size_t len = chance(60) ? part.len : (1 + below(64)) * ATTACK_PAGE;
	void *addr = (void *)CALL(mremap, part.addr, old, len, flags, arena_place());

	if (addr == MAP_FAILED)
		return;
	/* Where the kernel put it a library may come to stand next. */
	if (!is_in_arena(addr))
		CALL(munmap, addr, len);
	else
		keep_range(WINDOW, addr, len);
}

static void protect(void)
{
	struct range part = pick_part();

	if (chance(80))
		CALL(mprotect, part.addr, part.len, random_prot());
	else
		CALL(pkey_mprotect, part.addr, part.len, random_prot(),
		     chance(50) ? -1 : CALL(pkey_alloc, 0, below(4)));
}

static int random_advice(void)
{
	static const int rare[] = { 100, 101, 102, 103, -1, 1000 };

	return chance(95) ? (int)below(26) : rare[below(sizeof(rare) / sizeof(rare[0]))];
}

static void advise(void)
{
	struct range part = pick_part();

	CALL(madvise, part.addr, part.len, random_advice());
}

/* What is advised for a whole window decides about what a child has of it. */
static void advise_and_fork(void)
{
	struct range range = pick_range(WINDOW);
	uint64_t seed = rnd();
	pid_t child;

	for (unsigned int i = 1 + below(8); i; i--)
		CALL(madvise, range.addr, range.len, random_advice());
	child = fork();
	if (child > 0)
		waitpid(child, NULL, 0);
	if (child)
		return;
	child_begin(seed);
	touch(range, chance(50));
	CALL(munmap, range.addr, range.len / 2);
	_exit(0);
}

static void advise_process(void)
{
	/* COLD, PAGEOUT, WILLNEED, COLLAPSE: what may be advised from outside */
	static const int of_others[] = { 20, 21, 3, 25 };
	pid_t pid = chance(50) ? getpid() : board->pids[below(BOARD_PIDS)];
	struct range parts[4];
	long fd;

	for (unsigned int i = 0; i < 4; i++)
		parts[i] = pick_part();
	fd = CALL(pidfd_open, pid, 0);
	if (fd < 0)
		return;
	/* struct range has the layout of struct iovec. */
	CALL(process_madvise, fd, parts, 1 + below(4),
	     chance(20) ? random_advice() : of_others[below(4)], 0);
	CALL(close, fd);
}

/* A killed process loses its memory to whoever asks for it, while it still uses that. */
static void reap_child(void)
{
	uint64_t seed = rnd();
	pid_t child = fork();
	long fd;

	if (child < 0)
		return;
	if (!child) {
		child_begin(seed);
		map_window(pick_fd(VUMEM_BUFFER), (1 + below(16)) * ATTACK_PAGE);
		for (;;)
			attack_once();
	}
	fd = CALL(pidfd_open, child, 0);
	usleep(below(20000));
	CALL(kill, child, SIGKILL);
	for (unsigned int i = 1 + below(4); i; i--)
		CALL(process_mrelease, fd, chance(95) ? 0 : odd_number());
	if (fd >= 0)
		CALL(close, fd);
	waitpid(child, NULL, 0);
	forget_child(child);
}

/* In place of a window, or of a part of it. */
static void attach_segment(void)
{
	struct range part = pick_part();
	long id = CALL(shmget, IPC_PRIVATE, (1 + below(16)) * ATTACK_PAGE, 0600);
	char *place = (char *)((uintptr_t)part.addr & ~(uintptr_t)(ATTACK_PAGE - 1));

	if (id < 0)
		return;
	if (is_in_arena(place))
		CALL(shmat, id, place, SHM_REMAP | (chance(20) ? SHM_RDONLY : 0));
	CALL(shmctl, id, IPC_RMID, 0);
	if (chance(30))
		CALL(shmdt, place);
}

/* What may be read may be executed, too: that a window must refuse. */
static void map_executable(void)
{
	CALL(personality, READ_IMPLIES_EXEC);
	map_window(pick_fd(chance(50) ? VUMEM_BUFFER : VRPQ_SESSION), (1 + below(16)) * ATTACK_PAGE);
	CALL(personality, PER_LINUX);
}

static void lock_memory(void)
{
	struct range part = pick_part();

	switch (below(6)) {
	case 0: CALL(mlock, part.addr, part.len); break;
	case 1: CALL(mlock2, part.addr, part.len, below(3)); break;
	case 2: CALL(munlock, part.addr, part.len); break;
	case 3: CALL(mlockall, 1 + below(7)); break;
	default: CALL0(munlockall);
	}
}

static void sync_memory(void)
{
	struct range part = pick_part();
	static unsigned char residence[ARENA_SLOT / ATTACK_PAGE + 64];

	switch (below(3)) {
	case 0: CALL(msync, part.addr, part.len, below(8)); break;
	case 1: CALL(mincore, part.addr, part.len, residence); break;
	default:
		CALL(remap_file_pages, part.addr, part.len, chance(50) ? 0 : random_prot(),
		     below(64), chance(80) ? 0 : MAP_NONBLOCK);
	}
}

static void set_policy(void)
{
	struct range part = pick_part();
	unsigned long mask = 1 + (chance(20) ? rnd() : 0);
	pid_t pid = chance(70) ? 0 : board->pids[below(BOARD_PIDS)];
	void *pages[8];
	int status[8], to[8] = { 0 };

	switch (below(5)) {
	case 0:
		CALL(mbind, part.addr, part.len, below(6), &mask, sizeof(mask) * 8, below(8));
		break;
	case 1:
		CALL(set_mempolicy, below(6), &mask, sizeof(mask) * 8);
		break;
	case 2:
		CALL(migrate_pages, pid, sizeof(mask) * 8, &mask, &mask);
		break;
	case 3:
		CALL(set_mempolicy_home_node, part.addr, part.len, below(2), 0);
		break;
	default:
		for (unsigned int i = 0; i < 8; i++)
			pages[i] = part.addr + (size_t)i * ATTACK_PAGE;
		CALL(move_pages, pid, 8, pages, chance(30) ? NULL : to, status, below(8));
	}
}

static void read_memory(void)
{
	touch(pick_part(), false);
}

static void write_memory(void)
{
	touch(pick_part(), true);
}

const struct op map_ops[] = {
	{ map_something, 16 }, { unmap_part, 8 }, { move_mapping, 10 }, { protect, 8 },
	{ advise, 25 }, { advise_process, 4 }, { advise_and_fork, 1 }, { lock_memory, 6 }, { sync_memory, 5 },
	{ set_policy, 4 }, { attach_segment, 2 }, { map_executable, 1 }, { reap_child, 1 },
	{ read_memory, 20 }, { write_memory, 12 }, { 0 },
};
