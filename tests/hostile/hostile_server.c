/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hostile server against the kernel's client end. */
#include "hostile.h"

const bool hostile_server = true;

static const struct suite_test *const tables[] = { friendly_tests, server_key_tests, server_grant_tests,
						 index_tests,	 word_tests,	   event_tests,
						 state_tests,	 NULL };

static const struct suite suite = {
	.name = "hostile_server",
	.tables = tables,
	.finish = close_session,
};

int main(int argc, char **argv)
{
	return suite_main(argc, argv, &suite);
}
