# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For dom0's scripts that have guests do things a command at a time; to source after
# checks.sh. The guests' rc.local is /usr/lib/xenlab/obey. WAIT is to be
# set: seconds for what takes as long as the machine needs.
#
# shellcheck disable=SC2154 # WAIT

# meet VM: waits for its command loop, after each of its boots
meet()
{
	local domid

	domid=$(xl domid "$1")
	xenlab-await -t "$WAIT" "ready-$1-$domid" > /dev/null || fail "$1 is not there"
	eval "domid_$1=$domid next_$1=1"
}

# forget SIGNAL...: which all have seen. The names of all signals together must not be longer
# than what xenstored lets a guest add to (2 KiB).
forget()
{
	local name

	for name; do
		xenstore-rm "/tool/xenlab/signal/$name" 2> /dev/null
	done
}

# in_vm VM COMMAND: runs it there and returns its exit code
in_vm()
{
	local domid n rc

	eval "domid=\$domid_$1 n=\$next_$1 next_$1=\$((next_$1 + 1))"
	xenlab-signal "do-$domid-$n" "$2"
	rc=$(xenlab-await -t "$WAIT" "did-$domid-$n") || rc=124
	forget "do-$domid-$n" "did-$domid-$n"
	return "$rc"
}

# expect VM COMMAND, refuse VM COMMAND: it must succeed, it must fail
expect()
{
	in_vm "$1" "$2" || fail "$1: '$2' failed ($?)"
}

refuse()
{
	! in_vm "$1" "$2" || fail "$1: '$2' was not refused"
}
