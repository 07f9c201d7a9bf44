#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# dom0 holds the clock. Its results are printed when all is over, so that no
# message of a kernel comes in between.

PATH=$PATH:/usr/lib/xen-vlink/bench
# shellcheck source=/dev/null
. /etc/bench.conf
{
	echo "INFO arch $(uname -m)"
	echo "INFO xen $(xl info xen_version)"
	echo "INFO kernel $(uname -r)"
	echo "INFO reps $REPS"
} > /tmp/results
bench-side client "$(xl domid vm2)" /etc/bench.table "$REPS" >> /tmp/results
rc=$?
xenlab-await -t 120 vm2/rc > /dev/null
cat /tmp/results
exit $rc
