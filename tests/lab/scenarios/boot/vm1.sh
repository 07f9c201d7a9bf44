#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Proves the lab, seen from dom0: guests, network, signals, the grant tables.

set -eu
grep -q control_d /proc/xen/capabilities
[ "$(xenlab-await -t 200 vm2/state)" = up ]
[ "$(xenlab-await -t 200 vm3/state)" = up ]
xl list
ping -c 1 -W 20 10.77.0.2
xenlab-signal pinged "by $(hostname)"
rc=0
xenlab-await -t 1 never || rc=$?
[ "$rc" -eq 124 ]
xl debug-keys g
xl dmesg | grep -q 'gnttab_usage_print_all'
[ "$(xenlab-await -t 100 vm3/rc)" = 0 ]

# A guest that is made a second time.
[ "$(xenlab-await -t 100 again)" = 1 ]
xl destroy vm4
xl create -q /etc/xen/vm4.cfg
[ "$(xenlab-await -t 200 again)" = 1 ]
