/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* read() under both policies. */
#include "vbpipe_suite.h"

#include <sys/uio.h>

static void read_fills_whole_count(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	peer_send(&pair, 10, 1, 0);
	call_read(&call, pair.fd, 20, 1, 0);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 4, 1, 10);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 6, 1, 14);
	SUITE_EQUAL(call_finish(&call), 20);
	pair_close(&pair);
}

static void read_leaves_the_rest(void)
{
	struct pair pair = pair_open("def");

	peer_send(&pair, 100, 2, 0);
	SUITE_EQUAL(read_checked(pair.fd, 30, 2, 0), 30);
	SUITE_EQUAL(read_checked(pair.fd, 70, 2, 30), 70);
	pair_close(&pair);
}

static void read_is_short_only_at_the_end(void)
{
	struct pair pair = pair_open("def");

	peer_send(&pair, 10, 3, 0);
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(read_checked(pair.fd, 20, 3, 0), 10);
	SUITE_EQUAL(read_checked(pair.fd, 20, 3, 0), 0);
	SUITE_EQUAL(read_checked(pair.fd, 20, 3, 0), 0);
	close(pair.fd);
}

static void read_blocked_returns_partial_when_peer_closes(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	peer_send(&pair, 10, 4, 0);
	call_read(&call, pair.fd, 20, 4, 0);
	CU_ASSERT(call_blocks(&call));
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(call_finish(&call), 10);
	close(pair.fd);
}

static void read_blocked_on_empty_ends_when_peer_closes(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	call_read(&call, pair.fd, 20, 5, 0);
	CU_ASSERT(call_blocks(&call));
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(call_finish(&call), 0);
	close(pair.fd);
}

static void read_larger_than_ring(void)
{
	struct pair pair = pair_open("def");
	uint32_t ticket = agent_start(peer(), agent_request_write(pair.peer_fd, 50000, 6, 0));

	SUITE_EQUAL(read_checked(pair.fd, 50000, 6, 0), 50000);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 50000);
	pair_close(&pair);
}

static void read_at_peer_fills_whole_count(void)
{
	struct pair pair = pair_open("def");
	uint32_t ticket = agent_start(peer(), agent_request_read(pair.peer_fd, 20, 7, 0));
	struct agent_reply reply;

	send_all(pair.fd, 10, 7, 0);
	CU_ASSERT(peer_call_blocks(ticket));
	send_all(pair.fd, 10, 7, 10);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, 20);
	SUITE_EQUAL(reply.wrong_at, 0);
	pair_close(&pair);
}

static void read_policy_a_returns_available(void)
{
	struct pair pair = pair_open("avail");

	peer_send(&pair, 5, 8, 0);
	SUITE_EQUAL(read_checked(pair.fd, 100, 8, 0), 5);
	peer_send(&pair, 50, 8, 5);
	SUITE_EQUAL(read_checked(pair.fd, 20, 8, 5), 20);
	SUITE_EQUAL(read_checked(pair.fd, 100, 8, 25), 30);
	pair_close(&pair);
}

static void read_policy_a_blocks_while_empty(void)
{
	struct pair pair = pair_open("avail");
	struct call call;

	call_read(&call, pair.fd, 100, 9, 0);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 3, 9, 0);
	SUITE_EQUAL(call_finish(&call), 3);
	pair_close(&pair);
}

static void read_policy_a_ends_when_peer_closes(void)
{
	struct pair pair = pair_open("avail");
	struct call call;

	call_read(&call, pair.fd, 100, 10, 0);
	CU_ASSERT(call_blocks(&call));
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(call_finish(&call), 0);
	close(pair.fd);
}

static void read_nonblock_empty_is_EAGAIN(void)
{
	struct pair pair = pair_open("def");

	set_nonblock(pair.fd, true);
	SUITE_EQUAL(read_checked(pair.fd, 10, 0, 0), -1);
	SUITE_EQUAL(errno, EAGAIN);
	pair_close(&pair);
}

static void read_nonblock_returns_what_is_there(void)
{
	struct pair pair = pair_open("def");

	set_nonblock(pair.fd, true);
	peer_send(&pair, 7, 11, 0);
	SUITE_EQUAL(read_checked(pair.fd, 100, 11, 0), 7);
	SUITE_EQUAL(read_checked(pair.fd, 100, 11, 7), -1);
	SUITE_EQUAL(errno, EAGAIN);
	pair_close(&pair);
}

static void read_nonblock_after_peer_close_is_end(void)
{
	struct pair pair = pair_open("def");

	set_nonblock(pair.fd, true);
	peer_send(&pair, 7, 12, 0);
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(read_checked(pair.fd, 100, 12, 0), 7);
	SUITE_EQUAL(read_checked(pair.fd, 100, 12, 7), 0);
	close(pair.fd);
}

static void read_interrupted_returns_partial_count(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	peer_send(&pair, 10, 13, 0);
	call_read(&call, pair.fd, 20, 13, 0);
	CU_ASSERT(call_blocks(&call));
	call_signal(&call, false);
	SUITE_EQUAL(call_finish(&call), 10);
	/* Nothing is lost. */
	peer_send(&pair, 10, 13, 10);
	SUITE_EQUAL(read_checked(pair.fd, 10, 13, 10), 10);
	pair_close(&pair);
}

static void read_interrupted_empty_is_EINTR(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	call_read(&call, pair.fd, 20, 14, 0);
	CU_ASSERT(call_blocks(&call));
	call_signal(&call, false);
	SUITE_EQUAL(call_finish(&call), -1);
	SUITE_EQUAL(call.error, EINTR);
	peer_send(&pair, 20, 14, 0);
	SUITE_EQUAL(read_checked(pair.fd, 20, 14, 0), 20);
	pair_close(&pair);
}

static void read_empty_with_SA_RESTART_goes_on(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	call_read(&call, pair.fd, 20, 15, 0);
	CU_ASSERT(call_blocks(&call));
	call_signal(&call, true);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 20, 15, 0);
	SUITE_EQUAL(call_finish(&call), 20);
	pair_close(&pair);
}

static void read_interrupted_at_peer(void)
{
	struct pair pair = pair_open("def");
	uint32_t ticket = agent_start(peer(), agent_request_read(pair.peer_fd, 20, 16, 0));
	struct agent_reply reply;

	send_all(pair.fd, 5, 16, 0);
	CU_ASSERT(peer_call_blocks(ticket));
	SUITE_EQUAL(agent_interrupt(peer(), ticket, false), 0);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, 5);
	SUITE_EQUAL(reply.wrong_at, 0);
	pair_close(&pair);
}

static void read_into_bad_memory_is_EFAULT(void)
{
	struct pair pair = pair_open("def");

	peer_send(&pair, 10, 17, 0);
	SUITE_EQUAL(read(pair.fd, no_access(), 10), -1);
	SUITE_EQUAL(errno, EFAULT);
	/* What could not be delivered is still there. */
	SUITE_EQUAL(read_checked(pair.fd, 10, 17, 0), 10);
	pair_close(&pair);
}

static void read_of_zero_bytes_is_zero(void)
{
	struct pair pair = pair_open("def");
	char byte;

	SUITE_EQUAL(read(pair.fd, &byte, 0), 0);
	peer_send(&pair, 1, 18, 0);
	SUITE_EQUAL(read(pair.fd, &byte, 0), 0);
	SUITE_EQUAL(read_checked(pair.fd, 1, 18, 0), 1);
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(read(pair.fd, &byte, 0), 0);
	close(pair.fd);
}

static void readv_fills_all_parts(void)
{
	struct pair pair = pair_open("def");
	char one[3], two[5];
	struct iovec parts[] = { { one, sizeof(one) }, { two, sizeof(two) } };

	peer_send(&pair, 8, 19, 0);
	SUITE_EQUAL(readv(pair.fd, parts, 2), 8);
	peer_send(&pair, 1, 19, 8);
	SUITE_EQUAL(read_checked(pair.fd, 1, 19, 8), 1);
	pair_close(&pair);
}

const struct suite_test read_tests[] = {
	{ "read_fills_whole_count", read_fills_whole_count, 0 },
	{ "read_leaves_the_rest", read_leaves_the_rest, 0 },
	{ "read_is_short_only_at_the_end", read_is_short_only_at_the_end, 0 },
	{ "read_blocked_returns_partial_when_peer_closes",
	  read_blocked_returns_partial_when_peer_closes, 0 },
	{ "read_blocked_on_empty_ends_when_peer_closes",
	  read_blocked_on_empty_ends_when_peer_closes, 0 },
	{ "read_larger_than_ring", read_larger_than_ring, 0 },
	{ "read_at_peer_fills_whole_count", read_at_peer_fills_whole_count, 0 },
	{ "read_policy_a_returns_available", read_policy_a_returns_available, 0 },
	{ "read_policy_a_blocks_while_empty", read_policy_a_blocks_while_empty, 0 },
	{ "read_policy_a_ends_when_peer_closes", read_policy_a_ends_when_peer_closes, 0 },
	{ "read_nonblock_empty_is_EAGAIN", read_nonblock_empty_is_EAGAIN, 0 },
	{ "read_nonblock_returns_what_is_there", read_nonblock_returns_what_is_there, 0 },
	{ "read_nonblock_after_peer_close_is_end", read_nonblock_after_peer_close_is_end, 0 },
	{ "read_interrupted_returns_partial_count", read_interrupted_returns_partial_count, 0 },
	{ "read_interrupted_empty_is_EINTR", read_interrupted_empty_is_EINTR, 0 },
	{ "read_empty_with_SA_RESTART_goes_on", read_empty_with_SA_RESTART_goes_on, 0 },
	{ "read_interrupted_at_peer", read_interrupted_at_peer, 0 },
	{ "read_into_bad_memory_is_EFAULT", read_into_bad_memory_is_EFAULT, 0 },
	{ "read_of_zero_bytes_is_zero", read_of_zero_bytes_is_zero, 0 },
	{ "readv_fills_all_parts", readv_fills_all_parts, 0 },
	{ NULL, NULL, 0 },
};
