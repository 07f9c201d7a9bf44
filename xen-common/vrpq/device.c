// SPDX-License-Identifier: GPL-2.0
/*
 * The device nodes of VRPQ links: their names, open and close, and what a file of
 * theirs becomes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vrpq.h"

static struct vlink_nodes vrpq_nodes;

static struct vrpq_file *file_new(struct vrpq_dev *dev)
{
	struct vrpq_file *vfile = kzalloc(sizeof(*vfile), GFP_KERNEL_ACCOUNT);

	if (!vfile)
		return NULL;
	mutex_init(&vfile->lock);
	vfile->dev = dev;
	return vfile;
}

static int vrpq_open(struct inode *inode, struct file *file)
{
	/* The open file keeps the cdev, and that its parent, our device. */
	file->private_data = file_new(container_of(inode->i_cdev, struct vrpq_dev, cdev));
	return file->private_data ? nonseekable_open(inode, file) : -ENOMEM;
}

/* A file of an inode that is not the node's keeps what an open node would. */
static void extra_file_free(struct vrpq_file *vfile)
{
	struct module *owner = vfile->dev->cdev.owner;

	/* All references are extra_file_new()'s. */
	if (vfile->session)
		vrpq_object_put(&vfile->session->obj);
	put_device(&vfile->dev->dev);
	kfree(vfile);
	module_put(owner);
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
	if (vfile->of_file)
		extra_file_free(vfile);
	else
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

struct vrpq_session *vrpq_file_any_session(struct vrpq_file *file)
{
	struct vrpq_object *obj = file_object(file);

	return obj ? vrpq_session_of(obj) : NULL;
}
EXPORT_SYMBOL_GPL(vrpq_file_any_session);

static const struct file_operations vrpq_fops;

/*
 * For the caller of another file's ioctl, which keeps the driver loaded and the device there
 * meanwhile. It can become a channel of @session, or anything if that is NULL.
 */
static struct vrpq_file *extra_file_new(struct vrpq_dev *dev, struct vrpq_session *session)
{
	struct vrpq_file *vfile = file_new(dev);

	if (!vfile)
		return NULL;
	/* All are dropped by extra_file_free(). */
	__module_get(dev->cdev.owner);
	get_device(&dev->dev);
	if (session)
		vrpq_object_get(&session->obj);
	vfile->session = session;
	vfile->of_file = true;
	return vfile;
}

static int extra_file_open(struct vrpq_dev *dev, struct vrpq_session *session, int flags,
			   struct file **file)
{
	int fd = get_unused_fd_flags(flags);
	struct vrpq_file *vfile;

	if (fd < 0)
		return fd;
	vfile = extra_file_new(dev, session);
	*file = vfile ? anon_inode_getfile(session ? "[vrpq-channel]" : "[vrpq]", &vrpq_fops,
					   vfile, O_RDWR) : ERR_PTR(-ENOMEM);
	if (!IS_ERR(*file))
		return fd;
	if (vfile)
		extra_file_free(vfile);
	put_unused_fd(fd);
	return PTR_ERR(*file);
}

static long extra_file_ioctl(struct vrpq_dev *dev, struct vrpq_session *session,
			     void __user *arg)
{
	struct vrpq_file_args args;
	struct file *file;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~O_CLOEXEC)
		return -EINVAL;
	args.fd = extra_file_open(dev, session, args.flags, &file);
	if (args.fd < 0)
		return args.fd;
	if (copy_to_user(arg, &args, sizeof(args))) {
		fput(file);
		put_unused_fd(args.fd);
		return -EFAULT;
	}
	fd_install(args.fd, file);
	return 0;
}

long vrpq_file_open_like(struct vrpq_file *vfile, void __user *arg)
{
	if (!vrpq_file_is_fresh(vfile))
		return -EINVAL;
	/* There may be another device by that name. */
	if (READ_ONCE(vfile->dev->removed))
		return -ENODEV;
	return extra_file_ioctl(vfile->dev, NULL, arg);
}
EXPORT_SYMBOL_GPL(vrpq_file_open_like);

static long vrpq_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vrpq_file *vfile = file->private_data;
	struct vrpq_object *obj = file_object(vfile);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VRPQ_IOC_ABI:
		return vlink_node_abi(VRPQ_ABI_OLDEST, VRPQ_ABI_NEWEST, uarg);
	case VRPQ_IOC_WAIT:
		return obj ? vrpq_wait(obj, uarg) : -EINVAL;
	case VRPQ_IOC_RING:
		if (!obj || !obj->is_chan)
			return -EINVAL;
		vrpq_ring(to_chan(obj));
		return READ_ONCE(obj->status) & VRPQ_WAIT_BROKEN ? -EPIPE : 0;
	case VRPQ_IOC_KICK:
		if (!obj)
			return -EINVAL;
		vrpq_object_moved(&vrpq_session_of(obj)->obj);
		return 0;
	case VRPQ_IOC_STAT:
		return vrpq_file_is_fresh(vfile) ? vrpq_stat(vfile->dev, uarg) : -EINVAL;
	case VRPQ_IOC_CHAN_FILE:
		if (!obj || obj->is_chan)
			return -EINVAL;
		return extra_file_ioctl(vfile->dev, to_session(obj), uarg);
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
		err = vlink_window_mmap(session->window, vma, 0);
	mutex_unlock(&session->obj.conn->lock);
	return err;
}

static const struct file_operations vrpq_fops = {
	.owner = THIS_MODULE,
	.open = vrpq_open,
	.release = vrpq_release,
	.unlocked_ioctl = vrpq_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vrpq_mmap,
};

bool vrpq_file_is_fresh(struct vrpq_file *file)
{
	return !file_object(file) && !file->session;
}
EXPORT_SYMBOL_GPL(vrpq_file_is_fresh);

/* May @file become a channel of @session? */
static bool file_fits(const struct vrpq_file *file, const struct vrpq_session *session)
{
	return file->session ? file->session == session : file->dev == session->obj.conn->dev;
}

struct vrpq_session *vrpq_file_chan_session(struct vrpq_file *file, int fd)
{
	struct vrpq_session *session = NULL;
	struct file *opened = fget(fd);

	if (!opened)
		return ERR_PTR(-EBADF);
	if (opened->f_op == &vrpq_fops && !file_object(file))
		session = vrpq_file_session(opened->private_data);
	if (session && file_fits(file, session))
		/* The caller's. */
		vrpq_object_get(&session->obj);
	else
		session = ERR_PTR(-EINVAL);
	fput(opened);
	return session;
}
EXPORT_SYMBOL_GPL(vrpq_file_chan_session);

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
	static const struct vlink_info_key key = VLINK_INFO_VRPQ_REQS;

	return vlink_param_get(link, &key);
}

static u32 pmem_pages_wanted(struct vlink *link)
{
	static const struct vlink_info_key key = VLINK_INFO_VRPQ_PMEM;

	return DIV_ROUND_UP_ULL(vlink_param_get(link, &key), VRPQ_PAGE_SIZE);
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
