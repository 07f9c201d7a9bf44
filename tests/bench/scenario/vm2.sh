#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later

PATH=$PATH:/usr/lib/xen-vlink/bench
# shellcheck source=/dev/null
. /etc/bench.conf
bench-side server 0 /etc/bench.table "$REPS"
