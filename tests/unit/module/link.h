/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the link layer knows of drivers and their nodes, for tests that are the link layer. */
#ifndef UNIT_MODULE_LINK_H
#define UNIT_MODULE_LINK_H

#include <linux/vlink.h>

/* Both by role. */
extern struct vlink_driver *unit_drivers[2];
extern struct unit_node {
	struct device *dev;	/* NULL: there is no node now */
	struct cdev *cdev;
	const struct file_operations *fops;
} unit_nodes[2];

/* A process opens the node. */
int unit_node_open(enum vlink_role role);

#endif
