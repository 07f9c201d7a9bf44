#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The other domain: sends back what it gets.

mount -t debugfs debugfs /sys/kernel/debug
/usr/lib/xen-vlink/examples/vsock-server > /dev/null &
xenlab-signal neighbour-ready
xenlab-await hostile-done > /dev/null
cat /sys/kernel/debug/vlink/vsock
