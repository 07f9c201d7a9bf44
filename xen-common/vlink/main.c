// SPDX-License-Identifier: GPL-2.0
/*
 * vlink: the link layer between Xen domains. Module and driver registration.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include <xen/xen.h>

#include <vlink/version.h>

#include "../compat.h"
#include "internal.h"

struct workqueue_struct *vlink_wq;

int __vlink_register_driver(struct vlink_driver *drv, struct module *owner)
{
	if (!xen_domain())
		return -ENODEV;

	if (!vlink_versions_are_good(&drv->versions)) {
		pr_err("%s %s: versions %u to %u of its protocol\n", drv->service,
		       vlink_role_name(drv->role), drv->versions.oldest, drv->versions.newest);
		return -EINVAL;
	}
	drv->owner = owner;
	vlink_driver_add(drv);
	return vlink_xenbus_register(drv);
}
EXPORT_SYMBOL_GPL(__vlink_register_driver);

void vlink_unregister_driver(struct vlink_driver *drv)
{
	vlink_xenbus_unregister(drv);
	vlink_driver_del(drv);
}
EXPORT_SYMBOL_GPL(vlink_unregister_driver);

static int __init vlink_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;

	/*
	 * Not WQ_UNBOUND: Linux 6.9 and later run nothing any more on a queue that is both,
	 * once what was queued while it was frozen has been cancelled before it is thawed.
	 * Mapping a peer's memory takes long enough to keep other queues' work waiting.
	 */
	vlink_wq = alloc_workqueue("vlink", WQ_FREEZABLE | WQ_PERCPU | WQ_CPU_INTENSIVE, 0);
	if (!vlink_wq)
		return -ENOMEM;

	err = vlink_windows_init();
	if (err)
		goto fail_workqueue;
	vlink_maps_init();
	vlink_debugfs_init();
	err = vlink_suspend_init();
	if (err)
		goto fail_debugfs;
	err = vlink_published_start();
	if (err)
		goto fail_suspend;
	return 0;

fail_suspend:
	vlink_suspend_exit();
fail_debugfs:
	vlink_debugfs_exit();
	vlink_windows_exit();
fail_workqueue:
	destroy_workqueue(vlink_wq);
	return err;
}

static void __exit vlink_exit(void)
{
	vlink_published_stop();
	vlink_suspend_exit();
	vlink_quarantine_stop();
	vlink_debugfs_exit();
	destroy_workqueue(vlink_wq);
	/* After the last work that could still unmap. */
	vlink_maps_exit();
	vlink_windows_exit();
}

module_init(vlink_init);
module_exit(vlink_exit);

MODULE_DESCRIPTION("Link layer between Xen domains");
MODULE_LICENSE("GPL");
MODULE_VERSION(XEN_VLINK_VERSION);
