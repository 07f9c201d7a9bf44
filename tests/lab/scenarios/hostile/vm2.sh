#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The victim: does what the suites in vm3 ask for, as ordinary processes.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug

$TESTS/agent /dev/hc_ctl &
$TESTS/agent /dev/hs_ctl &
/usr/lib/xen-vlink/examples/vumem-server /dev/vumem-srv-vumem0 /tmp > /dev/null &
$TESTS/vumem_agent /dev/hm_ctl /dev/vumem-srv-vumem1 &
$TESTS/vumem_victim /dev/hn_ctl /dev/vumem-clt-vumem0 &
xenlab-signal victim-ready
xenlab-await hostile-done > /dev/null
cat /sys/kernel/debug/vlink/links
