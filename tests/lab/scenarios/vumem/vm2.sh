#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The server: the agent of vm3's suite, then that of the example.

/usr/lib/xen-vlink/tests/vumem_agent /dev/vumem-ctl /dev/vumem-srv-vumem0 &
xenlab-await vm3-done > /dev/null
/usr/lib/xen-vlink/examples/vumem-server vumem-srv-vumem /tmp 1 || exit 1
if [ "$(head -c 4 /tmp/ring.png | tail -c 3)" != PNG ]; then
	echo "the server of the example has saved no PNG"
	exit 1
fi
