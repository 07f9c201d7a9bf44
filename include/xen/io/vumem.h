/* SPDX-License-Identifier: MIT */
/*
 * VUMEM: buffers of a server process, mapped by processes of a client domain.
 *
 * The kernels of the front end F (client) and the back end B (server) exchange
 * requests and responses; the memory itself is granted by B and mapped by F.
 *
 * Xenstore keys, beyond those of vlink.h
 * ======================================
 *   front end:
 *     admin-ref, admin-pages: the one region, a mailbox (vlink.h) of 256-byte
 *     messages, 16 each way
 *
 * Messages
 * ========
 *   F to B                                 B to F
 *   ------                                 ------
 *   SESSION     a session is to begin      RESPONSE   to the request of the same
 *   ALLOC       a new buffer                          tag: ret, 0 or an errno
 *   FREE        of a buffer
 *   REGISTER    by a process other than    RESET      the server process is gone:
 *   UNREGISTER  the allocator                         all its sessions and buffers
 *   CTL         opaque, about a buffer                are over
 *   CANCEL      of the request of the
 *               same tag: nobody waits
 *
 * A tag names a request from its sending until its response; at most
 * VUMEM_REQUESTS_MAX are under way. Every request but CANCEL has one response. B
 * delivers requests to server processes in the order in which they came; one that was
 * cancelled before is answered EINTR and not delivered. When one that was not had its effect
 * all the same, F takes it back: by FREE after an ALLOC, by UNREGISTER after a REGISTER,
 * with the app_id of the request.
 *
 * ret is 1 to 511 or 1024 to 4095; anything else, such as what Linux keeps for itself
 * (ERESTARTSYS and the like), is EINVAL to the process that asked.
 *
 * The response to SESSION tells the epoch of the server process; RESET ends all
 * sessions and buffers of that epoch and those before. A request names the epoch of its
 * session, and is answered EPIPE when the server is another by then.
 *
 * Buffers
 * =======
 * The response to ALLOC names the buffer, its size, its attributes (the bits of
 * VUMEM_ATTR_), and the grant reference of the first page of a directory as regions
 * have them (vlink.h), all of whose pages are the buffer's. A buffer of 0 pages is a
 * handle only. F maps the pages when it likes, and has unmapped them before it sends FREE;
 * B delivers FREE when no page is mapped any more. After RESET F unmaps all. Pages
 * that F keeps mapped stay pinned and are counted against F.
 */
#ifndef XEN_IO_VUMEM_H
#define XEN_IO_VUMEM_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
typedef uint32_t u32;
typedef uint8_t u8;
#endif

#include <xen/io/vlink.h>

#define VUMEM_PROTOCOL_OLDEST	1u
#define VUMEM_PROTOCOL_NEWEST	1u

#define VUMEM_REQUESTS_MAX	256u
#define VUMEM_OPAQUE_MAX	128u
#define VUMEM_BUFFER_PAGES_MAX	65536u

enum vumem_msg_type {
	VUMEM_SESSION = 1,		/* F to B */
	VUMEM_ALLOC,
	VUMEM_FREE,
	VUMEM_REGISTER,
	VUMEM_UNREGISTER,
	VUMEM_CTL,
	VUMEM_CANCEL,

	VUMEM_RESPONSE = 32,		/* B to F */
	VUMEM_RESET,
};

struct vumem_msg {
	u32 type;
	u32 tag;
	u32 epoch;
	u32 app_id;			/* requests: the client process */
	u32 buffer;			/* not ALLOC and SESSION requests */
	u32 opaque_size;
	u32 ret;			/* RESPONSE */
	u32 bytes;			/* RESPONSE to ALLOC: size */
	u32 attr;
	u32 pages;
	u32 dir_ref;
	u32 reserved[21];
	u8 opaque[VUMEM_OPAQUE_MAX];	/* 0x80: ALLOC, CTL and their responses */
};

#endif /* XEN_IO_VUMEM_H */
