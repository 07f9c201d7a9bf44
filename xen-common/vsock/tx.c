// SPDX-License-Identifier: GPL-2.0
/*
 * Sending. A packet goes into the ring at once if there is room and nobody waits. Else it
 * waits in the flow of its sender; flows take turns, some bytes each, so that a sender with
 * much to send delays the others by that many bytes only.
 *
 * What waits is memory of this domain until the peer takes it, and the peer may never do so.
 *
 *   payload of a socket	counts as the socket's (SO_SNDBUF) and for the connection of the
 *				link; one packet of each socket may always wait
 *   control of a socket	a socket has each of them once at most (transport.c), and nothing
 *				new begins while many wait
 *   answers, datagrams		are dropped while many wait
 *   forwarded			see forward_admit(): it counts for the pair of domains, so
 *				that a domain that does not take loses connections of its own
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>

#include "vsock.h"

/* Bytes that a flow sends before the next one may. */
#define QUANTUM		16384

/* Room to be woken for, at least: waking costs more than copying this. */
#define WAKE_SHARE	4

/* Packets of this domain without payload; twice as many only of what must not get lost. */
#define CONTROLS_MAX	4096u

/* Memory of datagrams that wait. */
#define DATAGRAMS_MAX	(4u << 20)

/* Records sent in one go, so that a lock is not held for as long as the peer likes. */
#define BURST_MAX	64

/* Of one domain for another: payload that may always wait, and that may while memory lasts. */
#define FORWARD_MIN	(256u << 10)
#define FORWARD_MAX	(4u << 20)
/* The share of the domain's memory that all such payload may take. */
#define FORWARD_SHARE	16
/* Packets without payload that may be refused; CONTROLS_MAX of all. */
#define FORWARD_OPTIONAL_MAX	1024u
/* How far back a packet is looked for that can tell a credit. */
#define CREDIT_DEPTH	64

static atomic_long_t forwarded_memory;

static size_t backlog_max(void)
{
	return 4 * (size_t)xvsock_buffer_max();
}

/* ------------------------------------------------------------------------ */
/* Flows                                                                      */

void xvsock_flow_init(struct xvsock_flow *flow, struct virtio_vsock_sock *vvs)
{
	*flow = (struct xvsock_flow){ .vvs = vvs };
	INIT_LIST_HEAD(&flow->active);
	__skb_queue_head_init(&flow->queue);
}

void xvsock_tx_init(struct xvsock_conn *conn)
{
	spin_lock_init(&conn->tx_lock);
	INIT_LIST_HEAD(&conn->flows);
	INIT_LIST_HEAD(&conn->forwards);
	xvsock_flow_init(&conn->control, NULL);
	xvsock_flow_init(&conn->datagrams, NULL);
}

static struct xvsock_forward *forward_find(struct xvsock_conn *conn, u32 cid)
{
	struct xvsock_forward *forward;

	list_for_each_entry(forward, &conn->forwards, node)
		if (forward->cid == cid)
			return forward;
	return NULL;
}

static struct xvsock_forward *forward_new(u32 cid)
{
	struct xvsock_forward *forward = kzalloc(sizeof(*forward), GFP_KERNEL);

	if (!forward)
		return NULL;
	forward->cid = cid;
	xvsock_flow_init(&forward->flow, NULL);
	forward->flow.forward = forward;
	return forward;
}

static void forward_account(struct xvsock_forward *forward, struct sk_buff *skb, int sign)
{
	if (skb->len)
		atomic_long_add(sign * (long)skb->truesize, &forwarded_memory);
	else
		forward->controls += sign;
}

static void account(struct xvsock_conn *conn, struct xvsock_flow *flow, struct sk_buff *skb,
		    int sign)
{
	flow->memory += sign * (long)skb->truesize;
	if (flow->forward) {
		forward_account(flow->forward, skb, sign);
		return;
	}
	WRITE_ONCE(conn->tx_memory, conn->tx_memory + sign * (long)skb->truesize);
	if (!skb->len)
		WRITE_ONCE(conn->tx_controls, conn->tx_controls + sign);
}

/* An empty flow takes no turns; of a forwarded one nothing remains. */
static void flow_end(struct xvsock_flow *flow)
{
	list_del_init(&flow->active);
	if (!flow->forward)
		return;
	list_del(&flow->forward->node);
	kfree(flow->forward);
}

static void enqueue(struct xvsock_conn *conn, struct xvsock_flow *flow, struct sk_buff *skb)
{
	if (list_empty(&flow->active)) {
		flow->budget = QUANTUM;
		list_add_tail(&flow->active, &conn->flows);
	}
	__skb_queue_tail(&flow->queue, skb);
	account(conn, flow, skb, 1);
}

/* The flow whose turn it is, or NULL. */
static struct xvsock_flow *flow_next(struct xvsock_conn *conn)
{
	struct xvsock_flow *flow;

	for (;;) {
		flow = list_first_entry_or_null(&conn->flows, struct xvsock_flow, active);
		if (!flow || flow->budget > 0)
			return flow;
		flow->budget += QUANTUM;
		list_move_tail(&flow->active, &conn->flows);
	}
}

static void dequeue(struct xvsock_conn *conn, struct xvsock_flow *flow, struct sk_buff *skb)
{
	__skb_unlink(skb, &flow->queue);
	account(conn, flow, skb, -1);
	flow->budget -= xvsock_record_size(skb->len);
	/* What was read while it waited is told as well. */
	if (flow->vvs)
		virtio_transport_inc_tx_pkt(flow->vvs, skb);
	if (flow->forward && xvsock_type(skb) == VSOCK_TYPE_CONTROL)
		flow->forward->gone = false;
	if (skb_queue_empty(&flow->queue))
		flow_end(flow);
}

/* Leaves an active flow in place, even if it is empty then. */
static void flow_empty(struct xvsock_conn *conn, struct xvsock_flow *flow,
		       struct sk_buff_head *purged)
{
	struct sk_buff *skb;

	skb_queue_walk(&flow->queue, skb)
		account(conn, flow, skb, -1);
	skb_queue_splice_tail_init(&flow->queue, purged);
}

/* ------------------------------------------------------------------------ */
/* The ring                                                                   */

static void ring_write(struct xvsock_conn *conn, u32 offset, const void *data, u32 len)
{
	u32 done, n, pos;

	for (done = 0; done < len; done += n) {
		pos = (conn->tx.index + offset + done) & (conn->tx.size - 1);
		n = xvsock_run_length(pos, len - done);
		memcpy(page_address(conn->tx_pages[pos / PAGE_SIZE]) + offset_in_page(pos),
		       data + done, n);
	}
}

/* An impossible index counts as no news; the receiver's side ends the connection. */
static void check_broken(struct xvsock_conn *conn, bool broken)
{
	if (!broken || conn->tx_broken)
		return;
	WRITE_ONCE(conn->tx_broken, true);
	xvsock_conn_queue_rx(conn, 0);
}

static bool has_room(struct xvsock_conn *conn, u32 size)
{
	u32 space = conn->tx.size - (conn->tx.index - conn->tx.peer);
	bool broken = false;

	/* The peer's index is read only when the last one does not do. */
	if (space >= size)
		return true;
	space = vlink_producer_space(&conn->tx, &broken);
	check_broken(conn, broken);
	return space >= size;
}

/* Asks for an event when there is room; returns whether there is by now. */
static bool wait_for_room(struct xvsock_conn *conn, u32 size)
{
	bool broken = false;

	if (vlink_producer_arm(&conn->tx, max(size, conn->tx.size / WAKE_SHARE), &broken))
		return true;
	check_broken(conn, broken);
	conn->tx_blocked = true;
	return false;
}

/* Returns whether the peer is to be notified. */
static bool record_write(struct xvsock_conn *conn, struct sk_buff *skb)
{
	struct xvsock_record record = { .hdr = *virtio_vsock_hdr(skb) };
	static const u8 zeros[VSOCK_RECORD_ALIGN];
	u32 size = xvsock_record_size(skb->len);

	record.hdr.len = cpu_to_le32(skb->len);
	ring_write(conn, 0, &record, sizeof(record));
	ring_write(conn, sizeof(record), skb->data, skb->len);
	ring_write(conn, sizeof(record) + skb->len, zeros, size - sizeof(record) - skb->len);
	virtio_transport_deliver_tap_pkt(skb);
	atomic64_inc(&conn->counters.tx_packets);
	atomic64_add(skb->len, &conn->counters.tx_bytes);
	return vlink_producer_publish(&conn->tx, size);
}

/* Sends what there is room for. Sent packets go to @sent: to be freed without the lock. */
static bool drain(struct xvsock_conn *conn, struct sk_buff_head *sent)
{
	struct xvsock_flow *flow;
	struct sk_buff *skb;
	bool notify = false;
	int burst;

	for (burst = 0; burst < BURST_MAX; burst++) {
		flow = flow_next(conn);
		if (!flow)
			return notify;
		skb = skb_peek(&flow->queue);
		if (!has_room(conn, xvsock_record_size(skb->len)) &&
		    !wait_for_room(conn, xvsock_record_size(skb->len)))
			return notify;
		dequeue(conn, flow, skb);
		notify |= record_write(conn, skb);
		__skb_queue_tail(sent, skb);
	}
	xvsock_conn_queue_tx(conn);
	return notify;
}

static bool nothing_waits(struct xvsock_conn *conn, struct sk_buff *skb)
{
	return list_empty(&conn->flows) && has_room(conn, xvsock_record_size(skb->len));
}

/* A batch of packets that leave, with the lock held. */
struct tx_batch {
	struct sk_buff_head done;	/* to be freed without the lock */
	bool notify;
};

static void tx_begin(struct xvsock_conn *conn, struct tx_batch *batch)
	__acquires(&conn->tx_lock)
{
	__skb_queue_head_init(&batch->done);
	batch->notify = false;
	spin_lock(&conn->tx_lock);
}

static bool tx_has_drained(struct xvsock_conn *conn)
{
	if (!conn->tx_starved || conn->tx_memory > backlog_max() / 2)
		return false;
	conn->tx_starved = false;
	return true;
}

static void tx_end(struct xvsock_conn *conn, struct tx_batch *batch)
	__releases(&conn->tx_lock)
{
	bool drained = tx_has_drained(conn);

	if (batch->notify)
		vlink_notify(conn->link);
	spin_unlock(&conn->tx_lock);
	__skb_queue_purge(&batch->done);
	if (drained)
		xvsock_wake_writers();
}

static void write_now(struct xvsock_conn *conn, struct sk_buff *skb, struct tx_batch *batch)
{
	batch->notify |= record_write(conn, skb);
	__skb_queue_tail(&batch->done, skb);
}

static void write_later(struct xvsock_conn *conn, struct xvsock_flow *flow, struct sk_buff *skb,
			struct tx_batch *batch)
{
	enqueue(conn, flow, skb);
	if (!conn->tx_blocked)
		batch->notify |= drain(conn, &batch->done);
}

/* ------------------------------------------------------------------------ */
/* What this domain sends                                                     */

/* A packet that waits before this credit update will carry the newer credit. */
static bool is_told_anyway(struct xvsock_flow *flow, struct sk_buff *skb)
{
	return xvsock_op(skb) == VIRTIO_VSOCK_OP_CREDIT_UPDATE && !skb_queue_empty(&flow->queue);
}

int xvsock_tx_socket(struct xvsock_conn *conn, struct xvsock_flow *flow, struct sk_buff *skb)
{
	struct sock *sk = sk_vsock(flow->vvs->vsk);
	struct tx_batch batch;
	int len = skb->len;

	tx_begin(conn, &batch);
	if (conn->tx_dead) {
		__skb_queue_tail(&batch.done, skb);
		len = -ENODEV;
	} else if (nothing_waits(conn, skb)) {
		write_now(conn, skb, &batch);
	} else if (is_told_anyway(flow, skb)) {
		__skb_queue_tail(&batch.done, skb);
	} else {
		if (len)
			skb_set_owner_w(skb, sk);
		write_later(conn, flow, skb, &batch);
	}
	tx_end(conn, &batch);
	return len;
}

/* Unreliable, or asked for by the peer: if there are that many, it wants them. */
static bool is_full(struct xvsock_conn *conn, struct xvsock_flow *flow)
{
	if (flow == &conn->datagrams)
		return flow->memory >= DATAGRAMS_MAX;
	if (flow->forward)
		return flow->forward->controls >= CONTROLS_MAX;
	return conn->tx_controls >= 2 * CONTROLS_MAX;
}

/* Behind the news that a domain is gone: a reset before it would look like an orderly end. */
static struct xvsock_flow *flow_of(struct xvsock_conn *conn, struct sk_buff *skb)
{
	struct xvsock_forward *forward;

	if (xvsock_type(skb) == VSOCK_TYPE_DGRAM)
		return &conn->datagrams;
	forward = forward_find(conn, xvsock_src(skb));
	return forward && forward->gone ? &forward->flow : &conn->control;
}

int xvsock_tx_expendable(struct xvsock_conn *conn, struct sk_buff *skb)
{
	struct xvsock_flow *flow;
	struct tx_batch batch;
	int len = skb->len;

	tx_begin(conn, &batch);
	flow = flow_of(conn, skb);
	if (conn->tx_dead)
		len = -ENODEV;
	else if (nothing_waits(conn, skb))
		write_now(conn, skb, &batch);
	else if (is_full(conn, flow))
		len = -ENOBUFS;
	else
		write_later(conn, flow, skb, &batch);
	if (len < 0) {
		atomic64_inc(&conn->counters.dropped);
		__skb_queue_tail(&batch.done, skb);
	}
	tx_end(conn, &batch);
	return len;
}

bool xvsock_tx_flooded(struct xvsock_conn *conn)
{
	return READ_ONCE(conn->tx_controls) >= CONTROLS_MAX;
}

static bool backlog_takes(struct xvsock_conn *conn, size_t bytes)
{
	return READ_ONCE(conn->tx_memory) + bytes <= backlog_max();
}

bool xvsock_tx_may_queue(struct xvsock_conn *conn, struct sock *sk, size_t bytes)
{
	size_t queued = sk_wmem_alloc_get(sk);

	if (!queued && bytes <= VSOCK_PAYLOAD_MAX)
		return true;
	/* It is woken when its own packets have left. */
	if (queued && queued + bytes > READ_ONCE(sk->sk_sndbuf))
		return false;
	if (!conn || backlog_takes(conn, bytes))
		return true;
	WRITE_ONCE(conn->tx_starved, true);
	/* Pairs with the lock of who sends: either it sees this, or we what it sent. */
	smp_mb();
	return backlog_takes(conn, bytes);
}

/* ------------------------------------------------------------------------ */
/* What dom0 forwards                                                         */

static bool is_of_connection(struct sk_buff *skb, struct sk_buff *other)
{
	const struct virtio_vsock_hdr *a = virtio_vsock_hdr(skb), *b = virtio_vsock_hdr(other);

	return a->src_port == b->src_port && a->dst_port == b->dst_port && a->type == b->type;
}

/*
 * Has the last packet of the connection that waits tell the credit of @skb. A reader that
 * takes byte after byte would fill the queue with them while the writer's domain is paused.
 */
static bool forward_credit(struct xvsock_forward *forward, struct sk_buff *skb)
{
	struct sk_buff *other;
	int depth = 0;

	skb_queue_reverse_walk(&forward->flow.queue, other) {
		if (depth++ >= CREDIT_DEPTH)
			return false;
		if (!is_of_connection(skb, other))
			continue;
		virtio_vsock_hdr(other)->buf_alloc = virtio_vsock_hdr(skb)->buf_alloc;
		virtio_vsock_hdr(other)->fwd_cnt = virtio_vsock_hdr(skb)->fwd_cnt;
		return true;
	}
	return false;
}

static int forward_admit_payload(struct xvsock_forward *forward, struct sk_buff *skb)
{
	size_t memory = forward->flow.memory + skb->truesize;
	long max = totalram_pages() * (PAGE_SIZE / FORWARD_SHARE);

	if (memory <= FORWARD_MIN)
		return 0;
	if (memory > FORWARD_MAX || atomic_long_read(&forwarded_memory) > max)
		return -ENOBUFS;
	return 0;
}

/* Without it there is no connection yet that could suffer. */
static bool is_optional(struct sk_buff *skb)
{
	return xvsock_op(skb) == VIRTIO_VSOCK_OP_REQUEST || xvsock_type(skb) == VSOCK_TYPE_DGRAM;
}

/*
 * May what came from one domain wait for another that does not take it? Data that may not
 * costs its connection only. If even the ends of connections get too many, these two domains
 * lose all that they have with each other, and no one else anything.
 */
static int forward_admit(struct xvsock_forward *forward, struct sk_buff *skb)
{
	if (forward->cut)
		return -EPIPE;
	if (skb->len)
		return forward_admit_payload(forward, skb);
	if (is_optional(skb) && forward->controls >= FORWARD_OPTIONAL_MAX)
		return -ENOBUFS;
	return forward->controls < CONTROLS_MAX ? 0 : -ECONNRESET;
}

/* The flow of packets from @cid, made of *@spare if there is none. */
static struct xvsock_forward *forward_get(struct xvsock_conn *to, u32 cid,
					  struct xvsock_forward **spare)
{
	struct xvsock_forward *forward = forward_find(to, cid);

	if (forward)
		return forward;
	forward = *spare;
	*spare = NULL;
	list_add(&forward->node, &to->forwards);
	return forward;
}

/* A flow that was made for a packet which then was not admitted. */
static void forward_unused(struct xvsock_forward *forward)
{
	if (skb_queue_empty(&forward->flow.queue))
		flow_end(&forward->flow);
}

static int forward_later(struct xvsock_conn *to, struct xvsock_conn *from, struct sk_buff *skb,
			 struct tx_batch *batch)
{
	struct xvsock_forward *forward = forward_get(to, from->peer_cid, &from->spare);
	int ret;

	if (xvsock_op(skb) == VIRTIO_VSOCK_OP_CREDIT_UPDATE && !forward->cut &&
	    forward_credit(forward, skb)) {
		__skb_queue_tail(&batch->done, skb);
		return 0;
	}
	ret = forward_admit(forward, skb);
	if (ret) {
		forward_unused(forward);
		return ret;
	}
	/* The receiver's domain is to take it: it is no debt of the sender's any more. */
	xvsock_memory_uncharge(skb);
	write_later(to, &forward->flow, skb, batch);
	return 0;
}

int xvsock_tx_forward(struct xvsock_conn *to, struct xvsock_conn *from, struct sk_buff *skb)
{
	struct tx_batch batch;
	int ret = 0;

	if (!from->spare)
		from->spare = forward_new(from->peer_cid);
	if (!from->spare)
		return -ENOBUFS;
	tx_begin(to, &batch);
	if (to->tx_dead)
		ret = -ENODEV;
	else if (nothing_waits(to, skb))
		write_now(to, skb, &batch);
	else
		ret = forward_later(to, from, skb, &batch);
	tx_end(to, &batch);
	return ret;
}

static struct sk_buff *gone_packet(const struct xvsock_conn *to, u32 cid)
{
	struct sockaddr_vm src, dst;

	vsock_addr_init(&src, cid, VMADDR_PORT_ANY);
	vsock_addr_init(&dst, to->peer_cid, VMADDR_PORT_ANY);
	return xvsock_packet(VSOCK_TYPE_CONTROL, VSOCK_CONTROL_GONE, &src, &dst);
}

/* If one waits already, the peer learns of the second end what it learns of the first. */
static void gone_later(struct xvsock_conn *to, struct xvsock_forward *forward, bool now,
		       struct sk_buff *skb, struct tx_batch *batch)
{
	if (now || forward->gone)
		flow_empty(to, &forward->flow, &batch->done);
	forward->gone = true;
	forward->cut |= now;
	write_later(to, &forward->flow, skb, batch);
}

void xvsock_tx_gone(struct xvsock_conn *to, u32 cid, bool now)
{
	struct xvsock_forward *spare = forward_new(cid);
	struct sk_buff *skb = gone_packet(to, cid);
	struct tx_batch batch;

	if (!spare || !skb) {
		kfree(spare);
		kfree_skb(skb);
		return;
	}
	tx_begin(to, &batch);
	if (to->tx_dead)
		__skb_queue_tail(&batch.done, skb);
	else if (nothing_waits(to, skb))
		write_now(to, skb, &batch);
	else
		gone_later(to, forward_get(to, cid, &spare), now, skb, &batch);
	tx_end(to, &batch);
	kfree(spare);
}

/* ------------------------------------------------------------------------ */
/* Going on, and the end                                                      */

void xvsock_tx_work(struct work_struct *work)
{
	struct xvsock_conn *conn = container_of(work, struct xvsock_conn, tx_work);
	struct tx_batch batch;

	tx_begin(conn, &batch);
	if (!conn->tx_dead) {
		conn->tx_blocked = false;
		batch.notify = drain(conn, &batch.done);
	}
	tx_end(conn, &batch);
	xvsock_conn_put(conn);
}

void xvsock_tx_stop(struct xvsock_conn *conn)
{
	struct xvsock_flow *flow, *next;
	struct tx_batch batch;

	tx_begin(conn, &batch);
	conn->tx_dead = true;
	list_for_each_entry_safe(flow, next, &conn->flows, active) {
		flow_empty(conn, flow, &batch.done);
		flow_end(flow);
	}
	tx_end(conn, &batch);
}

void xvsock_tx_cancel(struct xvsock_conn *conn, struct xvsock_flow *flow)
{
	struct tx_batch batch;

	tx_begin(conn, &batch);
	flow_empty(conn, flow, &batch.done);
	flow_end(flow);
	tx_end(conn, &batch);
}
