#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The client: the agent for vm2's run, then the suite with the agents in vm2 and in dom0.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug

$TESTS/agent /dev/vs4-ctl &
xenlab-await vm2-done > /dev/null
set -f
# shellcheck disable=SC2046 # options
$TESTS/vsock_suite --set prefix=vs3- $(cat /etc/suite-options)
rc=$?
echo "vsock suite in vm3 (with vm2): exit code $rc"
# shellcheck disable=SC2046 # options
$TESTS/vsock_suite --set prefix=vs0- $(cat /etc/suite-options) || rc=1
echo "vsock suite in vm3 (with dom0): exit code $rc"
xenlab-signal vm3-done
cat /sys/kernel/debug/vlink/vsock
exit $rc
