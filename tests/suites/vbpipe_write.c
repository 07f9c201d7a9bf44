/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* write(), blocking or not, and EPIPE. */
#include "pattern.h"
#include "vbpipe_suite.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t sigpipes;

static void count_sigpipe(int number)
{
	(void)number;
	sigpipes++;
}

static ssize_t write_some(int fd, size_t count, uint64_t seed, uint64_t offset)
{
	char buffer[8192];

	pattern_fill(buffer, count, seed, offset);
	return write(fd, buffer, count);
}

static void write_within_ring_does_not_wait(void)
{
	struct pair pair = pair_open("def");

	send_all(pair.fd, SIZE_DEFAULT - RING_HEADER, 1, 0);
	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), SIZE_DEFAULT - RING_HEADER);
	peer_receive(&pair, SIZE_DEFAULT - RING_HEADER, 1, 0);
	pair_close(&pair);
}

static void write_blocks_while_full(void)
{
	struct pair pair = pair_open("def");
	size_t full = fill_ring(pair.fd, 2);
	struct call call;

	call_write(&call, pair.fd, 10, 2, full);
	CU_ASSERT(call_blocks(&call));
	peer_receive(&pair, full, 2, 0);
	SUITE_EQUAL(call_finish(&call), 10);
	peer_receive(&pair, 10, 2, full);
	pair_close(&pair);
}

static void write_returns_when_all_is_queued(void)
{
	struct pair pair = pair_open("def");
	size_t full = fill_ring(pair.fd, 3);
	struct call call;

	call_write(&call, pair.fd, 100, 3, full);
	CU_ASSERT(call_blocks(&call));
	peer_receive(&pair, 99, 3, 0);
	CU_ASSERT(call_blocks(&call));
	peer_receive(&pair, full - 99, 3, 99);
	SUITE_EQUAL(call_finish(&call), 100);
	peer_receive(&pair, 100, 3, full);
	pair_close(&pair);
}

static void write_larger_than_ring(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	call_write(&call, pair.fd, 100000, 4, 0);
	CU_ASSERT(call_blocks(&call));
	peer_receive(&pair, 100000, 4, 0);
	SUITE_EQUAL(call_finish(&call), 100000);
	pair_close(&pair);
}

static void write_at_peer_larger_than_ring(void)
{
	struct pair pair = pair_open("def");
	uint32_t ticket = agent_start(peer(), agent_request_write(pair.peer_fd, 100000, 5, 0));

	CU_ASSERT(peer_call_blocks(ticket));
	receive_all(pair.fd, 100000, 5, 0);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 100000);
	pair_close(&pair);
}

static void write_after_peer_close_is_EPIPE_without_SIGPIPE(void)
{
	struct sigaction action = { .sa_handler = count_sigpipe };
	struct pair pair = pair_open("def");

	sigaction(SIGPIPE, &action, NULL);
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(write_some(pair.fd, 10, 0, 0), -1);
	SUITE_EQUAL(errno, EPIPE);
	SUITE_EQUAL(write_some(pair.fd, 8000, 0, 0), -1);
	SUITE_EQUAL(errno, EPIPE);
	SUITE_EQUAL(sigpipes, 0);
	close(pair.fd);
}

static void write_blocked_returns_partial_when_peer_closes(void)
{
	struct sigaction action = { .sa_handler = count_sigpipe };
	struct pair pair = pair_open("def");
	struct call call;

	sigaction(SIGPIPE, &action, NULL);
	call_write(&call, pair.fd, 100000, 6, 0);
	CU_ASSERT(call_blocks(&call));
	agent_close(peer(), pair.peer_fd);
	CU_ASSERT(call_finish(&call) >= SIZE_DEFAULT - RING_HEADER);
	CU_ASSERT(call.value < 100000);
	SUITE_EQUAL(write_some(pair.fd, 1, 0, 0), -1);
	SUITE_EQUAL(errno, EPIPE);
	SUITE_EQUAL(sigpipes, 0);
	close(pair.fd);
}

static void write_blocked_on_full_is_EPIPE_when_peer_closes(void)
{
	struct sigaction action = { .sa_handler = count_sigpipe };
	struct pair pair = pair_open("def");
	struct call call;

	sigaction(SIGPIPE, &action, NULL);
	call_write(&call, pair.fd, 100, 7, fill_ring(pair.fd, 7));
	CU_ASSERT(call_blocks(&call));
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(call_finish(&call), -1);
	SUITE_EQUAL(call.error, EPIPE);
	SUITE_EQUAL(sigpipes, 0);
	close(pair.fd);
}

static void write_interrupted_returns_partial_count(void)
{
	struct pair pair = pair_open("def");
	struct call call;
	size_t queued;

	call_write(&call, pair.fd, 100000, 8, 0);
	CU_ASSERT(call_blocks(&call));
	call_signal(&call, false);
	CU_ASSERT_FATAL(call_finish(&call) >= SIZE_DEFAULT - RING_HEADER);
	queued = (size_t)call.value;
	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), queued);
	peer_receive(&pair, queued, 8, 0);
	send_all(pair.fd, 10, 8, queued);
	peer_receive(&pair, 10, 8, queued);
	pair_close(&pair);
}

static void write_interrupted_on_full_is_EINTR(void)
{
	struct pair pair = pair_open("def");
	size_t full = fill_ring(pair.fd, 9);
	struct call call;

	call_write(&call, pair.fd, 10, 9, full);
	CU_ASSERT(call_blocks(&call));
	call_signal(&call, false);
	SUITE_EQUAL(call_finish(&call), -1);
	SUITE_EQUAL(call.error, EINTR);
	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), full);
	pair_close(&pair);
}

static void write_on_full_with_SA_RESTART_goes_on(void)
{
	struct pair pair = pair_open("def");
	size_t full = fill_ring(pair.fd, 10);
	struct call call;

	call_write(&call, pair.fd, 10, 10, full);
	CU_ASSERT(call_blocks(&call));
	call_signal(&call, true);
	CU_ASSERT(call_blocks(&call));
	peer_receive(&pair, full, 10, 0);
	SUITE_EQUAL(call_finish(&call), 10);
	peer_receive(&pair, 10, 10, full);
	pair_close(&pair);
}

static void write_nonblock_is_atomic_up_to_ring(void)
{
	struct pair pair = pair_open("def");
	size_t full = fill_ring(pair.fd, 11);

	set_nonblock(pair.fd, true);
	peer_receive(&pair, 10, 11, 0);
	SUITE_EQUAL(write_some(pair.fd, 11, 11, full), -1);
	SUITE_EQUAL(errno, EAGAIN);
	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), full - 10);
	SUITE_EQUAL(write_some(pair.fd, 10, 11, full), 10);
	SUITE_EQUAL(write_some(pair.fd, 1, 11, full), -1);
	SUITE_EQUAL(errno, EAGAIN);
	peer_receive(&pair, full, 11, 10);
	pair_close(&pair);
}

static void write_nonblock_of_whole_ring_is_atomic(void)
{
	struct pair pair = pair_open("tiny");
	size_t full = fill_ring(pair.fd, 12);

	peer_receive(&pair, full, 12, 0);
	set_nonblock(pair.fd, true);
	SUITE_EQUAL(write_some(pair.fd, 1, 12, full), 1);
	SUITE_EQUAL(write_some(pair.fd, full, 12, full + 1), -1);
	SUITE_EQUAL(errno, EAGAIN);
	peer_receive(&pair, 1, 12, full);
	SUITE_EQUAL(write_some(pair.fd, full, 12, full + 1), full);
	peer_receive(&pair, full, 12, full + 1);
	pair_close(&pair);
}

static void write_nonblock_larger_is_partial(void)
{
	struct pair pair = pair_open("tiny");
	size_t full = fill_ring(pair.fd, 13);

	peer_receive(&pair, full, 13, 0);
	set_nonblock(pair.fd, true);
	SUITE_EQUAL(write_some(pair.fd, 8192, 13, full), full);
	SUITE_EQUAL(write_some(pair.fd, 8192, 13, 2 * full), -1);
	SUITE_EQUAL(errno, EAGAIN);
	peer_receive(&pair, full, 13, full);
	pair_close(&pair);
}

static void write_nonblock_after_peer_close_is_EPIPE(void)
{
	struct pair pair = pair_open("def");

	fill_ring(pair.fd, 14);
	set_nonblock(pair.fd, true);
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(write_some(pair.fd, 1, 0, 0), -1);
	SUITE_EQUAL(errno, EPIPE);
	close(pair.fd);
}

static void write_from_bad_memory_is_EFAULT(void)
{
	struct pair pair = pair_open("def");

	SUITE_EQUAL(write(pair.fd, no_access(), 10), -1);
	SUITE_EQUAL(errno, EFAULT);
	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), 0);
	send_all(pair.fd, 10, 15, 0);
	peer_receive(&pair, 10, 15, 0);
	pair_close(&pair);
}

static void write_of_zero_bytes_is_zero(void)
{
	struct pair pair = pair_open("def");

	SUITE_EQUAL(write(pair.fd, "", 0), 0);
	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), 0);
	fill_ring(pair.fd, 16);
	SUITE_EQUAL(write(pair.fd, "", 0), 0);
	pair_close(&pair);
}

const struct suite_test write_tests[] = {
	{ "write_within_ring_does_not_wait", write_within_ring_does_not_wait, 0 },
	{ "write_blocks_while_full", write_blocks_while_full, 0 },
	{ "write_returns_when_all_is_queued", write_returns_when_all_is_queued, 0 },
	{ "write_larger_than_ring", write_larger_than_ring, 0 },
	{ "write_at_peer_larger_than_ring", write_at_peer_larger_than_ring, 0 },
	{ "write_after_peer_close_is_EPIPE_without_SIGPIPE",
	  write_after_peer_close_is_EPIPE_without_SIGPIPE, 0 },
	{ "write_blocked_returns_partial_when_peer_closes",
	  write_blocked_returns_partial_when_peer_closes, 0 },
	{ "write_blocked_on_full_is_EPIPE_when_peer_closes",
	  write_blocked_on_full_is_EPIPE_when_peer_closes, 0 },
	{ "write_interrupted_returns_partial_count", write_interrupted_returns_partial_count, 0 },
	{ "write_interrupted_on_full_is_EINTR", write_interrupted_on_full_is_EINTR, 0 },
	{ "write_on_full_with_SA_RESTART_goes_on", write_on_full_with_SA_RESTART_goes_on, 0 },
	{ "write_nonblock_is_atomic_up_to_ring", write_nonblock_is_atomic_up_to_ring, 0 },
	{ "write_nonblock_of_whole_ring_is_atomic", write_nonblock_of_whole_ring_is_atomic, 0 },
	{ "write_nonblock_larger_is_partial", write_nonblock_larger_is_partial, 0 },
	{ "write_nonblock_after_peer_close_is_EPIPE", write_nonblock_after_peer_close_is_EPIPE, 0 },
	{ "write_from_bad_memory_is_EFAULT", write_from_bad_memory_is_EFAULT, 0 },
	{ "write_of_zero_bytes_is_zero", write_of_zero_bytes_is_zero, 0 },
	{ NULL, NULL, 0 },
};
