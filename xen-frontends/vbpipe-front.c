// SPDX-License-Identifier: GPL-2.0
/* VBPIPE, the client's end. Both ends behave alike: see xen-common/vbpipe. */
#include <linux/module.h>
#include <linux/vbpipe.h>
#include <linux/vlink.h>

#include <xen/io/vbpipe.h>

static struct vlink_driver vbpipe_front = {
	.service = "vbpipe",
	.role = VLINK_CLIENT,
	.versions = { VBPIPE_PROTOCOL_OLDEST, VBPIPE_PROTOCOL_NEWEST },
	.ops = &vbpipe_link_ops,
};

static int __init vbpipe_front_init(void)
{
	return vlink_register_driver(&vbpipe_front);
}

static void __exit vbpipe_front_exit(void)
{
	vlink_unregister_driver(&vbpipe_front);
}

module_init(vbpipe_front_init);
module_exit(vbpipe_front_exit);

MODULE_DESCRIPTION("Bidirectional byte pipes between Xen domains, client's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_CLIENT("vbpipe"));
MODULE_ALIAS("xen:vbpipe");
