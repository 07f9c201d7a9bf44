#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# dom0: the agent for vm3's run, then the suite with the agent in vm2.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug

$TESTS/agent /dev/vs0-ctl &
xenlab-await vm3-done > /dev/null
# Patterns of test names are not for this shell.
set -f
# shellcheck disable=SC2046 # options
$TESTS/vsock_suite --set prefix=vs2- $(cat /etc/suite-options)
rc=$?
echo "vsock suite in dom0 (with vm2): exit code $rc"
cat /sys/kernel/debug/vlink/vsock
xenlab-signal dom0-done
exit $rc
