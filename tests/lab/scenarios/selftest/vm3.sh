#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The client's domain, as an operator has it. Of the suites, which have scenarios of their own, some
# tests will do.

mount -t debugfs debugfs /sys/kernel/debug
rc=0
fail() { echo "FAILED: $*"; rc=1; }

# As a user of the group vlink; all that is said goes to /tmp/said.
as_user() { # EXIT-CODE COMMAND
	start-stop-daemon -S -x /bin/busybox -c user:vlink -- sh -c "$2" > /tmp/said 2>&1
	code=$?
	[ $code -eq "$1" ] || fail "$2: exit code $code, not $1: $(tail -n 5 /tmp/said)"
}

as_user 3 'vlink-selftest --server'
grep -q 'run it without --server here' /tmp/said || fail "without advice: $(cat /tmp/said)"
as_user 3 'vlink-selftest --wait 1 vsock'
grep -q 'vlink-selftest --server' /tmp/said || fail "without advice: $(cat /tmp/said)"
as_user 2 'vlink-bench'
as_user 2 'vlink-selftest vumem'

xenlab-await user-served > /dev/null
as_user 0 'vlink-selftest -- --only open_* --only debugfs* --only low_ports* --only streams_*'
cat /tmp/said
grep -qE '^all suites: [0-9]{2} passed, 0 failed, 3 skipped$' /tmp/said || fail "not these totals"
xenlab-signal user-done

xenlab-await root-served > /dev/null
for suite in "vbpipe --only debugfs* --only *unknown_minor*" "vsock --only low_ports*" \
	     "vrpq --only reason*" "vumem --only *memory_is*"; do
	# shellcheck disable=SC2086 # words; no file has such a name
	vlink-selftest ${suite%% *} -- ${suite#* } > /tmp/said 2>&1 || fail "vlink-selftest $suite: $?"
	cat /tmp/said
	grep -qE '^all suites: [1-9][0-9]* passed, 0 failed' /tmp/said || fail "not these totals"
done
xenlab-signal root-done

xenlab-await bench-served > /dev/null
rows="vbpipe.stream vbpipe.rtt_poll vsock.rtt_limit vrpq.call vumem.map"
# shellcheck disable=SC2086 # a list
vlink-bench --reps 1 --out /tmp/bench $rows > /tmp/table || fail "vlink-bench: $?"
cat /tmp/table
for row in $rows; do
	grep -q "^$row  *[0-9]" /tmp/table || fail "no figure for $row"
done
[ -s /tmp/bench/bench.json ] || fail "no bench.json"
xenlab-signal bench-done
exit $rc
