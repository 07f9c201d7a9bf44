/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The ioctls of /dev/vrpq-clt-* and /dev/vrpq-srv-*: what libvrpq asks of the
 * drivers. Programs use the library, whose interface is the stable one.
 *
 * Each session and each channel is an open file of the device node: a fresh file
 * becomes one of them by one of the four calls that create or accept. A second
 * such call on the file is EINVAL; so is any call that needs the other kind. A fresh
 * file comes from opening the node, from another fresh file of it or, for a channel, from
 * its session's file.
 * All structures are the same for 32-bit and 64-bit processes.
 *
 * Errors that all may return: EPIPE (the peer or the link is gone for good, for this
 * session or channel), EINTR, EINVAL, EFAULT, ENOTTY (an unknown call, or one
 * of the other role), ENODEV (the link was removed).
 */
#ifndef VLINK_VRPQ_IOCTL_H
#define VLINK_VRPQ_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#include <vlink/abi_ioctl.h>

/* The versions of what follows that this release speaks; <vlink/abi_ioctl.h> says how. */
#define VRPQ_ABI_OLDEST		1u
#define VRPQ_ABI_NEWEST		1u

/* The sizes of a session's area, in pages of 4096 bytes; xen/io/vrpq.h explains them. */
struct vrpq_geometry {
	__u32 reqs;			/* requests that the link can hold */
	__u32 pmem_pages;		/* pages of parameters that it can hold */
	__u32 ring_pages;		/* of the area's three zones */
	__u32 param_pages;
	__u32 callback_pages;
	__u32 reserved;
};

/*
 * Client: creates a session and waits until a server has accepted it, whatever
 * happens to the server's domain meanwhile. EPIPE: the session failed.
 * EMSGSIZE: info_size is over 256. EAGAIN: all ids are in use.
 *
 * Server: accepts a session that was created on the port, and waits for one.
 * info_size is the room at info in, the true length of the client's info out; what
 * does not fit is cut.
 */
struct vrpq_session_args {
	__u32 port;
	__u32 info_size;
	__u64 info;			/* address; 0: none */
	__u32 id;			/* out */
	__u32 vm_id;			/* server, out: the client's domain id */
	__u32 app_id;			/* server, out: the client's process id there */
	__u32 protocol;			/* out: version of <xen/io/vrpq.h> at both ends */
	struct vrpq_geometry geometry;	/* out */
};

/*
 * Open another file without the node's path and whatever the caller's rights to it are: a
 * process that gave up its rights still gets its channels, and its next session. EMFILE, ENFILE,
 * ENOMEM as with open().
 *
 * VRPQ_IOC_CHAN_FILE, on session files: a fresh file that can become nothing but a channel of
 * this session. VRPQ_IOC_FRESH_FILE, on a server's fresh files but those: another one, for the
 * next session.
 */
struct vrpq_file_args {
	__u32 flags;			/* O_CLOEXEC or 0 */
	__s32 fd;			/* out */
};

/*
 * Creates or accepts a channel of the session that is open as session_fd, a file
 * of the same node. EAGAIN: all ids are in use. EPIPE: the session is over. A client waits
 * while other sessions have the guaranteed pages of closed channels still in use.
 */
struct vrpq_chan_args {
	__s32 session_fd;
	__u32 info_size;		/* as above */
	__u64 info;
	__u32 ctl_page;			/* number of the control page: client in, server out */
	__u32 id;			/* out */
};

/*
 * Asks for more pages at the end of a zone: the client for the ring and parameter
 * zones, the server for the callback zone. pages: how many the caller knows of; the zone
 * is to have at least min and up to want more than that. Out: as many may be used now.
 * The call does not sleep. EAGAIN: min pages cannot be had now; EINPROGRESS: they are on
 * their way, and the peer does not know them yet. Both are worth trying again when the
 * session's sequence number moves (VRPQ_IOC_WAIT). EMSGSIZE: it never can. min 0 asks how
 * many there are.
 */
struct vrpq_grow_args {
	__u32 zone;			/* enum vrpq_zone */
	__u32 want;
	__u32 min;
	__u32 pages;			/* in and out */
};

/*
 * Client, session files: gives pages at the end of a zone back. pages: how many to
 * keep; out: how many are left, which may be more.
 */
struct vrpq_trim_args {
	__u32 zone;
	__u32 pages;			/* in and out */
};

#define VRPQ_WAIT_RING		1u	/* ring the peer's bell before sleeping (channels) */
#define VRPQ_WAIT_KILLABLE	2u	/* only a fatal signal interrupts */
#define VRPQ_WAIT_NOT		4u	/* do not sleep, only tell */
#define VRPQ_WAIT_SESSION	8u	/* on a channel: its session's number and status */

#define VRPQ_WAIT_PEER_CLOSED	1u	/* the peer closed; its last words may be there */
#define VRPQ_WAIT_BROKEN	2u	/* the session or the link failed: nothing comes any more */
#define VRPQ_WAIT_PRESSURE	4u	/* other sessions lack pages: give back */

/*
 * Sleeps until the sequence number of the file differs from seq, and stores the
 * present one there. The number of a channel moves when the peer rings its bell and
 * when its state changes, that of a session when one of its channels' moves, when
 * pages may be had or have come, and by VRPQ_IOC_KICK. A server that closed its session's file
 * has channels still: their files stand for it in VRPQ_IOC_KICK, in VRPQ_IOC_GROW and, with
 * VRPQ_WAIT_SESSION, here. Read the number (with VRPQ_WAIT_NOT or from a former call), look
 * at the shared memory, then wait: no bell is missed. With BROKEN, and on a channel
 * with PEER_CLOSED, nobody sleeps.
 */
struct vrpq_wait_args {
	__u32 seq;			/* in: seen; out: present */
	__u32 flags;
	__u32 status;			/* out */
	__u32 slept_us;			/* out: for so long, at most UINT_MAX */
};

/*
 * Statistics of a device, on a file that is neither session nor channel. Client
 * nodes have all; server nodes have what the server's kernel can know.
 */
struct vrpq_stat_args {
	__u32 sessions, channels;	/* now */
	__u32 sessions_max, channels_max;
	__u64 sessions_total, channels_total;	/* created */
	__u64 sessions_closed, channels_closed;
	__u32 reqs_now, reqs_max;	/* requests queued */
	__u32 reqs_limit;
	__u32 pmem_now, pmem_max;	/* pages of parameters in use */
	__u32 pmem_limit;
	__u32 ring_now, ring_max, ring_limit;	/* pages of segments in use */
	__u32 quarantined;		/* pages that a peer of old still maps */
	__u64 bells_rung, bells_heard;
	__u64 events_sent, events_received;
	__u64 counters[32];		/* struct vrpq_counters.stats, all sessions ever */
	__u64 wakeups;
	__u32 proc_count;		/* in: room at procs; out: entries that there are */
	__u32 reset;			/* in: 1 clears the counters and peaks */
	__u64 procs;			/* address of struct vrpq_proc_counter[] */
};

#define VRPQ_IOC_ABI		_IOR('Q', 0x3f, struct vlink_abi_args)
#define VRPQ_IOC_SESSION_CREATE	_IOWR('Q', 0x40, struct vrpq_session_args)
#define VRPQ_IOC_SESSION_ACCEPT	_IOWR('Q', 0x41, struct vrpq_session_args)
#define VRPQ_IOC_CHAN_CREATE	_IOWR('Q', 0x42, struct vrpq_chan_args)
#define VRPQ_IOC_CHAN_ACCEPT	_IOWR('Q', 0x43, struct vrpq_chan_args)
#define VRPQ_IOC_GROW		_IOWR('Q', 0x44, struct vrpq_grow_args)
#define VRPQ_IOC_TRIM		_IOWR('Q', 0x45, struct vrpq_trim_args)
#define VRPQ_IOC_RING		_IO('Q', 0x46)	/* channels: rings the peer's bell */
#define VRPQ_IOC_WAIT		_IOWR('Q', 0x47, struct vrpq_wait_args)
#define VRPQ_IOC_KICK		_IO('Q', 0x48)	/* moves the session's sequence number */
#define VRPQ_IOC_STAT		_IOWR('Q', 0x49, struct vrpq_stat_args)
#define VRPQ_IOC_CHAN_FILE	_IOWR('Q', 0x4a, struct vrpq_file_args)
#define VRPQ_IOC_FRESH_FILE	_IOWR('Q', 0x4b, struct vrpq_file_args)

/*
 * mmap: session files only, offset 0, length up to that of the area, shared. It is not
 * inherited by fork; the child maps again. After the session or the link failed, and where no page
 * was granted, a process sees zeros of its own.
 */

#endif /* VLINK_VRPQ_IOCTL_H */
