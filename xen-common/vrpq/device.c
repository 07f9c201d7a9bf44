// SPDX-License-Identifier: GPL-2.0
/*
 * The device nodes of VRPQ links: their names, open and close, and what a file of
 * theirs becomes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vrpq.h"

static struct vlink_nodes vrpq_nodes;

static int vrpq_open(struct inode *inode, struct file *file)
{
	struct vrpq_dev *dev = container_of(inode->i_cdev, struct vrpq_dev, cdev);
	struct vrpq_file *vfile = kzalloc(sizeof(*vfile), GFP_KERNEL_ACCOUNT);

	if (!vfile)
		return -ENOMEM;
	mutex_init(&vfile->lock);
	/* The open file keeps the cdev, and that its parent, our device. */
	vfile->dev = dev;
	file->private_data = vfile;
	return nonseekable_open(inode, file);
}

static int vrpq_release(struct inode *inode, struct file *file)
{
	struct vrpq_file *vfile = file->private_data;
	struct vrpq_object *obj = vfile->obj;

	if (obj) {
		vrpq_stats_closed(obj);
		vrpq_object_close(obj);
		/* vrpq_file_become()'s reference */
		vrpq_object_put(obj);
	}
	kfree(vfile);
	return 0;
}

int vrpq_file_become(struct vrpq_file *file, struct vrpq_object *obj)
{
	int err = -EINVAL;

	mutex_lock(&file->lock);
	if (!file->obj) {
		/* Pairs with smp_load_acquire() in file_object(). */
		smp_store_release(&file->obj, obj);
		err = 0;
	}
	mutex_unlock(&file->lock);
	return err;
}
EXPORT_SYMBOL_GPL(vrpq_file_become);

static struct vrpq_object *file_object(struct vrpq_file *file)
{
	return smp_load_acquire(&file->obj);
}

struct vrpq_session *vrpq_file_session(struct vrpq_file *file)
{
	struct vrpq_object *obj = file_object(file);

	return obj && !obj->is_chan ? to_session(obj) : NULL;
}
EXPORT_SYMBOL_GPL(vrpq_file_session);

static long vrpq_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vrpq_file *vfile = file->private_data;
	struct vrpq_object *obj = file_object(vfile);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VRPQ_IOC_WAIT:
		return obj ? vrpq_wait(obj, uarg) : -EINVAL;
	case VRPQ_IOC_RING:
		if (!obj || !obj->is_chan)
			return -EINVAL;
		vrpq_ring(to_chan(obj));
		return READ_ONCE(obj->status) & VRPQ_WAIT_BROKEN ? -EPIPE : 0;
	case VRPQ_IOC_KICK:
		if (!obj || obj->is_chan)
			return -EINVAL;
		vrpq_object_moved(obj);
		return 0;
	case VRPQ_IOC_STAT:
		return obj ? -EINVAL : vrpq_stat(vfile->dev, uarg);
	default:
		return vfile->dev->role->ioctl(vfile, cmd, uarg);
	}
}

static int vrpq_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vrpq_session *session = vrpq_file_session(file->private_data);
	int err = -EPIPE;

	if (!session)
		return -EINVAL;
	mutex_lock(&session->obj.conn->lock);
	if (session->window)
		err = vlink_window_mmap(session->window, vma, false);
	mutex_unlock(&session->obj.conn->lock);
	return err;
}

static const struct file_operations vrpq_fops = {
	.open = vrpq_open,
	.release = vrpq_release,
	.unlocked_ioctl = vrpq_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vrpq_mmap,
	.llseek = no_llseek,
};

struct vrpq_session *vrpq_session_of_fd(struct vrpq_dev *dev, int fd)
{
	struct vrpq_session *session = ERR_PTR(-EINVAL);
	struct fd f = fdget(fd);

	if (!f.file)
		return ERR_PTR(-EBADF);
	if (f.file->f_op == &vrpq_fops) {
		struct vrpq_file *file = f.file->private_data;

		if (file->dev == dev && vrpq_file_session(file)) {
			session = vrpq_file_session(file);
			/* The caller's. */
			vrpq_object_get(&session->obj);
		}
	}
	fdput(f);
	return session;
}
EXPORT_SYMBOL_GPL(vrpq_session_of_fd);

/* ------------------------------------------------------------------------ */
/* Links come and go                                                          */

static void vrpq_dev_release(struct device *device)
{
	struct vrpq_dev *dev = container_of(device, struct vrpq_dev, dev);

	vlink_node_release(&vrpq_nodes, device);
	kvfree(dev);
}

static u32 reqs_wanted(struct vlink *link)
{
	u64 reqs = vlink_param_size_get(link, "vrpq-reqs", VRPQ_REQS_DEFAULT);

	if (reqs >= VRPQ_REQS_MIN && reqs <= VRPQ_REQS_MAX && is_power_of_2(reqs))
		return reqs;
	vlink_warn(link, "vrpq-reqs=%llu is not a power of two from %u to %u\n", reqs,
		   VRPQ_REQS_MIN, VRPQ_REQS_MAX);
	return clamp_t(u64, reqs, VRPQ_REQS_MIN, VRPQ_REQS_MAX);
}

static u32 pmem_pages_wanted(struct vlink *link)
{
	u64 size = vlink_param_size_get(link, "vrpq-pmem", VRPQ_PMEM_DEFAULT);
	u64 pages = DIV_ROUND_UP_ULL(size, VRPQ_PAGE_SIZE);

	if (pages >= VRPQ_PMEM_PAGES_MIN && pages <= VRPQ_PMEM_PAGES_MAX)
		return pages;
	vlink_warn(link, "vrpq-pmem=%llu is not from %u to %u\n", size,
		   VRPQ_PMEM_PAGES_MIN * VRPQ_PAGE_SIZE, VRPQ_PMEM_PAGES_MAX * VRPQ_PAGE_SIZE);
	return clamp_t(u64, pages, VRPQ_PMEM_PAGES_MIN, VRPQ_PMEM_PAGES_MAX);
}

static struct vrpq_dev *dev_new(struct vlink *link, const struct vrpq_role *role)
{
	struct vrpq_dev *dev = kvzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	dev->link = link;
	dev->role = role;
	dev->reqs = reqs_wanted(link);
	dev->pmem_pages = pmem_pages_wanted(link);
	spin_lock_init(&dev->bell_lock);
	mutex_init(&dev->stats_lock);
	init_waitqueue_head(&dev->wait);
	device_initialize(&dev->dev);
	dev->dev.release = vrpq_dev_release;
	return dev;
}

int vrpq_dev_add(struct vlink *link, const struct vrpq_role *role)
{
	struct vrpq_dev *dev = dev_new(link, role);
	int err;

	if (!dev)
		return -ENOMEM;
	link->priv = dev;
	err = vlink_node_add(&vrpq_nodes, &dev->dev, &dev->cdev, link, role->prefix, &vrpq_fops);
	if (err)
		/* device_initialize()'s reference */
		put_device(&dev->dev);
	return err;
}
EXPORT_SYMBOL_GPL(vrpq_dev_add);

void vrpq_dev_remove(struct vlink *link)
{
	struct vrpq_dev *dev = link->priv;

	WRITE_ONCE(dev->removed, true);
	atomic_inc(&dev->offers);
	wake_up_all(&dev->wait);
	cdev_device_del(&dev->cdev, &dev->dev);
	/* device_initialize()'s reference; open files and connections hold others. */
	put_device(&dev->dev);
}
EXPORT_SYMBOL_GPL(vrpq_dev_remove);

static int __init vrpq_init(void)
{
	return vlink_nodes_init(&vrpq_nodes, "vrpq");
}

static void __exit vrpq_exit(void)
{
	vlink_nodes_exit(&vrpq_nodes);
}

module_init(vrpq_init);
module_exit(vrpq_exit);

MODULE_DESCRIPTION("Remote procedure queues between Xen domains");
MODULE_LICENSE("GPL");
