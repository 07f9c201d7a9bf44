/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VUMEM: what clients and servers have in common. */
#ifndef VLX_VUMEM_COMMON_H
#define VLX_VUMEM_COMMON_H

#include <vlx/vumem/types.h>

/* Who sent a request: the domain id of its VM, and the process id there. */
#ifndef _VLX_DEF_CLIENTID
#define _VLX_DEF_CLIENTID
typedef nku32_f VmId;
typedef nku32_f AppId;
typedef struct ClientId {
	VmId vmId;
	AppId appId;
} ClientId;
#endif

typedef ClientId VumemClientId;

/* Opaque requests, of allocations and VUMEM_CTL_REMOTE, have no more bytes. */
#define VUMEM_OPAQUE_REQUEST_SIZE_MAX	128

/* The address of a buffer without memory, which is a handle and an id only. */
#define VUMEM_BUFFER_NO_VADDR	((void *)~(size_t)0)

/* --- attributes ------------------------------------------------------------ */

#define VUMEM_ATTR_IS_MAPPABLE		(1U << 0)
/* Never set here: caches of machines that run Xen are coherent. */
#define VUMEM_ATTR_CACHE_OUTER_ENABLED	(1U << 13)
#define VUMEM_ATTR_NEED_CACHE_SYNC_DEV	(1U << 14)
#define VUMEM_ATTR_NEED_CACHE_SYNC_MEM	(1U << 15)
#define VUMEM_ATTR_CACHE_POLICY(c)	(((VumemBufferAttr)(c) & VUMEM_CACHE_MASK) << 16)
#define VUMEM_ATTR_CACHE_POLICY_GET(a)	(((VumemBufferAttr)(a) >> 16) & VUMEM_CACHE_MASK)

/* Cache policies. */
#define VUMEM_CACHE_NONE		0U
#define VUMEM_CACHE_WRITECOMBINE	1U
#define VUMEM_CACHE_WRITETHROUGH	2U
#define VUMEM_CACHE_WRITEBACK		3U	/* of all buffers here */
#define VUMEM_CACHE_WRITEALLOC		4U
#define VUMEM_CACHE_MASK		0xfU

/* --- operations on caches -------------------------------------------------- */

#define VUMEM_CACHE_SYNC_TO_MEMORY	1U
#define VUMEM_CACHE_SYNC_FROM_MEMORY	2U
#define VUMEM_CACHE_SYNC_MEMORY		3U	/* both */
#define VUMEM_CACHE_SYNC_TO_DEVICE	4U
#define VUMEM_CACHE_SYNC_FROM_DEVICE	8U
#define VUMEM_CACHE_SYNC_DEVICE		12U	/* both */
#define VUMEM_CACHE_LOCAL		16U	/* besides: the caller's caches are enough */

/* --- statistics ------------------------------------------------------------ */

/* A counter: VUMEM_PROF_ id, and its value. */
typedef struct VumemStat {
	nku32_f id;
	nku32_f val;
} VumemStat;

/* Commands of vumemProf. */
#define VUMEM_PROF_GEN_STAT_GET		1
#define VUMEM_PROF_RESET		2

/* Ids. They count since the link was made or since VUMEM_PROF_RESET, or what there is now. */
#define VUMEM_PROF_BUFFER_ALLOC		1
#define VUMEM_PROF_BUFFER_FREE		2
#define VUMEM_PROF_BUFFER_MAP		3
#define VUMEM_PROF_BUFFER_REGISTER	4
#define VUMEM_PROF_BUFFER_UNREGISTER	5
#define VUMEM_PROF_BUFFER_CACHE_CTL	6	/* that had work to do: none on coherent machines */
#define VUMEM_PROF_BUFFER_CACHE_CTL_REMOTE 7	/* likewise */
#define VUMEM_PROF_BUFFER_CTL_REMOTE	8
#define VUMEM_PROF_RPC_CALLS		9	/* requests to the server's VM */
#define VUMEM_PROF_SESSIONS		10	/* now */
#define VUMEM_PROF_BUFFERS		11	/* now */
#define VUMEM_PROF_BUFFER_MAPPINGS	12	/* now, of buffers that exist, in all processes */
#define VUMEM_PROF_BUFFER_SINGLE_SIZE_MAX 13
#define VUMEM_PROF_BUFFER_ALLOCATED_SIZE 14	/* now */
#define VUMEM_PROF_BUFFER_ALLOCATED_SIZE_MAX 15

#endif /* VLX_VUMEM_COMMON_H */
