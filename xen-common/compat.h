/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the kernels that are supported differ, from 6.1 on: each feature with the version that
 * changed it. Nothing else asks for a version.
 */
#ifndef XEN_VLINK_COMPAT_H
#define XEN_VLINK_COMPAT_H

#include <linux/version.h>

/* 6.3: flags of a mapping are written by functions only. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#include <linux/mm.h>

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 6.10: what is called for a packet that is freed stands in a table. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define ubuf_info_set_complete(ubuf, fn)	((ubuf)->callback = (fn))
#else
#define ubuf_info_set_complete(ubuf, fn)					\
	do {									\
		static const struct ubuf_info_ops ubuf_ops = { .complete = (fn) };	\
		(ubuf)->ops = &ubuf_ops;					\
	} while (0)
#endif

/* 6.17: a work queue of the processors says so, and the one that is not has another name. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define WQ_PERCPU	0
#define system_dfl_wq	system_unbound_wq
#endif

/*
 * 7.0, and who takes its changes of vsock over: sockets of a network namespace may be kept to
 * themselves. Links are the whole domain's: such sockets do not get at them. (Kbuild looks for
 * <net/netns/vsock.h>.)
 */
#ifdef HAVE_VSOCK_NETNS
#define VSOCK_MAY_USE(vsk)		vsock_net_mode_global(vsk)
#define VSOCK_ALLOW_PARAMETERS(...)	struct vsock_sock *vsk, __VA_ARGS__
#define VSOCK_SEND_PARAMETERS		struct sk_buff *skb, struct net *net
#define vsock_receive(transport, skb)	virtio_transport_recv_pkt(transport, skb, NULL)
#else
#define VSOCK_MAY_USE(vsk)		true
#define VSOCK_ALLOW_PARAMETERS(...)	__VA_ARGS__
#define VSOCK_SEND_PARAMETERS		struct sk_buff *skb
#define vsock_receive(transport, skb)	virtio_transport_recv_pkt(transport, skb)
#endif

/* 7.1: a guest's transport has to say that it reaches more than the host. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
#define VSOCK_REACHES(fn)		.has_remote_cid = (fn),
#else
#define VSOCK_REACHES(fn)
#endif

#endif
