/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VUMEM: what the files of the drivers share. A struct vumem_dev is one device node, for
 * as long as its link is published and files are open; connections come and go
 * beneath it.
 */
#ifndef VUMEM_H
#define VUMEM_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/vlink.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <vlink/vumem_ioctl.h>
#include <xen/io/vumem.h>

/* Ids of statistics, as <vlx/vumem/common.h> has them. */
enum vumem_prof {
	VUMEM_PROF_BUFFER_ALLOC = 1,
	VUMEM_PROF_BUFFER_FREE,
	VUMEM_PROF_BUFFER_MAP,
	VUMEM_PROF_BUFFER_REGISTER,
	VUMEM_PROF_BUFFER_UNREGISTER,
	VUMEM_PROF_BUFFER_CACHE_CTL,
	VUMEM_PROF_BUFFER_CACHE_CTL_REMOTE,
	VUMEM_PROF_BUFFER_CTL_REMOTE,
	VUMEM_PROF_RPC_CALLS,
	VUMEM_PROF_SESSIONS,
	VUMEM_PROF_BUFFERS,
	VUMEM_PROF_BUFFER_MAPPINGS,
	VUMEM_PROF_BUFFER_SINGLE_SIZE_MAX,
	VUMEM_PROF_BUFFER_ALLOCATED_SIZE,
	VUMEM_PROF_BUFFER_ALLOCATED_SIZE_MAX,
	VUMEM_PROF_NR = 16,
};

/* A connection as both ends have it; the first member of either's own. */
struct vumem_conn {
	struct kref ref;
	struct vumem_dev *dev;		/* a reference to its device */
	struct vlink *link;		/* until broken */
	struct mutex lock;		/* guards all that the ends add, and the mailbox */
	bool broken;			/* under lock */
	struct vlink_mailbox box;
	struct work_struct work;
};

struct vumem_role {
	const char *prefix;		/* of node names */
	const struct file_operations *fops;
	/* A message of the peer; 0, or -EPROTO: breaks the connection. Under conn->lock. */
	int (*receive)(struct vumem_conn *conn, const struct vumem_msg *msg);
	/* Sends what there is to send, while there is room. Under conn->lock. */
	int (*push)(struct vumem_conn *conn);
	/* The connection is broken: everything on it ends. Under conn->lock. */
	void (*end)(struct vumem_conn *conn);
	/* How many mappings there are now; or NULL. Under conn->lock. */
	u64 (*mappings)(struct vumem_conn *conn);
	/* The last reference is gone. */
	void (*free)(struct vumem_conn *conn);
};

struct vumem_dev {
	struct device dev;
	struct cdev cdev;
	struct vlink *link;		/* valid until vumem_dev_remove() */
	const struct vumem_role *role;

	spinlock_t conn_lock;		/* guards conn; taken in interrupts */
	struct vumem_conn *conn;	/* NULL: not connected */
	bool removed;
	atomic_t changes;		/* moves when conn or removed changes */
	wait_queue_head_t wait;

	struct mutex server_lock;	/* server: guards the two below */
	void *server;			/* the open server, if any */
	u32 epoch;			/* servers so far */

	atomic64_t stats[VUMEM_PROF_NR];
	atomic64_t pinned_pages;
};

/* Whether a process may be given it as an errno, or as 0: the protocol's header says which. */
static inline bool vumem_is_errno(u32 untrusted_ret)
{
	return untrusted_ret <= MAX_ERRNO && (untrusted_ret < 512 || untrusted_ret > 1023);
}

/* device.c */
int vumem_dev_add(struct vlink *link, const struct vumem_role *role);
void vumem_dev_remove(struct vlink *link);
long vumem_stat(struct vumem_dev *dev, void __user *arg);

static inline struct vumem_dev *vumem_dev_of_inode(struct inode *inode)
{
	return container_of(inode->i_cdev, struct vumem_dev, cdev);
}

/* conn.c; @conn: zeroed, in the end's own structure */
int vumem_conn_start(struct vlink *link, struct vlink_region *admin, struct vumem_conn *conn);
void vumem_conn_stop(struct vlink *link);
bool vumem_event(struct vlink *link);
struct vumem_conn *vumem_conn_get(struct vumem_dev *dev);
/* The connection with a reference, which is waited for until a signal. */
struct vumem_conn *vumem_conn_await(struct vumem_dev *dev);
void vumem_conn_put(struct vumem_conn *conn);
/* Ends the connection: the peer does what it must not. Under conn->lock. */
void vumem_conn_break(struct vumem_conn *conn);
/* Sends what there is. Under conn->lock. */
void vumem_push(struct vumem_conn *conn);

#endif
