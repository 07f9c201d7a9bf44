#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Proves the lab, seen from a guest with a network interface.

set -eu
[ "$(hostname)" = vm2 ]
if grep -q control_d /proc/xen/capabilities; then
	exit 1
fi
[ "$(xenlab-await -t 250 pinged)" = "by vm1" ]
ping -c 1 -W 20 10.77.0.1
# Nothing but udev asks for the driver.
grep -q '^xen_netfront ' /proc/modules
