// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/vlink/: links, a line for each link that a driver serves;
 * quarantined_pages, how many pages of ended connections a server still maps; charges,
 * how many pages are mapped and granted for processes, and how many may be.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "internal.h"

static struct dentry *root;

struct dentry *vlink_debugfs_root(void)
{
	return root;
}
EXPORT_SYMBOL_GPL(vlink_debugfs_root);

static void show_link(void *arg, struct vlink *link)
{
	struct seq_file *m = arg;
	struct xenbus_device *xdev;

	mutex_lock(&link->lock);
	xdev = link->xdev;
	seq_printf(m, "%-8s %-6s %-16s %-8s %4u %-12s %-13s %6u %10lld %10lld %s\n",
		   link->drv->service, vlink_role_name(link->drv->role), link->id,
		   link->class_name, link->unit, link->peer,
		   xdev ? xenbus_strstate(xdev->state) : "-", link->epoch,
		   atomic64_read(&link->events_sent), atomic64_read(&link->events_received),
		   link->info);
	mutex_unlock(&link->lock);
}

static int links_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%-8s %-6s %-16s %-8s %4s %-12s %-13s %6s %10s %10s %s\n",
		   "service", "role", "link", "class", "unit", "peer", "state", "epoch",
		   "sent", "received", "info");
	vlink_for_each(show_link, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(links);

static int quarantined_get(void *data, u64 *value)
{
	*value = vlink_quarantined_pages();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(quarantined_fops, quarantined_get, NULL, "%llu\n");

static int charges_show(struct seq_file *m, void *v)
{
	vlink_charges_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(charges);

void vlink_debugfs_init(void)
{
	root = debugfs_create_dir("vlink", NULL);
	debugfs_create_file("links", 0400, root, NULL, &links_fops);
	debugfs_create_file("quarantined_pages", 0400, root, NULL, &quarantined_fops);
	debugfs_create_file("charges", 0400, root, NULL, &charges_fops);
}

void vlink_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
