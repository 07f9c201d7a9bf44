// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The pause before a link that failed is connected again: xen-common/vlink/fail.c over
 * stand-ins for the kernel.
 */
#include <stdarg.h>

#include "unit.h"

#include "kernel_stand_ins.h"

/* ---- the kernel ---- */

#define HZ			1000
#define time_before(a, b)	((long)((a) - (b)) < 0)
#define time_after_eq(a, b)	(!time_before(a, b))
#define clamp(value, low, high)	((value) < (low) ? (low) : (value) > (high) ? (high) : (value))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define module_param(...)	_Static_assert(1, "")
#define MODULE_PARM_DESC(...)	_Static_assert(1, "")
#define spin_lock_init(lock)	((void)(lock))
#define spin_lock_irq(lock)	lock_take(lock)
#define spin_unlock_irq(lock)	lock_drop(lock)
#define spin_lock_irqsave(lock, flags)		((flags) = 0, lock_take(lock))
#define spin_unlock_irqrestore(lock, flags)	((void)(flags), lock_drop(lock))
#define ratelimit_state_init(state, interval, burst)	((void)(state))
#define vscnprintf		vsnprintf
#define vlink_warn_failure(link, fmt, ...)	((void)snprintf(NULL, 0, fmt, __VA_ARGS__))

static unsigned long jiffies;

struct vlink {
	struct lock failure_lock;
	int failure_reports;
	bool failing;
	char failure[64];
	const char *peer;
	unsigned int pause_ms;
	unsigned long retry_at, connected_at;
};

static unsigned int looks;

static void vlink_look_again(struct vlink *link)
{
	looks++;
}

void vlink_failures_init(struct vlink *link);
void vlink_fail(struct vlink *link, const char *fmt, ...);
void vlink_failure_over(struct vlink *link);
void vlink_failure_pause(struct vlink *link, bool was_connected);
bool vlink_in_pause(const struct vlink *link);
void vlink_pause_forget(struct vlink *link);

#include "kernel/fail.c"

/* ---- tests ---- */

static struct vlink link_;

static void begin(void)
{
	link_ = (struct vlink){ .peer = "vm3" };
	/* About to wrap, as after the boot. */
	jiffies = -5000ul;
	looks = 0;
	vlink_failures_init(&link_);
}

/* Fails after it was connected for @held ms; how long the pause is. */
static unsigned int pause_after(unsigned int held)
{
	unsigned int pause = 0;

	link_.connected_at = jiffies;
	jiffies += held;
	vlink_fail(&link_, "for a test");
	vlink_failure_pause(&link_, true);
	vlink_failure_over(&link_);
	while (vlink_in_pause(&link_)) {
		jiffies++;
		pause++;
	}
	return pause;
}

static void pause_grows_while_the_peer_keeps_breaking_the_link(void)
{
	static const unsigned int expected[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000,
						 20000 };

	begin();
	CU_ASSERT_FALSE(vlink_in_pause(&link_));
	for (unsigned int i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		CU_ASSERT_EQUAL(pause_after(10), expected[i]);
}

static void connection_that_held_begins_the_pauses_anew(void)
{
	begin();
	pause_after(0);
	pause_after(0);
	CU_ASSERT_EQUAL(pause_after(9999), 400);
	CU_ASSERT_EQUAL(pause_after(10000), 100);
	CU_ASSERT_EQUAL(pause_after(0), 200);
}

static void pauses_are_within_what_the_parameter_says(void)
{
	begin();
	retry_max_ms = 0;
	CU_ASSERT_EQUAL(pause_after(0), 100);
	CU_ASSERT_EQUAL(pause_after(0), 100);
	retry_max_ms = 300;
	CU_ASSERT_EQUAL(pause_after(0), 200);
	CU_ASSERT_EQUAL(pause_after(0), 300);
	retry_max_ms = 20000;
}

/* Who was never connected has not held, however long that took. */
static void attempt_that_fails_is_no_connection_that_held(void)
{
	begin();
	pause_after(0);
	link_.connected_at = jiffies - 20000;
	vlink_failure_pause(&link_, false);
	CU_ASSERT_EQUAL(link_.pause_ms, 200);
}

static void another_peer_is_not_paused(void)
{
	begin();
	pause_after(0);
	vlink_failure_pause(&link_, true);
	CU_ASSERT_TRUE(vlink_in_pause(&link_));
	vlink_pause_forget(&link_);
	CU_ASSERT_FALSE(vlink_in_pause(&link_));
	CU_ASSERT_EQUAL(pause_after(0), 100);
}

static void first_reason_is_kept(void)
{
	begin();
	vlink_fail(&link_, "reason %d", 1);
	vlink_fail(&link_, "reason %d", 2);
	CU_ASSERT_STRING_EQUAL(link_.failure, "reason 1");
	CU_ASSERT_EQUAL(looks, 1);
	vlink_failure_over(&link_);
	vlink_fail(&link_, "reason %d", 3);
	CU_ASSERT_STRING_EQUAL(link_.failure, "reason 3");
	CU_ASSERT_EQUAL(locks_held, 0);
}

static const struct unit_test tests[] = {
	{ "pause_grows_while_the_peer_keeps_breaking_the_link",
	  pause_grows_while_the_peer_keeps_breaking_the_link },
	{ "connection_that_held_begins_the_pauses_anew",
	  connection_that_held_begins_the_pauses_anew },
	{ "pauses_are_within_what_the_parameter_says",
	  pauses_are_within_what_the_parameter_says },
	{ "attempt_that_fails_is_no_connection_that_held",
	  attempt_that_fails_is_no_connection_that_held },
	{ "another_peer_is_not_paused", another_peer_is_not_paused },
	{ "first_reason_is_kept", first_reason_is_kept },
};

int main(void)
{
	UNIT_ADD("fail", tests);
	return unit_run("fail");
}
