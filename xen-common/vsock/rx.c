// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving: records of the ring become packets, which go to a socket of this domain or, in
 * dom0, to the link of another. Each record is copied to private memory and then checked;
 * what is not allowed breaks the connection of the link, which is the peer's alone.
 *
 * Memory: a socket takes as many bytes as it promised, but small packets take more memory
 * than they carry. Small ones get room that the next ones are put into; and what is not read
 * yet is counted (memory.c): beyond the limit the socket that hoards most is reset.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/sched.h>

#include "vsock.h"

/* Room of a packet with little in it: others that come behind it move in. */
#define ROOM_MIN	1024

/* Records that one pass of the work takes: others are to run as well. */
#define PASS_MAX	64

/* Until the next try when there was no memory for a record. */
#define RETRY_TIME	(HZ / 50)

static void ring_read(struct xvsock_conn *conn, u32 offset, void *data, u32 len)
{
	u32 done, n, pos;

	for (done = 0; done < len; done += n) {
		pos = (conn->rx.index + offset + done) & (conn->rx.size - 1);
		n = xvsock_run_length(pos, len - done);
		memcpy(data + done,
		       page_address(conn->rx_pages[pos / PAGE_SIZE]) + offset_in_page(pos), n);
	}
}

static u32 payload_max(const struct xvsock_conn *conn, u16 type)
{
	if (type == VSOCK_TYPE_DGRAM)
		return min_t(u32, VSOCK_DGRAM_MAX, conn->rx_size / 2);
	return VSOCK_PAYLOAD_MAX;
}

static const char *fault_of_connected(const struct virtio_vsock_hdr *hdr, u32 len)
{
	u16 op = le16_to_cpu(hdr->op);
	bool data = op == VIRTIO_VSOCK_OP_RW;

	if (op < VIRTIO_VSOCK_OP_REQUEST || op > VIRTIO_VSOCK_OP_CREDIT_REQUEST)
		return "unknown operation";
	if (data != !!len)
		return "payload where none belongs, or none";
	return NULL;
}

/* What is wrong with the form of a record; NULL: nothing. */
static const char *fault_of(const struct xvsock_conn *conn, const struct xvsock_record *record)
{
	u32 len = le32_to_cpu(record->hdr.len);
	u16 type = le16_to_cpu(record->hdr.type);
	u16 op = le16_to_cpu(record->hdr.op);

	if (len > payload_max(conn, type))
		return "record too long";
	if (record->zero)
		return "reserved field in use";
	switch (type) {
	case VSOCK_TYPE_STREAM:
	case VSOCK_TYPE_SEQPACKET:
		return fault_of_connected(&record->hdr, len);
	case VSOCK_TYPE_DGRAM:
		return op == VIRTIO_VSOCK_OP_RW ? NULL : "unknown operation";
	case VSOCK_TYPE_CONTROL:
		return op == VSOCK_CONTROL_GONE && !len ? NULL : "unknown operation";
	}
	return "unknown type";
}

static u32 flags_of(const struct virtio_vsock_hdr *hdr)
{
	u32 flags = le32_to_cpu(hdr->flags);

	if (le16_to_cpu(hdr->op) == VIRTIO_VSOCK_OP_SHUTDOWN)
		return flags & (VIRTIO_VSOCK_SHUTDOWN_RCV | VIRTIO_VSOCK_SHUTDOWN_SEND);
	if (le16_to_cpu(hdr->op) == VIRTIO_VSOCK_OP_RW &&
	    le16_to_cpu(hdr->type) == VSOCK_TYPE_SEQPACKET)
		return flags & (VIRTIO_VSOCK_SEQ_EOM | VIRTIO_VSOCK_SEQ_EOR);
	return 0;
}

/* May the peer send in this name? */
static bool is_own_name(const struct xvsock_conn *conn, const struct virtio_vsock_hdr *hdr)
{
	u64 cid = le64_to_cpu(hdr->src_cid);

	if (le16_to_cpu(hdr->type) == VSOCK_TYPE_CONTROL)
		return conn->hub;
	if (cid == conn->peer_cid)
		return true;
	return conn->hub && cid > VMADDR_CID_HOST && cid < VMADDR_CID_ANY &&
	       cid != xvsock_local_cid();
}

/* What ends a message has nothing behind it in the same packet. */
static u32 room_of(const struct virtio_vsock_hdr *hdr)
{
	u32 len = le32_to_cpu(hdr->len);

	if (!len || le16_to_cpu(hdr->type) == VSOCK_TYPE_DGRAM ||
	    (flags_of(hdr) & VIRTIO_VSOCK_SEQ_EOM))
		return len;
	return max_t(u32, len, ROOM_MIN);
}

static struct sk_buff *packet_new(struct xvsock_conn *conn, const struct xvsock_record *record)
{
	u32 room = room_of(&record->hdr);
	struct sk_buff *skb;

	skb = alloc_skb(VIRTIO_VSOCK_SKB_HEADROOM + room, GFP_KERNEL | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, VIRTIO_VSOCK_SKB_HEADROOM);
	*virtio_vsock_hdr(skb) = record->hdr;
	virtio_vsock_hdr(skb)->flags = cpu_to_le32(flags_of(&record->hdr));
	xvsock_memory_charge(conn->memory, skb);
	return skb;
}

/* The header of the next record, and that it is all there; 0: there is none. */
static int record_peek(struct xvsock_conn *conn, struct xvsock_record *record, const char **fault)
{
	bool broken = false;
	u32 avail;

	avail = vlink_consumer_avail(&conn->rx, &broken);
	if (!broken && !avail) {
		vlink_consumer_arm(&conn->rx, 1, &broken);
		avail = conn->rx.peer - conn->rx.index;
	}
	if (!broken && !avail)
		return 0;
	*fault = "impossible ring index";
	if (broken || avail < sizeof(*record))
		return -EPROTO;
	ring_read(conn, 0, record, sizeof(*record));
	*fault = fault_of(conn, record);
	if (*fault)
		return -EPROTO;
	*fault = "record beyond the end of the data";
	if (xvsock_record_size(le32_to_cpu(record->hdr.len)) > avail)
		return -EPROTO;
	*fault = "somebody else's CID";
	return is_own_name(conn, &record->hdr) ? 1 : -EPROTO;
}

/*
 * Takes the next record out of the ring. 1: it is in *@skb; 0: there is none; -EPROTO:
 * *@fault is wrong; -ENOMEM: it stays where it is, as a stream without it would have a hole.
 */
static int record_read(struct xvsock_conn *conn, struct sk_buff **skb, const char **fault)
{
	struct xvsock_record record;
	int ret = record_peek(conn, &record, fault);
	u32 len;

	if (ret <= 0)
		return ret;
	*skb = packet_new(conn, &record);
	if (!*skb)
		return -ENOMEM;
	len = le32_to_cpu(record.hdr.len);
	ring_read(conn, sizeof(record), skb_put(*skb, len), len);
	if (vlink_consumer_publish(&conn->rx, xvsock_record_size(len)))
		vlink_notify(conn->link);
	return 1;
}

/* ------------------------------------------------------------------------ */
/* What becomes of a packet                                                   */

static void addresses_of(struct sk_buff *skb, struct sockaddr_vm *src, struct sockaddr_vm *dst)
{
	struct virtio_vsock_hdr *hdr = virtio_vsock_hdr(skb);

	vsock_addr_init(src, xvsock_src(skb), le32_to_cpu(hdr->src_port));
	vsock_addr_init(dst, xvsock_dst(skb), le32_to_cpu(hdr->dst_port));
}

static bool is_connected_type(struct sk_buff *skb)
{
	return xvsock_type(skb) == VSOCK_TYPE_STREAM || xvsock_type(skb) == VSOCK_TYPE_SEQPACKET;
}

/* Answers a reset over the link that the packet came from. */
static void answer_reset(struct xvsock_conn *conn, struct sk_buff *skb)
{
	struct sockaddr_vm src, dst;
	struct sk_buff *reset;

	atomic64_inc(&conn->counters.refused);
	if (!is_connected_type(skb) || xvsock_op(skb) == VIRTIO_VSOCK_OP_RST)
		return;
	addresses_of(skb, &src, &dst);
	reset = xvsock_packet(xvsock_type(skb), VIRTIO_VSOCK_OP_RST, &dst, &src);
	if (reset)
		xvsock_tx_expendable(conn, reset);
}

static void refuse(struct xvsock_conn *conn, struct sk_buff *skb)
{
	answer_reset(conn, skb);
	kfree_skb(skb);
}

static void drop(struct xvsock_conn *conn, struct sk_buff *skb)
{
	atomic64_inc(&conn->counters.dropped);
	kfree_skb(skb);
}

/* The reset of a packet's connection, for who is to get the packet; NULL: no memory. */
static struct sk_buff *reset_of(struct sk_buff *skb)
{
	struct sockaddr_vm src, dst;

	addresses_of(skb, &src, &dst);
	return xvsock_packet(xvsock_type(skb), VIRTIO_VSOCK_OP_RST, &src, &dst);
}

static bool is_for_us(struct sk_buff *skb)
{
	return virtio_vsock_hdr(skb)->dst_cid == cpu_to_le64(xvsock_local_cid());
}

/* The receiver learns why the connection ends, the sender that it does. */
static void give_up(struct xvsock_conn *conn, struct sk_buff *skb)
{
	struct sk_buff *reset = reset_of(skb);
	struct sockaddr_vm src, dst;
	struct sock *sk;

	addresses_of(skb, &src, &dst);
	answer_reset(conn, skb);
	sk = vsock_find_connected_socket(&src, &dst);
	if (sk) {
		if (sk->sk_type == SOCK_STREAM)
			sk->sk_err = ENOBUFS;
		sk_error_report(sk);
		sock_put(sk);
	}
	kfree_skb(skb);
	if (reset)
		xvsock_deliver(reset);
}

/* These two domains have no connections with each other any more. */
static void cut_pair(struct xvsock_conn *to, struct xvsock_conn *from)
{
	xvsock_tx_gone(to, from->peer_cid, true);
	xvsock_tx_gone(from, to->peer_cid, true);
}

/* Data that would wait without bound: its connection ends, at both ends. */
static void forward_reset(struct xvsock_conn *to, struct xvsock_conn *from, struct sk_buff *skb)
{
	struct sk_buff *reset = reset_of(skb);

	refuse(from, skb);
	if (!reset || xvsock_tx_forward(to, from, reset)) {
		kfree_skb(reset);
		cut_pair(to, from);
	}
}

static void forward_to(struct xvsock_conn *to, struct xvsock_conn *from, struct sk_buff *skb)
{
	int err = xvsock_tx_forward(to, from, skb);

	if (!err) {
		atomic64_inc(&from->counters.forwarded);
		return;
	}
	/* Of a link that was lost just now: its peer's end is told of soon. */
	if (xvsock_type(skb) == VSOCK_TYPE_DGRAM || err == -ENODEV) {
		drop(from, skb);
	} else if (err == -ENOBUFS && xvsock_op(skb) != VIRTIO_VSOCK_OP_REQUEST) {
		forward_reset(to, from, skb);
	} else {
		refuse(from, skb);
		if (err == -ECONNRESET)
			cut_pair(to, from);
	}
}

/* The receiver would take its sender, who is dom0, for broken. */
static bool is_too_long_for(const struct xvsock_conn *to, struct sk_buff *skb)
{
	return xvsock_type(skb) == VSOCK_TYPE_DGRAM && skb->len > to->tx.size / 2;
}

/* To another domain, if that link's configuration allows it too. */
static void forward(struct xvsock_conn *from, struct sk_buff *skb)
{
	u64 cid = le64_to_cpu(virtio_vsock_hdr(skb)->dst_cid);
	struct xvsock_conn *to = NULL;

	if (from->forward && cid < VMADDR_CID_ANY)
		to = xvsock_route_direct(cid);
	if (!to || !to->forward || to == from)
		refuse(from, skb);
	else if (is_too_long_for(to, skb))
		drop(from, skb);
	else
		forward_to(to, from, skb);
	if (to)
		xvsock_conn_put(to);
}

static void receive_datagram(struct xvsock_conn *conn, struct sk_buff *skb)
{
	if (!is_for_us(skb))
		forward(conn, skb);
	else if (xvsock_memory_is_full() && !xvsock_shed())
		drop(conn, skb);
	else
		xvsock_dgram_deliver(skb);
}

static void receive_control(struct xvsock_conn *conn, struct sk_buff *skb)
{
	u32 cid = xvsock_src(skb);

	kfree_skb(skb);
	if (cid != conn->peer_cid)
		xvsock_reset(conn, cid);
}

/* Asks for an answer; the peer may ask as often as it likes. */
static bool wants_answer(struct sk_buff *skb)
{
	return xvsock_op(skb) == VIRTIO_VSOCK_OP_REQUEST ||
	       xvsock_op(skb) == VIRTIO_VSOCK_OP_CREDIT_REQUEST;
}

/* It stays in this domain's memory for as long as others like. */
static bool is_kept(struct sk_buff *skb)
{
	return skb->len || xvsock_op(skb) == VIRTIO_VSOCK_OP_REQUEST;
}

static void receive_connected(struct xvsock_conn *conn, struct sk_buff *skb)
{
	if (!is_for_us(skb))
		forward(conn, skb);
	else if (wants_answer(skb) && xvsock_tx_flooded(conn))
		drop(conn, skb);
	else if (is_kept(skb) && xvsock_memory_is_full() && !xvsock_shed())
		give_up(conn, skb);
	else
		xvsock_deliver(skb);
}

/* Forwarded for a domain that has a link of its own by now and speaks there. */
static bool is_late(const struct xvsock_conn *conn, struct sk_buff *skb)
{
	return xvsock_src(skb) != conn->peer_cid && xvsock_type(skb) != VSOCK_TYPE_CONTROL &&
	       xvsock_has_direct_route(xvsock_src(skb));
}

static void receive(struct xvsock_conn *conn, struct sk_buff *skb)
{
	atomic64_inc(&conn->counters.rx_packets);
	atomic64_add(skb->len, &conn->counters.rx_bytes);
	if (is_late(conn, skb)) {
		drop(conn, skb);
		return;
	}
	switch (xvsock_type(skb)) {
	case VSOCK_TYPE_CONTROL:
		receive_control(conn, skb);
		break;
	case VSOCK_TYPE_DGRAM:
		receive_datagram(conn, skb);
		break;
	default:
		receive_connected(conn, skb);
	}
}

/* 1: a record was received; 0: there is none, or none that can be used any more. */
static int receive_next(struct xvsock_conn *conn)
{
	struct sk_buff *skb = NULL;
	const char *fault;
	int ret = 0;

	mutex_lock(&conn->rx_lock);
	if (!conn->rx_dead)
		ret = record_read(conn, &skb, &fault);
	if (READ_ONCE(conn->tx_broken) && !conn->rx_dead) {
		fault = "impossible index of the ring to it";
		ret = -EPROTO;
	}
	if (ret == -EPROTO) {
		conn->rx_dead = true;
		/* The link may be gone when the lock is. */
		vlink_fail(conn->link, "the peer breaks the protocol of vsock: %s", fault);
	}
	mutex_unlock(&conn->rx_lock);

	if (ret == -EPROTO) {
		kfree_skb(skb);
		xvsock_conn_cut_off(conn);
		return 0;
	}
	if (skb)
		receive(conn, skb);
	return ret;
}

void xvsock_rx_work(struct work_struct *work)
{
	struct xvsock_conn *conn = container_of(work, struct xvsock_conn, rx_work.work);
	int received, ret = 0;

	WRITE_ONCE(conn->rx_task, current);
	for (received = 0; received < PASS_MAX; received++) {
		ret = receive_next(conn);
		if (ret <= 0)
			break;
		cond_resched();
	}
	WRITE_ONCE(conn->rx_task, NULL);
	/* What was delivered while the link was being lost came after the resets. */
	if (received && READ_ONCE(conn->rx_dead))
		xvsock_reset(conn, VMADDR_CID_ANY);
	if (ret == -ENOMEM || received == PASS_MAX)
		xvsock_conn_queue_rx(conn, ret == -ENOMEM ? RETRY_TIME : 0);
	xvsock_conn_put(conn);
}
