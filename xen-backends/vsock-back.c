// SPDX-License-Identifier: GPL-2.0
/* vsock, the server's end. Both ends behave alike: see xen-common/vsock. */
#include <linux/module.h>
#include <linux/vlink.h>
#include <linux/vlink_vsock.h>

#include <xen/io/vsock.h>

static struct vlink_driver vsock_back = {
	.service = "vsock",
	.role = VLINK_SERVER,
	.versions = { VSOCK_PROTOCOL_OLDEST, VSOCK_PROTOCOL_NEWEST },
	.ops = &xvsock_link_ops,
};

static int __init vsock_back_init(void)
{
	return vlink_register_driver(&vsock_back);
}

static void __exit vsock_back_exit(void)
{
	vlink_unregister_driver(&vsock_back);
}

module_init(vsock_back_init);
module_exit(vsock_back_exit);

MODULE_DESCRIPTION("AF_VSOCK sockets between Xen domains, server's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_SERVER("vsock"));
MODULE_ALIAS("xen-backend:vsock");
