#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The client draws at both servers of VRPQ. It compares what it reads back; what it prints
# has to be what it always prints. Then it draws in memory of the server of VUMEM.

EXAMPLES=/usr/lib/xen-vlink/examples

draw() { # PORT
	echo "vm3| vrpq-client -p $1 /dev/vrpq-clt-vogl0"
	"$EXAMPLES/vrpq-client" -p "$1" /dev/vrpq-clt-vogl0 > /tmp/drawn
	rc=$?
	sed 's/^/vm3| /' /tmp/drawn
	[ $rc -eq 0 ] || exit 1
	sed "s/port 7/port $1/" "$EXAMPLES/vrpq-client.expected" | cmp - /tmp/drawn || exit 1
}

# The kernel's counts have to be those of the programs: 26 posts and 10 calls each time.
count()
{
	vrpqstat /dev/vrpq-clt-vogl0 > /tmp/stat || exit 1
	sed 's/^/vm3| vrpqstat: /' /tmp/stat
	for line in 'sessions +0 now, 1 at most, 2 in all' 'posts +52' 'calls +20' '  1\.2 +12'; do
		grep -qE "^$line\$" /tmp/stat || {
			echo "vrpqstat does not say: $line"
			exit 1
		}
	done
}

# The server reads the same picture from the same memory: the checksums have to agree.
paint()
{
	echo "vm3| vumem-client /dev/vumem-clt-vogl0"
	"$EXAMPLES/vumem-client" /dev/vumem-clt-vogl0 > /tmp/painted
	rc=$?
	sed 's/^/vm3| /' /tmp/painted
	[ $rc -eq 0 ] || exit 1
}

draw 7
draw 8
count
paint
