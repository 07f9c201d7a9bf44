// SPDX-License-Identifier: GPL-2.0
/*
 * Connections: the xenbus states of both ends, and what they mean for a link.
 * include/xen/io/vlink.h draws the two state machines; the tables below are
 * their complete form.
 *
 * xenwatch calls probe, remove and otherend_changed. Changes of the peer's state
 * are handled in a work item per link, which reads the state anew: so a
 * peer that flaps costs one pass, and nothing waits in xenwatch but for the end of
 * a pass that is under way, which waits for nobody.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/interrupt.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#include <xen/events.h>
#include <xen/xenbus.h>

#include "internal.h"

#define VLINK_VERSION 1

#define NR_PEER_STATES (XenbusStateReconfigured + 1)

enum action {
	NONE,
	SETUP,		/* client: grant regions, go to Initialised */
	CONNECT,	/* take what the peer offers, go to Connected */
	RESTART,	/* end the connection, wait for a new one */
	CLOSING,	/* server: end the connection, go to Closing */
	CLOSE,		/* end the connection, go to Closed */
};

/* [own state][peer's state]; what is not named is NONE. */
static const u8 client_actions[NR_PEER_STATES][NR_PEER_STATES] = {
	[XenbusStateInitialising] = {
		[XenbusStateInitWait] = SETUP,
		[XenbusStateClosing] = CLOSE,
		[XenbusStateClosed] = CLOSE,
	},
	[XenbusStateInitialised] = {
		[XenbusStateUnknown] = RESTART,
		[XenbusStateInitialising] = RESTART,
		[XenbusStateConnected] = CONNECT,
		[XenbusStateClosing] = CLOSE,
		[XenbusStateClosed] = CLOSE,
	},
	[XenbusStateConnected] = {
		[XenbusStateUnknown] = RESTART,
		[XenbusStateInitialising] = RESTART,
		[XenbusStateInitWait] = RESTART,
		[XenbusStateInitialised] = RESTART,
		[XenbusStateClosing] = CLOSE,
		[XenbusStateClosed] = CLOSE,
	},
	[XenbusStateClosing] = {
		[XenbusStateUnknown] = CLOSE,
		[XenbusStateInitialising] = RESTART,
		[XenbusStateInitWait] = RESTART,
		[XenbusStateClosing] = CLOSE,
		[XenbusStateClosed] = CLOSE,
	},
	[XenbusStateClosed] = {
		[XenbusStateInitialising] = RESTART,
		[XenbusStateInitWait] = RESTART,
	},
};

static const u8 server_actions[NR_PEER_STATES][NR_PEER_STATES] = {
	[XenbusStateInitWait] = {
		[XenbusStateUnknown] = CLOSE,
		[XenbusStateInitialised] = CONNECT,
		[XenbusStateClosing] = CLOSING,
		[XenbusStateClosed] = CLOSE,
	},
	[XenbusStateConnected] = {
		[XenbusStateUnknown] = CLOSE,
		[XenbusStateInitialising] = RESTART,
		[XenbusStateInitWait] = RESTART,
		[XenbusStateClosing] = CLOSING,
		[XenbusStateClosed] = CLOSE,
	},
	[XenbusStateClosing] = {
		[XenbusStateUnknown] = CLOSE,
		[XenbusStateInitialising] = RESTART,
		[XenbusStateClosed] = CLOSE,
	},
	[XenbusStateClosed] = {
		[XenbusStateInitialising] = RESTART,
	},
};

/* ------------------------------------------------------------------------ */
/* Keys                                                                       */

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
		vlink_warn(link, "peer's key \"%s\" cannot be read: %ld\n", key,
			   PTR_ERR(untrusted_text));
		return -EPROTO;
	}
	err = kstrtou32(untrusted_text, 10, &untrusted_value);
	kfree(untrusted_text);
	if (err || untrusted_value < min || untrusted_value > max) {
		vlink_warn(link, "peer's key \"%s\" is not a number from %u to %u\n",
			   key, min, max);
		return -EPROTO;
	}
	*value = untrusted_value;
	return 0;
}
EXPORT_SYMBOL_GPL(vlink_peer_u32);

static int check_versions(struct vlink *link)
{
	char *untrusted_list = vlink_read_text(link->xdev->otherend, "versions", 64);
	char *pos, *item;
	unsigned int version;
	int err = -EPROTO;

	if (IS_ERR(untrusted_list))
		return PTR_ERR(untrusted_list);
	pos = untrusted_list;
	while ((item = strsep(&pos, " ")))
		if (!kstrtouint(item, 10, &version) && version == VLINK_VERSION)
			err = 0;
	kfree(untrusted_list);
	if (err)
		vlink_warn(link, "server does not speak version %u\n", VLINK_VERSION);
	return err;
}

/* ------------------------------------------------------------------------ */
/* Events                                                                     */

void vlink_notify(struct vlink *link)
{
	atomic64_inc(&link->events_sent);
	notify_remote_via_irq(link->irq);
}
EXPORT_SYMBOL_GPL(vlink_notify);

static irqreturn_t vlink_interrupt(int irq, void *data)
{
	struct vlink *link = data;
	bool news;

	atomic64_inc(&link->events_received);
	news = link->drv->ops->event(link);
	xen_irq_lateeoi(irq, news ? 0 : XEN_EOI_FLAG_SPURIOUS);
	return IRQ_HANDLED;
}

static int client_bind_events(struct vlink *link)
{
	int err = xenbus_alloc_evtchn(link->xdev, &link->evtchn);

	if (err == -EPERM)
		vlink_warn(link, "Xen forbids channels to %s: its SILO mode, the default on arm64, needs xsm=dummy on Xen's command line\n",
			   link->peer);
	if (err)
		return err;
	err = bind_evtchn_to_irqhandler_lateeoi(link->evtchn, vlink_interrupt, 0,
						link->drv->xenbus.name, link);
	if (err < 0) {
		xenbus_free_evtchn(link->xdev, link->evtchn);
		return err;
	}
	link->irq = err;
	return 0;
}

static int server_bind_events(struct vlink *link)
{
	u32 port;
	int err = vlink_peer_u32(link, "event-channel", 1, U32_MAX, &port);

	if (err)
		return err;
	err = bind_interdomain_evtchn_to_irqhandler_lateeoi(link->xdev, port, vlink_interrupt, 0,
							    link->drv->xenbus.name, link);
	if (err < 0)
		return err;
	link->irq = err;
	return 0;
}

/* ------------------------------------------------------------------------ */
/* Transitions; all under link->lock                                          */

/* Ends whatever connection there is, complete or not. */
void vlink_teardown(struct vlink *link)
{
	if (link->connected) {
		link->connected = false;
		link->drv->ops->disconnect(link);
	}
	if (link->irq >= 0) {
		/* Waits for a running handler and closes the port. */
		unbind_from_irqhandler(link->irq, link);
		link->irq = -1;
	}
	vlink_regions_release(link);
}

static int client_publish(struct vlink *link)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = vlink_key_write(link, xbt, "version", VLINK_VERSION);
		if (!err)
			err = vlink_key_write(link, xbt, "event-channel", link->evtchn);
		if (!err)
			err = vlink_regions_publish(link, xbt);
		if (!err && link->drv->ops->publish)
			err = link->drv->ops->publish(link, xbt);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err;
}

static int client_setup(struct vlink *link)
{
	int err = check_versions(link);

	if (!err && link->drv->ops->setup)
		err = link->drv->ops->setup(link);
	if (!err)
		err = client_bind_events(link);
	if (!err)
		err = client_publish(link);
	if (err)
		return err;
	return xenbus_switch_state(link->xdev, XenbusStateInitialised);
}

static int link_connect(struct vlink *link)
{
	int err = 0;
	u32 version;

	if (link->drv->role == VLINK_SERVER) {
		err = vlink_peer_u32(link, "version", VLINK_VERSION, VLINK_VERSION, &version);
		if (!err)
			err = server_bind_events(link);
	}
	if (err)
		return err;

	link->epoch++;
	err = link->drv->ops->connect(link);
	if (err)
		return err;
	link->connected = true;
	return xenbus_switch_state(link->xdev, XenbusStateConnected);
}

static int server_offer(struct vlink *link)
{
	int err = vlink_key_write(link, XBT_NIL, "versions", VLINK_VERSION);

	if (!err && link->drv->ops->offer)
		err = link->drv->ops->offer(link);
	return err;
}

static int link_restart(struct vlink *link)
{
	int err;

	vlink_teardown(link);
	if (link->drv->role == VLINK_CLIENT)
		return xenbus_switch_state(link->xdev, XenbusStateInitialising);
	err = server_offer(link);
	if (err)
		return err;
	return xenbus_switch_state(link->xdev, XenbusStateInitWait);
}

static void link_close(struct vlink *link)
{
	vlink_teardown(link);
	if (link->drv->role == VLINK_CLIENT)
		xenbus_frontend_closed(link->xdev);
	else
		xenbus_switch_state(link->xdev, XenbusStateClosed);
}

static int take_action(struct vlink *link, enum action action)
{
	switch (action) {
	case SETUP:
		return client_setup(link);
	case CONNECT:
		return link_connect(link);
	case RESTART:
		return link_restart(link);
	case CLOSING:
		vlink_teardown(link);
		return xenbus_switch_state(link->xdev, XenbusStateClosing);
	case CLOSE:
		link_close(link);
		return 0;
	case NONE:
		break;
	}
	return 0;
}

static enum action action_for(struct vlink *link, enum xenbus_state peer)
{
	enum xenbus_state own = link->xdev->state;

	if (own >= NR_PEER_STATES || peer >= NR_PEER_STATES)
		return NONE;
	return link->drv->role == VLINK_CLIENT ? client_actions[own][peer] :
						 server_actions[own][peer];
}

/* A peer that fails on purpose, again and again, does not fill the log. */
static void fail_connection(struct vlink *link, int err, enum xenbus_state own,
			    enum xenbus_state peer)
{
	vlink_teardown(link);
	if (__ratelimit(&link->failures))
		xenbus_dev_fatal(link->xdev, err, "%s in state %s, peer %s", link->id,
				 xenbus_strstate(own), xenbus_strstate(peer));
	else
		xenbus_switch_state(link->xdev, XenbusStateClosing);
}

/* One step towards the peer's state; returns whether another may follow. */
static bool link_step(struct vlink *link)
{
	enum xenbus_state peer = xenbus_read_driver_state(link->xdev->otherend);
	enum xenbus_state own = link->xdev->state;
	enum action action = action_for(link, peer);
	int err;

	if (action == NONE)
		return false;

	err = take_action(link, action);
	if (err == -EBUSY && action == SETUP) {
		/* Old memory of the link is still mapped; we are told when it is not. */
		vlink_teardown(link);
		return false;
	}
	if (err) {
		fail_connection(link, err, own, peer);
		return false;
	}
	return link->xdev->state != own;
}

void vlink_state_work(struct work_struct *work)
{
	struct vlink *link = container_of(work, struct vlink, work);
	/* From restart through set-up to connected; more only if the peer flaps. */
	int steps = 4;

	mutex_lock(&link->lock);
	while (steps-- && !link->gone && link->xdev && link_step(link))
		;
	mutex_unlock(&link->lock);
	/* vlink_look_again()'s reference */
	vlink_put(link);
}

void vlink_look_again(struct vlink *link)
{
	/* Dropped by vlink_state_work(). */
	kref_get(&link->ref);
	if (!queue_work(vlink_wq, &link->work))
		vlink_put(link);
}

/* ------------------------------------------------------------------------ */
/* xenbus                                                                     */

static struct vlink_driver *to_vlink_driver(struct xenbus_device *xdev)
{
	return container_of(to_xenbus_driver(xdev->dev.driver), struct vlink_driver, xenbus);
}

/* Finds the published link that @xdev is for; the caller drops the reference. */
static struct vlink *link_of(struct xenbus_device *xdev)
{
	struct vlink_driver *drv = to_vlink_driver(xdev);
	char *id = vlink_read_text(xdev->nodename, "link", VLINK_ID_MAX);
	struct vlink *link;

	if (IS_ERR(id))
		return NULL;
	link = vlink_find_get(drv, id);
	if (!link) {
		/* Published before the device was made, but not yet scanned. */
		vlink_published_scan();
		link = vlink_find_get(drv, id);
	}
	kfree(id);
	return link;
}

static int link_attach(struct vlink *link, struct xenbus_device *xdev)
{
	int err = 0;

	mutex_lock(&link->lock);
	if (link->gone) {
		err = -ENODEV;
	} else if (link->xdev) {
		err = -EBUSY;
	} else {
		link->xdev = xdev;
		if (link->drv->role == VLINK_SERVER)
			err = link_restart(link);
		if (err)
			link->xdev = NULL;
	}
	mutex_unlock(&link->lock);
	return err;
}

static int vlink_probe(struct xenbus_device *xdev, const struct xenbus_device_id *id)
{
	struct vlink *link = link_of(xdev);
	int err;

	if (!link) {
		xenbus_dev_fatal(xdev, -ENOENT, "link is not published to this domain");
		return -ENOENT;
	}

	err = link_attach(link, xdev);
	if (err) {
		xenbus_dev_fatal(xdev, err, "attaching link %s", link->id);
		vlink_put(link);
		return err;
	}
	/* The device keeps link_of()'s reference until vlink_remove(). */
	dev_set_drvdata(&xdev->dev, link);
	return 0;
}

static void vlink_remove(struct xenbus_device *xdev)
{
	struct vlink *link = dev_get_drvdata(&xdev->dev);

	mutex_lock(&link->lock);
	vlink_teardown(link);
	link->xdev = NULL;
	mutex_unlock(&link->lock);

	/*
	 * Ready for a driver that binds later, unless the toolstack is closing the
	 * device; a no-op if its directory is gone already.
	 */
	if (xenbus_read_driver_state(xdev->nodename) != XenbusStateClosing)
		xenbus_switch_state(xdev, XenbusStateInitialising);

	dev_set_drvdata(&xdev->dev, NULL);
	vlink_put(link);
}

static void vlink_otherend_changed(struct xenbus_device *xdev, enum xenbus_state state)
{
	struct vlink *link = dev_get_drvdata(&xdev->dev);

	if (link)
		vlink_look_again(link);
}

/*
 * The domain was restored: grants and event channels of its former life are void.
 * xenbus set the state back to Initialising and watches the peer next, which
 * brings the link up again.
 */
static int vlink_resume(struct xenbus_device *xdev)
{
	struct vlink *link = dev_get_drvdata(&xdev->dev);

	if (!link)
		return 0;
	mutex_lock(&link->lock);
	vlink_teardown(link);
	mutex_unlock(&link->lock);
	return 0;
}

/*
 * __xenbus_register_frontend() waits for devices to connect, up to 30 seconds
 * when a back end is missing: loading a module must not.
 */
static void register_work_fn(struct work_struct *work)
{
	struct vlink_driver *drv = container_of(work, struct vlink_driver, register_work);
	int err;

	/*
	 * No owner: xenbus would hold the module for as long as a device is
	 * bound. Unregistering unbinds and waits; what keeps a module loaded is
	 * an open file.
	 */
	if (drv->role == VLINK_CLIENT)
		err = __xenbus_register_frontend(&drv->xenbus, NULL, KBUILD_MODNAME);
	else
		err = __xenbus_register_backend(&drv->xenbus, NULL, KBUILD_MODNAME);
	drv->registered = !err;
	if (err)
		pr_err("%s %s: xenbus refuses the driver: %d\n", drv->service,
		       vlink_role_name(drv->role), err);
}

int vlink_xenbus_register(struct vlink_driver *drv)
{
	struct xenbus_driver *xenbus = &drv->xenbus;

	strscpy(drv->ids[0].devicetype, drv->service, sizeof(drv->ids[0].devicetype));
	drv->ids[1].devicetype[0] = '\0';
	xenbus->ids = drv->ids;
	xenbus->name = drv->ids[0].devicetype;
	xenbus->allow_rebind = true;
	xenbus->not_essential = true;
	xenbus->probe = vlink_probe;
	xenbus->remove = vlink_remove;
	xenbus->otherend_changed = vlink_otherend_changed;
	xenbus->resume = vlink_resume;

	INIT_WORK(&drv->register_work, register_work_fn);
	/* Not on vlink_wq: it may sleep for long while others wait for that. */
	queue_work(system_long_wq, &drv->register_work);
	return 0;
}

void vlink_xenbus_unregister(struct vlink_driver *drv)
{
	flush_work(&drv->register_work);
	if (drv->registered)
		xenbus_unregister_driver(&drv->xenbus);
}
