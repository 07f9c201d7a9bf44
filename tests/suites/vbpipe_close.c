/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* close(), and what the survivor and a reopening peer see. */
#include "asleep.h"
#include "vbpipe_suite.h"

#include <poll.h>
#include <sys/wait.h>

static void expect_end(int fd)
{
	char byte;

	SUITE_EQUAL(read(fd, &byte, 1), 0);
	SUITE_EQUAL(write(fd, "x", 1), -1);
	SUITE_EQUAL(errno, EPIPE);
}

static void last_close_ends_both_directions(void)
{
	struct pair pair = pair_open("def");

	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	expect_end(pair.fd);
	expect_end(pair.fd);
	close(pair.fd);
}

static void our_close_ends_the_peers(void)
{
	struct pair pair = pair_open("def");

	close(pair.fd);
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, 1, 0, 0), 0);
	SUITE_EQUAL(agent_write(peer(), pair.peer_fd, 1, 0, 0), -1);
	SUITE_EQUAL(errno, EPIPE);
	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
}

static void first_of_two_closers_keeps_it_open(void)
{
	struct pair pair = pair_open("def");
	int second = open(node("def"), O_RDWR | O_CLOEXEC);

	CU_ASSERT_FATAL(second >= 0);
	close(pair.fd);
	SUITE_EQUAL(agent_poll(peer(), pair.peer_fd, POLLOUT, 0), POLLOUT);
	peer_send(&pair, 40, 1, 0);
	receive_all(second, 40, 1, 0);
	close(second);
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, 1, 0, 0), 0);
	agent_close(peer(), pair.peer_fd);
}

static void first_of_two_closers_at_peer_keeps_it_open(void)
{
	struct pair pair = pair_open("def");
	int second = agent_open(peer(), node("def"), O_RDWR);

	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	send_all(pair.fd, 40, 2, 0);
	SUITE_EQUAL(agent_read(peer(), second, 40, 2, 0), 40);
	SUITE_EQUAL(agent_close(peer(), second), 0);
	expect_end(pair.fd);
	close(pair.fd);
}

static void reopen_blocks_while_survivor_holds(void)
{
	struct pair pair = pair_open("def");
	struct agent_reply reply;
	uint32_t ticket;

	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	ticket = agent_start(peer(), agent_request_open(node("def"), O_RDWR));
	CU_ASSERT(peer_call_blocks(ticket));
	expect_end(pair.fd);
	CU_ASSERT(peer_call_blocks(ticket));
	close(pair.fd);
	CU_ASSERT(peer_call_blocks(ticket));
	pair.fd = open(node("def"), O_RDWR | O_CLOEXEC);
	CU_ASSERT_FATAL(pair.fd >= 0);
	reply = agent_finish(peer(), ticket);
	CU_ASSERT_FATAL(reply.value >= 0);
	pair.peer_fd = (int)reply.value;
	send_all(pair.fd, 30, 3, 0);
	peer_receive(&pair, 30, 3, 0);
	pair_close(&pair);
}

static void our_reopen_blocks_while_peer_holds(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	close(pair.fd);
	call_open(&call, node("def"), O_RDWR);
	CU_ASSERT_FATAL(call_blocks(&call));
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, 1, 0, 0), 0);
	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	CU_ASSERT_FATAL(call_blocks(&call));
	pair.peer_fd = agent_open(peer(), node("def"), O_RDWR);
	pair.fd = (int)call_finish(&call);
	CU_ASSERT_FATAL(pair.fd >= 0 && pair.peer_fd >= 0);
	peer_send(&pair, 30, 4, 0);
	receive_all(pair.fd, 30, 4, 0);
	pair_close(&pair);
}

/* A second local opener joins the old connection, it does not renew it. */
static void open_beside_a_survivor_joins_the_end(void)
{
	struct pair pair = pair_open("def");
	int second;

	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	second = open(node("def"), O_RDWR | O_CLOEXEC);
	CU_ASSERT_FATAL(second >= 0);
	expect_end(second);
	close(second);
	expect_end(pair.fd);
	close(pair.fd);
}

static void data_stay_readable_after_close(void)
{
	struct pair pair = pair_open("def");

	peer_send(&pair, 500, 5, 0);
	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	receive_all(pair.fd, 200, 5, 0);
	receive_all(pair.fd, 300, 5, 200);
	expect_end(pair.fd);
	close(pair.fd);
}

static void data_stay_readable_after_our_close(void)
{
	struct pair pair = pair_open("def");

	send_all(pair.fd, 500, 6, 0);
	close(pair.fd);
	peer_receive(&pair, 500, 6, 0);
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, 1, 6, 0), 0);
	agent_close(peer(), pair.peer_fd);
}

static void unread_data_gone_after_rendezvous(void)
{
	struct pair pair = pair_open("def");

	send_all(pair.fd, 700, 7, 0);
	peer_send(&pair, 800, 8, 0);
	pair_close(&pair);
	pair = pair_open("def");
	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), 0);
	SUITE_EQUAL(poll_now(pair.fd, POLLIN), 0);
	send_all(pair.fd, 20, 9, 0);
	peer_receive(&pair, 20, 9, 0);
	peer_send(&pair, 20, 10, 0);
	receive_all(pair.fd, 20, 10, 0);
	pair_close(&pair);
}

static void dup_is_the_same_open(void)
{
	struct pair pair = pair_open("def");
	int copy = dup(pair.fd);

	close(pair.fd);
	send_all(copy, 10, 11, 0);
	peer_receive(&pair, 10, 11, 0);
	close(copy);
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, 1, 0, 0), 0);
	agent_close(peer(), pair.peer_fd);
}

static void read_one_and_leave(void *argument, _Atomic int *phase)
{
	char byte;

	atomic_store(phase, CALL_ENTERED);
	if (read(*(int *)argument, &byte, 1) != 1)
		_exit(1);
}

static void fork_inherits_and_keeps_it_open(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(read_one_and_leave, &pair.fd);

	CU_ASSERT(child_blocks(&child));
	close(pair.fd);
	SUITE_EQUAL(agent_poll(peer(), pair.peer_fd, POLLIN, 0), 0);
	peer_send(&pair, 1, 12, 0);
	SUITE_EQUAL(child_finish(&child), 0);
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, 1, 0, 0), 0);
	agent_close(peer(), pair.peer_fd);
}

static void exit_closes(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(read_one_and_leave, &pair.fd);

	close(pair.fd);
	peer_send(&pair, 2, 13, 0);
	SUITE_EQUAL(child_finish(&child), 0);
	SUITE_EQUAL(agent_poll(peer(), pair.peer_fd, POLLIN, 5000), POLLERR | POLLHUP);
	agent_close(peer(), pair.peer_fd);
}

/* The file stays open as long as a call uses it, and the call goes on. */
static void close_in_another_thread_of_blocked_read(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	call_read(&call, pair.fd, 10, 14, 0);
	CU_ASSERT(call_blocks(&call));
	close(pair.fd);
	CU_ASSERT(!call_returned(&call));
	peer_send(&pair, 10, 14, 0);
	SUITE_EQUAL(call_finish(&call), 10);
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, 1, 0, 0), 0);
	agent_close(peer(), pair.peer_fd);
}

static void session_end_closes_everything(void)
{
	struct pair pair = pair_open("def");
	char byte;

	/* The agent's process ends without a close() of its own. */
	peer_leave();
	SUITE_EQUAL(read(pair.fd, &byte, 1), 0);
	close(pair.fd);
}

const struct suite_test close_tests[] = {
	{ "last_close_ends_both_directions", last_close_ends_both_directions, 0 },
	{ "our_close_ends_the_peers", our_close_ends_the_peers, 0 },
	{ "first_of_two_closers_keeps_it_open", first_of_two_closers_keeps_it_open, 0 },
	{ "first_of_two_closers_at_peer_keeps_it_open",
	  first_of_two_closers_at_peer_keeps_it_open, 0 },
	{ "reopen_blocks_while_survivor_holds", reopen_blocks_while_survivor_holds, 0 },
	{ "our_reopen_blocks_while_peer_holds", our_reopen_blocks_while_peer_holds, 0 },
	{ "open_beside_a_survivor_joins_the_end", open_beside_a_survivor_joins_the_end, 0 },
	{ "data_stay_readable_after_close", data_stay_readable_after_close, 0 },
	{ "data_stay_readable_after_our_close", data_stay_readable_after_our_close, 0 },
	{ "unread_data_gone_after_rendezvous", unread_data_gone_after_rendezvous, 0 },
	{ "dup_is_the_same_open", dup_is_the_same_open, 0 },
	{ "fork_inherits_and_keeps_it_open", fork_inherits_and_keeps_it_open, 0 },
	{ "exit_closes", exit_closes, 0 },
	{ "close_in_another_thread_of_blocked_read", close_in_another_thread_of_blocked_read, 0 },
	{ "session_end_closes_everything", session_end_closes_everything, 0 },
	{ NULL, NULL, 0 },
};
