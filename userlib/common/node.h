/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the libraries find the device that a program names. */
#ifndef VLINK_COMMON_NODE_H
#define VLINK_COMMON_NODE_H

/*
 * Opens the device node @name for reading and writing, close-on-exec. A name without
 * a slash is one in /dev. If there is no such node, the name may be one of which the
 * number of the unit is missing, when only one node fits. Returns the descriptor or
 * a negative errno: -ENOTUNIQ if several nodes fit.
 */
int vlink_node_open(const char *name);

#endif
