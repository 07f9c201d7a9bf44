#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The driver domain serves two conversations on /dev/vbpipe0, and drawings on two
# ports of /dev/vrpq-srv-vogl0; the second server copies each request first.

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
serve echo-server -n 2 /dev/vbpipe0
wait
if [ -s $failures ]; then
	cat $failures
	exit 1
fi
