/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "vrpq_suite.h"

#include "asleep.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STILL_MS	40	/* how long what blocks is watched */

static struct vq_end here = { .fd = -1 }, there = { .fd = -1 };
static pid_t local_router;

/* The router of this end, in the program that --set agent names, if any. */
static void __attribute__((noreturn)) run_local(int fd)
{
	const char *program = suite_option("agent", NULL);
	char number[16];

	if (!program)
		vq_route(fd);
	snprintf(number, sizeof(number), "%d", fd);
	fcntl(fd, F_SETFD, 0);
	execl(program, program, "-", number, (char *)NULL);
	_exit(127);
}

static void start_local(void)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		suite_fail("socketpair: %s", strerror(errno));
	local_router = fork();
	if (local_router < 0)
		suite_fail("fork: %s", strerror(errno));
	if (!local_router) {
		close(sockets[0]);
		close(there.fd);
		run_local(sockets[1]);
	}
	close(sockets[1]);
	here.fd = sockets[0];
}

static void connect_ends(void)
{
	const char *control = suite_option("control", "/dev/vrpq-ctl");

	if (there.fd >= 0)
		return;
	signal(SIGPIPE, SIG_IGN);
	there.fd = open(control, O_RDWR | O_CLOEXEC);
	if (there.fd < 0)
		suite_fail("%s: %s", control, strerror(errno));
	start_local();
}

void close_ends(void)
{
	if (there.fd < 0)
		return;
	close(here.fd);
	close(there.fd);
	while (waitpid(local_router, NULL, 0) < 0 && errno == EINTR)
		;
}

static bool client_is_here(void)
{
	return !strcmp(suite_option("role", "client"), "client");
}

struct vq_end *client_end(void)
{
	connect_ends();
	return client_is_here() ? &here : &there;
}

struct vq_end *server_end(void)
{
	connect_ends();
	return client_is_here() ? &there : &here;
}

unsigned long option_number(const char *key, unsigned long fallback)
{
	const char *text = suite_option(key, NULL);

	return text ? strtoul(text, NULL, 10) : fallback;
}

unsigned long link_reqs(void)
{
	return option_number("reqs", 131072);
}

unsigned long link_pmem(void)
{
	return option_number("pmem", 2ul << 20);
}

const char *client_device(void)
{
	return suite_option("client", "/dev/vrpq-clt-vogl0");
}

const char *server_device(void)
{
	return suite_option("server", "/dev/vrpq-srv-vogl0");
}

struct handle client_process(uint32_t number)
{
	return (struct handle){ client_end(), number, -1 };
}

struct handle server_process(uint32_t number)
{
	return (struct handle){ server_end(), number, -1 };
}

struct handle made(struct handle of, const struct vq_reply *reply)
{
	of.object = reply->result ? -1 : (int32_t)reply->v[0];
	return of;
}

struct pending start_on(struct handle on, struct vq_request request)
{
	struct pending pending = { .on = on, .op = request.op };
	const char *device = on.end == client_end() ? client_device() : server_device();

	request.process = on.process;
	request.object = on.object;
	if (!request.device[0])
		snprintf(request.device, sizeof(request.device), "%s", device);
	pending.seq = vq_start(on.end, request);
	return pending;
}

/* Prints what both ends are doing, and fails. */
static void __attribute__((noreturn)) give_up(struct pending pending)
{
	struct vq_end *ends[] = { &here, &there };

	for (unsigned int i = 0; i < 2; i++)
		vq_finish(ends[i], vq_start(ends[i], (struct vq_request){ .op = VQ_DUMP }));
	suite_fail("operation %u of process %u at the %s did not return", pending.op,
		   pending.on.process, pending.on.end == client_end() ? "client" : "server");
}

struct vq_reply finish_within(struct pending pending, unsigned int seconds)
{
	if (!vq_done(pending.on.end, pending.seq, (int)(seconds * 1000 * suite_slowness())))
		give_up(pending);
	return vq_finish(pending.on.end, pending.seq);
}

struct vq_reply finish(struct pending pending)
{
	return finish_within(pending, SUITE_PATIENCE_SECONDS);
}

bool unfinished(struct pending pending)
{
	return !vq_done(pending.on.end, pending.seq, STILL_MS);
}

bool blocks(struct pending pending)
{
	return !RESULT(pending.on, WAIT_ASLEEP, .arg = (int32_t)pending.seq) &&
	       unfinished(pending);
}

int interrupt(struct pending pending, bool restart)
{
	return RESULT(pending.on, INTERRUPT, .arg = (int32_t)pending.seq, .flags = restart);
}

/* A signal between two calls of the daemon is lost, so there are as many as it takes. */
struct vq_reply stop_daemon(struct pending daemon)
{
	for (unsigned int tries = 100; tries && unfinished(daemon); tries--)
		interrupt(daemon, false);
	return finish(daemon);
}

struct both open_session_of(struct handle client, struct handle server, uint32_t port)
{
	struct pending create = START(client, SESSION_CREATE, .arg = (int32_t)port);
	struct vq_reply accepted = DO(server, SESSION_ACCEPT, .arg = (int32_t)port);
	struct vq_reply created = finish(create);
	struct both session = { made(client, &created), made(server, &accepted) };

	if (created.result || accepted.result)
		suite_fail("session: create %d, accept %d", created.result, accepted.result);
	accepted = DO(session.s, SHM_MAP);
	if (accepted.result)
		suite_fail("vrpqShmMap: %d", accepted.result);
	return session;
}

struct both open_session(void)
{
	return open_session_of(client_process(0), server_process(0), PORT);
}

struct both open_chan(struct both session)
{
	struct pending create = START(session.c, CHAN_CREATE);
	struct vq_reply accepted = DO(session.s, CHAN_ACCEPT);
	struct vq_reply created = finish(create);
	struct both chan = { made(session.c, &created), made(session.s, &accepted) };

	if (created.result || accepted.result)
		suite_fail("channel: create %d, accept %d", created.result, accepted.result);
	return chan;
}

struct both open_pair(void)
{
	return open_chan(open_session());
}

void receive_posts(struct both chan, unsigned int count)
{
	while (count) {
		struct vq_reply reply = DO(chan.s, RECEIVE, .count = count);

		if (reply.result || !reply.v[0] || reply.v[0] > count)
			suite_fail("receive: %d, %d requests, %u expected", reply.result,
				   (int)reply.v[0], count);
		SUITE_EQUAL(reply.v[1], 0);
		count -= (unsigned int)reply.v[0];
	}
}

void receive_one(struct both chan, uint32_t proc)
{
	struct vq_reply reply = DO(chan.s, RECEIVE, .count = 1);

	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 1);
	SUITE_EQUAL(reply.v[1], 0);
	SUITE_EQUAL(reply.procs[0], proc);
}

void acknowledge(struct both chan)
{
	struct vq_reply reply = DO(chan.s, RECEIVE, .count = 0);

	SUITE_EQUAL(reply.result, 0);
	SUITE_EQUAL(reply.v[0], 0);
}

struct pending start_call(struct both chan, uint32_t proc)
{
	return START(chan.c, CALL, .proc = proc, .size = HEAD);
}

int post(struct both chan, uint32_t proc)
{
	return RESULT(chan.c, POST, .proc = proc, .size = HEAD, .flags = VQ_NOTIFY);
}

struct handle idle_client(void)
{
	return client_process(VQ_PROCESSES - 1);
}

struct handle idle_server(void)
{
	return server_process(VQ_PROCESSES - 1);
}

/* There is no event for "all is forgotten": looked at again until it is. */
void expect_counts_return(struct handle end)
{
	struct vq_reply reply = { .result = VQ_LOST };

	for (int ms = suite_patience_ms(); ms > 0; ms -= 50) {
		int64_t sum = 0;

		reply = DO(end, STAT);
		for (unsigned int i = VQ_SESSIONS; i <= VQ_QUARANTINED; i++)
			sum += reply.v[i];
		if (!reply.result && !sum) {
			CU_PASS("nothing is left");
			return;
		}
		sleep_ms(50);
	}
	suite_fail("%s: stat %d, left are %d sessions, %d channels, %d requests, %d, %d and %d pages",
		   end.end == client_end() ? "client" : "server", reply.result,
		   (int)reply.v[VQ_SESSIONS], (int)reply.v[VQ_CHANNELS], (int)reply.v[VQ_REQS],
		   (int)reply.v[VQ_PMEM], (int)reply.v[VQ_RING], (int)reply.v[VQ_QUARANTINED]);
}
