/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads from xenstore what vlinkd made, in this life or an earlier one. */
#ifndef VLINKD_RECORDS_H
#define VLINKD_RECORDS_H

#include "plan.h"
#include "xs.h"

#define RECORDS_ROOT	"/tool/vlink"

/* Where the directories of a device stand. */
struct xsh_path records_frontend_path(const struct device_id *dev);
struct xsh_path records_backend_path(const struct device_id *dev);

int records_read(struct xs_handle *xs, struct records *records);
void records_clear(struct records *records);

/* Looks in the homes of @domains for directories of the services of @classes. */
int records_find_dirs(struct xs_handle *xs, const struct domains *domains,
		      const struct vlinkcfg_classes *classes, struct found_dirs *dirs);
void records_clear_dirs(struct found_dirs *dirs);

#endif
