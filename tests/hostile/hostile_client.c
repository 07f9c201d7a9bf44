/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hostile client against the kernel's server end. */
#include "hostile.h"

const bool hostile_server;

static const struct suite_test *const tables[] = { friendly_tests, client_key_tests, client_grant_tests,
						 index_tests,	 word_tests,	   event_tests,
						 state_tests,	 NULL };

static const struct suite suite = {
	.name = "hostile_client",
	.tables = tables,
	.finish = close_session,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
