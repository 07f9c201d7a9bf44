// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that fail: the reason, and the pause before the next one, so that a peer
 * which breaks every connection costs little.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "internal.h"

#define PAUSE_MIN_MS	100u
/* A connection that held for so long was a good one. */
#define HOLD_MS		10000u

static unsigned int retry_max_ms = 20000;
module_param(retry_max_ms, uint, 0644);
MODULE_PARM_DESC(retry_max_ms, "the longest pause before a link that keeps failing is connected again");

void vlink_failures_init(struct vlink *link)
{
	spin_lock_init(&link->failure_lock);
	/* Of one link's failures so many are reported in so many jiffies. */
	ratelimit_state_init(&link->failure_reports, 60 * HZ, 5);
	link->retry_at = jiffies;
}

void vlink_fail(struct vlink *link, const char *fmt, ...)
{
	unsigned long flags;
	bool first;
	va_list args;

	spin_lock_irqsave(&link->failure_lock, flags);
	first = !link->failing;
	if (first) {
		va_start(args, fmt);
		vscnprintf(link->failure, sizeof(link->failure), fmt, args);
		va_end(args);
		WRITE_ONCE(link->failing, true);
	}
	spin_unlock_irqrestore(&link->failure_lock, flags);
	if (first)
		vlink_look_again(link);
}
EXPORT_SYMBOL_GPL(vlink_fail);

/* The connection that failed is over, whoever ended it. */
void vlink_failure_over(struct vlink *link)
{
	spin_lock_irq(&link->failure_lock);
	WRITE_ONCE(link->failing, false);
	spin_unlock_irq(&link->failure_lock);
}

static bool has_held(const struct vlink *link)
{
	return time_after_eq(jiffies, link->connected_at + msecs_to_jiffies(HOLD_MS));
}

/* The pause begins. link->failure does not change while the link is failing. */
void vlink_failure_pause(struct vlink *link, bool was_connected)
{
	if (was_connected && has_held(link))
		link->pause_ms = 0;
	link->pause_ms = clamp(2 * link->pause_ms, PAUSE_MIN_MS,
			       max(READ_ONCE(retry_max_ms), PAUSE_MIN_MS));
	link->retry_at = jiffies + msecs_to_jiffies(link->pause_ms);
	vlink_warn_failure(link, "the connection to %s has failed: %s; again in %u ms\n",
			   link->peer, link->failure, link->pause_ms);
}

bool vlink_in_pause(const struct vlink *link)
{
	return time_before(jiffies, link->retry_at);
}

/* Another device, so another peer. */
void vlink_pause_forget(struct vlink *link)
{
	link->pause_ms = 0;
	link->retry_at = jiffies;
}
