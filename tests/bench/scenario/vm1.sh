#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# dom0 holds the clock. Its results are printed once more when all is over, so
# that no message of a kernel comes in between.

PATH=$PATH:/usr/lib/xen-vlink/bench
# shellcheck source=/dev/null
. /etc/bench.conf
results=/tmp/results
{
	echo "INFO arch $(uname -m)"
	echo "INFO xen $(xl info xen_version)"
	echo "INFO kernel $(uname -r)"
	echo "INFO reps $REPS"
} > $results

bench-side client "$(xl domid vm2)" /etc/bench.table "$REPS" | while read -r line; do
	echo "$line" >> $results
	echo "now: $line"
done
xenlab-await -t 120 vm2/rc > /dev/null
cat $results
! grep -q '^FAIL' $results
