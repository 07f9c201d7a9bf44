#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The client: the agent for vm2's suite on the small link, and at the same time the
# suite on the large link, with the agent in vm2.

TESTS=/usr/lib/xen-vlink/tests

$TESTS/vrpq_agent /dev/small-ctl &
xenlab-signal vm3-agent
xenlab-await vm2-agent > /dev/null
# shellcheck disable=SC2046 # options
$TESTS/vrpq_suite --set role=client --set control=/dev/large-ctl \
	--set client=/dev/vrpq-clt-vogl0 --set server=/dev/vrpq-srv-vogl0 \
	--set reqs=131072 --set pmem=2097152 $(cat /etc/suite-options)
rc=$?
echo "vrpq suite in vm3 (client): exit code $rc"
xenlab-signal vm3-done
xenlab-await vm2-done > /dev/null
exit $rc
