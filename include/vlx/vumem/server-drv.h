/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VUMEM: requests to a server, and its responses. */
#ifndef VLX_VUMEM_SERVER_DRV_H
#define VLX_VUMEM_SERVER_DRV_H

#include <vlx/vumem/common.h>

/*
 * Requests. A buffer's life is ALLOC, then REGISTER, UNREGISTER (of processes other than
 * its allocator) and CTL any number of times, then FREE. FREE comes when no process
 * of the client's VM maps the buffer any more. Requests name the process that
 * caused them; that of a FREE or UNREGISTER may be dead.
 */
#define VUMEM_CMD_BUFFER_ALLOC		1U
#define VUMEM_CMD_BUFFER_FREE		2U
#define VUMEM_CMD_BUFFER_REGISTER	3U
#define VUMEM_CMD_BUFFER_UNREGISTER	4U
#define VUMEM_CMD_BUFFER_CTL		5U
#define VUMEM_CMD_NR			5U

typedef struct VumemReqHeader {
	VumemClientId clId;
	VumemCmd cmd;
} VumemReqHeader;

/* The id is that of the buffer to be; its response is to have the same. */
typedef struct VumemBufferAllocIn {
	VumemBufferId bufferId;
	char alloc[VUMEM_OPAQUE_REQUEST_SIZE_MAX];
	VumemSize size;			/* of alloc */
} VumemBufferAllocIn;

typedef struct VumemBufferFreeIn {
	VumemBufferId bufferId;
} VumemBufferFreeIn;

typedef VumemBufferFreeIn VumemBufferRegisterIn;
typedef VumemBufferFreeIn VumemBufferUnregisterIn;

typedef struct VumemBufferCtlIn {
	VumemBufferId bufferId;
	char ctl[VUMEM_OPAQUE_REQUEST_SIZE_MAX];
	VumemSize size;			/* of ctl */
} VumemBufferCtlIn;

/* header.cmd says which member of the union it is. */
__extension__ typedef struct VumemReq {
	VumemReqHeader header;
	union {
		VumemBufferAllocIn bufferAlloc;
		VumemBufferFreeIn bufferFree;
		VumemBufferRegisterIn bufferRegister;
		VumemBufferUnregisterIn bufferUnregister;
		VumemBufferCtlIn bufferCtl;
	};
} VumemReq;

/* The memory of a new buffer, in the server process. See vumemRespond. */
typedef struct VumemBufferMap {
	void *vaddr;
	VumemSize size;
} VumemBufferMap;

/*
 * The same as lists of page frames, which older drivers made of it. No function fills
 * or reads them; the types are there for programs that name them.
 */
typedef struct VumemBufferChunk {
	unsigned long pfn;
	VumemSize size;
} VumemBufferChunk;

typedef struct VumemBufferLayout {
	VumemSize size;
	VumemBufferAttr attr;
	nku32_f chunks_nr;
	__extension__ VumemBufferChunk chunks[];
} VumemBufferLayout;

__extension__ typedef struct VumemBufferAllocOut {
	VumemBufferId bufferId;
	char alloc[VUMEM_OPAQUE_REQUEST_SIZE_MAX];	/* for the client: what it sent, changed */
	union {
		VumemBufferMap map;
		VumemBufferLayout layout;
	};
} VumemBufferAllocOut;

typedef struct VumemBufferCtlOut {
	char ctl[VUMEM_OPAQUE_REQUEST_SIZE_MAX];	/* likewise */
} VumemBufferCtlOut;

/*
 * retVal is 0 or a positive errno value up to 4095, which the client's function returns.
 * Responses to other requests than ALLOC and CTL have nothing else.
 */
__extension__ typedef struct VumemResp {
	unsigned int retVal;
	union {
		VumemBufferAllocOut bufferAlloc;
		VumemBufferCtlOut bufferCtl;
	};
} VumemResp;

#endif /* VLX_VUMEM_SERVER_DRV_H */
