/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The VRPQ suite. A test directs processes at both ends of one link: those of one
 * end are children of the test, the agent has those of the other (vrpq_remote.h).
 * So the same tests run with the client here or with the server here. Options (--set):
 *
 *	role=R		which end is here, "client" (default) or "server"
 *	control=PATH	the control pipe to vrpq_agent
 *	client=PATH	the link's node at the client
 *	server=PATH	and at the server
 *	reqs=N		vrpq-reqs of the link
 *	pmem=N		vrpq-pmem of the link, in bytes
 *	agent=PATH	run this end's processes by another program, vrpq_agent32
 *	kills=N		processes killed in each of the tests that do (50)
 *	steps=N		random writes of a scribbler (100000)
 *	loops=N		sessions in a row (30)
 */
#ifndef SUITES_VRPQ_SUITE_H
#define SUITES_VRPQ_SUITE_H

#include "harness.h"
#include "vrpq_remote.h"

#include <errno.h>
#include <string.h>

#define PORT		7
#define HEAD		((uint32_t)sizeof(struct vq_head))
#define PLAIN		VQ_PROC(VQ_PROC_PLAIN)
#define NUMBERED	VQ_PROC(VQ_PROC_NUMBERED)
#define ANY_FORM(n)	VQ_PROC(0x100 + (n))	/* parameters that nobody checks */

extern const struct suite_test session_tests[], call_tests[], post_tests[], param_tests[],
	close_tests[], callback_tests[], server_tests[], prof_tests[], vrpq_kill_tests[],
	limit_tests[], share_tests[];

struct vq_end *client_end(void);
struct vq_end *server_end(void);
void close_ends(void);

unsigned long option_number(const char *key, unsigned long fallback);
unsigned long link_reqs(void);
unsigned long link_pmem(void);
const char *client_device(void);
const char *server_device(void);

/* An object of a process at an end, or with object -1 the process itself. */
struct handle {
	struct vq_end *end;
	uint32_t process;
	int32_t object;
};

/* A request whose reply is due. */
struct pending {
	struct handle on;
	uint32_t seq, op;
};

/* Both ends of a session or channel. */
struct both {
	struct handle c, s;
};

struct handle client_process(uint32_t number);
struct handle server_process(uint32_t number);
/* The object that a creation's reply names, in the process of @of. */
struct handle made(struct handle of, const struct vq_reply *reply);

struct pending start_on(struct handle on, struct vq_request request);
/* Fails the test when the reply takes more than 20 seconds. */
struct vq_reply finish(struct pending pending);
struct vq_reply finish_within(struct pending pending, unsigned int seconds);

/* DO(handle, OPERATION, .field = value...): the reply; START: for finish(). */
#define START(on, operation, ...) \
	start_on((on), (struct vq_request){ .op = VQ_##operation, ##__VA_ARGS__ })
#define DO(on, operation, ...)	finish(START(on, operation, ##__VA_ARGS__))
#define RESULT(on, operation, ...)	DO(on, operation, ##__VA_ARGS__).result

/* Whether the request sleeps, and still does so a moment later. */
bool blocks(struct pending pending);
/* Whether there is no reply yet, and neither a moment later. */
bool unfinished(struct pending pending);
int interrupt(struct pending pending, bool restart);
/* Ends a DAEMON, which waits for its children's end first; its reply. */
struct vq_reply stop_daemon(struct pending daemon);

/* Create, accept, and map at the server; fail the test if that fails. */
struct both open_session(void);
struct both open_session_of(struct handle client, struct handle server, uint32_t port);
struct both open_chan(struct both session);
struct both open_pair(void);	/* a channel in a session of its own */

/* Expects the server to receive these many requests, with right parameters. */
void receive_posts(struct both chan, unsigned int count);
/* Expects one request with this procedure. */
void receive_one(struct both chan, uint32_t proc);
/* Answers what was received. */
void acknowledge(struct both chan);

struct pending start_call(struct both chan, uint32_t proc);
int post(struct both chan, uint32_t proc);

/* Waits until the device at the end of @end has no sessions, channels or pages in use. */
void expect_counts_return(struct handle end);
/* Processes that make no sessions. */
struct handle idle_client(void);
struct handle idle_server(void);

#endif
