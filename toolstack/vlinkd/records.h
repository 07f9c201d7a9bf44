/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads from xenstore what vlinkd made, in this life or an earlier one. */
#ifndef VLINKD_RECORDS_H
#define VLINKD_RECORDS_H

#include "plan.h"
#include "lib/xs.h"

#define RECORDS_LOOKS	8	/* devices that one event has looked at */

/* Where the directories of a device stand. */
struct xsh_path records_frontend_path(const struct device_id *dev);
struct xsh_path records_backend_path(const struct device_id *dev);

/* What two devices never have both: "SERVICE/FRONTEND/ID" */
struct xsh_path records_device_key(const struct device_id *dev);

/* Reads all, and looks at all directories. */
int records_read(struct xs_handle *xs, struct records *records);
/*
 * Nobody but vlinkd writes the records, so they are read once. Their directories are looked
 * at by turns: at each call some, however many there are.
 */
int records_look(struct xs_handle *xs, struct records *records);
/* Brings the maps up to date. */
void records_index(struct records *records);
/* Of a device that was made just now. */
void records_add(struct records *records, const char *link, const struct device_id *dev,
		 const char *frontend_uuid, const char *backend_uuid);
void records_clear(struct records *records);

/* Looks in the homes of @domains for directories of the services of @classes. */
int records_find_dirs(struct xs_handle *xs, const struct domains *domains,
		      const struct vlinkcfg_classes *classes, struct found_dirs *dirs);
void records_clear_dirs(struct found_dirs *dirs);

#endif
