/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VRPQ at a distance: a test tells the processes at either end of a link what to
 * do, one call of libvrpq at a time.
 *
 * An end is a router with processes below it, which come into being when they
 * are first named. The router of the own domain is a child of the test, that of
 * the other domain the program vrpq_agent behind a control pipe. Every request is
 * executed by a thread of its own in its process, so that many may block at a time; each
 * has one reply, matched by @seq, also when its process dies (VQ_LOST). Sessions
 * and channels of a process are named by the numbers that their creation returned.
 *
 * When the control pipe ends, all processes of that end are killed.
 *
 * Parameters describe themselves (struct vq_head), so that the receiver checks
 * every byte without being told anything; the rest of the direct parameters and what
 * references refer to are patterns of @seed.
 */
#ifndef SUITES_VRPQ_REMOTE_H
#define SUITES_VRPQ_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VQ_DEVICE_MAX	40
#define VQ_PROCS_MAX	40	/* procedures named in a reply */
#define VQ_PROCESSES	24	/* below a router */
#define VQ_LOST		(-1000000)	/* result: the process, or the end, is no more */
#define VQ_BAD		(-1000001)	/* result: no such object or operation */

enum vq_op {
	VQ_PING = 1,		/* v0: process id, v1: domain id or -1 */
	VQ_KILL,		/* kills the process after @arg microseconds and waits for its end */
	VQ_DUMP,		/* prints where all threads of this end sleep */
	VQ_WAIT_END,		/* waits until it has ended by itself; v0: its wait status */
	VQ_WAIT_ASLEEP,		/* until request @arg of the process sleeps; EALREADY: it returned */
	VQ_INTERRUPT,		/* a signal for request @arg; flags 1: SA_RESTART */
	VQ_EXIT,		/* flags: VQ_EXIT_... */
	VQ_GIVE_UP_RIGHTS,	/* it goes on as the user who may nothing */
	VQ_STAT,		/* VRPQ_IOC_STAT of @device; v: see enum vq_stat_value */

	/* clients */
	VQ_SESSION_CREATE = 32,	/* arg: port, size: bytes of info of pattern seed; v0: object */
	VQ_SESSION_DESTROY,
	VQ_CHAN_CREATE,		/* object: session; size, seed: info; v0: object */
	VQ_CHAN_DESTROY,
	VQ_ALLOC,		/* parameters that are never posted; size, refs, ref_size */
	VQ_POST,		/* flags: VQ_NOTIFY, VQ_NULL; v1: failed in allocation */
	VQ_CALL,		/* v0: outputs that are not right, v1: outputs that are untouched */
	VQ_NOTIFY_NOW,
	VQ_STREAM,		/* count posts numbered from @number; arg: notify each so many;
				 * flags: VQ_CALLS for a call each; v0: done, v1: wrong outputs */
	VQ_HANDLE,		/* vrpqCallbackHandle; arg: value to return; flags: VQ_NEST:
				 * calls on the channel first; v0: wrong; procs[0] */
	VQ_PROF,		/* device, arg: command, count ids at procs; v: values */
	VQ_STRESS,		/* port arg, seed: sessions, channels, requests at random for ever */
	VQ_CROWD_OPEN,		/* arg: port; @count sessions with a channel each; v0: so many */
	VQ_CROWD_RUN,		/* on all of them at the same time, @count rounds of a post and a
				 * call with its parameters, one every @arg ms if that is not 0;
				 * v: enum vq_crowd */

	/* servers */
	VQ_SESSION_ACCEPT = 64,	/* arg: port, size: room for info; v0: object,
				 * v1: true length, v2: info wrong; flags VQ_NULL: no info */
	VQ_CLIENT_ID,		/* v0: vm, v1: application */
	VQ_SHM_MAP,
	VQ_CHAN_ACCEPT,		/* as SESSION_ACCEPT; object: session */
	VQ_RECEIVE,		/* count; v0: avail, v1: wrong parameters, procs, v2: null outs */
	VQ_ANSWER,		/* fills the outputs of the batch's last request; v0: outputs */
	VQ_SET_REASON,		/* arg */
	VQ_RESOLVE,		/* size: expects of reference arg of the last request;
				 * flags VQ_OUTPUT; v0: errors, v1: pointer is null */
	VQ_LOCAL_INFO,		/* v0, v1 */
	VQ_LOCAL_RECEIVE,	/* v0: wrong, v1: outputs filled; procs[0] */
	VQ_SERVE,		/* receives and answers until the end; v: enum vq_served */
	VQ_CALLBACK,		/* flags: VQ_ASYNC; parameters as of CALL */
	VQ_FORK_SERVE,		/* the same in a forked child, which accepts @count channels of
				 * session object; flags VQ_MAP_FIRST: maps before; v: sums */
	VQ_DAEMON,		/* arg: port; a process for each session, a thread for each
				 * channel, until interrupted or @count; v: see run_daemon() */
	VQ_CROWD_SERVE,		/* arg: port; accepts @count sessions with a channel each, and serves
				 * all until their ends; v: sums */
	VQ_SCRIBBLE,		/* count random writes into what is mapped of @device */
	VQ_MISUSE,		/* vma_misuse() of that; EPERM: it is possible */
};

enum vq_flag {
	VQ_NOTIFY = 1,		/* PostAndNotify */
	VQ_NULL = 2,		/* no parameters */
	VQ_CALLS = 4,
	VQ_NEST = 8,
	VQ_ASYNC = 16,
	VQ_MAP_FIRST = 32,
	VQ_OUTPUT = 64,
	VQ_PADDED = 128,	/* ref_size and out_size of allocations rounded up to 8 a piece */
	VQ_SHORT = 256,		/* sums of references allocated with are 0 */
	VQ_FOREIGN = 512,	/* POST: parameters of the channel @arg */
	VQ_ANY = 1024,		/* VRPQ_SESSION_ANY instead of the object */
};

enum vq_exit { VQ_EXIT_0, VQ_EXIT_ABORT, VQ_EXIT_SEGV };

enum vq_stat_value { VQ_SESSIONS, VQ_CHANNELS, VQ_REQS, VQ_PMEM, VQ_RING, VQ_QUARANTINED,
		     VQ_EVENTS };

enum vq_served { VQ_POSTS, VQ_CALLS_SERVED, VQ_WRONG, VQ_DISORDER, VQ_CRASHED };

/* Sums over a crowd's channels, or the longest time of all, in ms */
enum vq_crowd { VQ_CROWD_ROUNDS, VQ_CROWD_WRONG, VQ_CROWD_FAILED, VQ_CROWD_POST_MS, VQ_CROWD_CALL_MS,
		VQ_CROWD_LATE_POSTS, VQ_CROWD_LATE_CALLS };	/* that took more than a second */

/* Procedures; the group is ours. What SERVE does with them: */
#define VQ_GROUP	0x7651u
enum vq_procedure {
	VQ_PROC_PLAIN = 1,	/* checks, answers */
	VQ_PROC_REASON,		/* reason: head.number */
	VQ_PROC_NUMBERED,	/* head.number must be one more than before of head.thread */
	VQ_PROC_EXIT,		/* the server ends without an answer */
	VQ_PROC_CRASH,
	VQ_PROC_CALLBACK,	/* performs a synchronous callback, and takes its value as reason */
	VQ_PROC_SLOW,		/* answers after head.number microseconds */
};

#define VQ_PROC(function)	((VQ_GROUP << 16) | (uint32_t)(function))

/* The first bytes of direct parameters, as many as there are. */
struct vq_head {
	uint32_t seed;
	uint32_t size;		/* all direct parameters */
	uint32_t refs, ref_size;
	uint32_t outs, out_size;
	uint32_t thread, number;
};

struct vq_request {
	uint32_t seq, process, op;
	int32_t object;
	uint32_t proc, flags;
	uint32_t size, refs, ref_size, outs, out_size;
	uint32_t seed, thread, number, count;
	int32_t arg;
	uint32_t procs[VQ_PROCS_MAX];
	char device[VQ_DEVICE_MAX];
};

struct vq_reply {
	uint32_t seq;
	int32_t result;		/* what the function of the library returned */
	int64_t v[34];
	uint32_t procs[VQ_PROCS_MAX];
	uint32_t elapsed_ms, unused;
};

/* ---- an end ---- */

/* Serves what comes on @fd until its end; then kills its processes and exits. */
void vq_route(int fd) __attribute__((noreturn));

/* A process below the router; serves until the end of @fd. */
void vq_process(int fd) __attribute__((noreturn));

/* ---- the test's side ---- */

#define VQ_EARLY_MAX 96

struct vq_end {
	int fd;
	uint32_t next_seq;
	unsigned int nr_early;
	struct vq_reply early[VQ_EARLY_MAX];
};

/* Sends a request; returns its seq, by which the reply is asked for. */
uint32_t vq_start(struct vq_end *end, struct vq_request request);
struct vq_reply vq_finish(struct vq_end *end, uint32_t seq);
/* Whether the reply comes within @ms. */
bool vq_done(struct vq_end *end, uint32_t seq, int ms);

#endif
