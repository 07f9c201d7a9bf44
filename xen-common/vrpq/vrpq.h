/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VRPQ: what the files of the drivers share.
 *
 * A struct vrpq_dev is one device node: it lives from the publication of its
 * link until the last file on it is closed. Connections to the peer come and go
 * beneath it: a struct vrpq_conn holds the sessions and channels of one. When it
 * breaks, they are over; files that are still open on them keep only what is
 * needed to say so.
 *
 * What is sent to the peer follows from state: an object (a session or a channel)
 * has bits for the messages that are still to be sent about it, and is in a list until the
 * mailbox has taken them all. So closing a file never waits, and a peer
 * that does not read makes nothing grow. The connection lists sessions, a session its
 * channels: this keeps the order of messages about one session.
 *
 * A fault of a session ends that session (vrpq_session_fail), a fault of the connection
 * all of them (vrpq_conn_break).
 *
 * Locks, in this order:
 *   file->lock       what a file is
 *   conn->lock       objects, their state, messages; never held over user memory
 *   dev->bell_lock   the connection of the device, its table of channels and
 *                    notifications; with interrupts off
 */
#ifndef VRPQ_H
#define VRPQ_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/vlink.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <vlink/info.h>
#include <vlink/ring.h>
#include <vlink/vrpq_ioctl.h>
#include <xen/io/vrpq.h>

/*
 * Messages that are still to be sent about an object, in the order of sending. Those about a
 * session's channels are sent between GROW and LEFT.
 */
enum vrpq_todo {
	VRPQ_TODO_CREATE,	/* client */
	VRPQ_TODO_INFO,		/* client */
	VRPQ_TODO_FAILED,
	VRPQ_TODO_ACCEPTED,	/* server */
	VRPQ_TODO_PAGES,	/* client */
	VRPQ_TODO_PAGED,	/* server */
	VRPQ_TODO_TRIM,		/* client */
	VRPQ_TODO_TRIMMED,	/* server */
	VRPQ_TODO_GROW,		/* server */
	VRPQ_TODO_LEFT,		/* server */
	VRPQ_TODO_CLOSE,	/* client: CLOSE; server: CLOSED */
};

/* Of a session that failed: the rest is not sent any more. */
#define VRPQ_TODO_OF_FAILED	(BIT(VRPQ_TODO_CREATE) | BIT(VRPQ_TODO_FAILED) | \
				 BIT(VRPQ_TODO_LEFT) | BIT(VRPQ_TODO_CLOSE))

/* Ring zones share one budget, the zones of parameters another. */
enum { VRPQ_BUDGET_RING, VRPQ_BUDGET_PARAM, VRPQ_BUDGETS };

enum vrpq_state {
	VRPQ_CREATED,		/* the server has not accepted it yet */
	VRPQ_OPEN,
	VRPQ_CLOSING,		/* the own side is done with it */
};

/* A session or a channel. */
struct vrpq_object {
	struct kref ref;	/* by its file, its table, and a session's channels */
	struct vrpq_conn *conn;	/* a reference */
	u16 id;
	bool is_chan;
	atomic_t seq;		/* moves with every reason to look */
	u32 status;		/* VRPQ_WAIT_*; set under conn->lock, never cleared */
	wait_queue_head_t wait;

	/* Under conn->lock: */
	enum vrpq_state state;
	bool peer_closed;	/* the peer sent its closing message */
	bool said_closed;	/* and we ours */
	struct list_head dirty;	/* session: in conn->dirty; channel: in session->dirty_chans */
	unsigned long todo;
	u32 info_size;
	u32 info_done;		/* bytes sent, or received */
	u8 *info;
};

/* One zone of a session's area. Under conn->lock. */
struct vrpq_zone_pages {
	u32 first;		/* in the area */
	u32 max;
	u32 count;		/* pages there are */
	u32 told;		/* client: announced; server: acknowledged */
	u32 acked;		/* client: mapped by the server */
	u32 shared;		/* client: of the pages, those from the budget */
	u32 trim_floor;		/* client: of those in trimmed, the guaranteed ones */
	u32 trim_shared;	/* client: and those from the budget */
	bool trim_told;		/* client: the server knows of those in trimmed */
	u32 wanted;		/* callback zone: pages that the server asked for */
	struct list_head regions;	/* in order */
	struct list_head trimmed;	/* client: taken out, but still mapped by the server */
};

struct vrpq_session {
	struct vrpq_object obj;
	u32 port;
	u32 app_id;
	struct vlink_window *window;	/* under conn->lock; NULL: over */
	struct vrpq_zone_pages zones[VRPQ_ZONES];
	unsigned int handles;		/* files open: its own and its channels' */
	unsigned int channels;		/* client: alive now */
	/*
	 * Client: channels whose guaranteed pages it may have or still has, at least those
	 * that are alive. It falls as pages come back.
	 */
	unsigned int floors;
	struct vlink_account *account;	/* client: who is charged for its pages; a reference */
	bool failed;			/* over, apart from closing messages */
	bool peer_failed;		/* the peer sent SESSION_FAILED */
	bool pressure;			/* client: others lack what it has too much of */
	bool file_closed;		/* server: accepts no more channels */
	struct list_head offered;	/* server: in conn->offered while not accepted */
	struct list_head offered_chans;	/* server: channels to accept */
	struct list_head dirty_chans;	/* channels with messages to send */
};

struct vrpq_chan {
	struct vrpq_object obj;
	struct vrpq_session *session;	/* a reference */
	u32 ctl_page;
	struct list_head offered;	/* server: in the session's offered_chans */
};

/* Pages of all sessions of a connection, of ring zones or of parameters. */
struct vrpq_budget {
	u32 pages;		/* there are, or mapped at the server */
	u32 pages_max;
	/* Client: beyond the guaranteed ones */
	u32 limit;		/* that sessions share */
	u32 used;		/* up to VRPQ_OVERCOMMIT times as many */
	bool starved;		/* somebody got nothing and waits */
	bool denied;		/* and had less than its share */
};

/* Sums for statistics. Under conn->lock, and dev->stats_lock for those of the device. */
struct vrpq_stats {
	u32 sessions_max, channels_max;
	u64 sessions_total, channels_total;
	u64 sessions_closed, channels_closed;
	u32 reqs_max;
	u32 pmem_max, ring_max;
	u64 counters[VRPQ_COUNTERS];
	u64 wakeups;
	struct vrpq_proc_counter procs[VRPQ_PROC_COUNTERS];
};

struct vrpq_conn {
	struct kref ref;
	struct vrpq_dev *dev;		/* a reference to its device */
	struct vlink *link;		/* until broken */
	const struct vrpq_role *role;
	u32 reqs, pmem_pages;
	u32 protocol;			/* version that both ends speak */
	bool broken;			/* under both conn->lock and dev->bell_lock */

	struct mutex lock;		/* guards all below but the bells */
	struct work_struct work;
	struct vlink_mailbox box;
	struct list_head dirty;		/* sessions with messages to send */
	struct vrpq_session *sessions[VRPQ_IDS];
	unsigned int nr_sessions, nr_chans;
	unsigned int next_session, next_chan;	/* client: where to look for free ids */
	struct list_head offered;	/* server: sessions to accept */
	struct vrpq_budget budgets[VRPQ_BUDGETS];
	/* Client: */
	unsigned int floors;		/* of all sessions, at most VRPQ_IDS - 1 */
	bool floors_denied;		/* somebody waits for one */
	struct delayed_work evict_work;

	/* Under dev->bell_lock: */
	struct vrpq_bells *tx_bells, *rx_bells;
	struct vrpq_chan *chans[VRPQ_IDS];
};

struct vrpq_dev {
	struct device dev;
	struct cdev cdev;
	struct list_head node;
	struct vlink *link;		/* valid until vrpq_dev_remove() */
	const struct vrpq_role *role;
	u32 reqs, pmem_pages;		/* what the info string says */

	spinlock_t bell_lock;		/* see above */
	struct vrpq_conn *conn;		/* NULL: not connected */
	bool removed;
	atomic_t offers;		/* moves with things to accept and connections */
	wait_queue_head_t wait;
	atomic64_t bells_rung, bells_heard;

	struct mutex stats_lock;	/* guards stats */
	struct vrpq_stats stats;
};

struct vrpq_file {
	struct vrpq_dev *dev;
	bool of_file;			/* opened by an ioctl of another file, not by the node */
	struct vrpq_session *session;	/* the only one it can be a channel of; a reference */
	struct mutex lock;		/* guards the change from fresh */
	struct vrpq_object *obj;	/* NULL: fresh; a reference */
};

/* What makes a client of it, or a server. */
struct vrpq_role {
	const char *prefix;		/* of node names */
	/* ioctls beyond those that both have */
	long (*ioctl)(struct vrpq_file *file, unsigned int cmd, void __user *arg);
	/* A message of the peer; -EPROTO breaks the connection. Under conn->lock. */
	int (*receive)(struct vrpq_conn *conn, const struct vrpq_msg *msg);
	/* The first message to send about @obj, or of those after its channels'; false: none. */
	bool (*emit)(struct vrpq_object *obj, struct vrpq_msg *msg);
	bool (*emit_last)(struct vrpq_object *obj, struct vrpq_msg *msg);
	/* The session has failed at this end; what is left of it waits for closing messages. */
	void (*failed)(struct vrpq_session *session);
	/* Client: ends a session that holds what others lack. Under conn->lock. */
	void (*evict)(struct vrpq_conn *conn);
	/* The object's file was closed. Under conn->lock. */
	void (*close)(struct vrpq_object *obj);
	/* Gives back all pages of a session whose window is closed. Under conn->lock. */
	void (*drop_pages)(struct vrpq_session *session);
	/* Client: requests that the channel's server has not consumed. Under conn->lock. */
	u32 (*queued)(struct vrpq_chan *chan);
	/* Adds what only this role knows to the statistics. Under conn->lock. */
	void (*stat)(struct vrpq_conn *conn, struct vrpq_stat_args *args);
};

/* device.c */
int vrpq_dev_add(struct vlink *link, const struct vrpq_role *role);
void vrpq_dev_remove(struct vlink *link);
/* Makes the fresh @file an object; takes the caller's reference. 0 or -EINVAL. */
int vrpq_file_become(struct vrpq_file *file, struct vrpq_object *obj);
/* Can @file become a session? */
bool vrpq_file_is_fresh(struct vrpq_file *file);
/* Opens another one, if it can. */
long vrpq_file_open_like(struct vrpq_file *file, void __user *arg);
/*
 * The session that is open as @fd, of which the fresh @file is to be a channel; drop the
 * reference of its object.
 */
struct vrpq_session *vrpq_file_chan_session(struct vrpq_file *file, int fd);
struct vrpq_session *vrpq_file_session(struct vrpq_file *file);
/* The session that the file is, or is a channel of; NULL if it is none. */
struct vrpq_session *vrpq_file_any_session(struct vrpq_file *file);

/* conn.c */
int vrpq_conn_start(struct vlink *link, struct vlink_region *admin, u32 reqs, u32 pmem_pages);
void vrpq_conn_stop(struct vlink *link);
bool vrpq_event(struct vlink *link);
struct vrpq_conn *vrpq_conn_get(struct vrpq_dev *dev);
void vrpq_conn_put(struct vrpq_conn *conn);
/* Notes that a message is to be sent; sends what fits into the mailbox. Under conn->lock. */
void vrpq_say(struct vrpq_object *obj, enum vrpq_todo what);
void vrpq_push(struct vrpq_conn *conn);
/* Breaks the connection: the peer breaks the protocol. Under conn->lock. */
void vrpq_conn_break(struct vrpq_conn *conn, const char *why);
/*
 * Ends the session and no other: a message about it broke the rules or could not be
 * served, or its processes hold what others lack. Under conn->lock.
 */
void vrpq_session_fail(struct vrpq_session *session, const char *why);
/* The peer ended it so. -EPROTO: for the second time. Under conn->lock. */
int vrpq_session_peer_failed(struct vrpq_session *session);
void vrpq_ring(struct vrpq_chan *chan);

/* object.c */
void vrpq_object_init(struct vrpq_object *obj, struct vrpq_conn *conn, u16 id, bool is_chan);
void vrpq_object_get(struct vrpq_object *obj);
void vrpq_object_put(struct vrpq_object *obj);
/* Something happened to the object: whoever waits is to look. Any context. */
void vrpq_object_moved(struct vrpq_object *obj);
void vrpq_object_set_status(struct vrpq_object *obj, u32 status);
/* This end is done with the object: queues the closing message. Takes the lock. */
void vrpq_object_close(struct vrpq_object *obj);
/* vrpq_object_close() for one that no file became: drops the caller's reference, too. */
void vrpq_object_abandon(struct vrpq_object *obj);
struct vrpq_session *vrpq_session_new(struct vrpq_conn *conn, u16 id);
struct vrpq_chan *vrpq_chan_new(struct vrpq_session *session, u16 id);
/* Put an object into its table, with a reference, and take it out. Under conn->lock. */
void vrpq_session_enter(struct vrpq_session *session);
void vrpq_session_leave(struct vrpq_session *session);
void vrpq_chan_enter(struct vrpq_chan *chan);
void vrpq_chan_leave(struct vrpq_chan *chan);
/* Takes the pages from the processes that map them. Under conn->lock. */
void vrpq_session_hide(struct vrpq_session *session);
/* Does so and gives the pages back. Under conn->lock. */
void vrpq_session_end(struct vrpq_session *session);
/* The budget that a zone's pages are of. */
struct vrpq_budget *vrpq_budget_of(struct vrpq_conn *conn, enum vrpq_zone zone);
/* Adds a region to the end of a zone and to the window. Under conn->lock. */
int vrpq_zone_append(struct vrpq_session *session, enum vrpq_zone zone,
		     struct vlink_region *region);
void vrpq_geometry(const struct vrpq_conn *conn, struct vrpq_geometry *geometry);
long vrpq_wait(struct vrpq_object *obj, void __user *arg);

/* stat.c */
/* Counts that this end closed an object. */
void vrpq_stats_closed(struct vrpq_object *obj);
long vrpq_stat(struct vrpq_dev *dev, void __user *arg);
/* Adds what a session counted to its device's sums. Under conn->lock. */
void vrpq_stats_fold(struct vrpq_session *session);

static inline struct vrpq_session *to_session(struct vrpq_object *obj)
{
	return container_of(obj, struct vrpq_session, obj);
}

static inline struct vrpq_chan *to_chan(struct vrpq_object *obj)
{
	return container_of(obj, struct vrpq_chan, obj);
}

static inline struct vrpq_session *vrpq_session_of(struct vrpq_object *obj)
{
	return obj->is_chan ? to_chan(obj)->session : to_session(obj);
}

#endif
