#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The driver domain: the suite with the agent in vm3, then the agents of the others' runs.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug

$TESTS/agent /dev/vs2-ctl &
$TESTS/agent /dev/vs3-ctl &
set -f
# shellcheck disable=SC2046 # options
$TESTS/vsock_suite --set prefix=vs4- $(cat /etc/suite-options)
rc=$?
echo "vsock suite in vm2 (with vm3): exit code $rc"
xenlab-signal vm2-done
xenlab-await dom0-done > /dev/null
cat /sys/kernel/debug/vlink/vsock
exit $rc
