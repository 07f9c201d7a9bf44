#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vlinkd is killed and started again at random moments while domains are created and
# destroyed. In the end all that run are connected, and of the others nothing is left.
#
# /etc/rounds: how often it is killed at least, and how many domains start and end.
# /etc/seed: begins the random numbers; the date without it. It is printed.

read -r KILLS CYCLES < /etc/rounds
WAIT=300
SEED=$(cat /etc/seed 2>/dev/null || date +%s)
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh

# draw LIMIT: sets DRAWN to a number below LIMIT, which is at most 2^22
draw()
{
	SEED=$(((SEED * 1103515245 + 12345) & 0x7fffffff))
	DRAWN=$(((SEED >> 9) % $1))
}

daemon_starts()
{
	vlinkd --foreground >> /tmp/vlinkd.log 2>&1 &
	DAEMON=$!
}

# Kills the daemon up to a second after its start, and starts the next, until it is told to end.
killer()
{
	local kills=0

	while [ ! -e /tmp/enough ] || [ $kills -lt "$KILLS" ]; do
		daemon_starts
		# Many die before their first round is done, some in the middle of later ones.
		draw 100
		if [ "$DRAWN" -lt 50 ]; then
			draw 60000
		else
			draw 1000000
		fi
		usleep "$DRAWN"
		kill -9 $DAEMON
		wait $DAEMON 2>/dev/null
		kills=$((kills + 1))
		echo $kills > /tmp/kills
	done
}

exists()
{
	xl domid "$1" > /dev/null 2>&1
}

# One domain, drawn, is destroyed or created, at once or after a while.
one_change()
{
	local vm

	draw 3
	vm=vm$((DRAWN + 2))
	draw 1500000
	usleep "$DRAWN"
	if exists $vm; then
		xl destroy $vm
	else
		xl create -q /etc/xen/$vm.cfg < /dev/null || fail "$vm cannot be created"
		cycles=$((cycles + 1))
	fi
}

create_all()
{
	local vm

	for vm in vm2 vm3 vm4; do
		exists $vm || xl create -q /etc/xen/$vm.cfg < /dev/null || fail "$vm cannot be created"
	done
}

all_is_well()
{
	vlinkctl check > /tmp/check 2>&1
}

# What stands in xenstore of domains that are no more, and of devices that are twice there
expect_no_rests()
{
	local domid ids

	ids=$(xenstore-list /local/domain | tr '\n' ' ')
	for domid in $(xenstore-ls -f /local/domain |
		       sed -n 's/^.*\/backend\/v[a-z]*\/\([0-9]*\) = .*/\1/p' | sort -u); do
		case " $ids" in
		*" $domid "*) ;;
		*) fail "a back end's directory of domain $domid, which is no more" ;;
		esac
	done
	for domid in $(xenstore-ls -f /tool/vlink |
		       sed -n 's/^.*end-id = "\([0-9]*\)"$/\1/p' | sort -u); do
		case " $ids" in
		*" $domid "*) ;;
		*) fail "a record of domain $domid, which is no more" ;;
		esac
	done
	# p23, d3, p34 and both services of g24: as many records, front and back ends.
	for what in '/tool/vlink/[^/]*/v[a-z]*/id = ' '/device/v[a-z]*/[0-9]*/link = ' \
		    '/backend/v[a-z]*/[0-9]*/[0-9]*/link = '; do
		[ "$(xenstore-ls -f | grep -c "$what")" = "$1" ] || fail "not $1 times $what"
	done
}

echo "vlinkd-kill: $KILLS kills, $CYCLES starts, seed $SEED"
vlinkctl wait --timeout $WAIT || fail "the link of dom0"
kill -9 "$(cat /run/vlinkd/pid)"
killer &
KILLER=$!
cycles=0
while [ $cycles -lt "$CYCLES" ]; do
	one_change
done
: > /tmp/enough
wait $KILLER
create_all
daemon_starts
until_true $WAIT all_is_well || fail "$(cat /tmp/check)"
expect_no_rests 5
vlinkctl list --all
for vm in vm2 vm3 vm4; do
	xl destroy $vm
done
nothing_is_left()
{
	[ -z "$(xenstore-list /tool/vlink 2>/dev/null)" ] &&
		! xenstore-ls -f /local/domain/0 | grep -q '/backend/v[a-z]*/'
}
until_true $WAIT nothing_is_left || { fail "something is left"; xenstore-ls -f; }
expect_no_rests 0
conclude "vlinkd-kill: $(cat /tmp/kills) kills, $cycles starts"
