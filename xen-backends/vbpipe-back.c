// SPDX-License-Identifier: GPL-2.0
/* VBPIPE, the server's end. Both ends behave alike: see xen-common/vbpipe. */
#include <linux/module.h>
#include <linux/vbpipe.h>
#include <linux/vlink.h>

#include <xen/io/vbpipe.h>

static struct vlink_driver vbpipe_back = {
	.service = "vbpipe",
	.role = VLINK_SERVER,
	.versions = { VBPIPE_PROTOCOL_OLDEST, VBPIPE_PROTOCOL_NEWEST },
	.ops = &vbpipe_link_ops,
};

static int __init vbpipe_back_init(void)
{
	return vlink_register_driver(&vbpipe_back);
}

static void __exit vbpipe_back_exit(void)
{
	vlink_unregister_driver(&vbpipe_back);
}

module_init(vbpipe_back_init);
module_exit(vbpipe_back_exit);

MODULE_DESCRIPTION("Bidirectional byte pipes between Xen domains, server's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_SERVER("vbpipe"));
MODULE_ALIAS("xen-backend:vbpipe");
