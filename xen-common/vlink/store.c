// SPDX-License-Identifier: GPL-2.0
/* What the link layer reads and writes in xenstore: keys, and the state of the own end. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/semaphore.h>
#include <linux/slab.h>

#include "internal.h"

/*
 * xenstored allows a domain few transactions at a time, 10 by default, which the
 * domain's other drivers and programs need, too.
 */
#define TRANSACTIONS_MAX	4
static struct semaphore transactions =
	__SEMAPHORE_INITIALIZER(transactions, TRANSACTIONS_MAX);

/*
 * Others use up the rest: so often, and so long between, a pass tries before it fails. It
 * holds up no other link meanwhile.
 */
#define TRANSACTION_TRIES	10
#define TRANSACTION_WAIT_MS	10

char *vlink_read_text(const char *dir, const char *key, size_t max)
{
	unsigned int len;
	char *text = xenbus_read(XBT_NIL, dir, key, &len);

	if (IS_ERR(text))
		return text;
	if (len > max || strlen(text) != len) {
		kfree(text);
		return ERR_PTR(-EINVAL);
	}
	return text;
}

int vlink_key_write(struct vlink *link, struct xenbus_transaction xbt,
		    const char *key, unsigned int value)
{
	return xenbus_printf(xbt, link->xdev->nodename, key, "%u", value);
}
EXPORT_SYMBOL_GPL(vlink_key_write);

int vlink_peer_u32(struct vlink *link, const char *key, u32 min, u32 max, u32 *value)
{
	char *untrusted_text = vlink_read_text(link->xdev->otherend, key, 16);
	u32 untrusted_value;
	int err;

	if (IS_ERR(untrusted_text)) {
		vlink_fail(link, "the peer's key \"%s\" cannot be read: error %ld", key,
			   PTR_ERR(untrusted_text));
		return -EPROTO;
	}
	err = kstrtou32(untrusted_text, 10, &untrusted_value);
	kfree(untrusted_text);
	if (err || untrusted_value < min || untrusted_value > max) {
		vlink_fail(link, "the peer's key \"%s\" is not a number from %u to %u",
			   key, min, max);
		return -EPROTO;
	}
	*value = untrusted_value;
	return 0;
}
EXPORT_SYMBOL_GPL(vlink_peer_u32);

int vlink_peer_ring_size(struct vlink *link, const char *key, u32 min, u32 max, u32 *size)
{
	int err = vlink_peer_u32(link, key, min, max, size);

	if (!err && !is_power_of_2(*size)) {
		vlink_fail(link, "the peer's key \"%s\" is not a power of two", key);
		err = -EPROTO;
	}
	return err;
}
EXPORT_SYMBOL_GPL(vlink_peer_ring_size);

/* -ENODEV: the toolstack has removed the directory, which nothing may bring back. */
static int switch_keys(struct vlink *link, struct xenbus_transaction xbt,
		       enum xenbus_state state,
		       int (*publish)(struct vlink *link, struct xenbus_transaction xbt))
{
	int err = 0;

	if (!xenbus_exists(xbt, link->xdev->nodename, "state"))
		return -ENODEV;
	if (publish)
		err = publish(link, xbt);
	return err ?: vlink_key_write(link, xbt, "state", state);
}

static int do_switch(struct vlink *link, enum xenbus_state state,
		     int (*publish)(struct vlink *link, struct xenbus_transaction xbt))
{
	struct xenbus_transaction xbt;
	int err = xenbus_transaction_start(&xbt);

	/* Too many transactions: another time, like one that met another's changes. */
	if (err)
		return err == -ENOSPC ? -EAGAIN : err;
	err = switch_keys(link, xbt, state, publish);
	if (!err)
		return xenbus_transaction_end(xbt, 0);
	xenbus_transaction_end(xbt, 1);
	return err;
}

static int try_switch(struct vlink *link, enum xenbus_state state,
		      int (*publish)(struct vlink *link, struct xenbus_transaction xbt))
{
	int err;

	down(&transactions);
	err = do_switch(link, state, publish);
	up(&transactions);
	return err;
}

/*
 * xenbus_switch_state() with two differences: what fails, fails here and may be tried
 * again, and the keys that @publish writes belong to the state.
 */
int vlink_switch_state(struct vlink *link, enum xenbus_state state,
		       int (*publish)(struct vlink *link, struct xenbus_transaction xbt))
{
	int tries = TRANSACTION_TRIES;
	int err;

	if (link->xdev->state == state)
		return 0;
	while ((err = try_switch(link, state, publish)) == -EAGAIN && --tries)
		msleep(TRANSACTION_WAIT_MS);
	if (err && err != -ENODEV)
		return err;
	link->xdev->state = state;
	return 0;
}
