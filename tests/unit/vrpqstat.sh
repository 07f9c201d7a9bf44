#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs the tests of vrpqstat's forms, then the program itself with arguments that
# it has to refuse.
# usage: vrpqstat.sh TEST-PROGRAM VRPQSTAT

set -u
passed=0
failed=0

refuses() { # EXIT-CODE MESSAGE ARGUMENT...
	local wanted=$1 message=$2 said status
	shift 2
	said=$("$vrpqstat" "$@" 2>&1)
	status=$?
	case $status:$said in
	"$wanted":*"$message"*) passed=$((passed + 1)) ;;
	*)
		failed=$((failed + 1))
		printf 'FAIL: vrpqstat %s: exit code %s: %s\n' "$*" "$status" "$said"
		;;
	esac
}

vrpqstat=$2
said=$("$1")
status=$?
printf '%s\n' "$said"
[ $status = 0 ] || failed=$((failed + 1))
[[ $(tail -n 1 <<< "$said") =~ ^vrpqstat:\ ([0-9]+)\ passed ]] && passed=$((passed + BASH_REMATCH[1]))

refuses 1 "/dev/vrpq-none: No such file or directory" /dev/vrpq-none
refuses 1 "/dev/null: not a VRPQ device" null
refuses 1 "vrpq-none: No such file" vrpq-none
refuses 1 "/dev/null: not a VRPQ device" /dev/null
refuses 1 "/: not a VRPQ device" /
refuses 2 "an interval is" /dev/null 0
refuses 2 "an interval is" /dev/null 1x
refuses 2 "an interval is" /dev/null 1e99
refuses 2 "a count is" /dev/null 1 0
refuses 2 "a count is" /dev/null 1 x
refuses 2 "one argument too many: 'x'" /dev/null 1 2 x
refuses 2 "usage:" --nothing
refuses 0 "usage:" --help
refuses 0 "vrpqstat $(sed -n 's/.*XEN_VLINK_VERSION "\(.*\)"/\1/p' include/vlink/version.h)" --version

echo "vrpqstat: $passed passed, $failed failed"
[ $failed = 0 ]
