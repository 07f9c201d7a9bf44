// SPDX-License-Identifier: GPL-2.0
/*
 * Regions: pages shared with the peer, the own domain's (share.c) or the peer's (map.c). What
 * the peer still maps when it is given back is quarantine.c's.
 */
#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "internal.h"

/* All regions of pages of this domain, whether they are granted yet, still, or not. */
static LIST_HEAD(shared_regions);
static DEFINE_MUTEX(shared_lock);

static bool is_shared(const struct vlink_region *region)
{
	return region->kind != VLINK_REGION_MAPPED;
}

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
	if (is_shared(region)) {
		mutex_lock(&shared_lock);
		list_add_tail(&region->shared, &shared_regions);
		mutex_unlock(&shared_lock);
	}
	return region;
}

/* A write that changes nothing, whatever the peer writes meanwhile. */
static void touch_page(struct page *page)
{
	atomic_t *word = kmap_local_page(page);

	atomic_add(0, word);
	kunmap_local(word);
}

void vlink_regions_touch(void)
{
	struct vlink_region *region;
	unsigned int i;

	mutex_lock(&shared_lock);
	list_for_each_entry(region, &shared_regions, shared)
		for (i = 0; i < region->nr_pages; i++)
			if (region->pages[i])
				touch_page(region->pages[i]);
	mutex_unlock(&shared_lock);
}

static enum vlink_charge_kind charge_kind(const struct vlink_region *region)
{
	return region->kind == VLINK_REGION_MAPPED ? VLINK_CHARGE_MAPPED : VLINK_CHARGE_GRANTED;
}

/* The pages of a PV domain's processes are mapped, and charged, by each mapping: window.c. */
static bool is_mapped_by_processes(const struct vlink_region *region)
{
	return region->kind == VLINK_REGION_MAPPED && !region->handles;
}

int vlink_region_charge(struct vlink_region *region, struct vlink_account *account)
{
	int err;

	if (is_mapped_by_processes(region))
		return 0;
	/* Dropped by uncharge(), or below. */
	if (account)
		vlink_account_hold(account);
	else
		account = vlink_account_get();
	if (IS_ERR(account))
		return PTR_ERR(account);
	err = vlink_charge(account, charge_kind(region), region->nr_pages);
	if (err)
		vlink_account_put(account);
	else
		region->account = account;
	return err;
}
EXPORT_SYMBOL_GPL(vlink_region_charge);

/* Gives back what is counted for the region's processes. */
static void uncharge(struct vlink_region *region)
{
	if (region->account) {
		vlink_uncharge(region->account, charge_kind(region), region->nr_pages);
		/* vlink_region_charge()'s reference */
		vlink_account_put(region->account);
	}
	if (region->mm) {
		atomic64_sub(region->nr_pages, &region->mm->pinned_vm);
		/* vlink_pages_grant()'s reference */
		mmdrop(region->mm);
	}
}

void vlink_region_free(struct vlink_region *region)
{
	if (is_shared(region)) {
		mutex_lock(&shared_lock);
		list_del(&region->shared);
		mutex_unlock(&shared_lock);
	}
	uncharge(region);
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
