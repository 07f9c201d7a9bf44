/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sysfs and debugfs tell about a pipe. */
#include "vbpipe_suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* The path of a node's attribute; that of the device number is the same for all names. */
static void attribute_path(char *path, size_t size, const char *name, const char *attribute)
{
	struct stat status;

	if (stat(node(name), &status))
		suite_fail("stat of %s: %s", node(name), strerror(errno));
	snprintf(path, size, "/sys/dev/char/%u:%u/%s", major(status.st_rdev),
		 minor(status.st_rdev), attribute);
}

static long long counter(const char *name, const char *attribute)
{
	char path[AGENT_PATH_MAX];
	long long number;
	FILE *file;

	attribute_path(path, sizeof(path), name, attribute);
	file = fopen(path, "re");
	if (!file)
		suite_fail("%s: %s", path, strerror(errno));
	if (fscanf(file, "%lld", &number) != 1)
		suite_fail("%s holds no number", path);
	fclose(file);
	return number;
}

static void opens_are_counted(void)
{
	long long before = counter("def", "opens");
	struct pair pair = pair_open("def");
	int second = open(node("def"), O_RDWR | O_CLOEXEC);

	SUITE_EQUAL(counter("def", "opens") - before, 2);
	close(second);
	pair_close(&pair);
	SUITE_EQUAL(counter("def", "opens") - before, 2);
}

static void reads_and_their_bytes_are_counted(void)
{
	long long reads = counter("def", "reads"), bytes = counter("def", "read_bytes");
	struct pair pair = pair_open("def");
	char byte;

	peer_send(&pair, 70, 1, 0);
	receive_all(pair.fd, 50, 1, 0);
	receive_all(pair.fd, 20, 1, 50);
	SUITE_EQUAL(read(pair.fd, &byte, 0), 0);
	SUITE_EQUAL(counter("def", "reads") - reads, 3);
	SUITE_EQUAL(counter("def", "read_bytes") - bytes, 70);
	pair_close(&pair);
}

static void writes_and_their_bytes_are_counted(void)
{
	long long writes = counter("def", "writes"), bytes = counter("def", "write_bytes");
	struct pair pair = pair_open("def");

	send_all(pair.fd, 50, 2, 0);
	send_all(pair.fd, 20, 2, 50);
	SUITE_EQUAL(write(pair.fd, "", 0), 0);
	SUITE_EQUAL(counter("def", "writes") - writes, 3);
	SUITE_EQUAL(counter("def", "write_bytes") - bytes, 70);
	pair_close(&pair);
}

static void partial_transfers_are_counted(void)
{
	long long bytes = counter("def", "write_bytes");
	struct pair pair = pair_open("def");
	size_t full = fill_ring(pair.fd, 3);

	SUITE_EQUAL(counter("def", "write_bytes") - bytes, full);
	pair_close(&pair);
}

static void events_wake_a_sleeping_reader(void)
{
	struct pair pair = pair_open("def");
	uint32_t ticket = agent_start(peer(), agent_request_read(pair.peer_fd, 1, 4, 0));
	long long sent;

	CU_ASSERT(peer_call_blocks(ticket));
	sent = counter("def", "events_sent");
	send_all(pair.fd, 1, 4, 0);
	SUITE_EQUAL(agent_finish(peer(), ticket).value, 1);
	SUITE_EQUAL(counter("def", "events_sent") - sent, 1);
	pair_close(&pair);
}

/* Nobody waits, so nobody is to be woken. */
static void writes_nobody_waits_for_send_no_events(void)
{
	struct pair pair = pair_open("def");
	long long sent = counter("def", "events_sent");

	for (unsigned int i = 0; i < 500; i++)
		send_all(pair.fd, 4, 5, 4 * i);
	CU_ASSERT(counter("def", "events_sent") - sent <= 1);
	peer_receive(&pair, 2000, 5, 0);
	pair_close(&pair);
}

static void events_are_counted_where_they_arrive(void)
{
	struct pair pair = pair_open("def");
	long long received = counter("def", "events_received");
	struct call call;

	call_read(&call, pair.fd, 1, 6, 0);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 1, 6, 0);
	SUITE_EQUAL(call_finish(&call), 1);
	CU_ASSERT(counter("def", "events_received") > received);
	pair_close(&pair);
}

static void ring_size_is_shown(void)
{
	CU_ASSERT(counter("def", "ring_size") >= SIZE_DEFAULT - RING_HEADER);
	CU_ASSERT(counter("big", "ring_size") >= (64 << 10) - RING_HEADER);
	CU_ASSERT(counter("tiny", "ring_size") < SIZE_DEFAULT);
}

static void polling_is_shown(void)
{
	SUITE_EQUAL(counter("poll", "poll_us"), 1000);
	SUITE_EQUAL(counter("def", "poll_us"), 0);
}

static void attributes_cannot_be_written(void)
{
	static const char *const names[] = { "opens", "reads", "read_bytes", "writes", "write_bytes",
					     "events_sent", "events_received", "ring_size" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[AGENT_PATH_MAX];
		struct stat status;

		attribute_path(path, sizeof(path), "def", names[i]);
		CU_ASSERT_FATAL(!stat(path, &status));
		SUITE_EQUAL(status.st_mode & 0777, 0444);
	}
}

/* Whether @line has @word between blanks. */
static bool has_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = line; (at = strstr(at, word)); at += length)
		if ((at == line || at[-1] == ' ') && strchr(" \n", at[length]))
			return true;
	return false;
}

static void read_attribute(const char *name, const char *attribute, char *text, size_t size)
{
	char path[AGENT_PATH_MAX];
	FILE *file;

	attribute_path(path, sizeof(path), name, attribute);
	file = fopen(path, "re");
	if (!file || !fgets(text, (int)size, file))
		suite_fail("%s: %s", path, strerror(errno));
	text[strcspn(text, "\n")] = 0;
	fclose(file);
}

/* How many lines of the table in debugfs are about link @link. */
static unsigned int table_lines(const char *link)
{
	FILE *file = fopen("/sys/kernel/debug/vlink/vbpipe", "re");
	unsigned int found = 0;
	char line[512];

	if (!file)
		suite_fail("debugfs: %s", strerror(errno));
	while (fgets(line, sizeof(line), file))
		found += has_word(line, link);
	fclose(file);
	return found;
}

static void debugfs_has_a_line_for_each_pipe(void)
{
	static const char *const names[] = { "def", "avail", "big", "tiny", "mixed", "odd" };

	suite_needs_root();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char link[64];

		read_attribute(names[i], "link", link, sizeof(link));
		SUITE_EQUAL(table_lines(link), 1);
	}
}

const struct suite_test stats_tests[] = {
	{ "opens_are_counted", opens_are_counted, 0 },
	{ "reads_and_their_bytes_are_counted", reads_and_their_bytes_are_counted, 0 },
	{ "writes_and_their_bytes_are_counted", writes_and_their_bytes_are_counted, 0 },
	{ "partial_transfers_are_counted", partial_transfers_are_counted, 0 },
	{ "events_wake_a_sleeping_reader", events_wake_a_sleeping_reader, 0 },
	{ "writes_nobody_waits_for_send_no_events", writes_nobody_waits_for_send_no_events, 0 },
	{ "events_are_counted_where_they_arrive", events_are_counted_where_they_arrive, 0 },
	{ "ring_size_is_shown", ring_size_is_shown, 0 },
	{ "polling_is_shown", polling_is_shown, 0 },
	{ "attributes_cannot_be_written", attributes_cannot_be_written, 0 },
	{ "debugfs_has_a_line_for_each_pipe", debugfs_has_a_line_for_each_pipe, 0 },
	{ NULL, NULL, 0 },
};
