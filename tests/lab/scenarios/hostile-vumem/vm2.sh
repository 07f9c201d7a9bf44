#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The victim: a server that does what the client's suite in vm3 says, a process that is
# the client of that suite's server, and the neighbour's server.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug
# Every test breaks a connection, and none is to wait long for the next one.
echo 100 > /sys/module/vlink/parameters/retry_max_ms

/usr/lib/xen-vlink/examples/vumem-server /dev/vumem-srv-vumem0 /tmp > /dev/null &
$TESTS/vumem_agent /dev/hm_ctl /dev/vumem-srv-vumem1 &
$TESTS/vumem_victim /dev/hn_ctl /dev/vumem-clt-vumem0 &
xenlab-signal victim-ready
xenlab-await hostile-done > /dev/null
cat /sys/kernel/debug/vlink/links
