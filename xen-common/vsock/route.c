// SPDX-License-Identifier: GPL-2.0
/*
 * Which link leads to which CID, over all vsock links of this domain, and what becomes of
 * connections when a way is gone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hash.h>
#include <linux/mutex.h>
#include <linux/rculist.h>

#include "vsock.h"

/* Links whose peers have a CID each; changed under routes_lock, read under RCU. */
static DEFINE_HASHTABLE(routes, 6);
static struct xvsock_conn __rcu *hub;
static DEFINE_MUTEX(routes_lock);
static atomic_t nr_routes;

struct xvsock_conn *xvsock_route_direct(u32 cid)
{
	struct xvsock_conn *conn;

	hash_for_each_possible_rcu(routes, conn, route, cid)
		if (conn->peer_cid == cid)
			return conn;
	return NULL;
}

struct xvsock_conn *xvsock_route(u32 cid)
{
	struct xvsock_conn *conn = xvsock_route_direct(cid);

	if (conn)
		return conn;
	/* Whom dom0 can reach only dom0 knows; nobody else has these. */
	if (cid <= VMADDR_CID_HOST || cid == VMADDR_CID_ANY)
		return NULL;
	return rcu_dereference(hub);
}

bool xvsock_has_routes(void)
{
	return atomic_read(&nr_routes) > 0;
}

int xvsock_route_add(struct xvsock_conn *conn)
{
	int err = 0;

	mutex_lock(&routes_lock);
	rcu_read_lock();
	if (xvsock_route_direct(conn->peer_cid))
		err = -EEXIST;
	rcu_read_unlock();
	if (!err) {
		hash_add_rcu(routes, &conn->route, conn->peer_cid);
		if (conn->hub)
			rcu_assign_pointer(hub, conn);
		atomic_inc(&nr_routes);
	}
	mutex_unlock(&routes_lock);
	return err;
}

void xvsock_route_del(struct xvsock_conn *conn)
{
	mutex_lock(&routes_lock);
	if (!hlist_unhashed(&conn->route)) {
		hash_del_rcu(&conn->route);
		if (rcu_access_pointer(hub) == conn)
			RCU_INIT_POINTER(hub, NULL);
		atomic_dec(&nr_routes);
	}
	mutex_unlock(&routes_lock);
}

void xvsock_walk_conns(void (*fn)(void *arg, struct xvsock_conn *conn), void *arg)
{
	struct xvsock_conn *conn;
	int bucket;

	mutex_lock(&routes_lock);
	hash_for_each(routes, bucket, conn, route)
		fn(arg, conn);
	mutex_unlock(&routes_lock);
}

int xvsock_send(struct sk_buff *skb)
{
	struct xvsock_conn *conn;
	int ret;

	rcu_read_lock();
	conn = xvsock_route(xvsock_dst(skb));
	if (conn) {
		ret = xvsock_tx(conn, skb, skb->sk);
	} else {
		ret = xvsock_has_routes() ? -EHOSTUNREACH : -ENODEV;
		kfree_skb(skb);
	}
	rcu_read_unlock();
	return ret;
}

/* ------------------------------------------------------------------------ */
/* Resetting connections                                                      */

/*
 * The core calls a function for each connected socket, without an argument and under a
 * spinlock: this is its argument. Sockets that were met are kept as the owners of
 * reset packets; those that are closed already get theirs delivered.
 */
static DEFINE_MUTEX(reset_lock);
static u32 reset_cid;
static struct sk_buff_head reset_packets;

static bool is_cut_off(const struct vsock_sock *vsk)
{
	u32 cid = vsk->remote_addr.svm_cid;
	bool direct;

	if (reset_cid != VMADDR_CID_ANY)
		return cid == reset_cid;
	rcu_read_lock();
	direct = xvsock_route_direct(cid);
	rcu_read_unlock();
	return !direct;
}

static void keep_for_reset(struct sock *sk)
{
	struct vsock_sock *vsk = vsock_sk(sk);
	u16 type = sk->sk_type == SOCK_STREAM ? VSOCK_TYPE_STREAM : VSOCK_TYPE_SEQPACKET;
	struct sk_buff *skb = xvsock_packet(type, VIRTIO_VSOCK_OP_RST, &vsk->remote_addr,
					    &vsk->local_addr, GFP_ATOMIC);

	if (!skb)
		return;
	if (skb_set_owner_sk_safe(skb, sk))
		__skb_queue_tail(&reset_packets, skb);
	else
		kfree_skb(skb);
}

/*
 * Without the socket's lock, which a process may hold while it pages memory in. What
 * arrived can still be read: the socket stays connected in name, and the error comes
 * after the data.
 */
static void reset_socket(struct sock *sk)
{
	struct vsock_sock *vsk = vsock_sk(sk);

	if (!is_cut_off(vsk))
		return;
	keep_for_reset(sk);
	if (vsk->close_work_scheduled)
		return;
	vsk->peer_shutdown = SHUTDOWN_MASK;
	sk->sk_err = ECONNRESET;
	sk_error_report(sk);
}

static void finish_reset(struct sk_buff *skb)
{
	struct vsock_sock *vsk = vsock_sk(skb->sk);

	/* No process has it any more, so that nobody holds its lock for long. */
	if (vsk->close_work_scheduled) {
		xvsock_deliver(skb);
		return;
	}
	/* The next one with these addresses is another's. */
	vsock_remove_connected(vsk);
	kfree_skb(skb);
}

void xvsock_reset_peer(u32 cid)
{
	struct sk_buff *skb;

	mutex_lock(&reset_lock);
	__skb_queue_head_init(&reset_packets);
	reset_cid = cid;
	vsock_for_each_connected_socket(&xvsock_transport.transport, reset_socket);
	while ((skb = __skb_dequeue(&reset_packets)))
		finish_reset(skb);
	mutex_unlock(&reset_lock);
}
