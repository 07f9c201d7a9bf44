// SPDX-License-Identifier: GPL-2.0
/* Device nodes of services whose nodes are named after the class of their link. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include <vlink/abi_ioctl.h>
#include <vlink/version.h>

#include "internal.h"

#define NODES_MAX	256

int vlink_nodes_init(struct vlink_nodes *nodes, const char *name)
{
	int err = alloc_chrdev_region(&nodes->first, 0, NODES_MAX, name);

	if (err)
		return err;
	ida_init(&nodes->minors);
	nodes->class.name = name;
	err = class_register(&nodes->class);
	if (err)
		unregister_chrdev_region(nodes->first, NODES_MAX);
	return err;
}
EXPORT_SYMBOL_GPL(vlink_nodes_init);

void vlink_nodes_exit(struct vlink_nodes *nodes)
{
	class_unregister(&nodes->class);
	unregister_chrdev_region(nodes->first, NODES_MAX);
	ida_destroy(&nodes->minors);
}
EXPORT_SYMBOL_GPL(vlink_nodes_exit);

static int set_name(struct device *dev, const struct vlink *link, const char *prefix)
{
	if (*link->name)
		return dev_set_name(dev, "%s%s", prefix, link->name);
	return dev_set_name(dev, "%s%s%u", prefix, link->class_name, link->unit);
}

int vlink_node_add(struct vlink_nodes *nodes, struct device *dev, struct cdev *cdev,
		   const struct vlink *link, const char *prefix,
		   const struct file_operations *fops)
{
	int minor, err;

	dev->class = &nodes->class;
	err = set_name(dev, link, prefix);
	if (err)
		return err;
	minor = ida_alloc_max(&nodes->minors, NODES_MAX - 1, GFP_KERNEL);
	if (minor < 0)
		return minor;
	dev->devt = MKDEV(MAJOR(nodes->first), minor);
	cdev_init(cdev, fops);
	/* An open file keeps the driver of its link loaded. */
	cdev->owner = link->drv->owner;
	err = cdev_device_add(cdev, dev);
	if (!err)
		vlink_info(link, "/dev/%s to %s\n", dev_name(dev), link->peer);
	return err;
}
EXPORT_SYMBOL_GPL(vlink_node_add);

void vlink_node_release(struct vlink_nodes *nodes, struct device *dev)
{
	if (dev->devt)
		ida_free(&nodes->minors, MINOR(dev->devt));
}
EXPORT_SYMBOL_GPL(vlink_node_release);

long vlink_node_abi(u32 oldest, u32 newest, void __user *arg)
{
	struct vlink_abi_args args = { .oldest = oldest, .newest = newest,
				       .release = XEN_VLINK_VERSION };

	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}
EXPORT_SYMBOL_GPL(vlink_node_abi);
