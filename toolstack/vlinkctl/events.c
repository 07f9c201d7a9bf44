// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sleeping until something about links changes in xenstore. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "../vlinkd/detached.h"
#include "events.h"

static int watch(const struct events *events, const char *path)
{
	return xs_watch(events->xs, path, "links") ? 0 : -errno;
}

static int watch_home(const struct events *events, const char *home)
{
	static const char *const dirs[] = { "vlink", "device", "backend" };
	size_t i;
	int ret = 0;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !ret; i++)
		ret = watch(events, xsh_path("%s%s", home, dirs[i]).s);
	return ret;
}

int events_start(struct events *events, const struct context *ctx)
{
	int ret;

	*events = (struct events){ .xs = ctx->xs, .timeout_ms = ctx->timeout_ms };
	clock_gettime(CLOCK_MONOTONIC, &events->start);
	events->woken = events->start;
	if (ctx->all || ctx->domain)
		ret = watch(events, "/local/domain");
	else
		ret = watch_home(events, ctx->home);
	if (!ret && context_is_dom0(ctx))
		ret = watch(events, DETACHED_ROOT);
	return ret;
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static int take_all(const struct events *events)
{
	char **event;

	while ((event = xs_check_watch(events->xs)))
		free(event);
	return errno == EAGAIN ? 0 : -errno;
}

/* Until the time limit; -1: there is none. */
static int left_ms(const struct events *events)
{
	long left;

	if (events->timeout_ms == TIMEOUT_FOREVER)
		return -1;
	left = events->timeout_ms - elapsed_ms(&events->start);
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void rest(const struct events *events, long ms)
{
	int left = left_ms(events);

	poll(NULL, 0, left >= 0 && left < ms ? left : (int)ms);
}

int events_sleep(struct events *events)
{
	struct pollfd fd = { .fd = xs_fileno(events->xs), .events = POLLIN };
	long looked_ms = elapsed_ms(&events->woken);
	int left = left_ms(events);

	if (!left)
		return -ETIMEDOUT;
	if (poll(&fd, 1, left) < 0 && errno != EINTR)
		return -errno;
	rest(events, looked_ms);
	clock_gettime(CLOCK_MONOTONIC, &events->woken);
	return take_all(events);
}
