// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: pages that processes map, and that can be taken away under them.
 *
 * A mapping is VM_PFNMAP, so nobody else gets references to its pages, and
 * taking them away needs no more than removing page table entries. It belongs to
 * an inode of the window's own: it keeps no file of the service open, and one window
 * is emptied without touching others.
 *
 * Entries are made by fault. A guest whose memory Xen translates, and the owner of the
 * pages, insert a page frame. A PV guest may only have a foreign frame in its
 * page table where Xen put it by a grant operation, and only Xen may remove it
 * again: an mmu notifier does so before the kernel clears the entry.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include <asm/xen/hypercall.h>

#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "internal.h"

#define WINDOW_FS_MAGIC	0x766c6e6b	/* "vlnk" */
#define UNMAP_BATCH	16u
#define MAP_BATCH	16u
#define CHUNK		256ul	/* entries that are noted together */

struct vlink_window {
	struct kref ref;
	const char *name;
	struct inode *inode;
	unsigned long nr_pages;
	struct xarray pages;		/* what is shown: pages, or references of grants */
	struct xarray spares;		/* zero pages where nothing is shown */
	domid_t domid;			/* who granted */
	struct mutex lock;		/* page table entries against their removal */
	atomic_t mappings;
};

/* A page table entry that Xen made. */
struct view_grant {
	grant_handle_t handle;
	phys_addr_t pte;
};

/* One mapping. */
struct view {
	struct vlink_window *window;
	unsigned int vmas;		/* two while one is being moved */
	/* PV only: */
	struct mmu_interval_notifier notifier;
	unsigned long start;
	unsigned long nr_pages;
	/* Large parts of a mapping may show nothing; entries are guarded by the window's lock. */
	struct view_grant **chunks;
};

static struct vfsmount *window_mnt;

static void window_free(struct kref *ref)
{
	struct vlink_window *window = container_of(ref, struct vlink_window, ref);
	struct page *page;
	unsigned long i;

	xa_for_each(&window->spares, i, page)
		__free_page(page);
	xa_destroy(&window->spares);
	xa_destroy(&window->pages);
	iput(window->inode);
	kfree(window);
}

static void window_put(struct vlink_window *window)
{
	kref_put(&window->ref, window_free);
}

/* ------------------------------------------------------------------------ */
/* Entries that Xen makes                                                     */

static const unsigned int grant_pte_flags = GNTMAP_host_map | GNTMAP_application_map |
				      GNTMAP_contains_pte |
				      (1 << _GNTMAP_guest_avail0);	/* "special" */

static int note_pte(pte_t *pte, unsigned long addr, void *data)
{
	*(phys_addr_t *)data = arbitrary_virt_to_machine(pte).maddr;
	return 0;
}

/* Finds the place of @addr's entry, and makes the tables above it. */
static int find_pte(struct vm_area_struct *vma, unsigned long addr, phys_addr_t *pte)
{
	return apply_to_page_range(vma->vm_mm, addr, PAGE_SIZE, note_pte, pte);
}

static unsigned long nr_chunks(const struct view *view)
{
	return DIV_ROUND_UP(view->nr_pages, CHUNK);
}

/* What is noted of page @i; NULL: nothing. */
static struct view_grant *view_grant_find(const struct view *view, unsigned long i)
{
	struct view_grant *chunk = READ_ONCE(view->chunks[i / CHUNK]);

	return chunk ? chunk + i % CHUNK : NULL;
}

/* Makes room to note page @i; not under the window's lock, since it allocates. */
static int view_grant_reserve(struct view *view, unsigned long i)
{
	struct view_grant **place = &view->chunks[i / CHUNK], *chunk;
	unsigned long k;

	if (READ_ONCE(*place))
		return 0;
	chunk = kcalloc(CHUNK, sizeof(*chunk), GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	for (k = 0; k < CHUNK; k++)
		chunk[k].handle = INVALID_GRANT_HANDLE;
	/* Another thread may have been faster. */
	if (cmpxchg(place, NULL, chunk))
		kfree(chunk);
	return 0;
}

/* Under the window's lock; @pte: where the entry is, 0: not known. */
static int view_grant_map(struct view *view, unsigned long i, grant_ref_t ref, phys_addr_t pte)
{
	struct view_grant *grant = view_grant_find(view, i);
	struct gnttab_map_grant_ref op;

	if (!grant || !pte)
		return -EAGAIN;
	/* Another thread was faster. */
	if (grant->handle != INVALID_GRANT_HANDLE)
		return 0;
	gnttab_set_map_op(&op, pte, grant_pte_flags, ref, view->window->domid);
	gnttab_batch_map(&op, 1);
	if (op.status != GNTST_okay)
		return -EFAULT;
	grant->handle = op.handle;
	grant->pte = pte;
	return 0;
}

/* Room for all that the window has for the view by now. */
static int view_grants_reserve(struct view *view, unsigned long pgoff)
{
	unsigned long i, last, at;

	for (i = 0; i < view->nr_pages; i += CHUNK) {
		at = pgoff + i;
		last = pgoff + min(i + CHUNK, view->nr_pages) - 1;
		if (xa_find(&view->window->pages, &at, last, XA_PRESENT) &&
		    view_grant_reserve(view, i))
			return -ENOMEM;
	}
	return 0;
}

/*
 * Fills the mapping at once: first the places of all entries, then what stands there,
 * in few calls of Xen. A page that cannot be had is left to the fault.
 */
static int note_reserved_ptes(pte_t *pte, unsigned long addr, void *data)
{
	struct view *view = data;
	struct view_grant *grant = view_grant_find(view, (addr - view->start) / PAGE_SIZE);

	if (grant)
		grant->pte = arbitrary_virt_to_machine(pte).maddr;
	return 0;
}

static void map_grants(struct view *view, struct gnttab_map_grant_ref *ops,
		       const unsigned long *index, unsigned int n)
{
	unsigned int i;

	gnttab_batch_map(ops, n);
	for (i = 0; i < n; i++)
		if (ops[i].status == GNTST_okay)
			view_grant_find(view, index[i])->handle = ops[i].handle;
}

static void view_grants_fill(struct view *view, struct vm_area_struct *vma)
{
	struct gnttab_map_grant_ref ops[MAP_BATCH];
	unsigned long index[MAP_BATCH];
	struct view_grant *grant;
	unsigned int n = 0;
	unsigned long i;

	if (view_grants_reserve(view, vma->vm_pgoff) ||
	    apply_to_page_range(vma->vm_mm, view->start, view->nr_pages * PAGE_SIZE,
				note_reserved_ptes, view))
		return;
	mutex_lock(&view->window->lock);
	for (i = 0; i < view->nr_pages; i++) {
		void *entry = xa_load(&view->window->pages, vma->vm_pgoff + i);

		grant = view_grant_find(view, i);
		/* Shown since: left to the fault, too. */
		if (!xa_is_value(entry) || !grant)
			continue;
		gnttab_set_map_op(&ops[n], grant->pte, grant_pte_flags,
				  xa_to_value(entry), view->window->domid);
		index[n++] = i;
		if (n == MAP_BATCH) {
			map_grants(view, ops, index, n);
			n = 0;
		}
	}
	if (n)
		map_grants(view, ops, index, n);
	mutex_unlock(&view->window->lock);
}

static void unmap_grants(struct gnttab_unmap_grant_ref *ops, unsigned int n)
{
	unsigned int i;

	if (n && HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, ops, n)) {
		pr_err("Xen takes no page table entries back\n");
		return;
	}
	for (i = 0; i < n; i++)
		if (ops[i].status != GNTST_okay)
			pr_err("Xen does not take a page table entry back: %d\n", ops[i].status);
}

/* Removes the entries of pages @first..@last of the view; under the window's lock. */
static void view_grants_unmap(struct view *view, unsigned long first, unsigned long last)
{
	struct gnttab_unmap_grant_ref ops[UNMAP_BATCH];
	struct view_grant *grant;
	unsigned int n = 0;
	unsigned long i;

	for (i = first; i <= last; i++) {
		grant = view_grant_find(view, i);
		if (!grant) {
			/* The last of a chunk that notes nothing. */
			i |= CHUNK - 1;
			continue;
		}
		if (grant->handle == INVALID_GRANT_HANDLE)
			continue;
		gnttab_set_unmap_op(&ops[n++], grant->pte, grant_pte_flags, grant->handle);
		grant->handle = INVALID_GRANT_HANDLE;
		if (n == UNMAP_BATCH) {
			unmap_grants(ops, n);
			n = 0;
		}
	}
	unmap_grants(ops, n);
}

static bool view_invalidate(struct mmu_interval_notifier *notifier,
			    const struct mmu_notifier_range *range, unsigned long seq)
{
	struct view *view = container_of(notifier, struct view, notifier);
	unsigned long end = view->start + view->nr_pages * PAGE_SIZE;
	unsigned long from = max(range->start, view->start);
	unsigned long to = min(range->end, end);

	if (from >= to)
		return true;
	if (!mmu_notifier_range_blockable(range))
		return false;
	mutex_lock(&view->window->lock);
	mmu_interval_set_seq(notifier, seq);
	view_grants_unmap(view, (from - view->start) / PAGE_SIZE,
			  (to - 1 - view->start) / PAGE_SIZE);
	mutex_unlock(&view->window->lock);
	return true;
}

static const struct mmu_interval_notifier_ops view_notifier_ops = {
	.invalidate = view_invalidate,
};

static int view_grants_init(struct view *view, struct vm_area_struct *vma)
{
	int err;

	view->start = vma->vm_start;
	view->nr_pages = vma_pages(vma);
	view->chunks = kvcalloc(nr_chunks(view), sizeof(*view->chunks), GFP_KERNEL_ACCOUNT);
	if (!view->chunks)
		return -ENOMEM;
	err = mmu_interval_notifier_insert_locked(&view->notifier, vma->vm_mm, vma->vm_start,
						  vma->vm_end - vma->vm_start,
						  &view_notifier_ops);
	if (err) {
		kvfree(view->chunks);
		view->chunks = NULL;
	}
	return err;
}

/* ------------------------------------------------------------------------ */
/* Mappings                                                                   */

/* The page to show at @index; a zero page is made where there is none. */
static struct page *spare_page(struct vlink_window *window, unsigned long index)
{
	struct page *page = xa_load(&window->spares, index);
	struct page *other;

	if (page)
		return page;
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!page)
		return NULL;
	other = xa_cmpxchg(&window->spares, index, NULL, page, GFP_KERNEL);
	if (!other)
		return page;
	__free_page(page);
	return xa_is_err(other) ? NULL : other;
}

static vm_fault_t insert_page(struct vm_fault *vmf, struct page *page)
{
	return page ? vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(page)) : VM_FAULT_OOM;
}

static unsigned long page_of(const struct vm_fault *vmf, const struct view *view)
{
	return (vmf->address - view->start) / PAGE_SIZE;
}

/* Tables for an entry, and room to note that Xen makes it, if it may be a @grant. */
static int prepare_entry(struct vm_fault *vmf, struct view *view, bool grant, phys_addr_t *pte)
{
	int err = grant ? view_grant_reserve(view, page_of(vmf, view)) : 0;

	return err ?: find_pte(vmf->vma, vmf->address, pte);
}

/* Shows what the window has at the faulting address; VM_FAULT_FALLBACK: nothing. */
static vm_fault_t show_page(struct vm_fault *vmf, struct view *view, phys_addr_t pte)
{
	struct vlink_window *window = view->window;
	void *entry = xa_load(&window->pages, vmf->pgoff);
	int err;

	if (!entry)
		return VM_FAULT_FALLBACK;
	if (!xa_is_value(entry))
		return insert_page(vmf, entry);
	err = view_grant_map(view, page_of(vmf, view), xa_to_value(entry), pte);
	/* A grant since the look before the lock: the process comes again. */
	return !err || err == -EAGAIN ? VM_FAULT_NOPAGE : VM_FAULT_FALLBACK;
}

/*
 * Locks the window for a fault. An entry that Xen makes while others in its range are being
 * removed would be cleared behind Xen's back, so that is waited for.
 */
static void view_lock(struct view *view)
{
	unsigned long seq;

	if (!view->chunks) {
		mutex_lock(&view->window->lock);
		return;
	}
	for (;;) {
		seq = mmu_interval_read_begin(&view->notifier);
		mutex_lock(&view->window->lock);
		if (!mmu_interval_read_retry(&view->notifier, seq))
			return;
		mutex_unlock(&view->window->lock);
	}
}

static vm_fault_t view_fault(struct vm_fault *vmf)
{
	struct view *view = vmf->vma->vm_private_data;
	struct vlink_window *window = view->window;
	void *entry = xa_load(&window->pages, vmf->pgoff);
	bool grant = !entry || xa_is_value(entry);	/* is one, or may become one */
	struct page *spare = NULL;
	phys_addr_t pte = 0;
	vm_fault_t ret;

	/* What allocates goes before the lock, which the notifier takes in reclaim. */
	if (view->chunks && prepare_entry(vmf, view, grant, &pte))
		return VM_FAULT_OOM;
	if (!entry)
		spare = spare_page(window, vmf->pgoff);
again:
	view_lock(view);
	ret = show_page(vmf, view, pte);
	if (ret == VM_FAULT_FALLBACK && spare)
		ret = insert_page(vmf, spare);
	mutex_unlock(&window->lock);
	if (ret != VM_FAULT_FALLBACK)
		return ret;
	/* The page was taken out meanwhile. */
	spare = spare_page(window, vmf->pgoff);
	if (spare)
		goto again;
	return VM_FAULT_OOM;
}

/* For debuggers, which cannot get references to the pages; not those that Xen maps. */
static int view_access(struct vm_area_struct *vma, unsigned long addr, void *buf, int len,
		       int write)
{
	struct view *view = vma->vm_private_data;
	struct vlink_window *window = view->window;
	unsigned long index = vma->vm_pgoff + (addr - vma->vm_start) / PAGE_SIZE;
	unsigned int offset = offset_in_page(addr);
	void *entry;

	len = min_t(int, len, PAGE_SIZE - offset);
	mutex_lock(&window->lock);
	entry = xa_load(&window->pages, index);
	if (!entry)
		entry = xa_load(&window->spares, index);
	if (!entry || xa_is_value(entry))
		len = -EIO;
	else if (write)
		memcpy(page_address(entry) + offset, buf, len);
	else
		memcpy(buf, page_address(entry) + offset, len);
	mutex_unlock(&window->lock);
	return len;
}

static void view_open(struct vm_area_struct *vma)
{
	struct view *view = vma->vm_private_data;

	view->vmas++;
}

static void view_grants_exit(struct view *view)
{
	unsigned long i;

	/* Nothing is left, unless the mapping failed after it was filled. */
	mutex_lock(&view->window->lock);
	view_grants_unmap(view, 0, view->nr_pages - 1);
	mutex_unlock(&view->window->lock);
	mmu_interval_notifier_remove(&view->notifier);
	for (i = 0; i < nr_chunks(view); i++)
		kfree(view->chunks[i]);
	kvfree(view->chunks);
}

static void view_free(struct view *view)
{
	if (view->chunks)
		view_grants_exit(view);
	atomic_dec(&view->window->mappings);
	/* vlink_window_mmap()'s reference */
	window_put(view->window);
	kfree(view);
}

static void view_close(struct vm_area_struct *vma)
{
	struct view *view = vma->vm_private_data;

	if (!--view->vmas)
		view_free(view);
}

static int view_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	return -EINVAL;
}

static int view_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

static int view_mprotect(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			 unsigned long flags)
{
	return -EACCES;
}

static const struct vm_operations_struct view_ops = {
	.open = view_open,
	.close = view_close,
	.may_split = view_may_split,
	.mremap = view_mremap,
	.mprotect = view_mprotect,
	.fault = view_fault,
	.access = view_access,
};

static int window_file_release(struct inode *inode, struct file *file)
{
	/* window_file()'s reference */
	window_put(file->private_data);
	return 0;
}

static const struct file_operations window_fops = {
	.owner = THIS_MODULE,
	.release = window_file_release,
};

/* The file that mappings belong to. */
static struct file *window_file(struct vlink_window *window)
{
	struct file *file;

	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-ENODEV);
	/* Given to the file. */
	ihold(window->inode);
	file = alloc_file_pseudo(window->inode, window_mnt, window->name, O_RDWR, &window_fops);
	if (IS_ERR(file)) {
		iput(window->inode);
		module_put(THIS_MODULE);
		return file;
	}
	kref_get(&window->ref);
	file->private_data = window;
	return file;
}

/* The same where the domain makes its entries itself. */
static void view_fill(struct view *view, struct vm_area_struct *vma)
{
	unsigned long i;

	mutex_lock(&view->window->lock);
	for (i = 0; i < vma_pages(vma); i++) {
		struct page *page = xa_load(&view->window->pages, vma->vm_pgoff + i);

		if (page && vmf_insert_pfn(vma, vma->vm_start + i * PAGE_SIZE,
					   page_to_pfn(page)) != VM_FAULT_NOPAGE)
			break;
	}
	mutex_unlock(&view->window->lock);
}

int vlink_window_mmap(struct vlink_window *window, struct vm_area_struct *vma, bool populate)
{
	struct file *file;
	struct view *view;
	int err;

	if (!(vma->vm_flags & VM_SHARED) || (vma->vm_flags & VM_EXEC) ||
	    vma->vm_pgoff + vma_pages(vma) > window->nr_pages)
		return -EINVAL;

	view = kzalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return -ENOMEM;
	view->vmas = 1;
	view->window = window;
	/* Dropped by view_free(). */
	kref_get(&window->ref);
	atomic_inc(&window->mappings);

	file = window_file(window);
	if (IS_ERR(file)) {
		view_free(view);
		return PTR_ERR(file);
	}
	vma_set_file(vma, file);
	/* The mapping has its own reference now. */
	fput(file);
	vma->vm_flags |= VM_PFNMAP | VM_DONTEXPAND | VM_DONTCOPY | VM_DONTDUMP;
	vma->vm_flags &= ~VM_MAYEXEC;

	if (xen_pv_domain()) {
		err = view_grants_init(view, vma);
		if (err) {
			view_free(view);
			return err;
		}
	}
	vma->vm_ops = &view_ops;
	vma->vm_private_data = view;
	if (populate && view->chunks)
		view_grants_fill(view, vma);
	else if (populate)
		view_fill(view, vma);
	return 0;
}
EXPORT_SYMBOL_GPL(vlink_window_mmap);

unsigned int vlink_window_mappings(struct vlink_window *window)
{
	return atomic_read(&window->mappings);
}
EXPORT_SYMBOL_GPL(vlink_window_mappings);

/* ------------------------------------------------------------------------ */
/* Windows                                                                    */

struct vlink_window *vlink_window_create(const char *name, unsigned long nr_pages)
{
	struct vlink_window *window = kzalloc(sizeof(*window), GFP_KERNEL);

	if (!window)
		return ERR_PTR(-ENOMEM);
	window->inode = alloc_anon_inode(window_mnt->mnt_sb);
	if (IS_ERR(window->inode)) {
		int err = PTR_ERR(window->inode);

		kfree(window);
		return ERR_PTR(err);
	}
	kref_init(&window->ref);
	mutex_init(&window->lock);
	xa_init(&window->pages);
	xa_init(&window->spares);
	window->name = name;
	window->nr_pages = nr_pages;
	return window;
}
EXPORT_SYMBOL_GPL(vlink_window_create);

static void forget_pages(struct vlink_window *window, unsigned long first, unsigned long nr)
{
	unsigned long i;

	for (i = first; i < first + nr; i++)
		xa_erase(&window->pages, i);
}

/* Removes the page table entries of all processes, once no fault uses what was there before. */
static void zap_pages(struct vlink_window *window, unsigned long first, unsigned long nr)
{
	mutex_lock(&window->lock);
	mutex_unlock(&window->lock);
	unmap_mapping_pages(window->inode->i_mapping, first, nr, true);
}

int vlink_window_add(struct vlink_window *window, unsigned long first,
		     struct vlink_region *region)
{
	unsigned long spare;
	unsigned int i;
	void *entry;
	int err = 0;

	window->domid = region->domid;
	for (i = 0; i < region->nr_pages && !err; i++) {
		entry = region->pages[i] ?: xa_mk_value(region->refs[i]);
		err = xa_err(xa_store(&window->pages, first + i, entry, GFP_KERNEL));
	}
	if (err)
		forget_pages(window, first, region->nr_pages);
	/* Zeros that someone was shown too early; pairs with the locking of a fault. */
	smp_mb();
	spare = first;
	if (xa_find(&window->spares, &spare, first + region->nr_pages - 1, XA_PRESENT))
		zap_pages(window, first, region->nr_pages);
	return err;
}
EXPORT_SYMBOL_GPL(vlink_window_add);

void vlink_window_remove(struct vlink_window *window, unsigned long first, unsigned long nr)
{
	forget_pages(window, first, nr);
	zap_pages(window, first, nr);
}
EXPORT_SYMBOL_GPL(vlink_window_remove);

void vlink_window_close(struct vlink_window *window)
{
	unsigned long i;
	void *entry;

	xa_for_each(&window->pages, i, entry)
		xa_erase(&window->pages, i);
	zap_pages(window, 0, window->nr_pages);
	window_put(window);
}
EXPORT_SYMBOL_GPL(vlink_window_close);

static int window_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, WINDOW_FS_MAGIC) ? 0 : -ENOMEM;
}

/* Has no owner: our own mount would hold the module for ever. Open files hold it. */
static struct file_system_type window_fs = {
	.name = "vlink",
	.init_fs_context = window_fs_init_context,
	.kill_sb = kill_anon_super,
};

int vlink_windows_init(void)
{
	window_mnt = kern_mount(&window_fs);
	return PTR_ERR_OR_ZERO(window_mnt);
}

void vlink_windows_exit(void)
{
	kern_unmount(window_mnt);
}
