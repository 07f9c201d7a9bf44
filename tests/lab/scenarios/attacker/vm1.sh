#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# dom0 forwards between the two, and has an honest server of its own.

# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
mount -t debugfs debugfs /sys/kernel/debug
/usr/lib/xen-vlink/tests/neighbour --user 2003 --group 4242 --socket any server &
xenlab-signal dom0-ready
xenlab-await -t "$(cat /etc/patience)" vm3-done > /dev/null || fail "vm3 is not done"
kill $!
wait $! || fail "the honest server was harmed"
vlinkctl check || fail "links are not well"
cat /sys/kernel/debug/vlink/vsock
conclude attacker
