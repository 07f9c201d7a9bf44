/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The published links of a domain and how far their devices have come. */
#ifndef VLINKCTL_LINKS_H
#define VLINKCTL_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <xenstore.h>

#define LINKS_STATE_NONE	(-1)	/* no device: the peer does not run */
#define LINKS_STATE_CONNECTED	4	/* as xenbus numbers its states */

struct link {
	char *link;
	char *service;
	char *class_name;
	char *role;
	char *unit;
	char *peer;
	unsigned int index;
	int state;
};

struct links {
	struct link *list;
	size_t nr;
};

/*
 * @home is the path of a domain with a slash at its end; "" is the domain this
 * program runs in, as xenstore takes relative paths. The list is sorted by
 * the order of the cfg. Returns 0 or -errno; no list at all is no error.
 */
int links_read(struct xs_handle *xs, const char *home, struct links *links);
void links_clear(struct links *links);

const char *links_state_name(int state);

#endif
