#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The client draws at both servers. It compares what it reads back; what it prints
# has to be what it always prints.

EXAMPLES=/usr/lib/xen-vlink/examples

draw() { # PORT
	echo "vm3| vrpq-client -p $1 /dev/vrpq-clt-vogl0"
	"$EXAMPLES/vrpq-client" -p "$1" /dev/vrpq-clt-vogl0 > /tmp/drawn
	rc=$?
	sed 's/^/vm3| /' /tmp/drawn
	[ $rc -eq 0 ] || exit 1
	sed "s/port 7/port $1/" "$EXAMPLES/vrpq-client.expected" | cmp - /tmp/drawn || exit 1
}

draw 7
draw 8
