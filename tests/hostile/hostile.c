/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostile.h"

#include "../suites/pattern.h"

#include <stdio.h>
#include <string.h>

#define FRIENDLY_SIZE	4096
#define AMOUNT		9000	/* bytes of an exchange: more than two rings */

static struct pair near_pair;

const char *link_id(const char *name)
{
	static char id[64];

	snprintf(id, sizeof(id), "%s%s", suite_option("prefix", "h_"), name);
	return id;
}

void neighbour_works(void)
{
	struct agent_request request = agent_request_read_stream(near_pair.peer_fd, AMOUNT, 1, 500);
	uint32_t ticket = agent_start(peer(), request);
	struct agent_reply reply;

	send_all(near_pair.fd, AMOUNT, 1, 0);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, AMOUNT);
	SUITE_EQUAL(reply.wrong_at, 0);
	ticket = agent_start(peer(), agent_request_write_stream(near_pair.peer_fd, AMOUNT, 2, 500));
	receive_all(near_pair.fd, AMOUNT, 2, 0);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, AMOUNT);
}

void victim_starts_anew(void)
{
	close(near_pair.fd);
	peer_leave();
	near_pair = pair_open("near");
}

void attack_begin_on(struct end *end, const char *name)
{
	near_pair = pair_open("near");
	neighbour_works();
	end_open(end, link_id(name), hostile_server);
}

void attack_begin(struct end *end)
{
	attack_begin_on(end, "evil");
}

int attack_open(struct end *end)
{
	attack_begin(end);
	end_connect(end, FRIENDLY_SIZE);
	return victim_open(end);
}

int victim_open(struct end *end)
{
	uint32_t ticket = agent_start(peer(), agent_request_open(node("evil"), O_RDWR));
	struct agent_reply reply;

	end_meet(end);
	reply = agent_finish(peer(), ticket);
	if (reply.value < 0)
		suite_fail("the victim's open: %s", strerror(reply.error));
	return (int)reply.value;
}

void link_works(struct end *end, int victim_fd)
{
	struct agent_request request = agent_request_read_stream(victim_fd, AMOUNT, 3, 700);
	uint32_t ticket = agent_start(peer(), request);
	struct agent_reply reply;

	end_send(end, AMOUNT, 3, 0);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, AMOUNT);
	SUITE_EQUAL(reply.wrong_at, 0);
	ticket = agent_start(peer(), agent_request_write_stream(victim_fd, AMOUNT, 4, 700));
	end_receive(end, AMOUNT, 4, 0);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, AMOUNT);
}

static void leave_victim(void)
{
	neighbour_works();
	close(near_pair.fd);
	peer_leave();
}

/* So that nothing of ours stays mapped. */
static void end_closed(struct end *end)
{
	end_close(end);
	end_drop(end);
}

void attack_end(struct end *end)
{
	int fd;

	leave_victim();
	end_connect(end, FRIENDLY_SIZE);
	fd = victim_open(end);
	link_works(end, fd);
	SUITE_EQUAL(agent_close(peer(), fd), 0);
	end_await_parted(end);
	end_part(end);
	end_closed(end);
}

void attack_end_refused(struct end *end)
{
	leave_victim();
	end_closed(end);
}

uint32_t victim_blocks(struct agent_request request)
{
	uint32_t ticket = agent_start(peer(), request);

	if (!peer_call_blocks(ticket)) {
		struct agent_reply reply = agent_finish(peer(), ticket);

		suite_fail("the victim's call does not block: %lld (%s)", (long long)reply.value,
			   strerror(reply.error));
	}
	return ticket;
}

void victim_interruptible(uint32_t ticket)
{
	struct agent_reply reply;

	SUITE_EQUAL(agent_interrupt(peer(), ticket, false), 0);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, -1);
	SUITE_EQUAL(reply.error, EINTR);
}

void victim_sees_end(int fd)
{
	struct agent_reply reply = agent_call(peer(), agent_request_read(fd, 100, 0, 0));

	SUITE_EQUAL(reply.value, 0);
	reply = agent_call(peer(), agent_request_write(fd, 100, 0, 0));
	SUITE_EQUAL(reply.value, -1);
	SUITE_EQUAL(reply.error, EPIPE);
}
