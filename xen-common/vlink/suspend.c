// SPDX-License-Identifier: GPL-2.0
/*
 * This domain is saved, migrated or checkpointed. Xen's suspend freezes processes and
 * calls the devices' PM callbacks; xenbus has none for back ends, so the link layer has a
 * device of its own. Before the domain is saved every connection ends, because neither
 * mappings of a peer's pages nor event channels live in a saved domain; afterwards
 * connections begin anew, whether the domain was saved (restore) or not (thaw).
 *
 * All of it runs in xenwatch, which reads control/shutdown: xenbus itself makes and
 * removes no device meanwhile.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/platform_device.h>
#include <linux/pm.h>

#include "internal.h"

static void suspend_link(void *arg, struct vlink *link)
{
	vlink_suspend(link);
}

static void resume_link(void *arg, struct vlink *link)
{
	vlink_resume(link);
}

static int is_of_driver(struct device *dev, const void *data)
{
	const struct vlink_driver *drv = data;

	return !strcmp(to_xenbus_device(dev)->devicetype, drv->service);
}

/*
 * The devices are those of the domain's former life, whose directories are gone; the
 * toolstack makes others. One that no driver has goes as well: it would be taken for the new
 * one of its number.
 */
static void forget_devices(struct vlink_driver *drv)
{
	const struct device_driver *driver = &drv->xenbus.driver;
	struct device *dev;

	while (driver->bus && (dev = bus_find_device(driver->bus, NULL, drv, is_of_driver))) {
		/* Ends in vlink_remove(). */
		device_unregister(dev);
		/* bus_find_device()'s reference */
		put_device(dev);
	}
}

static int vlink_freeze(struct device *dev)
{
	vlink_for_each(suspend_link, NULL);
	/* Processes find there what their peers wrote before. */
	vlink_regions_touch();
	return 0;
}

static int vlink_thaw(struct device *dev)
{
	vlink_for_each(resume_link, NULL);
	return 0;
}

static int vlink_restore(struct device *dev)
{
	vlink_walk_frozen_drivers(forget_devices);
	vlink_for_each(resume_link, NULL);
	vlink_published_anew();
	return 0;
}

static const struct dev_pm_ops vlink_pm_ops = {
	.freeze = vlink_freeze,
	.thaw = vlink_thaw,
	.restore = vlink_restore,
};

static struct platform_driver vlink_pm_driver = {
	.driver = {
		.name = "vlink",
		.pm = &vlink_pm_ops,
	},
};

static struct platform_device *vlink_pm_device;

int vlink_suspend_init(void)
{
	int err = platform_driver_register(&vlink_pm_driver);

	if (err)
		return err;
	vlink_pm_device = platform_device_register_simple("vlink", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(vlink_pm_device)) {
		platform_driver_unregister(&vlink_pm_driver);
		return PTR_ERR(vlink_pm_device);
	}
	return 0;
}

void vlink_suspend_exit(void)
{
	platform_device_unregister(vlink_pm_device);
	platform_driver_unregister(&vlink_pm_driver);
}
