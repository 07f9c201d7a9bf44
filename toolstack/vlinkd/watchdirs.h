/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells when the configs change. */
#ifndef VLINKD_WATCHDIRS_H
#define VLINKD_WATCHDIRS_H

#include <stdbool.h>
#include <stddef.h>

struct watchdirs {
	int fd;			/* to be polled; -1: no inotify */
	char **dirs;
	int *wds;
	size_t nr;
};

void watchdirs_open(struct watchdirs *wd);
void watchdirs_add(struct watchdirs *wd, const char *dir);
/* Watches directories that came since the last time; true: there are such. */
bool watchdirs_renew(struct watchdirs *wd);
/* Takes what is waiting; true: a config may have changed. */
bool watchdirs_take(struct watchdirs *wd);
void watchdirs_close(struct watchdirs *wd);

#endif
