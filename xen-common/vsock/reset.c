// SPDX-License-Identifier: GPL-2.0
/*
 * Ending connections of sockets from outside: their link was lost, a domain behind it is
 * gone, or they hoard memory.
 *
 * A socket belongs to one connection of a link for as long as it is connected. So what is late
 * can do no harm: neither can a socket of old send over the next connection of the link, nor
 * can a work that comes late end a socket that the next one has made.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <net/af_vsock.h>

#include "vsock.h"

/* Unread bytes below which a socket is nobody who hoards. */
#define HOARD_MIN	(64u << 10)
/* What the memory of a packet is taken for, beside its bytes. */
#define PACKET_MEMORY	1024u

static struct xvsock_sock *to_xs(struct vsock_sock *vsk)
{
	return vsk->trans;
}

/*
 * The reader of messages would lose the next one if the error was set: the core looks at it
 * after it took one. So it is set when there are none (transport.c).
 */
void xvsock_lose(struct vsock_sock *vsk, int error)
{
	struct sock *sk = sk_vsock(vsk);

	WRITE_ONCE(to_xs(vsk)->over, true);
	WRITE_ONCE(to_xs(vsk)->error, error);
	vsk->peer_shutdown = SHUTDOWN_MASK;
	if (sk->sk_type == SOCK_STREAM)
		sk->sk_err = error;
	sk_error_report(sk);
}

static struct vsock_sock *first_of(struct list_head *list)
{
	struct vsock_sock *vsk;

	spin_lock_bh(&vsock_table_lock);
	vsk = list_first_entry_or_null(list, struct vsock_sock, connected_table);
	if (vsk)
		list_del_init(&vsk->connected_table);
	spin_unlock_bh(&vsock_table_lock);
	return vsk;
}

static bool is_ours(const struct vsock_sock *vsk)
{
	return vsk->transport == &xvsock_transport.transport;
}

/*
 * Closed, it waits for the peer's reset, in the background or (SO_LINGER) in close(). No
 * process uses it any more, so that nobody holds its lock for long.
 */
static void finish_close(struct vsock_sock *vsk)
{
	struct sock *sk = sk_vsock(vsk);

	lock_sock(sk);
	if (is_ours(vsk) && !vsk->close_work_scheduled) {
		sock_set_flag(sk, SOCK_DONE);
		sk->sk_state_change(sk);
	} else if (is_ours(vsk) && cancel_delayed_work(&vsk->close_work)) {
		vsk->close_work_scheduled = false;
		sock_set_flag(sk, SOCK_DONE);
		__skb_queue_purge(&to_xs(vsk)->vvs.rx_queue);
		vsock_remove_sock(vsk);
		sock_put(sk);
	}
	release_sock(sk);
}

static bool is_meant(struct vsock_sock *vsk, const struct xvsock_conn *conn, u32 cid)
{
	const struct xvsock_conn *own = READ_ONCE(to_xs(vsk)->conn);

	return own && (!conn || own == conn) &&
	       (cid == VMADDR_CID_ANY || vsk->remote_addr.svm_cid == cid);
}

/*
 * Without the sockets' locks, which a process may hold while it pages memory in. The list of
 * those that are met is one more of the lists of the core's table, which a socket leaves as
 * it leaves the others; the next connection with these addresses is another's from now on.
 */
static void lose_all(const struct xvsock_conn *conn, u32 cid, struct list_head *lost)
{
	struct vsock_sock *vsk, *next;
	int i;

	spin_lock_bh(&vsock_table_lock);
	for (i = 0; i < VSOCK_HASH_SIZE; i++)
		list_for_each_entry_safe(vsk, next, &vsock_connected_table[i], connected_table) {
			if (!is_ours(vsk) || !is_meant(vsk, conn, cid))
				continue;
			xvsock_lose(vsk, ECONNRESET);
			list_move_tail(&vsk->connected_table, lost);
		}
	spin_unlock_bh(&vsock_table_lock);
}

void xvsock_reset(const struct xvsock_conn *conn, u32 cid)
{
	struct vsock_sock *vsk;
	LIST_HEAD(lost);

	lose_all(conn, cid, &lost);
	while ((vsk = first_of(&lost))) {
		if (sock_flag(sk_vsock(vsk), SOCK_DEAD))
			finish_close(vsk);
		/* The table's reference. */
		sock_put(sk_vsock(vsk));
	}
}

/* ------------------------------------------------------------------------ */
/* Whoever hoards                                                             */

static size_t hoard_of(struct vsock_sock *vsk)
{
	struct virtio_vsock_sock *vvs = &to_xs(vsk)->vvs;

	return READ_ONCE(vvs->rx_bytes) + PACKET_MEMORY * skb_queue_len_lockless(&vvs->rx_queue);
}

/* Who is being served reads, or will not for as long as it pages in. */
static bool may_be_shed(struct vsock_sock *vsk)
{
	return is_ours(vsk) && READ_ONCE(to_xs(vsk)->conn) &&
	       !sock_owned_by_user_nocheck(sk_vsock(vsk));
}

static struct vsock_sock *hoarder_get(void)
{
	struct vsock_sock *vsk, *worst = NULL;
	size_t most = HOARD_MIN, hoard;
	int i;

	spin_lock_bh(&vsock_table_lock);
	for (i = 0; i < VSOCK_HASH_SIZE; i++)
		list_for_each_entry(vsk, &vsock_connected_table[i], connected_table) {
			hoard = may_be_shed(vsk) ? hoard_of(vsk) : 0;
			if (hoard <= most)
				continue;
			most = hoard;
			worst = vsk;
		}
	if (worst)
		sock_hold(sk_vsock(worst));
	spin_unlock_bh(&vsock_table_lock);
	return worst;
}

static void queue_purge(struct xvsock_sock *xs)
{
	struct sk_buff_head purged;

	__skb_queue_head_init(&purged);
	spin_lock_bh(&xs->vvs.rx_lock);
	skb_queue_splice_tail_init(&xs->vvs.rx_queue, &purged);
	xs->vvs.rx_bytes = 0;
	xs->vvs.msg_count = 0;
	spin_unlock_bh(&xs->vvs.rx_lock);
	__skb_queue_purge(&purged);
}

static void tell_peer(struct xvsock_conn *conn, struct vsock_sock *vsk)
{
	u16 type = sk_vsock(vsk)->sk_type == SOCK_STREAM ? VSOCK_TYPE_STREAM : VSOCK_TYPE_SEQPACKET;
	struct sockaddr_vm src = vsk->local_addr;
	struct sk_buff *skb;

	src.svm_cid = xvsock_local_cid();
	skb = xvsock_packet(type, VIRTIO_VSOCK_OP_RST, &src, &vsk->remote_addr);
	if (skb)
		xvsock_tx_expendable(conn, skb);
}

bool xvsock_shed(void)
{
	struct vsock_sock *vsk = hoarder_get();
	struct xvsock_conn *conn = NULL;
	struct sock *sk;

	if (!vsk)
		return false;
	sk = sk_vsock(vsk);
	local_bh_disable();
	bh_lock_sock(sk);
	/* Else it changed meanwhile, and the next one may be it again. */
	if (!sock_owned_by_user(sk) && is_ours(vsk) && to_xs(vsk)->conn) {
		conn = xvsock_conn_get(to_xs(vsk)->conn);
		xvsock_lose(vsk, ENOBUFS);
		queue_purge(to_xs(vsk));
	}
	bh_unlock_sock(sk);
	local_bh_enable();
	if (conn) {
		vsock_remove_connected(vsk);
		tell_peer(conn, vsk);
		xvsock_conn_put(conn);
	}
	sock_put(sk);
	return conn;
}

/* ------------------------------------------------------------------------ */
/* Whoever waits                                                              */

static void wake_writer(struct sock *sk)
{
	sk->sk_write_space(sk);
}

void xvsock_wake_writers(void)
{
	vsock_for_each_connected_socket(&xvsock_transport.transport, wake_writer);
}
