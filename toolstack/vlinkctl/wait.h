/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vlinkctl wait */
#ifndef VLINKCTL_WAIT_H
#define VLINKCTL_WAIT_H

#include "links.h"

#define WAIT_FOREVER	(-1L)

/*
 * Waits until the links named, or all when @nr is 0, are connected. Returns 0;
 * 1 on timeout, after saying on stderr what is missing; 2 on an error.
 */
int wait_for_links(struct xs_handle *xs, const char *home, char *const *names, size_t nr,
		   long timeout_ms);

#endif
