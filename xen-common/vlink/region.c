// SPDX-License-Identifier: GPL-2.0
/*
 * Regions: pages shared with the peer, the own domain's (share.c) or the peer's (map.c). What
 * the peer still maps when it is given back is quarantine.c's.
 */
#include <linux/list.h>
#include <linux/slab.h>

#include "internal.h"

struct vlink_region *vlink_region_new(enum vlink_region_kind kind, const char *name,
				      unsigned int nr_pages)
{
	struct vlink_region *region;

	if (!nr_pages || nr_pages > VLINK_REGION_PAGES_MAX)
		return ERR_PTR(-EINVAL);

	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return ERR_PTR(-ENOMEM);
	region->kind = kind;
	strscpy(region->name, name, sizeof(region->name));
	region->nr_pages = nr_pages;
	region->pages = kvcalloc(nr_pages, sizeof(*region->pages), GFP_KERNEL);
	if (!region->pages) {
		kfree(region);
		return ERR_PTR(-ENOMEM);
	}
	INIT_LIST_HEAD(&region->node);
	return region;
}

void vlink_region_free(struct vlink_region *region)
{
	kvfree(region->pages);
	kvfree(region->refs);
	kvfree(region->handles);
	kfree(region->dirs);
	kfree(region->dir_refs);
	kfree(region);
}

void vlink_regions_release(struct vlink *link)
{
	struct vlink_region *region, *next;

	list_for_each_entry_safe(region, next, &link->regions, node) {
		list_del(&region->node);
		if (region->kind == VLINK_REGION_MAPPED)
			vlink_pages_unmap(region);
		else
			vlink_pages_unshare(link, region);
	}
}
