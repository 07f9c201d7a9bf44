/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many connections at a time: each gets its own bytes, and its share. */
#include "vsock_suite.h"

#include "asleep.h"
#include "pattern.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES	20000u	/* over each connection, there and back */
#define FAIR	16u
#define FAIR_TOTAL	(16u << 20)

/* A connection whose peer sends back what it gets. */
struct talk {
	uint64_t seed;
	size_t sent, received;
};

struct crowd {
	unsigned int nr, open;
	struct pollfd *fds;
	struct talk *talks;
};

static struct crowd crowd_new(unsigned int nr)
{
	struct crowd crowd = { .nr = nr, .open = nr };

	crowd.fds = calloc(nr, sizeof(*crowd.fds));
	crowd.talks = calloc(nr, sizeof(*crowd.talks));
	if (!crowd.fds || !crowd.talks)
		suite_fail("no memory");
	return crowd;
}

static void crowd_free(struct crowd *crowd)
{
	free(crowd->fds);
	free(crowd->talks);
}

static void talk_send(struct talk *talk, struct pollfd *fd)
{
	char buffer[4096];
	size_t want = BYTES - talk->sent < sizeof(buffer) ? BYTES - talk->sent : sizeof(buffer);
	ssize_t n;

	pattern_fill(buffer, want, talk->seed, talk->sent);
	n = send(fd->fd, buffer, want, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		suite_fail("send: %s", strerror(errno));
	talk->sent += n > 0 ? (size_t)n : 0;
	if (talk->sent == BYTES)
		fd->events &= ~POLLOUT;
}

static void talk_receive(struct talk *talk, struct pollfd *fd)
{
	char buffer[4096];
	ssize_t n = recv(fd->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (n <= 0)
		suite_fail("recv after %zu bytes: %s", talk->received, n ? strerror(errno) : "end");
	if (pattern_check(buffer, (size_t)n, talk->seed, talk->received))
		suite_fail("wrong bytes after %zu", talk->received);
	talk->received += (size_t)n;
}

static void crowd_step(struct crowd *crowd)
{
	if (poll(crowd->fds, crowd->nr, suite_patience_ms()) <= 0)
		suite_fail("nothing moves any more: %u connections are open", crowd->open);
	for (unsigned int i = 0; i < crowd->nr; i++) {
		struct pollfd *fd = &crowd->fds[i];

		if (fd->revents & POLLOUT)
			talk_send(&crowd->talks[i], fd);
		if (fd->revents & (POLLIN | POLLERR | POLLHUP))
			talk_receive(&crowd->talks[i], fd);
		if (crowd->talks[i].received == BYTES) {
			close(fd->fd);
			fd->fd = -1;
			fd->events = 0;
			crowd->talks[i].received++;	/* once */
			crowd->open--;
		}
	}
}

static void crowd_round(int listener, unsigned int nr, unsigned int round)
{
	uint32_t ticket = agent_start(peer(), agent_request_echo(listener, nr));
	unsigned int cid = peer_cid(), port = agent_port(peer(), listener);
	struct crowd crowd = crowd_new(nr);

	for (unsigned int i = 0; i < nr; i++) {
		crowd.talks[i].seed = 1000 * round + i;
		crowd.fds[i].fd = vm_socket(SOCK_STREAM);
		crowd.fds[i].events = POLLIN | POLLOUT;
		if (vm_connect(crowd.fds[i].fd, cid, port))
			suite_fail("connection %u: %s", i, strerror(errno));
	}
	while (crowd.open)
		crowd_step(&crowd);
	crowd_free(&crowd);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, (long long)nr * BYTES);
}

static void crowd_rounds(unsigned int nr, unsigned int rounds)
{
	int listener = peer_listener(SOCK_STREAM, (int)nr);

	for (unsigned int round = 0; round < rounds; round++)
		crowd_round(listener, nr, round);
}

static void connections_side_by_side(void)
{
	crowd_rounds(50, 2);
}

static void long_500_connections_20_times(void)
{
	crowd_rounds(500, 20);
}

static void connections_one_after_the_other(void)
{
	int listener = peer_listener(SOCK_STREAM, 1);
	unsigned int cid = peer_cid(), port = agent_port(peer(), listener);
	uint32_t ticket = agent_start(peer(), agent_request_echo(listener, 300));

	for (unsigned int i = 0; i < 300; i++) {
		int fd = vm_socket(SOCK_STREAM);

		if (vm_connect(fd, cid, port))
			suite_fail("connection %u: %s", i, strerror(errno));
		send_all(fd, 10, i, 0);
		receive_all(fd, 10, i, 0);
		close(fd);
	}
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 3000);
}

/* Each to a listener that was made for it: that of a request that gets lost tells by its time. */
static void long_100_listeners_20_times(void)
{
	long long begin, us, longest = 0;
	unsigned int cid = peer_cid(), connected = 0;

	for (unsigned int round = 0; round < 20; round++) {
		int fds[100], peer_fds[100];

		for (unsigned int i = 0; i < 100; i++) {
			int listener = peer_listener(SOCK_STREAM, 1);
			unsigned int port = agent_port(peer(), listener);

			fds[i] = vm_socket(SOCK_STREAM);
			begin = clock_us();
			if (vm_connect(fds[i], cid, port))
				suite_fail("round %u, connection %u: %s", round, i, strerror(errno));
			connected++;
			us = clock_us() - begin;
			longest = us > longest ? us : longest;
			peer_fds[i] = agent_accept(peer(), listener);
			agent_close(peer(), listener);
		}
		for (unsigned int i = 0; i < 100; i++) {
			close(fds[i]);
			agent_close(peer(), peer_fds[i]);
		}
	}
	SUITE_EQUAL(connected, 2000);
	printf("# the longest of 2000 connects took %lld ms\n", longest / 1000);
}

/* All senders have as much as they can send: all get a share of the link. */
static void senders_get_equal_shares(void)
{
	int listener = vm_listener(SOCK_STREAM, FAIR);
	struct pollfd fds[FAIR];
	size_t shares[FAIR] = { 0 }, total = 0, least = SIZE_MAX, most = 0;
	static char buffer[65536];
	int first = -1;

	for (unsigned int i = 0; i < FAIR; i++) {
		int fd = agent_socket(peer(), SOCK_STREAM);

		first = i ? first : fd;
		SUITE_EQUAL(fd, first + (int)i);
		SUITE_EQUAL(agent_socket_connect(peer(), fd, own_cid(), port_of(listener)), 0);
		fds[i] = (struct pollfd){ .fd = accept(listener, NULL, NULL), .events = POLLIN };
	}
	agent_start(peer(), agent_request_flood(first, FAIR));
	while (total < FAIR_TOTAL) {
		CU_ASSERT_FATAL(poll(fds, FAIR, suite_patience_ms()) > 0);
		for (unsigned int i = 0; i < FAIR; i++) {
			ssize_t n = fds[i].revents ? read(fds[i].fd, buffer, sizeof(buffer)) : 0;

			shares[i] += n > 0 ? (size_t)n : 0;
			total += n > 0 ? (size_t)n : 0;
		}
	}
	for (unsigned int i = 0; i < FAIR; i++) {
		least = shares[i] < least ? shares[i] : least;
		most = shares[i] > most ? shares[i] : most;
	}
	printf("# shares of %u senders: %zu to %zu bytes\n", FAIR, least, most);
	CU_ASSERT(most <= 2 * least);
}

const struct suite_test many_tests[] = {
	{ "connections_side_by_side", connections_side_by_side, 0 },
	{ "long_500_connections_20_times", long_500_connections_20_times, 3000 },
	{ "long_100_listeners_20_times", long_100_listeners_20_times, 3000 },
	{ "connections_one_after_the_other", connections_one_after_the_other, 0 },
	{ "senders_get_equal_shares", senders_get_equal_shares, 0 },
	{ NULL, NULL, 0 },
};
