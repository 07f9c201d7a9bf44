/* SPDX-License-Identifier: MIT */
/*
 * vbell: a bell between two domains, on which each end rings for the other. The example
 * of a service of one's own: docs/services.md explains it.
 *
 * Wire protocol
 * =============
 * xenbus device type "vbell". The client makes the region "bell" of one page; no keys
 * beyond those of the link layer.
 *
 *   offset  size  content
 *   0       4     how often the client rang, modulo 2^32, little endian
 *   64      4     how often the server rang
 *
 * Who rings counts its own word up and notifies. Both words are 0 when the
 * connection begins. Whatever the peer writes is a number of rings.
 */
#ifndef VBELL_H
#define VBELL_H

#include <linux/types.h>

/* Versions of the above that both ends speak. */
#define VBELL_PROTOCOL		{ .oldest = 1, .newest = 1 }

struct vbell_page {
	__le32 client_rings;
	__u8 pad[60];
	__le32 server_rings;
};

#ifdef __KERNEL__
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/spinlock.h>
#include <linux/vlink.h>
#include <linux/wait.h>

/* One end of a link. It lives as long as somebody has its node open. */
struct vbell {
	struct device dev;
	struct cdev cdev;
	struct vlink *link;
	struct vlink_region *region;	/* client: from setup to disconnect */
	wait_queue_head_t wait;

	spinlock_t lock;		/* guards all below */
	__le32 *own, *peer;		/* words of the page; NULL: not connected */
	u32 rung;			/* the value of *own: the page is the peer's as well */
	u32 seen;			/* what *peer was */
	u64 pending;			/* rings that nobody has read yet */
	bool removed;
};

/* What both ends do alike, in vbell.ko. */
int vbell_add(struct vlink *link, const char *prefix);
void vbell_remove(struct vlink *link);
void vbell_connect(struct vlink *link, __le32 *own, __le32 *peer);
void vbell_disconnect(struct vlink *link);
bool vbell_event(struct vlink *link);
#endif

#endif
