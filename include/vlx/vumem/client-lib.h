/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VUMEM for clients: buffers that a server process in another VM allocates, and that
 * processes of this one map.
 *
 * A process makes a session and allocates buffers in it. What is to be allocated, the
 * server understands: the library passes it on. Another process gets at a
 * buffer when its descriptor is passed to it (vumemBufferFd, vumemBufferFromFd).
 *
 * A buffer ends when its allocator frees it, with the session it was allocated in, with the
 * last descriptor that leads to it, and with the server process. From then on no
 * process of this VM has the memory mapped: where a mapping was left, it reads as zeros
 * of the process's own, and what is written there is lost; there is no signal. Only
 * after that the server hears of it, and may use the memory for something else.
 *
 * All functions return 0 or a positive errno value. EBADF is returned for a handle that
 * is none (any more), EPIPE (ESESSIONBROKEN) once the server process or the link is
 * gone: then sessions and buffers are to be made anew. Functions that ask the
 * server wait for its answer, and only a fatal signal ends that: a request that the server
 * has not received is withdrawn then, and what it still allocates is freed.
 * All functions may be used by several threads at a time; a handle ends when no thread is in
 * a function with it any more.
 *
 * After a fork the child has handles of its own to the same objects. A session or a
 * buffer lasts until both have ended theirs, but the child is not the allocator of
 * what was allocated before, and has nothing mapped.
 */
#ifndef VLX_VUMEM_CLIENT_LIB_H
#define VLX_VUMEM_CLIENT_LIB_H

#include <vlx/vumem/client-drv.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Creates a session on the device @devName (/dev/vumem-clt-...). The directory may be
 * left out, and the unit at the end if the device is the only one that is named so.
 * Blocks until a server process receives, also while the server's VM is down or
 * restarts. EINVAL: not a client's device, or a null pointer. ENOTUNIQ: several
 * devices are named so. EINTR: a signal. ENOMEM; ENOENT and others of open(2).
 */
int vumemSessionCreate(const char *devName, VumemSessionHandle *session);

/*
 * vumemSessionCreate that makes the session the only one that may allocate on the device: the master
 * session. Sessions and buffers that exist stay. EBUSY: there is a master session.
 */
int vumemSessionMasterCreate(const char *devName, VumemSessionHandle *session);

/*
 * Ends a session. Its buffers are freed as by vumemBufferFree, and handles to them
 * that this process has by vumemBufferAlloc end; registrations end too. Waits for
 * the server.
 */
int vumemSessionDestroy(VumemSessionHandle session);

/*
 * Allocates a buffer. @alloc are @size bytes for the server, which may change them; they
 * are stored back if that succeeds. May be NULL and 0.
 * EINVAL: size is over VUMEM_OPAQUE_REQUEST_SIZE_MAX, or a null pointer. EPERM: another
 * session is the device's master. ENOMEM, EMFILE and others of open(2). Other
 * errors are the server's, or that of its memory: EINVAL, ENOMEM, EOPNOTSUPP, EMSGSIZE
 * of vumemRespond.
 */
int vumemBufferAlloc(VumemSessionHandle session, void *alloc, VumemSize size,
		     VumemBufferHandle *buffer);

/*
 * Ends a handle. If it allocated the buffer, this frees the buffer: it is unmapped in
 * this process, and everybody else's mappings are revoked before the server is told; the
 * server's errno is returned, and the buffer is gone whatever that is. The handle of
 * anybody else just ends, and what it mapped stays mapped: so vumemBufferUnmap first.
 */
int vumemBufferFree(VumemBufferHandle buffer);

/*
 * Tells the server that the process uses a buffer it did not allocate; the server may
 * refuse with an errno. The session is one of this process on the same device.
 * Mapping works without it. Registering twice, or the allocating session, is 0 and tells
 * nothing. EINVAL: another device's session. EPIPE: also if the buffer was freed.
 */
int vumemBufferRegister(VumemSessionHandle session, VumemBufferHandle buffer);

/*
 * Takes the handle's last vumemBufferRegister back. EINVAL: there is none.
 * The end of the session does the same.
 */
int vumemBufferUnregister(VumemBufferHandle buffer);

/* The buffer's id, as the server has it. Does not block. */
int vumemBufferIdGet(VumemBufferHandle buffer, VumemBufferId *id);

/*
 * Maps the whole buffer for reading and writing, and stores the address in *@vaddr.
 * EBUSY: the handle has it mapped already; *@vaddr is where, or unchanged if it is another
 * handle of this process. EINVAL: the buffer is not mappable. EPIPE: it was freed.
 * ENOMEM: also if the user would have too many pages of other VMs mapped.
 * The mapping cannot be split, moved or made executable, and is not in forked children.
 */
int vumemBufferMap(VumemBufferHandle buffer, void **vaddr);

/* Takes the mapping away. EINVAL: there is none. */
int vumemBufferUnmap(VumemBufferHandle buffer);

/*
 * Makes what the buffer's parties wrote visible to each other. Caches are coherent
 * here, so there is nothing to do. EINVAL: the buffer is not mapped by
 * this handle, or @op has an unknown bit or no direction.
 */
int vumemBufferCacheCtl(VumemBufferHandle buffer, VumemCacheOp op);

/*
 * Operations of VUMEM_CTL_; @arg points to @size bytes as <vlx/vumem/client-drv.h> says
 * for each. VUMEM_CTL_REMOTE asks the server and waits, and stores what the
 * server makes of the bytes. EINVAL: an unknown operation, another size, or the buffer
 * was freed.
 */
int vumemBufferCtl(VumemBufferHandle buffer, VumemCtlOp cmd, void *arg, VumemSize size);

/*
 * Statistics of a client's device. VUMEM_PROF_GEN_STAT_GET: stores the @count counters
 * that the ids in @stats name. VUMEM_PROF_RESET: clears all but those of what there
 * is now. A counter over 2^32 - 1 reads as that. EINVAL: an unknown command or id, or
 * not a client's device. ENOENT and others of open(2).
 */
int vumemProf(const char *devName, int cmd, VumemStat *stats, int count);

/*
 * Stores the handle's descriptor, for passing to another process (SCM_RIGHTS). It stays
 * the handle's: do not close it.
 */
int vumemBufferFd(VumemBufferHandle buffer, int *fd);

/*
 * Makes a handle from a buffer's descriptor. It gets a duplicate: @fd stays the
 * caller's. The handle is not the allocator's. EINVAL: not a buffer's descriptor.
 */
int vumemBufferFromFd(int fd, VumemBufferHandle *buffer);

/* The buffer's size in bytes, whole pages, and its attributes. Either may be NULL. */
int vumemBufferInfo(VumemBufferHandle buffer, VumemSize *size, VumemBufferAttr *attr);

#ifdef __cplusplus
}
#endif

#endif /* VLX_VUMEM_CLIENT_LIB_H */
