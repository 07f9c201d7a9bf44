// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams: a transport of its own, since the kernel has one place for that, which another
 * may have taken (VMware's takes it on any machine). They are unreliable: what the
 * receiver's buffer (SO_RCVBUF) has no room for is dropped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <net/af_vsock.h>

#include "../compat.h"
#include "vsock.h"

#define RESERVED_PORTS	1024u

/* A bound socket, by its port. */
struct dgram_port {
	struct hlist_node node;
	struct vsock_sock *vsk;
	u32 port;
};

static DEFINE_HASHTABLE(ports, 8);
static DEFINE_SPINLOCK(ports_lock);
static u32 next_port;
static bool registered;

static struct dgram_port *port_find(u32 number)
{
	struct dgram_port *port;

	hash_for_each_possible(ports, port, node, number)
		if (port->port == number)
			return port;
	return NULL;
}

/* Any port that is free; there are far more than there can be sockets. */
static u32 port_choose(void)
{
	do {
		next_port++;
		if (next_port < RESERVED_PORTS || next_port == VMADDR_PORT_ANY)
			next_port = RESERVED_PORTS;
	} while (port_find(next_port));
	return next_port;
}

static int dgram_init(struct vsock_sock *vsk, struct vsock_sock *parent)
{
	struct dgram_port *port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);

	vsk->trans = port;
	/* What it sends is the memory of the process that sends it. */
	sk_vsock(vsk)->sk_allocation = GFP_KERNEL_ACCOUNT;
	return port ? 0 : -ENOMEM;
}

static void dgram_destruct(struct vsock_sock *vsk)
{
	kfree(vsk->trans);
	vsk->trans = NULL;
}

static void dgram_release(struct vsock_sock *vsk)
{
	struct dgram_port *port = vsk->trans;

	/* Nothing is queued any more after this; the core empties the queue next. */
	spin_lock_bh(&ports_lock);
	hash_del(&port->node);
	spin_unlock_bh(&ports_lock);
	/* From the core's list of sockets without a port, where it stays whatever its port. */
	vsock_remove_sock(vsk);
}

static int dgram_bind(struct vsock_sock *vsk, struct sockaddr_vm *addr)
{
	struct dgram_port *port = vsk->trans;
	u32 number = addr->svm_port;
	int err = 0;

	if (!VSOCK_MAY_USE(vsk))
		return -EACCES;
	if (number < RESERVED_PORTS && !capable(CAP_NET_BIND_SERVICE))
		return -EACCES;
	spin_lock_bh(&ports_lock);
	if (number == VMADDR_PORT_ANY)
		number = port_choose();
	else if (port_find(number))
		err = -EADDRINUSE;
	if (!err) {
		vsock_addr_init(&vsk->local_addr, addr->svm_cid, number);
		port->vsk = vsk;
		port->port = number;
		hash_add(ports, &port->node, number);
	}
	spin_unlock_bh(&ports_lock);
	return err;
}

/* Does the socket take datagrams of this sender for this receiver? */
static bool accepts(struct vsock_sock *vsk, struct sk_buff *skb)
{
	struct virtio_vsock_hdr *hdr = virtio_vsock_hdr(skb);

	if (vsk->local_addr.svm_cid != VMADDR_CID_ANY &&
	    vsk->local_addr.svm_cid != xvsock_dst(skb))
		return false;
	if (!vsock_addr_bound(&vsk->remote_addr))
		return true;
	return vsk->remote_addr.svm_cid == xvsock_src(skb) &&
	       vsk->remote_addr.svm_port == le32_to_cpu(hdr->src_port);
}

void xvsock_dgram_deliver(struct sk_buff *skb)
{
	struct dgram_port *port;
	int err = -ENOENT;

	virtio_transport_deliver_tap_pkt(skb);
	spin_lock_bh(&ports_lock);
	port = port_find(le32_to_cpu(virtio_vsock_hdr(skb)->dst_port));
	if (port && accepts(port->vsk, skb))
		err = sock_queue_rcv_skb(sk_vsock(port->vsk), skb);
	spin_unlock_bh(&ports_lock);
	if (err)
		kfree_skb(skb);
}

static struct sk_buff *dgram_packet(struct vsock_sock *vsk, const struct sockaddr_vm *dst,
				    struct msghdr *msg, size_t len)
{
	struct sock *sk = sk_vsock(vsk);
	struct sk_buff *skb;
	int err;

	/* Waits for what this socket sent before, not for anybody who should read. */
	skb = sock_alloc_send_skb(sk, VIRTIO_VSOCK_SKB_HEADROOM + len,
				  msg->msg_flags & MSG_DONTWAIT, &err);
	if (!skb)
		return ERR_PTR(err);
	skb_reserve(skb, VIRTIO_VSOCK_SKB_HEADROOM);
	*virtio_vsock_hdr(skb) = (struct virtio_vsock_hdr){
		.src_cid = cpu_to_le64(xvsock_local_cid()),
		.dst_cid = cpu_to_le64(dst->svm_cid),
		.src_port = cpu_to_le32(vsk->local_addr.svm_port),
		.dst_port = cpu_to_le32(dst->svm_port),
		.len = cpu_to_le32(len),
		.type = cpu_to_le16(VSOCK_TYPE_DGRAM),
		.op = cpu_to_le16(VIRTIO_VSOCK_OP_RW),
	};
	err = memcpy_from_msg(skb_put(skb, len), msg, len);
	if (err) {
		kfree_skb(skb);
		return ERR_PTR(err);
	}
	return skb;
}

static bool is_local(u32 cid)
{
	return cid == xvsock_local_cid() || cid == VMADDR_CID_LOCAL;
}

static int dgram_send(struct sk_buff *skb)
{
	struct xvsock_conn *conn = xvsock_route(xvsock_dst(skb));
	int ret;

	if (!conn) {
		kfree_skb(skb);
		return xvsock_no_route();
	}
	if (skb->len > conn->tx.size / 2) {
		kfree_skb(skb);
		ret = -EMSGSIZE;
	} else {
		ret = xvsock_tx_expendable(conn, skb);
	}
	xvsock_conn_put(conn);
	return ret;
}

static int dgram_enqueue(struct vsock_sock *vsk, struct sockaddr_vm *dst, struct msghdr *msg,
			 size_t len)
{
	struct sk_buff *skb;

	if (len > VSOCK_DGRAM_MAX)
		return -EMSGSIZE;
	skb = dgram_packet(vsk, dst, msg, len);
	if (IS_ERR(skb))
		return PTR_ERR(skb);
	if (!is_local(dst->svm_cid))
		return dgram_send(skb);
	xvsock_dgram_deliver(skb);
	return len;
}

static int dgram_dequeue(struct vsock_sock *vsk, struct msghdr *msg, size_t len, int flags)
{
	struct sk_buff *skb;
	int err;

	if (flags & (MSG_OOB | MSG_ERRQUEUE))
		return -EOPNOTSUPP;
	skb = skb_recv_datagram(sk_vsock(vsk), flags, &err);
	if (!skb)
		return err;
	if (len < skb->len)
		msg->msg_flags |= MSG_TRUNC;
	len = min_t(size_t, len, skb->len);
	err = skb_copy_datagram_msg(skb, 0, msg, len);
	if (!err && msg->msg_name) {
		vsock_addr_init(msg->msg_name, xvsock_src(skb),
				le32_to_cpu(virtio_vsock_hdr(skb)->src_port));
		msg->msg_namelen = sizeof(struct sockaddr_vm);
	}
	if (!err)
		err = flags & MSG_TRUNC ? skb->len : len;
	skb_free_datagram(sk_vsock(vsk), skb);
	return err;
}

static bool dgram_allow(VSOCK_ALLOW_PARAMETERS(u32 cid, u32 port))
{
	return VSOCK_MAY_USE(vsk);
}

static int dgram_shutdown(struct vsock_sock *vsk, int mode)
{
	return 0;
}

/* Sockets of datagrams have nothing else. */
static const struct vsock_transport dgram_transport = {
	.module = THIS_MODULE,
	.init = dgram_init,
	.destruct = dgram_destruct,
	.release = dgram_release,
	.shutdown = dgram_shutdown,
	.dgram_bind = dgram_bind,
	.dgram_dequeue = dgram_dequeue,
	.dgram_enqueue = dgram_enqueue,
	.dgram_allow = dgram_allow,
	.get_local_cid = xvsock_local_cid,
};

int xvsock_dgram_register(void)
{
	int err = vsock_core_register(&dgram_transport, VSOCK_TRANSPORT_F_DGRAM);

	registered = !err;
	if (err)
		pr_info("no datagrams: another transport has their place (vmw_vsock_vmci_transport?)\n");
	else
		next_port = get_random_u32();
	return err;
}

void xvsock_dgram_unregister(void)
{
	if (registered)
		vsock_core_unregister(&dgram_transport);
}
