/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* poll(), select() and epoll. */
#include "vbpipe_suite.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM)
#define GONE	(POLLERR | POLLHUP)

static void poll_empty_is_writable_only(void)
{
	struct pair pair = pair_open("def");

	SUITE_EQUAL(poll_now(pair.fd, IN | OUT), OUT);
	SUITE_EQUAL(agent_poll(peer(), pair.peer_fd, IN | OUT, 0), OUT);
	pair_close(&pair);
}

static void poll_with_data_is_readable(void)
{
	struct pair pair = pair_open("def");

	peer_send(&pair, 1, 1, 0);
	SUITE_EQUAL(poll_now(pair.fd, IN | OUT), IN | OUT);
	receive_all(pair.fd, 1, 1, 0);
	SUITE_EQUAL(poll_now(pair.fd, IN | OUT), OUT);
	pair_close(&pair);
}

static void poll_full_is_not_writable(void)
{
	struct pair pair = pair_open("def");
	size_t full = fill_ring(pair.fd, 2);

	SUITE_EQUAL(poll_now(pair.fd, IN | OUT), 0);
	peer_receive(&pair, full, 2, 0);
	SUITE_EQUAL(poll_now(pair.fd, IN | OUT), OUT);
	pair_close(&pair);
}

static void poll_wakes_on_data(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	call_poll(&call, pair.fd, POLLIN);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 1, 3, 0);
	SUITE_EQUAL(call_finish(&call), POLLIN);
	pair_close(&pair);
}

static void poll_wakes_on_room(void)
{
	struct pair pair = pair_open("def");
	size_t full = fill_ring(pair.fd, 4);
	struct call call;

	call_poll(&call, pair.fd, POLLOUT);
	CU_ASSERT(call_blocks(&call));
	peer_receive(&pair, full, 4, 0);
	SUITE_EQUAL(call_finish(&call), POLLOUT);
	pair_close(&pair);
}

static void poll_wakes_on_a_single_byte_of_room(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	fill_ring(pair.fd, 5);
	call_poll(&call, pair.fd, POLLOUT);
	CU_ASSERT(call_blocks(&call));
	peer_receive(&pair, 1, 5, 0);
	SUITE_EQUAL(call_finish(&call), POLLOUT);
	pair_close(&pair);
}

static void poll_wakes_on_peer_close(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	call_poll(&call, pair.fd, POLLIN);
	CU_ASSERT(call_blocks(&call));
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(call_finish(&call), GONE);
	close(pair.fd);
}

static void poll_without_events_wakes_on_peer_close(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	call_poll(&call, pair.fd, 0);
	CU_ASSERT(call_blocks(&call));
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(call_finish(&call), GONE);
	close(pair.fd);
}

static void poll_after_close_shows_remaining_data(void)
{
	struct pair pair = pair_open("def");

	peer_send(&pair, 10, 6, 0);
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(poll_now(pair.fd, IN | OUT), IN | GONE);
	receive_all(pair.fd, 9, 6, 0);
	SUITE_EQUAL(poll_now(pair.fd, IN | OUT), IN | GONE);
	receive_all(pair.fd, 1, 6, 9);
	SUITE_EQUAL(poll_now(pair.fd, IN | OUT), GONE);
	close(pair.fd);
}

static void poll_shows_the_end_while_peer_waits_to_reopen(void)
{
	struct pair pair = pair_open("def");
	uint32_t ticket;

	agent_close(peer(), pair.peer_fd);
	ticket = agent_start(peer(), agent_request_open(node("def"), O_RDWR));
	CU_ASSERT(peer_call_blocks(ticket));
	SUITE_EQUAL(poll_now(pair.fd, IN | OUT), GONE);
	close(pair.fd);
}

static void poll_interrupted_is_EINTR(void)
{
	struct pair pair = pair_open("def");
	struct call call;

	call_poll(&call, pair.fd, POLLIN);
	CU_ASSERT(call_blocks(&call));
	call_signal(&call, false);
	SUITE_EQUAL(call_finish(&call), -1);
	SUITE_EQUAL(call.error, EINTR);
	pair_close(&pair);
}

static void poll_waits_on_two_links(void)
{
	struct pair one = pair_open("def"), two = pair_open("avail");
	struct pollfd fds[] = { { .fd = one.fd, .events = POLLIN },
				{ .fd = two.fd, .events = POLLIN } };
	uint32_t ticket = agent_start(peer(), agent_request_write(two.peer_fd, 5, 7, 0));

	SUITE_EQUAL(poll(fds, 2, 10000), 1);
	SUITE_EQUAL(fds[0].revents, 0);
	SUITE_EQUAL(fds[1].revents, POLLIN);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 5);
	pair_close(&two);
	pair_close(&one);
}

static int select_now(int fd, fd_set *readable, fd_set *writable)
{
	struct timeval none = { 0, 0 };

	FD_ZERO(readable);
	FD_ZERO(writable);
	FD_SET(fd, readable);
	FD_SET(fd, writable);
	return select(fd + 1, readable, writable, NULL, &none);
}

static void select_works(void)
{
	struct pair pair = pair_open("def");
	struct timeval limit = { .tv_sec = 10 };
	fd_set readable, writable;

	SUITE_EQUAL(select_now(pair.fd, &readable, &writable), 1);
	CU_ASSERT(!FD_ISSET(pair.fd, &readable) && FD_ISSET(pair.fd, &writable));
	agent_start(peer(), agent_request_write(pair.peer_fd, 1, 8, 0));
	FD_ZERO(&readable);
	FD_SET(pair.fd, &readable);
	SUITE_EQUAL(select(pair.fd + 1, &readable, NULL, NULL, &limit), 1);
	fill_ring(pair.fd, 9);
	SUITE_EQUAL(select_now(pair.fd, &readable, &writable), 1);
	CU_ASSERT(FD_ISSET(pair.fd, &readable) && !FD_ISSET(pair.fd, &writable));
	/* The end makes it readable and writable: both calls return at once. */
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(select_now(pair.fd, &readable, &writable), 2);
	close(pair.fd);
}

static void epoll_edges_come_with_new_data(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct pair pair = pair_open("def");
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	CU_ASSERT_FATAL(epoll >= 0);
	CU_ASSERT_FATAL(!epoll_ctl(epoll, EPOLL_CTL_ADD, pair.fd, &event));
	SUITE_EQUAL(epoll_wait(epoll, &event, 1, 0), 0);
	peer_send(&pair, 10, 10, 0);
	SUITE_EQUAL(epoll_wait(epoll, &event, 1, 10000), 1);
	SUITE_EQUAL(event.events, EPOLLIN);
	receive_all(pair.fd, 10, 10, 0);
	SUITE_EQUAL(epoll_wait(epoll, &event, 1, 0), 0);
	peer_send(&pair, 10, 10, 10);
	SUITE_EQUAL(epoll_wait(epoll, &event, 1, 10000), 1);
	close(epoll);
	pair_close(&pair);
}

/* After EAGAIN, room for what did not fit is an edge; less is none to act on. */
static void epoll_edges_come_with_room(void)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	struct pair pair = pair_open("def");
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	char piece[100] = { 0 };
	size_t full;

	CU_ASSERT_FATAL(epoll >= 0);
	CU_ASSERT_FATAL(!epoll_ctl(epoll, EPOLL_CTL_ADD, pair.fd, &event));
	SUITE_EQUAL(epoll_wait(epoll, &event, 1, 10000), 1);
	full = fill_ring(pair.fd, 11);
	set_nonblock(pair.fd, true);
	SUITE_EQUAL(write(pair.fd, piece, sizeof(piece)), -1);
	SUITE_EQUAL(errno, EAGAIN);
	SUITE_EQUAL(epoll_wait(epoll, &event, 1, 0), 0);
	peer_receive(&pair, full, 11, 0);
	SUITE_EQUAL(epoll_wait(epoll, &event, 1, 10000), 1);
	SUITE_EQUAL(event.events, EPOLLOUT);
	close(epoll);
	pair_close(&pair);
}

static void epoll_edge_comes_with_the_end(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct pair pair = pair_open("def");
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	CU_ASSERT_FATAL(!epoll_ctl(epoll, EPOLL_CTL_ADD, pair.fd, &event));
	SUITE_EQUAL(epoll_wait(epoll, &event, 1, 0), 0);
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(epoll_wait(epoll, &event, 1, 10000), 1);
	SUITE_EQUAL(event.events, EPOLLERR | EPOLLHUP);
	close(epoll);
	close(pair.fd);
}

const struct suite_test poll_tests[] = {
	{ "poll_empty_is_writable_only", poll_empty_is_writable_only, 0 },
	{ "poll_with_data_is_readable", poll_with_data_is_readable, 0 },
	{ "poll_full_is_not_writable", poll_full_is_not_writable, 0 },
	{ "poll_wakes_on_data", poll_wakes_on_data, 0 },
	{ "poll_wakes_on_room", poll_wakes_on_room, 0 },
	{ "poll_wakes_on_a_single_byte_of_room", poll_wakes_on_a_single_byte_of_room, 0 },
	{ "poll_wakes_on_peer_close", poll_wakes_on_peer_close, 0 },
	{ "poll_without_events_wakes_on_peer_close", poll_without_events_wakes_on_peer_close, 0 },
	{ "poll_after_close_shows_remaining_data", poll_after_close_shows_remaining_data, 0 },
	{ "poll_shows_the_end_while_peer_waits_to_reopen",
	  poll_shows_the_end_while_peer_waits_to_reopen, 0 },
	{ "poll_interrupted_is_EINTR", poll_interrupted_is_EINTR, 0 },
	{ "poll_waits_on_two_links", poll_waits_on_two_links, 0 },
	{ "select_works", select_works, 0 },
	{ "epoll_edges_come_with_new_data", epoll_edges_come_with_new_data, 0 },
	{ "epoll_edges_come_with_room", epoll_edges_come_with_room, 0 },
	{ "epoll_edge_comes_with_the_end", epoll_edge_comes_with_the_end, 0 },
	{ NULL, NULL, 0 },
};
