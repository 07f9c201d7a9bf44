// SPDX-License-Identifier: GPL-2.0
/*
 * The least that any round trip between two domains costs: an event to the
 * other kernel and one back, from interrupt handler to interrupt handler.
 *
 * Loaded with peer= alone it offers a port and answers each event. Loaded with
 * peer=, remote= and count= it measures so many round trips to that port before
 * it has finished loading; ns= is then the time they took.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/module.h>

#include <xen/events.h>
#include <xen/interface/event_channel.h>
#include <xen/xen.h>

#include <asm/xen/hypercall.h>

#define TIME_LIMIT (30 * HZ)

static unsigned int peer;
module_param(peer, uint, 0444);
MODULE_PARM_DESC(peer, "id of the other domain");

static unsigned int remote;
module_param(remote, uint, 0444);
MODULE_PARM_DESC(remote, "port that the other domain offers; none: offer one");

static unsigned int count = 1000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "round trips to measure");

static evtchn_port_t port;
module_param(port, uint, 0444);

static unsigned long long ns;
module_param(ns, ullong, 0444);

static int irq;
static unsigned int left;
static DECLARE_COMPLETION(finished);

static irqreturn_t echo(int nr, void *data)
{
	notify_remote_via_irq(nr);
	return IRQ_HANDLED;
}

static irqreturn_t again(int nr, void *data)
{
	if (left && --left)
		notify_remote_via_irq(nr);
	else
		complete(&finished);
	return IRQ_HANDLED;
}

static int bind_port(evtchn_port_t local, irq_handler_t handler)
{
	struct evtchn_close close = { .port = local };

	port = local;
	irq = bind_evtchn_to_irqhandler(local, handler, 0, "bench-event", &port);
	if (irq >= 0)
		return 0;
	HYPERVISOR_event_channel_op(EVTCHNOP_close, &close);
	return irq;
}

static int offer(void)
{
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = peer };
	int err = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);

	return err ?: bind_port(alloc.port, echo);
}

static int await_finished(void)
{
	long ret = wait_for_completion_killable_timeout(&finished, TIME_LIMIT);

	return ret > 0 ? 0 : ret ?: -ETIMEDOUT;
}

static int exchange(unsigned int round_trips)
{
	reinit_completion(&finished);
	left = round_trips;
	notify_remote_via_irq(irq);
	return await_finished();
}

static int measure(void)
{
	struct evtchn_bind_interdomain bind = { .remote_dom = peer, .remote_port = remote };
	int err = HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &bind);
	u64 start;

	if (!err)
		err = bind_port(bind.local_port, again);
	if (err)
		return err;
	/* Xen marks a port that is bound to another one as pending. */
	err = await_finished();
	if (!err)
		err = exchange(count / 20 + 1);
	start = ktime_get_ns();
	if (!err)
		err = exchange(count);
	ns = ktime_get_ns() - start;
	if (err)
		unbind_from_irqhandler(irq, &port);
	return err;
}

static int __init bench_event_init(void)
{
	if (!xen_domain())
		return -ENODEV;
	if (!count)
		return -EINVAL;
	return remote ? measure() : offer();
}

static void __exit bench_event_exit(void)
{
	unbind_from_irqhandler(irq, &port);
}

module_init(bench_event_init);
module_exit(bench_event_exit);

MODULE_DESCRIPTION("Benchmark of events between two Xen domains");
MODULE_LICENSE("GPL");
