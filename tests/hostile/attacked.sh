#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# attacked.sh server|client OPTION...: a domain where an attacker, with these options, and honest
# programs are at home, in tests/lab/scenarios/attacker. Honest programs have to go on
# meanwhile, fresh ones have to work afterwards, and everything has to be given back.

TESTS=/usr/lib/xen-vlink/tests
ROLE=$1
shift
# For what takes as long as the machine needs, and for the attacks themselves.
WAIT=$(cat /etc/patience)
MARGIN_KB=8192
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

# What must be the same afterwards; files of no process of ours are not counted.
held()
{
	for module in vlink vbpipe vbpipe_front vbpipe_back vrpq vrpq_front vrpq_back vumem vumem_front \
		vumem_back vlink_vsock vsock_front vsock_back; do
		[ ! -e /sys/module/$module/refcnt ] || echo "$module $(cat /sys/module/$module/refcnt)"
	done
	echo "sockets $(awk '$1 == "AF_VSOCK" { print $3 }' /proc/net/protocols)"
	echo "quarantine $(cat /sys/kernel/debug/vlink/quarantined_pages)"
	awk '{ print "charged", $1, $2 }' /sys/kernel/debug/vlink/charges
}

unreclaimable_kb()
{
	echo 3 > /proc/sys/vm/drop_caches
	awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo
}

account()
{
	held > /tmp/held-before
	slab_before=$(unreclaimable_kb)
}

# What ends by itself has some time for it.
check_account()
{
	local tries=30 slab

	while held > /tmp/held-after; ! cmp -s /tmp/held-before /tmp/held-after; do
		tries=$((tries - 1))
		if [ $tries -eq 0 ]; then
			fail "not everything was given back:"
			diff /tmp/held-before /tmp/held-after
			break
		fi
		sleep 1
	done
	slab=$(unreclaimable_kb)
	echo "attacked: slab that cannot be reclaimed: $slab_before kB before, $slab kB after"
	[ $((slab - slab_before)) -lt $MARGIN_KB ] || fail "slab grew by $((slab - slab_before)) kB"
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
	# Caches are warm from then on.
	attack --rounds 2 --seed 1 > /dev/null || fail "the first attack"
	account
	xenlab-signal vm2-ready
	await vm3-ready
	attack --cid 50002 --cid 50003 "$@" || fail "the attack"
	xenlab-signal vm2-attacked
	await vm3-done
	check_account
	end_neighbours
}

client()
{
	await vm2-ready
	await dom0-ready
	attack --rounds 2 --seed 1 > /dev/null || fail "the first attack"
	account
	honest_client &
	neighbours=$!
	xenlab-signal vm3-ready
	attack --cid 50003 --cid 50002 "$@" || fail "the attack"
	await vm2-attacked
	end_neighbours
	(honest_client --turns 3) || fail "fresh honest programs do not work"
	check_account
	xenlab-signal vm3-done
}

mount -t debugfs debugfs /sys/kernel/debug
case $ROLE in
server) server "$@" ;;
client) client "$@" ;;
esac
cat /sys/kernel/debug/vlink/links /sys/kernel/debug/vlink/vsock
exit $rc
