#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The server's domain, as an operator has it: the commands that the package installs, first as
# an ordinary user of the group vlink.

rc=0
fail() { echo "FAILED: $*"; rc=1; }

vlink-selftest --links other --server 2> /tmp/said
[ $? -eq 3 ] || fail "links that are missing were not refused"
grep -q '^ *&vm3_vdevs' /tmp/said || fail "without the fragment: $(cat /tmp/said)"
vlink-selftest --links other --fragment dom5 dom6 > /tmp/said || fail "no fragment"
grep -q '^&dom6_vdevs' /tmp/said || fail "not the fragment of dom6: $(cat /tmp/said)"
! grep -E 'vm[23]|selftest' /tmp/said || fail "not the fragment of these domains and links"

start-stop-daemon -S -m -p /tmp/pid -b -x /bin/busybox -c user:vlink -- sh -c 'exec vlink-selftest --server > /tmp/served 2>&1'
xenlab-signal user-served
xenlab-await user-done > /dev/null
start-stop-daemon -K -p /tmp/pid
cat /tmp/served
! grep -q 'has ended' /tmp/served || fail "an agent has ended"

vlink-selftest --server &
xenlab-signal root-served
xenlab-await root-done > /dev/null
kill $!
wait $! || fail "vlink-selftest --server ended with $?"

vlink-bench --server &
xenlab-signal bench-served
xenlab-await bench-done > /dev/null
kill $!
wait $! || fail "vlink-bench --server ended with $?"
exit $rc
