# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For dom0's scripts of scenarios to source: failures are counted, not the end.

failures=0

fail()
{
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# conclude WHAT: the last line, and the script's exit code
conclude()
{
	echo "$1, $failures failures"
	[ $failures -eq 0 ]
}

# Sets NOW: hundredths of a second since the boot, without starting a process.
now()
{
	read -r up _ < /proc/uptime
	# shellcheck disable=SC2034 # for the caller
	NOW=${up%.*}${up#*.}
}

# until_true SECONDS COMMAND...: looks again every tenth of a second. For what has no
# event to wait for.
until_true()
{
	local tries=$(($1 * 10))

	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		usleep 100000
	done
}

# no_nodes_of DOMID: neither its own nor of back ends for it
no_nodes_of()
{
	! xenstore-ls -f /local/domain 2>/dev/null |
		grep -qE "^/local/domain/$1[/ ]|/backend/v[a-z]*/$1[/ ]"
}

# says STATUS TEXT COMMAND...: COMMAND must end with STATUS and say TEXT
says()
{
	local status="$1" text="$2" out rc

	shift 2
	out=$("$@" 2>&1)
	rc=$?
	case $rc:$out in
	"$status":*"$text"*) ;;
	*) fail "'$*' ended with $rc: $out" ;;
	esac
}
