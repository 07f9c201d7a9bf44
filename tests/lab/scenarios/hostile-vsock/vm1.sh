#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The neighbour: sends back what the victim sends.

/usr/lib/xen-vlink/examples/vsock-server > /dev/null &
xenlab-signal neighbour-ready
xenlab-await hostile-done > /dev/null
