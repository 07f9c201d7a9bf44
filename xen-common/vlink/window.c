// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: pages that processes map, and that can be taken away under them.
 *
 * A mapping is VM_PFNMAP, so nobody else gets references to its pages, and
 * taking them away needs no more than removing page table entries. It belongs to
 * an inode of the window's own: it keeps no file of the service open, and one window
 * is emptied without touching others.
 *
 * Entries are made by fault, also where all are made at once: what mmap() itself put
 * into a mapping could not be taken away, since the mapping is found only when
 * mmap() is over. A guest whose memory Xen translates, and the owner of the
 * pages, insert a page frame. A PV guest may only have a foreign frame in its
 * page table where Xen put it by a grant operation, and only Xen may remove it
 * again: an mmu notifier does so before the kernel clears the entry. So no such entry
 * may ever be copied, moved or changed by the kernel: VM_IO, without which madvise()
 * would allow a copy by fork, and the operations of mapping and file see to that.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include <asm/xen/hypercall.h>

#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/xen.h>

#include "../compat.h"
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
	domid_t domid;			/* who granted */
	struct mutex lock;		/* page table entries against their removal; views */
	struct list_head views;
	atomic_t mappings;
};

/* A page table entry that Xen made. */
struct view_grant {
	grant_handle_t handle;
	phys_addr_t pte;
};

/* One mapping. */
struct view {
	struct kref ref;		/* by VMAs: no call makes a second one that we know of */
	struct list_head node;		/* in window->views */
	struct vlink_window *window;
	struct mm_struct *mm;		/* whose it is; a reference to the structure */
	unsigned long start;
	unsigned long pgoff;
	unsigned long nr_pages;
	bool populate;			/* at the first fault, which resets it */
	struct xarray spares;		/* zero pages where nothing is shown */
	/* PV only: */
	struct mmu_interval_notifier notifier;
	/* Large parts of a mapping may show nothing; entries are guarded by the window's lock. */
	struct view_grant **chunks;
	unsigned int grant_flags;
	struct vlink_account *account;
	unsigned long nr_grants;	/* entries that Xen has made */
	unsigned long charged;		/* the most there were */
};

static struct vfsmount *window_mnt;

static void window_free(struct kref *ref)
{
	struct vlink_window *window = container_of(ref, struct vlink_window, ref);

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

static int note_pte(pte_t *pte, unsigned long addr, void *data)
{
	struct view *view = data;
	struct view_grant *grant = view_grant_find(view, (addr - view->start) / PAGE_SIZE);

	/* No other value while the mapping lives. */
	if (grant)
		WRITE_ONCE(grant->pte, arbitrary_virt_to_machine(pte).maddr);
	return 0;
}

/* Notes where the entries of @nr pages from @first on are, and makes the tables above them. */
static int view_find_ptes(struct view *view, unsigned long first, unsigned long nr)
{
	return apply_to_page_range(view->mm, view->start + first * PAGE_SIZE, nr * PAGE_SIZE,
				   note_pte, view);
}

/* Room for @nr more entries. What a mapping once had it is charged for until it ends. */
static int view_charge(struct view *view, unsigned long nr)
{
	unsigned long all = view->nr_grants + nr;
	int err;

	if (all <= view->charged)
		return 0;
	err = vlink_charge(view->account, VLINK_CHARGE_MAPPED, all - view->charged);
	if (!err)
		view->charged = all;
	return err;
}

/*
 * What Xen says of a page that it is to map. -ENOENT: its owner shows it no more, be it that
 * it ended the grant or is dead, which is as good as revoked. -ENOMEM: this domain has no
 * room.
 */
static int map_error(const struct view *view, s16 status)
{
	switch (status) {
	case GNTST_okay:
		return 0;
	case GNTST_no_device_space:
	case GNTST_no_space:
		pr_info_ratelimited("%s: Xen maps no more pages for this domain: max_maptrack_frames\n",
				    view->window->name);
		return -ENOMEM;
	default:
		pr_info_ratelimited("%s: domain %u shows a page no more: %d\n",
				    view->window->name, view->window->domid, status);
		return -ENOENT;
	}
}

/* What is collected for one call of Xen. */
struct map_batch {
	unsigned int n;
	struct gnttab_map_grant_ref ops[MAP_BATCH];
	struct view_grant *grants[MAP_BATCH];
};

/* Maps what @batch has. Returns the last error, -ENOMEM before others. Under the window's lock. */
static int batch_map(struct view *view, struct map_batch *batch)
{
	int err = batch->n ? view_charge(view, batch->n) : 0;
	unsigned int i;

	if (err || !batch->n)
		return err;
	gnttab_batch_map(batch->ops, batch->n);
	for (i = 0; i < batch->n; i++) {
		int failed = map_error(view, batch->ops[i].status);

		if (!failed) {
			batch->grants[i]->handle = batch->ops[i].handle;
			view->nr_grants++;
		} else if (err != -ENOMEM) {
			err = failed;
		}
	}
	batch->n = 0;
	return err;
}

/*
 * Adds page @i to @batch if it is a grant, -EAGAIN: there is no room to note it, or its
 * place is not known. Under the window's lock.
 */
static int batch_add(struct view *view, struct map_batch *batch, unsigned long i)
{
	void *entry = xa_load(&view->window->pages, view->pgoff + i);
	struct view_grant *grant = view_grant_find(view, i);

	if (!xa_is_value(entry))
		return 0;
	if (!grant || !READ_ONCE(grant->pte))
		return -EAGAIN;
	/* Another thread was faster. */
	if (grant->handle != INVALID_GRANT_HANDLE)
		return 0;
	gnttab_set_map_op(&batch->ops[batch->n], grant->pte, view->grant_flags,
			  xa_to_value(entry), view->window->domid);
	batch->grants[batch->n++] = grant;
	return 0;
}

/* Under the window's lock. */
static int view_grant_map(struct view *view, unsigned long i)
{
	struct map_batch batch = { 0 };

	return batch_add(view, &batch, i) ?: batch_map(view, &batch);
}

/* Maps pages @first..@last as far as they are grants; under the window's lock. */
static int view_grants_map(struct view *view, unsigned long first, unsigned long last)
{
	struct map_batch batch = { 0 };
	unsigned long i;
	int err = 0;

	for (i = first; i <= last && err != -ENOMEM; i++) {
		/* What was shown since there was room is left to its own fault. */
		batch_add(view, &batch, i);
		if (batch.n == MAP_BATCH)
			err = batch_map(view, &batch);
	}
	return err == -ENOMEM ? err : batch_map(view, &batch);
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
		gnttab_set_unmap_op(&ops[n++], grant->pte, view->grant_flags, grant->handle);
		grant->handle = INVALID_GRANT_HANDLE;
		view->nr_grants--;
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

/* How many grants there are to map. */
static unsigned long view_grants_count(const struct view *view)
{
	unsigned long i, nr = 0;
	void *entry;

	xa_for_each_range(&view->window->pages, i, entry, view->pgoff,
			  view->pgoff + view->nr_pages - 1)
		nr += xa_is_value(entry);
	return nr;
}

static void view_grants_exit(struct view *view)
{
	unsigned long i;

	/* What was mapped is not any more, unless a copy has outlived it. */
	mutex_lock(&view->window->lock);
	view_grants_unmap(view, 0, view->nr_pages - 1);
	mutex_unlock(&view->window->lock);
	mmu_interval_notifier_remove(&view->notifier);
	for (i = 0; i < nr_chunks(view); i++)
		kfree(view->chunks[i]);
	kvfree(view->chunks);
	vlink_uncharge(view->account, VLINK_CHARGE_MAPPED, view->charged);
	/* view_grants_init()'s reference */
	vlink_account_put(view->account);
}

static int view_grants_init(struct view *view, struct vm_area_struct *vma)
{
	int err;

	view->grant_flags = GNTMAP_host_map | GNTMAP_application_map | GNTMAP_contains_pte |
			    (1 << _GNTMAP_guest_avail0);	/* "special" */
	if (!(vma->vm_flags & VM_WRITE))
		view->grant_flags |= GNTMAP_readonly;
	/* Dropped by view_grants_exit(). */
	view->account = vlink_account_get();
	if (IS_ERR(view->account))
		return PTR_ERR(view->account);
	/* Of what there is by now it is known that it will be needed. */
	err = view_charge(view, view_grants_count(view));
	if (err)
		goto fail_account;
	view->chunks = kvcalloc(nr_chunks(view), sizeof(*view->chunks), GFP_KERNEL_ACCOUNT);
	if (!view->chunks) {
		err = -ENOMEM;
		goto fail_charge;
	}
	err = mmu_interval_notifier_insert_locked(&view->notifier, vma->vm_mm, vma->vm_start,
						  vma->vm_end - vma->vm_start,
						  &view_notifier_ops);
	if (!err)
		return 0;

	kvfree(view->chunks);
	view->chunks = NULL;
fail_charge:
	vlink_uncharge(view->account, VLINK_CHARGE_MAPPED, view->charged);
fail_account:
	vlink_account_put(view->account);
	return err;
}

/* ------------------------------------------------------------------------ */
/* Faults                                                                     */

/* The page to show at @index; a zero page is made where there is none. */
static struct page *spare_page(struct view *view, unsigned long index)
{
	struct page *page = xa_load(&view->spares, index);
	struct page *other;

	if (page)
		return page;
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!page)
		return NULL;
	other = xa_cmpxchg(&view->spares, index, NULL, page, GFP_KERNEL_ACCOUNT);
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
	return vmf->pgoff - view->pgoff;
}

/* Tables for an entry, and room to note that Xen makes it, if it may be a @grant. */
static int prepare_entry(struct vm_fault *vmf, struct view *view, bool grant)
{
	int err = grant ? view_grant_reserve(view, page_of(vmf, view)) : 0;

	return err ?: view_find_ptes(view, page_of(vmf, view), 1);
}

/* Shows what the window has at the faulting address; VM_FAULT_FALLBACK: nothing. */
static vm_fault_t show_page(struct vm_fault *vmf, struct view *view)
{
	struct vlink_window *window = view->window;
	void *entry = xa_load(&window->pages, vmf->pgoff);

	if (!entry)
		return VM_FAULT_FALLBACK;
	if (!xa_is_value(entry))
		return insert_page(vmf, entry);
	switch (view_grant_map(view, page_of(vmf, view))) {
	case 0:
	case -EAGAIN:
		/* A grant since the look before the lock: the process comes again. */
		return VM_FAULT_NOPAGE;
	case -ENOENT:
		return VM_FAULT_FALLBACK;
	default:
		return VM_FAULT_SIGBUS;
	}
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

/* The same as view_grants_map() where the domain makes its entries itself. */
static int view_pages_map(struct view *view, struct vm_area_struct *vma, unsigned long first,
			  unsigned long last)
{
	unsigned long i;

	for (i = first; i <= last; i++) {
		struct page *page = xa_load(&view->window->pages, view->pgoff + i);

		if (page && vmf_insert_pfn(vma, view->start + i * PAGE_SIZE,
					   page_to_pfn(page)) != VM_FAULT_NOPAGE)
			return -ENOMEM;
	}
	return 0;
}

/* Room for all grants that there are by now. */
static int view_grants_reserve(struct view *view)
{
	unsigned long i, last, at;

	for (i = 0; i < view->nr_pages; i += CHUNK) {
		at = view->pgoff + i;
		last = view->pgoff + min(i + CHUNK, view->nr_pages) - 1;
		if (xa_find(&view->window->pages, &at, last, XA_PRESENT) &&
		    view_grant_reserve(view, i))
			return -ENOMEM;
	}
	return view_find_ptes(view, 0, view->nr_pages);
}

/*
 * Makes all entries at once: on PV in few calls of Xen. What cannot be had is left to the
 * fault at its place.
 */
static void view_fill(struct view *view, struct vm_area_struct *vma)
{
	unsigned long first, last;
	int err = view->chunks ? view_grants_reserve(view) : 0;

	for (first = 0; first < view->nr_pages && !err; first = last + 1) {
		last = min(first + CHUNK, view->nr_pages) - 1;
		view_lock(view);
		if (view->chunks)
			err = view_grants_map(view, first, last) == -ENOMEM;
		else
			err = view_pages_map(view, vma, first, last);
		mutex_unlock(&view->window->lock);
		if (fatal_signal_pending(current))
			return;
		cond_resched();
	}
}

/* Whether @vma is the mapping that the view was made for, and no copy. */
static bool is_own_vma(const struct view *view, struct vm_area_struct *vma)
{
	return vma->vm_mm == view->mm && vma->vm_start == view->start &&
	       vma_pages(vma) == view->nr_pages;
}

static vm_fault_t view_fault(struct vm_fault *vmf)
{
	struct view *view = vmf->vma->vm_private_data;
	struct vlink_window *window = view->window;
	struct page *spare = NULL;
	vm_fault_t ret;
	void *entry;

	if (!is_own_vma(view, vmf->vma))
		return VM_FAULT_SIGBUS;
	if (READ_ONCE(view->populate) && xchg(&view->populate, false))
		view_fill(view, vmf->vma);

	entry = xa_load(&window->pages, vmf->pgoff);
	/* What allocates goes before the lock, which the notifier takes in reclaim. */
	if (view->chunks && prepare_entry(vmf, view, !entry || xa_is_value(entry)))
		return VM_FAULT_OOM;
	if (!entry)
		spare = spare_page(view, vmf->pgoff);
again:
	view_lock(view);
	ret = show_page(vmf, view);
	if (ret == VM_FAULT_FALLBACK && spare)
		ret = insert_page(vmf, spare);
	mutex_unlock(&window->lock);
	if (ret != VM_FAULT_FALLBACK)
		return ret;
	/* The page was taken out meanwhile. */
	spare = spare_page(view, vmf->pgoff);
	if (spare)
		goto again;
	return VM_FAULT_OOM;
}

/*
 * For debuggers, which cannot get references to the pages; not those that Xen maps. They
 * may no more than the process itself.
 */
static int view_access(struct vm_area_struct *vma, unsigned long addr, void *buf, int len,
		       int write)
{
	struct view *view = vma->vm_private_data;
	struct vlink_window *window = view->window;
	unsigned long index = vma->vm_pgoff + (addr - vma->vm_start) / PAGE_SIZE;
	unsigned int offset = offset_in_page(addr);
	void *entry;

	if (!is_own_vma(view, vma) || !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EIO;
	len = min_t(int, len, PAGE_SIZE - offset);
	mutex_lock(&window->lock);
	entry = xa_load(&window->pages, index);
	if (!entry)
		entry = xa_load(&view->spares, index);
	if (!entry || xa_is_value(entry))
		len = -EIO;
	else if (write)
		memcpy(page_address(entry) + offset, buf, len);
	else
		memcpy(buf, page_address(entry) + offset, len);
	mutex_unlock(&window->lock);
	return len;
}

/* ------------------------------------------------------------------------ */
/* Mappings                                                                   */

static void view_free(struct kref *ref)
{
	struct view *view = container_of(ref, struct view, ref);
	struct page *page;
	unsigned long i;

	if (view->chunks)
		view_grants_exit(view);
	mutex_lock(&view->window->lock);
	list_del(&view->node);
	mutex_unlock(&view->window->lock);
	xa_for_each(&view->spares, i, page)
		__free_page(page);
	xa_destroy(&view->spares);
	atomic_dec(&view->window->mappings);
	/* view_new()'s references */
	window_put(view->window);
	mmdrop(view->mm);
	kfree(view);
}

/*
 * A copy in another address space would be by fork, which nothing allows. It would begin
 * without the entries of this one, and its faults would find that it is a copy.
 */
static void view_open(struct vm_area_struct *vma)
{
	struct view *view = vma->vm_private_data;

	/* Dropped by view_close(). */
	kref_get(&view->ref);
	if (vma->vm_mm != view->mm)
		vm_flags_set(vma, VM_WIPEONFORK);
}

static void view_close(struct vm_area_struct *vma)
{
	struct view *view = vma->vm_private_data;

	/* view_new()'s reference, or view_open()'s */
	kref_put(&view->ref, view_free);
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

/* Asked for by mremap() and remap_file_pages() only: there is no other place for a mapping. */
static unsigned long window_get_unmapped_area(struct file *file, unsigned long addr,
					      unsigned long len, unsigned long pgoff,
					      unsigned long flags)
{
	return -EINVAL;
}

static const struct file_operations window_fops = {
	.owner = THIS_MODULE,
	.release = window_file_release,
	.get_unmapped_area = window_get_unmapped_area,
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

static bool overlaps(const struct view *a, const struct view *b)
{
	return a->mm == b->mm && a->pgoff < b->pgoff + b->nr_pages &&
	       b->pgoff < a->pgoff + a->nr_pages;
}

/* Adds the view to the window's; -EBUSY: it is to be the process's only one, and is not. */
static int view_enter(struct view *view, unsigned int flags)
{
	struct vlink_window *window = view->window;
	struct view *other;
	int err = 0;

	mutex_lock(&window->lock);
	list_for_each_entry(other, &window->views, node)
		if (flags & VLINK_WINDOW_ONCE && overlaps(view, other))
			err = -EBUSY;
	/* Also on error, for view_free() to take out. */
	list_add(&view->node, &window->views);
	mutex_unlock(&window->lock);
	return err;
}

static struct view *view_new(struct vlink_window *window, struct vm_area_struct *vma)
{
	struct view *view = kzalloc(sizeof(*view), GFP_KERNEL_ACCOUNT);

	if (!view)
		return NULL;
	kref_init(&view->ref);
	/* Both are dropped by view_free(). */
	kref_get(&window->ref);
	mmgrab(vma->vm_mm);
	view->window = window;
	view->mm = vma->vm_mm;
	view->start = vma->vm_start;
	view->pgoff = vma->vm_pgoff;
	view->nr_pages = vma_pages(vma);
	xa_init(&view->spares);
	atomic_inc(&window->mappings);
	return view;
}

int vlink_window_mmap(struct vlink_window *window, struct vm_area_struct *vma,
		      unsigned int flags)
{
	struct file *file;
	struct view *view;
	int err;

	if (!(vma->vm_flags & VM_SHARED) || (vma->vm_flags & VM_EXEC) ||
	    vma->vm_pgoff + vma_pages(vma) > window->nr_pages)
		return -EINVAL;

	view = view_new(window, vma);
	if (!view)
		return -ENOMEM;
	view->populate = flags & VLINK_WINDOW_POPULATE;
	err = view_enter(view, flags);
	if (err)
		goto fail;
	file = window_file(window);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto fail;
	}
	vma_set_file(vma, file);
	/* The mapping has its own reference now. */
	fput(file);
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTCOPY | VM_DONTDUMP);
	vm_flags_clear(vma, VM_MAYEXEC);

	if (xen_pv_domain()) {
		err = view_grants_init(view, vma);
		if (err)
			goto fail;
	}
	vma->vm_ops = &view_ops;
	vma->vm_private_data = view;
	return 0;

fail:
	/* view_new()'s reference */
	kref_put(&view->ref, view_free);
	return err;
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
	INIT_LIST_HEAD(&window->views);
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

/* Whether a process may see zeros where @nr pages from @first on have been added since. */
static bool shows_spares(struct vlink_window *window, unsigned long first, unsigned long nr)
{
	struct view *view;
	bool found = false;

	/* A fault that saw no page has put a spare there before it lets go of the lock. */
	mutex_lock(&window->lock);
	list_for_each_entry(view, &window->views, node) {
		unsigned long at = first;

		if (xa_find(&view->spares, &at, first + nr - 1, XA_PRESENT))
			found = true;
	}
	mutex_unlock(&window->lock);
	return found;
}

int vlink_window_add(struct vlink_window *window, unsigned long first,
		     struct vlink_region *region)
{
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
	if (shows_spares(window, first, region->nr_pages))
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
