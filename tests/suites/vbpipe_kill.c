/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that are killed or stopped inside a call. */
#include "asleep.h"
#include "vbpipe_suite.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define KILL_MS_MAX 2000

static void reader(void *argument, _Atomic int *phase)
{
	char buffer[20];

	atomic_store(phase, CALL_ENTERED);
	if (read(*(int *)argument, buffer, sizeof(buffer)) != (ssize_t)sizeof(buffer))
		_exit(1);
}

static void writer(void *argument, _Atomic int *phase)
{
	static char buffer[100000];

	atomic_store(phase, CALL_ENTERED);
	if (write(*(int *)argument, buffer, sizeof(buffer)) != (ssize_t)sizeof(buffer))
		_exit(1);
}

static void killed_while_blocked_in_read(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(reader, &pair.fd);

	close(pair.fd);
	peer_send(&pair, 5, 1, 0);
	CU_ASSERT_FATAL(child_blocks(&child));
	CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
	SUITE_EQUAL(agent_write(peer(), pair.peer_fd, 1, 0, 0), -1);
	SUITE_EQUAL(errno, EPIPE);
	agent_close(peer(), pair.peer_fd);
}

static void killed_while_blocked_in_write(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(writer, &pair.fd);

	close(pair.fd);
	CU_ASSERT_FATAL(child_blocks(&child));
	CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
	/* What it had queued stays readable. */
	CU_ASSERT(agent_readable(peer(), pair.peer_fd) >= SIZE_DEFAULT - RING_HEADER);
	agent_close(peer(), pair.peer_fd);
}

static void killed_while_waiting_behind_a_reader(void)
{
	struct pair pair = pair_open("def");
	struct call call;
	struct child child;

	call_read(&call, pair.fd, 10, 2, 0);
	CU_ASSERT(call_blocks(&call));
	child = child_start(reader, &pair.fd);
	CU_ASSERT_FATAL(child_blocks(&child));
	CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
	peer_send(&pair, 10, 2, 0);
	SUITE_EQUAL(call_finish(&call), 10);
	pair_close(&pair);
}

static void killed_beside_an_open_copy_ends_nothing(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(reader, &pair.fd);

	CU_ASSERT_FATAL(child_blocks(&child));
	CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
	peer_send(&pair, 50, 3, 0);
	receive_all(pair.fd, 50, 3, 0);
	pair_close(&pair);
}

static void stopped_and_continued_read_goes_on(void)
{
	struct pair pair = pair_open("def");
	struct child child = child_start(reader, &pair.fd);
	int status;

	CU_ASSERT_FATAL(child_blocks(&child));
	kill(child.pid, SIGSTOP);
	SUITE_EQUAL(waitpid(child.pid, &status, WUNTRACED), child.pid);
	CU_ASSERT(WIFSTOPPED(status));
	kill(child.pid, SIGCONT);
	CU_ASSERT_FATAL(child_blocks(&child));
	peer_send(&pair, 20, 4, 0);
	SUITE_EQUAL(child_finish(&child), 0);
	pair_close(&pair);
}

static void killed_many_times(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		struct pair pair = pair_open("def");
		struct child child = child_start(i & 1 ? reader : writer, &pair.fd);

		close(pair.fd);
		CU_ASSERT_FATAL(child_blocks(&child));
		CU_ASSERT(child_kill(&child) < KILL_MS_MAX);
		SUITE_EQUAL(agent_close(peer(), pair.peer_fd), 0);
	}
}

const struct suite_test kill_tests[] = {
	{ "killed_while_blocked_in_read", killed_while_blocked_in_read, 0 },
	{ "killed_while_blocked_in_write", killed_while_blocked_in_write, 0 },
	{ "killed_while_waiting_behind_a_reader", killed_while_waiting_behind_a_reader, 0 },
	{ "killed_beside_an_open_copy_ends_nothing", killed_beside_an_open_copy_ends_nothing, 0 },
	{ "stopped_and_continued_read_goes_on", stopped_and_continued_read_goes_on, 0 },
	{ "killed_many_times", killed_many_times, 60 },
	{ NULL, NULL, 0 },
};
