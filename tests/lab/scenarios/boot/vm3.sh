#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Proves the lab, seen from a guest: its overlay and what every domain has.

set -eu
[ "$(hostname)" = vm3 ]
[ "$(cat /etc/laid-over)" = "over vm3" ]
[ "$(xenstore-read name)" = vm3 ]
grep -q ' /dev/shm tmpfs ' /proc/mounts
ping -c 1 127.0.0.1 > /dev/null
strace -o /tmp/trace true
grep -q execve /tmp/trace
[ "$(df -m /tmp | awk 'NR == 2 { print $2 }')" -ge 100 ]
