// SPDX-License-Identifier: GPL-2.0
/* vbell, the client's end: it owns the page. */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "vbell.h"

static int front_add(struct vlink *link)
{
	return vbell_add(link, "vbell-clt-");
}

/* The link layer grants the page to the server, and releases it after disconnect. */
static int front_setup(struct vlink *link)
{
	struct vbell *bell = link->priv;

	bell->region = vlink_region_create(link, "bell", 1);
	return PTR_ERR_OR_ZERO(bell->region);
}

static int front_connect(struct vlink *link)
{
	struct vbell *bell = link->priv;
	struct vbell_page *page = page_address(bell->region->pages[0]);

	vbell_connect(link, &page->client_rings, &page->server_rings);
	return 0;
}

static const struct vlink_ops front_ops = {
	.add = front_add,
	.remove = vbell_remove,
	.setup = front_setup,
	.connect = front_connect,
	.disconnect = vbell_disconnect,
	.event = vbell_event,
};

static struct vlink_driver vbell_front = {
	.service = "vbell",
	.role = VLINK_CLIENT,
	.versions = VBELL_PROTOCOL,
	.ops = &front_ops,
};

static int __init vbell_front_init(void)
{
	return vlink_register_driver(&vbell_front);
}

static void __exit vbell_front_exit(void)
{
	vlink_unregister_driver(&vbell_front);
}

module_init(vbell_front_init);
module_exit(vbell_front_exit);

MODULE_DESCRIPTION("Bells between Xen domains, client's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_CLIENT("vbell"));
MODULE_ALIAS("xen:vbell");
