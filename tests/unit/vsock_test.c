/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's sending and forwarding of sockets' packets (xen-common/vsock), over
 * stand-ins for the kernel: what may wait is bounded whoever does not take, order holds, and
 * nothing is lost or leaks. The peers are ends of rings in this process.
 */
#include "../../xen-common/vsock/vsock.h"

#include "unit.h"

#define RING	16384u		/* the smallest: it is full soon */
#define OWN_CID	2u
#define PORTS	100000u

struct link_end {
	struct xvsock_conn conn;
	struct vlink link;
	struct {
		struct vlink_ring_prod out_prod, in_prod;
		struct vlink_ring_cons out_cons, in_cons;
	} lines;
	struct page pages[2 * RING / PAGE_SIZE];
	struct page *tx_pages[RING / PAGE_SIZE], *rx_pages[RING / PAGE_SIZE];
	struct vlink_ring_end taker;	/* of what conn sends */
	struct vlink_ring_end giver;	/* of what conn receives */
};

struct workqueue_struct *xvsock_wq;
static struct link_end ends[3];
static unsigned int delivered, woken_all, cut_offs;

/* ---- what the other sources have ---- */

unsigned int xvsock_buffer_max(void)
{
	return 4u << 20;
}

u32 xvsock_local_cid(void)
{
	return OWN_CID;
}

struct sk_buff *xvsock_packet(u16 type, u16 op, const struct sockaddr_vm *src,
			      const struct sockaddr_vm *dst)
{
	struct sk_buff *skb = alloc_skb(VIRTIO_VSOCK_SKB_HEADROOM, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, VIRTIO_VSOCK_SKB_HEADROOM);
	*virtio_vsock_hdr(skb) = (struct virtio_vsock_hdr){
		.src_cid = src->svm_cid, .dst_cid = dst->svm_cid, .src_port = src->svm_port,
		.dst_port = dst->svm_port, .type = type, .op = op,
	};
	return skb;
}

void xvsock_deliver(struct sk_buff *skb)
{
	delivered++;
	kfree_skb(skb);
}

void xvsock_dgram_deliver(struct sk_buff *skb)
{
	xvsock_deliver(skb);
}

void xvsock_reset(const struct xvsock_conn *conn, u32 cid)
{
	(void)conn;
	(void)cid;
}

bool xvsock_shed(void)
{
	return false;
}

void xvsock_wake_writers(void)
{
	woken_all++;
}

void xvsock_conn_put(struct xvsock_conn *conn)
{
	conn->ref.value--;
}

/* The works run when the test has them run. */
void xvsock_conn_queue_rx(struct xvsock_conn *conn, unsigned long delay)
{
	(void)conn;
	(void)delay;
}

void xvsock_conn_queue_tx(struct xvsock_conn *conn)
{
	(void)conn;
}

void xvsock_conn_cut_off(struct xvsock_conn *conn)
{
	(void)conn;
	cut_offs++;
}

struct xvsock_conn *xvsock_route_direct(u32 cid)
{
	for (unsigned int i = 0; i < 3; i++)
		if (ends[i].conn.peer_cid == cid)
			return xvsock_conn_get(&ends[i].conn);
	return NULL;
}

bool xvsock_has_direct_route(u32 cid)
{
	struct xvsock_conn *conn = xvsock_route_direct(cid);

	if (conn)
		xvsock_conn_put(conn);
	return conn;
}

/* ---- the peers ---- */

static void end_begin(struct link_end *end, u32 cid)
{
	struct xvsock_conn *conn = &end->conn;

	memset(end, 0, sizeof(*end));
	conn->link = &end->link;
	conn->peer_cid = cid;
	conn->rx_size = RING;
	conn->forward = true;
	conn->memory = xvsock_memory_new();
	xvsock_tx_init(conn);
	vlink_producer_init(&conn->tx, &end->lines.out_prod, &end->lines.out_cons, RING);
	vlink_consumer_init(&end->taker, &end->lines.out_prod, &end->lines.out_cons, RING);
	vlink_consumer_init(&conn->rx, &end->lines.in_prod, &end->lines.in_cons, RING);
	vlink_producer_init(&end->giver, &end->lines.in_prod, &end->lines.in_cons, RING);
	for (unsigned int i = 0; i < RING / PAGE_SIZE; i++) {
		end->tx_pages[i] = &end->pages[i];
		end->rx_pages[i] = &end->pages[RING / PAGE_SIZE + i];
	}
	conn->tx_pages = end->tx_pages;
	conn->rx_pages = end->rx_pages;
}

static void all_begin(void)
{
	unit_allocations = -1;
	for (unsigned int i = 0; i < 3; i++)
		end_begin(&ends[i], 10 + i);
	delivered = woken_all = cut_offs = 0;
}

/* Nothing remains of what was queued. */
static void all_end(void)
{
	for (unsigned int i = 0; i < 3; i++) {
		xvsock_tx_stop(&ends[i].conn);
		CU_ASSERT_EQUAL(ends[i].conn.tx_memory, 0);
		CU_ASSERT_EQUAL(ends[i].conn.tx_controls, 0);
		CU_ASSERT(list_empty(&ends[i].conn.forwards));
		CU_ASSERT_EQUAL(ends[i].conn.memory->bytes.value, 0);
		CU_ASSERT_EQUAL(ends[i].conn.ref.value, 0);
		kfree(ends[i].conn.spare);
		xvsock_memory_put(ends[i].conn.memory);
	}
	CU_ASSERT_EQUAL(unit_skbs, 0);
}

static void ring_bytes(struct page **pages, u32 at, void *bytes, u32 len, bool write)
{
	for (u32 i = 0; i < len; i++, at++) {
		char *byte = &pages[at % RING / PAGE_SIZE]->bytes[at % PAGE_SIZE];

		if (write)
			*byte = ((char *)bytes)[i];
		else
			((char *)bytes)[i] = *byte;
	}
}

/* The peer of @end takes the next record; false: there is none. */
static bool take(struct link_end *end, struct xvsock_record *record, u32 *first_word)
{
	bool broken = false;

	if (!vlink_consumer_avail(&end->taker, &broken)) {
		xvsock_conn_get(&end->conn);
		xvsock_tx_work(&end->conn.tx_work);
	}
	if (!vlink_consumer_avail(&end->taker, &broken))
		return false;
	CU_ASSERT(!broken);
	ring_bytes(end->tx_pages, end->taker.index, record, sizeof(*record), false);
	if (first_word && record->hdr.len >= sizeof(*first_word))
		ring_bytes(end->tx_pages, end->taker.index + sizeof(*record), first_word,
			   sizeof(*first_word), false);
	vlink_consumer_publish(&end->taker, xvsock_record_size(record->hdr.len));
	return true;
}

static unsigned int take_all(struct link_end *end, u16 op)
{
	struct xvsock_record record;
	unsigned int count = 0;

	while (take(end, &record, NULL))
		count += record.hdr.op == op;
	return count;
}

/* The peer of @from sends a record, and it is received. */
static void give(struct link_end *from, u32 dst_cid, u16 type, u16 op, u32 port, u32 len)
{
	struct xvsock_record record = { .hdr = {
		.src_cid = from->conn.peer_cid, .dst_cid = dst_cid, .src_port = port,
		.dst_port = 1, .type = type, .op = op, .len = len } };

	ring_bytes(from->rx_pages, from->giver.index, &record, sizeof(record), true);
	vlink_producer_publish(&from->giver, xvsock_record_size(len));
	xvsock_conn_get(&from->conn);
	xvsock_rx_work(&from->conn.rx_work.work);
}

/* ---- sockets of this domain ---- */

struct unit_socket {
	struct vsock_sock vsk;
	struct virtio_vsock_sock vvs;
	struct xvsock_flow flow;
};

static void socket_begin(struct unit_socket *socket)
{
	memset(socket, 0, sizeof(*socket));
	socket->vsk.sk.sk_type = SOCK_STREAM;
	socket->vsk.sk.sk_sndbuf = 212992;
	socket->vvs.vsk = &socket->vsk;
	xvsock_flow_init(&socket->flow, &socket->vvs);
}

static int socket_send(struct unit_socket *socket, u16 op, u32 len, u32 word)
{
	struct sk_buff *skb = alloc_skb(VIRTIO_VSOCK_SKB_HEADROOM + len, GFP_KERNEL);

	skb_reserve(skb, VIRTIO_VSOCK_SKB_HEADROOM);
	*virtio_vsock_hdr(skb) = (struct virtio_vsock_hdr){
		.src_cid = OWN_CID, .dst_cid = 10, .type = VSOCK_TYPE_STREAM, .op = op, .len = len,
		.flags = word };
	if (len)
		memcpy(skb_put(skb, len), &word, min(len, sizeof(word)));
	virtio_transport_inc_tx_pkt(&socket->vvs, skb);
	return xvsock_tx_socket(&ends[0].conn, &socket->flow, skb);
}

/* Data, as long as there is room for it. */
static unsigned int socket_write(struct unit_socket *socket, u32 len)
{
	unsigned int count = 0;

	while (count < PORTS && xvsock_tx_may_queue(&ends[0].conn, &socket->vsk.sk, 1))
		socket_send(socket, VIRTIO_VSOCK_OP_RW, len, count++);
	return count;
}

static void credit_updates_wait_once(void)
{
	struct unit_socket socket;
	struct xvsock_record record;
	unsigned int credits = 0;

	all_begin();
	socket_begin(&socket);
	for (u32 i = 0; i < PORTS; i++) {
		socket.vvs.fwd_cnt = i;
		socket_send(&socket, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 0, 0);
	}
	CU_ASSERT(unit_skbs <= 1);
	while (take(&ends[0], &record, NULL))
		credits++;
	CU_ASSERT(credits <= RING / VSOCK_RECORD_HEADER + 1);
	/* The last one tells how much was read by the time it leaves. */
	CU_ASSERT_EQUAL(record.hdr.fwd_cnt, PORTS - 1);
	all_end();
}

static void data_counts_as_the_sockets(void)
{
	struct unit_socket socket;
	unsigned int written;

	all_begin();
	socket_begin(&socket);
	written = socket_write(&socket, 1);
	CU_ASSERT(written < 1000);
	CU_ASSERT(unit_skb_memory <= 212992 + 1000);
	CU_ASSERT_EQUAL(socket.vsk.sk.woken, 0);
	CU_ASSERT_EQUAL(take_all(&ends[0], VIRTIO_VSOCK_OP_RW), written);
	CU_ASSERT(socket.vsk.sk.woken > 0);
	CU_ASSERT_EQUAL(socket.vsk.sk.wmem, 0);
	all_end();
}

#define SOCKETS	500u

/* One packet of each socket, and together no more than the bound. */
static void all_sockets_have_a_bound(void)
{
	static struct unit_socket sockets[SOCKETS];
	size_t bound = 4 * (size_t)xvsock_buffer_max() + SOCKETS * 17000;
	struct xvsock_record record;

	all_begin();
	for (unsigned int i = 0; i < SOCKETS; i++) {
		socket_begin(&sockets[i]);
		CU_ASSERT(socket_write(&sockets[i], VSOCK_PAYLOAD_MAX) > 0);
	}
	CU_ASSERT(unit_skb_memory <= bound);
	CU_ASSERT(!xvsock_tx_may_queue(&ends[0].conn, &sockets[SOCKETS - 1].vsk.sk, 1));
	while (ends[0].conn.tx_memory && take(&ends[0], &record, NULL))
		;
	/* Whoever was refused for the others' sake is woken. */
	CU_ASSERT(woken_all > 0);
	all_end();
}

static void a_stream_keeps_its_order(void)
{
	struct unit_socket socket, other;
	struct xvsock_record record;
	u32 next = 0, word = 0, sent = 0;

	all_begin();
	socket_begin(&socket);
	socket_begin(&other);
	for (unsigned int round = 0; round < 50; round++) {
		/* Memory that is short at any time changes nothing. */
		for (unsigned int i = 0; i < 20; i++)
			CU_ASSERT_EQUAL(socket_send(&socket, VIRTIO_VSOCK_OP_RW, 1000, sent++), 1000);
		unit_allocations = 1;
		socket_send(&other, VIRTIO_VSOCK_OP_RW, 16000, 0);
		unit_allocations = -1;
		for (unsigned int i = 0; i < 8 && take(&ends[0], &record, &word); i++)
			if (record.hdr.len == 1000)
				CU_ASSERT_EQUAL(word, next++);
	}
	while (take(&ends[0], &record, &word))
		if (record.hdr.len == 1000)
			CU_ASSERT_EQUAL(word, next++);
	CU_ASSERT_EQUAL(next, sent);
	all_end();
}

static void answers_are_bounded(void)
{
	struct sockaddr_vm src, dst;

	all_begin();
	vsock_addr_init(&src, OWN_CID, 1);
	vsock_addr_init(&dst, 10, 1);
	for (unsigned int i = 0; i < PORTS; i++)
		xvsock_tx_expendable(&ends[0].conn, xvsock_packet(VSOCK_TYPE_STREAM,
							      VIRTIO_VSOCK_OP_RST, &src, &dst));
	CU_ASSERT(unit_skbs <= 8192);
	CU_ASSERT(xvsock_tx_flooded(&ends[0].conn));
	take_all(&ends[0], 0);
	CU_ASSERT(!xvsock_tx_flooded(&ends[0].conn));
	all_end();
}

/* ---- forwarding: 10 sends to 11, or the other way round ---- */

static void forwarded_is_what_was_sent(void)
{
	struct xvsock_record record;

	all_begin();
	for (u32 port = 0; port < 1000; port++) {
		give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_RW, port, 100);
		CU_ASSERT_FATAL(take(&ends[1], &record, NULL));
		CU_ASSERT_EQUAL(record.hdr.src_cid, 10);
		CU_ASSERT_EQUAL(record.hdr.src_port, port);
		CU_ASSERT_EQUAL(record.hdr.len, 100);
	}
	CU_ASSERT(!take(&ends[1], &record, NULL));
	CU_ASSERT(!take(&ends[0], &record, NULL));
	all_end();
}

/* 11 does not take what 10 answers: 10 and the others have all that they had. */
static void answers_to_who_takes_nothing(void)
{
	struct xvsock_record record;
	unsigned int gone = 0;

	all_begin();
	for (u32 port = 0; port < PORTS; port++) {
		give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_RST, port, 0);
		take_all(&ends[0], 0);
	}
	CU_ASSERT(unit_skb_memory < 5 << 20);
	CU_ASSERT_EQUAL(ends[0].conn.memory->bytes.value, 0);
	CU_ASSERT_EQUAL(ends[1].conn.tx_controls, 0);
	/* A third one's packet is not the worse for it. */
	give(&ends[2], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_REQUEST, 7, 0);
	while (take(&ends[1], &record, NULL)) {
		gone += record.hdr.type == VSOCK_TYPE_CONTROL && record.hdr.src_cid == 10;
		if (record.hdr.src_cid == 12)
			CU_ASSERT_EQUAL(record.hdr.src_port, 7);
	}
	CU_ASSERT_EQUAL(gone, 1);
	/* After that the two may begin anew. */
	give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_REQUEST, 8, 0);
	CU_ASSERT(take(&ends[1], &record, NULL));
	CU_ASSERT_EQUAL(record.hdr.src_port, 8);
	all_end();
}

static void requests_to_who_takes_nothing(void)
{
	unsigned int refused = 0;

	all_begin();
	for (u32 port = 0; port < PORTS; port++) {
		give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_REQUEST, port, 0);
		refused += take_all(&ends[0], VIRTIO_VSOCK_OP_RST);
	}
	CU_ASSERT(refused > PORTS - 2000);
	CU_ASSERT(unit_skb_memory < 1 << 20);
	/* They do not cost a connection its data. */
	give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_RW, 7, 1000);
	CU_ASSERT_EQUAL(take_all(&ends[0], VIRTIO_VSOCK_OP_RST), 0);
	CU_ASSERT_EQUAL(take_all(&ends[1], VIRTIO_VSOCK_OP_RW), 1);
	all_end();
}

static void data_to_who_takes_nothing(void)
{
	unsigned int resets;

	all_begin();
	for (u32 i = 0; i < 2000; i++) {
		give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_RW, i % 3, 8000);
		/* What it is told is taken. */
		if (i < 100)
			CU_ASSERT_EQUAL(take_all(&ends[0], VIRTIO_VSOCK_OP_RST), 0);
	}
	CU_ASSERT(unit_skb_memory < 9 << 20);
	CU_ASSERT(take_all(&ends[0], VIRTIO_VSOCK_OP_RST) > 0);
	resets = take_all(&ends[1], VIRTIO_VSOCK_OP_RST);
	CU_ASSERT(resets > 0);
	all_end();
}

/* However many domains do so: it is bounded for dom0. */
static void all_forwarded_data_has_a_bound(void)
{
	size_t most = 0;

	all_begin();
	unit_ram_pages = (16ul << 20) / PAGE_SIZE;
	for (u32 i = 0; i < 2000; i++) {
		for (unsigned int from = 0; from < 3; from++)
			give(&ends[from], 10 + (from + 1) % 3, VSOCK_TYPE_DGRAM, VIRTIO_VSOCK_OP_RW, i,
			     8000);
		most = max(most, unit_skb_memory);
	}
	/* A sixteenth of the memory, and 256 KiB each. */
	CU_ASSERT(most < (1 << 20) + (3 << 18) + 100000);
	unit_ram_pages = (256ul << 20) / PAGE_SIZE;
	all_end();
}

static void a_datagram_that_never_fits_is_dropped(void)
{
	all_begin();
	ends[0].conn.rx_size = 2 * RING;	/* it may send what 11 may not get */
	give(&ends[0], 11, VSOCK_TYPE_DGRAM, VIRTIO_VSOCK_OP_RW, 1, RING / 2 + 8);
	CU_ASSERT_EQUAL(ends[0].conn.counters.dropped.value, 1);
	give(&ends[0], 11, VSOCK_TYPE_DGRAM, VIRTIO_VSOCK_OP_RW, 1, RING / 2);
	give(&ends[2], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_RW, 1, 100);
	CU_ASSERT_EQUAL(take_all(&ends[1], VIRTIO_VSOCK_OP_RW), 2);
	all_end();
}

/* The news of two readers, byte by byte, while the writers' domain is paused. */
static void forwarded_credit_waits_once(void)
{
	struct xvsock_record record;
	unsigned int credits = 0;

	all_begin();
	for (u32 i = 0; i < PORTS; i++)
		give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_CREDIT_UPDATE, i % 2, 0);
	CU_ASSERT(unit_skbs <= 2);
	while (take(&ends[1], &record, NULL))
		credits += record.hdr.op == VIRTIO_VSOCK_OP_CREDIT_UPDATE;
	CU_ASSERT(credits <= RING / VSOCK_RECORD_HEADER + 2);
	all_end();
}

/* What a domain sent before it died is there before the news of its death. */
static void gone_comes_last(void)
{
	struct xvsock_record record;
	unsigned int data = 0;

	all_begin();
	for (u32 i = 0; i < 10; i++)
		give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_RW, 1, 8000);
	xvsock_tx_gone(&ends[1].conn, 10, false);
	while (take(&ends[1], &record, NULL) && record.hdr.type != VSOCK_TYPE_CONTROL)
		data++;
	CU_ASSERT_EQUAL(data, 10);
	CU_ASSERT_EQUAL(record.hdr.src_cid, 10);
	/* A domain that dies again and again is one that is gone. */
	for (u32 i = 0; i < 10; i++)
		give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_RW, 1, 8000);
	for (u32 i = 0; i < PORTS; i++)
		xvsock_tx_gone(&ends[1].conn, 10, false);
	CU_ASSERT(unit_skbs <= 11);
	all_end();
}

/* Or it would look like an orderly end. */
static void no_reset_comes_before_gone(void)
{
	struct xvsock_record record = { .hdr = { .op = 0 } };
	struct sockaddr_vm src, dst;

	all_begin();
	vsock_addr_init(&src, 10, 1);
	vsock_addr_init(&dst, 11, 1);
	for (u32 i = 0; i < 10; i++)
		give(&ends[0], 11, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_RW, 1, 8000);
	xvsock_tx_gone(&ends[1].conn, 10, false);
	for (u32 i = 0; i < PORTS; i++)
		xvsock_tx_expendable(&ends[1].conn, xvsock_packet(VSOCK_TYPE_STREAM,
								  VIRTIO_VSOCK_OP_RST, &src, &dst));
	CU_ASSERT(unit_skbs <= 4200);
	while (record.hdr.type != VSOCK_TYPE_CONTROL) {
		CU_ASSERT_FATAL(take(&ends[1], &record, NULL));
		CU_ASSERT(record.hdr.type == VSOCK_TYPE_CONTROL ||
			  record.hdr.op == VIRTIO_VSOCK_OP_RW);
	}
	CU_ASSERT(take_all(&ends[1], VIRTIO_VSOCK_OP_RST) > 0);
	all_end();
}

static void a_record_without_memory_stays(void)
{
	all_begin();
	unit_allocations = 0;
	give(&ends[0], OWN_CID, VSOCK_TYPE_STREAM, VIRTIO_VSOCK_OP_RW, 1, 100);
	CU_ASSERT_EQUAL(delivered, 0);
	unit_allocations = -1;
	xvsock_conn_get(&ends[0].conn);
	xvsock_rx_work(&ends[0].conn.rx_work.work);
	CU_ASSERT_EQUAL(delivered, 1);
	CU_ASSERT_EQUAL(cut_offs, 0);
	all_end();
}

/* A pass of the work ends, however much the peer sends. */
static void a_pass_has_an_end(void)
{
	struct xvsock_record record = { .hdr = { .src_cid = 10, .dst_cid = OWN_CID, .type = 1,
						 .op = VIRTIO_VSOCK_OP_RST } };

	all_begin();
	for (unsigned int i = 0; i < 300; i++) {
		ring_bytes(ends[0].rx_pages, ends[0].giver.index, &record, sizeof(record), true);
		vlink_producer_publish(&ends[0].giver, sizeof(record));
	}
	xvsock_conn_get(&ends[0].conn);
	xvsock_rx_work(&ends[0].conn.rx_work.work);
	CU_ASSERT(delivered > 0 && delivered < 300);
	all_end();
}

int main(void)
{
	static const struct unit_test sending[] = {
		{ "credit_updates_wait_once", credit_updates_wait_once },
		{ "data_counts_as_the_sockets", data_counts_as_the_sockets },
		{ "all_sockets_have_a_bound", all_sockets_have_a_bound },
		{ "a_stream_keeps_its_order", a_stream_keeps_its_order },
		{ "answers_are_bounded", answers_are_bounded },
	};
	static const struct unit_test forwarding[] = {
		{ "forwarded_is_what_was_sent", forwarded_is_what_was_sent },
		{ "answers_to_who_takes_nothing", answers_to_who_takes_nothing },
		{ "requests_to_who_takes_nothing", requests_to_who_takes_nothing },
		{ "data_to_who_takes_nothing", data_to_who_takes_nothing },
		{ "all_forwarded_data_has_a_bound", all_forwarded_data_has_a_bound },
		{ "a_datagram_that_never_fits_is_dropped", a_datagram_that_never_fits_is_dropped },
		{ "forwarded_credit_waits_once", forwarded_credit_waits_once },
		{ "gone_comes_last", gone_comes_last },
		{ "no_reset_comes_before_gone", no_reset_comes_before_gone },
	};
	static const struct unit_test receiving[] = {
		{ "a_record_without_memory_stays", a_record_without_memory_stays },
		{ "a_pass_has_an_end", a_pass_has_an_end },
	};
	UNIT_ADD("sending", sending);
	UNIT_ADD("forwarding", forwarding);
	UNIT_ADD("receiving", receiving);
	return unit_run("vsock_test");
}
