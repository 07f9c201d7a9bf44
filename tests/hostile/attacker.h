/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An ordinary user who attacks the drivers of his own domain: what the parts share.
 *
 * The run is a sequence of rounds (attacker.c). In each, processes (attacker_round.c) hold
 * descriptors and mappings of all kinds in pools, and their threads do one operation after
 * the other on what they pick there: unsynchronized, so that calls meet each other in all
 * ways. All choices come from generators that are seeded from the run's seed, the round's
 * number and the thread's.
 *
 * A process that dies of what it does is nothing: the kernel has to stand it. What is wrong is
 * said by attack_report().
 */
#ifndef HOSTILE_ATTACKER_H
#define HOSTILE_ATTACKER_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "secrets.h"

#define ATTACK_PAGE	4096u

/* ---- what all processes of a round share ---- */

#define BOARD_KINDS	1024u	/* of calls: system calls, and behind them ioctls */
#define BOARD_IOCTLS	512u	/* where these begin; by the number in the command */
#define BOARD_PIDS	32u
#define BOARD_WINDOWS	32u
#define BOARD_ACTORS	64u
#define BOARD_TRACE	16u	/* last calls of each actor */

struct board_call {
	const char *name;
	long args[6];
	long result;		/* BOARD_RUNNING: in it */
};

#define BOARD_RUNNING	(-99999l)

struct board_actor {
	_Atomic pid_t pid, tid;
	_Atomic unsigned int calls;
	bool patient;		/* its calls may take long */
	struct board_call last[BOARD_TRACE];
};

struct board {
	_Atomic uint64_t calls[BOARD_KINDS], failed[BOARD_KINDS];
	_Atomic int errors[BOARD_KINDS];	/* the last one of each */
	const char *names[BOARD_KINDS];
	_Atomic uint64_t windows;	/* that were mapped */
	_Atomic uint64_t asked, given;	/* buffers, of a server of ours */
	_Atomic pid_t pids[BOARD_PIDS];
	struct {
		_Atomic pid_t pid;
		uid_t uid;
		char *_Atomic addr;
	} shown[BOARD_WINDOWS];		/* windows of some process, for all others */
	_Atomic unsigned int next_actor, next_shown;
	struct board_actor actors[BOARD_ACTORS];
	_Atomic unsigned int reports;
	char report[512];		/* the first of them */
};

extern struct board *board;

struct attack_options {
	bool trace;		/* print each call before it is done */
	unsigned int areas;	/* bits of those to attack */
	uint32_t cids[8];	/* to attack over sockets */
	unsigned int nr_cids;
	const char *const *near;	/* names of nodes that honest processes use, too */
	unsigned int nr_near;
	/*
	 * Linux 6.12 leaves a writable mapping behind for each ring of buffers that io_uring had in a
	 * process's memory; the pages are used for other things, and a PV domain breaks.
	 */
	bool no_buffer_rings;
};

extern struct attack_options attack;

/* What no local process may bring about; ends the run. */
void attack_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- a thread that attacks ---- */

struct actor {
	uint64_t random;
	struct board_actor *board;
	sigjmp_buf guard;
	volatile bool guarded;
};

extern __thread struct actor actor;

/* Makes the calling thread an actor. */
void actor_start(uint64_t seed);
uint64_t rnd(void);
uint32_t below(uint32_t limit);
bool chance(unsigned int percent);
/* A number as programmers forget it: around powers of two, 0, the largest. */
uint64_t odd_number(void);
/* 1 to 131072, small ones more often. */
size_t odd_size(void);

/* A system call, counted and noted: CALL(madvise, addr, len, advice). The result of syscall(2). */
long traced_call(const char *name, long number, const long args[6]);
#define CALL(name, ...) \
	traced_call(#name, SYS_##name, (const long[6]){ CALL_ARGS(__VA_ARGS__) })
#define ASK(fd, number, args) \
	traced_call(#number, SYS_ioctl, (const long[6]){ (long)(fd), (long)(number), (long)(args) })
#ifdef __x86_64__
#define SYS_ioctl_of_32_bits	511	/* no call of the kernel's: ioctl() by int $0x80 */
#endif
#define CALL0(name)		traced_call(#name, SYS_##name, (const long[6]){ 0 })
#define CALL_ARGS(...)		CALL_ARGS_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_ARGS_(a, b, c, d, e, f, ...) \
	(long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)

/* Runs @access with @arg; memory that is not there only ends that. */
void guarded(void (*access)(void *arg), void *arg);

/* ---- descriptors ---- */

enum what {
	ANYTHING,
	VRPQ_FRESH, VRPQ_SESSION, VRPQ_CHAN,
	VUMEM_FRESH, VUMEM_SESSION, VUMEM_BUFFER, VUMEM_SERVER,
	PIPE_NODE, SOCKET, PLAIN,
	NR_WHATS
};

enum role { VRPQ_CLT, VRPQ_SRV, VUMEM_CLT, VUMEM_SRV, VBPIPE };

struct node {
	char path[64];
	enum role role;
	bool near;
};

void nodes_find(void);
/* A random one of the role; NULL: there is none. */
const struct node *node_of(enum role role);
const struct node *node_any(void);

/* Keeps a descriptor in place of another, which is closed. */
void keep_fd(int fd, enum what what, const struct node *node);
/* One that may be closed meanwhile; -1: none. Rarely it is something else. */
int pick_fd(enum what what);
/* The same, surely; and its node. */
int pick_fd_on(enum what what, const struct node **node);
void forget_fd(int fd);
/* Takes all from the pool of a child that is to live with nothing. */
void forget_all_fds(void);

/* ---- memory ---- */

enum memory { MEMORY, WINDOW };

struct range {
	char *addr;
	size_t len;
};

void memory_init(void);
/* A place for a mapping, aligned to pages, with room for ARENA_SLOT less some pages. */
#define ARENA_SLOT	(4u << 20)
char *arena_place(void);
bool is_in_arena(const char *addr);
void keep_range(enum memory kind, void *addr, size_t len);
struct range pick_range(enum memory kind);
/* Mostly a part of a window or of other memory; rarely beyond its end, or not aligned. */
struct range pick_part(void);
/* An address with @len bytes, good or bad in any way. */
void *odd_pointer(size_t len);
/* Looks at, or writes to, the pages of a range. */
void touch(struct range range, bool write);
/* mmap()s a descriptor as it should be, keeps it, and shows it to the other processes. */
void map_window(int fd, size_t len);

/* ---- areas ---- */

struct op {
	void (*run)(void);
	unsigned int weight;
};

#define AREAS(do)	do(map) do(ioctl) do(fd) do(memory) do(socket) do(limit) do(race) do(hoard)

#define AREA_OPS(name)	extern const struct op name##_ops[];
AREAS(AREA_OPS)
#undef AREA_OPS
enum area {
#define AREA_NUMBER(name) AREA_##name,
	AREAS(AREA_NUMBER)
#undef AREA_NUMBER
	AREA_COUNT
};

/* Does one operation of the areas that are to be attacked. */
void attack_once(void);
void ops_init(void);

/* ---- those who make what is attacked ---- */

/* Threads of a process: never return. */
void make_vrpq(void);
void make_vumem_client(void);
void serve_vumem(void);

/* Ports of VRPQ on which the attackers of both ends meet; honest programs use others. */
#define ATTACK_PORT	100u	/* makers */
#define ATTACK_PORTS	2u	/* all others */

/* ---- processes ---- */

/* Everything that happens in a round, until it is killed. @passed: a socket to the outsider. */
void round_run(uint64_t seed, int passed) __attribute__((noreturn));
/* A process of a user who may open no node: gets descriptors over @passed. */
void outsider_run(uint64_t seed, int passed) __attribute__((noreturn));
/* Starts threads that attack; @makers: and those who make objects. */
void threads_start(uint64_t seed, unsigned int nr, bool makers);
/* The socket over which descriptors go to the outsider. */
extern int outsider_sock;
/* A child that attacks a little and ends. */
void child_begin(uint64_t seed);
/* Its parent: it has ended. */
void forget_child(pid_t child);

#endif
