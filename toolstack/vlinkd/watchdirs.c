// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tells when the configs change. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "log.h"
#include "watchdirs.h"

#define EVENTS	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | \
		 IN_DELETE_SELF | IN_MOVE_SELF)

void watchdirs_open(struct watchdirs *wd)
{
	*wd = (struct watchdirs){ .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC) };
	if (wd->fd < 0)
		log_warning("inotify: %s; configs are read again when a domain is created and on SIGHUP",
			    strerror(errno));
}

void watchdirs_add(struct watchdirs *wd, const char *dir)
{
	wd->dirs = alloc_grow(wd->dirs, wd->nr, sizeof(*wd->dirs));
	wd->wds = alloc_grow(wd->wds, wd->nr, sizeof(*wd->wds));
	wd->dirs[wd->nr] = alloc_string(dir);
	wd->wds[wd->nr++] = -1;
}

/* A directory that is watched already keeps its descriptor. */
bool watchdirs_renew(struct watchdirs *wd)
{
	bool any = false;
	size_t i;

	if (wd->fd < 0)
		return false;
	for (i = 0; i < wd->nr; i++) {
		int new = inotify_add_watch(wd->fd, wd->dirs[i], EVENTS);

		if (new != wd->wds[i])
			any = true;
		wd->wds[i] = new;
	}
	return any;
}

static const char *dir_of(const struct watchdirs *wd, int id)
{
	size_t i;

	for (i = 0; i < wd->nr; i++)
		if (wd->wds[i] == id)
			return wd->dirs[i];
	return NULL;
}

/* A new file is of interest once it is written; a new link to one is so at once. */
static bool is_half_written(const struct watchdirs *wd, const struct inotify_event *event)
{
	const char *dir = dir_of(wd, event->wd);
	struct stat st;
	bool regular;
	char *path;

	if (!(event->mask & IN_CREATE) || !dir || !event->len)
		return false;
	path = alloc_printf("%s/%s", dir, event->name);
	regular = !lstat(path, &st) && S_ISREG(st.st_mode) && st.st_nlink == 1;
	free(path);
	return regular;
}

static bool look_at_events(const struct watchdirs *wd, const char *buf, ssize_t len)
{
	bool any = false;
	ssize_t at = 0;

	while (at < len) {
		const struct inotify_event *event = (const void *)(buf + at);

		if (!is_half_written(wd, event))
			any = true;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return any;
}

bool watchdirs_take(struct watchdirs *wd)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool any = false;
	ssize_t len;

	if (wd->fd < 0)
		return false;
	while ((len = read(wd->fd, buf, sizeof(buf))) > 0)
		if (look_at_events(wd, buf, len))
			any = true;
	return any;
}

void watchdirs_close(struct watchdirs *wd)
{
	size_t i;

	for (i = 0; i < wd->nr; i++)
		free(wd->dirs[i]);
	free(wd->dirs);
	free(wd->wds);
	if (wd->fd >= 0)
		close(wd->fd);
}
