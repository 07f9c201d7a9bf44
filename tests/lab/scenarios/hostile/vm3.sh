#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The hostile domain: plays the client, then the server of a link of vm2.

TESTS=/usr/lib/xen-vlink/tests
rc=0
xenlab-await victim-ready > /dev/null
# Patterns of test names are not for this shell.
set -f
for role in client server; do
	# shellcheck disable=SC2046 # options
	$TESTS/hostile_$role --set prefix=h${role%"${role#?}"}_ $(cat /etc/suite-options) || rc=1
done
xenlab-signal hostile-done
exit $rc
