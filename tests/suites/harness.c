/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "harness.h"

#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIST_MAX	32
#define REPORT_MAX	4096	/* below the capacity of the report pipe */
#define FD_MAX		1024

enum outcome { PASSED = 0, FAILED = 1, SKIPPED = 77 };

static struct {
	const char *only[LIST_MAX];
	const char *skip[LIST_MAX];
	const char *set[LIST_MAX];
	unsigned int nr_only, nr_skip, nr_set;
	unsigned int repeat, slow;
	bool list;
} options = { .repeat = 1, .slow = 1 };

static unsigned int passed, failed, skipped;
static int report_fd = -1;	/* in a test's process: the way to the parent */
static int kmsg_fd = -1;

const char *suite_option(const char *key, const char *fallback)
{
	size_t length = strlen(key);

	for (unsigned int i = options.nr_set; i-- > 0;)
		if (!strncmp(options.set[i], key, length) && options.set[i][length] == '=')
			return options.set[i] + length + 1;
	return fallback;
}

unsigned int suite_slowness(void)
{
	return options.slow;
}

int suite_patience_ms(void)
{
	return (int)(SUITE_PATIENCE_SECONDS * 1000 * options.slow);
}

/* ---- in the process of a test ---- */

static void report_text(const char *text)
{
	ssize_t done = write(report_fd, text, strlen(text));

	(void)done;	/* the parent then reports the outcome without a text */
}

static void __attribute__((noreturn)) end_test(enum outcome outcome, const char *text)
{
	report_text(text);
	_exit(outcome);
}

void suite_skip(const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	end_test(SKIPPED, text);
}

void suite_needs_root(void)
{
	if (geteuid())
		suite_skip("needs root");
}

void suite_fail(const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	end_test(FAILED, text);
}

void suite_check_equal(long long actual, long long expected, const char *actual_text,
		       const char *expected_text, const char *file, unsigned int line)
{
	char text[256];

	snprintf(text, sizeof(text), "%s == %s (%lld, not %lld)", actual_text, expected_text,
		 actual, expected);
	CU_assertImplementation(actual == expected, line, text, file, "", CU_FALSE);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void report_failures(void)
{
	char text[REPORT_MAX];
	size_t used = 0;

	for (CU_pFailureRecord f = CU_get_failure_list(); f && used < sizeof(text); f = f->pNext)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s:%u",
					 used ? "; " : "", f->strCondition ? f->strCondition : "",
					 f->strFileName ? base_name(f->strFileName) : "?",
					 f->uiLineNumber);
	report_text(text);
}

static void list_fds(bool *open_fds)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	memset(open_fds, 0, FD_MAX * sizeof(*open_fds));
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd != dirfd(dir) && fd < FD_MAX)
			open_fds[fd] = true;
	}
	closedir(dir);
}

static void fail_if_fds_leaked(const bool *before)
{
	bool after[FD_MAX];
	char link[64], target[256];

	list_fds(after);
	for (int fd = 0; fd < FD_MAX; fd++) {
		ssize_t length;

		if (!after[fd] || before[fd])
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		length = readlink(link, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = 0;
		suite_fail("leaked descriptor %d (%s)", fd, target);
	}
}

static void __attribute__((noreturn)) run_in_child(const struct suite *def, CU_pSuite suite,
						   CU_pTest test)
{
	bool before[FD_MAX];

	list_fds(before);
	if (CU_run_test(suite, test) != CUE_SUCCESS && !CU_get_number_of_failures())
		suite_fail("CUnit: %s", CU_get_error_msg());
	if (CU_get_number_of_failures()) {
		report_failures();
		_exit(FAILED);
	}
	if (!CU_get_number_of_asserts())
		suite_fail("asserted nothing");
	if (def->finish)
		def->finish();
	fail_if_fds_leaked(before);
	_exit(PASSED);
}

/* ---- in the parent ---- */

static void mark_in_kernel_log(const char *suite, const char *test)
{
	char line[256];
	int length = snprintf(line, sizeof(line), "<6>%s: %s\n", suite, test);

	/* Without a kernel log (not root) the run is as good. */
	if (kmsg_fd >= 0 && write(kmsg_fd, line, (size_t)length) < 0)
		kmsg_fd = -1;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

enum waited { CHILD_ENDED, NO_CHILD, TIME_OUT };

/* Waits for a child (any when @pid is -1). */
static enum waited wait_child(pid_t pid, int *status, long long limit_ms)
{
	long long end = now_ms() + limit_ms;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		struct timespec rest;
		long long left;
		pid_t got = waitpid(pid, status, WNOHANG);

		if (got)
			return got > 0 ? CHILD_ENDED : NO_CHILD;
		left = end - now_ms();
		if (left <= 0)
			return TIME_OUT;
		rest.tv_sec = left / 1000;
		rest.tv_nsec = left % 1000 * 1000000;
		sigtimedwait(&child, NULL, &rest);
	}
}

static void print_file(const char *path)
{
	char text[2048];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (length > 0)
		printf("# %s\n%.*s", path, (int)length, text);
	if (fd >= 0)
		close(fd);
}

/* Where the threads of a hung test sleep: the kernel's stacks, for the log. */
static void print_kernel_stacks(pid_t pid)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stack", (int)pid, entry->d_name);
		print_file(path);
	}
	if (dir)
		closedir(dir);
}

/*
 * Ends what a test left running. As the subreaper the parent inherits the
 * test's orphans, so waiting until there is no child left waits for them all.
 */
static bool kill_leftovers(pid_t group)
{
	long long end = now_ms() + suite_patience_ms();
	enum waited waited;
	int status;

	do {
		kill(-group, SIGKILL);
		waited = wait_child(-1, &status, end - now_ms());
	} while (waited == CHILD_ENDED);
	return waited == NO_CHILD;
}

static enum outcome describe_status(int status, char *text, size_t size)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == PASSED)
		return PASSED;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		return SKIPPED;
	if (WIFSIGNALED(status))
		snprintf(text, size, "killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else if (!*text)
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
	return FAILED;
}

static void read_report(int fd, char *text, size_t size)
{
	ssize_t length;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	length = read(fd, text, size - 1);
	text[length < 0 ? 0 : length] = 0;
}

/* Waits for a started test, ends what is left of it, and says how it went. */
static enum outcome reap_test(pid_t pid, int report, unsigned int seconds, char *text, size_t size)
{
	enum outcome outcome = FAILED;
	int status = 0;

	if (wait_child(pid, &status, seconds * 1000LL) == CHILD_ENDED) {
		read_report(report, text, size);
		outcome = describe_status(status, text, size);
	} else {
		print_kernel_stacks(pid);
		snprintf(text, size, "hung: killed after %u s", seconds);
	}
	if (!kill_leftovers(pid)) {
		size_t used = strlen(text);

		snprintf(text + used, size - used, "%sits processes cannot be killed",
			 used ? "; " : "");
		print_kernel_stacks(pid);
		outcome = FAILED;
	}
	return outcome;
}

static enum outcome fork_test(const struct suite *def, CU_pSuite suite, CU_pTest test,
			      unsigned int seconds, char *text, size_t size)
{
	enum outcome outcome;
	int pipe_fds[2];
	pid_t pid;

	fflush(stdout);
	if (pipe2(pipe_fds, O_CLOEXEC)) {
		snprintf(text, size, "pipe: %s", strerror(errno));
		return FAILED;
	}
	pid = fork();
	if (!pid) {
		sigset_t none;

		setpgid(0, 0);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		close(pipe_fds[0]);
		report_fd = pipe_fds[1];
		run_in_child(def, suite, test);
	}
	close(pipe_fds[1]);
	if (pid > 0) {
		setpgid(pid, pid);	/* whoever is first */
		outcome = reap_test(pid, pipe_fds[0], seconds, text, size);
	} else {
		snprintf(text, size, "fork: %s", strerror(errno));
		outcome = FAILED;
	}
	close(pipe_fds[0]);
	return outcome;
}

static bool matches(const char *const *patterns, unsigned int nr, const char *name)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!fnmatch(patterns[i], name, 0))
			return true;
	return false;
}

static bool selected(const char *name)
{
	if (options.nr_only && !matches(options.only, options.nr_only, name))
		return false;
	return !matches(options.skip, options.nr_skip, name);
}

static void run_one(const struct suite *suite, const struct suite_test *entry, CU_pSuite registered)
{
	unsigned int seconds = (entry->seconds ? entry->seconds : SUITE_HANG_SECONDS) * options.slow;
	CU_pTest test = CU_get_test_by_name(entry->name, registered);
	char text[REPORT_MAX] = "";

	mark_in_kernel_log(suite->name, entry->name);
	switch (fork_test(suite, registered, test, seconds, text, sizeof(text))) {
	case PASSED:
		passed++;
		printf("ok %s\n", entry->name);
		break;
	case SKIPPED:
		skipped++;
		printf("skip %s: %s\n", entry->name, text);
		break;
	default:
		failed++;
		printf("not ok %s: %s\n", entry->name, text);
	}
	fflush(stdout);
}

static void for_each_test(const struct suite *suite, CU_pSuite registered,
			  void (*what)(const struct suite *, const struct suite_test *, CU_pSuite))
{
	for (const struct suite_test *const *table = suite->tables; *table; table++)
		for (const struct suite_test *test = *table; test->name; test++)
			if (selected(test->name))
				what(suite, test, registered);
}

static void print_name(const struct suite *suite, const struct suite_test *test, CU_pSuite unused)
{
	(void)suite;
	(void)unused;
	puts(test->name);
}

static void register_test(const struct suite *suite, const struct suite_test *test,
			  CU_pSuite registered)
{
	(void)suite;
	if (CU_add_test(registered, test->name, test->run))
		return;
	fprintf(stderr, "%s: %s: %s\n", suite->name, test->name, CU_get_error_msg());
	exit(2);
}

static CU_pSuite register_all(const struct suite *suite)
{
	CU_pSuite registered;

	if (CU_initialize_registry() != CUE_SUCCESS ||
	    !(registered = CU_add_suite(suite->name, NULL, NULL))) {
		fprintf(stderr, "%s: %s\n", suite->name, CU_get_error_msg());
		exit(2);
	}
	for_each_test(suite, registered, register_test);
	return registered;
}

static void add_to_list(const char **list, unsigned int *nr, const char *value)
{
	if (*nr == LIST_MAX) {
		fprintf(stderr, "an option stands more than %d times\n", LIST_MAX);
		exit(2);
	}
	list[(*nr)++] = value;
}

static unsigned int positive(const char *option, const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || !value || value > 1000000) {
		fprintf(stderr, "--%s wants a number from 1 to 1000000, not \"%s\"\n", option, text);
		exit(2);
	}
	return (unsigned int)value;
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "list", no_argument, NULL, 'l' },	  { "only", required_argument, NULL, 'o' },
		{ "skip", required_argument, NULL, 'x' }, { "repeat", required_argument, NULL, 'r' },
		{ "slow", required_argument, NULL, 'w' }, { "set", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'l': options.list = true; break;
		case 'o': add_to_list(options.only, &options.nr_only, optarg); break;
		case 'x': add_to_list(options.skip, &options.nr_skip, optarg); break;
		case 's': add_to_list(options.set, &options.nr_set, optarg); break;
		case 'r': options.repeat = positive("repeat", optarg); break;
		case 'w': options.slow = positive("slow", optarg); break;
		default: exit(2);
		}
	}
	if (optind == argc)
		return;
	fprintf(stderr, "%s: \"%s\" is no option\n", argv[0], argv[optind]);
	exit(2);
}

/* Marks must not be dropped for their number. */
static void lift_log_limit(void)
{
	int fd = open("/proc/sys/kernel/printk_devkmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "on\n", 3) < 0)
		fprintf(stderr, "printk_devkmsg: %s\n", strerror(errno));
	close(fd);
}

static void prepare_process(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	kmsg_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg_fd >= 0 && access("/proc/xen/capabilities", F_OK) == 0)
		lift_log_limit();
}

int suite_main(int argc, char **argv, const struct suite *suite)
{
	CU_pSuite registered;

	parse_options(argc, argv);
	if (options.list) {
		for_each_test(suite, NULL, print_name);
		return 0;
	}
	prepare_process();
	registered = register_all(suite);
	for (unsigned int i = 0; i < options.repeat; i++)
		for_each_test(suite, registered, run_one);
	CU_cleanup_registry();
	if (skipped)
		printf("%s: %u skipped\n", suite->name, skipped);
	printf("%s: %u passed, %u failed\n", suite->name, passed, failed);
	return failed || !passed;
}
