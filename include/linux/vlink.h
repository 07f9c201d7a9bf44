/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The link layer's interface to services. A service is a pair of small drivers,
 * one per role, that register a struct vlink_driver each; docs/services.md
 * explains how to write one. include/xen/io/vlink.h is the wire protocol.
 */
#ifndef _LINUX_VLINK_H
#define _LINUX_VLINK_H

#include <linux/device.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit_types.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <vlink/limits.h>
#include <vlink/ring.h>
#include <xen/interface/event_channel.h>
#include <xen/interface/grant_table.h>
#include <xen/xenbus.h>

#define VLINK_FAILURE_MAX	127	/* characters of a reason */

enum vlink_role { VLINK_SERVER, VLINK_CLIENT };

struct mm_struct;
struct vlink;
struct vlink_info_key;
struct vlink_account;
struct vlink_region;

/*
 * What a service does for a link. add and remove bracket the life of the link in
 * this domain; between them connections come and go, each bracketed by connect
 * and disconnect. All but event are called in process context, may allocate and
 * use xenstore, must not wait for the peer or a user process, and never run
 * concurrently for one link.
 */
struct vlink_ops {
	/*
	 * The link is published to this domain. Returns 0, or a negative errno:
	 * then the link is not served.
	 */
	int (*add)(struct vlink *link);
	/* The link is gone, or the driver is; disconnect came before. */
	void (*remove)(struct vlink *link);

	/*
	 * Server: write the service's keys to the back end's directory
	 * (vlink_key_write) for a client to read. Optional.
	 */
	int (*offer)(struct vlink *link);
	/*
	 * Client: read the server's keys (vlink_peer_u32) and make the regions
	 * (vlink_region_create). Optional.
	 */
	int (*setup)(struct vlink *link);
	/* Client: write the service's keys, within the transaction @xbt. Optional. */
	int (*publish)(struct vlink *link, struct xenbus_transaction xbt);

	/*
	 * Both ends are ready. The server reads and checks the client's keys
	 * and maps its regions (vlink_region_map) here. From now on until
	 * disconnect vlink_notify() may be called. A negative errno, here as in
	 * offer, setup and publish, is a failure of the connection, as by vlink_fail().
	 */
	int (*connect)(struct vlink *link);
	/*
	 * The connection ends. After return the driver must not touch regions
	 * nor call vlink_notify(): both are released next.
	 */
	void (*disconnect)(struct vlink *link);
	/*
	 * The peer notified. Hard interrupt context, possibly before connect.
	 * Returns whether there was a reason for it, as vlink_consumer_news() and its
	 * kin tell; a peer that notifies without is throttled. Nothing that a
	 * broken connection says is a reason.
	 */
	bool (*event)(struct vlink *link);
};

/* Versions of the service's protocol; both ends use the newest that both speak. */
struct vlink_versions {
	unsigned int oldest, newest;	/* 1 to 999, at most 16 of them */
};

struct vlink_driver {
	const char *service;		/* xenbus device type, at most 7 characters */
	enum vlink_role role;
	struct vlink_versions versions;
	const struct vlink_ops *ops;

	/* The rest is the link layer's. */
	struct module *owner;
	struct list_head node;
	struct list_head links;
	struct work_struct register_work;
	struct delayed_work rebind_work;
	unsigned int rebind_ms;
	bool bind_failed;
	struct xenbus_device_id ids[2];
	struct xenbus_driver xenbus;
	bool registered;
	bool leaving;
};

/* One end of a link for one service, as long as it is published. */
struct vlink {
	struct vlink_driver *drv;
	char id[VLINK_ID_MAX + 1];
	char class_name[VLINK_CLASS_MAX + 1];
	char name[VLINK_NAME_MAX + 1];		/* "": none was given */
	char peer[VLINK_PEER_MAX + 1];
	char *info;				/* never NULL */
	unsigned int unit;
	unsigned int index;			/* among the domain's links */
	void *priv;				/* the service's */

	unsigned int version;			/* of the protocol; from setup or connect on */
	unsigned int epoch;			/* connections so far */
	atomic64_t events_sent;
	atomic64_t events_received;

	/* The rest is the link layer's. */
	struct kref ref;
	struct list_head node;
	bool seen;
	struct mutex lock;			/* guards all below */
	bool gone;
	bool connected;
	bool suspended;
	bool watched;				/* xenbus has told of the peer's state */
	struct xenbus_device *xdev;
	struct delayed_work work;
	struct list_head regions;
	atomic_t quarantined;			/* ended regions that the server still maps */
	atomic_t quarantined_pages;		/* and those of vlink_pages_share() */
	evtchn_port_t evtchn;
	int irq;
	unsigned long connected_at, retry_at;	/* jiffies */
	unsigned int pause_ms;			/* the last one before a new connection */
	struct ratelimit_state failure_reports;

	spinlock_t failure_lock;			/* guards what follows */
	bool failing;				/* vlink_fail() was called */
	char failure[VLINK_FAILURE_MAX + 1];	/* the first reason; fixed while failing */
};

enum vlink_region_kind {
	VLINK_REGION_CREATED,	/* by vlink_region_create(): ours, of a connection */
	VLINK_REGION_SHARED,	/* by vlink_pages_share(): ours, beyond those */
	VLINK_REGION_GRANTED,	/* by vlink_pages_grant(): pinned pages of a process */
	VLINK_REGION_MAPPED,	/* by vlink_region_map(), vlink_pages_map(): the peer's */
};

/*
 * How processes wait for a peer: so that they can be killed, and frozen where they sleep
 * while their domain is saved, whatever locks they hold. Who waits for such a lock does
 * it interruptibly.
 */
#define VLINK_INTERRUPTIBLE	(TASK_INTERRUPTIBLE | TASK_FREEZABLE_UNSAFE)
#define VLINK_KILLABLE		(TASK_KILLABLE | TASK_FREEZABLE_UNSAFE)
#define vlink_wait_event(wq_head, condition)					\
	wait_event_state(wq_head, condition, VLINK_INTERRUPTIBLE)
#define vlink_wait_event_killable(wq_head, condition)				\
	wait_event_state(wq_head, condition, VLINK_KILLABLE)

/*
 * Pages shared with the peer: the client's own, or the client's mapped by the
 * server. The pages have kernel addresses, but not contiguous ones: on x86 PV no
 * second mapping of a foreign page is allowed.
 */
struct vlink_region {
	enum vlink_region_kind kind;
	struct list_head node;
	struct list_head shared;		/* client, vlink_pages_grant(): of all of them */
	char name[VLINK_CLASS_MAX + 1];
	unsigned int nr_pages;
	struct page **pages;
	grant_ref_t *refs;			/* of the owner; of vlink_pages_map() */
	unsigned int nr_dirs;			/* client */
	struct vlink_dir_page **dirs;		/* client */
	grant_ref_t *dir_refs;			/* client */
	grant_handle_t *handles;		/* server */
	struct vlink *link;			/* client: when the server kept it mapped */
	domid_t domid;				/* whose pages, of vlink_pages_map() */
	struct mm_struct *mm;			/* of vlink_pages_grant(): who has pinned */
	struct vlink_account *account;		/* NULL: nobody is charged */
};

#define vlink_register_driver(drv) __vlink_register_driver(drv, THIS_MODULE)

/*
 * Registers a service's driver for one role. Links that are published already
 * are added before this returns. Returns 0 or a negative errno.
 */
int __vlink_register_driver(struct vlink_driver *drv, struct module *owner);
void vlink_unregister_driver(struct vlink_driver *drv);

/*
 * The module alias that the link layer asks for when a link of a service is
 * published, which is before the peer runs. A driver also has the alias of its
 * xenbus device, "xen-backend:SERVICE" or "xen:SERVICE".
 */
#define VLINK_ALIAS_SERVER(service)	"vlink-" service "-server"
#define VLINK_ALIAS_CLIENT(service)	"vlink-" service "-client"

/* Notifies the peer. Any context; only between connect and disconnect. */
void vlink_notify(struct vlink *link);

/*
 * The service gives up its present connection: the peer breaks the protocol, or something
 * is lacking that it cannot do without. Any context; from offer or setup on until
 * disconnect has returned. The first reason is the one that counts; it is for an
 * administrator, so plain words, and nothing that the peer wrote.
 *
 * The caller stops using the connection as it likes best. disconnect comes soon, from a
 * work item; the peer learns that the connection is over, and both ends begin another one
 * after a pause, which grows while connections fail soon after they were made.
 */
__printf(2, 3) void vlink_fail(struct vlink *link, const char *fmt, ...);

/*
 * Client, in setup: @nr_pages zeroed pages, granted to the server under @name.
 * They are released after disconnect; a page that the server still maps is kept
 * out of use until it does not. Returns the region or an ERR_PTR.
 */
struct vlink_region *vlink_region_create(struct vlink *link, const char *name,
					 unsigned int nr_pages);
/*
 * Server, in connect: maps the client's region @name, which must have exactly
 * @nr_pages pages. Returns the region or an ERR_PTR; -EPROTO is the client's
 * fault.
 */
struct vlink_region *vlink_region_map(struct vlink *link, const char *name,
				      unsigned int nr_pages);

/*
 * Pages beyond the regions of a connection, which the service tells its peer about
 * by itself. Both between connect and the end of disconnect, by which
 * time the service must have given them back.
 *
 * Client: @nr_pages zeroed pages, granted to the server by region->refs. -EBUSY: the
 * server still maps too many that were given back.
 */
struct vlink_region *vlink_pages_share(struct vlink *link, unsigned int nr_pages);
/* Ends the grants; a page that the peer still maps is kept out of use until it does not. */
void vlink_pages_unshare(struct vlink *link, struct vlink_region *region);
/*
 * Grants pages of the current process, which the caller has pinned for long and counted in
 * its pinned_vm: both are the region's from now on, whatever is returned, and end when
 * the peer maps no page any more. The peer maps them by the directory that begins at
 * region->dir_refs[0].
 */
struct vlink_region *vlink_pages_grant(struct vlink *link, struct page **pages,
				       unsigned int nr_pages);
/* Ends the grants if the peer maps no page any more; otherwise the region stays. */
bool vlink_pages_try_unshare(struct vlink_region *region);
/*
 * Maps what the peer granted by @refs, for vlink_window_add(). -EPROTO is the peer's
 * fault. The kernel itself cannot reach them: a PV domain has no addresses for them.
 */
struct vlink_region *vlink_pages_map(struct vlink *link, const grant_ref_t *refs,
				     unsigned int nr_pages);
/* vlink_pages_map() of what the directory that begins at @dir_ref lists. */
struct vlink_region *vlink_pages_map_dir(struct vlink *link, grant_ref_t dir_ref,
					 unsigned int nr_pages);
void vlink_pages_unmap(struct vlink_region *region);
/*
 * Charges the pages of @region to @account, NULL: the current process's user, until they are
 * free, which is after the peer maps none any more; as granted, or as mapped unless each
 * mapping is charged for itself (vlink_window_mmap()). -ENOMEM: it cannot have so many.
 */
int vlink_region_charge(struct vlink_region *region, struct vlink_account *account);

/*
 * Messages between the two kernels, in a region of VLINK_MAILBOX_PAGES that the
 * service's header names (xen/io/vlink.h). All under one lock of the service, but
 * vlink_mailbox_news() and vlink_mailbox_pending().
 */
struct vlink_mailbox {
	struct vlink *link;
	struct vlink_ring_end tx, rx;
	void *tx_msgs, *rx_msgs;
	unsigned int size;
};

/* @size: bytes of a message, a power of two. Both indices begin at 0. */
void vlink_mailbox_init(struct vlink_mailbox *box, struct vlink *link,
			struct vlink_region *region, unsigned int size);
/* Whether one message may be sent; if not, there is an event when half of them may. */
int vlink_mailbox_space(struct vlink_mailbox *box);
void vlink_mailbox_send(struct vlink_mailbox *box, const void *msg);
/* 1: @msg is the next; 0: there is none, an event will tell; -EPROTO: the peer cheats. */
int vlink_mailbox_receive(struct vlink_mailbox *box, void *msg);
/* For the service's event: was there a reason for it? At most once for each time we asked. */
bool vlink_mailbox_news(struct vlink_mailbox *box);
/* Without that limit: may there be anything to receive, or room that was waited for? */
bool vlink_mailbox_pending(const struct vlink_mailbox *box);

/*
 * Who is charged for what a process makes the domain map or grant: its user. An account is
 * taken by a process's own call, and charged and given back in any process's name
 * later: whoever holds what was charged holds the account.
 */
enum vlink_charge_kind {
	VLINK_CHARGE_MAPPED,	/* pages of other domains: entries of Xen's maptrack table */
	VLINK_CHARGE_GRANTED,	/* pages granted to other domains: entries of the grant table */
	VLINK_CHARGE_KINDS
};

/* The current process's user's, with a reference; or ERR_PTR(-ENOMEM). May sleep. */
struct vlink_account *vlink_account_get(void);
/* Another reference. Not in interrupts, as all below. */
void vlink_account_hold(struct vlink_account *account);
/* When all that was charged has been given back. */
void vlink_account_put(struct vlink_account *account);
/* Takes @nr pages, or returns -ENOMEM if the user, or all users, would have too many. */
int vlink_charge(struct vlink_account *account, enum vlink_charge_kind kind, unsigned long nr);
void vlink_uncharge(struct vlink_account *account, enum vlink_charge_kind kind, unsigned long nr);

/*
 * A window to pages that processes map: the client's own, or those of a
 * peer. It is filled and emptied while it is mapped; where nothing is, and after
 * vlink_window_close(), a process sees zeros of its own, and what it writes there
 * nobody else does. A page that its owner shows but Xen cannot map for want of room is no
 * zeros: SIGBUS. A mapping is shared, not inherited by fork, and cannot be split, moved or
 * given other rights.
 */
struct vlink_window;

/* @nr_pages is the window's size; @name appears in /proc/PID/maps. */
struct vlink_window *vlink_window_create(const char *name, unsigned long nr_pages);
/* Shows the pages of @region, own or mapped, from page @first of the window on. */
int vlink_window_add(struct vlink_window *window, unsigned long first,
		     struct vlink_region *region);
/* Takes pages out: on return no process sees or reaches them any more. */
void vlink_window_remove(struct vlink_window *window, unsigned long first, unsigned long nr);
/* Takes all out, for good, and drops the creator's reference; mappings live on. */
void vlink_window_close(struct vlink_window *window);
#define VLINK_WINDOW_POPULATE	1	/* all pages at the first fault, not one by one */
#define VLINK_WINDOW_ONCE	2	/* an address space has each page mapped once */
/*
 * Serves the mmap of a file of the service. -ENOMEM: also when the process's user would have
 * too many pages of other domains mapped (VLINK_CHARGE_MAPPED, of PV domains only: elsewhere the
 * domain maps each page once, and its service may call vlink_region_charge()). -EBUSY:
 * VLINK_WINDOW_ONCE, and the process maps part of it.
 */
int vlink_window_mmap(struct vlink_window *window, struct vm_area_struct *vma,
		      unsigned int flags);
/* How many mappings there are now. */
unsigned int vlink_window_mappings(struct vlink_window *window);

/*
 * Device nodes named after their link: PREFIX and the link's name=, or its class and
 * unit. One struct vlink_nodes per service.
 */
struct vlink_nodes {
	struct class class;
	dev_t first;
	struct ida minors;
};

struct cdev;

int vlink_nodes_init(struct vlink_nodes *nodes, const char *name);
void vlink_nodes_exit(struct vlink_nodes *nodes);
/* @dev comes from device_initialize(); its release calls vlink_node_release(). */
int vlink_node_add(struct vlink_nodes *nodes, struct device *dev, struct cdev *cdev,
		   const struct vlink *link, const char *prefix,
		   const struct file_operations *fops);
void vlink_node_release(struct vlink_nodes *nodes, struct device *dev);
/* What asks a node for the versions of its calls (vlink/abi_ioctl.h). */
long vlink_node_abi(u32 oldest, u32 newest, void __user *arg);

/* Writes a decimal key to the own xenbus directory. */
int vlink_key_write(struct vlink *link, struct xenbus_transaction xbt,
		    const char *key, unsigned int value);
/*
 * Reads a decimal key of the peer's xenbus directory and checks that it lies
 * within @min and @max. Returns 0, or -EPROTO: then the connection fails for it.
 */
int vlink_peer_u32(struct vlink *link, const char *key, u32 min, u32 max, u32 *value);

/* vlink_peer_u32() of the size of a ring, which has to be a power of two. */
int vlink_peer_ring_size(struct vlink *link, const char *key, u32 min, u32 max, u32 *size);

/*
 * Typed parameters out of the info string: "key=value" items, separated by commas
 * and blanks, keys in any case. vlink_param_size_get understands decimal and
 * 0x numbers with an optional K, M or G (powers of 1024). A missing key gives
 * @def without a word, a malformed value gives @def and a warning that names
 * link, key and value; the first of two wins.
 */
u64 vlink_param_size_get(const struct vlink *link, const char *key, u64 def);
/* A key of <vlink/info.h>: its default, with a warning, for what it does not allow. */
u64 vlink_param_get(const struct vlink *link, const struct vlink_info_key *key);
bool vlink_param_bool_get(const struct vlink *link, const char *key, bool def);
/* Copies the value to @buf, cut to @size bytes; returns its length or -ENOENT. */
int vlink_param_string_get(const struct vlink *link, const char *key, char *buf, size_t size);
/*
 * Parses a decimal or 0x number with an optional K, M or G and nothing after it.
 * Returns 0, -EINVAL or -ERANGE.
 */
int vlink_size_parse(const char *text, size_t len, u64 *value);

/*
 * Calls @fn for every link of @service that is published to this domain,
 * whatever its role, in no particular order, until it returns non-zero; as
 * xenstore said it during the last look at the list. @fn may not call this.
 */
int vlink_published_walk(const char *service,
			 int (*fn)(void *arg, const char *id, unsigned int index,
				   unsigned int unit),
			 void *arg);

/* The link layer's directory in debugfs. */
struct dentry *vlink_debugfs_root(void);

static inline const char *vlink_role_name(enum vlink_role role)
{
	return role == VLINK_SERVER ? "server" : "client";
}

/* Messages that say which link they are about. */
#define vlink_msg(fn, link, fmt, ...)					\
	fn("%s %s %s: " fmt, (link)->drv->service,			\
	   vlink_role_name((link)->drv->role), (link)->id, ##__VA_ARGS__)
#define vlink_info(link, fmt, ...) vlink_msg(pr_info, link, fmt, ##__VA_ARGS__)
#define vlink_warn(link, fmt, ...) vlink_msg(pr_warn_ratelimited, link, fmt, ##__VA_ARGS__)

/* What a peer may bring about as often as it likes: few are told, and of other links none less. */
#define vlink_warn_failure(link, fmt, ...)				\
do {									\
	if (__ratelimit(&(link)->failure_reports))			\
		vlink_msg(pr_warn, link, fmt, ##__VA_ARGS__);		\
} while (0)

#endif /* _LINUX_VLINK_H */
