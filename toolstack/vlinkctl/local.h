/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel of this domain makes of a link. */
#ifndef VLINKCTL_LOCAL_H
#define VLINKCTL_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "links.h"

/* Where sysfs, debugfs and the nodes are; tests have their own. */
extern const char *local_root;

/* Whether there is a driver for the link's service in its role. */
bool local_has_driver(const struct link *link);
bool local_has_link_layer(void);

/* The name of the link's device node, without /dev/, to be freed; NULL: there is none. */
char *local_node(const struct link *link);

struct local_stat {
	char *name;
	char *value;
};

struct local_stats {
	struct local_stat *list;
	size_t nr;
};

/* All that the drivers and the link layer count for a link whose node is @node, or NULL. */
void local_stats_read(const struct link *link, const char *node, struct local_stats *stats);
void local_stats_clear(struct local_stats *stats);

#endif
