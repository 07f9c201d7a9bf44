/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VRPQ: what clients and servers have in common.
 *
 * The layout of parameters, as both ends write and read it. All offsets are
 * multiples of VRPQ_PARAM_ALIGN_SIZE:
 *
 *   input    direct parameters, then references (VrpqParamRef). The first
 *            reference stands at the size of the direct parameters, rounded up to 8.
 *   output   references only.
 *
 * The client stores in each reference the size and the address of memory of its own.
 * The server finds there the size and an offset to the data, which it resolves with
 * VRPQ_PARAM_REF_IN_PLACE. Output data travel back when the call is answered
 * with reason 0, each piece at its full size.
 */
#ifndef VLX_VRPQ_COMMON_H
#define VLX_VRPQ_COMMON_H

#include <vlx/vrpq/types.h>

/* Who made a session: the domain id of its VM, and the process id there. */
#ifndef _VLX_DEF_CLIENTID
#define _VLX_DEF_CLIENTID
typedef nku32_f VmId;
typedef nku32_f AppId;
typedef struct ClientId {
	VmId vmId;
	AppId appId;
} ClientId;
#endif

typedef ClientId VrpqClientId;

/* --- procedures ----------------------------------------------------------- */

/* The id of function @func of group @group. @func is not masked. */
#define VRPQ_PROC_ID(group, func) \
	((((VrpqProcId)(group)) << 16) | (VrpqProcId)(func))
#define VRPQ_PROC_ID_GRP_GET(id)	(((VrpqProcId)(id)) >> 16)
#define VRPQ_PROC_ID_FUNC_GET(id)	(((VrpqProcId)(id)) & 0xffffU)

/* Group of the drivers' own procedures; programs use other groups. */
#define VRPQ_GRP_CONTROL	0

/* Stands for any session where a function says so. */
#define VRPQ_SESSION_ANY	((VrpqSessionHandle)(size_t)0xffffffffUL)

/* --- parameters ----------------------------------------------------------- */

#define VRPQ_PARAM_ALIGN_SIZE	8

/* @val rounded up to a multiple of @align, a power of two, as a @type. */
#define VRPQ_ROUND_UP(val, align, type) \
	((type)((((type)(val)) + ((type)(align) - 1)) & ~((type)(align) - 1)))

/* Direct parameters of a request take no more than this on every VRPQ; here they may. */
#define VRPQ_SERIAL_DIRECT_PARAMS_SIZE_MAX	65536

/* References of a request, in each direction. */
#define VRPQ_IN_REFS_MAX	32
#define VRPQ_OUT_REFS_MAX	32

/* Requests that VLX took in one call; nothing here depends on it. */
#define VRPQ_MULTI_PROCS_MAX	32

/*
 * A reference: 16 bytes for 32-bit and for 64-bit programs alike. Clients fill it with
 * VRPQ_PARAM_REF_WRITE, servers resolve it with VRPQ_PARAM_REF_IN_PLACE.
 */
__extension__ typedef struct VrpqParamRef {
	union {
		VrpqSize size;		/* bytes */
		nku64_f sizePadding;
	};
	union {
		void *uptr;		/* at the client: where the data are */
		VrpqSize offset;	/* at the server: from this reference to the data */
		nku64_f uptrPadding;
	};
} __attribute__((__aligned__(8))) VrpqParamRef;

/* A request as it is delivered. Offsets count from what vrpqShmMap returned; 0 is none. */
typedef struct VrpqProcReq {
	VrpqProcId procId;
	VrpqSize inOffset;
	VrpqSize outOffset;
} VrpqProcReq;

/* Whatever pointer @buf is, as the address @off bytes behind; integers do not compile. */
#define VRPQ_PARAM_AT_(buf, off) \
	(((unsigned char *)(1 ? (buf) : (void *)0)) + (off))

/* --- statistics ----------------------------------------------------------- */

/* A counter: VRPQ_PROF_ id, or a VrpqProcId where procedures are counted. */
typedef struct VrpqStat {
	nku32_f id;
	nku32_f val;
} VrpqStat;

/* Commands of vrpqProf. */
#define VRPQ_PROF_GEN_STAT_GET		1
#define VRPQ_PROF_PROC_STAT_GET		2
#define VRPQ_PROF_PROC_STAT_GET_ALL	3
#define VRPQ_PROF_RESET			4

/* Ids of general counters. They count since the link was made or since VRPQ_PROF_RESET. */
#define VRPQ_PROF_ADM_CALLS		1	/* creations and destructions */
#define VRPQ_PROF_SESSION_CREATE	2
#define VRPQ_PROF_SESSION_DESTROY	3
#define VRPQ_PROF_CHAN_CREATE		4
#define VRPQ_PROF_CHAN_DESTROY		5
#define VRPQ_PROF_NOTIFY		6	/* calls of vrpqNotify */
#define VRPQ_PROF_POST_MULTI_CALL	7	/* calls of vrpqCall */
#define VRPQ_PROF_POSTS_PER_CALL	8	/* posts since the last announcement, summed up */
#define VRPQ_PROF_POSTS_PER_CALL_MAX	9	/* and the most of them */
#define VRPQ_PROF_POST_MULTI_NOTIFY	10	/* calls of vrpqPostAndNotify */
#define VRPQ_PROF_POSTS_PER_NOTIFY	11
#define VRPQ_PROF_POSTS_PER_NOTIFY_MAX	12
#define VRPQ_PROF_POST_MULTI		13	/* batches of vrpqPost that were announced alone */
#define VRPQ_PROF_GROUPED_POSTS		14	/* posts in them */
#define VRPQ_PROF_GROUPED_POSTS_MAX	15
#define VRPQ_PROF_RESPONSES_INTR	16	/* wake-ups of the client */
#define VRPQ_PROF_PARAM_ALLOC_FAST	17	/* parameters placed in memory at hand */
#define VRPQ_PROF_PARAM_ALLOC_SLOW	18	/* parameters that needed new pages */
#define VRPQ_PROF_IN_PARAM_REF		19	/* requests with input references */
#define VRPQ_PROF_PARAM_SINGLE_SZ_MAX	20	/* bytes of the largest parameters */
#define VRPQ_PROF_PARAM_ALLOCATED_SZ	21	/* bytes of parameter memory in use */
#define VRPQ_PROF_PARAM_ALLOCATED_SZ_MAX 22
#define VRPQ_PROF_REQS_NR		23	/* requests that are queued */
#define VRPQ_PROF_REQS_NR_MAX		24
#define VRPQ_PROF_REQS_FREE		25	/* times consumed requests were reclaimed */
#define VRPQ_PROF_REQS_PER_FREE		26	/* requests reclaimed, summed up */
#define VRPQ_PROF_REQ_RING_FULL		27	/* waits for room for requests */
#define VRPQ_PROF_PARAM_RING_FULL	28	/* waits for room for parameters */
#define VRPQ_PROF_WAIT_FOR_SPACE_INTR	29	/* wake-ups from these */
#define VRPQ_PROF_PROC_STAT_TBL		30	/* tables of the counters of procedures */

#endif /* VLX_VRPQ_COMMON_H */
