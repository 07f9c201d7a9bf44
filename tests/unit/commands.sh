#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vlink-selftest and vlink-bench where there are no links: what they print, and refuse. The rest
# is a matter for domains (the lab's scenario selftest).
# usage: commands.sh BENCH-REPORT DTS2XL

set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VLINK_TESTS=$work VLINK_BENCH=$work
cp tests/suites/own-links.sh examples/selftest/links.dtsi tests/bench/rows.table "$1" "$work/"
passed=0
failed=0

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@"; then passed=$((passed + 1)); else echo "FAIL: $what"; failed=$((failed + 1)); fi
}

# The command ends so, and says something that matches.
says() { # EXIT-CODE PATTERN COMMAND ARGUMENT...
	local code=$1 pattern=$2 command=$3 said got
	shift 3
	case $command in
	vlink-bench) command=tests/bench/vlink-bench ;;
	*) command=tests/suites/$command ;;
	esac
	said=$(sh "$command" "$@" 2>&1)
	got=$?
	[ $got -ne "$code" ] || ! grep -qE -e "$pattern" <<< "$said" || return 0
	echo "$command $*: exit code $got: $said"
	return 1
}

check "help" says 0 '^Usage: vlink-selftest' vlink-selftest --help
check "help of the bench" says 0 '^Usage: vlink-bench' vlink-bench --help
check "missing links are named" says 3 '/dev/selftest-ctl' vlink-selftest
check "with their fragment" says 3 '^&vm2_vdevs' vlink-selftest vumem
check "links of another name" says 3 '/dev/mine-ctl$' vlink-selftest --links mine --server
check "unknown option" says 2 'no option --clients' vlink-selftest --clients
check "unknown suite" says 2 'no suite vpipe' vlink-selftest vpipe
check "bad name" says 2 'no beginning' vlink-selftest --links 'a/b'
check "bad time" says 2 'number of seconds' vlink-selftest --wait soon
check "option without value" says 2 'wants a value' vlink-selftest --links
check "half a fragment" says 2 'two VMs' vlink-selftest --fragment vm2
check "VMs that are none" says 2 'two VMs' vlink-selftest --fragment 'vm2;' vm3
check "missing links of the bench" says 3 '/dev/selftest-poll200' vlink-bench
check "bad count" says 2 'from 1 to 1000' vlink-bench --reps 0
check "bad address" says 2 'no IPv4 address' vlink-bench --address host
check "rows" says 0 '^vrpq.post_syscalls$' vlink-bench --list
check "versions" says 0 '^vlink-selftest @VERSION@' vlink-selftest --version

fragment_is_good() { # OPTION...
	sh tests/suites/vlink-selftest "$@" > "$work/fragment.dtsi" || return 1
	"$dts2xl" -o "$work/configs" "$work/fragment.dtsi" 2> "$work/said" && return
	cat "$work/said"
	return 1
}
dts2xl=$2
check "dts2xl takes the fragment" fragment_is_good --fragment
check "and that of other VMs and names" fragment_is_good --links my-own --fragment vm7 vm9
check "it has the links" grep -q 'peer=vm7.*name=my-own-ctl' "$work/configs/vm9.cfg"

echo "commands: $passed passed, $failed failed"
[ $failed -eq 0 ]
