/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rendezvous of open(). */
#include "asleep.h"
#include "vbpipe_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define KILL_MS_MAX 2000

/* Lets the peer open too and finishes the waiting local call. */
static struct pair meet(struct call *call, const char *name)
{
	struct pair pair = { .name = name };

	pair.peer_fd = agent_open(peer(), node(name), O_RDWR);
	CU_ASSERT_FATAL(pair.peer_fd >= 0);
	pair.fd = (int)call_finish(call);
	CU_ASSERT_FATAL(pair.fd >= 0);
	return pair;
}

static void expect_data_flows(struct pair *pair)
{
	send_all(pair->fd, 100, 1, 0);
	peer_receive(pair, 100, 1, 0);
	peer_send(pair, 100, 2, 0);
	receive_all(pair->fd, 100, 2, 0);
}

static void open_blocks_until_peer_opens(void)
{
	struct call call;
	struct pair pair;

	peer();
	call_open(&call, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&call));
	pair = meet(&call, "def");
	expect_data_flows(&pair);
	pair_close(&pair);
}

static void open_by_peer_blocks_until_we_open(void)
{
	struct pair pair = { .name = "def" };
	uint32_t ticket = agent_start(peer(), agent_request_open(node("def"), O_RDWR));

	CU_ASSERT(peer_call_blocks(ticket));
	pair.fd = open(node("def"), O_RDWR | O_CLOEXEC);
	CU_ASSERT_FATAL(pair.fd >= 0);
	pair.peer_fd = (int)agent_finish(peer(), ticket).value;
	CU_ASSERT_FATAL(pair.peer_fd >= 0);
	expect_data_flows(&pair);
	pair_close(&pair);
}

static void open_nonblock_blocks_too(void)
{
	struct call call;
	struct pair pair;

	peer();
	call_open(&call, node("def"), O_RDWR | O_NONBLOCK);
	CU_ASSERT_FATAL(call_blocks(&call));
	pair = meet(&call, "def");
	SUITE_EQUAL(read_checked(pair.fd, 1, 0, 0), -1);
	SUITE_EQUAL(errno, EAGAIN);
	pair_close(&pair);
}

static void open_readonly_meets_writeonly(void)
{
	struct pair pair = pair_open_flags("def", O_RDONLY, O_WRONLY);

	peer_send(&pair, 300, 3, 0);
	receive_all(pair.fd, 300, 3, 0);
	SUITE_EQUAL(write(pair.fd, "x", 1), -1);
	SUITE_EQUAL(errno, EBADF);
	pair_close(&pair);
}

static void open_writeonly_meets_readonly(void)
{
	struct pair pair = pair_open_flags("def", O_WRONLY, O_RDONLY);
	char byte;

	send_all(pair.fd, 300, 4, 0);
	peer_receive(&pair, 300, 4, 0);
	SUITE_EQUAL(read(pair.fd, &byte, 1), -1);
	SUITE_EQUAL(errno, EBADF);
	pair_close(&pair);
}

static void open_two_readonly_ends_meet(void)
{
	struct pair pair = pair_open_flags("def", O_RDONLY, O_RDONLY);

	CU_ASSERT(pair.fd >= 0);
	pair_close(&pair);
}

static void open_interrupted_returns_EINTR(void)
{
	struct call call;
	struct pair pair;

	peer();
	call_open(&call, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&call));
	call_signal(&call, false);
	SUITE_EQUAL(call_finish(&call), -1);
	SUITE_EQUAL(call.error, EINTR);

	pair = pair_open("def");
	expect_data_flows(&pair);
	pair_close(&pair);
}

/* An interrupted opener is no longer there: the peer's open must not meet it. */
static void open_interrupted_is_withdrawn(void)
{
	struct pair pair = { .name = "def" };
	struct call call;
	uint32_t ticket;

	peer();
	call_open(&call, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&call));
	call_signal(&call, false);
	SUITE_EQUAL(call_finish(&call), -1);

	ticket = agent_start(peer(), agent_request_open(node("def"), O_RDWR));
	CU_ASSERT(peer_call_blocks(ticket));
	pair.fd = open(node("def"), O_RDWR | O_CLOEXEC);
	pair.peer_fd = (int)agent_finish(peer(), ticket).value;
	CU_ASSERT(pair.fd >= 0 && pair.peer_fd >= 0);
	expect_data_flows(&pair);
	pair_close(&pair);
}

static void open_with_SA_RESTART_goes_on(void)
{
	struct call call;
	struct pair pair;

	peer();
	call_open(&call, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&call));
	call_signal(&call, true);
	CU_ASSERT_FATAL(call_blocks(&call));
	pair = meet(&call, "def");
	expect_data_flows(&pair);
	pair_close(&pair);
}

static void open_interrupted_at_peer(void)
{
	uint32_t ticket = agent_start(peer(), agent_request_open(node("def"), O_RDWR));
	struct agent_reply reply;
	struct call call;
	struct pair pair;

	CU_ASSERT(peer_call_blocks(ticket));
	SUITE_EQUAL(agent_interrupt(peer(), ticket, false), 0);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.error, EINTR);
	call_open(&call, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&call));
	pair = meet(&call, "def");
	pair_close(&pair);
}

static void blocked_in_open(void *path, _Atomic int *phase)
{
	atomic_store(phase, CALL_ENTERED);
	open(path, O_RDWR | O_CLOEXEC);
}

static void open_killed_while_waiting(void)
{
	struct child child = child_start(blocked_in_open, (void *)node("def"));
	struct call call;
	struct pair pair;

	CU_ASSERT_FATAL(child_blocks(&child));
	CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
	peer();
	call_open(&call, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&call));
	pair = meet(&call, "def");
	expect_data_flows(&pair);
	pair_close(&pair);
}

static void second_open_joins(void)
{
	struct pair pair = pair_open("def");
	int second = open(node("def"), O_RDWR | O_CLOEXEC);

	CU_ASSERT_FATAL(second >= 0);
	/* One ring and one position for all openers. */
	send_all(pair.fd, 10, 5, 0);
	send_all(second, 10, 5, 10);
	peer_receive(&pair, 20, 5, 0);
	peer_send(&pair, 20, 6, 0);
	receive_all(second, 10, 6, 0);
	receive_all(pair.fd, 10, 6, 10);
	close(second);
	pair_close(&pair);
}

static void second_open_at_peer_joins(void)
{
	struct pair pair = pair_open("def");
	int second = agent_open(peer(), node("def"), O_RDWR);

	CU_ASSERT_FATAL(second >= 0);
	SUITE_EQUAL(agent_write(peer(), second, 10, 7, 0), 10);
	receive_all(pair.fd, 10, 7, 0);
	SUITE_EQUAL(agent_close(peer(), second), 0);
	expect_data_flows(&pair);
	pair_close(&pair);
}

static void second_open_waits_with_the_first(void)
{
	struct call first, second;
	struct pair pair;

	peer();
	call_open(&first, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&first));
	call_open(&second, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&second));
	pair = meet(&first, "def");
	CU_ASSERT_FATAL(call_finish(&second) >= 0);
	expect_data_flows(&pair);
	close((int)second.value);
	expect_data_flows(&pair);
	pair_close(&pair);
}

static void second_opener_interrupted_alone(void)
{
	struct call first, second;
	struct pair pair;

	peer();
	call_open(&first, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&first));
	call_open(&second, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&second));
	call_signal(&second, false);
	SUITE_EQUAL(call_finish(&second), -1);
	SUITE_EQUAL(second.error, EINTR);
	CU_ASSERT_FATAL(call_blocks(&first));
	pair = meet(&first, "def");
	expect_data_flows(&pair);
	pair_close(&pair);
}

static void first_opener_interrupted_second_goes_on(void)
{
	struct call first, second;
	struct pair pair;

	peer();
	call_open(&first, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&first));
	call_open(&second, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&second));
	call_signal(&first, false);
	SUITE_EQUAL(call_finish(&first), -1);
	SUITE_EQUAL(first.error, EINTR);
	CU_ASSERT_FATAL(call_blocks(&second));
	pair = meet(&second, "def");
	expect_data_flows(&pair);
	pair_close(&pair);
}

static void open_and_close_many_times(void)
{
	for (unsigned int i = 0; i < 60; i++) {
		struct pair pair = pair_open("def");

		send_all(pair.fd, 1 + i, i, 0);
		peer_receive(&pair, 1 + i, i, 0);
		/* Both orders of closing. */
		if (i & 1) {
			SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
			SUITE_EQUAL(close(pair.fd), 0);
		} else {
			pair_close(&pair);
		}
	}
}

static void links_are_independent(void)
{
	struct pair one = pair_open("def"), two = pair_open("big");

	send_all(one.fd, 50, 8, 0);
	send_all(two.fd, 50, 9, 0);
	peer_receive(&two, 50, 9, 0);
	pair_close(&two);
	peer_receive(&one, 50, 8, 0);
	pair_close(&one);
}

static void open_of_unknown_minor_is_ENXIO(void)
{
	char path[] = "/tmp/vbpipe-minor.XXXXXX";
	struct stat status;
	int fd;

	suite_needs_root();
	CU_ASSERT_FATAL(!stat(node("def"), &status));
	CU_ASSERT_FATAL(mkdtemp(path) != NULL);
	CU_ASSERT_FATAL(!chdir(path));
	CU_ASSERT_FATAL(!mknod("node", S_IFCHR | 0600, makedev(major(status.st_rdev), 251)));
	fd = open("node", O_RDWR | O_CLOEXEC);
	SUITE_EQUAL(fd, -1);
	SUITE_EQUAL(errno, ENXIO);
	unlink("node");
	rmdir(path);
}

const struct suite_test open_tests[] = {
	{ "open_blocks_until_peer_opens", open_blocks_until_peer_opens, 0 },
	{ "open_by_peer_blocks_until_we_open", open_by_peer_blocks_until_we_open, 0 },
	{ "open_nonblock_blocks_too", open_nonblock_blocks_too, 0 },
	{ "open_readonly_meets_writeonly", open_readonly_meets_writeonly, 0 },
	{ "open_writeonly_meets_readonly", open_writeonly_meets_readonly, 0 },
	{ "open_two_readonly_ends_meet", open_two_readonly_ends_meet, 0 },
	{ "open_interrupted_returns_EINTR", open_interrupted_returns_EINTR, 0 },
	{ "open_interrupted_is_withdrawn", open_interrupted_is_withdrawn, 0 },
	{ "open_with_SA_RESTART_goes_on", open_with_SA_RESTART_goes_on, 0 },
	{ "open_interrupted_at_peer", open_interrupted_at_peer, 0 },
	{ "open_killed_while_waiting", open_killed_while_waiting, 0 },
	{ "second_open_joins", second_open_joins, 0 },
	{ "second_open_at_peer_joins", second_open_at_peer_joins, 0 },
	{ "second_open_waits_with_the_first", second_open_waits_with_the_first, 0 },
	{ "second_opener_interrupted_alone", second_opener_interrupted_alone, 0 },
	{ "first_opener_interrupted_second_goes_on", first_opener_interrupted_second_goes_on, 0 },
	{ "open_and_close_many_times", open_and_close_many_times, 0 },
	{ "links_are_independent", links_are_independent, 0 },
	{ "open_of_unknown_minor_is_ENXIO", open_of_unknown_minor_is_ENXIO, 0 },
	{ NULL, NULL, 0 },
};
