#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The server's end of the bell.

BELL=/dev/vbell-srv-door
rc=0

fail()
{
	echo "FAILED: $*"
	rc=1
}

# Adds up what read() returns until there were three rings, or more.
hear_three()
{
	local sum=0 count

	while [ $sum -lt 3 ]; do
		count=$(timeout 240 dd if=$BELL bs=64 count=1 2>/dev/null) || break
		sum=$((sum + count))
	done
	echo $sum
}

# Nobody loads modules while there is no modprobe; they come when there is one.
a_module_that_was_not_to_be_had_comes_later()
{
	local modprobe tries=0

	modprobe=$(cat /proc/sys/kernel/modprobe)
	printf '#!/bin/sh\n: > /tmp/modprobe-asked\nexit 1\n' > /tmp/no-modprobe
	chmod +x /tmp/no-modprobe
	echo /tmp/no-modprobe > /proc/sys/kernel/modprobe
	rmmod vbell_back vbell vlink || fail "rmmod of all modules"
	$modprobe vlink || fail "modprobe vlink"
	until [ -e /tmp/modprobe-asked ] || [ $tries -eq 600 ]; do
		tries=$((tries + 1))
		usleep 100000
	done
	[ -e /tmp/modprobe-asked ] || fail "vlink has not asked for the module"
	echo "$modprobe" > /proc/sys/kernel/modprobe
	vlinkctl wait --timeout 120 door || fail "the module was not asked for again"
}

[ "$(cat /sys/bus/xen-backend/drivers/vbell/vbell-*/nodename)" ] || fail "no device"
for round in 1 2; do
	heard=$(hear_three)
	[ "$heard" = 3 ] || fail "round $round: heard $heard"
	echo ring > $BELL || fail "round $round: cannot ring"
	xenlab-signal "server-heard-$round" "$heard"
done
dd if=$BELL bs=8 count=1 2>/dev/null && fail "a short read is not refused"
vlinkctl check door || fail "vlinkctl check"
vlinkctl show door
vlinkctl stat door
xenlab-await finish > /dev/null
# A driver with an open node stays; without, it goes, and its node.
exec 3<> $BELL
rmmod vbell_back 2>/dev/null && fail "rmmod under an open node"
exec 3>&-
rmmod vbell_back || fail "rmmod"
[ ! -e $BELL ] || fail "the node is left"
vlinkctl check door > /tmp/check && fail "vlinkctl check without the driver"
grep -q "no driver for it as server: 'modprobe vlink-vbell-server'" /tmp/check || fail "$(cat /tmp/check)"
modprobe vlink-vbell-server || fail "modprobe by the alias"
vlinkctl wait --timeout 120 door || fail "does not come back"
a_module_that_was_not_to_be_had_comes_later
exit $rc
