/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The ioctls of /dev/vumem-clt-* and /dev/vumem-srv-*: what libvumem asks of the
 * drivers. Programs use the library, whose interface is the stable one.
 *
 * A client's fresh file becomes a session, a server's the server, by the call that creates
 * one; a second such call on it is EINVAL, as is any call that needs another kind. Buffers
 * are files of their own, which the allocating call opens. All structures are the same for
 * 32-bit and 64-bit processes.
 *
 * Errors that all may return: EPIPE (the server process or the link is gone: create
 * everything anew), EINTR (a fatal signal where it says so), EINVAL, EFAULT, ENOTTY,
 * ENODEV (the link was removed).
 */
#ifndef VLINK_VUMEM_IOCTL_H
#define VLINK_VUMEM_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#include <vlink/abi_ioctl.h>

/* The versions of what follows that this release speaks; <vlink/abi_ioctl.h> says how. */
#define VUMEM_ABI_OLDEST	1u
#define VUMEM_ABI_NEWEST	1u

#define VUMEM_IOC_OPAQUE_MAX	128u

/*
 * Client: makes a session and waits, until a signal, for a server process that
 * receives. EBUSY: there is a master session on the node already.
 */
#define VUMEM_IOC_MASTER	1u
struct vumem_session_args {
	__u32 flags;
	__u32 reserved;
};

/*
 * Client, sessions: a buffer, allocated by the server, as a new descriptor with O_CLOEXEC.
 * Neither the node's path nor rights to it are needed. Waits for the server, until a
 * fatal signal. EPERM: there is a master session, and it is another. EMFILE, ENFILE,
 * ENOMEM. Any other errno may be the server's.
 */
struct vumem_alloc_args {
	__s32 fd;			/* out */
	__u32 size;			/* of the opaque request, up to 128 */
	__u64 opaque;			/* its address; changed by the server */
	__u32 buffer;			/* out: id */
	__u32 bytes;			/* out: size of the buffer, whole pages */
	__u32 attr;			/* out */
	__u32 reserved;
};

/* Client, buffer files: what the buffer is. */
struct vumem_buffer_args {
	__u32 buffer;
	__u32 bytes;
	__u32 attr;
	__u32 ended;			/* 0, or what calls about it return */
};

/* Client, buffer files: an opaque request about it, answered in place. */
struct vumem_ctl_args {
	__u32 size;
	__u32 reserved;
	__u64 opaque;
};

/* Server: the next request; waits until a signal. EINVAL: the thread has one unanswered. */
struct vumem_receive_args {
	__u32 cmd;			/* VUMEM_CMD_ of the library */
	__u32 vm_id;
	__u32 app_id;
	__u32 buffer;
	__u32 size;			/* of opaque */
	__u32 reserved;
	__u8 opaque[VUMEM_IOC_OPAQUE_MAX];
};

/*
 * Server: answers the request that this thread received last. ret: 0 or an errno up to
 * 4095, but none of 512 to 1023; anything else is EINVAL to both sides. To an allocation
 * belong the id of its request, and the memory: vaddr is page-aligned or all ones for none.
 * EOPNOTSUPP: of a kind that cannot be shared; ENOMEM: over RLIMIT_MEMLOCK; the client gets
 * the same.
 * What does not belong to the request is ignored: the caller need not know its kind.
 */
struct vumem_respond_args {
	__u32 ret;
	__u32 buffer;
	__u64 vaddr;
	__u32 bytes;
	__u32 cmd;			/* out, unless EINVAL or EPIPE: of the request */
	__u8 alloc[VUMEM_IOC_OPAQUE_MAX];	/* opaque answer to an allocation, */
	__u8 ctl[VUMEM_IOC_OPAQUE_MAX];	/* to a control request */
};

/* Any file. Server nodes fill what the server's kernel knows. */
struct vumem_stat_args {
	__u64 stats[16];		/* by VUMEM_PROF_ id of the library */
	__u64 pinned_pages;		/* server: granted now */
	__u64 quarantined_pages;	/* server: given back, but still mapped by the client */
	__u32 reset;			/* in */
	__u32 reserved;
};

#define VUMEM_IOC_ABI		_IOR('Q', 0x5f, struct vlink_abi_args)
#define VUMEM_IOC_SESSION_CREATE _IOW('Q', 0x60, struct vumem_session_args)
#define VUMEM_IOC_ALLOC		_IOWR('Q', 0x61, struct vumem_alloc_args)
#define VUMEM_IOC_FREE		_IO('Q', 0x62)	/* buffers: everybody's mappings end first */
#define VUMEM_IOC_REGISTER	_IOW('Q', 0x63, __s32)	/* buffers: for a session's file */
#define VUMEM_IOC_UNREGISTER	_IOW('Q', 0x64, __s32)
#define VUMEM_IOC_CTL		_IOWR('Q', 0x65, struct vumem_ctl_args)
#define VUMEM_IOC_BUFFER	_IOR('Q', 0x66, struct vumem_buffer_args)
#define VUMEM_IOC_SERVER_CREATE	_IO('Q', 0x67)	/* waits for the link; EBUSY: there is one */
#define VUMEM_IOC_RECEIVE	_IOR('Q', 0x68, struct vumem_receive_args)
#define VUMEM_IOC_RESPOND	_IOWR('Q', 0x69, struct vumem_respond_args)
#define VUMEM_IOC_STAT		_IOWR('Q', 0x6a, struct vumem_stat_args)
#define VUMEM_IOC_SERVER_DESTROY _IO('Q', 0x6b)	/* as its last close; waiters get EPIPE */

/*
 * mmap: buffer files only, offset 0, the whole buffer, shared. It is not inherited by
 * fork, and does not keep the buffer alive. After the buffer was freed a process sees
 * zeros of its own there.
 */

#endif /* VLINK_VUMEM_IOCTL_H */
