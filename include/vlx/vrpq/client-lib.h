/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VRPQ for clients: sessions, channels, posts, calls, and the receiving end of callbacks.
 *
 * A process makes a session, usually one channel per thread in it, and queues requests
 * for the server on its channels. A post is asynchronous, a call waits for the
 * answer. Requests of one channel are handled in their order; those of different
 * channels in any. Posts cost no system call while the server is awake and
 * there is room.
 *
 * All functions return 0 or a positive errno value. EBADF (ECHANINVALID) is returned
 * for a handle that is none, EPIPE (ECHANBROKEN, ESESSIONBROKEN) once the server has
 * gone, EINTR where a signal ended a wait. All handles may be used by
 * several threads at a time, but no handle after or during its destruction.
 *
 * After fork(2) one of the two processes may go on with a session and its channels; the other
 * does nothing with them but destroy them, or exec or exit. That holds whatever other
 * threads did at the time; a child in which the memory cannot be mapped again
 * gets EPIPE. A session ends when both have destroyed it.
 */
#ifndef VLX_VRPQ_CLIENT_LIB_H
#define VLX_VRPQ_CLIENT_LIB_H

#include <vlx/vrpq/client-drv.h>
#include <vlx/vrpq/server-drv.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Creates a session on the device @devName (/dev/vrpq-clt-...) with a server that
 * accepts on @port. @info: @infoSize bytes that the server gets when it accepts; NULL
 * and 0 for none.
 * Blocks until a server accepted, also while the server's VM is down or restarts.
 * EMSGSIZE: infoSize is over 256. EAGAIN: the device has no more sessions. EINVAL:
 * not a client's device, or a null pointer. ENOMEM, EINTR; ENOENT and others of
 * open(2) if there is no such device.
 */
int vrpqSessionCreate(const char *devName, nku32_f port, const void *info, VrpqSize infoSize,
		      VrpqSessionHandle *session);

/*
 * Ends a session. Destroy its channels first: those that are left keep what they
 * need of it and go on working. The server's vrpqChanAccept then fails with EPIPE.
 */
int vrpqSessionDestroy(VrpqSessionHandle session);

/*
 * Creates a channel. @info, @infoSize: as for vrpqSessionCreate.
 * Blocks until the server has accepted the channel. EPIPE: the server ended the session.
 * EAGAIN: the device has no more channels. EMSGSIZE, EINTR, ENOMEM.
 */
int vrpqChanCreate(VrpqSessionHandle session, const void *info, VrpqSize infoSize,
		   VrpqChanHandle *chan);

/*
 * Ends a channel. What was posted is still delivered, notified or not; parameters that
 * were allocated and never posted are freed.
 */
int vrpqChanDestroy(VrpqChanHandle chan);

/*
 * Allocates the parameters of a post: @size bytes of direct parameters, then @refCount
 * references to @refSize bytes in sum. The first reference stands at
 * VRPQ_ROUND_UP(size, 8, VrpqSize). The content is undefined.
 * Blocks while the link has no memory for it. Returns NULL on failure, with the reason
 * in errno: EMSGSIZE (larger than the link's memory), EINVAL (refCount over
 * VRPQ_IN_REFS_MAX), EPIPE, EINTR, ENOMEM, EBADF.
 * The memory belongs to the caller until it is posted. There is no other way to free it
 * than to post it or to destroy the channel.
 */
VrpqParamInPtr vrpqParamPostAlloc(VrpqChanHandle chan, VrpqSize size, unsigned int refCount,
				  VrpqSize refSize);

/*
 * Allocates the parameters of a call: @inSize, @inRefCount and @inRefSize as above,
 * and @outCount output references to @outSize bytes in sum. Stores the pointers
 * in *@pin and *@pout; each is valid until vrpqCall. Errors as above, as result.
 */
int vrpqParamCallAlloc(VrpqChanHandle chan, VrpqSize inSize, unsigned int inRefCount,
		       VrpqSize inRefSize, unsigned int outCount, VrpqSize outSize,
		       VrpqParamInPtr *pin, VrpqParamOutPtr *pout);

/*
 * Queues a post. @in: from vrpqParamPostAlloc, freed in any case, also on error; or
 * NULL for a request without parameters. What references refer to is copied before the
 * function returns.
 * The server sees the post at any time from now on, but is only certain to be woken for it
 * by vrpqNotify, vrpqPostAndNotify or vrpqCall.
 * Blocks while the link has no room for more requests. When the server has closed the
 * channel the post is discarded and the result is 0.
 * EINVAL: in was not allocated for this channel, or references exceed the
 * refSize that they were allocated with. EFAULT: what a reference points to cannot be read;
 * nothing was posted, and the channel is as before. EMSGSIZE, EPIPE (the link broke), EINTR.
 */
int vrpqPost(VrpqChanHandle chan, VrpqProcId procId, VrpqParamInPtr in);

/* vrpqPost, then vrpqNotify. */
int vrpqPostAndNotify(VrpqChanHandle chan, VrpqProcId procId, VrpqParamInPtr in);

/*
 * Queues a call and waits for the answer. @in, @out: from vrpqParamCallAlloc, both freed
 * in any case; or NULL.
 * Returns the reason that the server set, which is 0 unless it called vrpqCallSetReason
 * (a negative errno value is returned as the positive one); with 0, and only then, the output data were copied to where the references
 * in @out point.
 * EINTR: a signal came before the server had received the call, which it never
 * will. Once it has, only a fatal signal ends the wait. EPIPE: the server closed the channel,
 * or the link broke; the call may have been handled or not. EBADREQ: the server's
 * library did not find the call well-formed. EFAULT: as for vrpqPost; or the call was handled,
 * and an output reference points to what cannot be written. EINVAL, EMSGSIZE as for vrpqPost.
 */
int vrpqCall(VrpqChanHandle chan, VrpqProcId procId, VrpqParamInPtr in, VrpqParamOutPtr out);

/* Wakes the server for all that was posted on the channel, if it sleeps. Does not block. */
int vrpqNotify(VrpqChanHandle chan);

/*
 * Statistics of a client's device. @stats has room for @count.
 * VRPQ_PROF_GEN_STAT_GET: stores the counters that the ids in @stats name. EINVAL: an
 * unknown id.
 * VRPQ_PROF_PROC_STAT_GET: the ids are procedures; stores how often each was requested.
 * VRPQ_PROF_PROC_STAT_GET_ALL: stores ids and counts of all procedures, as many as fit;
 * returns how many there are (this is not an error).
 * VRPQ_PROF_RESET: clears the counters, except those of what is in use now.
 * A counter over 2^32 - 1 reads as that. EINVAL: an unknown command, or not a
 * client's device. ENOENT and others of open(2).
 */
int vrpqProf(const char *devName, int cmd, VrpqStat *stats, int count);

/*
 * Handles a callback of the server. The function gets the procedure and its
 * parameters, as a server gets those of a request; out is NULL if there are none.
 * What it returns is the result of vrpqCallbackPerform.
 */
typedef int (*VrpqCallbackFunc)(void *cookie, VrpqProcId procId, VrpqShmParamInPtr in,
				VrpqShmParamOutPtr out);

/*
 * Waits for one callback on the channel, runs @func with @cookie in the calling thread, and
 * answers with its value. Returns 0 then; what func returned is the server's
 * affair. Callbacks queue while no thread is here: a thread inside vrpqCall does not handle
 * them, but another may. Several threads take turns.
 * EPIPE: the channel has ended and all callbacks were handled. EINTR: nothing was handled.
 */
int vrpqCallbackHandle(VrpqChanHandle chan, VrpqCallbackFunc func, void *cookie);

#ifdef __cplusplus
}
#endif

#endif /* VLX_VRPQ_CLIENT_LIB_H */
