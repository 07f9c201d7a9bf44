// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: memory of the server process, pinned, counted against its limit of
 * locked memory, and granted to the client page by page. Nothing but these pages is ever
 * shown to the client.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <xen/grant_table.h>

#include "back.h"

#define NO_VADDR	(~0ull)

#define GRANTS_PER_FRAME	(PAGE_SIZE / sizeof(struct grant_entry_v1))

#define ATTR_IS_MAPPABLE	BIT(0)
#define ATTR_WRITEBACK		(3u << 16)	/* cache policy in bits 19..16 */

/* Ids are unique among all buffers of the domain. */
static DEFINE_IDA(buffer_ids);

int vumem_back_buffer_id_alloc(void)
{
	return ida_alloc_min(&buffer_ids, 1, GFP_KERNEL);
}

void vumem_back_buffer_id_free(u32 id)
{
	ida_free(&buffer_ids, id);
}

/* ------------------------------------------------------------------------ */
/* Pinning                                                                    */

/* Memory of a device, and what memfd_secret() keeps from the kernel itself. */
static bool is_unsharable(const struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return true;
	return vma->vm_file && file_inode(vma->vm_file)->i_sb->s_magic == SECRETMEM_MAGIC;
}

/* Why memory cannot be pinned: is it there, and not of the kind that can be? */
static int pin_error(u64 vaddr, int err)
{
	struct vm_area_struct *vma;

	if (err != -EFAULT)
		return err;
	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, vaddr);
	if (vma && vma->vm_start <= vaddr && is_unsharable(vma))
		err = -EOPNOTSUPP;
	else
		err = -EINVAL;
	mmap_read_unlock(current->mm);
	return err;
}

static int pin_pages(u64 vaddr, u32 nr, struct page **pages)
{
	u32 done = 0;
	long got;

	while (done < nr) {
		got = pin_user_pages_fast(vaddr + (u64)done * PAGE_SIZE, nr - done,
					  FOLL_WRITE | FOLL_LONGTERM, pages + done);
		if (got <= 0) {
			unpin_user_pages(pages, done);
			return pin_error(vaddr + (u64)done * PAGE_SIZE, got ?: -EFAULT);
		}
		done += got;
	}
	return 0;
}

/*
 * The flag of pages that are another domain's means something else where a page belongs to a
 * mapping: that it is in the swap cache, or what its file system likes.
 */
static bool is_foreign(struct page *page)
{
	return !PageCompound(page) && !READ_ONCE(page->mapping) && PageForeign(page);
}

/* A page that is another domain's cannot be granted on. */
static int check_own(struct page **pages, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (is_foreign(pages[i]))
			return -EOPNOTSUPP;
	return 0;
}

/*
 * Counted as pinned, not as locked: that would need the lock of the process's mappings when
 * the client frees, and the process may hold it for as long as it pages memory in.
 */
static int account(u32 nr)
{
	struct mm_struct *mm = current->mm;
	u64 pinned = atomic64_add_return(nr, &mm->pinned_vm);

	if (pinned <= rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT || capable(CAP_IPC_LOCK))
		return 0;
	atomic64_sub(nr, &mm->pinned_vm);
	return -ENOMEM;
}

static void unpin_accounted(struct page **pages, u32 nr)
{
	unpin_user_pages(pages, nr);
	atomic64_sub(nr, &current->mm->pinned_vm);
}

/* Pins and accounts; the caller kvfree()s *@pages. The link may go meanwhile. */
static int pin_accounted(struct vumem_dev *dev, u64 vaddr, u32 nr, struct page ***pages)
{
	int err = account(nr);

	if (err) {
		dev_warn_ratelimited(&dev->dev, "%s[%d]: a buffer of %u pages exceeds RLIMIT_MEMLOCK\n",
				     current->comm, task_tgid_nr(current), nr);
		return err;
	}
	*pages = kvcalloc(nr, sizeof(**pages), GFP_KERNEL_ACCOUNT);
	err = *pages ? pin_pages(vaddr, nr, *pages) : -ENOMEM;
	if (!err) {
		err = check_own(*pages, nr);
		if (err)
			unpin_user_pages(*pages, nr);
	}
	if (err) {
		kvfree(*pages);
		atomic64_sub(nr, &current->mm->pinned_vm);
	}
	return err;
}

/* ------------------------------------------------------------------------ */
/* Buffers                                                                    */

static void unaccount(struct vumem_dev *dev, struct back_buffer *buffer)
{
	atomic64_sub(buffer->nr_pages, &dev->pinned_pages);
	buffer->nr_pages = 0;
}

bool vumem_back_buffer_try_end(struct back_conn *conn, struct back_buffer *buffer)
{
	if (buffer->region && !vlink_pages_try_unshare(buffer->region))
		return false;
	buffer->region = NULL;
	unaccount(conn->conn.dev, buffer);
	return true;
}

void vumem_back_buffer_free(struct back_conn *conn, struct back_buffer *buffer)
{
	xa_erase(&conn->buffers, buffer->id);
	vumem_back_buffer_id_free(buffer->id);
	kfree(buffer);
}

void vumem_back_buffer_drop(struct back_conn *conn, struct back_buffer *buffer)
{
	if (buffer->region)
		vlink_pages_unshare(conn->conn.link, buffer->region);
	buffer->region = NULL;
	unaccount(conn->conn.dev, buffer);
	vumem_back_buffer_free(conn, buffer);
}

static int check_memory(struct vumem_dev *dev, const struct vumem_respond_args *args, u32 *nr)
{
	*nr = 0;
	if (args->vaddr == NO_VADDR)
		return 0;
	*nr = DIV_ROUND_UP_ULL(args->bytes, PAGE_SIZE);
	if (!*nr || args->vaddr % PAGE_SIZE || args->vaddr + args->bytes < args->vaddr)
		return -EINVAL;
	if (*nr > VUMEM_BUFFER_PAGES_MAX) {
		dev_warn_ratelimited(&dev->dev, "a buffer of %u pages is over the %u that one can have\n",
				     *nr, VUMEM_BUFFER_PAGES_MAX);
		return -EMSGSIZE;
	}
	return 0;
}

/* Grants what was pinned, at the expense of the server's user. Under the lock. */
static struct vlink_region *grant_pages(struct vlink *link, struct page **pages, u32 nr)
{
	struct vlink_region *region = vlink_pages_grant(link, pages, nr);

	if (IS_ERR(region) || !vlink_region_charge(region, NULL))
		return region;
	vlink_pages_unshare(link, region);
	return ERR_PTR(-ENOSPC);
}

/* Under the lock. */
static int buffer_grant(struct back_conn *conn, struct back_buffer *buffer, struct page **pages,
			u32 nr)
{
	struct vlink_region *region;

	region = grant_pages(conn->conn.link, pages, nr);
	if (IS_ERR(region)) {
		vlink_warn(conn->conn.link, "cannot grant a buffer of %u pages: %ld (this domain's max_grant_frames=%u is enough for %lu in all)\n",
			   nr, PTR_ERR(region), gnttab_max_grant_frames(),
			   gnttab_max_grant_frames() * GRANTS_PER_FRAME);
		return PTR_ERR(region);
	}
	buffer->region = region;
	buffer->nr_pages = nr;
	atomic64_add(nr, &conn->conn.dev->pinned_pages);
	return 0;
}

static void fill_response(const struct back_buffer *buffer, u32 bytes, struct vumem_msg *response)
{
	response->buffer = buffer->id;
	response->pages = buffer->nr_pages;
	response->bytes = buffer->nr_pages ? buffer->nr_pages * PAGE_SIZE : bytes;
	response->attr = buffer->nr_pages ? ATTR_IS_MAPPABLE | ATTR_WRITEBACK : 0;
	response->dir_ref = buffer->region ? buffer->region->dir_refs[0] : 0;
}

/* Enters the buffer; the pins are the caller's until *@pinned is false. Under the lock. */
static int buffer_enter(struct server *server, struct back_buffer *buffer, struct page **pages,
			u32 nr, bool *pinned)
{
	struct back_conn *conn = server->conn;
	int err;

	if (conn->conn.broken || server->ended)
		return -EPIPE;
	err = xa_insert(&conn->buffers, buffer->id, buffer, GFP_KERNEL_ACCOUNT);
	if (err || !nr)
		return err;
	*pinned = false;
	err = buffer_grant(conn, buffer, pages, nr);
	if (err)
		xa_erase(&conn->buffers, buffer->id);
	return err;
}

int vumem_back_buffer_export(struct server *server, const struct vumem_respond_args *args,
			     struct vumem_msg *response)
{
	struct back_conn *conn = server->conn;
	struct back_buffer *buffer;
	struct page **pages = NULL;
	bool pinned;
	u32 nr;
	int err;

	err = check_memory(server->dev, args, &nr);
	if (err)
		return err;
	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	buffer->id = args->buffer;
	if (nr)
		err = pin_accounted(server->dev, args->vaddr, nr, &pages);
	if (err)
		goto free_buffer;
	pinned = nr;

	mutex_lock(&conn->conn.lock);
	err = buffer_enter(server, buffer, pages, nr, &pinned);
	if (!err)
		fill_response(buffer, args->bytes, response);
	mutex_unlock(&conn->conn.lock);
	if (pinned)
		unpin_accounted(pages, nr);
	kvfree(pages);
	if (!err)
		return 0;
free_buffer:
	kfree(buffer);
	return err;
}
