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
	if (ctx->all || ctx->domain)
		ret = watch(events, "/local/domain");
	else
		ret = watch_home(events, ctx->home);
	if (!ret && context_is_dom0(ctx))
		ret = watch(events, DETACHED_ROOT);
	return ret;
}

static long elapsed_ms(const struct events *events)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - events->start.tv_sec) * 1000 +
	       (now.tv_nsec - events->start.tv_nsec) / 1000000;
}

static int take_all(const struct events *events)
{
	char **event;

	while ((event = xs_check_watch(events->xs)))
		free(event);
	return errno == EAGAIN ? 0 : -errno;
}

int events_sleep(const struct events *events)
{
	struct pollfd fd = { .fd = xs_fileno(events->xs), .events = POLLIN };
	long left = -1;

	if (events->timeout_ms != TIMEOUT_FOREVER) {
		left = events->timeout_ms - elapsed_ms(events);
		if (left <= 0)
			return -ETIMEDOUT;
	}
	if (poll(&fd, 1, left > INT_MAX ? INT_MAX : (int)left) < 0 && errno != EINTR)
		return -errno;
	return take_all(events);
}
