/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* With poll= in the info readers look for data before they sleep, to the same effect. */
#include "vbpipe_suite.h"

static void polling_reader_gets_each_answer(void)
{
	struct pair pair = pair_open("poll");
	uint32_t ticket;

	for (unsigned int i = 0; i < 100; i++) {
		ticket = agent_start(peer(), agent_request_read(pair.peer_fd, 10, 41, i * 10));
		send_all(pair.fd, 10, 41, i * 10);
		SUITE_EQUAL(agent_finish(peer(), ticket).value, 10);
		peer_send(&pair, 10, 42, i * 10);
		receive_all(pair.fd, 10, 42, i * 10);
	}
	pair_close(&pair);
}

static void polling_reader_sleeps_in_the_end(void)
{
	struct pair pair = pair_open("poll");
	struct call call;

	call_read(&call, pair.fd, 20, 43, 0);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 20, 43, 0);
	SUITE_EQUAL(call_finish(&call), 20);
	pair_close(&pair);
}

static void polling_reader_interrupted_returns_partial_count(void)
{
	struct pair pair = pair_open("poll");
	struct call call;

	peer_send(&pair, 10, 44, 0);
	call_read(&call, pair.fd, 20, 44, 0);
	CU_ASSERT(call_blocks(&call));
	call_signal(&call, false);
	SUITE_EQUAL(call_finish(&call), 10);
	pair_close(&pair);
}

static void polling_reader_sees_the_end(void)
{
	struct pair pair = pair_open("poll");
	struct call call;

	peer_send(&pair, 5, 45, 0);
	call_read(&call, pair.fd, 20, 45, 0);
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(call_finish(&call), 5);
	SUITE_EQUAL(read_checked(pair.fd, 20, 45, 5), 0);
	close(pair.fd);
}

static void polling_reader_does_not_delay_nonblock(void)
{
	struct pair pair = pair_open("poll");
	char byte;

	set_nonblock(pair.fd, true);
	SUITE_EQUAL(read(pair.fd, &byte, 1), -1);
	SUITE_EQUAL(errno, EAGAIN);
	pair_close(&pair);
}

const struct suite_test polling_tests[] = {
	{ "polling_reader_gets_each_answer", polling_reader_gets_each_answer, 0 },
	{ "polling_reader_sleeps_in_the_end", polling_reader_sleeps_in_the_end, 0 },
	{ "polling_reader_interrupted_returns_partial_count",
	  polling_reader_interrupted_returns_partial_count, 0 },
	{ "polling_reader_sees_the_end", polling_reader_sees_the_end, 0 },
	{ "polling_reader_does_not_delay_nonblock", polling_reader_does_not_delay_nonblock, 0 },
	{ NULL, NULL, 0 },
};
