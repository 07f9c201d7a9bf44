#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The hostile domain: plays VRPQ's client, then its server.

TESTS=/usr/lib/xen-vlink/tests
rc=0
xenlab-await victim-ready > /dev/null
# Patterns of test names are not for this shell.
set -f

# ROLE CLASS: the attacked link is the second of the class
suite()
{
	client=/dev/vrpq-clt-$2 server=/dev/vrpq-srv-$2
	# shellcheck disable=SC2046 # options
	"$TESTS/hostile_vrpq_$1" --set "role=$1" --set control=/dev/hr_procs --set prefix=hr_ \
		--set "client=${client}1" --set "server=${server}1" \
		--set "near_client=${client}0" --set "near_server=${server}0" \
		$(cat /etc/suite-options) || rc=1
}

suite client vogl
suite server vomx
xenlab-signal hostile-done
exit $rc
