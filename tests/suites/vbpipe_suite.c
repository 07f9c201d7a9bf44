/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vbpipe_suite.h"

static const struct suite_test *const tables[] = {
	open_tests, close_tests,      read_tests, write_tests, poll_tests,  file_tests,
	info_tests, concurrent_tests, kill_tests, stats_tests, data_tests, polling_tests, NULL,
};

static const struct suite suite = {
	.name = "vbpipe_suite",
	.tables = tables,
	.finish = close_session,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
