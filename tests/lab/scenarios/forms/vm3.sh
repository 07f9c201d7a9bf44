#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The clients; what they print is always the same, but for a checksum and an error's text.

EXAMPLES=/usr/lib/xen-vlink/examples
rc=0
fail() { echo "FAILED: $*"; rc=1; }

expect() { # EXPECTED PROGRAM ARGUMENT...
	expected=$1
	program=$2
	shift 2
	"$EXAMPLES/$program" "$@" > /tmp/said || fail "$program: $?"
	cat /tmp/said
	grep -vE 'checksum' /tmp/said > /tmp/plain
	printf '%s\n' "$expected" | cmp - /tmp/plain || fail "$program has said something else"
}

xenlab-await served > /dev/null
expect "the sum of 4 numbers is 10
4 posts and 1 call, 1 notification, 1 session" vrpq-tally-client vrpq-clt-vogl 1 2 3 4
expect "the sum of 2 numbers is 8589934590
2 posts and 1 call, 1 notification, 1 session" vrpq-tally-client /dev/vrpq-clt-vogl0 4294967295 4294967295
expect "the second process has drawn 12288 bytes
1 registered, 1 unregistered, 1 session now" vumem-share vumem-clt-vogl
server=$(($(vlinkctl show | awk '$1 == "peer'"'"'s" && $2 == "id" { print $3; exit }') + 2))
expect "no connection: Connection reset by peer
answer: one
answer: two words
answer: three" vsock-datagram client "$server" one "two words" three
exit $rc
