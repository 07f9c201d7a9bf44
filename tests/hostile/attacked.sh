#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# attacked.sh server|client OPTION...: a domain where an attacker, with these options, and honest
# programs are at home, in tests/lab/scenarios/attacker. Honest programs have to go on
# meanwhile, fresh ones have to work afterwards, and everything has to be given back.

TESTS=/usr/lib/xen-vlink/tests
VLINK=/sys/kernel/debug/vlink
ROLE=$1
shift
# For what takes as long as the machine needs, and for the attacks themselves.
WAIT=$(cat /etc/patience)
rc=0

fail()
{
	echo "FAILED: $*"
	rc=1
}

attack()
{
	# The more users may do, the better.
	echo 1 > /proc/sys/vm/unprivileged_userfaultfd
	[ ! -e /proc/sys/kernel/yama/ptrace_scope ] || echo 0 > /proc/sys/kernel/yama/ptrace_scope
	# A segment of shared memory is nobody's after its maker was killed.
	echo 1 > /proc/sys/kernel/shm_rmid_forced
	$TESTS/attacker --user 2001 --group 4242 --outsider 2002 --near vrpq-srv-vomx0 \
		--near vrpq-clt-vomx0 --near vumem-srv-vomx0 --near vumem-clt-vomx0 --cid 2 "$@"
}

# In a process of their own, of which nothing else is left.
honest()
{
	exec $TESTS/neighbour --user 2003 --group 4242 "$@"
}

honest_client()
{
	honest client --vrpq /dev/vrpq-clt-vomx0 --vumem /dev/vumem-clt-vomx0 --pipe /dev/near-pipe \
		--socket 2 --socket 50002 "$@"
}

await()
{
	xenlab-await -t "$WAIT" "$1" > /dev/null || fail "no signal $1"
}

# What the link layer keeps for processes, or until the peer has unmapped it. The lab compares
# all else that a domain holds.
kept()
{
	awk '$1 > 0 { print "quarantined", $1 }' $VLINK/quarantined_pages || echo unknown
	awk '$2 > 0' $VLINK/charges || echo unknown
}

# The other domain gives back, too: that has some time.
check_kept()
{
	local tries=30

	while [ -n "$(kept)" ]; do
		tries=$((tries - 1))
		if [ $tries -eq 0 ]; then
			fail "not everything was given back:"
			kept
			break
		fi
		sleep 1
	done
}

end_neighbours()
{
	kill "$neighbours"
	wait "$neighbours" || fail "honest programs were harmed"
}

server()
{
	honest server --vrpq /dev/vrpq-srv-vomx0 --vumem /dev/vumem-srv-vomx0 \
		--pipe /dev/near-pipe --socket any &
	neighbours=$!
	xenlab-signal vm2-ready
	await vm3-ready
	attack --cid 50002 --cid 50003 "$@" || fail "the attack"
	xenlab-signal vm2-attacked
	await vm3-done
	end_neighbours
	check_kept
}

client()
{
	await vm2-ready
	await dom0-ready
	honest_client &
	neighbours=$!
	xenlab-signal vm3-ready
	attack --cid 50003 --cid 50002 "$@" || fail "the attack"
	await vm2-attacked
	end_neighbours
	(honest_client --turns 3) || fail "fresh honest programs do not work"
	xenlab-signal vm3-done
	check_kept
}

mount -t debugfs debugfs /sys/kernel/debug
case $ROLE in
server) server "$@" ;;
client) client "$@" ;;
esac
cat $VLINK/links $VLINK/vsock
exit $rc
