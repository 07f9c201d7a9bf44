#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
echo "hello from $(hostname)"
[ "$(hostname)" = vm2 ] && ! grep -q control_d /proc/xen/capabilities
