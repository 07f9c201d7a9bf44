#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The server: the agent for vm3's suite on the large link, and at the same time the
# suite on the small link, with the agent in vm3.

TESTS=/usr/lib/xen-vlink/tests

$TESTS/vrpq_agent /dev/large-ctl &
xenlab-signal vm2-agent
xenlab-await vm3-agent > /dev/null
# shellcheck disable=SC2046 # options
$TESTS/vrpq_suite --set role=server --set control=/dev/small-ctl \
	--set client=/dev/vrpq-clt-vomx0 --set server=/dev/vrpq-srv-vomx0 \
	--set reqs=256 --set pmem=262144 $(cat /etc/suite-options)
rc=$?
echo "vrpq suite in vm2 (server): exit code $rc"
xenlab-signal vm2-done
xenlab-await vm3-done > /dev/null
exit $rc
