#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The victim: does what the suites in vm3 ask for, as ordinary processes.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug

$TESTS/agent /dev/hc_ctl &
$TESTS/agent /dev/hs_ctl &
xenlab-signal victim-ready
xenlab-await hostile-done > /dev/null
cat /sys/kernel/debug/vlink/links
