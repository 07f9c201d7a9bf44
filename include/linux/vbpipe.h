/* SPDX-License-Identifier: GPL-2.0 */
/* What the two drivers of VBPIPE share: both ends of a pipe behave alike. */
#ifndef _LINUX_VBPIPE_H
#define _LINUX_VBPIPE_H

struct vlink_ops;

extern const struct vlink_ops vbpipe_link_ops;

#endif
