/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the daemon becomes one, and how it tells that it is ready. */
#ifndef VLINKD_BACKGROUND_H
#define VLINKD_BACKGROUND_H

/*
 * Goes on in a child in the background. The parent waits until background_ready()
 * and exits with 0, or with 1 when the child ends before. Returns 0 in the child.
 */
int background_start(void);
/* Tells the parent and the service manager, as far as there are such. */
void background_ready(void);

/* Tells the service manager, if there is one, "KEY=VALUE" as in sd_notify(3). */
void background_tell(const char *state);

/* Writes and locks PIDFILE. Returns 0, or -1 after saying that a daemon runs already. */
int background_own_pidfile(void);
/* Writes and locks the file. Returns 0, or -1 after saying why not. */
int background_pidfile(const char *path);

#endif
