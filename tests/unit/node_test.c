// SPDX-License-Identifier: LGPL-2.1-or-later
/* How device names are completed, with files in a directory of the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../userlib/common/node.h"
#include "unit.h"

static char directory[] = "/tmp/node_test.XXXXXX";

static const char *const nodes[] = { "one-cam0", "two-cam0", "two-cam1", "exact", "exact7",
				     "odd-5x", "odd-5" };

static const char *in_directory(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

/* 0: @name opens the node @expected; otherwise the error. */
static int opens(const char *name, const char *expected)
{
	char link[64], target[PATH_MAX];
	ssize_t length;
	int fd = vlink_node_open(name);

	if (fd < 0)
		return -fd;
	CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target) - 1);
	close(fd);
	target[length < 0 ? 0 : length] = 0;
	return strcmp(target, expected) ? EBADMSG : 0;
}

static int finds(const char *name, const char *expected)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s", in_directory(expected));
	return opens(in_directory(name), full);
}

static void whole_names_are_taken_as_they_are(void)
{
	CU_ASSERT_EQUAL(finds("two-cam1", "two-cam1"), 0);
	CU_ASSERT_EQUAL(finds("exact", "exact"), 0);
}

static void the_only_unit_is_found(void)
{
	CU_ASSERT_EQUAL(finds("one-cam", "one-cam0"), 0);
	CU_ASSERT_EQUAL(finds("odd-", "odd-5"), 0);
}

static void several_units_are_not_unique(void)
{
	CU_ASSERT_EQUAL(finds("two-cam", ""), ENOTUNIQ);
}

static void what_is_not_there_is_not_found(void)
{
	CU_ASSERT_EQUAL(finds("three-cam", ""), ENOENT);
	CU_ASSERT_EQUAL(finds("one-ca", ""), ENOENT);
	CU_ASSERT_EQUAL(finds("", ""), EISDIR);
	CU_ASSERT_EQUAL(opens("/no/such/place", ""), ENOENT);
	CU_ASSERT_EQUAL(opens("", ""), EISDIR);
}

static void bare_names_are_in_dev(void)
{
	CU_ASSERT_EQUAL(opens("null", "/dev/null"), 0);
	CU_ASSERT_EQUAL(opens("/dev/null", "/dev/null"), 0);
	CU_ASSERT_EQUAL(opens("no-such-device", ""), ENOENT);
}

static void long_names_are_refused(void)
{
	char name[2 * PATH_MAX];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	CU_ASSERT_EQUAL(opens(name, ""), ENAMETOOLONG);
	name[PATH_MAX - 6] = 0;
	CU_ASSERT_EQUAL(opens(name, ""), ENAMETOOLONG);
}

static const struct unit_test tests[] = {
	{ "whole_names_are_taken_as_they_are", whole_names_are_taken_as_they_are },
	{ "the_only_unit_is_found", the_only_unit_is_found },
	{ "several_units_are_not_unique", several_units_are_not_unique },
	{ "what_is_not_there_is_not_found", what_is_not_there_is_not_found },
	{ "bare_names_are_in_dev", bare_names_are_in_dev },
	{ "long_names_are_refused", long_names_are_refused },
};

int main(void)
{
	int status;

	if (!mkdtemp(directory))
		return 2;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		close(open(in_directory(nodes[i]), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
	UNIT_ADD("node", tests);
	status = unit_run("userlib-common");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		unlink(in_directory(nodes[i]));
	rmdir(directory);
	return status;
}
