/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The links that the administrator has detached: an empty node for each, which
 * vlinkctl makes and removes, and vlinkd obeys.
 */
#ifndef LIB_DETACHED_H
#define LIB_DETACHED_H

#include <stdbool.h>

#include "xs.h"

/* No link's id begins with an @. */
#define DETACHED_ROOT	RECORDS_ROOT "/@detached"

struct detached {
	char **links;
	unsigned int nr;
};

/* Returns 0 or -errno. */
int detached_read(struct xs_handle *xs, struct detached *detached);
void detached_clear(struct detached *detached);
bool detached_has(const struct detached *detached, const char *link);
/* For vlinkctl. Returns 0 or -errno. */
int detached_set(struct xs_handle *xs, const char *link, bool is_detached);

#endif
