/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that are killed or stopped inside a call. */
#include "asleep.h"
#include "pattern.h"
#include "vbpipe_suite.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define KILL_MS_MAX 2000

static void reader(void *argument, _Atomic int *phase)
{
	char buffer[20];

	atomic_store(phase, CALL_ENTERED);
	if (read(*(int *)argument, buffer, sizeof(buffer)) != (ssize_t)sizeof(buffer))
		_exit(1);
}

static void writer(void *argument, _Atomic int *phase)
{
	static char buffer[100000];

	atomic_store(phase, CALL_ENTERED);
	if (write(*(int *)argument, buffer, sizeof(buffer)) != (ssize_t)sizeof(buffer))
		_exit(1);
}

static void killed_while_blocked_in_read(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(reader, &pair.fd);

	close(pair.fd);
	peer_send(&pair, 5, 1, 0);
	CU_ASSERT_FATAL(child_blocks(&child));
	CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
	SUITE_EQUAL(agent_write(peer(), pair.peer_fd, 1, 0, 0), -1);
	SUITE_EQUAL(errno, EPIPE);
	agent_close(peer(), pair.peer_fd);
}

static void killed_while_blocked_in_write(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(writer, &pair.fd);

	close(pair.fd);
	CU_ASSERT_FATAL(child_blocks(&child));
	CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
	/* What it had queued stays readable. */
	CU_ASSERT(agent_readable(peer(), pair.peer_fd) >= SIZE_DEFAULT - RING_HEADER);
	agent_close(peer(), pair.peer_fd);
}

static void killed_while_waiting_behind_a_reader(void)
{
	struct pair pair = pair_open("def");
	struct call call;
	struct child child;

	call_read(&call, pair.fd, 10, 2, 0);
	CU_ASSERT(call_blocks(&call));
	child = child_start(reader, &pair.fd);
	CU_ASSERT_FATAL(child_blocks(&child));
	CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
	peer_send(&pair, 10, 2, 0);
	SUITE_EQUAL(call_finish(&call), 10);
	pair_close(&pair);
}

static void killed_beside_an_open_copy_ends_nothing(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(reader, &pair.fd);

	CU_ASSERT_FATAL(child_blocks(&child));
	CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
	peer_send(&pair, 50, 3, 0);
	receive_all(pair.fd, 50, 3, 0);
	pair_close(&pair);
}

static void stopped_and_continued_read_goes_on(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(reader, &pair.fd);
	int status;

	CU_ASSERT_FATAL(child_blocks(&child));
	kill(child.pid, SIGSTOP);
	SUITE_EQUAL(waitpid(child.pid, &status, WUNTRACED), child.pid);
	CU_ASSERT(WIFSTOPPED(status));
	kill(child.pid, SIGCONT);
	CU_ASSERT_FATAL(child_blocks(&child));
	peer_send(&pair, 20, 4, 0);
	SUITE_EQUAL(child_finish(&child), 0);
	pair_close(&pair);
}

static void killed_many_times(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		struct pair pair = pair_open("def");
		struct child child = child_start(i & 1 ? reader : writer, &pair.fd);

		close(pair.fd);
		CU_ASSERT_FATAL(child_blocks(&child));
		CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
		SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	}
}

static void open_and_write(void *path, _Atomic int *phase)
{
	char buffer[100] = { 0 };
	int fd;

	atomic_store(phase, CALL_ENTERED);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || write(fd, buffer, sizeof(buffer)) < 0)
		_exit(1);
}

/* The agent's open came to an end, or is made to come to one. */
static void end_peer_open(uint32_t ticket)
{
	struct agent_reply reply;

	agent_interrupt(peer(), ticket, false);
	reply = agent_finish(peer(), ticket);
	if (reply.value < 0)
		SUITE_EQUAL(reply.error, EINTR);
	else
		SUITE_EQUAL(agent_close(peer(), (int)reply.value), 0);
}

static void expect_working(void)
{
	struct pair pair = pair_open("def");

	send_all(pair.fd, 1000, 5, 0);
	peer_receive(&pair, 1000, 5, 0);
	peer_send(&pair, 1000, 6, 0);
	receive_all(pair.fd, 1000, 6, 0);
	pair_close(&pair);
}

/* Kills at random moments: before, in and after the rendezvous. */
static void rendezvous_survives_kills_at_any_moment(void)
{
	uint64_t state = 1;

	for (unsigned int i = 0; i < 150; i++) {
		uint32_t ticket = agent_start(peer(), agent_request_open(node("def"), O_RDWR));
		struct child child = child_start(open_and_write, (void *)node("def"));

		usleep((useconds_t)pattern_size(&state, 6000));
		CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
		end_peer_open(ticket);
	}
	expect_working();
}

/* An open that was interrupted at one end must not be taken for open at the other. */
static void rendezvous_survives_interrupts_at_any_moment(void)
{
	unsigned int met = 0, missed = 0;
	uint64_t state = 2;

	peer();
	for (unsigned int i = 0; i < 150; i++) {
		struct agent_reply reply;
		struct call call;
		uint32_t ticket;

		call_open(&call, node("def"), O_RDWR);
		ticket = agent_start(peer(), agent_request_open(node("def"), O_RDWR));
		usleep((useconds_t)pattern_size(&state, 6000));
		agent_interrupt(peer(), ticket, false);
		reply = agent_finish(peer(), ticket);
		if (reply.value >= 0) {
			CU_ASSERT_FATAL(call_finish(&call) >= 0);
			SUITE_EQUAL(agent_close(peer(), (int)reply.value), 0);
			close((int)call.value);
			met++;
			continue;
		}
		SUITE_EQUAL(reply.error, EINTR);
		CU_ASSERT_FATAL(call_blocks(&call));
		call_signal(&call, false);
		SUITE_EQUAL(call_finish(&call), -1);
		missed++;
	}
	CU_ASSERT(met + missed == 150);
	expect_working();
}

const struct suite_test kill_tests[] = {
	{ "killed_while_blocked_in_read", killed_while_blocked_in_read, 0 },
	{ "killed_while_blocked_in_write", killed_while_blocked_in_write, 0 },
	{ "killed_while_waiting_behind_a_reader", killed_while_waiting_behind_a_reader, 0 },
	{ "killed_beside_an_open_copy_ends_nothing", killed_beside_an_open_copy_ends_nothing, 0 },
	{ "stopped_and_continued_read_goes_on", stopped_and_continued_read_goes_on, 0 },
	{ "killed_many_times", killed_many_times, 0 },
	{ "rendezvous_survives_kills_at_any_moment", rendezvous_survives_kills_at_any_moment,
	  120 },
	{ "rendezvous_survives_interrupts_at_any_moment",
	  rendezvous_survives_interrupts_at_any_moment, 0 },
	{ NULL, NULL, 0 },
};
