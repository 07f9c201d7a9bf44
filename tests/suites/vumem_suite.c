/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vumem_suite.h"

static const struct suite_test *const tables[] = {
	vumem_session_tests, vumem_alloc_tests, vumem_map_tests, vumem_vma_tests,
	vumem_share_tests, vumem_order_tests, vumem_death_tests, vumem_stat_tests, NULL,
};

int main(int argc, char **argv)
{
	static const struct suite suite = {
		.name = "vumem_suite",
		.tables = tables,
		.finish = close_control,
	};

	return suite_main(argc, argv, &suite);
}
