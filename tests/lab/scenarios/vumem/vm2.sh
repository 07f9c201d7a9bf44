#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The server: the agent of vm3's suite.

/usr/lib/xen-vlink/tests/vumem_agent /dev/vumem-ctl /dev/vumem-srv-vumem0 &
xenlab-await vm3-done > /dev/null
