// SPDX-License-Identifier: GPL-2.0
/* What the link layer asks of this service: the beginning and end of connections, events. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <xen/xen.h>

#include "vsock.h"

static unsigned int region_pages(u32 c2s_size, u32 s2c_size)
{
	return 1 + c2s_size / PAGE_SIZE + s2c_size / PAGE_SIZE;
}

/* What the toolstack says of the two ends, where neither can write. */
static int read_cid(struct vlink *link, const char *key, u32 *cid)
{
	char dir[sizeof("vlink/vsock/") + VLINK_ID_MAX];

	snprintf(dir, sizeof(dir), "vlink/vsock/%s", link->id);
	*cid = xenbus_read_unsigned(dir, key, 0);
	if (*cid >= VMADDR_CID_HOST && *cid != VMADDR_CID_ANY)
		return 0;
	vlink_warn(link, "the toolstack has published no %s\n", key);
	return -EINVAL;
}

static int read_local_cid(struct vlink *link)
{
	u32 cid;
	int err = read_cid(link, "cid", &cid);

	if (!err)
		xvsock_set_local_cid(cid);
	return err;
}

static u32 ring_size(const struct vlink *link)
{
	static const struct vlink_info_key key = VLINK_INFO_VSOCK_RING;

	return roundup_pow_of_two(vlink_param_get(link, &key));
}

static int xvsock_add(struct vlink *link)
{
	struct xvsock_link *xl;
	int err = read_local_cid(link);

	if (err)
		return err;
	xl = kzalloc(sizeof(*xl), GFP_KERNEL);
	if (!xl)
		return -ENOMEM;
	xl->link = link;
	xl->ring_size = ring_size(link);
	xl->forward = xen_initial_domain() && vlink_param_bool_get(link, "vsock-forward", false);
	link->priv = xl;
	return 0;
}

static void xvsock_remove(struct vlink *link)
{
	kfree(link->priv);
}

/*
 * The peer chooses the ring that it reads from, but not how much of this domain's memory and
 * grants that takes: no more than a ring of one's own or the default would.
 */
static u32 peer_ring_max(const struct xvsock_link *xl)
{
	return max(xl->ring_size, VSOCK_RING_DEFAULT);
}

static int peer_size(struct vlink *link, const char *key, u32 max, u32 *size)
{
	return vlink_peer_ring_size(link, key, VSOCK_RING_MIN, max, size);
}

static int xvsock_offer(struct vlink *link)
{
	struct xvsock_link *xl = link->priv;
	int err = vlink_key_write(link, XBT_NIL, "rx-size", xl->ring_size);

	err = err ?: vlink_key_write(link, XBT_NIL, "tx-size", peer_ring_max(xl));
	return err ?: vlink_key_write(link, XBT_NIL, "forward", xl->forward);
}

static int xvsock_setup(struct vlink *link)
{
	struct xvsock_link *xl = link->priv;
	u32 rx_max;
	int err = peer_size(link, "rx-size", VSOCK_RING_MAX, &xl->tx_size);

	err = err ?: peer_size(link, "tx-size", VSOCK_RING_MAX, &rx_max);
	if (err)
		return err;
	xl->tx_size = min(xl->tx_size, peer_ring_max(xl));
	xl->rx_size = min(xl->ring_size, rx_max);
	xl->region = vlink_region_create(link, "ring", region_pages(xl->tx_size, xl->rx_size));
	return PTR_ERR_OR_ZERO(xl->region);
}

static int xvsock_publish(struct vlink *link, struct xenbus_transaction xbt)
{
	struct xvsock_link *xl = link->priv;
	int err = vlink_key_write(link, xbt, "c2s-size", xl->tx_size);

	err = err ?: vlink_key_write(link, xbt, "s2c-size", xl->rx_size);
	return err ?: vlink_key_write(link, xbt, "forward", xl->forward);
}

static int server_map(struct vlink *link, struct xvsock_link *xl)
{
	int err = peer_size(link, "c2s-size", xl->ring_size, &xl->rx_size);

	err = err ?: peer_size(link, "s2c-size", peer_ring_max(xl), &xl->tx_size);
	if (err)
		return err;
	xl->region = vlink_region_map(link, "ring", region_pages(xl->rx_size, xl->tx_size));
	return PTR_ERR_OR_ZERO(xl->region);
}

static void conn_release(struct kref *ref)
{
	struct xvsock_conn *conn = container_of(ref, struct xvsock_conn, ref);

	xvsock_memory_put(conn->memory);
	kfree(conn->spare);
	kfree(conn);
}

void xvsock_conn_put(struct xvsock_conn *conn)
{
	kref_put(&conn->ref, conn_release);
}

void xvsock_conn_queue_rx(struct xvsock_conn *conn, unsigned long delay)
{
	xvsock_conn_get(conn);
	if (!queue_delayed_work(xvsock_wq, &conn->rx_work, delay))
		xvsock_conn_put(conn);
}

void xvsock_conn_queue_tx(struct xvsock_conn *conn)
{
	xvsock_conn_get(conn);
	if (!queue_work(xvsock_wq, &conn->tx_work))
		xvsock_conn_put(conn);
}

static void lay_out(struct xvsock_conn *conn, struct xvsock_link *xl, bool server)
{
	struct page **pages = xl->region->pages;
	struct vlink_mailbox_lines *lines = page_address(pages[0]);

	BUILD_BUG_ON(sizeof(struct xvsock_record) != VSOCK_RECORD_HEADER);
	conn->rx_size = xl->rx_size;
	if (server) {
		vlink_consumer_init(&conn->rx, &lines->c2s_prod, &lines->c2s_cons, xl->rx_size);
		vlink_producer_init(&conn->tx, &lines->s2c_prod, &lines->s2c_cons, xl->tx_size);
		conn->rx_pages = pages + 1;
		conn->tx_pages = pages + 1 + xl->rx_size / PAGE_SIZE;
	} else {
		vlink_producer_init(&conn->tx, &lines->c2s_prod, &lines->c2s_cons, xl->tx_size);
		vlink_consumer_init(&conn->rx, &lines->s2c_prod, &lines->s2c_cons, xl->rx_size);
		conn->tx_pages = pages + 1;
		conn->rx_pages = pages + 1 + xl->tx_size / PAGE_SIZE;
	}
}

static int identify(struct xvsock_conn *conn, struct xvsock_link *xl)
{
	struct vlink *link = conn->link;
	u32 peer_forwards;
	int err = read_cid(link, "peer-cid", &conn->peer_cid);

	err = err ?: vlink_peer_u32(link, "forward", 0, 1, &peer_forwards);
	if (err)
		return err;
	conn->forward = xl->forward;
	/* Only dom0's word counts, and only dom0 has this CID. */
	conn->hub = peer_forwards && conn->peer_cid == VMADDR_CID_HOST;
	/* A restored domain may have another. */
	return read_local_cid(link);
}

static struct xvsock_conn *conn_new(struct vlink *link, struct xvsock_link *xl)
{
	struct xvsock_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);

	if (!conn)
		return NULL;
	conn->memory = xvsock_memory_new();
	if (!conn->memory) {
		kfree(conn);
		return NULL;
	}
	kref_init(&conn->ref);
	conn->link = link;
	mutex_init(&conn->rx_lock);
	xvsock_tx_init(conn);
	INIT_DELAYED_WORK(&conn->rx_work, xvsock_rx_work);
	INIT_WORK(&conn->tx_work, xvsock_tx_work);
	lay_out(conn, xl, link->drv->role == VLINK_SERVER);
	return conn;
}

static int conn_begin(struct xvsock_conn *conn, struct xvsock_link *xl)
{
	int err = identify(conn, xl);

	if (err)
		return err;
	/* What was forwarded to it so far begins anew over its own link. */
	xvsock_reset(NULL, conn->peer_cid);
	/* Before anybody sends: the answer's event has to find it. */
	rcu_assign_pointer(xl->conn, conn);
	err = xvsock_route_add(conn);
	if (err) {
		vlink_fail(conn->link, "there is another link to CID %u", conn->peer_cid);
		RCU_INIT_POINTER(xl->conn, NULL);
		synchronize_rcu();
		return err;
	}
	/* For what came before events could find the connection. */
	xvsock_conn_queue_rx(conn, 0);
	return 0;
}

static int xvsock_connect(struct vlink *link)
{
	struct xvsock_link *xl = link->priv;
	struct xvsock_conn *conn;
	int err;

	if (link->drv->role == VLINK_SERVER) {
		err = server_map(link, xl);
		if (err)
			return err;
	}
	conn = conn_new(link, xl);
	if (!conn)
		return -ENOMEM;
	err = conn_begin(conn, xl);
	if (err)
		xvsock_conn_put(conn);
	return err;
}

static void tell_gone(void *arg, struct xvsock_conn *conn)
{
	const struct xvsock_conn *gone = arg;

	if (conn != gone && conn->forward)
		xvsock_tx_gone(conn, gone->peer_cid, false);
}

void xvsock_conn_cut_off(struct xvsock_conn *conn)
{
	xvsock_tx_stop(conn);
	/* Before the first packet is refused: a reset would look like an orderly end. */
	if (conn->forward)
		xvsock_walk_conns(tell_gone, conn);
	xvsock_route_del(conn);
	xvsock_reset(conn, VMADDR_CID_ANY);
}

static void xvsock_disconnect(struct vlink *link)
{
	struct xvsock_link *xl = link->priv;
	struct xvsock_conn *conn = rcu_dereference_protected(xl->conn, true);

	RCU_INIT_POINTER(xl->conn, NULL);
	mutex_lock(&conn->rx_lock);
	conn->rx_dead = true;
	mutex_unlock(&conn->rx_lock);
	/* The module may go next; a work that runs already holds no timer. */
	if (cancel_delayed_work(&conn->rx_work))
		xvsock_conn_put(conn);
	xvsock_conn_cut_off(conn);
	/* The interrupt handler is out of the ring after this, as all others are. */
	synchronize_rcu();
	xvsock_conn_put(conn);
}

static bool conn_event(struct xvsock_conn *conn)
{
	u32 untrusted_prod = READ_ONCE(conn->rx.prod_line->prod);
	u32 untrusted_cons = READ_ONCE(conn->tx.cons_line->cons);
	bool data = vlink_consumer_news(&conn->rx);
	bool room = vlink_producer_news(&conn->tx);

	/* Whatever the reason: who works looks by itself when it is on its way to sleep. */
	if (untrusted_prod != READ_ONCE(conn->rx.index))
		xvsock_conn_queue_rx(conn, 0);
	if (untrusted_cons != READ_ONCE(conn->tx.peer))
		xvsock_conn_queue_tx(conn);
	return data || room;
}

static bool xvsock_event(struct vlink *link)
{
	struct xvsock_link *xl = link->priv;
	struct xvsock_conn *conn;
	bool news;

	rcu_read_lock();
	conn = rcu_dereference(xl->conn);
	news = conn && !READ_ONCE(conn->rx_dead) && conn_event(conn);
	rcu_read_unlock();
	return news;
}

const struct vlink_ops xvsock_link_ops = {
	.add = xvsock_add,
	.remove = xvsock_remove,
	.offer = xvsock_offer,
	.setup = xvsock_setup,
	.publish = xvsock_publish,
	.connect = xvsock_connect,
	.disconnect = xvsock_disconnect,
	.event = xvsock_event,
};
EXPORT_SYMBOL_GPL(xvsock_link_ops);
