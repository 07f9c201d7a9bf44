// SPDX-License-Identifier: GPL-2.0
/*
 * What this domain maps of the peer's: the directory of a region is read once into
 * private memory, and the pages it names are mapped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <xen/grant_table.h>
#include <xen/io/vlink.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "internal.h"

/* Grant operations per hypercall. */
#define MAP_BATCH	32u

/*
 * Pages to map foreign memory to are kept for the next connection. Where they
 * are ballooned out of the domain's RAM (arm64), giving some of them back while
 * others are in use makes the balloon driver of 6.1 take the difference for missing
 * memory and hotplug a section of it.
 */
static struct gnttab_page_cache mapping_pages;

void vlink_maps_init(void)
{
	gnttab_page_cache_init(&mapping_pages);
}

void vlink_maps_exit(void)
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

	region = vlink_region_new(VLINK_REGION_MAPPED, name, nr_pages);
	if (IS_ERR(region))
		return region;
	err = region_map(region, link->xdev->otherend_id, dir_ref);
	if (err) {
		vlink_warn_failure(link, "cannot map %u pages of \"%s\": %d\n", nr_pages,
				   name, err);
		vlink_region_free(region);
		return ERR_PTR(err);
	}
	list_add_tail(&region->node, &link->regions);
	return region;
}
EXPORT_SYMBOL_GPL(vlink_region_map);

struct vlink_region *vlink_pages_map(struct vlink *link, const grant_ref_t *refs,
				     unsigned int nr_pages)
{
	struct vlink_region *region = vlink_region_new(VLINK_REGION_MAPPED, "", nr_pages);
	int err = 0;

	if (IS_ERR(region))
		return region;
	region->refs = kvcalloc(nr_pages, sizeof(*refs), GFP_KERNEL);
	if (!region->refs) {
		vlink_region_free(region);
		return ERR_PTR(-ENOMEM);
	}
	memcpy(region->refs, refs, nr_pages * sizeof(*refs));
	region->domid = link->xdev->otherend_id;
	/* A PV domain's processes get them by their references: window.c. */
	if (!xen_pv_domain())
		err = region_map_refs(region, region->domid, region->refs);
	if (err) {
		vlink_warn_failure(link, "cannot map %u pages: %d\n", nr_pages, err);
		vlink_region_free(region);
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

	if (!nr_pages || nr_pages > VLINK_REGION_PAGES_MAX)
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
	vlink_region_free(region);
}
EXPORT_SYMBOL_GPL(vlink_pages_unmap);
