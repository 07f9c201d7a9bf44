#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The server: the agent for vm3's suite.

/usr/lib/xen-vlink/tests/vrpq_agent /dev/large-ctl &
xenlab-signal vm2-agent
xenlab-await vm3-done > /dev/null
