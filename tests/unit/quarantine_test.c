// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How pages that were granted come back: xen-common/vlink/quarantine.c over stand-ins for
 * the kernel. A grant cannot end while the peer maps the page; a page of a process may be
 * locked, for as long as the server of its file likes.
 */
#include "unit.h"

#include "kernel_stand_ins.h"

/* ---- the kernel ---- */

struct page {
	bool mapped;		/* by the peer */
	bool locked;
	bool dirty;
	int pins;
	bool freed;
};

struct folio {
	struct page page;
};

struct vlink {
	struct { int refs; } ref;
	atomic_t quarantined, quarantined_pages;
};

enum vlink_region_kind {
	VLINK_REGION_CREATED, VLINK_REGION_SHARED, VLINK_REGION_GRANTED, VLINK_REGION_MAPPED,
};

struct vlink_region {
	enum vlink_region_kind kind;
	struct list_head node;
	unsigned int nr_pages;
	struct page **pages;
	grant_ref_t *refs;
	unsigned int nr_dirs;
	void **dirs;
	grant_ref_t *dir_refs;
	struct vlink *link;
};

#define PAGES		4u

static struct page pages[PAGES];
static unsigned int regions_freed, works_queued;

struct work_struct {
	bool unused;
};

#define DECLARE_DELAYED_WORK(name, fn)	struct { void (*run)(struct work_struct *); } name = { fn }
#define queue_delayed_work(wq, work, delay)	((void)(work), (void)(delay), works_queued++)
#define mod_delayed_work(wq, work, delay)	((void)(work), (void)(delay), works_queued++)
#define cancel_delayed_work_sync(work)		((void)(work))

/* References to pages are their number from 1 on. */
static bool gnttab_try_end_foreign_access(grant_ref_t ref)
{
	if (!ref || ref > PAGES)
		abort();
	return !pages[ref - 1].mapped;
}

#define page_folio(p)		((struct folio *)(p))
#define folio_test_dirty(f)	((f)->page.dirty)
#define virt_to_page(addr)	((struct page *)(addr))
#define free_page(addr)		(((struct page *)(addr))->freed = true)
#define get_page(p)		((p)->pins++)
#define kref_get(ref)		((ref)->refs++)

static bool folio_trylock(struct folio *folio)
{
	if (folio->page.locked)
		return false;
	folio->page.locked = true;
	return true;
}

static void folio_mark_dirty(struct folio *folio)
{
	if (!folio->page.locked)
		abort();
	folio->page.dirty = true;
}

static void folio_unlock(struct folio *folio)
{
	folio->page.locked = false;
}

static void unpin_user_page(struct page *page)
{
	if (page->pins != 1)
		abort();
	page->pins--;
}

static void __free_page(struct page *page)
{
	if (page->pins || page->freed)
		abort();
	page->freed = true;
}

/* Drops the reference at once when the page is not mapped. */
static void gnttab_end_foreign_access(grant_ref_t ref, struct page *page)
{
	if (!gnttab_try_end_foreign_access(ref))
		return;
	if (page->pins > 1)
		page->pins--;
	else
		page->freed = true;
}

static void vlink_region_free(struct vlink_region *region)
{
	(void)region;
	regions_freed++;
}

static void vlink_look_again(struct vlink *link)
{
	(void)link;
}

static void vlink_put(struct vlink *link)
{
	link->ref.refs--;
}

/* Time passes: who holds the lock lets go. */
static void msleep(unsigned int ms)
{
	static unsigned int slept;

	if (++slept < 3 || !ms)
		return;
	for (unsigned int i = 0; i < PAGES; i++)
		pages[i].locked = false;
}

#include "kernel/quarantine.c"

/* ---- tests ---- */

static struct vlink the_link;
static struct vlink_region region;
static struct page *region_pages[PAGES];
static grant_ref_t region_refs[PAGES];

static void new_region(enum vlink_region_kind kind)
{
	memset(pages, 0, sizeof(pages));
	for (unsigned int i = 0; i < PAGES; i++) {
		pages[i].pins = kind == VLINK_REGION_GRANTED;
		region_pages[i] = &pages[i];
		region_refs[i] = i + 1;
	}
	region = (struct vlink_region){ .kind = kind, .nr_pages = PAGES, .pages = region_pages,
					.refs = region_refs };
	regions_freed = 0;
	works_queued = 0;
}

static unsigned int pinned(void)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < PAGES; i++)
		sum += (unsigned int)pages[i].pins;
	return sum;
}

static void own_pages_are_freed_when_nobody_maps_them(void)
{
	new_region(VLINK_REGION_SHARED);
	pages[1].mapped = true;
	vlink_pages_unshare(&the_link, &region);
	CU_ASSERT(pages[0].freed && !pages[1].freed && pages[2].freed && pages[3].freed);
	CU_ASSERT_EQUAL(vlink_quarantined_pages(), 1);
	CU_ASSERT_EQUAL(regions_freed, 0);
	CU_ASSERT_EQUAL(atomic_read(&the_link.quarantined_pages), PAGES);
	pages[1].mapped = false;
	quarantine_work_fn(NULL);
	CU_ASSERT(pages[1].freed);
	CU_ASSERT_EQUAL(regions_freed, 1);
	CU_ASSERT_EQUAL(the_link.ref.refs, 0);
	CU_ASSERT_EQUAL(atomic_read(&the_link.quarantined_pages), 0);
}

static void process_has_its_pages_back_at_once(void)
{
	new_region(VLINK_REGION_GRANTED);
	CU_ASSERT(vlink_pages_try_unshare(&region));
	CU_ASSERT_EQUAL(pinned(), 0);
	CU_ASSERT_EQUAL(regions_freed, 1);
	for (unsigned int i = 0; i < PAGES; i++)
		CU_ASSERT(pages[i].dirty && !pages[i].locked && !pages[i].freed);
}

static void pins_stay_while_the_peer_maps(void)
{
	new_region(VLINK_REGION_GRANTED);
	pages[3].mapped = true;
	CU_ASSERT(!vlink_pages_try_unshare(&region));
	CU_ASSERT_EQUAL(pinned(), PAGES);
	vlink_pages_unshare(&the_link, &region);
	CU_ASSERT_EQUAL(pinned(), PAGES);
	pages[3].mapped = false;
	quarantine_work_fn(NULL);
	CU_ASSERT_EQUAL(pinned(), 0);
	CU_ASSERT_EQUAL(regions_freed, 1);
}

/* Nothing may wait for it: the caller holds locks of the link, and other files' pages too. */
static void locked_page_holds_up_nobody(void)
{
	new_region(VLINK_REGION_GRANTED);
	pages[1].locked = true;
	CU_ASSERT(vlink_pages_try_unshare(&region));
	CU_ASSERT_EQUAL(pinned(), 1);
	CU_ASSERT_EQUAL(regions_freed, 0);
	CU_ASSERT_EQUAL(works_queued, 1);
	unpin_work_fn(NULL);
	CU_ASSERT_EQUAL(works_queued, 2);
	CU_ASSERT_EQUAL(regions_freed, 0);
	pages[1].locked = false;
	unpin_work_fn(NULL);
	CU_ASSERT_EQUAL(works_queued, 2);
	CU_ASSERT_EQUAL(pinned(), 0);
	CU_ASSERT_EQUAL(regions_freed, 1);
	CU_ASSERT(pages[1].dirty);
}

static void page_that_is_dirty_needs_no_lock(void)
{
	new_region(VLINK_REGION_GRANTED);
	pages[2].locked = true;
	pages[2].dirty = true;
	CU_ASSERT(vlink_pages_try_unshare(&region));
	CU_ASSERT_EQUAL(pinned(), 0);
	CU_ASSERT_EQUAL(regions_freed, 1);
}

static void quarantine_gives_back_pages_that_are_locked(void)
{
	new_region(VLINK_REGION_GRANTED);
	pages[0].mapped = true;
	pages[1].locked = true;
	vlink_pages_unshare(&the_link, &region);
	pages[0].mapped = false;
	quarantine_work_fn(NULL);
	CU_ASSERT_EQUAL(atomic_read(&the_link.quarantined_pages), 0);
	CU_ASSERT_EQUAL(pinned(), 1);
	pages[1].locked = false;
	unpin_work_fn(NULL);
	CU_ASSERT_EQUAL(pinned(), 0);
	CU_ASSERT_EQUAL(regions_freed, 1);
}

static void module_goes_when_pages_are_unlocked(void)
{
	new_region(VLINK_REGION_GRANTED);
	pages[1].locked = true;
	CU_ASSERT(vlink_pages_try_unshare(&region));
	vlink_quarantine_stop();
	CU_ASSERT_EQUAL(pinned(), 0);
	CU_ASSERT_EQUAL(regions_freed, 1);
	CU_ASSERT(pages[1].dirty);
}

static void links_are_bounded(void)
{
	new_region(VLINK_REGION_SHARED);
	CU_ASSERT(!vlink_quarantine_full(&the_link, VLINK_REGION_SHARED));
	atomic_set(&the_link.quarantined_pages, QUARANTINE_PAGES_MAX);
	CU_ASSERT(vlink_quarantine_full(&the_link, VLINK_REGION_GRANTED));
	CU_ASSERT(!vlink_quarantine_full(&the_link, VLINK_REGION_CREATED));
	atomic_set(&the_link.quarantined_pages, 0);
	CU_ASSERT_EQUAL(locks_held, 0);
}

static const struct unit_test tests[] = {
	{ "own_pages_are_freed_when_nobody_maps_them", own_pages_are_freed_when_nobody_maps_them },
	{ "process_has_its_pages_back_at_once", process_has_its_pages_back_at_once },
	{ "pins_stay_while_the_peer_maps", pins_stay_while_the_peer_maps },
	{ "locked_page_holds_up_nobody", locked_page_holds_up_nobody },
	{ "page_that_is_dirty_needs_no_lock", page_that_is_dirty_needs_no_lock },
	{ "quarantine_gives_back_pages_that_are_locked", quarantine_gives_back_pages_that_are_locked },
	{ "module_goes_when_pages_are_unlocked", module_goes_when_pages_are_unlocked },
	{ "links_are_bounded", links_are_bounded },
};

int main(void)
{
	UNIT_ADD("quarantine", tests);
	return unit_run("quarantine");
}
