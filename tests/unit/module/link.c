// SPDX-License-Identifier: LGPL-2.1-or-later
#include "link.h"

#include "kernel.h"

struct vlink_driver *unit_drivers[2];
struct unit_node unit_nodes[2];

int __vlink_register_driver(struct vlink_driver *drv, struct module *owner)
{
	(void)owner;
	unit_drivers[drv->role] = drv;
	return 0;
}

void vlink_unregister_driver(struct vlink_driver *drv)
{
	(void)drv;
}

int vlink_nodes_init(struct vlink_nodes *nodes, const char *name)
{
	(void)nodes;
	(void)name;
	return 0;
}

void vlink_nodes_exit(struct vlink_nodes *nodes)
{
	(void)nodes;
}

int vlink_node_add(struct vlink_nodes *nodes, struct device *dev, struct cdev *cdev,
		   const struct vlink *link, const char *prefix,
		   const struct file_operations *fops)
{
	(void)nodes;
	unit_nodes[link->drv->role] = (struct unit_node){ dev, cdev, fops };
	snprintf(dev->name, sizeof(dev->name), "%stest", prefix);
	return 0;
}

void vlink_node_release(struct vlink_nodes *nodes, struct device *dev)
{
	unsigned int i;

	(void)nodes;
	for (i = 0; i < 2; i++)
		if (unit_nodes[i].dev == dev)
			unit_nodes[i].dev = NULL;
}

long vlink_node_abi(u32 oldest, u32 newest, void __user *arg)
{
	const u32 versions[2] = { oldest, newest };

	return copy_to_user(arg, versions, sizeof(versions)) ? -EFAULT : 0;
}

int unit_node_open(enum vlink_role role)
{
	return kernel_open(unit_nodes[role].cdev, unit_nodes[role].fops);
}
