// SPDX-License-Identifier: GPL-2.0
/* The device nodes of VUMEM links, and their statistics. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vumem.h"

static struct vlink_nodes vumem_nodes;

static void vumem_dev_release(struct device *device)
{
	struct vumem_dev *dev = container_of(device, struct vumem_dev, dev);

	vlink_node_release(&vumem_nodes, device);
	kfree(dev);
}

int vumem_dev_add(struct vlink *link, const struct vumem_role *role)
{
	struct vumem_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int err;

	if (!dev)
		return -ENOMEM;
	dev->link = link;
	dev->role = role;
	spin_lock_init(&dev->conn_lock);
	mutex_init(&dev->server_lock);
	init_waitqueue_head(&dev->wait);
	device_initialize(&dev->dev);
	dev->dev.release = vumem_dev_release;
	link->priv = dev;

	err = vlink_node_add(&vumem_nodes, &dev->dev, &dev->cdev, link, role->prefix, role->fops);
	if (err)
		/* device_initialize()'s reference */
		put_device(&dev->dev);
	return err;
}
EXPORT_SYMBOL_GPL(vumem_dev_add);

void vumem_dev_remove(struct vlink *link)
{
	struct vumem_dev *dev = link->priv;

	WRITE_ONCE(dev->removed, true);
	atomic_inc(&dev->changes);
	wake_up_all(&dev->wait);
	cdev_device_del(&dev->cdev, &dev->dev);
	/* device_initialize()'s reference; open files and connections hold others. */
	put_device(&dev->dev);
}
EXPORT_SYMBOL_GPL(vumem_dev_remove);

static bool is_present_value(unsigned int id)
{
	return id == VUMEM_PROF_SESSIONS || id == VUMEM_PROF_BUFFERS ||
	       id == VUMEM_PROF_BUFFER_MAPPINGS || id == VUMEM_PROF_BUFFER_ALLOCATED_SIZE;
}

long vumem_stat(struct vumem_dev *dev, void __user *arg)
{
	struct vumem_stat_args args;
	struct vumem_conn *conn;
	unsigned int id;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	for (id = 0; id < VUMEM_PROF_NR; id++) {
		if (args.reset && !is_present_value(id))
			atomic64_set(&dev->stats[id], 0);
		args.stats[id] = atomic64_read(&dev->stats[id]);
	}
	args.pinned_pages = atomic64_read(&dev->pinned_pages);
	args.quarantined_pages = 0;
	conn = vumem_conn_get(dev);
	if (conn) {
		mutex_lock(&conn->lock);
		if (!conn->broken)
			args.quarantined_pages = atomic_read(&conn->link->quarantined_pages);
		if (!conn->broken && dev->role->mappings)
			args.stats[VUMEM_PROF_BUFFER_MAPPINGS] = dev->role->mappings(conn);
		mutex_unlock(&conn->lock);
		vumem_conn_put(conn);
	}
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}
EXPORT_SYMBOL_GPL(vumem_stat);

static int __init vumem_init(void)
{
	return vlink_nodes_init(&vumem_nodes, "vumem");
}

static void __exit vumem_exit(void)
{
	vlink_nodes_exit(&vumem_nodes);
}

module_init(vumem_init);
module_exit(vumem_exit);

MODULE_DESCRIPTION("User memory buffers shared between Xen domains");
MODULE_LICENSE("GPL");
