/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vrpq_suite.h"

static const struct suite_test *const tables[] = {
	session_tests, call_tests,   post_tests, param_tests,	  close_tests, callback_tests,
	server_tests,  prof_tests, vrpq_kill_tests, limit_tests,
	share_tests,   NULL,
};

static const struct suite suite = {
	.name = "vrpq_suite",
	.tables = tables,
	.finish = close_ends,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
