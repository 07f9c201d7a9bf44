// SPDX-License-Identifier: LGPL-2.1-or-later
/* vlinkctl wait: sleeps on xenstore watches until links are connected. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../vlinkd/xs.h"
#include "wait.h"

struct waiter {
	struct xs_handle *xs;
	const char *home;
	char *const *names;
	size_t nr;
	long timeout_ms;
	struct timespec start;
};

static long elapsed_ms(const struct waiter *w)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - w->start.tv_sec) * 1000 +
	       (now.tv_nsec - w->start.tv_nsec) / 1000000;
}

static bool is_named(const struct waiter *w, const char *link)
{
	size_t i;

	for (i = 0; i < w->nr; i++)
		if (!strcmp(w->names[i], link))
			return true;
	return w->nr == 0;
}

static bool is_published(const struct links *links, const char *name)
{
	size_t i;

	for (i = 0; i < links->nr; i++)
		if (!strcmp(links->list[i].link, name))
			return true;
	return false;
}

static void say_missing(const char *name, bool say)
{
	if (say)
		fprintf(stderr, "vlinkctl: link '%s' is not published to this domain\n", name);
}

/* Whether all is there; with @say what is not goes to stderr. */
static bool is_complete(const struct waiter *w, const struct links *links, bool say)
{
	bool complete = true;
	size_t i;

	if (!links->nr && !w->nr) {
		if (say)
			fputs("vlinkctl: no links are published to this domain\n", stderr);
		return false;
	}
	for (i = 0; i < w->nr; i++)
		if (!is_published(links, w->names[i])) {
			say_missing(w->names[i], say);
			complete = false;
		}
	for (i = 0; i < links->nr; i++) {
		const struct link *link = &links->list[i];

		if (link->state == LINKS_STATE_CONNECTED || !is_named(w, link->link))
			continue;
		complete = false;
		if (say)
			fprintf(stderr, "vlinkctl: link '%s', service '%s': state %s\n",
				link->link, link->service, links_state_name(link->state));
	}
	return complete;
}

static int look(const struct waiter *w, bool say, bool *complete)
{
	struct links links;
	int ret = links_read(w->xs, w->home, &links);

	if (ret)
		return ret;
	*complete = is_complete(w, &links, say);
	links_clear(&links);
	return 0;
}

static int start_watching(const struct waiter *w)
{
	static const char *const dirs[] = { "vlink", "device", "backend" };
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (!xs_watch(w->xs, xsh_path("%s%s", w->home, dirs[i]).s, dirs[i]))
			return -errno;
	return 0;
}

static int take_events(const struct waiter *w)
{
	char **event;

	while ((event = xs_check_watch(w->xs)))
		free(event);
	return errno == EAGAIN ? 0 : -errno;
}

/* Sleeps until something changes. Returns 0, -ETIMEDOUT or another error. */
static int sleep_until_event(const struct waiter *w)
{
	struct pollfd fd = { .fd = xs_fileno(w->xs), .events = POLLIN };
	long left = -1;
	int ret;

	if (w->timeout_ms != WAIT_FOREVER) {
		left = w->timeout_ms - elapsed_ms(w);
		if (left <= 0)
			return -ETIMEDOUT;
	}
	ret = poll(&fd, 1, left > INT_MAX ? INT_MAX : (int)left);
	if (ret < 0 && errno != EINTR)
		return -errno;
	return take_events(w);
}

static int wait_until_complete(const struct waiter *w)
{
	bool complete = false;
	int ret = start_watching(w);

	while (!ret) {
		ret = look(w, false, &complete);
		if (ret || complete)
			break;
		ret = sleep_until_event(w);
	}
	if (ret != -ETIMEDOUT)
		return ret;
	/* What came in the last moment counts, and the list shown is the one judged. */
	ret = look(w, true, &complete);
	return ret || complete ? ret : -ETIMEDOUT;
}

int wait_for_links(struct xs_handle *xs, const char *home, char *const *names, size_t nr,
		   long timeout_ms)
{
	struct waiter w = {
		.xs = xs, .home = home, .names = names, .nr = nr, .timeout_ms = timeout_ms,
	};
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &w.start);
	ret = wait_until_complete(&w);
	if (!ret)
		return 0;
	if (ret == -ETIMEDOUT)
		return 1;
	fprintf(stderr, "vlinkctl: xenstore: %s\n", strerror(-ret));
	return 2;
}
