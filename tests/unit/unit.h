/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the CUnit suites of a host test and ends with the line
 * "NAME: N passed, N failed" that the check targets look for.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdio.h>
#include <stdlib.h>

#include <CUnit/Basic.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

static inline void unit_add(const char *suite, const struct unit_test *tests, size_t nr)
{
	CU_pSuite s;
	size_t i;

	if (!CU_get_registry() && CU_initialize_registry() != CUE_SUCCESS)
		exit(2);
	s = CU_add_suite(suite, NULL, NULL);
	for (i = 0; i < nr; i++)
		if (!s || !CU_add_test(s, tests[i].name, tests[i].run))
			exit(2);
}

#define UNIT_ADD(suite, tests) \
	unit_add(suite, tests, sizeof(tests) / sizeof((tests)[0]))

/* For main(): a test that did not run counts as failed. */
static inline int unit_run(const char *name)
{
	unsigned int all, failed;

	CU_basic_set_mode(CU_BRM_NORMAL);
	if (CU_basic_run_tests() != CUE_SUCCESS)
		exit(2);
	all = CU_get_registry()->uiNumberOfTests;
	failed = CU_get_number_of_tests_failed() + all - CU_get_number_of_tests_run();
	if (CU_get_number_of_suites_failed())
		failed += !failed;
	CU_cleanup_registry();
	printf("%s: %u passed, %u failed\n", name, all - failed, failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
