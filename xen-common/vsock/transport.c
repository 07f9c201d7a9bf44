// SPDX-License-Identifier: GPL-2.0
/*
 * The transport between Linux's AF_VSOCK sockets and the links. States, credit and
 * queues of sockets are those that virtio's transports share; a packet that they send is
 * routed by the receiver's CID, a packet that a link brings is handed to them.
 *
 * dom0 takes the host's place among the transports, every other domain the
 * guest's: whatever it is a server or client of.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <net/af_vsock.h>

#include <xen/xen.h>

#include "vsock.h"

static unsigned int buffer_max = 4u << 20;
module_param(buffer_max, uint, 0644);
MODULE_PARM_DESC(buffer_max, "upper bound of a socket's SO_VM_SOCKETS_BUFFER_SIZE");

struct workqueue_struct *xvsock_wq;

/* Read where nothing may block; ANY until the first link is published. */
static u32 local_cid = VMADDR_CID_ANY;

/* What this domain sends to itself, when nobody else cares for that. */
static struct sk_buff_head loop_queue;

static void loop_work_fn(struct work_struct *work)
{
	struct sk_buff *skb;

	while ((skb = virtio_vsock_skb_dequeue(&loop_queue)))
		xvsock_deliver(skb);
}

static DECLARE_WORK(loop_work, loop_work_fn);

u32 xvsock_local_cid(void)
{
	return READ_ONCE(local_cid);
}

void xvsock_set_local_cid(u32 cid)
{
	WRITE_ONCE(local_cid, cid);
}

unsigned int xvsock_buffer_max(void)
{
	return READ_ONCE(buffer_max);
}

void xvsock_deliver(struct sk_buff *skb)
{
	virtio_transport_deliver_tap_pkt(skb);
	virtio_transport_recv_pkt(&xvsock_transport, skb);
}

struct sk_buff *xvsock_packet(u16 type, u16 op, const struct sockaddr_vm *src,
			      const struct sockaddr_vm *dst, gfp_t gfp)
{
	struct sk_buff *skb = virtio_vsock_alloc_skb(VIRTIO_VSOCK_SKB_HEADROOM, gfp);

	if (!skb)
		return NULL;
	*virtio_vsock_hdr(skb) = (struct virtio_vsock_hdr){
		.src_cid = cpu_to_le64(src->svm_cid),
		.dst_cid = cpu_to_le64(dst->svm_cid),
		.src_port = cpu_to_le32(src->svm_port),
		.dst_port = cpu_to_le32(dst->svm_port),
		.type = cpu_to_le16(type),
		.op = cpu_to_le16(op),
	};
	return skb;
}

/* With the socket's lock held, as a rule: nothing here waits. */
static int send_pkt(struct sk_buff *skb)
{
	int len = skb->len;

	if (xvsock_dst(skb) != xvsock_local_cid())
		return xvsock_send(skb);
	virtio_vsock_skb_queue_tail(&loop_queue, skb);
	queue_work(xvsock_wq, &loop_work);
	return len;
}

static int cancel_pkt(struct vsock_sock *vsk)
{
	struct xvsock_conn *conn;

	rcu_read_lock();
	conn = xvsock_route(vsk->remote_addr.svm_cid);
	if (conn)
		xvsock_tx_cancel(conn, sk_vsock(vsk));
	rcu_read_unlock();
	virtio_transport_purge_skbs(vsk, &loop_queue);
	return 0;
}

/* Any process may ask for any size; its peer would fill it. */
static int socket_init(struct vsock_sock *vsk, struct vsock_sock *parent)
{
	vsk->buffer_size = min_t(u64, vsk->buffer_size, xvsock_buffer_max());
	return virtio_transport_do_socket_init(vsk, parent);
}

static void destruct(struct vsock_sock *vsk)
{
	xvsock_window_release(vsk);
	virtio_transport_destruct(vsk);
}

static void notify_buffer_size(struct vsock_sock *vsk, u64 *size)
{
	xvsock_window_release(vsk);
	*size = min_t(u64, *size, xvsock_buffer_max());
	virtio_transport_notify_buffer_size(vsk, size);
}

/* The core leaves the CID open for good; programs want to see theirs. */
static int connect_socket(struct vsock_sock *vsk)
{
	if (vsk->local_addr.svm_cid == VMADDR_CID_ANY)
		vsk->local_addr.svm_cid = xvsock_local_cid();
	return virtio_transport_connect(vsk);
}

/*
 * The peer says how much it has read. One that says so without reading from the ring
 * could have a writer fill our queues: then there is no space until it reads.
 */
static bool has_overqueued(struct vsock_sock *vsk)
{
	struct xvsock_conn *conn;
	bool over = false;

	rcu_read_lock();
	conn = xvsock_route(vsk->remote_addr.svm_cid);
	if (conn && READ_ONCE(conn->tx_backlog) > xvsock_buffer_max())
		over = xvsock_tx_queued(conn, sk_vsock(vsk)) > vsk->buffer_size;
	rcu_read_unlock();
	return over;
}

static s64 stream_has_space(struct vsock_sock *vsk)
{
	s64 space;

	xvsock_window_before_write(vsk);
	space = virtio_transport_stream_has_space(vsk);
	return space > 0 && has_overqueued(vsk) ? 0 : space;
}

static ssize_t stream_dequeue(struct vsock_sock *vsk, struct msghdr *msg, size_t len, int flags)
{
	ssize_t got = virtio_transport_stream_dequeue(vsk, msg, len, flags);

	if (got > 0)
		xvsock_window_after_read(vsk);
	return got;
}

/* A packet is a record: the caller comes again for the rest. */
static ssize_t stream_enqueue(struct vsock_sock *vsk, struct msghdr *msg, size_t len)
{
	return virtio_transport_stream_enqueue(vsk, msg, min_t(size_t, len, VSOCK_PAYLOAD_MAX));
}

static int seqpacket_enqueue(struct vsock_sock *vsk, struct msghdr *msg, size_t len)
{
	struct virtio_vsock_sock *vvs = vsk->trans;
	u32 size_max;

	spin_lock_bh(&vvs->tx_lock);
	size_max = min(vvs->peer_buf_alloc, vvs->buf_alloc);
	spin_unlock_bh(&vvs->tx_lock);
	if (len > size_max)
		return -EMSGSIZE;
	return stream_enqueue(vsk, msg, len);
}

static bool seqpacket_allow(u32 remote_cid)
{
	return true;
}

struct virtio_transport xvsock_transport = {
	.transport = {
		.module = THIS_MODULE,

		.get_local_cid = xvsock_local_cid,

		.init = socket_init,
		.destruct = destruct,
		.release = virtio_transport_release,
		.connect = connect_socket,
		.shutdown = virtio_transport_shutdown,
		.cancel_pkt = cancel_pkt,

		/* Datagrams are another transport's: dgram.c */
		.dgram_bind = virtio_transport_dgram_bind,
		.dgram_dequeue = virtio_transport_dgram_dequeue,
		.dgram_enqueue = virtio_transport_dgram_enqueue,
		.dgram_allow = virtio_transport_dgram_allow,

		.stream_dequeue = stream_dequeue,
		.stream_enqueue = stream_enqueue,
		.stream_has_data = virtio_transport_stream_has_data,
		.stream_has_space = stream_has_space,
		.stream_rcvhiwat = virtio_transport_stream_rcvhiwat,
		.stream_is_active = virtio_transport_stream_is_active,
		.stream_allow = virtio_transport_stream_allow,

		.seqpacket_dequeue = virtio_transport_seqpacket_dequeue,
		.seqpacket_enqueue = seqpacket_enqueue,
		.seqpacket_allow = seqpacket_allow,
		.seqpacket_has_data = virtio_transport_seqpacket_has_data,

		.notify_poll_in = virtio_transport_notify_poll_in,
		.notify_poll_out = virtio_transport_notify_poll_out,
		.notify_recv_init = virtio_transport_notify_recv_init,
		.notify_recv_pre_block = virtio_transport_notify_recv_pre_block,
		.notify_recv_pre_dequeue = virtio_transport_notify_recv_pre_dequeue,
		.notify_recv_post_dequeue = virtio_transport_notify_recv_post_dequeue,
		.notify_send_init = virtio_transport_notify_send_init,
		.notify_send_pre_block = virtio_transport_notify_send_pre_block,
		.notify_send_pre_enqueue = virtio_transport_notify_send_pre_enqueue,
		.notify_send_post_enqueue = virtio_transport_notify_send_post_enqueue,
		.notify_buffer_size = notify_buffer_size,
	},
	.send_pkt = send_pkt,
};

static int register_streams(void)
{
	bool host = xen_initial_domain();
	int err = vsock_core_register(&xvsock_transport.transport,
				      host ? VSOCK_TRANSPORT_F_H2G : VSOCK_TRANSPORT_F_G2H);

	if (err == -EBUSY)
		pr_err("another transport has the %s's place; the module %s has to go first\n",
		       host ? "host" : "guest",
		       host ? "vhost_vsock" : "vmw_vsock_virtio_transport");
	return err;
}

static int __init xvsock_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;
	skb_queue_head_init(&loop_queue);
	xvsock_wq = alloc_workqueue("vlink_vsock", WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!xvsock_wq)
		return -ENOMEM;
	err = register_streams();
	if (err) {
		destroy_workqueue(xvsock_wq);
		return err;
	}
	xvsock_dgram_register();
	xvsock_debugfs_init();
	return 0;
}

static void __exit xvsock_exit(void)
{
	xvsock_debugfs_exit();
	xvsock_dgram_unregister();
	vsock_core_unregister(&xvsock_transport.transport);
	destroy_workqueue(xvsock_wq);
	skb_queue_purge(&loop_queue);
}

module_init(xvsock_init);
module_exit(xvsock_exit);

MODULE_DESCRIPTION("AF_VSOCK sockets between Xen domains");
MODULE_LICENSE("GPL");
/* For connections of a domain with itself. */
MODULE_SOFTDEP("post: vsock_loopback");
