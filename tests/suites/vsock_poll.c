/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What poll and select say of a socket in each state. */
#include "vsock_suite.h"

#include <poll.h>
#include <sys/select.h>

#define ALL (POLLIN | POLLOUT | POLLRDHUP)

static void a_fresh_socket(void)
{
	SUITE_EQUAL(poll_now(vm_socket(SOCK_STREAM), ALL), POLLOUT);
}

static void a_listener(void)
{
	int listener = vm_listener(SOCK_STREAM, 1), fd = agent_socket(peer(), SOCK_STREAM);

	SUITE_EQUAL(poll_now(listener, ALL), 0);
	SUITE_EQUAL(agent_socket_connect(peer(), fd, own_cid(), port_of(listener)), 0);
	SUITE_EQUAL(poll_for(listener, ALL), POLLIN);
}

static void a_connection_with_and_without_data(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	SUITE_EQUAL(poll_now(pair.fd, ALL), POLLOUT);
	peer_send(&pair, 10, 1, 0);
	SUITE_EQUAL(poll_for(pair.fd, POLLIN), POLLIN);
	SUITE_EQUAL(poll_now(pair.fd, ALL), POLLIN | POLLOUT);
}

static void poll_wakes_on_data(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	struct call call;

	call_poll(&call, pair.fd, POLLIN);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 1, 1, 0);
	SUITE_EQUAL(call_finish(&call), POLLIN);
}

static void the_peer_sends_no_more(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	SUITE_EQUAL(agent_shutdown(peer(), pair.peer_fd, SHUT_WR), 0);
	SUITE_EQUAL(poll_for(pair.fd, POLLRDHUP), POLLRDHUP);
	SUITE_EQUAL(poll_now(pair.fd, ALL), POLLIN | POLLOUT | POLLRDHUP);
}

static void the_peer_has_closed(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	short events;

	SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	events = poll_for(pair.fd, POLLRDHUP);
	CU_ASSERT(events & POLLRDHUP);
	SUITE_EQUAL(poll_now(pair.fd, POLLIN | POLLRDHUP) & (POLLIN | POLLRDHUP), POLLIN | POLLRDHUP);
}

static void select_says_the_same(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	struct timeval now = { 0 };
	fd_set readable, writable;

	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_SET(pair.fd, &readable);
	FD_SET(pair.fd, &writable);
	SUITE_EQUAL(select(pair.fd + 1, &readable, &writable, NULL, &now), 1);
	CU_ASSERT(!FD_ISSET(pair.fd, &readable) && FD_ISSET(pair.fd, &writable));
	peer_send(&pair, 1, 1, 0);
	FD_SET(pair.fd, &readable);
	now.tv_sec = 10;
	SUITE_EQUAL(select(pair.fd + 1, &readable, NULL, NULL, &now), 1);
}

static void a_low_water_mark_is_waited_for(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	int mark = 1000;

	SUITE_EQUAL(setsockopt(pair.fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark)), 0);
	peer_send(&pair, 999, 1, 0);
	/* Came after it, so that both have arrived. */
	SUITE_EQUAL(agent_shutdown(peer(), pair.peer_fd, SHUT_RD), 0);
	SUITE_EQUAL(poll_now(pair.fd, POLLIN), 0);
	peer_send(&pair, 1, 1, 999);
	SUITE_EQUAL(poll_for(pair.fd, POLLIN), POLLIN);
}

const struct suite_test poll_state_tests[] = {
	{ "a_fresh_socket", a_fresh_socket, 0 },
	{ "a_listener", a_listener, 0 },
	{ "a_connection_with_and_without_data", a_connection_with_and_without_data, 0 },
	{ "poll_wakes_on_data", poll_wakes_on_data, 0 },
	{ "the_peer_sends_no_more", the_peer_sends_no_more, 0 },
	{ "the_peer_has_closed", the_peer_has_closed, 0 },
	{ "select_says_the_same", select_says_the_same, 0 },
	{ "a_low_water_mark_is_waited_for", a_low_water_mark_is_waited_for, 0 },
	{ NULL, NULL, 0 },
};
