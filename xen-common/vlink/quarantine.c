// SPDX-License-Identifier: GPL-2.0
/*
 * Regions with pages that the server still maps after the connection ended: it is
 * slow, or hostile. Each page stays granted and out of use until Xen says that it
 * is not mapped any more. The kernel's own list of such pages would do, but it
 * frees no more than ten in a second.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>

#include <xen/grant_table.h>

#include "internal.h"

static LIST_HEAD(quarantine);
static DEFINE_MUTEX(quarantine_lock);
static atomic_t quarantine_pages = ATOMIC_INIT(0);
/*
 * Ended connections of one link that may lie there: a server that never unmaps
 * gets no further memory of ours, however often it connects.
 */
#define QUARANTINE_LINK_MAX	2
#define QUARANTINE_PAGES_MAX	8192
#define QUARANTINE_MIN_MS	10
#define QUARANTINE_MAX_MS	1000
static unsigned int quarantine_ms;

static void quarantine_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(quarantine_work, quarantine_work_fn);

unsigned int vlink_quarantined_pages(void)
{
	return atomic_read(&quarantine_pages);
}

/* Takes back a page that may be granted (@ref not 0); false if it is mapped. */
static bool take_back(struct page *page, grant_ref_t ref, bool pinned)
{
	if (ref && !gnttab_try_end_foreign_access(ref))
		return false;
	if (pinned)
		/* The pin that vlink_pages_grant() was given. */
		unpin_user_pages_dirty_lock(&page, 1, true);
	else
		__free_page(page);
	return true;
}

/* Takes back what is not mapped any more; returns the number of pages that are. */
static unsigned int region_take_back(struct vlink_region *region)
{
	const bool pinned = region->kind == VLINK_REGION_GRANTED;
	unsigned int i, mapped = 0;

	for (i = 0; region->dirs && region->dir_refs && i < region->nr_dirs; i++) {
		if (!region->dirs[i])
			continue;
		if (take_back(virt_to_page(region->dirs[i]), region->dir_refs[i], false))
			region->dirs[i] = NULL;
		else
			mapped++;
	}
	for (i = 0; i < region->nr_pages; i++) {
		if (!region->pages[i])
			continue;
		if (take_back(region->pages[i], region->refs ? region->refs[i] : 0, pinned))
			region->pages[i] = NULL;
		else
			mapped++;
	}
	return mapped;
}

/* Connections are counted by the regions they begin with; pages as such. */
static void quarantine_count(struct vlink *link, struct vlink_region *region, int sign)
{
	if (region->kind == VLINK_REGION_CREATED)
		atomic_add(sign, &link->quarantined);
	else
		atomic_add(sign * (int)region->nr_pages, &link->quarantined_pages);
}

static void quarantine_leave(struct vlink_region *region)
{
	struct vlink *link = region->link;

	list_del(&region->node);
	quarantine_count(link, region, -1);
	/* A new connection may have been waiting for this. */
	vlink_look_again(link);
	vlink_put(link);
}

/* Frees what is not mapped any more. Under quarantine_lock. */
static void quarantine_pass(void)
{
	struct vlink_region *region, *next;
	unsigned int mapped, left = 0;

	list_for_each_entry_safe(region, next, &quarantine, node) {
		mapped = region_take_back(region);
		left += mapped;
		if (!mapped) {
			quarantine_leave(region);
			vlink_region_free(region);
		}
	}
	atomic_set(&quarantine_pages, left);
}

static void quarantine_work_fn(struct work_struct *work)
{
	mutex_lock(&quarantine_lock);
	quarantine_pass();
	quarantine_ms = min_t(unsigned int, 2 * quarantine_ms, QUARANTINE_MAX_MS);
	if (!list_empty(&quarantine))
		queue_delayed_work(vlink_wq, &quarantine_work, msecs_to_jiffies(quarantine_ms));
	mutex_unlock(&quarantine_lock);
}

static bool is_full(const atomic_t *count, int max)
{
	if (atomic_read(count) < max)
		return false;
	/* The last look at them may be a while ago. */
	mutex_lock(&quarantine_lock);
	quarantine_pass();
	mutex_unlock(&quarantine_lock);
	return atomic_read(count) >= max;
}

bool vlink_quarantine_full(const struct vlink *link, enum vlink_region_kind kind)
{
	if (kind == VLINK_REGION_CREATED)
		return is_full(&link->quarantined, QUARANTINE_LINK_MAX);
	return is_full(&link->quarantined_pages, QUARANTINE_PAGES_MAX);
}

void vlink_pages_unshare(struct vlink *link, struct vlink_region *region)
{
	unsigned int mapped = region_take_back(region);

	if (!mapped) {
		vlink_region_free(region);
		return;
	}
	/* Dropped by quarantine_leave(). */
	kref_get(&link->ref);
	region->link = link;
	quarantine_count(link, region, 1);
	mutex_lock(&quarantine_lock);
	list_add_tail(&region->node, &quarantine);
	atomic_add(mapped, &quarantine_pages);
	quarantine_ms = QUARANTINE_MIN_MS;
	mod_delayed_work(vlink_wq, &quarantine_work, msecs_to_jiffies(quarantine_ms));
	mutex_unlock(&quarantine_lock);
}
EXPORT_SYMBOL_GPL(vlink_pages_unshare);

bool vlink_pages_try_unshare(struct vlink_region *region)
{
	if (region_take_back(region))
		return false;
	vlink_region_free(region);
	return true;
}
EXPORT_SYMBOL_GPL(vlink_pages_try_unshare);

/*
 * Leaves the pages to the kernel's list of those that are still mapped. It drops a
 * reference when they are not, which for a pinned page is one of its own: the
 * pin stays for ever, the lesser evil.
 */
static void region_abandon(struct vlink_region *region)
{
	unsigned int i;

	for (i = 0; i < region->nr_dirs; i++)
		if (region->dirs[i])
			gnttab_end_foreign_access(region->dir_refs[i],
						  virt_to_page(region->dirs[i]));
	for (i = 0; i < region->nr_pages; i++) {
		if (!region->pages[i])
			continue;
		if (region->kind == VLINK_REGION_GRANTED)
			get_page(region->pages[i]);
		gnttab_end_foreign_access(region->refs[i], region->pages[i]);
	}
	vlink_region_free(region);
}

/* The module goes; what is still mapped then is left to the kernel's list. */
void vlink_quarantine_stop(void)
{
	struct vlink_region *region, *next;

	cancel_delayed_work_sync(&quarantine_work);
	list_for_each_entry_safe(region, next, &quarantine, node) {
		quarantine_leave(region);
		region_abandon(region);
	}
}
