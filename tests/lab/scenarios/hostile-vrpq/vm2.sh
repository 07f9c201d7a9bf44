#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The victim: does what the suites in vm3 ask for, as ordinary processes.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug
# Every test breaks a connection, and none is to wait long for the next one.
echo 100 > /sys/module/vlink/parameters/retry_max_ms

$TESTS/vrpq_agent /dev/hr_procs &
$TESTS/agent /dev/hr_ctl &
xenlab-signal victim-ready
xenlab-await hostile-done > /dev/null
cat /sys/kernel/debug/vlink/links
