#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The clients: the suite, with the agent in vm2, then that of the example.

# shellcheck disable=SC2046 # options
/usr/lib/xen-vlink/tests/vumem_suite --set control=/dev/vumem-ctl \
	--set client=/dev/vumem-clt-vumem0 $(cat /etc/suite-options)
rc=$?
echo "vumem suite in vm3: exit code $rc"
xenlab-signal vm3-done
/usr/lib/xen-vlink/examples/vumem-client vumem-clt-vumem || exit 1
exit $rc
