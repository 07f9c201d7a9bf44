// SPDX-License-Identifier: GPL-2.0
/*
 * Connections: the xenbus states of both ends, and what they mean for a link.
 * include/xen/io/vlink.h draws the two state machines; states.h has their
 * complete form.
 *
 * xenwatch calls probe, remove and otherend_changed. Changes of the peer's state
 * are handled in a work item per link, which reads the state anew: so a
 * peer that flaps costs one pass, and nothing waits in xenwatch but for the end of
 * a pass that is under way, which waits for nobody.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/interrupt.h>
#include <linux/slab.h>

#include <xen/events.h>
#include <xen/xenbus.h>

#include "internal.h"
#include "states.h"

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
		vlink_fail(link, "Xen lets no guests talk to each other: boot it with xsm=dummy");
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

static int client_publish(struct vlink *link, struct xenbus_transaction xbt)
{
	int err = vlink_key_write(link, xbt, "version", link->version);

	if (!err)
		err = vlink_key_write(link, xbt, "event-channel", link->evtchn);
	if (!err)
		err = vlink_regions_publish(link, xbt);
	if (!err && link->drv->ops->publish)
		err = link->drv->ops->publish(link, xbt);
	return err;
}

static int client_setup(struct vlink *link)
{
	int err = vlink_version_choose(link);

	if (!err && link->drv->ops->setup)
		err = link->drv->ops->setup(link);
	if (!err)
		err = client_bind_events(link);
	if (err)
		return err;
	return vlink_switch_state(link, XenbusStateInitialised, client_publish);
}

/* The toolstack has made the node, so that no quota can keep a reason from being read. */
static int failure_forget(struct vlink *link, struct xenbus_transaction xbt)
{
	return xenbus_write(xbt, link->xdev->nodename, "failure", "");
}

static int link_connect(struct vlink *link)
{
	int err = 0;

	if (link->drv->role == VLINK_SERVER) {
		err = vlink_version_check(link);
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
	link->connected_at = jiffies;
	return vlink_switch_state(link, XenbusStateConnected, failure_forget);
}

static int server_offer(struct vlink *link)
{
	int err = vlink_versions_offer(link);

	if (!err && link->drv->ops->offer)
		err = link->drv->ops->offer(link);
	return err;
}

/* Ends the connection, also one that is failing: the peer has ended it as well. */
static void link_end(struct vlink *link)
{
	vlink_teardown(link);
	vlink_failure_over(link);
}

static int link_restart(struct vlink *link)
{
	int err;

	link_end(link);
	if (link->drv->role == VLINK_CLIENT)
		return vlink_switch_state(link, XenbusStateInitialising, NULL);
	err = server_offer(link);
	if (err)
		return err;
	return vlink_switch_state(link, XenbusStateInitWait, NULL);
}

static int link_close(struct vlink *link)
{
	int err;

	link_end(link);
	err = vlink_switch_state(link, XenbusStateClosed, NULL);
	if (!err && link->drv->role == VLINK_CLIENT)
		/* As xenbus_frontend_closed() does, for xenbus_dev_shutdown(). */
		complete(&link->xdev->down);
	return err;
}

static int take_action(struct vlink *link, enum vlink_action action)
{
	switch (action) {
	case VLINK_SETUP:
		return client_setup(link);
	case VLINK_CONNECT:
		return link_connect(link);
	case VLINK_RESTART:
		return link_restart(link);
	case VLINK_CLOSING:
		link_end(link);
		return vlink_switch_state(link, XenbusStateClosing, NULL);
	case VLINK_CLOSE:
		return link_close(link);
	case VLINK_NONE:
		break;
	}
	return 0;
}

static int failure_publish(struct vlink *link, struct xenbus_transaction xbt)
{
	return xenbus_write(xbt, link->xdev->nodename, "failure", link->failure);
}

/* Ends a connection that has failed, and tells the peer. */
static void give_up(struct vlink *link)
{
	bool was_connected = link->connected;

	vlink_teardown(link);
	if (!vlink_in_pause(link))
		vlink_failure_pause(link, was_connected);
	/* If the peer cannot be told, it is tried again after the pause. */
	if (vlink_is_over(link->xdev->state) ||
	    !vlink_switch_state(link, XenbusStateClosing, failure_publish))
		vlink_failure_over(link);
}

/* One step towards the peer's state; returns whether another may follow. */
static bool link_step(struct vlink *link)
{
	enum xenbus_state own = link->xdev->state;
	enum xenbus_state peer;
	enum vlink_action action;
	int err;

	if (READ_ONCE(link->failing)) {
		give_up(link);
		return !READ_ONCE(link->failing);
	}
	peer = xenbus_read_unsigned(link->xdev->otherend, "state", XenbusStateUnknown);
	action = vlink_action_for(link->drv->role == VLINK_CLIENT, own, peer);
	if (action == VLINK_NONE)
		return false;
	if (action == VLINK_RESTART && vlink_is_over(own) && vlink_in_pause(link))
		return false;

	err = take_action(link, action);
	if (err == -EBUSY && action == VLINK_SETUP) {
		/* Old memory of the link is still mapped; we are told when it is not. */
		link_end(link);
		return false;
	}
	if (err == -ENOSPC)
		vlink_fail(link, "too many nodes for xenstored's quota: raise it with --entry-nb");
	else if (err)
		vlink_fail(link, "error %d in state %s, the peer in state %s", err,
			   xenbus_strstate(own), xenbus_strstate(peer));
	return err || link->xdev->state != own;
}

/* Whether link_step() did all that can be done now. */
static bool link_steps(struct vlink *link)
{
	/* From the end of a connection to the next; more only if the peer flaps. */
	int steps = 6;

	while (link_step(link))
		if (!--steps)
			return false;
	return true;
}

void vlink_look_again(struct vlink *link)
{
	/* Dropped by vlink_state_work() or link_del(). */
	kref_get(&link->ref);
	if (mod_delayed_work(vlink_wq, &link->work, 0))
		vlink_put(link);
}

/* Unless that is to be sooner anyway. */
static void look_again_after_pause(struct vlink *link)
{
	long left = link->retry_at - jiffies;

	/* As above. */
	kref_get(&link->ref);
	if (!queue_delayed_work(vlink_wq, &link->work, max(left, 1L)))
		vlink_put(link);
}

void vlink_state_work(struct work_struct *work)
{
	struct vlink *link = container_of(to_delayed_work(work), struct vlink, work);

	mutex_lock(&link->lock);
	if (!link->gone && link->xdev && !link->suspended) {
		if (!link_steps(link))
			vlink_look_again(link);
		else if (READ_ONCE(link->failing) || vlink_in_pause(link))
			look_again_after_pause(link);
	}
	mutex_unlock(&link->lock);
	/* that of who queued this */
	vlink_put(link);
}

/* ------------------------------------------------------------------------ */
/* Devices that xenbus could not bind                                         */

#define REBIND_MIN_MS	1000u
#define REBIND_MAX_MS	30000u

/* Has the driver look again for devices without one: others may have made room. */
static void rebind_later(struct vlink_driver *drv)
{
	WRITE_ONCE(drv->bind_failed, true);
	if (!READ_ONCE(drv->leaving))
		queue_delayed_work(vlink_wq, &drv->rebind_work,
				   msecs_to_jiffies(READ_ONCE(drv->rebind_ms)));
}

static void rebind_work_fn(struct work_struct *work)
{
	struct vlink_driver *drv = container_of(to_delayed_work(work), struct vlink_driver,
						rebind_work);
	unsigned int pause = min(2 * drv->rebind_ms, REBIND_MAX_MS);

	WRITE_ONCE(drv->bind_failed, false);
	WRITE_ONCE(drv->rebind_ms, pause);
	if (driver_attach(&drv->xenbus.driver))
		rebind_later(drv);
	if (!READ_ONCE(drv->bind_failed))
		WRITE_ONCE(drv->rebind_ms, REBIND_MIN_MS);
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
		WRITE_ONCE(link->watched, false);
		vlink_pause_forget(link);
		if (link->drv->role == VLINK_SERVER && link_restart(link))
			vlink_fail(link, "cannot offer the service");
	}
	mutex_unlock(&link->lock);
	return err;
}

/* Its state stays what a driver that binds later begins with. */
static void refuse_device(struct xenbus_device *xdev, struct vlink *link, int err)
{
	xenbus_dev_error(xdev, err, "attaching link %s", link->id);
	rebind_later(to_vlink_driver(xdev));
	/* link_of()'s reference */
	vlink_put(link);
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
		refuse_device(xdev, link, err);
		return err;
	}
	/*
	 * suspend.c is enough: xenbus would look for the other end of a restored domain's
	 * former life, and leave errors in xenstore.
	 */
	dev_pm_syscore_device(&xdev->dev, true);
	/* The device keeps link_of()'s reference until vlink_remove(). */
	dev_set_drvdata(&xdev->dev, link);
	return 0;
}

static void vlink_remove(struct xenbus_device *xdev)
{
	struct vlink *link = dev_get_drvdata(&xdev->dev);

	mutex_lock(&link->lock);
	link_end(link);
	/*
	 * Ready for a driver that binds later; a no-op if the device's directory is
	 * gone already.
	 */
	vlink_switch_state(link, XenbusStateInitialising, NULL);
	link->xdev = NULL;
	mutex_unlock(&link->lock);

	dev_set_drvdata(&xdev->dev, NULL);
	/*
	 * xenbus watches the peer's state after vlink_probe(). It gives the device up when
	 * xenstored's quota does not let it.
	 */
	if (!READ_ONCE(link->watched))
		rebind_later(link->drv);
	/* link_of()'s reference */
	vlink_put(link);
}

static void vlink_otherend_changed(struct xenbus_device *xdev, enum xenbus_state state)
{
	struct vlink *link = dev_get_drvdata(&xdev->dev);

	if (!link)
		return;
	WRITE_ONCE(link->watched, true);
	vlink_look_again(link);
}

/* The connection ends; there is no other until vlink_resume(). */
void vlink_suspend(struct vlink *link)
{
	enum xenbus_state own;

	mutex_lock(&link->lock);
	link->suspended = true;
	link_end(link);
	own = link->xdev ? link->xdev->state : XenbusStateUnknown;
	if ((own == XenbusStateInitialised || own == XenbusStateConnected) &&
	    vlink_switch_state(link, XenbusStateClosing, NULL))
		/* The peer is told afterwards. */
		vlink_fail(link, "the domain was suspended");
	mutex_unlock(&link->lock);
}

void vlink_resume(struct vlink *link)
{
	mutex_lock(&link->lock);
	link->suspended = false;
	mutex_unlock(&link->lock);
	vlink_look_again(link);
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

	INIT_DELAYED_WORK(&drv->rebind_work, rebind_work_fn);
	drv->rebind_ms = REBIND_MIN_MS;
	INIT_WORK(&drv->register_work, register_work_fn);
	/* Not on vlink_wq: it may sleep for long while others wait for that. */
	queue_work(system_long_wq, &drv->register_work);
	return 0;
}

void vlink_xenbus_unregister(struct vlink_driver *drv)
{
	flush_work(&drv->register_work);
	WRITE_ONCE(drv->leaving, true);
	cancel_delayed_work_sync(&drv->rebind_work);
	if (drv->registered)
		xenbus_unregister_driver(&drv->xenbus);
	/* Queued by who had looked at the flag before. */
	cancel_delayed_work_sync(&drv->rebind_work);
}
