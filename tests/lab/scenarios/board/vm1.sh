#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# All forty links of the example board connect, the class of its own and both ends included;
# what is then broken on purpose vlinkctl explains.

WAIT=600
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh

# Ends of services, as the configs have them; the graphics and the codec have two each.
wanted()
{
	cat /etc/xen/vm*.cfg | sed -n 's/.*link=[^,]*,class=\([^,]*\),.*/\1/p' |
		sed -e 's/vogl/vrpq vumem/' -e 's/vomx/vrpq vumem/' -e 's/camera/vrpq vumem vbpipe/' | wc -w
}

connected()
{
	vlinkctl list --all | grep -c ' Connected$'
}

all_connected()
{
	[ "$(connected)" -eq "$nr" ]
}

nr=$(wanted)
[ "$nr" -gt 80 ] || fail "only $nr ends of services are configured"
until_true $WAIT all_connected || fail "$(connected) of $nr ends are connected"
vlinkctl list --all
vlinkctl check || fail "vlinkctl check"

victim=$(vlinkctl list --all | awk '$1 == "vm8" && $NF == "Connected" { print $2; exit }')
vlinkctl detach --timeout $WAIT "$victim" || fail "detach of '$victim'"
says 1 "link '$victim': is detached: 'vlinkctl attach $victim'" vlinkctl check
vlinkctl attach --timeout $WAIT "$victim" || fail "attach of '$victim'"
until_true $WAIT all_connected || fail "$(connected) of $nr ends are connected again"
xl destroy vm8
says 1 "vm8 does not run" vlinkctl check "$victim"
conclude "board: $(connected) of $nr ends connected"
