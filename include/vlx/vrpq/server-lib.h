/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VRPQ for servers: accepting sessions and channels, receiving requests, performing
 * callbacks.
 *
 * Usually a daemon loops on vrpqSessionAccept and forks a process for each session, which calls
 * vrpqShmMap, then loops on vrpqChanAccept and starts a thread for each channel,
 * which loops on vrpqReceive.
 *
 * All functions return 0 or a positive errno value. EBADF (ECHANINVALID) is returned
 * for a handle that is none, EPIPE (ECHANBROKEN, ESESSIONBROKEN) once the client has
 * gone, EINTR where a signal ended a wait. Handles work in forked children too,
 * whatever other threads did at the time of fork(2), but a channel is to be used by one
 * process. EALREADY is returned in a child for a channel on which a thread of the parent was
 * receiving, EPIPE for those of a session that was destroyed before.
 */
#ifndef VLX_VRPQ_SERVER_LIB_H
#define VLX_VRPQ_SERVER_LIB_H

#include <vlx/vrpq/client-drv.h>
#include <vlx/vrpq/server-drv.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Accepts a session that a client created on @port of the device @devName
 * (/dev/vrpq-srv-...), the oldest first. @info receives the client's information:
 * *@infoSize is the room there, and is set to the true length, which may be more than
 * was stored. Both may be NULL if it is not wanted.
 * Blocks until there is one, also while the client's VM is down or restarts. EINVAL:
 * not a server's device, or a null pointer. EINTR, ENOMEM; ENOENT and others of open(2)
 * if there is no such device.
 */
int vrpqSessionAccept(const char *devName, nku32_f port, void *info, VrpqSize *infoSize,
		      VrpqSessionHandle *session);

/*
 * Ends a session: the memory that vrpqShmMap mapped goes with the last of its channels.
 * Channels that exist work until they are destroyed; none can be created any more.
 */
int vrpqSessionDestroy(VrpqSessionHandle session);

/* Says who created the session. */
int vrpqClientIdGet(VrpqSessionHandle session, VrpqClientId *id);

/*
 * Maps the session's memory, its requests and parameters, for reading and writing, and
 * stores the address in *@addr. No other session's memory is there. In a forked
 * child it is at the same address.
 * EINVAL: it was mapped already in this process, or the session is VRPQ_SESSION_ANY
 * (each session has memory of its own). ENOMEM, EPIPE.
 */
int vrpqShmMap(VrpqSessionHandle session, void **addr);

/*
 * Accepts a channel that the client created in the session, the oldest first. @info,
 * @infoSize: as for vrpqSessionAccept. Blocks until there is one. EPIPE: the client ended the
 * session. EINVAL: a null pointer, or VRPQ_SESSION_ANY. EINTR, ENOMEM.
 */
int vrpqChanAccept(VrpqSessionHandle session, void *info, VrpqSize *infoSize,
		   VrpqChanHandle *chan);

/*
 * Ends a channel. A call that was delivered is answered with the reason set for it; calls
 * that were not fail with EPIPE at the client, posts are discarded.
 */
int vrpqChanDestroy(VrpqChanHandle chan);

/*
 * Receives requests: first acknowledges all that the former vrpqReceive on this channel
 * delivered. This frees their memory, and answers the call, if one was among them,
 * with the reason set for it. Then, with @count 0, returns at once. Else waits until there are
 * requests, stores pointers to at most @count of them in @reqs, and their number in
 * *@avail. A call is always the last of the requests delivered together.
 * The descriptors are copies that the client cannot change; parameters can change,
 * see <vlx/vrpq/server-drv.h>. All of it is valid until the next vrpqReceive or
 * vrpqChanDestroy on the channel. A request whose memory does not lie in the
 * session's is not delivered; a call of that kind is answered with EBADREQ.
 * EPIPE: the channel has ended, and all that the client had posted was delivered.
 * EALREADY: another thread is receiving on the channel. EINVAL: count is negative, or
 * a null pointer. EINTR: nothing was delivered.
 */
int vrpqReceive(VrpqChanHandle chan, VrpqProcReq **reqs, int count, int *avail);

/*
 * Sets the result of the call that was delivered last; the answer goes out with the next
 * vrpqReceive. Without it the result is 0. With a @reason that is not 0 no output data
 * reach the client. EALREADY: another thread is receiving on the channel. EINVAL: no call
 * waits for an answer.
 */
int vrpqCallSetReason(VrpqChanHandle chan, int reason);

/*
 * The sizes of the buffers that vrpqLocalBufReceive needs for the current request: the first
 * of those delivered by the last vrpqReceive that vrpqLocalBufReceive has not
 * copied yet. 0 where there are no parameters. EINVAL: all were copied.
 */
int vrpqLocalBufInfo(VrpqChanHandle chan, VrpqSize *inSize, VrpqSize *outSize);

/*
 * Copies the current request, with the data that references refer to, to the server's own
 * memory, which the client cannot change: the descriptor to *@req, input parameters to
 * @in, output references and room to @out. @in and @out are aligned to 8 and have the sizes
 * that vrpqLocalBufInfo said; each may be NULL if its size is 0. References in them
 * are resolved with VRPQ_PARAM_REF_IN_PLACE as ever. The output data in @out are
 * taken from there when the call is answered, so the buffers must remain
 * until the next vrpqReceive. EINVAL: no request is left, or a null pointer.
 */
int vrpqLocalBufReceive(VrpqChanHandle chan, VrpqProcReq *req, VrpqShmParamInPtr in,
			VrpqShmParamOutPtr out);

/* Input and output parameters of a request, or NULL if it has none; @shmBase: of vrpqShmMap. */
VrpqShmParamInPtr vrpqParamInGet(const VrpqProcReq *req, void *shmBase);
VrpqShmParamOutPtr vrpqParamOutGet(const VrpqProcReq *req, void *shmBase);

/* Flags of vrpqCallbackPerform. */
#define VRPQ_CALLBACK_SYNC	0
#define VRPQ_CALLBACK_ASYNC	1

/*
 * Allocates the parameters of a callback on the channel; arguments, results and errors
 * are those of vrpqParamCallAlloc. @pout may be NULL if @outCount is 0.
 */
int vrpqCallbackParamAlloc(VrpqChanHandle chan, VrpqSize inSize, unsigned int inRefCount,
			   VrpqSize inRefSize, unsigned int outCount, VrpqSize outSize,
			   VrpqParamInPtr *pin, VrpqParamOutPtr *pout);

/*
 * Requests a procedure of the client, which handles it with vrpqCallbackHandle. @in, @out:
 * from vrpqCallbackParamAlloc, both freed in any case; or NULL.
 * VRPQ_CALLBACK_SYNC: waits for the client's function and returns its value; output data
 * are there if that is 0. VRPQ_CALLBACK_ASYNC: returns 0 when the callback is queued; out
 * receives nothing.
 * Blocks while 64 callbacks are queued on the channel. Other threads may receive on the
 * channel meanwhile. EPIPE: the client has closed the channel. EINTR: a signal came
 * before the client had received the callback, which it never will. EINVAL,
 * EMSGSIZE as for vrpqPost, EFAULT as for vrpqCall.
 */
int vrpqCallbackPerform(VrpqChanHandle chan, VrpqProcId procId, VrpqParamInPtr in,
			VrpqParamOutPtr out, int flags);

#ifdef __cplusplus
}
#endif

#endif /* VLX_VRPQ_SERVER_LIB_H */
