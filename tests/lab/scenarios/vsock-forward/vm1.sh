#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Forwards while the suite runs in vm3. Then destroys vm2 under a hundred connections that
# it forwards: vm3 must hear of it at once, though its own link is up.

# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
mount -t debugfs debugfs /sys/kernel/debug

client=$(xl domid vm3)
xenlab-await -t 1500 "cut-$client-moving-1" > /dev/null || fail "no traffic over a hundred connections"
cat /sys/kernel/debug/vlink/vsock
xl destroy vm2
end=$(xenlab-await -t 5 "cut-$client-end-1") || fail "the survivor has not reported an end"
echo "the end as vm3 saw it: $end"
case $end in
"resets=100 ends=0 others=0 "*) ;;
*) fail "the end looked wrong" ;;
esac
xenlab-signal forward-done
conclude "vsock-forward"
