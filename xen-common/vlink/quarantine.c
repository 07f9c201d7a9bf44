// SPDX-License-Identifier: GPL-2.0
/*
 * Regions with pages that the server still maps after the connection ended: it is
 * slow, or hostile. Each page stays granted and out of use until Xen says that it
 * is not mapped any more. The kernel's own list of such pages would do, but it
 * frees no more than ten in a second.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>

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

/*
 * Regions of a process's pages that nobody maps any more, but with pages that are locked. A
 * page may be so for as long as the server of its file likes (FUSE, NFS), so nothing here
 * waits for one: it is looked at again.
 */
static LIST_HEAD(pinned_regions);
static DEFINE_MUTEX(pinned_lock);
#define UNPIN_AGAIN_MS	200
#define UNPIN_LAST_TRIES	50	/* when the module goes */

static void unpin_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(unpin_work, unpin_work_fn);

/* Gives back the pin of a page that the peer may have written; false: it is locked. */
static bool try_unpin(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!folio_test_dirty(folio)) {
		if (!folio_trylock(folio))
			return false;
		folio_mark_dirty(folio);
		folio_unlock(folio);
	}
	/* The pin that vlink_pages_grant() was given. */
	unpin_user_page(page);
	return true;
}

/* When there is no later: what the peer wrote to a locked page may be lost with it. */
static void unpin_at_last(struct page *page)
{
	if (try_unpin(page))
		return;
	pr_warn_ratelimited("a page of a process stays locked and is not written back\n");
	unpin_user_page(page);
}

/* Gives back pins; returns how many are left. */
static unsigned int region_unpin(struct vlink_region *region)
{
	unsigned int i, left = 0;

	for (i = 0; i < region->nr_pages; i++) {
		if (!region->pages[i])
			continue;
		if (try_unpin(region->pages[i]))
			region->pages[i] = NULL;
		else
			left++;
	}
	return left;
}

/* Returns how many regions are left. */
static unsigned int unpin_pass(void)
{
	struct vlink_region *region, *next;
	unsigned int left = 0;

	mutex_lock(&pinned_lock);
	list_for_each_entry_safe(region, next, &pinned_regions, node) {
		if (region_unpin(region)) {
			left++;
			continue;
		}
		list_del(&region->node);
		vlink_region_free(region);
	}
	mutex_unlock(&pinned_lock);
	return left;
}

static void unpin_work_fn(struct work_struct *work)
{
	if (unpin_pass())
		queue_delayed_work(vlink_wq, &unpin_work, msecs_to_jiffies(UNPIN_AGAIN_MS));
}

/* Frees a region that the peer does not map any more. */
static void region_end(struct vlink_region *region)
{
	if (region->kind != VLINK_REGION_GRANTED || !region_unpin(region)) {
		vlink_region_free(region);
		return;
	}
	mutex_lock(&pinned_lock);
	list_add_tail(&region->node, &pinned_regions);
	mutex_unlock(&pinned_lock);
	queue_delayed_work(vlink_wq, &unpin_work, msecs_to_jiffies(UNPIN_AGAIN_MS));
}

static void unpin_stop(void)
{
	struct vlink_region *region, *next;
	unsigned int i, tries = UNPIN_LAST_TRIES;

	cancel_delayed_work_sync(&unpin_work);
	while (unpin_pass() && tries--)
		msleep(UNPIN_AGAIN_MS);
	list_for_each_entry_safe(region, next, &pinned_regions, node) {
		for (i = 0; i < region->nr_pages; i++)
			if (region->pages[i])
				unpin_at_last(region->pages[i]);
		vlink_region_free(region);
	}
}

/* Ends the grant of a page, if there is one (@ref not 0); false if the page is mapped. */
static bool end_grant(grant_ref_t *ref)
{
	if (*ref && !gnttab_try_end_foreign_access(*ref))
		return false;
	*ref = 0;
	return true;
}

/*
 * Takes back what is not mapped any more; returns the number of pages that are. The pages of a
 * process stay pinned until all can be given back.
 */
static unsigned int region_take_back(struct vlink_region *region)
{
	unsigned int i, mapped = 0;

	for (i = 0; region->dirs && region->dir_refs && i < region->nr_dirs; i++) {
		if (!region->dirs[i])
			continue;
		if (!end_grant(&region->dir_refs[i])) {
			mapped++;
			continue;
		}
		free_page((unsigned long)region->dirs[i]);
		region->dirs[i] = NULL;
	}
	for (i = 0; i < region->nr_pages; i++) {
		if (!region->pages[i])
			continue;
		if (region->refs && !end_grant(&region->refs[i])) {
			mapped++;
			continue;
		}
		if (region->kind == VLINK_REGION_GRANTED)
			continue;
		__free_page(region->pages[i]);
		region->pages[i] = NULL;
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
			region_end(region);
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
		region_end(region);
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
	region_end(region);
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
		if (!region->refs[i]) {
			/* Of a process, and the peer maps others of its pages. */
			unpin_at_last(region->pages[i]);
			continue;
		}
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
	unpin_stop();
}
