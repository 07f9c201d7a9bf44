#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The client end: first the agent for vm2's run, then the suite.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug

$TESTS/agent /dev/vp-ctl &
agent=$!
xenlab-signal vm3-agent
xenlab-await vm2-done > /dev/null
kill $agent
wait $agent 2>/dev/null
xenlab-await vm2-agent > /dev/null
# shellcheck disable=SC2046 # options
$TESTS/vbpipe_suite --set prefix=vp- --set role=client --set minor=9 $(cat /etc/suite-options)
rc=$?
echo "vbpipe suite in vm3 (client): exit code $rc"
xenlab-signal vm3-done
exit $rc
