#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The server end: the agent for dom0's run, the suite with the agent in vm3, and
# then the agent for vm3's run.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug

$TESTS/agent /dev/vz-ctl &
xenlab-signal vm2-agent-for-dom0
xenlab-await vm3-agent > /dev/null
# shellcheck disable=SC2046 # options
$TESTS/vbpipe_suite --set prefix=vp- --set role=server --set minor=9 $(cat /etc/suite-options)
rc=$?
echo "vbpipe suite in vm2 (server): exit code $rc"
xenlab-signal vm2-done

$TESTS/agent /dev/vp-ctl &
xenlab-signal vm2-agent
xenlab-await vm3-done > /dev/null
xenlab-await dom0-done > /dev/null
exit $rc
