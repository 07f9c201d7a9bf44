// SPDX-License-Identifier: GPL-2.0
/* Which link leads to which CID, over all vsock links of this domain. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/rculist.h>

#include "vsock.h"

/* Links whose peers have a CID each; changed under routes_lock, read under RCU. */
static DEFINE_HASHTABLE(routes, 6);
static struct xvsock_conn __rcu *hub;
static DEFINE_MUTEX(routes_lock);
static atomic_t nr_routes;

static struct xvsock_conn *find_direct(u32 cid)
{
	struct xvsock_conn *conn;

	hash_for_each_possible_rcu(routes, conn, route, cid)
		if (conn->peer_cid == cid)
			return conn;
	return NULL;
}

static struct xvsock_conn *find(u32 cid)
{
	struct xvsock_conn *conn = find_direct(cid);

	if (conn)
		return conn;
	/* Whom dom0 can reach only dom0 knows; nobody else has these. */
	if (cid <= VMADDR_CID_HOST || cid == VMADDR_CID_ANY)
		return NULL;
	return rcu_dereference(hub);
}

static struct xvsock_conn *get_by(struct xvsock_conn *(*find_fn)(u32 cid), u32 cid)
{
	struct xvsock_conn *conn;

	rcu_read_lock();
	/* Who takes it out of the table keeps its reference for a grace period. */
	conn = find_fn(cid);
	if (conn)
		xvsock_conn_get(conn);
	rcu_read_unlock();
	return conn;
}

struct xvsock_conn *xvsock_route(u32 cid)
{
	return get_by(find, cid);
}

struct xvsock_conn *xvsock_route_direct(u32 cid)
{
	return get_by(find_direct, cid);
}

bool xvsock_has_direct_route(u32 cid)
{
	bool direct;

	rcu_read_lock();
	direct = find_direct(cid);
	rcu_read_unlock();
	return direct;
}

int xvsock_no_route(void)
{
	return atomic_read(&nr_routes) ? -EHOSTUNREACH : -ENODEV;
}

int xvsock_route_add(struct xvsock_conn *conn)
{
	int err = 0;

	mutex_lock(&routes_lock);
	if (xvsock_has_direct_route(conn->peer_cid)) {
		err = -EEXIST;
	} else {
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
