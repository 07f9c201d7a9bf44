#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Saves and restores a domain, has a checkpoint made of it, and a save fail, under traffic of every
# service (tests/suites/*_cut.c). All waits of the programs end, and they go on over new
# connections, in both domains.
#
# /etc/domains: which ones, in this order; vm2 is the server's, vm3 the client's.

WAIT=300			# seconds for what takes as long as the machine needs
PROGRAMS="pipe vrpq vumem vsock"
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh

# last_round PROGRAM DOMID: the last one that moves, or moved; 0: none
last_round()
{
	xenstore-list /tool/xenlab/signal |
		sed -n "s/^$1-$2-moving-//p" | sort -n | tail -n 1 | grep . || echo 0
}

moves_beyond()
{
	[ "$(last_round "$1" "$2")" -gt "$3" ]
}

# remember VM: the rounds of its programs, in ROUND_program_VM
remember()
{
	local program domid

	domid=$(xl domid "$1")
	for program in $PROGRAMS; do
		eval "ROUND_${program}_$1=$(last_round "$program" "$domid")"
	done
}

remember_both()
{
	remember vm2
	remember vm3
}

# all_move VM: all programs have begun another round since
all_move()
{
	local program domid before

	domid=$(xl domid "$1")
	for program in $PROGRAMS; do
		eval "before=\$ROUND_${program}_$1"
		until_true $WAIT moves_beyond "$program" "$domid" "$before" ||
			fail "$program does not move in $1 since round $before"
	done
}

# What ended rounds have seen of others' data, or of old data
nothing_is_wrong()
{
	xenstore-ls -f /tool/xenlab/signal | grep -E 'read=wrong|wrong=[1-9]|zero=no' &&
		fail "wrong data"
}

forget()
{
	local program

	for program in $PROGRAMS; do
		eval "ROUND_${program}_$1=0"
	done
}

# after WHAT: both domains' programs go on
after()
{
	local begin

	now
	begin=$NOW
	all_move vm2
	all_move vm3
	says 0 "" vlinkctl check
	nothing_is_wrong
	now
	echo "$1: all moves $((NOW - begin))0 ms after it"
}

save_and_restore()
{
	remember_both
	xl save "$1" /tmp/saved > /dev/null || { fail "xl save $1"; return; }
	xl restore /tmp/saved > /dev/null || fail "xl restore of $1"
	rm -f /tmp/saved
	# It has another id, and has reported nothing under it.
	forget "$1"
	after "$1 saved and restored"
}

checkpoint()
{
	remember_both
	xl save -c "$1" /tmp/saved > /dev/null || fail "xl save -c $1"
	rm -f /tmp/saved
	after "checkpoint of $1"
}

# There is no room for it: the domain is suspended by then, and goes on.
cancelled_save()
{
	remember_both
	mount -t tmpfs -o size=8m none /mnt
	! xl save "$1" /mnt/saved > /dev/null 2>&1 || fail "xl save $1 has found room"
	umount /mnt
	after "$1 not saved"
}

forget vm2
forget vm3
after "the beginning"
for vm in $(cat /etc/domains); do
	save_and_restore "$vm"
	checkpoint "$vm"
	cancelled_save "$vm"
done
conclude "save"
