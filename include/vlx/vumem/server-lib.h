/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VUMEM for servers: a process that has memory, and lets the clients of another VM map it.
 *
 * A server loops on vumemReceive and vumemRespond. Whether a client may have a buffer,
 * how large and of what, the server decides; it can be any memory of the process that can be
 * pinned, and stays the server's to read and write.
 *
 * All functions return 0 or a positive errno value; EBADF for a handle that is none (any
 * more).
 */
#ifndef VLX_VUMEM_SERVER_LIB_H
#define VLX_VUMEM_SERVER_LIB_H

#include <vlx/vumem/server-drv.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Makes the process the server of the device @devName (/dev/vumem-srv-...), which has one
 * at a time. The directory may be left out, and the unit at the end if the device is the
 * only one that is named so.
 * Blocks until the client's VM is there. EBUSY: there is a server. EINVAL: not a server's
 * device, or a null pointer. ENOTUNIQ: several devices are named so. EINTR, ENOMEM;
 * ENOENT and others of open(2).
 */
int vumemServerCreate(const char *devName, VumemServerHandle *server);

/*
 * Ends the server: the clients' mappings are revoked, requests that were not answered
 * fail with EPIPE, as do all sessions, and other threads' functions with this handle. The
 * memory of buffers is the server's to free; a page that a client's VM still maps
 * against the rules stays pinned, and is not given to anybody else before that ends.
 * The end of the process does the same.
 */
int vumemServerDestroy(VumemServerHandle server);

/*
 * Waits for the next request of any client process, in the order in which they came.
 * A thread answers the request with vumemRespond before it receives another; several
 * threads may do so at a time, each with a request of its own. A request whose
 * client died is withdrawn, if no thread has received it; otherwise what it allocates
 * is freed by a FREE that follows. What a thread leaves unanswered when it ends fails with
 * EIO within a second.
 * EINVAL: the thread has not answered the request before, or a null pointer. EPIPE: the
 * client's VM or the link is gone: destroy the server, free the memory of its buffers,
 * create it anew. EINTR: a signal.
 */
int vumemReceive(VumemServerHandle server, VumemReq *req);

/*
 * Answers the request that the thread received. The client gets resp->retVal.
 * To an ALLOC with retVal 0 belong bufferId, as it was in the request; alloc, whatever the
 * client is to find there; and map: vaddr is the start of a page, and all
 * pages from there to that of the last byte become visible to the client. So a size that
 * is not in whole pages shows what lies behind (the library says so once, on standard
 * error): memory of vumemServerMemAlloc has zeros there. Or vaddr is
 * VUMEM_BUFFER_NO_VADDR: a buffer of that size without memory. The pages are pinned, and
 * count against RLIMIT_MEMLOCK, until the buffer was freed; the memory is to stay
 * mapped in the process until then.
 * To a CTL belongs ctl.
 * These errors end the request, and the client gets the same: EINVAL: the id is another,
 * retVal is over 4095, vaddr is not the start of a page, or the memory is not there
 * or not writable. EOPNOTSUPP: memory that cannot be shared: a device's, another VM's.
 * ENOMEM: over RLIMIT_MEMLOCK (the library says so once). EMSGSIZE: over 256 MiB.
 * ENOSPC, ENOMEM: Xen's grant table is full. EBUSY: the client's VM keeps too many
 * pages mapped that it should have given back.
 * These do not: EINVAL: the thread has received none, or a null pointer. EPIPE: the
 * client's VM or the link is gone, and so is the request.
 */
int vumemRespond(VumemServerHandle server, VumemResp *resp);

/*
 * Memory fit for buffers: zeroed, in whole pages that hold nothing else, not inherited
 * by forked children (where a page written first by the parent would be another than the
 * client's). @size may be 0 for a page. ENOMEM; EINVAL: a null pointer.
 */
int vumemServerMemAlloc(VumemSize size, void **addr);

/* Frees it; not before its buffer was. EINVAL: not of vumemServerMemAlloc. */
int vumemServerMemFree(void *addr);

#ifdef __cplusplus
}
#endif

#endif /* VLX_VUMEM_SERVER_LIB_H */
