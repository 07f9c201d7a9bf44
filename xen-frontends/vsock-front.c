// SPDX-License-Identifier: GPL-2.0
/* vsock, the client's end. Both ends behave alike: see xen-common/vsock. */
#include <linux/module.h>
#include <linux/vlink.h>
#include <linux/vlink_vsock.h>

#include <xen/io/vsock.h>

static struct vlink_driver vsock_front = {
	.service = "vsock",
	.role = VLINK_CLIENT,
	.versions = { VSOCK_PROTOCOL_OLDEST, VSOCK_PROTOCOL_NEWEST },
	.ops = &xvsock_link_ops,
};

static int __init vsock_front_init(void)
{
	return vlink_register_driver(&vsock_front);
}

static void __exit vsock_front_exit(void)
{
	vlink_unregister_driver(&vsock_front);
}

module_init(vsock_front_init);
module_exit(vsock_front_exit);

MODULE_DESCRIPTION("AF_VSOCK sockets between Xen domains, client's end");
MODULE_LICENSE("GPL");
MODULE_ALIAS(VLINK_ALIAS_CLIENT("vsock"));
MODULE_ALIAS("xen:vsock");
