/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The protocol kept to the letter: what user space wrote from the text of the
 * wire headers and the kernel's driver understand each other.
 */
#include "hostile.h"

#include "../suites/pattern.h"

#include <string.h>

static struct end end;

static void words_after_rendezvous(void)
{
	attack_open(&end);
	SUITE_EQUAL(end_load(&end, CLIENT_WORD), WORD_ON | 1 << 2);
	SUITE_EQUAL(end_load(&end, SERVER_WORD), WORD_ON | 1 << 2);
	for (unsigned int offset = C2S_PROD; offset <= S2C_CONS; offset += 64)
		SUITE_EQUAL(end_load(&end, offset), 0);
	attack_end(&end);
}

static void bytes_lie_where_they_should(void)
{
	int fd = attack_open(&end);

	SUITE_EQUAL(agent_write(peer(), fd, 1000, 5, 0), 1000);
	SUITE_EQUAL(end_load(&end, end.in.theirs), 1000);
	SUITE_EQUAL(pattern_check(end.in.bytes, 1000, 5, 0), 0);
	SUITE_EQUAL(end_load(&end, end.in.mine), 0);

	pattern_fill(end.out.bytes, 300, 6, 0);
	end_store(&end, end.out.mine, 300);
	end_notify(&end);
	SUITE_EQUAL(agent_read(peer(), fd, 300, 6, 0), 300);
	SUITE_EQUAL(end_load(&end, end.out.theirs), 300);
	attack_end(&end);
}

static void memory_begins_as_zeros(void)
{
	attack_begin(&end);
	end_connect(&end, 4096);
	if (hostile_server) {
		static const unsigned char zeros[4096];

		for (uint32_t page = 0; page < end.region.count; page++)
			SUITE_EQUAL(memcmp(end.region.at + page * 4096, zeros, 4096), 0);
	}
	/* Of the control page the driver writes nothing before somebody opens. */
	for (unsigned int offset = 0; offset < 4096; offset += 4)
		SUITE_EQUAL(end_load(&end, offset), 0);
	attack_end(&end);
}

static void both_ways_many_times_around(void)
{
	const uint64_t count = 300000;
	int fd = attack_open(&end);
	uint32_t ticket = agent_start(peer(), agent_request_read_stream(fd, count, 7, 5000));
	struct agent_reply reply;

	end_send(&end, count, 7, 0);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, count);
	SUITE_EQUAL(reply.wrong_at, 0);
	ticket = agent_start(peer(), agent_request_write_stream(fd, count, 8, 5000));
	end_receive(&end, count, 8, 0);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, count);
	attack_end(&end);
}

static void our_close_leaves_data(void)
{
	int fd = attack_open(&end);

	end_send(&end, 200, 9, 0);
	end_part(&end);
	SUITE_EQUAL(agent_read(peer(), fd, 200, 9, 0), 200);
	victim_sees_end(fd);
	attack_end(&end);
}

static void their_close_leaves_data(void)
{
	int fd = attack_open(&end);

	SUITE_EQUAL(agent_write(peer(), fd, 500, 10, 0), 500);
	SUITE_EQUAL(agent_close(peer(), fd), 0);
	end_await_parted(&end);
	end_receive(&end, 500, 10, 0);
	attack_end(&end);
}

static void open_again_and_again(void)
{
	int fd = attack_open(&end);

	for (uint32_t round = 1; round <= 5; round++) {
		SUITE_EQUAL(end_load(&end, end.their_word), WORD_ON | round << 2);
		link_works(&end, fd);
		SUITE_EQUAL(agent_close(peer(), fd), 0);
		end_await_parted(&end);
		end_part(&end);
		fd = victim_open(&end);
	}
	attack_end(&end);
}

/* We want to open, give up, and come back. */
static void interrupted_open(void)
{
	uint32_t ticket;

	attack_begin(&end);
	end_connect(&end, 4096);
	end_set_word(&end, WORD_RESET);
	ticket = victim_blocks(agent_request_open(node("evil"), O_RDWR));
	SUITE_EQUAL(end_load(&end, end.their_word), WORD_ON);
	end_set_word(&end, WORD_OFF);
	end_meet(&end);
	link_works(&end, (int)agent_finish(peer(), ticket).value);
	attack_end(&end);
}

/* The victim's open, up to where each end has found that the other waits. */
static uint32_t both_on(void)
{
	uint32_t ticket = agent_start(peer(), agent_request_open(node("evil"), O_RDWR));

	end_set_word(&end, WORD_RESET);
	end_await_word(&end, WORD_ON);
	if (hostile_server)
		end_set_word(&end, WORD_ON);
	return ticket;
}

/* A client that is interrupted there does not know whether the server is open. */
static uint32_t client_asks_to_leave(void)
{
	uint32_t ticket = both_on();

	CU_ASSERT(peer_call_blocks(ticket));
	SUITE_EQUAL(agent_interrupt(peer(), ticket, false), 0);
	end_await_word(&end, WORD_LEAVING);
	CU_ASSERT(peer_call_lasts(ticket));
	return ticket;
}

static void open_is_interrupted(uint32_t ticket)
{
	struct agent_reply reply = agent_finish(peer(), ticket);

	SUITE_EQUAL(reply.value, -1);
	SUITE_EQUAL(reply.error, EINTR);
	end_await_word(&end, WORD_OFF);
	end_set_word(&end, WORD_OFF);
}

static void client_leaves_when_server_did_not_open(void)
{
	uint32_t ticket = client_asks_to_leave();

	end_set_word(&end, WORD_RESET);
	open_is_interrupted(ticket);
}

static void client_stays_when_server_had_opened(void)
{
	uint32_t ticket = client_asks_to_leave();

	end.word += 1 << 2;
	end_set_word(&end, WORD_ON);
	link_works(&end, (int)agent_finish(peer(), ticket).value);
}

/* The server decides alone: a leaving client is answered, and the open goes on. */
static void server_answers_leaving_client(void)
{
	uint32_t ticket = both_on();

	end_set_word(&end, WORD_LEAVING);
	end_await_word(&end, WORD_RESET);
	CU_ASSERT(peer_call_blocks(ticket));
	end_set_word(&end, WORD_OFF);
	end_meet(&end);
	link_works(&end, (int)agent_finish(peer(), ticket).value);
}

static void server_leaves_at_once(void)
{
	uint32_t ticket = both_on();

	CU_ASSERT(peer_call_blocks(ticket));
	SUITE_EQUAL(agent_interrupt(peer(), ticket, false), 0);
	open_is_interrupted(ticket);
}

static void interrupted_open_ends_at_both_or_neither(void)
{
	attack_begin(&end);
	end_connect(&end, 4096);
	if (hostile_server) {
		client_leaves_when_server_did_not_open();
		client_stays_when_server_had_opened();
	} else {
		server_leaves_at_once();
		server_answers_leaving_client();
	}
	attack_end(&end);
}

/* The least ring, unequal ones, and the largest that the other end takes without wanting it. */
static void ring_sizes(void)
{
	static const uint32_t sizes[] = { 16, 65536, 1u << 20 };

	attack_begin(&end);
	for (unsigned int i = 0; i < 3; i++) {
		int fd;

		end_connect(&end, sizes[i]);
		if (!hostile_server)
			SUITE_EQUAL(end_read_number(&end, "rx-size"), end.c2s_size);
		fd = victim_open(&end);
		link_works(&end, fd);
		SUITE_EQUAL(agent_close(peer(), fd), 0);
		end_await_parted(&end);
		end_part(&end);
	}
	attack_end(&end);
}

const struct suite_test friendly_tests[] = {
	{ "friendly_words_after_rendezvous", words_after_rendezvous, 0 },
	{ "friendly_bytes_lie_where_they_should", bytes_lie_where_they_should, 0 },
	{ "friendly_memory_begins_as_zeros", memory_begins_as_zeros, 0 },
	{ "friendly_both_ways_many_times_around", both_ways_many_times_around, 0 },
	{ "friendly_our_close_leaves_data", our_close_leaves_data, 0 },
	{ "friendly_their_close_leaves_data", their_close_leaves_data, 0 },
	{ "friendly_open_again_and_again", open_again_and_again, 0 },
	{ "friendly_interrupted_open", interrupted_open, 0 },
	{ "friendly_interrupted_open_ends_at_both_or_neither",
	  interrupted_open_ends_at_both_or_neither, 0 },
	{ "friendly_ring_sizes", ring_sizes, 0 },
	{ NULL, NULL, 0 },
};
