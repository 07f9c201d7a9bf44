// SPDX-License-Identifier: GPL-2.0
/*
 * The transport between Linux's AF_VSOCK sockets and the links. States, credit and
 * queues of sockets are those that virtio's transports share; a packet that they send is
 * routed by the receiver's CID, a packet that a link brings is handed to them.
 *
 * A socket keeps to the connection of a link over which its request or response went; when
 * that is over, so is the socket's.
 *
 * dom0 takes the host's place among the transports, every other domain the
 * guest's: whatever it is a server or client of.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <net/af_vsock.h>

#include <xen/xen.h>

#include "../compat.h"
#include "vsock.h"

/* Packets of this domain to itself above which a new one is looked for in the queue. */
#define LOOP_FEW	64u
#define LOOP_MAX	4096u

static unsigned int buffer_max = 4u << 20;
module_param(buffer_max, uint, 0644);
MODULE_PARM_DESC(buffer_max, "upper bound of a socket's SO_VM_SOCKETS_BUFFER_SIZE");

struct workqueue_struct *xvsock_wq;

/* Read where nothing may block; ANY until the first link is published. */
static u32 local_cid = VMADDR_CID_ANY;

u32 xvsock_local_cid(void)
{
	return READ_ONCE(local_cid);
}

/* Whatever is bound to @old; the table has also the sockets without a port. */
static void rename_bound(u32 old, u32 cid)
{
	struct vsock_sock *vsk;
	unsigned int i;

	lockdep_assert_held(&vsock_table_lock);
	for (i = 0; i < ARRAY_SIZE(vsock_bind_table); i++)
		list_for_each_entry(vsk, &vsock_bind_table[i], bound_table)
			if (vsk->local_addr.svm_cid == old)
				WRITE_ONCE(vsk->local_addr.svm_cid, cid);
}

void xvsock_set_local_cid(u32 cid)
{
	u32 old;

	spin_lock_bh(&vsock_table_lock);
	old = local_cid;
	WRITE_ONCE(local_cid, cid);
	/* The domain was restored. Listeners stay, and a connect that is tried again succeeds. */
	if (old != cid && old != VMADDR_CID_ANY)
		rename_bound(old, cid);
	spin_unlock_bh(&vsock_table_lock);
}

unsigned int xvsock_buffer_max(void)
{
	return READ_ONCE(buffer_max);
}

void xvsock_deliver(struct sk_buff *skb)
{
	virtio_transport_deliver_tap_pkt(skb);
	vsock_receive(&xvsock_transport, skb);
}

struct sk_buff *xvsock_packet(u16 type, u16 op, const struct sockaddr_vm *src,
			      const struct sockaddr_vm *dst)
{
	struct sk_buff *skb = virtio_vsock_alloc_skb(VIRTIO_VSOCK_SKB_HEADROOM, GFP_KERNEL);

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

/* ------------------------------------------------------------------------ */
/* To this domain itself, when nobody else cares for that                     */

static struct sk_buff_head loop_queue;

static void loop_work_fn(struct work_struct *work)
{
	struct sk_buff *skb;

	while ((skb = virtio_vsock_skb_dequeue(&loop_queue))) {
		xvsock_deliver(skb);
		cond_resched();
	}
}

static DECLARE_WORK(loop_work, loop_work_fn);

/* A socket's older credit update says nothing that this one does not. */
static void loop_drop_credit(const struct sock *sk)
{
	struct sk_buff *skb, *found = NULL;

	spin_lock_bh(&loop_queue.lock);
	skb_queue_walk(&loop_queue, skb)
		if (skb->sk == sk && xvsock_op(skb) == VIRTIO_VSOCK_OP_CREDIT_UPDATE) {
			found = skb;
			break;
		}
	if (found)
		__skb_unlink(found, &loop_queue);
	spin_unlock_bh(&loop_queue.lock);
	kfree_skb(found);
}

static int loop_send(struct sk_buff *skb)
{
	u32 waiting = skb_queue_len_lockless(&loop_queue);
	int len = skb->len;

	if (waiting > LOOP_MAX && xvsock_op(skb) == VIRTIO_VSOCK_OP_REQUEST) {
		kfree_skb(skb);
		return -ENOBUFS;
	}
	if (waiting > LOOP_FEW && xvsock_op(skb) == VIRTIO_VSOCK_OP_CREDIT_UPDATE)
		loop_drop_credit(skb->sk);
	virtio_vsock_skb_queue_tail(&loop_queue, skb);
	queue_work(xvsock_wq, &loop_work);
	return len;
}

/* ------------------------------------------------------------------------ */
/* What sockets send: with the socket's lock held nothing here waits          */

static bool is_local(u32 cid)
{
	return cid == xvsock_local_cid();
}

static int drop(struct sk_buff *skb, int err)
{
	kfree_skb(skb);
	return err;
}

/* Takes back what it has queued: it has no connection, or none any more. */
static void detach(struct xvsock_sock *xs)
{
	struct xvsock_conn *conn = xs->conn;

	if (!conn)
		return;
	xvsock_tx_cancel(conn, &xs->flow);
	WRITE_ONCE(xs->conn, NULL);
	xvsock_conn_put(conn);
}

/*
 * An answer is sent while what it answers is delivered. If the link has connected anew
 * meanwhile, it is too late: the peer that asked is no more.
 */
static bool is_late(const struct xvsock_conn *conn, struct sk_buff *skb)
{
	return virtio_vsock_skb_reply(skb) && READ_ONCE(conn->rx_task) != current;
}

/* The way of a packet without a socket that has one. */
static struct xvsock_conn *way_of(struct sk_buff *skb)
{
	struct xvsock_conn *conn = xvsock_route(xvsock_dst(skb));

	if (!conn)
		return ERR_PTR(xvsock_no_route());
	if (!is_late(conn, skb))
		return conn;
	xvsock_conn_put(conn);
	return ERR_PTR(-ENOTCONN);
}

static int attach(struct xvsock_sock *xs, struct sk_buff *skb)
{
	struct xvsock_conn *conn = way_of(skb);

	if (IS_ERR(conn))
		return PTR_ERR(conn);
	if (xvsock_op(skb) == VIRTIO_VSOCK_OP_REQUEST && xvsock_tx_flooded(conn)) {
		xvsock_conn_put(conn);
		return -ENOBUFS;
	}
	WRITE_ONCE(xs->conn, conn);
	return 0;
}

/*
 * Says what the peer knows already. A reset to who has sent one might meet the next connection
 * with these addresses.
 */
static bool is_said(struct vsock_sock *vsk, struct sk_buff *skb)
{
	u32 flags = le32_to_cpu(virtio_vsock_hdr(skb)->flags);
	struct xvsock_sock *xs = vsk->trans;

	if (xvsock_op(skb) == VIRTIO_VSOCK_OP_RST)
		return sock_flag(sk_vsock(vsk), SOCK_DONE);
	if (xvsock_op(skb) != VIRTIO_VSOCK_OP_SHUTDOWN)
		return false;
	if (!(flags & ~xs->shutdown_sent))
		return true;
	xs->shutdown_sent |= flags;
	return false;
}

static int send_over(struct xvsock_sock *xs, struct sk_buff *skb)
{
	/* What waits before a reset nobody will read. */
	if (xvsock_op(skb) == VIRTIO_VSOCK_OP_RST)
		xvsock_tx_cancel(xs->conn, &xs->flow);
	return xvsock_tx_socket(xs->conn, &xs->flow, skb);
}

static bool begins(struct sk_buff *skb)
{
	return xvsock_op(skb) == VIRTIO_VSOCK_OP_REQUEST ||
	       xvsock_op(skb) == VIRTIO_VSOCK_OP_RESPONSE;
}

static int send_of(struct vsock_sock *vsk, struct sk_buff *skb)
{
	struct xvsock_sock *xs = vsk->trans;
	int ret = 0;

	if (READ_ONCE(xs->over))
		return drop(skb, -ENOTCONN);
	if (is_said(vsk, skb))
		return drop(skb, 0);
	if (is_local(xvsock_dst(skb)))
		return loop_send(skb);
	if (begins(skb))
		ret = attach(xs, skb);
	if (ret || !xs->conn)
		ret = drop(skb, ret ?: -ENOTCONN);
	else
		ret = send_over(xs, skb);
	return ret;
}

/* A connection that could not send finds that it is over; who has none yet is told otherwise. */
static bool is_lost_by(struct vsock_sock *vsk, u16 op)
{
	const struct xvsock_sock *xs = vsk->trans;

	return sk_vsock(vsk)->sk_state == TCP_ESTABLISHED &&
	       (!xs->over || op == VIRTIO_VSOCK_OP_RW);
}

static int send_socket(struct vsock_sock *vsk, struct sk_buff *skb)
{
	struct xvsock_sock *xs = vsk->trans;
	u16 op = xvsock_op(skb);
	int ret = send_of(vsk, skb);

	if (op == VIRTIO_VSOCK_OP_RST)
		WRITE_ONCE(xs->over, true);
	else if (ret < 0 && is_lost_by(vsk, op))
		xvsock_lose(vsk, ECONNRESET);
	return ret;
}

static int send_answer(struct sk_buff *skb)
{
	struct xvsock_conn *conn;
	int ret;

	if (is_local(xvsock_dst(skb)))
		return loop_send(skb);
	conn = way_of(skb);
	if (IS_ERR(conn))
		return drop(skb, PTR_ERR(conn));
	ret = xvsock_tx_expendable(conn, skb);
	xvsock_conn_put(conn);
	return ret;
}

/*
 * Is this a packet of the socket's own connection? Linux from 6.12.118 on has the reset for what
 * belongs to no connection carry the socket that was found for its port: it may listen, or be
 * bound and no more, without a transport or with that of an earlier attempt.
 */
static bool is_of_connection(struct vsock_sock *vsk, struct sk_buff *skb)
{
	return vsk->trans && vsk->transport == &xvsock_transport.transport &&
	       sk_vsock(vsk)->sk_state != TCP_LISTEN &&
	       vsk->remote_addr.svm_cid == xvsock_dst(skb) &&
	       vsk->remote_addr.svm_port == le32_to_cpu(virtio_vsock_hdr(skb)->dst_port);
}

static int send_pkt(VSOCK_SEND_PARAMETERS)
{
	if (skb->sk && is_of_connection(vsock_sk(skb->sk), skb))
		return send_socket(vsock_sk(skb->sk), skb);
	skb_orphan(skb);
	return send_answer(skb);
}

/* ------------------------------------------------------------------------ */
/* Data                                                                       */

/* The next @len bytes of @msg, counted as the process's memory. */
static struct sk_buff *data_packet(struct vsock_sock *vsk, struct msghdr *msg, size_t len)
{
	struct sk_buff *skb = virtio_vsock_alloc_skb(VIRTIO_VSOCK_SKB_HEADROOM + len,
						     GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	bool stream = sk_vsock(vsk)->sk_type == SOCK_STREAM;
	int err;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	*virtio_vsock_hdr(skb) = (struct virtio_vsock_hdr){
		.src_cid = cpu_to_le64(xvsock_local_cid()),
		.dst_cid = cpu_to_le64(vsk->remote_addr.svm_cid),
		.src_port = cpu_to_le32(vsk->local_addr.svm_port),
		.dst_port = cpu_to_le32(vsk->remote_addr.svm_port),
		.len = cpu_to_le32(len),
		.type = cpu_to_le16(stream ? VSOCK_TYPE_STREAM : VSOCK_TYPE_SEQPACKET),
		.op = cpu_to_le16(VIRTIO_VSOCK_OP_RW),
	};
	err = memcpy_from_msg(skb_put(skb, len), msg, len);
	if (!err)
		return skb;
	kfree_skb(skb);
	return ERR_PTR(err);
}

/* 0: there is no connection any more, and the core looks why. */
static size_t data_send(struct vsock_sock *vsk, struct sk_buff *skb)
{
	struct xvsock_sock *xs = vsk->trans;
	size_t len = skb->len;

	virtio_transport_inc_tx_pkt(&xs->vvs, skb);
	if (is_local(xvsock_dst(skb)))
		skb_set_owner_w(skb, sk_vsock(vsk));
	return send_socket(vsk, skb) < 0 ? 0 : len;
}

static bool may_queue(struct vsock_sock *vsk, size_t bytes)
{
	struct xvsock_sock *xs = vsk->trans;

	return xvsock_tx_may_queue(xs->conn, sk_vsock(vsk), bytes);
}

/* A packet is a record: the caller comes again for the rest. */
static ssize_t stream_enqueue(struct vsock_sock *vsk, struct msghdr *msg, size_t len)
{
	struct virtio_vsock_sock *vvs = vsk->trans;
	struct sk_buff *skb;

	len = virtio_transport_get_credit(vvs, min_t(size_t, len, VSOCK_PAYLOAD_MAX));
	if (!len)
		return 0;
	skb = data_packet(vsk, msg, len);
	if (!IS_ERR(skb))
		return data_send(vsk, skb);
	virtio_transport_put_credit(vvs, len);
	return PTR_ERR(skb);
}

static u32 window_of(struct virtio_vsock_sock *vvs)
{
	u32 window;

	spin_lock_bh(&vvs->tx_lock);
	window = min(vvs->peer_buf_alloc, vvs->buf_alloc);
	spin_unlock_bh(&vvs->tx_lock);
	return window;
}

static int message_pack(struct vsock_sock *vsk, struct msghdr *msg, size_t len,
			struct sk_buff_head *packets)
{
	struct sk_buff *skb;
	size_t n;

	for (; len; len -= n) {
		n = min_t(size_t, len, VSOCK_PAYLOAD_MAX);
		skb = data_packet(vsk, msg, n);
		if (IS_ERR(skb))
			return PTR_ERR(skb);
		__skb_queue_tail(packets, skb);
	}
	return 0;
}

static u32 flags_of_end(const struct msghdr *msg)
{
	return VIRTIO_VSOCK_SEQ_EOM | (msg->msg_flags & MSG_EOR ? VIRTIO_VSOCK_SEQ_EOR : 0);
}

/* All of it or nothing, whatever goes wrong. */
static int message_send(struct vsock_sock *vsk, struct msghdr *msg, size_t len)
{
	struct sk_buff_head packets;
	struct sk_buff *skb;
	int err;

	__skb_queue_head_init(&packets);
	err = message_pack(vsk, msg, len, &packets);
	if (err) {
		virtio_transport_put_credit(vsk->trans, len);
		__skb_queue_purge(&packets);
		return err;
	}
	virtio_vsock_hdr(skb_peek_tail(&packets))->flags = cpu_to_le32(flags_of_end(msg));
	while ((skb = __skb_dequeue(&packets)))
		if (!data_send(vsk, skb))
			len = 0;
	__skb_queue_purge(&packets);
	return len;
}

static bool message_takes_credit(struct vsock_sock *vsk, size_t len)
{
	u32 got;

	if (!may_queue(vsk, len))
		return false;
	got = virtio_transport_get_credit(vsk->trans, len);
	if (got == len)
		return true;
	virtio_transport_put_credit(vsk->trans, got);
	return false;
}

/* The core asks for room for one byte, so that it is told 0 and asks stream_has_space(). */
static int seqpacket_enqueue(struct vsock_sock *vsk, struct msghdr *msg, size_t len)
{
	struct xvsock_sock *xs = vsk->trans;

	if (len > window_of(&xs->vvs))
		return -EMSGSIZE;
	if (!message_takes_credit(vsk, len)) {
		xs->wanted = len;
		return 0;
	}
	xs->wanted = 0;
	return message_send(vsk, msg, len);
}

/* Of a message that is too long by now seqpacket_enqueue() has to say so. */
static size_t wanted_space(struct xvsock_sock *xs)
{
	return xs->wanted && xs->wanted <= window_of(&xs->vvs) ? xs->wanted : 1;
}

static s64 stream_has_space(struct vsock_sock *vsk)
{
	size_t wanted = wanted_space(vsk->trans);
	s64 space;

	xvsock_window_before_write(vsk);
	space = virtio_transport_stream_has_space(vsk);
	return space >= (s64)wanted && may_queue(vsk, wanted) ? space : 0;
}

/* The next message may be a shorter one. */
static int notify_send_init(struct vsock_sock *vsk, struct vsock_transport_send_notify_data *data)
{
	struct xvsock_sock *xs = vsk->trans;

	xs->wanted = 0;
	return virtio_transport_notify_send_init(vsk, data);
}

static ssize_t stream_dequeue(struct vsock_sock *vsk, struct msghdr *msg, size_t len, int flags)
{
	ssize_t got = virtio_transport_stream_dequeue(vsk, msg, len, flags);

	if (got > 0)
		xvsock_window_after_read(vsk);
	return got;
}

/*
 * With Linux 6.12, not 6.1, a send that fails takes the error of a stream away, and a reader
 * would take the loss for an orderly end. So it is set again for each reader, after the last
 * byte.
 */
static s64 stream_has_data(struct vsock_sock *vsk)
{
	struct xvsock_sock *xs = vsk->trans;
	s64 bytes = virtio_transport_stream_has_data(vsk);

	if (!bytes && READ_ONCE(xs->error))
		sk_vsock(vsk)->sk_err = xs->error;
	return bytes;
}

/* Why the connection is over is something to be read, after the last message. */
static u32 seqpacket_has_data(struct vsock_sock *vsk)
{
	struct xvsock_sock *xs = vsk->trans;

	return virtio_transport_seqpacket_has_data(vsk) ?: !!READ_ONCE(xs->error);
}

static ssize_t seqpacket_dequeue(struct vsock_sock *vsk, struct msghdr *msg, int flags)
{
	struct xvsock_sock *xs = vsk->trans;

	if (!virtio_transport_seqpacket_has_data(vsk) && READ_ONCE(xs->error))
		sk_vsock(vsk)->sk_err = xs->error;
	return virtio_transport_seqpacket_dequeue(vsk, msg, flags);
}

/* ------------------------------------------------------------------------ */
/* Sockets                                                                    */

/* Any process may ask for any size; its peer would fill it. */
static int socket_init(struct vsock_sock *vsk, struct vsock_sock *parent)
{
	struct xvsock_sock *xs = kzalloc(sizeof(*xs), GFP_KERNEL_ACCOUNT);

	if (!xs)
		return -ENOMEM;
	vsk->buffer_size = min_t(u64, vsk->buffer_size, xvsock_buffer_max());
	xs->vvs.vsk = vsk;
	xs->vvs.buf_alloc = xvsock_window_of_size(vsk->buffer_size);
	spin_lock_init(&xs->vvs.tx_lock);
	spin_lock_init(&xs->vvs.rx_lock);
	skb_queue_head_init(&xs->vvs.rx_queue);
	xvsock_flow_init(&xs->flow, &xs->vvs);
	vsk->trans = xs;
	return 0;
}

static void destruct(struct vsock_sock *vsk)
{
	if (vsk->trans)
		detach(vsk->trans);
	xvsock_window_release(vsk);
	/* Frees all of struct xvsock_sock. */
	virtio_transport_destruct(vsk);
}

static int cancel_pkt(struct vsock_sock *vsk)
{
	detach(vsk->trans);
	virtio_transport_purge_skbs(vsk, &loop_queue);
	return 0;
}

/* What never became a connection leaves no request behind. */
/*
 * A connect that nobody waits for has the core hold the socket until its timeout, also when it was
 * closed or refused long before; and the timeout is whatever the program said.
 */
static void end_connect(struct vsock_sock *vsk)
{
	if (cancel_delayed_work(&vsk->connect_work))
		/* The reference that vsock_connect() took for the work */
		sock_put(sk_vsock(vsk));
}

static void release(struct vsock_sock *vsk)
{
	int state = sk_vsock(vsk)->sk_state;

	end_connect(vsk);
	if (state != TCP_ESTABLISHED && state != TCP_CLOSING)
		cancel_pkt(vsk);
	virtio_transport_release(vsk);
}

static void notify_buffer_size(struct vsock_sock *vsk, u64 *size)
{
	u64 window;

	xvsock_window_release(vsk);
	*size = min_t(u64, *size, xvsock_buffer_max());
	window = xvsock_window_of_size(*size);
	virtio_transport_notify_buffer_size(vsk, &window);
}

/* The core leaves the CID open for good; programs want to see theirs. */
static void name_socket(struct vsock_sock *vsk)
{
	spin_lock_bh(&vsock_table_lock);
	if (vsk->local_addr.svm_cid == VMADDR_CID_ANY)
		WRITE_ONCE(vsk->local_addr.svm_cid, local_cid);
	spin_unlock_bh(&vsock_table_lock);
}

static int xvsock_connect_socket(struct vsock_sock *vsk)
{
	struct xvsock_sock *xs = vsk->trans;

	/* It may have tried before. */
	cancel_pkt(vsk);
	xs->over = false;
	xs->error = 0;
	xs->shutdown_sent = 0;
	name_socket(vsk);
	return virtio_transport_connect(vsk);
}

static bool stream_allow(VSOCK_ALLOW_PARAMETERS(u32 cid, u32 port))
{
	return VSOCK_MAY_USE(vsk);
}

static bool seqpacket_allow(VSOCK_ALLOW_PARAMETERS(u32 remote_cid))
{
	return VSOCK_MAY_USE(vsk);
}

/* Whether there is a way to it is found out when something is sent. */
static bool __maybe_unused reaches(struct vsock_sock *vsk, u32 remote_cid)
{
	return true;
}

struct virtio_transport xvsock_transport = {
	.transport = {
		.module = THIS_MODULE,

		.get_local_cid = xvsock_local_cid,
		VSOCK_REACHES(reaches)

		.init = socket_init,
		.destruct = destruct,
		.release = release,
		.connect = xvsock_connect_socket,
		.shutdown = virtio_transport_shutdown,
		.cancel_pkt = cancel_pkt,

		/* Datagrams are another transport's: dgram.c */
		.dgram_bind = virtio_transport_dgram_bind,
		.dgram_dequeue = virtio_transport_dgram_dequeue,
		.dgram_enqueue = virtio_transport_dgram_enqueue,
		.dgram_allow = virtio_transport_dgram_allow,

		.stream_dequeue = stream_dequeue,
		.stream_enqueue = stream_enqueue,
		.stream_has_data = stream_has_data,
		.stream_has_space = stream_has_space,
		.stream_rcvhiwat = virtio_transport_stream_rcvhiwat,
		.stream_is_active = virtio_transport_stream_is_active,
		.stream_allow = stream_allow,

		.seqpacket_dequeue = seqpacket_dequeue,
		.seqpacket_enqueue = seqpacket_enqueue,
		.seqpacket_allow = seqpacket_allow,
		.seqpacket_has_data = seqpacket_has_data,

		.notify_poll_in = virtio_transport_notify_poll_in,
		.notify_poll_out = virtio_transport_notify_poll_out,
		.notify_recv_init = virtio_transport_notify_recv_init,
		.notify_recv_pre_block = virtio_transport_notify_recv_pre_block,
		.notify_recv_pre_dequeue = virtio_transport_notify_recv_pre_dequeue,
		.notify_recv_post_dequeue = virtio_transport_notify_recv_post_dequeue,
		.notify_send_init = notify_send_init,
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
	/* Not WQ_FREEZABLE, see vlink_wq: a suspend ends all connections. */
	xvsock_wq = alloc_workqueue("vlink_vsock", WQ_UNBOUND, 0);
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
