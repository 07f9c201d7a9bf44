/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VUMEM: what clients ask of buffers. */
#ifndef VLX_VUMEM_CLIENT_DRV_H
#define VLX_VUMEM_CLIENT_DRV_H

#include <vlx/vumem/common.h>

/*
 * Operations of vumemBufferCtl, and what its argument points to. The last four are
 * answered in the process.
 */
#define VUMEM_CTL_REMOTE	1U	/* up to 128 bytes for the server, which may change them */
#define VUMEM_CTL_IS_ALLOCATOR	2U	/* int: set to whether this handle allocated the buffer */
#define VUMEM_CTL_IS_MAPPABLE	3U	/* int: set to whether the buffer has memory */
#define VUMEM_CTL_PRIVATE_GET	4U	/* void *: set to the handle's pointer, at first NULL */
#define VUMEM_CTL_PRIVATE_SET	5U	/* void *: the handle's pointer becomes this */

/*
 * An allocation, as older drivers were asked for it. <vlink/vumem_ioctl.h> has today's form; the
 * type is there for programs that name it.
 */
typedef struct VumemBufferAllocCmd {
	int sessionFd;
	void *alloc;
	VumemSize size;			/* of alloc */
	VumemSize bufferSize;		/* results */
	VumemBufferId bufferId;
	VumemBufferAttr attr;
} VumemBufferAllocCmd;

#endif /* VLX_VUMEM_CLIENT_DRV_H */
