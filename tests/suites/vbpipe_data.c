/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every byte, once, in order. */
#include "pattern.h"
#include "vbpipe_suite.h"

#include <stdlib.h>

#define STREAM_BYTES	(16u << 20)
#define PIECE_MAX	30000

/* One size over and over: the positions wrap at every offset. */
static void expect_wrapping(const char *name, size_t size, unsigned int rounds)
{
	struct pair pair = pair_open(name);

	for (unsigned int i = 0; i < rounds; i++) {
		uint32_t ticket = agent_start(peer(), agent_request_read(pair.peer_fd, size, size,
									 i * size));
		struct agent_reply reply;

		send_all(pair.fd, size, size, i * size);
		reply = agent_finish(peer(), ticket);
		SUITE_EQUAL(reply.value, size);
		SUITE_EQUAL(reply.wrong_at, 0);
		peer_send(&pair, size, size + 1, i * size);
		receive_all(pair.fd, size, size + 1, i * size);
	}
	pair_close(&pair);
}

static void wrap_around_odd_sizes(void)
{
	static const size_t sizes[] = { 1, 3, 1021, 1361, 2039 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		expect_wrapping("def", sizes[i], 12);
}

static void wrap_around_whole_capacity(void)
{
	size_t capacity = SIZE_DEFAULT - RING_HEADER;

	expect_wrapping("def", capacity - 1, 6);
	expect_wrapping("def", capacity, 6);
}

static void wrap_around_tiny_ring(void)
{
	for (size_t size = 41; size <= 48; size++)
		expect_wrapping("tiny", size, 8);
}

static void bytes_one_by_one(void)
{
	struct pair pair = pair_open("def");
	uint32_t ticket;

	ticket = agent_start(peer(), agent_request_read_stream(pair.peer_fd, 5000, 1, 1));
	for (unsigned int i = 0; i < 5000; i++)
		send_all(pair.fd, 1, 1, i);
	SUITE_EQUAL(agent_finish(peer(), ticket).wrong_at, 0);
	pair_close(&pair);
}

struct stream {
	int fd;
	uint64_t seed, count;
	uint64_t total;
	bool wrong;
};

static void *write_stream(void *argument)
{
	struct stream *stream = argument;
	uint64_t state = stream->seed;
	char *buffer = malloc(PIECE_MAX);

	while (buffer && stream->total < stream->count) {
		size_t want = pattern_size(&state, PIECE_MAX);
		ssize_t done;

		if (want > stream->count - stream->total)
			want = stream->count - stream->total;
		pattern_fill(buffer, want, stream->seed, stream->total);
		done = write(stream->fd, buffer, want);
		if (done <= 0)
			break;
		stream->total += (uint64_t)done;
	}
	free(buffer);
	return NULL;
}

static void *read_stream(void *argument)
{
	struct stream *stream = argument;
	uint64_t state = ~stream->seed;
	char *buffer = malloc(PIECE_MAX);
	ssize_t got = 1;

	while (buffer && stream->total < stream->count && got > 0 && !stream->wrong) {
		size_t want = pattern_size(&state, PIECE_MAX);

		if (want > stream->count - stream->total)
			want = stream->count - stream->total;
		got = read(stream->fd, buffer, want);
		if (got > 0 && pattern_check(buffer, (size_t)got, stream->seed, stream->total))
			stream->wrong = true;
		if (got > 0)
			stream->total += (uint64_t)got;
	}
	free(buffer);
	return NULL;
}

/* Random sizes both ways at once, four threads in all. */
static void stream_both_ways(const char *name, uint64_t count)
{
	struct pair pair = pair_open(name);
	struct stream out = { .fd = pair.fd, .seed = 21, .count = count };
	struct stream in = { .fd = pair.fd, .seed = 22, .count = count };
	struct agent_reply read, written;
	uint32_t reading, writing;
	pthread_t writer, reader;

	reading = agent_start(peer(), agent_request_read_stream(pair.peer_fd, count, 21, PIECE_MAX));
	writing = agent_start(peer(), agent_request_write_stream(pair.peer_fd, count, 22,
								 PIECE_MAX));
	CU_ASSERT_FATAL(!pthread_create(&writer, NULL, write_stream, &out));
	CU_ASSERT_FATAL(!pthread_create(&reader, NULL, read_stream, &in));
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	read = agent_finish(peer(), reading);
	written = agent_finish(peer(), writing);
	SUITE_EQUAL(out.total, count);
	SUITE_EQUAL(read.value, count);
	SUITE_EQUAL(read.wrong_at, 0);
	SUITE_EQUAL(in.total, count);
	SUITE_EQUAL(written.value, count);
	CU_ASSERT(!in.wrong);
	pair_close(&pair);
}

static void stream_both_ways_at_once(void)
{
	stream_both_ways("def", STREAM_BYTES / 8);
}

static void stream_both_ways_with_policy_a(void)
{
	stream_both_ways("avail", STREAM_BYTES / 8);
}

static void stream_both_ways_through_a_big_ring(void)
{
	stream_both_ways("big", STREAM_BYTES);
}

static void stream_both_ways_through_a_tiny_ring(void)
{
	stream_both_ways("tiny", 30000);
}

static void one_huge_write(void)
{
	size_t size = 4u << 20;
	struct pair pair = pair_open("big");
	uint32_t ticket = agent_start(peer(), agent_request_read(pair.peer_fd, size, 23, 0));
	struct agent_reply reply;

	send_all(pair.fd, size, 23, 0);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.value, size);
	SUITE_EQUAL(reply.wrong_at, 0);
	pair_close(&pair);
}

/* All links at once, so that one cannot live at another's expense. */
static void streams_on_several_links(void)
{
	static const char *const names[] = { "def", "big", "mixed" };
	uint64_t count = 2u << 20;
	struct stream streams[3];
	struct pair pairs[3];
	uint32_t tickets[3];
	pthread_t threads[3];

	for (int i = 0; i < 3; i++) {
		pairs[i] = pair_open(names[i]);
		streams[i] = (struct stream){ .fd = pairs[i].fd, .seed = 30 + i, .count = count };
		tickets[i] = agent_start(peer(), agent_request_read_stream(pairs[i].peer_fd, count,
									   30 + i, PIECE_MAX));
		CU_ASSERT_FATAL(!pthread_create(&threads[i], NULL, write_stream, &streams[i]));
	}
	for (int i = 0; i < 3; i++) {
		struct agent_reply reply = agent_finish(peer(), tickets[i]);

		pthread_join(threads[i], NULL);
		SUITE_EQUAL(reply.value, count);
		SUITE_EQUAL(reply.wrong_at, 0);
		pair_close(&pairs[i]);
	}
}

const struct suite_test data_tests[] = {
	{ "wrap_around_odd_sizes", wrap_around_odd_sizes, 0 },
	{ "wrap_around_whole_capacity", wrap_around_whole_capacity, 0 },
	{ "wrap_around_tiny_ring", wrap_around_tiny_ring, 0 },
	{ "bytes_one_by_one", bytes_one_by_one, 0 },
	{ "stream_both_ways_at_once", stream_both_ways_at_once, 0 },
	{ "stream_both_ways_with_policy_a", stream_both_ways_with_policy_a, 0 },
	{ "stream_both_ways_through_a_big_ring", stream_both_ways_through_a_big_ring, 0 },
	{ "stream_both_ways_through_a_tiny_ring", stream_both_ways_through_a_tiny_ring, 0 },
	{ "one_huge_write", one_huge_write, 0 },
	{ "streams_on_several_links", streams_on_several_links, 0 },
	{ NULL, NULL, 0 },
};
