#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A service that was built outside of the tree, against what is installed: vm2 and vm3
# ring for each other, also when the client's domain was destroyed in between.

WAIT=120
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh

# round N: both have heard the other
round()
{
	local domid count

	domid=$(xl domid vm3)
	count=$(xenlab-await -t $WAIT "server-heard-$1")
	[ "$count" = 3 ] || fail "the server has heard '$count' of 3 rings"
	count=$(xenlab-await -t $WAIT "client-heard-$domid")
	[ "$count" = 1 ] || fail "the client has heard '$count' of 1 ring"
}

is_connected()
{
	[ "$(vlinkctl list --all | grep -c 'door *vbell *bell .*Connected$')" = 2 ]
}

until_true 60 is_connected || fail "the link is not up"
vlinkctl list --all
vlinkctl check || fail "vlinkctl check"
round 1
xl destroy vm3
xl create -q /etc/xen/vm3.cfg < /dev/null
round 2
until_true $WAIT is_connected || fail "the link has not come back"
xenlab-signal finish
conclude "service: two rounds"
