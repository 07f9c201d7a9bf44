// SPDX-License-Identifier: GPL-2.0
/*
 * Shared regions: the client grants pages through a chain of directory pages,
 * the server reads the directory once into private memory and maps the pages.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <xen/grant_table.h>
#include <xen/io/vlink.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "internal.h"

/* Bounds what a service may ask for and a peer may claim: 256 MiB. */
#define REGION_PAGES_MAX	65536u
/* Grant operations per hypercall. */
#define MAP_BATCH		32u

static struct vlink_region *region_new(const char *name, unsigned int nr_pages)
{
	struct vlink_region *region;

	if (!nr_pages || nr_pages > REGION_PAGES_MAX)
		return ERR_PTR(-EINVAL);

	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return ERR_PTR(-ENOMEM);
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

static void region_free(struct vlink_region *region)
{
	kvfree(region->pages);
	kvfree(region->refs);
	kvfree(region->handles);
	kfree(region->dirs);
	kfree(region->dir_refs);
	kfree(region);
}

/* ------------------------------------------------------------------------ */
/* The client's side                                                          */

/*
 * Regions with pages that the server still maps after the connection ended: it is
 * slow, or hostile. Each page stays granted and out of use until Xen says that it
 * is not mapped any more. The kernel's own list of such pages would do, but it
 * frees no more than ten in a second.
 */
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
		if (take_back(region->pages[i], region->refs ? region->refs[i] : 0, region->pinned))
			region->pages[i] = NULL;
		else
			mapped++;
	}
	return mapped;
}

/* Connections are counted by their regions, which have names; pages as such. */
static void quarantine_count(struct vlink *link, struct vlink_region *region, int sign)
{
	if (*region->name)
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
			region_free(region);
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

static bool quarantine_is_full(const atomic_t *count, int max)
{
	if (atomic_read(count) < max)
		return false;
	/* The last look at them may be a while ago. */
	mutex_lock(&quarantine_lock);
	quarantine_pass();
	mutex_unlock(&quarantine_lock);
	return atomic_read(count) >= max;
}

static void region_unshare(struct vlink *link, struct vlink_region *region)
{
	unsigned int mapped = region_take_back(region);

	if (!mapped) {
		region_free(region);
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
		if (region->pinned)
			get_page(region->pages[i]);
		gnttab_end_foreign_access(region->refs[i], region->pages[i]);
	}
	region_free(region);
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

	if (quarantine_is_full(&link->quarantined, QUARANTINE_LINK_MAX)) {
		vlink_warn(link, "server still maps \"%s\" of %u ended connections\n", name,
			   QUARANTINE_LINK_MAX);
		return ERR_PTR(-EBUSY);
	}
	region = region_new(name, nr_pages);
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
	region_unshare(link, region);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(vlink_region_create);

struct vlink_region *vlink_pages_share(struct vlink *link, unsigned int nr_pages)
{
	struct vlink_region *region;
	int err = -ENOMEM;

	if (quarantine_is_full(&link->quarantined_pages, QUARANTINE_PAGES_MAX)) {
		vlink_warn(link, "server still maps %d pages of old\n",
			   atomic_read(&link->quarantined_pages));
		return ERR_PTR(-EBUSY);
	}
	region = region_new("", nr_pages);
	if (IS_ERR(region))
		return region;
	region->refs = kvcalloc(nr_pages, sizeof(*region->refs), GFP_KERNEL);
	if (region->refs)
		err = region_share_pages(region, link->xdev->otherend_id);
	if (err) {
		region_unshare(link, region);
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
		if (!(i % MAP_BATCH))
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

	if (quarantine_is_full(&link->quarantined_pages, QUARANTINE_PAGES_MAX)) {
		vlink_warn(link, "client still maps %d pages of old\n",
			   atomic_read(&link->quarantined_pages));
		unpin_user_pages(pages, nr_pages);
		return ERR_PTR(-EBUSY);
	}
	region = region_new("", nr_pages);
	if (IS_ERR(region)) {
		unpin_user_pages(pages, nr_pages);
		return region;
	}
	region->pinned = true;
	memcpy(region->pages, pages, nr_pages * sizeof(*pages));
	err = region_alloc_dirs(region);
	if (!err)
		err = region_grant_pages(region, domid);
	if (!err)
		err = region_share_dirs(region, domid);
	if (err) {
		region_unshare(link, region);
		return ERR_PTR(err);
	}
	return region;
}
EXPORT_SYMBOL_GPL(vlink_pages_grant);

bool vlink_pages_try_unshare(struct vlink_region *region)
{
	if (region_take_back(region))
		return false;
	region_free(region);
	return true;
}
EXPORT_SYMBOL_GPL(vlink_pages_try_unshare);

void vlink_pages_unshare(struct vlink *link, struct vlink_region *region)
{
	region_unshare(link, region);
}
EXPORT_SYMBOL_GPL(vlink_pages_unshare);

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

/* ------------------------------------------------------------------------ */
/* The server's side                                                          */

/*
 * Pages to map foreign memory to are kept for the next connection. Where they
 * are ballooned out of the domain's RAM (arm64), giving some of them back while
 * others are in use makes the balloon driver of 6.1 take the difference for missing
 * memory and hotplug a section of it.
 */
static struct gnttab_page_cache mapping_pages;

void vlink_regions_init(void)
{
	gnttab_page_cache_init(&mapping_pages);
}

void vlink_regions_exit(void)
{
	unsigned int i, nr = mapping_pages.num_pages;
	struct page **pages = kvcalloc(nr, sizeof(*pages), GFP_KERNEL);

	if (!pages) {
		gnttab_page_cache_shrink(&mapping_pages, 0);
		return;
	}
	for (i = 0; i < nr; i++)
		gnttab_page_cache_get(&mapping_pages, &pages[i]);
	/* All at once, for the balloon driver's sake. */
	gnttab_free_pages(nr, pages);
	kvfree(pages);
}

static int mapping_pages_get(struct page **pages, unsigned int nr)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		err = gnttab_page_cache_get(&mapping_pages, &pages[i]);
		if (err) {
			gnttab_page_cache_put(&mapping_pages, pages, i);
			return err;
		}
	}
	return 0;
}

static void mapping_pages_put(struct page **pages, unsigned int nr)
{
	gnttab_page_cache_put(&mapping_pages, pages, nr);
}

static unsigned long page_vaddr(struct page *page)
{
	return (unsigned long)pfn_to_kaddr(page_to_pfn(page));
}

/* Maps up to MAP_BATCH pages; what was mapped has a valid handle, error or not. */
static int map_batch(domid_t domid, const grant_ref_t *refs, struct page **pages,
		     grant_handle_t *handles, unsigned int n, unsigned int flags)
{
	struct gnttab_map_grant_ref *ops;
	unsigned int i;
	int err;

	ops = kcalloc(n, sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;

	for (i = 0; i < n; i++)
		gnttab_set_map_op(&ops[i], page_vaddr(pages[i]), flags, refs[i], domid);

	err = gnttab_map_refs(ops, NULL, pages, n);
	for (i = 0; i < n; i++) {
		/* After a failed hypercall no status was written. */
		if (ops[i].status == GNTST_okay && ops[i].handle != INVALID_GRANT_HANDLE)
			handles[i] = ops[i].handle;
		if (ops[i].status != GNTST_okay && !err)
			err = -EPROTO;
	}
	kfree(ops);
	return err;
}

static void unmap_batch(struct page **pages, grant_handle_t *handles, unsigned int n,
			unsigned int flags)
{
	struct gnttab_unmap_grant_ref ops[MAP_BATCH];
	struct page *mapped[MAP_BATCH];
	unsigned int i, nr = 0;

	for (i = 0; i < n; i++) {
		if (handles[i] == INVALID_GRANT_HANDLE)
			continue;
		gnttab_set_unmap_op(&ops[nr], page_vaddr(pages[i]), flags, handles[i]);
		mapped[nr++] = pages[i];
		handles[i] = INVALID_GRANT_HANDLE;
	}
	if (nr && gnttab_unmap_refs(ops, NULL, mapped, nr))
		pr_err("%u granted pages could not be unmapped\n", nr);
}

static void region_unmap(struct vlink_region *region)
{
	unsigned int i, n;

	for (i = 0; i < region->nr_pages; i += n) {
		n = min(region->nr_pages - i, MAP_BATCH);
		unmap_batch(region->pages + i, region->handles + i, n, GNTMAP_host_map);
	}
	mapping_pages_put(region->pages, region->nr_pages);
}

/* Copies one directory page of the client to @dir. */
static int read_dir(domid_t domid, grant_ref_t ref, struct vlink_dir_page *dir)
{
	const unsigned int flags = GNTMAP_host_map | GNTMAP_readonly;
	grant_handle_t handle = INVALID_GRANT_HANDLE;
	struct page *page;
	int err;

	err = mapping_pages_get(&page, 1);
	if (err)
		return err;
	err = map_batch(domid, &ref, &page, &handle, 1, flags);
	if (!err)
		memcpy(dir, page_address(page), sizeof(*dir));
	unmap_batch(&page, &handle, 1, flags);
	mapping_pages_put(&page, 1);
	return err;
}

/* Collects the references of @nr pages from the chain that begins at @ref. */
static int read_refs(domid_t domid, grant_ref_t ref, grant_ref_t *refs, unsigned int nr)
{
	struct vlink_dir_page *untrusted_dir;
	unsigned int done, n;
	int err = 0;

	untrusted_dir = kmalloc(sizeof(*untrusted_dir), GFP_KERNEL);
	if (!untrusted_dir)
		return -ENOMEM;

	for (done = 0; done < nr && !err; done += n) {
		n = min_t(unsigned int, nr - done, VLINK_DIR_REFS);
		err = ref ? read_dir(domid, ref, untrusted_dir) : -EPROTO;
		if (err)
			break;
		/* Xen checks each reference when it is mapped. */
		memcpy(refs + done, untrusted_dir->refs, n * sizeof(*refs));
		ref = untrusted_dir->next;
	}
	kfree(untrusted_dir);
	return err;
}

static int region_map_pages(struct vlink_region *region, domid_t domid, const grant_ref_t *refs)
{
	unsigned int i, n;
	int err;

	for (i = 0; i < region->nr_pages; i += n) {
		n = min(region->nr_pages - i, MAP_BATCH);
		err = map_batch(domid, refs + i, region->pages + i, region->handles + i, n,
				GNTMAP_host_map);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static int region_map_refs(struct vlink_region *region, domid_t domid, const grant_ref_t *refs)
{
	unsigned int i, nr = region->nr_pages;
	int err;

	region->handles = kvcalloc(nr, sizeof(*region->handles), GFP_KERNEL);
	if (!region->handles)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		region->handles[i] = INVALID_GRANT_HANDLE;

	err = mapping_pages_get(region->pages, nr);
	if (err)
		return err;
	err = region_map_pages(region, domid, refs);
	if (err)
		region_unmap(region);
	return err;
}

static int region_map(struct vlink_region *region, domid_t domid, grant_ref_t dir_ref)
{
	grant_ref_t *refs = kvcalloc(region->nr_pages, sizeof(*refs), GFP_KERNEL);
	int err;

	if (!refs)
		return -ENOMEM;
	err = read_refs(domid, dir_ref, refs, region->nr_pages);
	if (!err)
		err = region_map_refs(region, domid, refs);
	kvfree(refs);
	return err;
}

struct vlink_region *vlink_region_map(struct vlink *link, const char *name,
				      unsigned int nr_pages)
{
	struct vlink_region *region;
	char key[VLINK_CLASS_MAX + 8];
	u32 pages, dir_ref;
	int err;

	snprintf(key, sizeof(key), "%s-pages", name);
	err = vlink_peer_u32(link, key, nr_pages, nr_pages, &pages);
	if (err)
		return ERR_PTR(err);
	snprintf(key, sizeof(key), "%s-ref", name);
	err = vlink_peer_u32(link, key, 1, U32_MAX, &dir_ref);
	if (err)
		return ERR_PTR(err);

	region = region_new(name, nr_pages);
	if (IS_ERR(region))
		return region;
	err = region_map(region, link->xdev->otherend_id, dir_ref);
	if (err) {
		vlink_warn(link, "cannot map %u pages of \"%s\": %d\n", nr_pages, name, err);
		region_free(region);
		return ERR_PTR(err);
	}
	list_add_tail(&region->node, &link->regions);
	return region;
}
EXPORT_SYMBOL_GPL(vlink_region_map);

struct vlink_region *vlink_pages_map(struct vlink *link, const grant_ref_t *refs,
				     unsigned int nr_pages)
{
	struct vlink_region *region = region_new("", nr_pages);
	int err = 0;

	if (IS_ERR(region))
		return region;
	region->refs = kvcalloc(nr_pages, sizeof(*refs), GFP_KERNEL);
	if (!region->refs) {
		region_free(region);
		return ERR_PTR(-ENOMEM);
	}
	memcpy(region->refs, refs, nr_pages * sizeof(*refs));
	region->domid = link->xdev->otherend_id;
	/* A PV domain's processes get them by their references: window.c. */
	if (!xen_pv_domain())
		err = region_map_refs(region, region->domid, region->refs);
	if (err) {
		vlink_warn(link, "cannot map %u pages: %d\n", nr_pages, err);
		region_free(region);
		return ERR_PTR(err);
	}
	return region;
}
EXPORT_SYMBOL_GPL(vlink_pages_map);

struct vlink_region *vlink_pages_map_dir(struct vlink *link, grant_ref_t dir_ref,
					 unsigned int nr_pages)
{
	struct vlink_region *region;
	grant_ref_t *refs;
	int err;

	if (!nr_pages || nr_pages > REGION_PAGES_MAX)
		return ERR_PTR(-EPROTO);
	refs = kvcalloc(nr_pages, sizeof(*refs), GFP_KERNEL);
	if (!refs)
		return ERR_PTR(-ENOMEM);
	err = read_refs(link->xdev->otherend_id, dir_ref, refs, nr_pages);
	region = err ? ERR_PTR(err) : vlink_pages_map(link, refs, nr_pages);
	kvfree(refs);
	return region;
}
EXPORT_SYMBOL_GPL(vlink_pages_map_dir);

void vlink_pages_unmap(struct vlink_region *region)
{
	if (region->handles)
		region_unmap(region);
	region_free(region);
}
EXPORT_SYMBOL_GPL(vlink_pages_unmap);

void vlink_regions_release(struct vlink *link)
{
	struct vlink_region *region, *next;

	list_for_each_entry_safe(region, next, &link->regions, node) {
		list_del(&region->node);
		if (region->handles) {
			region_unmap(region);
			region_free(region);
		} else {
			region_unshare(link, region);
		}
	}
}
