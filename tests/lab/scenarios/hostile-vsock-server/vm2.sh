#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The victim: does what the suite in vm3 asks for, as an ordinary process.

mount -t debugfs debugfs /sys/kernel/debug
# Every test breaks a connection, and none is to wait long for the next one.
echo 100 > /sys/module/vlink/parameters/retry_max_ms
# A flood of this much is quick, and most of it is to be refused.
echo 8388608 > /sys/module/vlink_vsock/parameters/unread_max
/usr/lib/xen-vlink/tests/agent /dev/hv_ctl &
xenlab-await hostile-done > /dev/null
cat /sys/kernel/debug/vlink/vsock
