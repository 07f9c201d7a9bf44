#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# dom0 as the server end, with the agent in vm2, when the guests are done.

TESTS=/usr/lib/xen-vlink/tests
mount -t debugfs debugfs /sys/kernel/debug

xenlab-await vm2-agent-for-dom0 > /dev/null
xenlab-await vm3-done > /dev/null
# shellcheck disable=SC2046 # options
$TESTS/vbpipe_suite --set prefix=vz- --set role=server --set minor=19 $(cat /etc/suite-options)
rc=$?
echo "vbpipe suite in dom0 (server): exit code $rc"
xenlab-signal dom0-done
exit $rc
