/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VBPIPE: what the files of the driver share.
 *
 * A struct vbpipe is one device node. It lives from the publication of its link
 * until the last file on it is closed. Connections to the peer come and go
 * beneath it (connection.c): a struct vbpipe_conn is used under RCU, so that
 * the end of a connection never waits for a user process.
 *
 * An end of the pipe is IDLE, then OPEN after the rendezvous of its first opener
 * with the peer's (rendezvous.c), LOST when the connection ended under open
 * files, and IDLE again after the last close. Bytes (data.c) move while OPEN; in
 * LOST only what had arrived can still be read.
 */
#ifndef VBPIPE_H
#define VBPIPE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pm_wakeup.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/vbpipe.h>
#include <linux/vlink.h>
#include <linux/wait.h>

#include <vlink/info.h>
#include <vlink/ring.h>
#include <xen/io/vbpipe.h>

/* Changes of the peer's word that one of our own may bring about: a rendezvous takes fewer. */
#define VBPIPE_WORDS_DUE	8

/* What the info string says: [policy];[size];[minor];key=value... */
struct vbpipe_config {
	bool read_available;		/* policy "a": read returns what is there */
	u32 rx_size;			/* bytes of the ring this end reads from */
	u32 wakeup_ms;			/* 0: events keep nothing awake */
	u32 poll_us;			/* how long a reader looks before it sleeps */
	char name[VLINK_NAME_MAX + 1];	/* "": vbpipe<unit> */
};

enum vbpipe_state { VBPIPE_END_IDLE, VBPIPE_END_OPEN, VBPIPE_END_LOST };

struct vbpipe_conn {
	struct vlink *link;
	bool server;			/* this end is the server's */
	u32 *my_word;			/* in the control page */
	const u32 *peer_word;
	u32 word;			/* private copy of *my_word */
	u32 peer_count;			/* peer's rendezvous count at our RESET */

	/* Guarded by the pipe's lock. */
	struct vlink_ring_end tx, rx;
	struct vlink_ring_prod *tx_prod, *rx_prod;
	struct vlink_ring_cons *tx_cons, *rx_cons;
	u32 tx_size, rx_size;
	struct page **tx_pages, **rx_pages;

	u32 seen_word;			/* the peer's at its last event that was news */
	u32 words_due;			/* changes of it that are news yet */

	void *residue;			/* rx_size bytes for what is left at the end */
};

struct vbpipe_stats {
	atomic64_t opens;
	atomic64_t reads, read_bytes;
	atomic64_t writes, write_bytes;
};

struct vbpipe {
	struct device dev;
	struct cdev cdev;
	struct list_head node;
	struct vlink *link;		/* valid until vbpipe_remove() */
	struct vbpipe_config config;
	struct wakeup_source *wakeup;	/* NULL: none */

	struct mutex open_lock;		/* held through a rendezvous; guards users */
	unsigned int users;
	struct mutex read_lock, write_lock;	/* one reader, one writer at a time */
	u32 poll_ns;			/* current share of config.poll_us; read_lock */
	wait_queue_head_t open_wait, rx_wait, tx_wait;

	struct vbpipe_conn __rcu *conn;
	spinlock_t lock;		/* guards all below and the rings of conn */
	enum vbpipe_state state;
	bool removed;
	void *residue;			/* LOST: what had arrived; read_lock guards the use */
	u32 residue_len, residue_pos;

	/* Under the link's lock: from set-up to connect. */
	struct vlink_region *region;
	u32 tx_size;

	struct vbpipe_stats stats;
};

/* config.c */
void vbpipe_config_parse(const struct vlink *link, struct vbpipe_config *config);

/* connection.c */
int vbpipe_offer(struct vlink *link);
int vbpipe_setup(struct vlink *link);
int vbpipe_publish(struct vlink *link, struct xenbus_transaction xbt);
int vbpipe_connect(struct vlink *link);
void vbpipe_disconnect(struct vlink *link);
bool vbpipe_event(struct vlink *link);
/* Prepares this end of both rings; the peer uses none before it learns that this end has. */
void vbpipe_rings_init(struct vbpipe_conn *conn);

/* rendezvous.c */
int vbpipe_rendezvous(struct vbpipe *pipe);
void vbpipe_retract(struct vbpipe *pipe);
bool vbpipe_peer_is_on(const struct vbpipe_conn *conn);
void vbpipe_wake_all(struct vbpipe *pipe);

/* data.c */
ssize_t vbpipe_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t vbpipe_write_iter(struct kiocb *iocb, struct iov_iter *from);
__poll_t vbpipe_poll(struct file *file, poll_table *wait);
long vbpipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* device.c */
void vbpipe_for_each(void (*fn)(void *arg, struct vbpipe *pipe), void *arg);

/* stats.c */
extern const struct attribute_group *vbpipe_groups[];
void vbpipe_debugfs_init(void);
void vbpipe_debugfs_exit(void);

static inline struct vbpipe *vbpipe_of(const struct file *file)
{
	return file->private_data;
}

/* Bytes from ring position @pos that lie in one page, at most @len. */
static inline u32 vbpipe_run_length(u32 size, u32 pos, u32 len)
{
	return min3(len, size - pos, (u32)(PAGE_SIZE - offset_in_page(pos)));
}

#endif
