#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The client: the agent for vm2's suite on the small link, and at the same time the
# suite on the large link, with the agent in vm2; then a part of it again with clients of 32 bits.

TESTS=/usr/lib/xen-vlink/tests

suite()
{
	$TESTS/vrpq_suite --set role=client --set control=/dev/large-ctl \
		--set client=/dev/vrpq-clt-vogl0 --set server=/dev/vrpq-srv-vogl0 \
		--set reqs=131072 --set pmem=2097152 "$@"
}

$TESTS/vrpq_agent /dev/small-ctl &
xenlab-signal vm3-agent
xenlab-await vm2-agent > /dev/null
# shellcheck disable=SC2046 # options
suite $(cat /etc/suite-options)
rc=$?
echo "vrpq suite in vm3 (client): exit code $rc"
if [ -x $TESTS/vrpq_agent32 ] && [ -s /etc/suite-options-32 ]; then
	# shellcheck disable=SC2046 # options
	suite --set agent=$TESTS/vrpq_agent32 $(cat /etc/suite-options-32)
	rc32=$?
	echo "vrpq suite in vm3 (client of 32 bits): exit code $rc32"
	[ $rc32 -eq 0 ] || rc=1
fi
xenlab-signal vm3-done
xenlab-await vm2-done > /dev/null
exit $rc
