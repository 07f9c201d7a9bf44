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

# As in dom0, and as in a guest.
vlinkctl() {
	if [ "${2-}" = --all ]; then
		[ "$where" = dom0 ] || return 2
		printf 'DOMAIN LINK SERVICE\nvm2 p24 vbpipe\nvm3 gfx vrpq\n'
	else
		printf 'LINK SERVICE\np23 vbpipe\ncam vrpq\n'
	fi
}
where=dom0

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
refuses "unknown command 'lst'; did you mean 'list'?" lst
refuses "unknown command 'status'; did you mean 'stat'?" status
refuses "unknown command 'frobnicate'; there are list, show, stat, check, wait, " frobnicate
refuses "list does not take '--timeout'; there are --all, --json, --proc, --help, --version" list --timeout 3
refuses "stat does not take '--nosuch'; there are --json, " stat --nosuch
refuses "stat does not take '--jason'; did you mean '--json'?" stat --jason
refuses "stat does not take '-x'; there are" stat -x
refuses "wait: '--timeout' wants a value" wait --timeout
refuses "list takes no link: unexpected argument 'x'" list x
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
for help in "-h" "watch -h" "attach p -h"; do
	# shellcheck disable=SC2086 # words
	"$program" $help | grep -q '^usage: '
	count $? "vlinkctl $help"
done
"$program" show --version | grep -q '^vlinkctl [0-9]'
count $? "vlinkctl show --version"

# shellcheck source=toolstack/vlinkctl.bash-completion disable=SC1091
. "$3/vlinkctl.bash-completion"
# shellcheck source=toolstack/dts2xl.bash-completion disable=SC1091
. "$3/dts2xl.bash-completion"
completes "list show stat check wait watch attach detach -h --help --version" ""
completes "wait watch" wa
completes "--domain" show --d
completes "vm2 vm3" show --domain ""
completes "p24" check p
completes "gfx p24" detach ""
completes "" wait --timeout ""
where=guest
completes "cam p23" wait ""

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
