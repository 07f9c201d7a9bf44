/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is sent arrives: streams both ways, messages with their bounds. */
#include "vsock_suite.h"

#include "pattern.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_BYTES	(16ull << 20)
#define LONG_BYTES	(1ull << 30)
#define CHUNK_MAX	100000u

/* ---- streams ---- */

struct stream {
	int fd;
	uint64_t bytes;
	uint64_t wrong_at;
	uint64_t done;
};

static void *write_all(void *argument)
{
	static char buffer[CHUNK_MAX];
	struct stream *stream = argument;
	uint64_t state = 99;

	while (stream->done < stream->bytes) {
		size_t want = pattern_size(&state, sizeof(buffer));
		ssize_t n;

		if (want > stream->bytes - stream->done)
			want = stream->bytes - stream->done;
		pattern_fill(buffer, want, 21, stream->done);
		n = write(stream->fd, buffer, want);
		if (n <= 0)
			break;
		stream->done += (uint64_t)n;
	}
	return NULL;
}

static void read_all(struct stream *stream)
{
	static char buffer[CHUNK_MAX];
	uint64_t state = 7;

	while (stream->done < stream->bytes && !stream->wrong_at) {
		ssize_t n = read(stream->fd, buffer, pattern_size(&state, sizeof(buffer)));

		if (n <= 0)
			break;
		stream->wrong_at = pattern_check(buffer, (size_t)n, 22, stream->done);
		stream->done += (uint64_t)n;
	}
}

static void both_ways(struct pair pair, uint64_t bytes)
{
	struct stream out = { .fd = pair.fd, .bytes = bytes }, in = out;
	uint32_t reader, writer;
	struct agent_reply reply;
	pthread_t thread;

	reader = agent_start(peer(), agent_request_read_stream(pair.peer_fd, bytes, 21, CHUNK_MAX));
	writer = agent_start(peer(), agent_request_write_stream(pair.peer_fd, bytes, 22, CHUNK_MAX));
	CU_ASSERT_FATAL(!pthread_create(&thread, NULL, write_all, &out));
	read_all(&in);
	pthread_join(thread, NULL);
	SUITE_EQUAL(in.done, bytes);
	SUITE_EQUAL(in.wrong_at, 0);
	SUITE_EQUAL(out.done, bytes);
	reply = agent_finish(peer(), reader);
	SUITE_EQUAL(reply.value, bytes);
	SUITE_EQUAL(reply.wrong_at, 0);
	SUITE_EQUAL(agent_finish(peer(), writer).value, bytes);
	pair_close(&pair);
}

static void streams_both_ways(void)
{
	both_ways(pair_connect(SOCK_STREAM), DEFAULT_BYTES);
}

static void streams_both_ways_from_the_peer(void)
{
	both_ways(pair_accept(SOCK_STREAM), DEFAULT_BYTES);
}

static void long_streams_both_ways(void)
{
	both_ways(pair_connect(SOCK_STREAM), LONG_BYTES);
}

/* Packets so small that they take far more memory than they carry. */
static void bytes_one_by_one(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	char byte;

	for (uint64_t i = 0; i < 20000; i++) {
		pattern_fill(&byte, 1, 23, i);
		if (send(pair.fd, &byte, 1, 0) != 1)
			suite_fail("send of byte %llu: %s", (unsigned long long)i, strerror(errno));
	}
	peer_receive(&pair, 20000, 23, 0);
	pair_close(&pair);
}

static void a_small_buffer_slows_down_only(void)
{
	int listener = vm_listener(SOCK_STREAM, 1), fd = agent_socket(peer(), SOCK_STREAM);
	struct pair pair = { .name = "small", .peer_fd = fd };

	/* Connections inherit it. */
	vm_set_option(listener, SO_VMCI_BUFFER_SIZE, 128);
	SUITE_EQUAL(agent_socket_connect(peer(), fd, own_cid(), port_of(listener)), 0);
	pair.fd = accept(listener, NULL, NULL);
	both_ways(pair, 50000);
}

/* What a stream takes without its reader: what waits in the sender's queue goes on, too. */
static size_t fill_window(int fd, uint64_t seed, size_t at_least)
{
	size_t total = fill_ring(fd, seed);

	while (total < at_least && poll_for(fd, POLLOUT) & POLLOUT)
		total += fill_ring_from(fd, seed, total);
	return total;
}

/* The same, of @at_least so much, after @bytes that the reader took. */
static size_t window_after(struct pair *pair, size_t bytes, size_t at_least)
{
	uint32_t reader = agent_start(peer(), agent_request_read_stream(pair->peer_fd, bytes, 21,
									CHUNK_MAX));
	struct stream out = { .fd = pair->fd, .bytes = bytes };

	write_all(&out);
	SUITE_EQUAL(agent_finish(peer(), reader).value, bytes);
	return fill_window(pair->fd, 3, at_least);
}

/* More of them, one after the other, than may have one at the same time. */
static void a_stream_that_moves_gets_a_larger_window(void)
{
	for (unsigned int i = 0; i < 40; i++) {
		struct pair pair = pair_connect(SOCK_STREAM);
		size_t window = window_after(&pair, 3 << 20, 2 * BUFFER_DEFAULT + 1);

		CU_ASSERT(window > 2 * BUFFER_DEFAULT);
		CU_ASSERT(window <= WINDOW_MAX);
		SUITE_EQUAL(vm_option(pair.fd, SO_VMCI_BUFFER_SIZE), BUFFER_DEFAULT);
		pair_close(&pair);
	}
}

static void a_chosen_buffer_size_stays_the_window(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);

	vm_set_option(pair.fd, SO_VMCI_BUFFER_SIZE, BUFFER_DEFAULT / 2);
	CU_ASSERT(window_after(&pair, 3 << 20, 0) <= BUFFER_DEFAULT / 2);
	pair_close(&pair);
}

static void a_size_chosen_later_becomes_the_window(void)
{
	struct pair pair = pair_connect(SOCK_STREAM);
	size_t window = window_after(&pair, 3 << 20, 2 * BUFFER_DEFAULT + 1);

	CU_ASSERT(window > 2 * BUFFER_DEFAULT);
	vm_set_option(pair.fd, SO_VMCI_BUFFER_SIZE, BUFFER_DEFAULT / 2);
	peer_receive(&pair, window, 3, 0);
	CU_ASSERT(window_after(&pair, 3 << 20, 0) <= BUFFER_DEFAULT / 2);
	pair_close(&pair);
}

const struct suite_test stream_tests[] = {
	{ "streams_both_ways", streams_both_ways, 0 },
	{ "streams_both_ways_from_the_peer", streams_both_ways_from_the_peer, 0 },
	{ "long_streams_both_ways", long_streams_both_ways, 1800 },
	{ "bytes_one_by_one", bytes_one_by_one, 0 },
	{ "a_small_buffer_slows_down_only", a_small_buffer_slows_down_only, 0 },
	{ "a_stream_that_moves_gets_a_larger_window", a_stream_that_moves_gets_a_larger_window, 0 },
	{ "a_chosen_buffer_size_stays_the_window", a_chosen_buffer_size_stays_the_window, 0 },
	{ "a_size_chosen_later_becomes_the_window", a_size_chosen_later_becomes_the_window, 0 },
	{ NULL, NULL, 0 },
};

/* ---- messages ---- */

static void message(struct pair *pair, size_t size, uint64_t offset)
{
	static char buffer[BUFFER_DEFAULT + 1];
	ssize_t got = recv(pair->fd, buffer, sizeof(buffer), 0);

	if (got != (ssize_t)size || pattern_check(buffer, size, 31, offset))
		suite_fail("a message of %zu bytes arrived as %zd", size, got);
}

static void messages_keep_their_bounds(void)
{
	static const size_t sizes[] = { 1, 2, 3, 127, 128, 129, 4096, 15999, 16000, 16001, 32000,
					65536, 100000, BUFFER_DEFAULT };
	struct pair pair = pair_connect(SOCK_SEQPACKET);
	uint64_t offset = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t ticket = agent_start(peer(), agent_request_write(pair.peer_fd, sizes[i], 31,
									  offset));

		message(&pair, sizes[i], offset);
		SUITE_EQUAL(agent_finish(peer(), ticket).value, sizes[i]);
		offset += sizes[i];
	}
}

static void several_messages_wait(void)
{
	struct pair pair = pair_accept(SOCK_SEQPACKET);
	uint64_t offset = 0;

	for (size_t size = 1; size < 200; size++) {
		peer_send(&pair, size, 31, offset);
		offset += size;
	}
	CU_ASSERT(poll_for(pair.fd, POLLIN) & POLLIN);
	offset = 0;
	for (size_t size = 1; size < 200; size++) {
		message(&pair, size, offset);
		offset += size;
	}
}

static void what_does_not_fit_is_cut_off(void)
{
	struct pair pair = pair_connect(SOCK_SEQPACKET);
	char buffer[100];
	struct iovec vector = { .iov_base = buffer, .iov_len = sizeof(buffer) };
	struct msghdr header = { .msg_iov = &vector, .msg_iovlen = 1 };

	peer_send(&pair, 1000, 31, 0);
	peer_send(&pair, 50, 31, 1000);
	SUITE_EQUAL(recvmsg(pair.fd, &header, 0), 100);
	CU_ASSERT(header.msg_flags & MSG_TRUNC);
	SUITE_EQUAL(pattern_check(buffer, 100, 31, 0), 0);
	message(&pair, 50, 1000);
	peer_send(&pair, 1000, 31, 0);
	SUITE_EQUAL(recv(pair.fd, buffer, 10, MSG_TRUNC), 1000);
}

static void too_long_a_message_is_refused(void)
{
	struct pair pair = pair_connect(SOCK_SEQPACKET);
	char *buffer = calloc(1, BUFFER_DEFAULT + 1);

	FAILS_WITH(send(pair.fd, buffer, BUFFER_DEFAULT + 1, 0), core_error(EMSGSIZE));
	free(buffer);
	send_all(pair.fd, 10, 31, 0);
	peer_receive(&pair, 10, 31, 0);
}

static void peeking_at_a_message_takes_nothing(void)
{
	struct pair pair = pair_connect(SOCK_SEQPACKET);
	char buffer[10];

	peer_send(&pair, 10, 31, 0);
	if (core_is_new())
		SUITE_EQUAL(recv(pair.fd, buffer, 10, MSG_PEEK), 10);
	else
		FAILS_WITH(recv(pair.fd, buffer, 10, MSG_PEEK), ENOMEM);
	message(&pair, 10, 0);
}

static void the_end_of_messages_is_an_end(void)
{
	struct pair pair = pair_connect(SOCK_SEQPACKET);
	char buffer[10];

	peer_send(&pair, 10, 31, 0);
	SUITE_EQUAL(agent_shutdown(peer(), pair.peer_fd, SHUT_WR), 0);
	message(&pair, 10, 0);
	SUITE_EQUAL(recv(pair.fd, buffer, 10, 0), 0);
}

#define HALF_FITS	40000u	/* of the default window six fit, and half of one */

/* A message that does not fit now is not begun: sent again, it arrives once, as it is. */
static void a_message_goes_whole_or_not_at_all(void)
{
	struct pair pair = pair_connect(SOCK_SEQPACKET);
	static char buffer[HALF_FITS];
	unsigned int sent;

	set_nonblock(pair.fd, true);
	pattern_fill(buffer, sizeof(buffer), 33, 0);
	for (sent = 0; send(pair.fd, buffer, sizeof(buffer), 0) == sizeof(buffer); sent++)
		;
	SUITE_EQUAL(errno, EAGAIN);
	SUITE_EQUAL(sent, BUFFER_DEFAULT / HALF_FITS);
	/* Whoever waits for room waits for that of this message. */
	SUITE_EQUAL(poll_now(pair.fd, POLLOUT), 0);
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, sizeof(buffer), 33, 0), HALF_FITS);
	CU_ASSERT(poll_for(pair.fd, POLLOUT) & POLLOUT);
	SUITE_EQUAL(send(pair.fd, buffer, sizeof(buffer), 0), HALF_FITS);
	for (unsigned int i = 0; i < sent; i++)
		SUITE_EQUAL(agent_read(peer(), pair.peer_fd, BUFFER_DEFAULT, 33, 0), HALF_FITS);
}

/* A shorter one may fit where a longer one did not. */
static void a_shorter_message_fits(void)
{
	struct pair pair = pair_connect(SOCK_SEQPACKET);
	static char buffer[HALF_FITS];

	set_nonblock(pair.fd, true);
	while (send(pair.fd, buffer, sizeof(buffer), 0) == sizeof(buffer))
		;
	SUITE_EQUAL(send(pair.fd, buffer, 100, 0), 100);
}

static void a_message_that_faults_is_not_sent(void)
{
	struct pair pair = pair_connect(SOCK_SEQPACKET);
	static char buffer[HALF_FITS];
	struct iovec parts[2] = { { buffer, 30000 }, { no_access(), 4096 } };
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };

	FAILS_WITH(sendmsg(pair.fd, &header, 0), core_error(EFAULT));
	send_all(pair.fd, 100, 33, 0);
	SUITE_EQUAL(agent_read(peer(), pair.peer_fd, BUFFER_DEFAULT, 33, 0), 100);
}

const struct suite_test seqpacket_tests[] = {
	{ "a_message_goes_whole_or_not_at_all", a_message_goes_whole_or_not_at_all, 0 },
	{ "a_shorter_message_fits", a_shorter_message_fits, 0 },
	{ "a_message_that_faults_is_not_sent", a_message_that_faults_is_not_sent, 0 },
	{ "messages_keep_their_bounds", messages_keep_their_bounds, 0 },
	{ "several_messages_wait", several_messages_wait, 0 },
	{ "what_does_not_fit_is_cut_off", what_does_not_fit_is_cut_off, 0 },
	{ "too_long_a_message_is_refused", too_long_a_message_is_refused, 0 },
	{ "peeking_at_a_message_takes_nothing", peeking_at_a_message_takes_nothing, 0 },
	{ "the_end_of_messages_is_an_end", the_end_of_messages_is_an_end, 0 },
	{ NULL, NULL, 0 },
};
