#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The driver domain serves two conversations on /dev/vbpipe0, drawings on two
# ports of /dev/vrpq-srv-vogl0, the second server copying each request first, and
# memory for a picture on /dev/vumem-srv-vogl0. The picture leaves as text.

EXAMPLES=/usr/lib/xen-vlink/examples
failures=/tmp/failures

serve() { # PROGRAM [ARGUMENT...]
	program=$1
	shift
	{ "$EXAMPLES/$program" "$@" 2>&1 || echo "$program failed" >> $failures; } |
		while IFS= read -r line; do
			echo "vm2| $line"
		done
}

serve vrpq-server -n 1 &
serve vrpq-server -n 1 -c -p 8 &
serve vumem-server /dev/vumem-srv-vogl0 /tmp 1 &
serve echo-server -n 2 /dev/vbpipe0
wait
base64 /tmp/ring.png | sed 's/^/ring.png| /'
if [ -s $failures ]; then
	cat $failures
	exit 1
fi
