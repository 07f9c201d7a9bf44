#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The hostile domain: plays VUMEM's client, then its server.

TESTS=/usr/lib/xen-vlink/tests
NEAR=/dev/vumem-clt-vumem0
rc=0
xenlab-await victim-ready > /dev/null
# Patterns of test names are not for this shell.
set -f
for role in client server; do
	# shellcheck disable=SC2046 # options
	$TESTS/hostile_vumem_$role --set near=$NEAR --set client=$NEAR --set control=/dev/hm_ctl \
		--set victim=/dev/hn_ctl $(cat /etc/suite-options) || rc=1
done
xenlab-signal hostile-done
exit $rc
