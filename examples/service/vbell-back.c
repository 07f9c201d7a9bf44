// SPDX-License-Identifier: GPL-2.0
/* vbell, the server's end: it maps the client's page. */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "vbell.h"

static int back_add(struct vlink *link)
{
	return vbell_add(link, "vbell-srv-");
}

/* The link layer unmaps it after disconnect. */
static int back_connect(struct vlink *link)
{
	struct vlink_region *region = vlink_region_map(link, "bell", 1);
	struct vbell_page *page;

	if (IS_ERR(region))
		return PTR_ERR(region);
	page = page_address(region->pages[0]);
	vbell_connect(link, &page->server_rings, &page->client_rings);
	return 0;
}

static const struct vlink_ops back_ops = {
	.add = back_add,
	.remove = vbell_remove,
	.connect = back_connect,
	.disconnect = vbell_disconnect,
	.event = vbell_event,
};

static struct vlink_driver vbell_back = {
	.service = "vbell",
	.role = VLINK_SERVER,
	.versions = VBELL_PROTOCOL,
	.ops = &back_ops,
};

static int __init vbell_back_init(void)
{
	return vlink_register_driver(&vbell_back);
}

static void __exit vbell_back_exit(void)
{
	vlink_unregister_driver(&vbell_back);
}

module_init(vbell_back_init);
module_exit(vbell_back_exit);

MODULE_DESCRIPTION("Bells between Xen domains, server's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_SERVER("vbell"));
MODULE_ALIAS("xen-backend:vbell");
