// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving: records of the ring become packets, which go to a socket of this domain or, in
 * dom0, to the link of another. Each record is copied to private memory and then checked;
 * what is not allowed breaks the connection of the link, which is the peer's alone.
 *
 * Memory: a socket takes as many bytes as it promised, but small packets take more memory
 * than they carry. Small ones get room that the next ones are put into; and all that came
 * over a link and is not read yet is counted: beyond the limit a connection that gets
 * more is reset.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "vsock.h"

/* Room of a packet with little in it: others that come behind it move in. */
#define ROOM_MIN	1024

static unsigned long unread_max;
module_param(unread_max, ulong, 0644);
MODULE_PARM_DESC(unread_max, "bytes of memory that packets of one link may take until they are read (0: a quarter of the domain's)");

/* ------------------------------------------------------------------------ */
/* Counting memory                                                            */

static void memory_release(struct sk_buff *skb, struct ubuf_info *ubuf, bool success)
{
	struct xvsock_memory *memory = container_of(ubuf, struct xvsock_memory, ubuf);

	if (skb)
		atomic_long_sub(skb->truesize, &memory->bytes);
	xvsock_memory_put(memory);
}

struct xvsock_memory *xvsock_memory_new(void)
{
	struct xvsock_memory *memory = kzalloc(sizeof(*memory), GFP_KERNEL);

	if (!memory)
		return NULL;
	/* The hook that sockets call when they release a packet of pages that are not theirs. */
	memory->ubuf.callback = memory_release;
	memory->ubuf.flags = SKBFL_ZEROCOPY_FRAG;
	refcount_set(&memory->ubuf.refcnt, 1);
	return memory;
}

void xvsock_memory_put(struct xvsock_memory *memory)
{
	if (refcount_dec_and_test(&memory->ubuf.refcnt))
		kfree(memory);
}

static void memory_charge(struct xvsock_memory *memory, struct sk_buff *skb)
{
	atomic_long_add(skb->truesize, &memory->bytes);
	skb_zcopy_set(skb, &memory->ubuf, NULL);
}

static bool memory_is_full(struct xvsock_memory *memory)
{
	unsigned long max = READ_ONCE(unread_max) ?: totalram_pages() * (PAGE_SIZE / 4);

	return atomic_long_read(&memory->bytes) > (long)min_t(unsigned long, max, LONG_MAX);
}

/* ------------------------------------------------------------------------ */
/* Records                                                                    */

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

static bool has_own_link(u32 cid)
{
	bool direct;

	rcu_read_lock();
	direct = xvsock_route_direct(cid);
	rcu_read_unlock();
	return direct;
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
	memory_charge(conn->memory, skb);
	return skb;
}

/*
 * Takes the next record out of the ring. 1: it is in *@skb, which is NULL when there was
 * no memory for it; 0: there is none; -EPROTO: *@fault is wrong.
 */
static int record_read(struct xvsock_conn *conn, struct sk_buff **skb, const char **fault)
{
	struct xvsock_record record;
	bool broken = false;
	u32 avail, len;

	avail = vlink_consumer_avail(&conn->rx, &broken);
	if (!broken && !avail) {
		if (!vlink_consumer_arm(&conn->rx, 1, &broken) && !broken)
			return 0;
		avail = vlink_consumer_avail(&conn->rx, &broken);
	}
	*fault = "ring index that cannot be";
	if (broken || avail < sizeof(record))
		return -EPROTO;
	ring_read(conn, 0, &record, sizeof(record));
	*fault = fault_of(conn, &record);
	if (*fault)
		return -EPROTO;
	*fault = "record beyond the end of the data";
	len = le32_to_cpu(record.hdr.len);
	if (xvsock_record_size(len) > avail)
		return -EPROTO;
	*fault = "somebody else's CID";
	if (!is_own_name(conn, &record.hdr))
		return -EPROTO;
	*skb = packet_new(conn, &record);
	if (*skb)
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

/* Answers a reset over the link that the packet came from; takes it. */
static void refuse(struct xvsock_conn *conn, struct sk_buff *skb)
{
	struct sockaddr_vm src, dst;
	struct sk_buff *reset;

	atomic64_inc(&conn->counters.refused);
	if (xvsock_type(skb) <= VSOCK_TYPE_SEQPACKET && xvsock_op(skb) != VIRTIO_VSOCK_OP_RST) {
		addresses_of(skb, &src, &dst);
		reset = xvsock_packet(xvsock_type(skb), VIRTIO_VSOCK_OP_RST, &dst, &src,
				      GFP_KERNEL);
		if (reset)
			xvsock_tx(conn, reset, NULL);
	}
	kfree_skb(skb);
}

/* Turns a packet into the reset of its connection. */
static void make_reset(struct sk_buff *skb)
{
	virtio_vsock_hdr(skb)->op = cpu_to_le16(VIRTIO_VSOCK_OP_RST);
	virtio_vsock_hdr(skb)->flags = 0;
	virtio_vsock_hdr(skb)->len = 0;
	skb_trim(skb, 0);
}

/* The receiver learns why the connection ends, the sender that it does. */
static void give_up(struct xvsock_conn *conn, struct sk_buff *skb)
{
	struct sockaddr_vm src, dst;
	struct sk_buff *reset;
	struct sock *sk;

	addresses_of(skb, &src, &dst);
	atomic64_inc(&conn->counters.refused);
	reset = xvsock_packet(xvsock_type(skb), VIRTIO_VSOCK_OP_RST, &dst, &src, GFP_KERNEL);
	if (reset)
		xvsock_tx(conn, reset, NULL);
	sk = vsock_find_connected_socket(&src, &dst);
	if (sk) {
		sk->sk_err = ENOBUFS;
		sk_error_report(sk);
		sock_put(sk);
	}
	make_reset(skb);
}

static bool is_for_us(struct sk_buff *skb)
{
	return virtio_vsock_hdr(skb)->dst_cid == cpu_to_le64(xvsock_local_cid());
}

/* To another domain, if that link's configuration allows it too. */
static void forward(struct xvsock_conn *from, struct sk_buff *skb)
{
	u64 cid = le64_to_cpu(virtio_vsock_hdr(skb)->dst_cid);
	struct xvsock_conn *to = NULL;

	rcu_read_lock();
	if (from->forward && cid < VMADDR_CID_ANY)
		to = xvsock_route_direct(cid);
	if (to && to->forward && to != from) {
		atomic64_inc(&from->counters.forwarded);
		xvsock_tx(to, skb, from);
		skb = NULL;
	}
	rcu_read_unlock();
	if (skb)
		refuse(from, skb);
}

static void receive_datagram(struct xvsock_conn *conn, struct sk_buff *skb, bool full)
{
	if (full) {
		atomic64_inc(&conn->counters.dropped);
		kfree_skb(skb);
	} else if (is_for_us(skb)) {
		xvsock_dgram_deliver(skb);
	} else {
		forward(conn, skb);
	}
}

static void receive_control(struct xvsock_conn *conn, struct sk_buff *skb)
{
	u32 cid = xvsock_src(skb);

	kfree_skb(skb);
	if (cid != conn->peer_cid && !has_own_link(cid))
		xvsock_reset_peer(cid);
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
	return skb->len || xvsock_op(skb) == VIRTIO_VSOCK_OP_REQUEST || !is_for_us(skb);
}

static void receive_connected(struct xvsock_conn *conn, struct sk_buff *skb, bool full)
{
	bool reset = xvsock_op(skb) == VIRTIO_VSOCK_OP_RST;

	if ((wants_answer(skb) && xvsock_tx_flooded(conn)) ||
	    (full && reset && !is_for_us(skb))) {
		atomic64_inc(&conn->counters.dropped);
		kfree_skb(skb);
		return;
	}
	if (full && !reset && is_kept(skb))
		give_up(conn, skb);
	if (is_for_us(skb))
		xvsock_deliver(skb);
	else
		forward(conn, skb);
}

/* Forwarded, from who has a link of his own by now and speaks there. */
static bool is_late(const struct xvsock_conn *conn, struct sk_buff *skb)
{
	return xvsock_src(skb) != conn->peer_cid && xvsock_type(skb) != VSOCK_TYPE_CONTROL &&
	       has_own_link(xvsock_src(skb));
}

static void receive(struct xvsock_conn *conn, struct sk_buff *skb)
{
	bool full = memory_is_full(conn->memory);

	atomic64_inc(&conn->counters.rx_packets);
	atomic64_add(skb->len, &conn->counters.rx_bytes);
	if (is_late(conn, skb)) {
		atomic64_inc(&conn->counters.dropped);
		kfree_skb(skb);
		return;
	}
	switch (xvsock_type(skb)) {
	case VSOCK_TYPE_CONTROL:
		receive_control(conn, skb);
		break;
	case VSOCK_TYPE_DGRAM:
		receive_datagram(conn, skb, full);
		break;
	default:
		receive_connected(conn, skb, full);
	}
}

/* The next record; false: there is none, or none that can be used any more. */
static bool receive_next(struct xvsock_conn *conn)
{
	struct sk_buff *skb = NULL;
	const char *fault;
	int ret = 0;

	mutex_lock(&conn->rx_lock);
	if (!conn->rx_dead)
		ret = record_read(conn, &skb, &fault);
	if (READ_ONCE(conn->tx_broken) && !conn->rx_dead) {
		fault = "index of the ring to it that cannot be";
		ret = -EPROTO;
	}
	if (ret < 0) {
		conn->rx_dead = true;
		/* The link may be gone when the lock is. */
		vlink_fail(conn->link, "the peer breaks the protocol of vsock: %s", fault);
	}
	mutex_unlock(&conn->rx_lock);

	if (ret < 0) {
		kfree_skb(skb);
		xvsock_conn_cut_off(conn);
	} else if (skb) {
		receive(conn, skb);
	} else if (ret) {
		atomic64_inc(&conn->counters.dropped);
	}
	return ret > 0;
}

void xvsock_rx_work(struct work_struct *work)
{
	struct xvsock_conn *conn = container_of(work, struct xvsock_conn, rx_work);

	bool received = false;

	while (receive_next(conn)) {
		received = true;
		cond_resched();
	}
	/* What was delivered while the link was being lost came after the resets. */
	if (received && READ_ONCE(conn->rx_dead))
		xvsock_reset_peer(conn->peer_cid);
	xvsock_conn_put(conn);
}
