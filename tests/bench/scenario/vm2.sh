#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later

PATH=$PATH:/usr/lib/xen-vlink/bench
# shellcheck source=/dev/null
. /etc/bench.conf
# What bench-gnttab shares is more than it is allowed by default.
modprobe xen-gntalloc
echo 8192 > /sys/module/xen_gntalloc/parameters/limit
bench-side server 0 /etc/bench.table "$REPS"
