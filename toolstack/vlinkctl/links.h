/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The published links of a domain and how far their devices have come. */
#ifndef VLINKCTL_LINKS_H
#define VLINKCTL_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <xenstore.h>

#define LINKS_STATE_NONE	(-1)	/* no device: the peer does not run */
#define LINKS_STATE_CONNECTED	4	/* as xenbus numbers its states */

/* A key of the published list beside those that have a field of their own. */
struct link_key {
	char *key;
	char *value;
};

struct link {
	char *link;
	char *service;
	char *class_name;
	char *role;
	char *unit;
	char *peer;
	char *name;		/* NULL: none was given; so is info */
	char *info;
	struct link_key *keys;
	size_t nr_keys;
	unsigned int index;
	int state;
	bool detached;		/* by the administrator; known in dom0 only */

	/* Of its device; with LINKS_STATE_NONE there is none. */
	char *device;		/* directory, relative to the domain's home */
	unsigned int peer_domid;
	int peer_state;		/* LINKS_STATE_NONE: the peer's directory is gone */
	char *error;		/* what the domain's xenbus says failed, or NULL */
	char *failure;		/* why its end failed last, or NULL; the peer's likewise */
	char *peer_failure;
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
/* The name of the state of its device, or "detached". */
const char *links_state_of(const struct link *link);
bool links_is_server(const struct link *link);

#endif
