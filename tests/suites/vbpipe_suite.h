/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The VBPIPE suite: one end of several links in this domain, the agent at the
 * other end. Options (--set):
 *
 *	prefix=P	node names are /dev/P followed by the names below
 *	role=R		which end this is, "server" or "client"
 *	minor=N		the minor number that one link asks for (9)
 *
 * The links, by what stands behind the prefix, and the info of their ends:
 *
 *	ctl	a		for the agent
 *	def	(nothing)	everything by default
 *	avail	a		reads return what there is
 *	big	;64K;;wakeup=60000	a ring of 64 KiB, header included, and arrivals keep awake
 *	tiny	;64		a ring of 64 bytes, header included
 *	mixed	server a;8K, client ;32K
 *	poll	;;;poll=1000	readers look before they sleep
 *	odd	x;12Q with the name
 *
 * and one without a name, info ;;N, whose node is /dev/vbpipeN.
 */
#ifndef SUITES_VBPIPE_SUITE_H
#define SUITES_VBPIPE_SUITE_H

#include "agent.h"
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#define SIZE_DEFAULT	4096	/* ring memory when info says nothing */
#define RING_HEADER	16	/* what a size includes beside the ring */

extern const struct suite_test open_tests[], close_tests[], read_tests[], write_tests[],
	poll_tests[], file_tests[], concurrent_tests[], kill_tests[], info_tests[], stats_tests[],
	data_tests[], polling_tests[];

/* The agent at the other end; connects at the first use. */
struct agent *peer(void);
/* Leaves the session: the agent's end of everything closes. */
void peer_leave(void);
void close_session(void);

bool is_server(void);

/* The path of a link's node; valid until the fourth call after. A path is itself. */
const char *node(const char *name);
const char *numbered_node(void);

/* Both ends of an open link. */
struct pair {
	const char *name;
	int fd;		/* here */
	int peer_fd;	/* the agent's */
};

struct pair pair_open(const char *name);
struct pair pair_open_flags(const char *name, int flags, int peer_flags);
void pair_close(struct pair *pair);

/* Fails the test when not all bytes are written, or read and right. */
void send_all(int fd, size_t count, uint64_t seed, uint64_t offset);
void receive_all(int fd, size_t count, uint64_t seed, uint64_t offset);
void peer_send(struct pair *pair, size_t count, uint64_t seed, uint64_t offset);
void peer_receive(struct pair *pair, size_t count, uint64_t seed, uint64_t offset);

/* One read, with its bytes checked: the count, or -1 with errno (EBADMSG: wrong bytes). */
ssize_t read_checked(int fd, size_t count, uint64_t seed, uint64_t offset);

/* How much the empty ring towards the peer takes; leaves it full. */
size_t fill_ring(int fd, uint64_t seed);
/* The same, of the pattern from @offset on. */
size_t fill_ring_from(int fd, uint64_t seed, uint64_t offset);

/* An address of a page that nobody may touch. */
void *no_access(void);

void set_nonblock(int fd, bool nonblock);
short poll_now(int fd, short events);

/* ---- a call in a thread of its own ---- */

enum call_kind { CALL_OPEN, CALL_READ, CALL_WRITE, CALL_POLL };

struct call {
	enum call_kind kind;
	int fd, flags;	/* flags: open's, or poll's events */
	size_t count;
	uint64_t seed, offset;	/* written; and compared with what is read */
	char path[AGENT_PATH_MAX];
	pthread_t thread;
	pid_t tid;
	_Atomic int phase;
	ssize_t value;
	int error;
};

void call_open(struct call *call, const char *path, int flags);
void call_read(struct call *call, int fd, size_t count, uint64_t seed, uint64_t offset);
void call_write(struct call *call, int fd, size_t count, uint64_t seed, uint64_t offset);
void call_poll(struct call *call, int fd, short events);

/* Whether it sleeps in the kernel, and still does so a moment later. */
bool call_blocks(struct call *call);
/* Whether it has returned. */
bool call_returned(struct call *call);
/* Waits for its return; fails the test when that takes more than ten seconds. */
ssize_t call_finish(struct call *call);
void call_signal(struct call *call, bool restart);
/* The same of a call of the agent. */
bool peer_call_blocks(uint32_t ticket);
/* Whether it goes on, in whatever way it waits. */
bool peer_call_lasts(uint32_t ticket);

/* ---- a call in a process of its own ---- */

struct child {
	pid_t pid;
	_Atomic int *phase;	/* shared with it */
};

/* Runs @body in a child, which announces its blocking call with @enter. */
struct child child_start(void (*body)(void *argument, _Atomic int *phase), void *argument);
bool child_blocks(struct child *child);
/* Kills it and tells after how many ms it was gone. */
long child_kill(struct child *child);
/* Waits for its end: its exit status, or -1 when a signal ended it. */
int child_finish(struct child *child);

#endif
