/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all suites that run inside domains have in common.
 *
 * A suite is a table of named tests written with CUnit's assertions. Every
 * test runs in a process of its own: whatever it leaves behind (descriptors,
 * threads, blocked system calls) goes with that process, and a test that hangs
 * or crashes is one failed test. Standard output gets one line for each test:
 *
 *	ok NAME
 *	not ok NAME: assertion file:line; ...
 *	skip NAME: reason
 *
 * and last "SUITE: N passed, N failed". The exit status is 0 only when no
 * test failed and at least one passed. Options of every suite:
 *
 *	--list		print the names and end
 *	--only PATTERN	run the tests whose name matches (shell pattern; repeatable)
 *	--skip PATTERN	leave these out without a word (repeatable)
 *	--repeat N	run the selection N times
 *	--slow N	multiply every time limit by N
 *	--set KEY=VALUE	an option of the suite itself
 *
 * Assertions belong into the test's own process and first thread: CUnit knows
 * nothing of threads. A test's children and threads hand their results over.
 */
#ifndef SUITES_HARNESS_H
#define SUITES_HARNESS_H

#include <CUnit/CUnit.h>

#include <stdbool.h>

/*
 * Time limits tell a hang from progress and nothing else, so they are far longer than
 * what they limit takes on a slow machine.
 */
#define SUITE_HANG_SECONDS	300	/* for a test */
#define SUITE_PATIENCE_SECONDS	60	/* for what must happen, before the test is ended */

struct suite_test {
	const char *name;
	void (*run)(void);
	unsigned int seconds;	/* until it counts as hung; 0: SUITE_HANG_SECONDS */
};

struct suite {
	const char *name;
	const struct suite_test *const *tables;	/* each ended by a NULL name */
	void (*finish)(void);	/* closes in the test's process what the suite opened; may be NULL */
};

int suite_main(int argc, char **argv, const struct suite *suite);

/* The value given with --set KEY=VALUE, or @fallback. */
const char *suite_option(const char *key, const char *fallback);

/* SUITE_PATIENCE_SECONDS, slowed down with --slow; in ms. */
int suite_patience_ms(void);

/* All other time limits are to be multiplied by this (--slow). */
unsigned int suite_slowness(void);

/* Ends the test at once: neither passed nor failed, but reported. */
void suite_skip(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* Skips the test unless it runs as root. */
void suite_needs_root(void);

/* Ends the test as failed; for helpers, where an assertion would say little. */
void suite_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* An integer comparison whose failure line shows both values. */
#define SUITE_EQUAL(actual, expected) \
	suite_check_equal((long long)(actual), (long long)(expected), #actual, \
			  #expected, __FILE__, __LINE__)
void suite_check_equal(long long actual, long long expected, const char *actual_text,
		       const char *expected_text, const char *file, unsigned int line);

#endif
