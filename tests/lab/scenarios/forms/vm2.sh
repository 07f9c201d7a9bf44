#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The servers, each for as long as vm3's client needs it.

EXAMPLES=/usr/lib/xen-vlink/examples
rc=0
fail() { echo "FAILED: $*"; rc=1; }

$EXAMPLES/vsock-datagram server -n 3 > /tmp/datagrams &
datagrams=$!
$EXAMPLES/vumem-server vumem-srv-vogl /tmp 1 > /tmp/vumem &
vumem=$!
xenlab-signal served
$EXAMPLES/vrpq-tally-server vrpq-srv-vogl 2 > /tmp/tally || fail "vrpq-tally-server"
wait $vumem || fail "vumem-server"
wait $datagrams || fail "vsock-datagram"
cat /tmp/tally /tmp/vumem /tmp/datagrams
[ "$(cat /tmp/tally)" = "a client's numbers add up to 10
a client's numbers add up to 8589934590" ] || fail "not these sums"
[ "$(grep -cE '^(register|unregister): process [0-9]+$' /tmp/vumem)" = 2 ] || fail "no registration"
exit $rc
