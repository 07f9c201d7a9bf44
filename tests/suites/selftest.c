/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Host test of what the suites are built on: the harness reports what happens
 * in a sample suite, and the agent does what it is told.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../unit/unit.h"
#include "agent.h"
#include "asleep.h"
#include "harness.h"
#include "pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;

/* ---- the sample ---- */

static void sample_pass(void)
{
	SUITE_EQUAL(1 + 1, 2);
}

static void sample_fail(void)
{
	SUITE_EQUAL(1 + 1, 3);
}

static void sample_crash(void)
{
	raise(SIGKILL);
}

static void sample_hang(void)
{
	/* Ignores everything that can be ignored. */
	signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
}

static void sample_leak(void)
{
	CU_ASSERT(dup(1) >= 0);
}

static void sample_skip(void)
{
	suite_skip("no %s", "reason");
}

static void sample_nothing(void)
{
}

static void sample_orphan(void)
{
	CU_ASSERT(true);
	if (!fork())
		sample_hang();
}

static void sample_option(void)
{
	SUITE_EQUAL(atoi(suite_option("answer", "0")), 42);
}

static const struct suite_test sample_tests[] = {
	{ "pass", sample_pass, 0 },	{ "fail", sample_fail, 0 },
	{ "crash", sample_crash, 0 },	{ "hang", sample_hang, 1 },
	{ "leak", sample_leak, 0 },	{ "skip", sample_skip, 0 },
	{ "nothing", sample_nothing, 0 }, { "orphan", sample_orphan, 0 },
	{ "option", sample_option, 0 }, { NULL, NULL, 0 },
};

static int run_sample(int argc, char **argv)
{
	static const struct suite_test *const tables[] = { sample_tests, NULL };
	static const struct suite sample = { .name = "sample", .tables = tables };

	return suite_main(argc, argv, &sample);
}

/* Runs the sample with @options; its exit status, and its output in @text. */
static int sample(const char *options, char *text, size_t size)
{
	char command[512];
	size_t length;
	FILE *output;
	int status;

	snprintf(command, sizeof(command), "SAMPLE=1 %s %s 2>&1", program, options);
	output = popen(command, "re");
	CU_ASSERT_FATAL(output != NULL);
	length = fread(text, 1, size - 1, output);
	text[length] = 0;
	status = pclose(output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_line(const char *name, const char *line)
{
	char text[4096], options[64];

	snprintf(options, sizeof(options), "--only %s", name);
	SUITE_EQUAL(sample(options, text, sizeof(text)), !!strncmp(line, "ok ", 3));
	if (strncmp(text, line, strlen(line))) {
		printf("expected \"%s\", got \"%s\"\n", line, text);
		CU_FAIL("a line differs");
	}
}

static void harness_reports_each_outcome(void)
{
	expect_line("pass", "ok pass\nsample: 1 passed, 0 failed\n");
	expect_line("fail", "not ok fail: 1 + 1 == 3 (2, not 3) selftest.c:");
	expect_line("crash", "not ok crash: killed by signal 9 (Killed)\n");
	expect_line("leak", "not ok leak: leaked descriptor");
	expect_line("nothing", "not ok nothing: asserted nothing\n");
	expect_line("orphan", "ok orphan\n");
}

static void harness_kills_what_hangs(void)
{
	char text[8192];

	SUITE_EQUAL(sample("--only hang --only pass", text, sizeof(text)), 1);
	CU_ASSERT(strstr(text, "not ok hang: hung: killed after 1 s\n") != NULL);
	CU_ASSERT(strstr(text, "ok pass\n") != NULL);
	CU_ASSERT(strstr(text, "sample: 1 passed, 1 failed\n") != NULL);
}

static void harness_counts_a_skip_as_neither(void)
{
	char text[4096];

	SUITE_EQUAL(sample("--only skip --only pass", text, sizeof(text)), 0);
	CU_ASSERT(!strcmp(text, "ok pass\nskip skip: no reason\nsample: 1 skipped\n"
				"sample: 1 passed, 0 failed\n"));
	/* Nothing but skipped is no success. */
	SUITE_EQUAL(sample("--only skip", text, sizeof(text)), 1);
}

static void harness_understands_its_options(void)
{
	char text[4096];

	SUITE_EQUAL(sample("--list --skip '*a*'", text, sizeof(text)), 0);
	CU_ASSERT(!strcmp(text, "skip\nnothing\noption\n"));
	SUITE_EQUAL(sample("--only option", text, sizeof(text)), 1);
	SUITE_EQUAL(sample("--only option --set answer=41 --set answer=42", text, sizeof(text)), 0);
	SUITE_EQUAL(sample("--only pass --repeat 3", text, sizeof(text)), 0);
	CU_ASSERT(strstr(text, "sample: 3 passed, 0 failed\n") != NULL);
	SUITE_EQUAL(sample("--repeat 0", text, sizeof(text)), 2);
	SUITE_EQUAL(sample("stray", text, sizeof(text)), 2);
	SUITE_EQUAL(sample("--only nonesuch", text, sizeof(text)), 1);
}

/* ---- the agent ---- */

struct fixture {
	struct agent agent;
	pid_t pid;
	char dir[32], path[48];
	int fd;			/* our end of the pipe at path, both ways */
};

static void set_up(struct fixture *f)
{
	int ends[2];

	memset(f, 0, sizeof(*f));
	strcpy(f->dir, "/tmp/selftest.XXXXXX");
	CU_ASSERT_FATAL(mkdtemp(f->dir) != NULL);
	snprintf(f->path, sizeof(f->path), "%s/pipe", f->dir);
	CU_ASSERT_FATAL(!mkfifo(f->path, 0600));
	CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	fflush(stdout);
	f->pid = fork();
	if (!f->pid) {
		close(ends[0]);
		agent_serve(ends[1]);
	}
	close(ends[1]);
	f->agent.fd = ends[0];
	f->fd = open(f->path, O_RDWR | O_CLOEXEC);
	CU_ASSERT_FATAL(f->fd >= 0);
}

static void tear_down(struct fixture *f)
{
	int status;

	close(f->agent.fd);
	SUITE_EQUAL(waitpid(f->pid, &status, 0), f->pid);
	CU_ASSERT(WIFEXITED(status) && !WEXITSTATUS(status));
	close(f->fd);
	unlink(f->path);
	rmdir(f->dir);
}

static void agent_reads_and_checks(void)
{
	struct fixture f;
	char bytes[100];
	int fd;

	set_up(&f);
	fd = agent_open(&f.agent, f.path, O_RDONLY);
	CU_ASSERT_FATAL(fd >= 0);
	pattern_fill(bytes, sizeof(bytes), 1, 0);
	SUITE_EQUAL(write(f.fd, bytes, sizeof(bytes)), sizeof(bytes));
	SUITE_EQUAL(agent_readable(&f.agent, fd), 100);
	SUITE_EQUAL(agent_read(&f.agent, fd, 60, 1, 0), 60);
	SUITE_EQUAL(agent_read(&f.agent, fd, 40, 1, 60), 40);
	bytes[50] ^= 1;
	SUITE_EQUAL(write(f.fd, bytes, sizeof(bytes)), sizeof(bytes));
	SUITE_EQUAL(agent_read(&f.agent, fd, 100, 1, 0), -1);
	SUITE_EQUAL(errno, EBADMSG);
	SUITE_EQUAL(agent_close(&f.agent, fd), 0);
	SUITE_EQUAL(agent_close(&f.agent, fd), -1);
	SUITE_EQUAL(errno, EBADF);
	tear_down(&f);
}

static void agent_writes_the_pattern(void)
{
	struct fixture f;
	char bytes[100];
	int fd;

	set_up(&f);
	fd = agent_open(&f.agent, f.path, O_WRONLY);
	SUITE_EQUAL(agent_write(&f.agent, fd, 100, 7, 5), 100);
	SUITE_EQUAL(read(f.fd, bytes, sizeof(bytes)), 100);
	SUITE_EQUAL(pattern_check(bytes, 100, 7, 5), 0);
	SUITE_EQUAL(pattern_check(bytes, 100, 7, 6), 7);
	tear_down(&f);
}

static void agent_calls_run_side_by_side(void)
{
	struct agent_reply reply;
	struct fixture f;
	uint32_t blocked;
	int fd;

	set_up(&f);
	fd = agent_open(&f.agent, f.path, O_RDONLY);
	blocked = agent_start(&f.agent, agent_request_read(fd, 10, 1, 0));
	SUITE_EQUAL(agent_wait_asleep(&f.agent, blocked), 0);
	CU_ASSERT(!agent_done(&f.agent, blocked, 0));
	SUITE_EQUAL(agent_poll(&f.agent, fd, POLLIN, 0), 0);
	SUITE_EQUAL(agent_interrupt(&f.agent, blocked, true), 0);
	SUITE_EQUAL(agent_wait_asleep(&f.agent, blocked), 0);
	SUITE_EQUAL(agent_interrupt(&f.agent, blocked, false), 0);
	reply = agent_finish(&f.agent, blocked);
	SUITE_EQUAL(reply.error, EINTR);
	SUITE_EQUAL(agent_wait_asleep(&f.agent, blocked), -1);
	SUITE_EQUAL(errno, EALREADY);
	/* The end of the session ends a blocked call. */
	blocked = agent_start(&f.agent, agent_request_read(fd, 10, 1, 0));
	SUITE_EQUAL(agent_wait_asleep(&f.agent, blocked), 0);
	tear_down(&f);
}

static void agent_streams(void)
{
	struct agent_reply reply;
	struct fixture f;
	uint32_t writing;
	int out, in;

	set_up(&f);
	out = agent_open(&f.agent, f.path, O_WRONLY);
	in = agent_open(&f.agent, f.path, O_RDONLY);
	writing = agent_start(&f.agent, agent_request_write_stream(out, 1 << 20, 3, 5000));
	reply = agent_call(&f.agent, agent_request_read_stream(in, 1 << 20, 3, 7000));
	SUITE_EQUAL(reply.value, 1 << 20);
	SUITE_EQUAL(reply.wrong_at, 0);
	SUITE_EQUAL(agent_finish(&f.agent, writing).value, 1 << 20);
	tear_down(&f);
}

static void agent_counts_records_with_a_text(void)
{
	struct fixture f;
	int fd;

	set_up(&f);
	fd = agent_open(&f.agent, f.path, O_RDONLY | O_NONBLOCK);
	SUITE_EQUAL(write(f.fd, "one and two", 11), 11);
	SUITE_EQUAL(agent_count_records(&f.agent, fd, "two"), 1);
	SUITE_EQUAL(agent_count_records(&f.agent, fd, "two"), 0);
	SUITE_EQUAL(write(f.fd, "three", 5), 5);
	SUITE_EQUAL(agent_count_records(&f.agent, fd, "two"), 0);
	SUITE_EQUAL(agent_count_records(&f.agent, -1, "two"), -1);
	SUITE_EQUAL(errno, EBADF);
	tear_down(&f);
}

static void agent_sums_records_in_any_order(void)
{
	char bytes[64], swapped[64];
	struct fixture f;
	int fd;

	pattern_fill(bytes, sizeof(bytes), 9, 0);
	memcpy(swapped, bytes + 32, 32);
	memcpy(swapped + 32, bytes, 32);
	CU_ASSERT(pattern_record_sum(bytes, 64) == pattern_record_sum(swapped, 64));
	memcpy(swapped, bytes + 1, 63);
	CU_ASSERT(pattern_record_sum(bytes, 64) != pattern_record_sum(swapped, 64));
	set_up(&f);
	fd = agent_open(&f.agent, f.path, O_RDONLY);
	SUITE_EQUAL(write(f.fd, bytes, 64), 64);
	SUITE_EQUAL(agent_call(&f.agent, agent_request_read_records(fd, 64)).value,
		    pattern_record_sum(bytes, 64) / 2);
	tear_down(&f);
}

static void agent_that_is_lost_is_an_error(void)
{
	struct fixture f;
	int status;

	set_up(&f);
	signal(SIGPIPE, SIG_IGN);
	kill(f.pid, SIGKILL);
	waitpid(f.pid, &status, 0);
	SUITE_EQUAL(agent_open(&f.agent, f.path, O_RDONLY), -1);
	SUITE_EQUAL(errno, ENOTCONN);
	close(f.agent.fd);
	close(f.fd);
	unlink(f.path);
	rmdir(f.dir);
}

int main(int argc, char **argv)
{
	static const struct unit_test harness[] = {
		{ "each outcome", harness_reports_each_outcome },
		{ "hanging tests", harness_kills_what_hangs },
		{ "skipped tests", harness_counts_a_skip_as_neither },
		{ "options", harness_understands_its_options },
	};
	static const struct unit_test agent[] = {
		{ "reading", agent_reads_and_checks },
		{ "writing", agent_writes_the_pattern },
		{ "side by side", agent_calls_run_side_by_side },
		{ "streams", agent_streams },
		{ "records", agent_sums_records_in_any_order },
		{ "records with a text", agent_counts_records_with_a_text },
		{ "a lost agent", agent_that_is_lost_is_an_error },
	};

	/* A test of hanging must not hang. */
	alarm(120);
	if (getenv("SAMPLE"))
		return run_sample(argc, argv);
	program = argv[0];
	UNIT_ADD("harness", harness);
	UNIT_ADD("agent", agent);
	return unit_run("suites_selftest");
}
