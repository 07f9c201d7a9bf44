/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VSOCK_INTERNAL_H
#define VSOCK_INTERNAL_H

#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/vlink.h>
#include <linux/virtio_vsock.h>
#include <linux/vlink_vsock.h>
#include <xen/io/vsock.h>

#ifndef VIRTIO_VSOCK_SKB_HEADROOM
#error "the virtio_vsock.h of this kernel is too old: its packets are no socket buffers"
#endif

#define XVSOCK_RING_DEFAULT	(1u << 20)
#define XVSOCK_FLOW_BITS	6

/* A record's header as it stands in the ring. */
struct xvsock_record {
	struct virtio_vsock_hdr hdr;
	__le32 zero;
};

/* One end of a link, as long as it is published. */
struct xvsock_link {
	struct vlink *link;
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

/* What one socket, or one forwarded peer, has to send and the ring had no room for. */
struct xvsock_flow {
	struct list_head active;	/* in the order in which they may send */
	struct hlist_node node;		/* by owner */
	const void *owner;
	struct sk_buff_head queue;
	size_t bytes;			/* of payload in the queue */
	int budget;			/* bytes that may be sent before others may */
};

struct xvsock_counters {
	atomic64_t tx_packets, tx_bytes, rx_packets, rx_bytes;
	atomic64_t forwarded, refused, dropped;
};

/* A connection of the link. Senders find it by RCU, works hold references. */
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
	struct list_head flows;
	DECLARE_HASHTABLE(flows_by_owner, XVSOCK_FLOW_BITS);
	struct xvsock_flow control;	/* packets of no socket; always there */
	size_t tx_backlog;		/* bytes of payload in all queues */
	unsigned int tx_controls;	/* packets without payload in all queues */
	struct vlink_ring_end tx;
	struct page **tx_pages;

	struct mutex rx_lock;		/* guards the ring, not the delivery */
	bool rx_dead;
	struct vlink_ring_end rx;
	struct page **rx_pages;

	struct work_struct rx_work, tx_work;
	u32 seen_prod, seen_cons;	/* by the interrupt handler */
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
			      const struct sockaddr_vm *dst, gfp_t gfp);

/* route.c */
int xvsock_route_add(struct xvsock_conn *conn);
void xvsock_route_del(struct xvsock_conn *conn);
/* Under rcu_read_lock: the way to @cid; NULL: there is none. */
struct xvsock_conn *xvsock_route(u32 cid);
/* Under rcu_read_lock: a link whose peer has this CID. */
struct xvsock_conn *xvsock_route_direct(u32 cid);
bool xvsock_has_routes(void);
/* Sends to whoever @skb is for; takes it in any case. */
int xvsock_send(struct sk_buff *skb);
/* Resets all connections with @cid; VMADDR_CID_ANY: with all that have no direct link. */
void xvsock_reset_peer(u32 cid);
void xvsock_walk_conns(void (*fn)(void *arg, struct xvsock_conn *conn), void *arg);

/* conn.c */
/* Queues a work of the connection, which puts a reference when it is done. */
void xvsock_conn_queue(struct xvsock_conn *conn, struct work_struct *work);
void xvsock_conn_put(struct xvsock_conn *conn);
/* Nobody is reached over this connection any more, here or through it. */
void xvsock_conn_cut_off(struct xvsock_conn *conn);

/* tx.c */
void xvsock_tx_init(struct xvsock_conn *conn);
void xvsock_tx_stop(struct xvsock_conn *conn);
/*
 * Sends @skb or queues it, and takes it in any case. @owner: whose it is, for taking turns;
 * NULL: nobody's. Under rcu_read_lock or with a reference.
 */
int xvsock_tx(struct xvsock_conn *conn, struct sk_buff *skb, const void *owner);
void xvsock_tx_work(struct work_struct *work);
/* Takes back what @owner has queued. */
void xvsock_tx_cancel(struct xvsock_conn *conn, const void *owner);
/* Bytes that @owner has queued. */
size_t xvsock_tx_queued(struct xvsock_conn *conn, const void *owner);
/* So much is queued that what can be left undone should be. */
bool xvsock_tx_flooded(struct xvsock_conn *conn);

/* window.c: with the socket's lock held */
void xvsock_window_after_read(struct vsock_sock *vsk);
void xvsock_window_before_write(struct vsock_sock *vsk);
/* The window ends, or becomes the buffer size again. */
void xvsock_window_release(struct vsock_sock *vsk);

/* rx.c */
void xvsock_rx_work(struct work_struct *work);
struct xvsock_memory *xvsock_memory_new(void);
void xvsock_memory_put(struct xvsock_memory *memory);

/* dgram.c */
int xvsock_dgram_register(void);
void xvsock_dgram_unregister(void);
/* Takes @skb in any case. */
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
