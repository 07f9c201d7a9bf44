// SPDX-License-Identifier: GPL-2.0
/*
 * What this domain grants to the peer: pages of its own, or of its processes. The peer
 * finds the references in a chain of directory pages.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <xen/grant_table.h>
#include <xen/io/vlink.h>
#include <xen/page.h>

#include "internal.h"

/* Pages granted without a look at whether others wait for the processor. */
#define GRANT_BATCH	32u

/* @ref is 0 until the page is granted: Xen reserves reference 0. */
static struct page *share_new_page(domid_t domid, bool readonly, grant_ref_t *ref)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	int got;

	if (!page)
		return ERR_PTR(-ENOMEM);
	got = gnttab_grant_foreign_access(domid, xen_page_to_gfn(page), readonly);
	if (got < 0) {
		__free_page(page);
		return ERR_PTR(got);
	}
	*ref = got;
	return page;
}

static int region_share_pages(struct vlink_region *region, domid_t domid)
{
	unsigned int i;

	for (i = 0; i < region->nr_pages; i++) {
		struct page *page = share_new_page(domid, false, &region->refs[i]);

		if (IS_ERR(page))
			return PTR_ERR(page);
		region->pages[i] = page;
	}
	return 0;
}

static int region_share_dirs(struct vlink_region *region, domid_t domid)
{
	unsigned int i, n, done = 0;

	for (i = 0; i < region->nr_dirs; i++) {
		struct page *page = share_new_page(domid, true, &region->dir_refs[i]);

		if (IS_ERR(page))
			return PTR_ERR(page);
		region->dirs[i] = page_address(page);
	}
	for (i = 0; i < region->nr_dirs; i++, done += n) {
		n = min_t(unsigned int, region->nr_pages - done, VLINK_DIR_REFS);
		memcpy(region->dirs[i]->refs, region->refs + done, n * sizeof(grant_ref_t));
		region->dirs[i]->next = i + 1 < region->nr_dirs ? region->dir_refs[i + 1] : 0;
	}
	return 0;
}

static int region_alloc_dirs(struct vlink_region *region)
{
	unsigned int nr_dirs = DIV_ROUND_UP(region->nr_pages, VLINK_DIR_REFS);

	region->refs = kvcalloc(region->nr_pages, sizeof(*region->refs), GFP_KERNEL);
	region->dirs = kcalloc(nr_dirs, sizeof(*region->dirs), GFP_KERNEL);
	region->dir_refs = kcalloc(nr_dirs, sizeof(*region->dir_refs), GFP_KERNEL);
	if (!region->refs || !region->dirs || !region->dir_refs)
		return -ENOMEM;
	region->nr_dirs = nr_dirs;
	return 0;
}

struct vlink_region *vlink_region_create(struct vlink *link, const char *name,
					 unsigned int nr_pages)
{
	domid_t domid = link->xdev->otherend_id;
	struct vlink_region *region;
	int err;

	BUILD_BUG_ON(sizeof(struct vlink_dir_page) != XEN_PAGE_SIZE);
	BUILD_BUG_ON(PAGE_SIZE != XEN_PAGE_SIZE);

	if (vlink_quarantine_full(link, VLINK_REGION_CREATED)) {
		vlink_warn_failure(link, "server still maps \"%s\" of %d ended connections\n",
				   name, atomic_read(&link->quarantined));
		return ERR_PTR(-EBUSY);
	}
	region = vlink_region_new(VLINK_REGION_CREATED, name, nr_pages);
	if (IS_ERR(region))
		return region;

	err = region_alloc_dirs(region);
	if (!err)
		err = region_share_pages(region, domid);
	if (!err)
		err = region_share_dirs(region, domid);
	if (err)
		goto fail;

	list_add_tail(&region->node, &link->regions);
	return region;

fail:
	vlink_warn(link, "cannot share %u pages as \"%s\": %d\n", nr_pages, name, err);
	vlink_pages_unshare(link, region);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(vlink_region_create);

struct vlink_region *vlink_pages_share(struct vlink *link, unsigned int nr_pages)
{
	struct vlink_region *region;
	int err = -ENOMEM;

	if (vlink_quarantine_full(link, VLINK_REGION_SHARED)) {
		vlink_warn_failure(link, "server still maps %d pages of old\n",
				   atomic_read(&link->quarantined_pages));
		return ERR_PTR(-EBUSY);
	}
	region = vlink_region_new(VLINK_REGION_SHARED, "", nr_pages);
	if (IS_ERR(region))
		return region;
	region->refs = kvcalloc(nr_pages, sizeof(*region->refs), GFP_KERNEL);
	if (region->refs)
		err = region_share_pages(region, link->xdev->otherend_id);
	if (err) {
		vlink_pages_unshare(link, region);
		return ERR_PTR(err);
	}
	return region;
}
EXPORT_SYMBOL_GPL(vlink_pages_share);

/* Grants the pages of @region; its own and its pins are released by region_unshare(). */
static int region_grant_pages(struct vlink_region *region, domid_t domid)
{
	unsigned int i;
	int got;

	for (i = 0; i < region->nr_pages; i++) {
		got = gnttab_grant_foreign_access(domid, xen_page_to_gfn(region->pages[i]), false);
		if (got < 0)
			return got;
		region->refs[i] = got;
		if (!(i % GRANT_BATCH))
			cond_resched();
	}
	return 0;
}

struct vlink_region *vlink_pages_grant(struct vlink *link, struct page **pages,
				       unsigned int nr_pages)
{
	domid_t domid = link->xdev->otherend_id;
	struct vlink_region *region;
	int err;

	if (vlink_quarantine_full(link, VLINK_REGION_GRANTED)) {
		vlink_warn_failure(link, "client still maps %d pages of old\n",
				   atomic_read(&link->quarantined_pages));
		region = ERR_PTR(-EBUSY);
		goto fail_pins;
	}
	region = vlink_region_new(VLINK_REGION_GRANTED, "", nr_pages);
	if (IS_ERR(region))
		goto fail_pins;
	/* Dropped by vlink_region_free(). */
	mmgrab(current->mm);
	region->mm = current->mm;
	memcpy(region->pages, pages, nr_pages * sizeof(*pages));
	err = region_alloc_dirs(region);
	if (!err)
		err = region_grant_pages(region, domid);
	if (!err)
		err = region_share_dirs(region, domid);
	if (err) {
		vlink_pages_unshare(link, region);
		return ERR_PTR(err);
	}
	return region;

fail_pins:
	unpin_user_pages(pages, nr_pages);
	atomic64_sub(nr_pages, &current->mm->pinned_vm);
	return region;
}
EXPORT_SYMBOL_GPL(vlink_pages_grant);

int vlink_regions_publish(struct vlink *link, struct xenbus_transaction xbt)
{
	struct vlink_region *region;
	char key[VLINK_CLASS_MAX + 8];
	int err;

	list_for_each_entry(region, &link->regions, node) {
		snprintf(key, sizeof(key), "%s-ref", region->name);
		err = vlink_key_write(link, xbt, key, region->dir_refs[0]);
		if (err)
			return err;
		snprintf(key, sizeof(key), "%s-pages", region->name);
		err = vlink_key_write(link, xbt, key, region->nr_pages);
		if (err)
			return err;
	}
	return 0;
}
