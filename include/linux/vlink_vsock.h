/* SPDX-License-Identifier: GPL-2.0 */
/* What the two drivers of vsock share: both ends of a link behave alike. */
#ifndef _LINUX_VLINK_VSOCK_H
#define _LINUX_VLINK_VSOCK_H

struct vlink_ops;

extern const struct vlink_ops xvsock_link_ops;

#endif
