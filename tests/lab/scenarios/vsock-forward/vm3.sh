#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The suite with the agent in vm2, then connections that are cut off.

TESTS=/usr/lib/xen-vlink/tests
set -f
# shellcheck disable=SC2046 # options
$TESTS/vsock_suite --set prefix=fw_ --set forward=yes $(cat /etc/suite-options)
rc=$?
echo "vsock suite in vm3 (forwarded): exit code $rc"
$TESTS/vsock_cut client 50000 &
xenlab-await forward-done > /dev/null
kill $!
exit $rc
