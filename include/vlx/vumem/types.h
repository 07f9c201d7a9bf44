/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VUMEM: scalar types, and the name of an error that means something particular.
 * Programs include <vlx/vumem/client-lib.h> or <vlx/vumem/server-lib.h>, or both.
 */
#ifndef VLX_VUMEM_TYPES_H
#define VLX_VUMEM_TYPES_H

#include <stddef.h>

#include <linux/types.h>
#include <linux/errno.h>
#include <linux/ioctl.h>

#include <nk/nkern.h>

/* A size in bytes. */
typedef nku32_f VumemSize;

/* A buffer, among all that the server's VM has at a time. Never 0; reused. */
typedef nku32_f VumemBufferId;

/* Bits of VUMEM_ATTR_, VUMEM_CACHE_; values of VUMEM_CTL_, VUMEM_CMD_. */
typedef nku32_f VumemBufferAttr;
typedef nku32_f VumemCacheOp;
typedef nku32_f VumemCtlOp;
typedef nku32_f VumemCmd;

/* Handles are good in the process that made them, and in its forked children. */
typedef void *VumemSessionHandle;
typedef void *VumemBufferHandle;
typedef void *VumemServerHandle;

/*
 * All functions return 0 or a positive errno value; errno itself is not used.
 *
 * ESESSIONBROKEN  the server process or the link is gone: make new sessions and buffers
 */
#ifndef ESESSIONBROKEN
#define ESESSIONBROKEN	EPIPE
#endif

#endif /* VLX_VUMEM_TYPES_H */
