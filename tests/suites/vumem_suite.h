/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The VUMEM suite: clients here, the server in the other domain (vumem_wire.h). Options
 * (--set):
 *
 *	control=PATH	the control pipe to vumem_agent
 *	client=PATH	the link's node here
 *	cycles=N	allocations in a row (100)
 *	kills=N		clients killed in the tests that do (20)
 *	races=N		frees against mappings that are just being made (100)
 */
#ifndef SUITES_VUMEM_SUITE_H
#define SUITES_VUMEM_SUITE_H

#include "harness.h"
#include "pattern.h"
#include "vumem_wire.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>
#include <vlx/vumem/client-lib.h>
#include <vlx/vumem/server-drv.h>

#define PAGE	4096u
#define MIB	(1u << 20)
#define CMD_BIT(name)	(1u << VUMEM_CMD_BUFFER_##name)

extern const struct suite_test vumem_session_tests[], vumem_alloc_tests[], vumem_map_tests[],
	vumem_vma_tests[], vumem_share_tests[], vumem_order_tests[], vumem_death_tests[], vumem_stat_tests[];

const char *client_device(void);
unsigned long option_number(const char *key, unsigned long fallback);

/* ---- the server ---- */

struct vu_reply command(uint32_t op, uint32_t arg0, uint32_t arg1);
/* The same, and its result. */
int command_result(uint32_t op, uint32_t arg0, uint32_t arg1);
/* Fails the test if it cannot be started. */
void start_server(unsigned int threads);
uint32_t server_count(VumemCmd cmd);
void close_control(void);

/* ---- buffers ---- */

VumemSessionHandle new_session(void);	/* fails the test if there is none */
void end_session(VumemSessionHandle session);

int alloc_order(VumemSessionHandle session, struct vu_order *order, VumemBufferHandle *buffer);
int alloc(VumemSessionHandle session, uint32_t kind, uint32_t size, VumemBufferHandle *buffer);
/* Of the server's own memory, pattern 1, mapped; fails the test otherwise. */
VumemBufferHandle new_buffer(VumemSessionHandle session, uint32_t size, void **addr);
int remote(VumemBufferHandle buffer, uint32_t op, uint32_t seed, int64_t *value);
/* Whether all bytes are zero, within a few seconds if they are to become so. */
bool is_zero(const void *addr, size_t size);
bool becomes_zero(const void *addr, size_t size);
nku32_f stat_of(nku32_f id);
/* Until nothing of sessions and buffers is left at either end. */
void expect_all_returned(void);

/* ---- other processes of this domain ---- */

/* A forked process, and a socket to it. */
struct peer {
	pid_t pid;
	int sock;
	_Atomic int *phase;
};

struct peer peer_start(void (*run)(int sock));
void peer_kill(struct peer *peer);
/* Waits for its end; its exit code, or -1. */
int peer_wait(struct peer *peer);
/* Whether its call sleeps, and still does a moment later. */
bool peer_blocks(const struct peer *peer);
/* Numbers and descriptors over the socket, from either side. */
void tell(int sock, int value);
int hear(int sock);
bool heard(int sock, int ms);
void tell_fd(int sock, int fd);
int hear_fd(int sock);
/* In a peer: around the call that is watched. */
void entering(void);
void returned(void);

/* Bodies of peers. */
void peer_alloc(int sock);	/* new session, allocates when told, tells the result; twice */

#endif
