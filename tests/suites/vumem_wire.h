/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VUMEM at a distance: what the suite tells the server at the other end.
 *
 * What is to be done with a buffer stands in the opaque part of the requests about it
 * (struct vu_order, struct vu_ctl). What is to be done with the server itself goes over a
 * control pipe to vumem_agent, of which the server is a child: one command, one
 * reply. When the pipe ends, the server is killed.
 */
#ifndef SUITES_VUMEM_WIRE_H
#define SUITES_VUMEM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- allocations ---- */

enum vu_kind {
	VU_LIBRARY = 1,		/* vumemServerMemAlloc */
	VU_MALLOC,		/* posix_memalign */
	VU_ANONYMOUS,		/* mmap, private */
	VU_SHARED,		/* mmap, shared */
	VU_MEMFD,
	VU_SHM,			/* a file in /dev/shm, or where there is none, in /tmp */
	VU_HUGE,		/* huge pages; answer VU_UNAVAILABLE if there are none */
	VU_GLOBAL,		/* an array of the program */
	VU_NOWHERE,		/* VUMEM_BUFFER_NO_VADDR */
	VU_DEVICE,		/* page frames without memory of the kernel */
	VU_MISALIGNED,
	VU_ABSENT,		/* an address where nothing is */
	VU_READ_ONLY,
	VU_RESERVED,		/* address space that is never touched */
	VU_KINDS,
};

#define VU_WRONG_ID	1u	/* answers with another id */
#define VU_BAD_RETVAL	2u	/* answers with a negative errno */
#define VU_RECEIVE	4u	/* receives before answering; .answer: what that returned */
#define VU_RESPOND	8u	/* answers twice; the second result is logged */

#define VU_UNAVAILABLE	77	/* errno of this meaning: the kernel has no such memory */

struct vu_order {
	uint32_t kind, flags, size, seed;
	uint32_t ret;
	int32_t answer;
	uint32_t echo[20];	/* the server returns the complement */
};

/* ---- VUMEM_CTL_REMOTE ---- */

enum vu_ctl_op {
	VU_CHECK = 1,		/* value: 0, or 1 + the first place where the memory is not pattern seed */
	VU_FILL,		/* with pattern seed */
	VU_PLANT,		/* fills all memory of the server that is no buffer with seed's lowest byte */
	VU_ECHO,
	VU_FAIL,		/* with errno value */
};

struct vu_ctl {
	uint32_t op, seed;
	int64_t value;
	uint32_t echo[28];
};

/* ---- the control pipe ---- */

enum vu_op {
	VU_START = 1,		/* args: threads, RLIMIT_MEMLOCK (0: none); result of vumemServerCreate */
	VU_KILL,		/* with signal 9, waits until it is gone */
	VU_STOP,		/* vumemServerDestroy; v0: what it returned, v1: threads that got EPIPE */
	VU_HOLD,		/* arg: bits of commands whose requests are kept, from now on */
	VU_AWAIT_HELD,		/* until so many are kept */
	VU_RELEASE,		/* all that are kept */
	VU_REFUSE,		/* args: command, errno for it, or VU_DESERT; 0: no longer */
	VU_COUNT,		/* arg: command; v0: how many such requests there were */
	VU_AWAIT_COUNT,		/* args: command, number: until there were so many */
	VU_AWAIT_FREED,		/* until there were as many frees as allocations */
	VU_ENTRY,		/* arg: number of the entry; v: cmd, vm, app, buffer, result, second */
	VU_STAT,		/* v: pinned pages, quarantined pages */
	VU_SECOND_SERVER,	/* vumemServerCreate of another process */
	VU_WARNINGS,		/* v0: lines that the library has printed */
	VU_AWAIT_BROKEN,	/* arg: until so many threads got EPIPE */
	VU_INTERRUPT,		/* a signal to a thread of the server; until one got EINTR */
};

#define VU_LOST		(-1000000)	/* result: there is no server */
#define VU_DESERT	0x80000000u	/* the thread ends without an answer */

struct vu_command {
	uint32_t op;
	uint32_t args[3];
};

struct vu_reply {
	int32_t result;
	uint32_t unused;
	int64_t v[8];
};

/* ---- what the agent and its server share ---- */

#define VU_LOG_MAX	65536
#define VU_PENDING	(-1)

struct vu_entry {
	uint32_t cmd, vm, app, buffer;
	_Atomic int32_t result;		/* of vumemRespond, VU_PENDING until then */
	_Atomic int32_t second;		/* of the second vumemRespond */
};

struct vu_shared {
	_Atomic uint32_t changes;	/* moves with everything here */
	_Atomic uint32_t created;	/* 1 + result of vumemServerCreate */
	_Atomic uint32_t stop;
	_Atomic uint32_t stopped;	/* 1 + result of vumemServerDestroy */
	_Atomic uint32_t broken;	/* threads that got EPIPE or EBADF */
	_Atomic uint32_t interrupted;	/* times that one got EINTR */
	_Atomic uint32_t hold, held, generation;
	_Atomic uint32_t refuse[8];
	_Atomic uint32_t nr_entries;
	struct vu_entry entries[VU_LOG_MAX];
};

void vu_changed(struct vu_shared *shared);
/* Waits until the changes are others than @seen. */
void vu_wait(struct vu_shared *shared, uint32_t seen);

/* The process of a server: until it is told to stop, or killed. */
void vu_serve(const char *device, struct vu_shared *shared, unsigned int threads,
	      unsigned int memlock) __attribute__((noreturn));

/* ---- memory of kinds ---- */

/* 0 or an errno; *addr is VUMEM_BUFFER_NO_VADDR for VU_NOWHERE. */
int vu_memory_new(uint32_t kind, size_t size, void **addr);
void vu_memory_free(uint32_t kind, size_t size, void *addr);
/* Can the server read and write it? */
bool vu_memory_is_real(uint32_t kind);

#endif
