/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VRPQ: scalar types, and the names of errors that mean something particular.
 * Programs include <vlx/vrpq/client-lib.h> or <vlx/vrpq/server-lib.h>, or both.
 */
#ifndef VLX_VRPQ_TYPES_H
#define VLX_VRPQ_TYPES_H

#include <stddef.h>

#include <linux/types.h>
#include <linux/errno.h>
#include <linux/ioctl.h>

#include <nk/nkern.h>

/* A size in bytes. */
typedef nku32_f VrpqSize;

/* A procedure: the group in the high 16 bits, the function in the low 16. */
typedef nku32_f VrpqProcId;

/* Handles are good in the process that made them and, on a server, in its forked children. */
typedef void *VrpqSessionHandle;
typedef void *VrpqChanHandle;

/*
 * All functions return 0 or a positive errno value; errno itself is not used.
 * These values have names of their own:
 *
 * EREQSIZE        the request can never fit into the link's memory
 * ECHANINVALID    the handle is not that of a channel
 * ECHANBROKEN     the other end of the channel, or the link, is gone for good
 * ESESSIONBROKEN  the same of a session
 * EBADREQ         the request was malformed
 */
#define EREQSIZE	EMSGSIZE
#define ECHANINVALID	EBADF
#define ECHANBROKEN	EPIPE
#ifndef ESESSIONBROKEN
#define ESESSIONBROKEN	EPIPE
#endif
#define EBADREQ		EBADR

#endif /* VLX_VRPQ_TYPES_H */
