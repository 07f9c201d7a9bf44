#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A domain whose processes are frozen, as for a suspend, does nothing for its links until it
# goes on: what a device is told meanwhile must not meet the suspend in the middle. The
# kernel stays frozen for a while by pm_test; vm3 needs a second processor, since one waits.

WAIT=120
FROZEN_S=10
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/remote.sh disable=SC1091
. /usr/lib/xenlab/remote.sh

# has_state STATE: vm3's end of the pipe, by the number that xenstore has
has_state()
{
	# shellcheck disable=SC2154 # set by meet
	[ "$(xenstore-read "/local/domain/$domid_vm3/device/vbpipe/0/state" 2> /dev/null)" = "$1" ]
}

follows()
{
	! has_state 4
}

beat()
{
	xenstore-read "/local/domain/$domid_vm3/data/beat"
}

# A process of vm3 counts ten times a second.
stands()
{
	local before

	before=$(beat)
	usleep 2000000
	[ "$(beat)" = "$before" ]
}

begin_to_beat()
{
	expect vm3 "(n=0; while xenstore-write data/beat \$n && [ ! -e /tmp/enough ]; do n=\$((n + 1)); usleep 100000; done; xenstore-rm data/beat) > /dev/null 2>&1 &"
	until_true $WAIT beat > /dev/null 2>&1 || fail "vm3 does not count"
}

freeze()
{
	# The processor that waits does nothing else: the kernel would complain.
	expect vm3 "echo 0 > /proc/sys/kernel/watchdog && echo freezer > /sys/power/pm_test && echo $FROZEN_S > /sys/module/suspend/parameters/pm_test_delay"
	expect vm3 "(xenlab-await freeze; echo freeze > /sys/power/state) > /dev/null 2>&1 &"
	xenlab-signal freeze
	until_true $WAIT stands || fail "vm3 is not frozen"
}

bind_server()
{
	expect vm2 "echo vbpipe-$domid_vm3-0 > /sys/bus/xen-backend/drivers/vbpipe/$1"
}

link_rests_while_frozen()
{
	begin_to_beat
	freeze
	bind_server unbind
	# Awake, it follows within milliseconds.
	usleep 2000000
	has_state 4 || fail "vm3 did something for its link while it was frozen"
	stands || fail "vm3 was not frozen for long enough"
	until_true $WAIT follows || fail "vm3 does not follow afterwards"
	bind_server bind
	until_true $WAIT has_state 4 || fail "the link has not come back"
	expect vm3 "touch /tmp/enough; while xenstore-exists data/beat; do usleep 100000; done"
}

meet vm2
meet vm3
until_true $WAIT has_state 4 || fail "the link is not up"
link_rests_while_frozen
says 0 "" vlinkctl check
conclude "freeze"
