/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the info strings of the links ask for. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "vbpipe_suite.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* How much the ring takes that the peer reads from; measured by filling it. */
static size_t capacity_towards_peer(const char *name)
{
	struct pair pair = pair_open(name);
	size_t full = fill_ring(pair.fd, 1);

	SUITE_EQUAL(agent_readable(peer(), pair.peer_fd), full);
	pair_close(&pair);
	return full;
}

static size_t capacity_towards_us(const char *name)
{
	struct pair pair = pair_open(name);
	int available = 0;
	long done;

	agent_set_flags(peer(), pair.peer_fd, O_NONBLOCK);
	done = agent_write(peer(), pair.peer_fd, 1 << 20, 2, 0);
	CU_ASSERT_FATAL(done > 0);
	SUITE_EQUAL(agent_write(peer(), pair.peer_fd, 1 << 20, 2, 0), -1);
	CU_ASSERT_FATAL(!ioctl(pair.fd, FIONREAD, &available));
	SUITE_EQUAL(available, done);
	pair_close(&pair);
	return (size_t)done;
}

/* At least what was asked for, and not more than rounding up explains. */
static void expect_capacity(size_t capacity, size_t size)
{
	if (capacity < size - RING_HEADER || capacity > 2 * size)
		suite_fail("a ring of size %zu takes %zu bytes", size, capacity);
	CU_ASSERT(true);
}

static void ring_size_default(void)
{
	expect_capacity(capacity_towards_peer("def"), SIZE_DEFAULT);
	expect_capacity(capacity_towards_us("def"), SIZE_DEFAULT);
}

static void ring_size_from_info(void)
{
	expect_capacity(capacity_towards_peer("big"), 64 << 10);
	expect_capacity(capacity_towards_us("big"), 64 << 10);
}

static void ring_size_tiny(void)
{
	expect_capacity(capacity_towards_peer("tiny"), 64);
	expect_capacity(capacity_towards_us("tiny"), 64);
}

/* The server's info has a;8K, the client's ;32K. */
static void ring_size_is_the_reading_ends(void)
{
	size_t ours = is_server() ? 8 << 10 : 32 << 10;
	size_t peers = is_server() ? 32 << 10 : 8 << 10;

	expect_capacity(capacity_towards_peer("mixed"), peers);
	expect_capacity(capacity_towards_us("mixed"), ours);
}

static void read_policy_is_the_reading_ends(void)
{
	struct pair pair = pair_open("mixed");
	uint32_t ticket;

	if (is_server()) {
		peer_send(&pair, 5, 3, 0);
		SUITE_EQUAL(read_checked(pair.fd, 10, 3, 0), 5);
		send_all(pair.fd, 5, 4, 0);
		ticket = agent_start(peer(), agent_request_read(pair.peer_fd, 10, 4, 0));
		CU_ASSERT(peer_call_blocks(ticket));
		send_all(pair.fd, 5, 4, 5);
		SUITE_EQUAL(agent_finish(peer(), ticket).value, 10);
	} else {
		struct call call;

		send_all(pair.fd, 5, 3, 0);
		SUITE_EQUAL(agent_read(peer(), pair.peer_fd, 10, 3, 0), 5);
		peer_send(&pair, 5, 4, 0);
		call_read(&call, pair.fd, 10, 4, 0);
		CU_ASSERT(call_blocks(&call));
		peer_send(&pair, 5, 4, 5);
		SUITE_EQUAL(call_finish(&call), 10);
	}
	pair_close(&pair);
}

static void minor_from_info(void)
{
	struct pair pair = pair_open(numbered_node());
	struct stat status;

	CU_ASSERT_FATAL(!fstat(pair.fd, &status));
	SUITE_EQUAL(minor(status.st_rdev), atoi(suite_option("minor", "9")));
	send_all(pair.fd, 10, 5, 0);
	peer_receive(&pair, 10, 5, 0);
	pair_close(&pair);
}

static void minors_are_distinct(void)
{
	static const char *const names[] = { "ctl", "def", "avail", "big", "tiny", "mixed", "poll", "odd" };
	const size_t nr = sizeof(names) / sizeof(*names);
	dev_t seen[8];

	for (size_t i = 0; i < nr; i++) {
		struct stat status;

		CU_ASSERT_FATAL(!stat(node(names[i]), &status));
		CU_ASSERT(S_ISCHR(status.st_mode));
		seen[i] = status.st_rdev;
		SUITE_EQUAL(major(seen[i]), major(seen[0]));
		for (size_t j = 0; j < i; j++)
			CU_ASSERT(seen[j] != seen[i]);
	}
}

/* The info is x;12Q: no such policy, no such size. */
static void malformed_info_means_defaults(void)
{
	struct pair pair = pair_open("odd");
	struct call call;

	peer_send(&pair, 5, 6, 0);
	call_read(&call, pair.fd, 10, 6, 0);
	CU_ASSERT(call_blocks(&call));
	peer_send(&pair, 5, 6, 5);
	SUITE_EQUAL(call_finish(&call), 10);
	pair_close(&pair);
	expect_capacity(capacity_towards_peer("odd"), SIZE_DEFAULT);
}

static bool kernel_log_has(const char *one, const char *other)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[4096];
	bool found = false;
	ssize_t length;

	CU_ASSERT_FATAL(fd >= 0);
	/* EPIPE: a record was overwritten meanwhile; the next read goes on. */
	while (!found && ((length = read(fd, record, sizeof(record) - 1)) > 0 || errno == EPIPE)) {
		record[length < 0 ? 0 : length] = 0;
		found = strstr(record, one) && strstr(record, other);
	}
	close(fd);
	return found;
}

/* Its records are numbered; those of long ago may be gone. */
static bool kernel_log_is_whole(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned long long number = 1;
	char record[4096];
	ssize_t length = read(fd, record, sizeof(record) - 1);

	close(fd);
	record[length < 0 ? 0 : length] = 0;
	return sscanf(record, "%*u,%llu", &number) == 1 && !number;
}

/* When the link is published, which may be long ago. */
static void malformed_info_is_reported(void)
{
	suite_needs_root();
	if (kernel_log_has("vbpipe", "x;12Q"))
		return;
	if (!kernel_log_is_whole())
		suite_skip("the kernel's log has lost its beginning");
	CU_FAIL("nothing in the kernel's log");
}

/* Reads a line of sysfs without its end; false if there is no such file. */
static bool sysfs_line(char *line, int size, const char *dir, const char *attribute)
{
	char path[AGENT_PATH_MAX];
	FILE *file;
	bool got;

	snprintf(path, sizeof(path), "%s/%s", dir, attribute);
	file = fopen(path, "re");
	got = file && fgets(line, size, file);
	if (file)
		fclose(file);
	if (got)
		line[strcspn(line, "\n")] = 0;
	return got;
}

/* A number of the node's wakeup source, or -1: it has none. */
static long long wakeup_source(const char *name, const char *attribute)
{
	const char *base = strrchr(node(name), '/') + 1;
	long long number = -1;
	char line[64];
	glob_t dirs;

	if (glob("/sys/class/wakeup/*", 0, NULL, &dirs))
		return -1;
	for (size_t i = 0; i < dirs.gl_pathc && number < 0; i++)
		if (sysfs_line(line, sizeof(line), dirs.gl_pathv[i], "name") &&
		    !strcmp(line, base) &&
		    sysfs_line(line, sizeof(line), dirs.gl_pathv[i], attribute))
			number = atoll(line);
	globfree(&dirs);
	return number;
}

/* big has wakeup=60000 at both ends. */
static void arrival_keeps_the_domain_awake(void)
{
	long long events, activations;
	struct pair pair = pair_open("big");
	struct call call;

	call_read(&call, pair.fd, 10, 7, 0);
	CU_ASSERT(call_blocks(&call));
	events = wakeup_source("big", "event_count");
	CU_ASSERT(events >= 0);
	peer_send(&pair, 10, 7, 0);
	SUITE_EQUAL(call_finish(&call), 10);
	CU_ASSERT(wakeup_source("big", "event_count") > events);
	/* Kept active for a minute, it is active since the first event or shorter ago. */
	activations = wakeup_source("big", "active_count");
	CU_ASSERT(activations > 0);
	CU_ASSERT(wakeup_source("big", "expire_count") < activations);
	pair_close(&pair);
}

static void others_keep_nothing_awake(void)
{
	SUITE_EQUAL(wakeup_source("def", "event_count"), -1);
}

const struct suite_test info_tests[] = {
	{ "ring_size_default", ring_size_default, 0 },
	{ "ring_size_from_info", ring_size_from_info, 0 },
	{ "ring_size_tiny", ring_size_tiny, 0 },
	{ "ring_size_is_the_reading_ends", ring_size_is_the_reading_ends, 0 },
	{ "read_policy_is_the_reading_ends", read_policy_is_the_reading_ends, 0 },
	{ "minor_from_info", minor_from_info, 0 },
	{ "minors_are_distinct", minors_are_distinct, 0 },
	{ "malformed_info_means_defaults", malformed_info_means_defaults, 0 },
	{ "malformed_info_is_reported", malformed_info_is_reported, 0 },
	{ "arrival_keeps_the_domain_awake", arrival_keeps_the_domain_awake, 0 },
	{ "others_keep_nothing_awake", others_keep_nothing_awake, 0 },
	{ NULL, NULL, 0 },
};
