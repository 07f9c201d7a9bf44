/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "asleep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void sleep_ms(long ms)
{
	struct timespec rest = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
}

long long clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* The state letter stands behind the command's closing parenthesis. */
static char task_state(pid_t tid)
{
	char path[64], text[512], *end;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length < 0 ? 0 : length] = 0;
	end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : 0;
}

static bool wait_for_state(const pid_t *tid, const _Atomic int *phase, const char *states)
{
	unsigned int seen = 0;
	char state;

	/* Twice in a row: once may be a lock that is held for a moment. */
	while (seen < 2) {
		if (atomic_load(phase) == CALL_RETURNED)
			return false;
		state = atomic_load(phase) == CALL_ENTERED ? task_state(*tid) : 0;
		if (state && strchr(states, state))
			seen++;
		else
			seen = 0;
		sleep_ms(2);
	}
	return true;
}

bool wait_asleep(const pid_t *tid, const _Atomic int *phase)
{
	return wait_for_state(tid, phase, "S");
}

bool wait_asleep_killably(const pid_t *tid, const _Atomic int *phase)
{
	return wait_for_state(tid, phase, "SD");
}
