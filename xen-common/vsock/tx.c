// SPDX-License-Identifier: GPL-2.0
/*
 * Sending. A packet goes into the ring at once if there is room and nobody waits. Else it
 * waits in the flow of its socket; flows take turns, some bytes each, so that a socket with
 * much to send delays the others by that many bytes only.
 *
 * What a socket may queue is bounded by its credit; but the peer says what was read of
 * it, so that a peer which lies could make us queue without end: see
 * xvsock_has_space() in transport.c. Packets that the peer itself causes are bounded here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>

#include "vsock.h"

/* Bytes that a flow sends before the next one may. */
#define QUANTUM		16384

/* Room to be woken for, at least: waking costs more than copying this. */
#define WAKE_SHARE	4

/* Packets without payload in the queues; twice as many only of what must not get lost. */
#define CONTROLS_MAX	4096u

/* Records sent in one go, so that a lock is not held for as long as the peer likes. */
#define BURST_MAX	64

static void flow_init(struct xvsock_flow *flow, const void *owner)
{
	INIT_LIST_HEAD(&flow->active);
	INIT_HLIST_NODE(&flow->node);
	flow->owner = owner;
	__skb_queue_head_init(&flow->queue);
	flow->bytes = 0;
	flow->budget = QUANTUM;
}

void xvsock_tx_init(struct xvsock_conn *conn)
{
	spin_lock_init(&conn->tx_lock);
	INIT_LIST_HEAD(&conn->flows);
	hash_init(conn->flows_by_owner);
	flow_init(&conn->control, NULL);
}

static struct xvsock_flow *flow_find(struct xvsock_conn *conn, const void *owner)
{
	struct xvsock_flow *flow;

	if (!owner)
		return &conn->control;
	hash_for_each_possible(conn->flows_by_owner, flow, node, (unsigned long)owner)
		if (flow->owner == owner)
			return flow;
	return NULL;
}

/* The flow of @owner; without memory the one of all that have none. */
static struct xvsock_flow *flow_get(struct xvsock_conn *conn, const void *owner)
{
	struct xvsock_flow *flow = flow_find(conn, owner);

	if (flow)
		return flow;
	flow = kmalloc(sizeof(*flow), GFP_ATOMIC);
	if (!flow)
		return &conn->control;
	flow_init(flow, owner);
	hash_add(conn->flows_by_owner, &flow->node, (unsigned long)owner);
	return flow;
}

/* An empty flow is forgotten. */
static void flow_put(struct xvsock_conn *conn, struct xvsock_flow *flow)
{
	list_del_init(&flow->active);
	if (flow == &conn->control)
		return;
	hash_del(&flow->node);
	kfree(flow);
}

static void account(struct xvsock_conn *conn, struct xvsock_flow *flow, struct sk_buff *skb,
		    int sign)
{
	flow->bytes += sign * (int)skb->len;
	conn->tx_backlog += sign * (int)skb->len;
	if (!skb->len)
		conn->tx_controls += sign;
}

static void enqueue(struct xvsock_conn *conn, struct sk_buff *skb, const void *owner)
{
	struct xvsock_flow *flow = flow_get(conn, owner);

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
	if (skb_queue_empty(&flow->queue))
		flow_put(conn, flow);
}

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

/* An index that cannot be counts as no news; the receiver's side ends the connection. */
static void check_broken(struct xvsock_conn *conn, bool broken)
{
	if (!broken || conn->tx_broken)
		return;
	WRITE_ONCE(conn->tx_broken, true);
	xvsock_conn_queue(conn, &conn->rx_work);
}

static bool has_room(struct xvsock_conn *conn, u32 size)
{
	bool broken = false;
	u32 space = conn->tx.size - (conn->tx.index - conn->tx.peer);

	/* The peer's index is read only when the last one does not do. */
	if (space < size)
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
	xvsock_conn_queue(conn, &conn->tx_work);
	return notify;
}

/* An answer to what was for no socket. If there are that many, the peer wants them. */
static bool is_expendable(struct xvsock_conn *conn, struct sk_buff *skb, const void *owner)
{
	return !owner && !skb->len && conn->tx_controls >= 2 * CONTROLS_MAX;
}

int xvsock_tx(struct xvsock_conn *conn, struct sk_buff *skb, const void *owner)
{
	struct sk_buff_head sent;
	bool notify = false;
	int len = skb->len;

	__skb_queue_head_init(&sent);
	spin_lock(&conn->tx_lock);
	if (conn->tx_dead || is_expendable(conn, skb, owner)) {
		spin_unlock(&conn->tx_lock);
		atomic64_inc(&conn->counters.dropped);
		kfree_skb(skb);
		return -ENODEV;
	}
	if (list_empty(&conn->flows) && has_room(conn, xvsock_record_size(len))) {
		notify = record_write(conn, skb);
		__skb_queue_tail(&sent, skb);
	} else {
		enqueue(conn, skb, owner);
		if (!conn->tx_blocked)
			notify = drain(conn, &sent);
	}
	if (notify)
		vlink_notify(conn->link);
	spin_unlock(&conn->tx_lock);
	__skb_queue_purge(&sent);
	return len;
}

void xvsock_tx_work(struct work_struct *work)
{
	struct xvsock_conn *conn = container_of(work, struct xvsock_conn, tx_work);
	struct sk_buff_head sent;

	__skb_queue_head_init(&sent);
	spin_lock(&conn->tx_lock);
	if (!conn->tx_dead) {
		conn->tx_blocked = false;
		if (drain(conn, &sent))
			vlink_notify(conn->link);
	}
	spin_unlock(&conn->tx_lock);
	__skb_queue_purge(&sent);
	xvsock_conn_put(conn);
}

static void flow_purge(struct xvsock_conn *conn, struct xvsock_flow *flow,
		       struct sk_buff_head *purged)
{
	struct sk_buff *skb;

	skb_queue_walk(&flow->queue, skb)
		account(conn, flow, skb, -1);
	skb_queue_splice_tail_init(&flow->queue, purged);
	flow_put(conn, flow);
}

void xvsock_tx_stop(struct xvsock_conn *conn)
{
	struct xvsock_flow *flow, *next;
	struct sk_buff_head purged;

	__skb_queue_head_init(&purged);
	spin_lock(&conn->tx_lock);
	conn->tx_dead = true;
	list_for_each_entry_safe(flow, next, &conn->flows, active)
		flow_purge(conn, flow, &purged);
	spin_unlock(&conn->tx_lock);
	__skb_queue_purge(&purged);
}

void xvsock_tx_cancel(struct xvsock_conn *conn, const void *owner)
{
	struct sk_buff_head purged;
	struct xvsock_flow *flow;

	__skb_queue_head_init(&purged);
	spin_lock(&conn->tx_lock);
	flow = flow_find(conn, owner);
	if (flow && flow != &conn->control)
		flow_purge(conn, flow, &purged);
	spin_unlock(&conn->tx_lock);
	__skb_queue_purge(&purged);
}

size_t xvsock_tx_queued(struct xvsock_conn *conn, const void *owner)
{
	struct xvsock_flow *flow;
	size_t bytes;

	spin_lock(&conn->tx_lock);
	flow = flow_find(conn, owner);
	bytes = flow ? flow->bytes : 0;
	spin_unlock(&conn->tx_lock);
	return bytes;
}

bool xvsock_tx_flooded(struct xvsock_conn *conn)
{
	return READ_ONCE(conn->tx_controls) >= CONTROLS_MAX;
}
