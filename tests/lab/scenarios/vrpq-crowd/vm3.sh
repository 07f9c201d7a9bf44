#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The client: as many sessions as there may be, and one that holds all it can get.

xenlab-await vm2-agent > /dev/null
/usr/lib/xen-vlink/tests/vrpq_suite --set role=client --set control=/dev/large-ctl \
	--set client=/dev/vrpq-clt-vogl0 --set server=/dev/vrpq-srv-vogl0 \
	--set reqs=131072 --set pmem=8388608 --only long_crowd_and_hoarder
rc=$?
xenlab-signal vm3-done
exit $rc
