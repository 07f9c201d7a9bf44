/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VLINK_INTERNAL_H
#define VLINK_INTERNAL_H

#include <linux/seq_file.h>
#include <linux/vlink.h>

extern struct workqueue_struct *vlink_wq;

/* published.c: from the list that the toolstack publishes to links and modules */
int vlink_published_start(void);
void vlink_published_stop(void);
void vlink_published_scan(void);
/* The domain was restored: the toolstack writes its links and devices anew. */
void vlink_published_anew(void);
void vlink_driver_add(struct vlink_driver *drv);
void vlink_driver_del(struct vlink_driver *drv);
struct vlink *vlink_find_get(struct vlink_driver *drv, const char *id);
void vlink_put(struct vlink *link);

/* store.c */
/* Reads a key as a string of at most @max characters; kfree() it. */
char *vlink_read_text(const char *dir, const char *key, size_t max);
/*
 * Writes the own end's state and, in the same transaction, what @publish (may be NULL)
 * writes. Returns 0, also when the toolstack has removed the device, or a negative errno:
 * then the state is as it was.
 */
int vlink_switch_state(struct vlink *link, enum xenbus_state state,
		       int (*publish)(struct vlink *link, struct xenbus_transaction xbt));

/* fail.c */
void vlink_failures_init(struct vlink *link);
void vlink_failure_over(struct vlink *link);
/* All below under link->lock. */
void vlink_failure_pause(struct vlink *link, bool was_connected);
bool vlink_in_pause(const struct vlink *link);
void vlink_pause_forget(struct vlink *link);

/* version.c */
bool vlink_versions_are_good(const struct vlink_versions *versions);
/* Server: tells which versions there are. */
int vlink_versions_offer(struct vlink *link);
/*
 * Client, and server: sets link->version. -EPROTO: there is none that both speak, which
 * vlink_fail() has been told.
 */
int vlink_version_choose(struct vlink *link);
int vlink_version_check(struct vlink *link);

/* xenbus.c: connections */
int vlink_xenbus_register(struct vlink_driver *drv);
void vlink_xenbus_unregister(struct vlink_driver *drv);
void vlink_state_work(struct work_struct *work);
void vlink_teardown(struct vlink *link);
void vlink_suspend(struct vlink *link);
void vlink_resume(struct vlink *link);
/* Looks at the peer's state again, soon. */
void vlink_look_again(struct vlink *link);

/* region.c */
/* Bounds what a service may ask for and a peer may claim: 256 MiB. */
#define VLINK_REGION_PAGES_MAX	65536u
/* A region without pages; -EINVAL: @nr_pages is not within bounds. */
struct vlink_region *vlink_region_new(enum vlink_region_kind kind, const char *name,
				      unsigned int nr_pages);
void vlink_region_free(struct vlink_region *region);
/*
 * Has live migration copy all pages that peers may have written: Xen does not note what is
 * written through a grant that stays mapped. While the domain's processes are frozen.
 */
void vlink_regions_touch(void);
/* Gives back the regions of the connection. */
void vlink_regions_release(struct vlink *link);

/* share.c */
int vlink_regions_publish(struct vlink *link, struct xenbus_transaction xbt);

/* quarantine.c */
/* Whether the peer still maps so much of @kind that it gets no more. */
bool vlink_quarantine_full(const struct vlink *link, enum vlink_region_kind kind);
/* Pages that a server still maps though the connection ended. */
unsigned int vlink_quarantined_pages(void);
void vlink_quarantine_stop(void);

/* map.c */
void vlink_maps_init(void);
void vlink_maps_exit(void);

/* window.c */
int vlink_windows_init(void);
void vlink_windows_exit(void);

/* charge.c */
void vlink_charges_show(struct seq_file *m);

/* suspend.c */
int vlink_suspend_init(void);
void vlink_suspend_exit(void);

/* debugfs.c */
void vlink_debugfs_init(void);
void vlink_debugfs_exit(void);
/* Calls @fn for each link of each driver, under the list's lock. */
void vlink_for_each(void (*fn)(void *arg, struct vlink *link), void *arg);
/* Calls @fn for each driver, while the domain's processes are frozen. */
void vlink_walk_frozen_drivers(void (*fn)(struct vlink_driver *drv));

#endif
