/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The counters that VRPQ and VUMEM hand out by ioctl. */
#ifndef VLINKCTL_COUNTERS_H
#define VLINKCTL_COUNTERS_H

#include <stdint.h>

/* Calls @add for each counter of the node @path, if @service has any. */
void counters_read(const char *service, const char *path,
		   void (*add)(void *arg, const char *name, uint64_t value), void *arg);

#endif
