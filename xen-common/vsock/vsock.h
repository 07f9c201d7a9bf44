/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VSOCK_INTERNAL_H
#define VSOCK_INTERNAL_H

#include <linux/kref.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/vlink.h>
#include <linux/virtio_vsock.h>
#include <linux/vlink_vsock.h>
#include <vlink/info.h>
#include <xen/io/vsock.h>

#ifndef VIRTIO_VSOCK_SKB_HEADROOM
#error "the virtio_vsock.h of this kernel is too old: its packets are no socket buffers"
#endif

/* A record's header as it stands in the ring. */
struct xvsock_record {
	struct virtio_vsock_hdr hdr;
	__le32 zero;
};

/* One end of a link, as long as it is published. */
struct xvsock_link {
	struct vlink *link;
	u32 ring_size;			/* what this end's configuration says */
	u32 rx_size, tx_size;
	bool forward;			/* what is for other domains may pass here */
	struct vlink_region *region;
	struct xvsock_conn __rcu *conn;
};

/*
 * Memory that a peer's packets take in this domain until they are read, wherever they are
 * queued. It outlives the connection: sockets may have packets of it.
 */
struct xvsock_memory {
	struct ubuf_info ubuf;		/* references, and what is called for a freed packet */
	atomic_long_t bytes;
};

/* Packets of one sender that wait for room in the ring. Guarded by the connection's tx_lock. */
struct xvsock_flow {
	struct list_head active;	/* in the order in which they may send */
	struct virtio_vsock_sock *vvs;	/* of the socket that sends; NULL: it is none */
	struct xvsock_forward *forward;	/* of the domain that sends; NULL: it is this one */
	struct sk_buff_head queue;
	size_t memory;			/* that the packets take */
	int budget;			/* bytes that may be sent before others may */
};

/* What another domain sends to the peer and dom0 holds, as the ring had no room for it. */
struct xvsock_forward {
	struct xvsock_flow flow;
	struct list_head node;
	u32 cid;			/* of the other domain */
	unsigned int controls;		/* packets without payload */
	bool gone;			/* "gone" of this domain is among them */
	bool cut;			/* the two have no connections until that was sent */
};

struct xvsock_counters {
	atomic64_t tx_packets, tx_bytes, rx_packets, rx_bytes;
	atomic64_t forwarded, refused, dropped;
};

/* A connection of the link. Senders find it by RCU; works and sockets hold references. */
struct xvsock_conn {
	struct kref ref;
	struct hlist_node route;
	struct vlink *link;
	u32 peer_cid;
	u32 rx_size;
	bool forward;			/* this end is dom0's and forwards */
	bool hub;			/* the peer is dom0 and forwards */
	struct xvsock_memory *memory;
	struct xvsock_counters counters;

	spinlock_t tx_lock;		/* guards all up to tx_pages */
	bool tx_dead;
	bool tx_broken;			/* the peer's index is impossible */
	bool tx_blocked;		/* an event will come when there is room */
	bool tx_starved;		/* somebody waits until less is queued */
	struct list_head flows;
	struct list_head forwards;
	struct xvsock_flow control;	/* answers to packets of no socket */
	struct xvsock_flow datagrams;
	size_t tx_memory;		/* that this domain's own packets in the queues take */
	unsigned int tx_controls;	/* those of them that have no payload */
	struct vlink_ring_end tx;
	struct page **tx_pages;

	struct mutex rx_lock;		/* guards the ring, not the delivery */
	bool rx_dead;
	struct vlink_ring_end rx;
	struct page **rx_pages;

	struct delayed_work rx_work;
	struct work_struct tx_work;
	struct task_struct *rx_task;	/* that delivers what came over this connection */
	struct xvsock_forward *spare;	/* for what it forwards next */
};

/* A socket of streams or messages: vsk->trans. Under its lock, but the flow. */
struct xvsock_sock {
	struct virtio_vsock_sock vvs;	/* first: virtio's functions see only this */
	struct xvsock_conn *conn;	/* over which it is connected; NULL: to this domain */
	struct xvsock_flow flow;
	bool over;			/* it sends nothing any more */
	int error;			/* why its connection was ended from outside */
	u32 shutdown_sent;		/* flags that the peer knows */
	size_t wanted;			/* bytes of a message that had no room */
};

/* A packet on its way: its header is at skb->head. */
static inline u32 xvsock_src(struct sk_buff *skb)
{
	return le64_to_cpu(virtio_vsock_hdr(skb)->src_cid);
}

static inline u32 xvsock_dst(struct sk_buff *skb)
{
	return le64_to_cpu(virtio_vsock_hdr(skb)->dst_cid);
}

static inline u16 xvsock_type(struct sk_buff *skb)
{
	return le16_to_cpu(virtio_vsock_hdr(skb)->type);
}

static inline u16 xvsock_op(struct sk_buff *skb)
{
	return le16_to_cpu(virtio_vsock_hdr(skb)->op);
}

/* transport.c */
extern struct virtio_transport xvsock_transport;
extern struct workqueue_struct *xvsock_wq;
u32 xvsock_local_cid(void);
void xvsock_set_local_cid(u32 cid);
/* Takes a packet of an honest origin to the sockets of this domain. */
void xvsock_deliver(struct sk_buff *skb);
unsigned int xvsock_buffer_max(void);
/* A packet of this kind with no payload, or NULL. */
struct sk_buff *xvsock_packet(u16 type, u16 op, const struct sockaddr_vm *src,
			      const struct sockaddr_vm *dst);

/* route.c */
int xvsock_route_add(struct xvsock_conn *conn);
void xvsock_route_del(struct xvsock_conn *conn);
/* A reference to the connection that leads to @cid; NULL: there is none. */
struct xvsock_conn *xvsock_route(u32 cid);
/* xvsock_route() to a link whose peer has this CID itself. */
struct xvsock_conn *xvsock_route_direct(u32 cid);
bool xvsock_has_direct_route(u32 cid);
/* Why there is no route. */
int xvsock_no_route(void);
void xvsock_walk_conns(void (*fn)(void *arg, struct xvsock_conn *conn), void *arg);

/* reset.c */
/*
 * Ends the connections of this domain's sockets over @conn (NULL: over any) with @cid
 * (VMADDR_CID_ANY: with any).
 */
void xvsock_reset(const struct xvsock_conn *conn, u32 cid);
/* Ends one with @error; what arrived can still be read. With its lock held. */
void xvsock_lose(struct vsock_sock *vsk, int error);
/* Frees what the socket with most unread packets has, and ends its connection. */
bool xvsock_shed(void);
/* Has all who wait for room look again. */
void xvsock_wake_writers(void);

/* conn.c */
/* Queue a work of the connection, which puts a reference when it is done. */
void xvsock_conn_queue_rx(struct xvsock_conn *conn, unsigned long delay);
void xvsock_conn_queue_tx(struct xvsock_conn *conn);

static inline struct xvsock_conn *xvsock_conn_get(struct xvsock_conn *conn)
{
	kref_get(&conn->ref);
	return conn;
}

void xvsock_conn_put(struct xvsock_conn *conn);
/* Nobody is reached over this connection any more, here or through it. */
void xvsock_conn_cut_off(struct xvsock_conn *conn);

/* tx.c */
void xvsock_tx_init(struct xvsock_conn *conn);
void xvsock_tx_stop(struct xvsock_conn *conn);
void xvsock_tx_work(struct work_struct *work);
void xvsock_flow_init(struct xvsock_flow *flow, struct virtio_vsock_sock *vvs);
/*
 * Both send @skb or queue it and consume it, also when they return an error. The first is
 * for a packet of a socket whose lock is held and whose flow it is, the second for datagrams and
 * for answers to packets of no socket.
 */
int xvsock_tx_socket(struct xvsock_conn *conn, struct xvsock_flow *flow, struct sk_buff *skb);
int xvsock_tx_expendable(struct xvsock_conn *conn, struct sk_buff *skb);
/*
 * Sends or queues what @from brought for the peer of @to. -ENOBUFS: too much of it waits;
 * -EPIPE: the two domains have no connections now; -ECONNRESET: they are not to have any
 * longer. Consumes @skb only when it returns 0.
 */
int xvsock_tx_forward(struct xvsock_conn *to, struct xvsock_conn *from, struct sk_buff *skb);
/* Tells the peer of @to that all connections with @cid are over; @now: before what waits. */
void xvsock_tx_gone(struct xvsock_conn *to, u32 cid, bool now);
/* Takes back what is queued in @flow. */
void xvsock_tx_cancel(struct xvsock_conn *conn, struct xvsock_flow *flow);
/* May @sk, which sends over @conn, queue @bytes more? If not, it is woken when it may. */
bool xvsock_tx_may_queue(struct xvsock_conn *conn, struct sock *sk, size_t bytes);
/* So much waits that nothing new is to be begun. */
bool xvsock_tx_flooded(struct xvsock_conn *conn);

/* The window of a socket with this buffer size, at first. */
u32 xvsock_window_of_size(u64 buffer_size);
/* window.c, the following with the socket's lock held */
void xvsock_window_after_read(struct vsock_sock *vsk);
void xvsock_window_before_write(struct vsock_sock *vsk);
/* The window ends, or becomes the buffer size again. */
void xvsock_window_release(struct vsock_sock *vsk);

/* memory.c */
struct xvsock_memory *xvsock_memory_new(void);
void xvsock_memory_put(struct xvsock_memory *memory);
/* @skb counts as unread until it is freed, or until it is uncharged. */
void xvsock_memory_charge(struct xvsock_memory *memory, struct sk_buff *skb);
void xvsock_memory_uncharge(struct sk_buff *skb);
/* Whether this domain holds as much unread as it may. */
bool xvsock_memory_is_full(void);

/* rx.c */
void xvsock_rx_work(struct work_struct *work);

/* dgram.c */
int xvsock_dgram_register(void);
void xvsock_dgram_unregister(void);
/* Consumes @skb. */
void xvsock_dgram_deliver(struct sk_buff *skb);

/* stat.c */
void xvsock_debugfs_init(void);
void xvsock_debugfs_exit(void);

/* Bytes from ring position @pos that lie in one page, at most @len. */
static inline u32 xvsock_run_length(u32 pos, u32 len)
{
	return min_t(u32, len, PAGE_SIZE - offset_in_page(pos));
}

static inline u32 xvsock_record_size(u32 payload)
{
	return VSOCK_RECORD_HEADER + ALIGN(payload, VSOCK_RECORD_ALIGN);
}

#endif
