/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several threads, descriptors and processes on one end. */
#include "pattern.h"
#include "vbpipe_suite.h"

#define RECORDS		2000

static int open_second(int flags)
{
	int fd = open(node("def"), O_RDWR | O_CLOEXEC | flags);

	if (fd < 0)
		suite_fail("the second open: %d", errno);
	return fd;
}

/* Nothing comes until the calls below have returned: one that waited would wait for good. */
static void nonblock_read_never_waits_behind_a_reader(void)
{
	struct pair pair = pair_open("def");
	int second = open_second(O_NONBLOCK);
	struct call call;

	call_read(&call, pair.fd, 10, 1, 0);
	CU_ASSERT(call_blocks(&call));
	SUITE_EQUAL(read_checked(second, 1, 0, 0), -1);
	SUITE_EQUAL(errno, EAGAIN);
	peer_send(&pair, 10, 1, 0);
	SUITE_EQUAL(call_finish(&call), 10);
	close(second);
	pair_close(&pair);
}

static void nonblock_write_never_waits_behind_a_writer(void)
{
	struct pair pair = pair_open("def");
	int second = open_second(O_NONBLOCK);
	struct call call;

	call_write(&call, pair.fd, 20000, 2, 0);
	CU_ASSERT(call_blocks(&call));
	SUITE_EQUAL(write(second, "x", 1), -1);
	SUITE_EQUAL(errno, EAGAIN);
	peer_receive(&pair, 20000, 2, 0);
	SUITE_EQUAL(call_finish(&call), 20000);
	close(second);
	pair_close(&pair);
}

static void poll_does_not_wait_behind_reader_and_writer(void)
{
	struct pair pair = pair_open("def");
	struct call reader, writer;

	call_read(&reader, pair.fd, 10, 3, 0);
	call_write(&writer, pair.fd, 20000, 4, 0);
	CU_ASSERT(call_blocks(&reader));
	CU_ASSERT(call_blocks(&writer));
	CU_ASSERT(poll_now(pair.fd, 0) == 0);
	peer_receive(&pair, 20000, 4, 0);
	peer_send(&pair, 10, 3, 0);
	SUITE_EQUAL(call_finish(&writer), 20000);
	SUITE_EQUAL(call_finish(&reader), 10);
	pair_close(&pair);
}

static void blocked_reader_does_not_hinder_writers(void)
{
	struct pair pair = pair_open("def");
	struct call reader;

	call_read(&reader, pair.fd, 10, 5, 0);
	CU_ASSERT(call_blocks(&reader));
	send_all(pair.fd, 1000, 6, 0);
	peer_receive(&pair, 1000, 6, 0);
	CU_ASSERT(!call_returned(&reader));
	peer_send(&pair, 10, 5, 0);
	SUITE_EQUAL(call_finish(&reader), 10);
	pair_close(&pair);
}

static void blocked_writer_does_not_hinder_readers(void)
{
	struct pair pair = pair_open("def");
	struct call writer;

	call_write(&writer, pair.fd, 20000, 7, 0);
	CU_ASSERT(call_blocks(&writer));
	peer_send(&pair, 1000, 8, 0);
	receive_all(pair.fd, 1000, 8, 0);
	CU_ASSERT(!call_returned(&writer));
	peer_receive(&pair, 20000, 7, 0);
	SUITE_EQUAL(call_finish(&writer), 20000);
	pair_close(&pair);
}

static void second_reader_waits_and_is_interruptible(void)
{
	struct pair pair = pair_open("def");
	struct call first, second;

	call_read(&first, pair.fd, 10, 9, 0);
	CU_ASSERT(call_blocks(&first));
	call_read(&second, pair.fd, 10, 9, 10);
	CU_ASSERT(call_blocks(&second));
	call_signal(&second, false);
	SUITE_EQUAL(call_finish(&second), -1);
	SUITE_EQUAL(second.error, EINTR);
	CU_ASSERT(!call_returned(&first));
	peer_send(&pair, 10, 9, 0);
	SUITE_EQUAL(call_finish(&first), 10);
	pair_close(&pair);
}

static void second_reader_gets_what_follows(void)
{
	struct pair pair = pair_open("def");
	struct call first, second;

	call_read(&first, pair.fd, 10, 10, 0);
	CU_ASSERT(call_blocks(&first));
	call_read(&second, pair.fd, 10, 10, 10);
	CU_ASSERT(call_blocks(&second));
	peer_send(&pair, 20, 10, 0);
	SUITE_EQUAL(call_finish(&first), 10);
	SUITE_EQUAL(call_finish(&second), 10);
	pair_close(&pair);
}

static void both_readers_end_when_peer_closes(void)
{
	struct pair pair = pair_open("def");
	struct call first, second;

	call_read(&first, pair.fd, 10, 11, 0);
	call_read(&second, pair.fd, 10, 11, 0);
	CU_ASSERT(call_blocks(&first));
	CU_ASSERT(call_blocks(&second));
	agent_close(peer(), pair.peer_fd);
	SUITE_EQUAL(call_finish(&first), 0);
	SUITE_EQUAL(call_finish(&second), 0);
	close(pair.fd);
}

static void second_writer_follows_the_first(void)
{
	struct pair pair = pair_open("def");
	struct call first, second;

	call_write(&first, pair.fd, 20000, 12, 0);
	CU_ASSERT(call_blocks(&first));
	call_write(&second, pair.fd, 500, 12, 20000);
	CU_ASSERT(call_blocks(&second));
	peer_receive(&pair, 20500, 12, 0);
	SUITE_EQUAL(call_finish(&first), 20000);
	SUITE_EQUAL(call_finish(&second), 500);
	pair_close(&pair);
}

/* ---- records: each read and each write is one piece, whoever does it ---- */

#define WORKERS		4
#define RECORD_BYTES	(RECORDS * PATTERN_RECORD)

struct worker {
	pthread_t thread;
	uint64_t seed;
	uint64_t sum;		/* of a reader's records */
	int fd;
	unsigned int first;	/* a writer's first record */
	unsigned int count;	/* of records done */
	bool torn;
};

static void *read_records(void *argument)
{
	struct worker *worker = argument;
	char record[PATTERN_RECORD];
	ssize_t got;

	while ((got = read(worker->fd, record, sizeof(record))) == (ssize_t)sizeof(record)) {
		worker->sum += pattern_record_sum(record, sizeof(record));
		worker->count++;
	}
	worker->torn = got != 0;
	return NULL;
}

static void *write_records(void *argument)
{
	struct worker *worker = argument;
	char record[PATTERN_RECORD];

	for (unsigned int i = worker->first; i < RECORDS; i += WORKERS, worker->count++) {
		pattern_fill(record, sizeof(record), worker->seed, i * PATTERN_RECORD);
		if (write(worker->fd, record, sizeof(record)) != (ssize_t)sizeof(record))
			worker->torn = true;
	}
	return NULL;
}

static uint64_t sum_of_all_records(uint64_t seed)
{
	static char records[RECORD_BYTES];

	pattern_fill(records, sizeof(records), seed, 0);
	return pattern_record_sum(records, sizeof(records));
}

static void start_workers(struct worker *workers, int fd, uint64_t seed, void *(*body)(void *))
{
	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .fd = fd, .seed = seed, .first = i };
		CU_ASSERT_FATAL(!pthread_create(&workers[i].thread, NULL, body, &workers[i]));
	}
}

/* Returns the sum of the workers' sums. */
static uint64_t join_workers(struct worker *workers)
{
	unsigned int count = 0;
	uint64_t sum = 0;

	for (unsigned int i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		CU_ASSERT(!workers[i].torn);
		count += workers[i].count;
		sum += workers[i].sum;
	}
	SUITE_EQUAL(count, RECORDS);
	return sum;
}

static void several_readers_share_whole_records(void)
{
	struct pair pair = pair_open("def");
	struct worker workers[WORKERS];

	start_workers(workers, pair.fd, 13, read_records);
	peer_send(&pair, RECORD_BYTES, 13, 0);
	agent_close(peer(), pair.peer_fd);
	CU_ASSERT(join_workers(workers) == sum_of_all_records(13));
	close(pair.fd);
}

static void several_writers_keep_records_whole(void)
{
	struct pair pair = pair_open("def");
	struct worker workers[WORKERS];
	struct agent_reply reply;
	uint32_t ticket;

	ticket = agent_start(peer(), agent_request_read_records(pair.peer_fd, RECORD_BYTES));
	start_workers(workers, pair.fd, 14, write_records);
	join_workers(workers);
	reply = agent_finish(peer(), ticket);
	SUITE_EQUAL(reply.error, 0);
	SUITE_EQUAL(reply.value, sum_of_all_records(14) / 2);
	pair_close(&pair);
}

/* Opening and closing all the time beside a transfer does not disturb it. */
static void joining_and_leaving_beside_a_transfer(void)
{
	struct pair pair = pair_open("def");
	struct call writer;

	call_write(&writer, pair.fd, 200000, 15, 0);
	for (unsigned int i = 0; i < 50; i++) {
		close(open_second(0));
		peer_receive(&pair, 4000, 15, i * 4000);
	}
	SUITE_EQUAL(call_finish(&writer), 200000);
	pair_close(&pair);
}

const struct suite_test concurrent_tests[] = {
	{ "nonblock_read_never_waits_behind_a_reader",
	  nonblock_read_never_waits_behind_a_reader, 0 },
	{ "nonblock_write_never_waits_behind_a_writer",
	  nonblock_write_never_waits_behind_a_writer, 0 },
	{ "poll_does_not_wait_behind_reader_and_writer",
	  poll_does_not_wait_behind_reader_and_writer, 0 },
	{ "blocked_reader_does_not_hinder_writers", blocked_reader_does_not_hinder_writers, 0 },
	{ "blocked_writer_does_not_hinder_readers", blocked_writer_does_not_hinder_readers, 0 },
	{ "second_reader_waits_and_is_interruptible",
	  second_reader_waits_and_is_interruptible, 0 },
	{ "second_reader_gets_what_follows", second_reader_gets_what_follows, 0 },
	{ "both_readers_end_when_peer_closes", both_readers_end_when_peer_closes, 0 },
	{ "second_writer_follows_the_first", second_writer_follows_the_first, 0 },
	{ "several_readers_share_whole_records", several_readers_share_whole_records, 0 },
	{ "several_writers_keep_records_whole", several_writers_keep_records_whole, 0 },
	{ "joining_and_leaving_beside_a_transfer", joining_and_leaving_beside_a_transfer, 0 },
	{ NULL, NULL, 0 },
};
