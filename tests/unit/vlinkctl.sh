#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs the tests of vlinkctl's commands, then the program with arguments that it has to
# refuse, and the completion of bash with a vlinkctl that is played.
# usage: vlinkctl.sh TEST-PROGRAM VLINKCTL DIRECTORY-OF-COMPLETIONS

set -u
passed=0
failed=0
program=$2

count() { # GOOD WHAT
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL: $2"
	fi
}

refuses() { # MESSAGE ARGUMENT...
	local message=$1 said status
	shift
	said=$("$program" "$@" 2>&1)
	status=$?
	case $status:$said in
	2:*"$message"*) count 0 ;;
	*) count 1 "vlinkctl $*: exit code $status: $said" ;;
	esac
}

vlinkctl() {
	[ "$2" = --all ] || return 1
	printf 'DOMAIN LINK SERVICE\nvm2 p24 vbpipe\nvm3 gfx vrpq\n'
}

completes() { # WANTED WORD...
	local wanted=$1
	shift
	COMP_WORDS=(vlinkctl "$@")
	COMP_CWORD=$#
	_vlinkctl vlinkctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	[ "${COMPREPLY[*]}" = "$wanted" ]
	count $? "completing '$*': ${COMPREPLY[*]}"
}

said=$("$1")
status=$?
printf '%s\n' "$said"
read -r passed failed < <(printf '%s\n' "$said" |
	sed -n 's/^vlinkctl: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p')
[ "$status" = 0 ] || failed=$((failed + 1))

refuses "a command is missing"
refuses "unknown command 'lst'" lst
refuses "wrong use of 'list'" list --timeout 3
refuses "wrong use of 'stat'" stat --nosuch
refuses "unexpected argument 'x'" list x
refuses "exclude each other" list --json --proc
refuses "'-1' is not a number of seconds" wait --timeout -1
refuses "'99999999999' is not a number of seconds" wait --timeout 99999999999
refuses "'../x' is not the name of a link" show ../x
refuses "'' is not the name of a link" check ""
refuses "detach wants a link" detach
"$program" --help | grep -q '^detach  '
count $? "vlinkctl --help"
[ "$("$program" --version)" = "vlinkctl $(sed -n 's/.*XEN_VLINK_VERSION "\(.*\)"/\1/p' include/vlink/version.h)" ]
count $? "vlinkctl --version"
"$program" watch --help | grep -q '^usage: '
count $? "vlinkctl watch --help"

# shellcheck source=toolstack/vlinkctl.bash-completion disable=SC1091
. "$3/vlinkctl.bash-completion"
# shellcheck source=toolstack/dts2xl.bash-completion disable=SC1091
. "$3/dts2xl.bash-completion"
completes "list show stat check wait watch attach detach --help --version" ""
completes "wait watch" wa
completes "--domain" show --d
completes "vm2 vm3" show --domain ""
completes "p24" check p
completes "gfx p24" detach ""
completes "" wait --timeout ""

dts2xl() {
	printf 'Usage\n  -o, --output DIR  where\n      --classes FILE  the-classes\n      --force\n'
}
COMP_WORDS=(dts2xl --)
COMP_CWORD=1
_dts2xl dts2xl -- dts2xl
[ "${COMPREPLY[*]}" = "--classes --force --output" ]
count $? "completing dts2xl's options: ${COMPREPLY[*]}"

echo "vlinkctl: $passed passed, $failed failed"
[ "$failed" = 0 ]
