// SPDX-License-Identifier: GPL-2.0
/* Connections of a pipe: geometry, memory, their beginning and end, events. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>

#include "vbpipe.h"

static unsigned int ring_pages(u32 size)
{
	return DIV_ROUND_UP(size, PAGE_SIZE);
}

/* One control page, then the ring client to server, then the other. */
static unsigned int region_pages(u32 c2s_size, u32 s2c_size)
{
	return 1 + ring_pages(c2s_size) + ring_pages(s2c_size);
}

/* What the peer's ring costs this domain, too: a large one is to be wanted at both ends. */
static int peer_ring_size(struct vlink *link, const char *key, u32 *size)
{
	const struct vbpipe *pipe = link->priv;
	u32 max = max(pipe->config.rx_size, VBPIPE_PEER_RING_MAX);

	return vlink_peer_ring_size(link, key, VBPIPE_RING_MIN, max, size);
}

int vbpipe_offer(struct vlink *link)
{
	struct vbpipe *pipe = link->priv;

	return vlink_key_write(link, XBT_NIL, "rx-size", pipe->config.rx_size);
}

int vbpipe_setup(struct vlink *link)
{
	struct vbpipe *pipe = link->priv;
	unsigned int nr_pages;
	int err;

	err = peer_ring_size(link, "rx-size", &pipe->tx_size);
	if (err)
		return err;
	nr_pages = region_pages(pipe->tx_size, pipe->config.rx_size);
	pipe->region = vlink_region_create(link, "ring", nr_pages);
	return PTR_ERR_OR_ZERO(pipe->region);
}

int vbpipe_publish(struct vlink *link, struct xenbus_transaction xbt)
{
	struct vbpipe *pipe = link->priv;
	int err = vlink_key_write(link, xbt, "c2s-size", pipe->tx_size);

	return err ?: vlink_key_write(link, xbt, "s2c-size", pipe->config.rx_size);
}

static int server_map(struct vlink *link, struct vbpipe *pipe)
{
	u32 c2s_size = pipe->config.rx_size;
	int err;

	err = vlink_peer_u32(link, "c2s-size", c2s_size, c2s_size, &c2s_size);
	if (!err)
		err = peer_ring_size(link, "s2c-size", &pipe->tx_size);
	if (err)
		return err;
	pipe->region = vlink_region_map(link, "ring", region_pages(c2s_size, pipe->tx_size));
	return PTR_ERR_OR_ZERO(pipe->region);
}

void vbpipe_rings_init(struct vbpipe_conn *conn)
{
	vlink_producer_init(&conn->tx, conn->tx_prod, conn->tx_cons, conn->tx_size);
	vlink_consumer_init(&conn->rx, conn->rx_prod, conn->rx_cons, conn->rx_size);
}

static void conn_lay_out(struct vbpipe_conn *conn, struct vbpipe *pipe)
{
	struct page **pages = pipe->region->pages;
	struct vbpipe_control *ctl = page_address(pages[0]);

	BUILD_BUG_ON(offsetof(struct vbpipe_control, server) != 0x40);
	BUILD_BUG_ON(offsetof(struct vbpipe_control, c2s_prod) != 0x80);
	BUILD_BUG_ON(offsetof(struct vbpipe_control, c2s_cons) != 0xc0);
	BUILD_BUG_ON(offsetof(struct vbpipe_control, s2c_prod) != 0x100);
	BUILD_BUG_ON(offsetof(struct vbpipe_control, s2c_cons) != 0x140);

	conn->rx_size = pipe->config.rx_size;
	conn->tx_size = pipe->tx_size;
	if (conn->server) {
		conn->my_word = &ctl->server.word;
		conn->peer_word = &ctl->client.word;
		conn->tx_prod = &ctl->s2c_prod;
		conn->tx_cons = &ctl->s2c_cons;
		conn->rx_prod = &ctl->c2s_prod;
		conn->rx_cons = &ctl->c2s_cons;
		conn->rx_pages = pages + 1;
		conn->tx_pages = pages + 1 + ring_pages(conn->rx_size);
	} else {
		conn->my_word = &ctl->client.word;
		conn->peer_word = &ctl->server.word;
		conn->tx_prod = &ctl->c2s_prod;
		conn->tx_cons = &ctl->c2s_cons;
		conn->rx_prod = &ctl->s2c_prod;
		conn->rx_cons = &ctl->s2c_cons;
		conn->tx_pages = pages + 1;
		conn->rx_pages = pages + 1 + ring_pages(conn->tx_size);
	}
	/* For events that come before the first rendezvous. */
	vbpipe_rings_init(conn);
}

static struct vbpipe_conn *conn_new(struct vlink *link, struct vbpipe *pipe)
{
	struct vbpipe_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);

	if (!conn)
		return NULL;
	conn->link = link;
	conn->server = link->drv->role == VLINK_SERVER;
	conn->words_due = VBPIPE_WORDS_DUE;
	conn_lay_out(conn, pipe);
	conn->residue = kvmalloc(conn->rx_size, GFP_KERNEL);
	if (!conn->residue) {
		kfree(conn);
		return NULL;
	}
	return conn;
}

static void conn_free(struct vbpipe_conn *conn)
{
	kvfree(conn->residue);
	kfree(conn);
}

int vbpipe_connect(struct vlink *link)
{
	struct vbpipe *pipe = link->priv;
	struct vbpipe_conn *conn;
	int err;

	if (link->drv->role == VLINK_SERVER) {
		err = server_map(link, pipe);
		if (err)
			return err;
	}
	conn = conn_new(link, pipe);
	if (!conn)
		return -ENOMEM;

	rcu_assign_pointer(pipe->conn, conn);
	vbpipe_wake_all(pipe);
	return 0;
}

/* Copies what has arrived and was not read yet; nobody else uses conn any more. */
static u32 salvage(struct vbpipe_conn *conn)
{
	bool broken = false;
	u32 len = vlink_consumer_avail(&conn->rx, &broken);
	u32 done, n, pos;

	for (done = 0; done < len; done += n) {
		pos = (conn->rx.index + done) & (conn->rx_size - 1);
		n = vbpipe_run_length(conn->rx_size, pos, len - done);
		memcpy(conn->residue + done,
		       page_address(conn->rx_pages[pos / PAGE_SIZE]) + offset_in_page(pos), n);
	}
	return len;
}

void vbpipe_disconnect(struct vlink *link)
{
	struct vbpipe *pipe = link->priv;
	struct vbpipe_conn *conn = rcu_dereference_protected(pipe->conn, true);
	u32 len = 0;

	rcu_assign_pointer(pipe->conn, NULL);
	/* Readers, writers and the interrupt handler are out after this. */
	synchronize_rcu();

	if (READ_ONCE(pipe->state) == VBPIPE_END_OPEN)
		len = salvage(conn);

	spin_lock(&pipe->lock);
	if (pipe->state == VBPIPE_END_OPEN) {
		/* Freed by the last close. */
		swap(pipe->residue, conn->residue);
		pipe->residue_len = len;
		pipe->residue_pos = 0;
		pipe->state = VBPIPE_END_LOST;
	}
	spin_unlock(&pipe->lock);

	conn_free(conn);
	vbpipe_wake_all(pipe);
}

/*
 * A change of the peer's state word is a reason to notify, but no more often than this
 * end's own doings can bring about.
 */
static bool has_word(struct vbpipe_conn *conn)
{
	u32 untrusted_word = READ_ONCE(*conn->peer_word);
	u32 left = READ_ONCE(conn->words_due);

	if (untrusted_word == conn->seen_word || !left)
		return false;
	conn->seen_word = untrusted_word;
	WRITE_ONCE(conn->words_due, left - 1);
	return true;
}

/* Whether the peer had a reason to notify; only to tell honest peers from storms. */
static bool has_news(struct vbpipe_conn *conn)
{
	bool word = has_word(conn);
	bool data = vlink_consumer_news(&conn->rx);
	bool space = vlink_producer_news(&conn->tx);

	return word || data || space;
}

/*
 * Wakes whoever may find what it waits for. That goes by what is there now, not by
 * what has changed since the last event: a sleeper may have looked in between, and
 * words come back to former values when the pipe is opened again.
 */
static void wake_sleepers(struct vbpipe *pipe, struct vbpipe_conn *conn)
{
	bool off = !vbpipe_peer_is_on(conn);

	wake_up(&pipe->open_wait);
	if (off || READ_ONCE(conn->rx_prod->prod) != READ_ONCE(conn->rx.index))
		wake_up_interruptible(&pipe->rx_wait);
	/* Not full; an index that makes no sense is for the writer to find. */
	if (off || READ_ONCE(conn->tx.index) - READ_ONCE(conn->tx_cons->cons) != conn->tx_size)
		wake_up_interruptible(&pipe->tx_wait);
}

bool vbpipe_event(struct vlink *link)
{
	struct vbpipe *pipe = link->priv;
	struct vbpipe_conn *conn;
	bool news = false;

	rcu_read_lock();
	conn = rcu_dereference(pipe->conn);
	if (conn) {
		news = has_news(conn);
		wake_sleepers(pipe, conn);
	}
	rcu_read_unlock();

	if (pipe->wakeup && news)
		__pm_wakeup_event(pipe->wakeup, pipe->config.wakeup_ms);
	return news;
}
