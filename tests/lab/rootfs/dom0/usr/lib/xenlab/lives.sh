# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For dom0's scripts that have domains live through what an operator does to them, under traffic
# of every service (tests/suites/*_cut.c, with ANNOUNCE_ALIVE); to source after checks.sh. vm2
# is the server's domain, vm3 the client's. A program writes NAME-DOMID-moving-N when its round N
# moves, NAME-DOMID-end-N when that is over, and something else to NAME-DOMID-alive each second
# in which it moves.

WAIT=300			# seconds for what takes as long as the machine needs
PAUSE=130			# seconds; after 120 Linux complains of tasks that wait without reacting
PROGRAMS="pipe vrpq vumem vsock"

# --- what programs say ------------------------------------------------------
#
# What is known of program P in domain D: MOVING_P_D, ENDED_P_D: its last round that moved, that is
# over; ALIVE_P_D: seconds in which it moved. Only counted up, never read again.

SIGNALS=/tool/xenlab/signal
LIVES_EVENTS=/run/lives-events
marks=0

# note NAME: what the signal of this name tells
note()
{
	local program domid what

	program=${1%%-*}
	what=${1#*-}
	domid=${what%%-*}
	case ${what#*-} in
	moving-*) eval "MOVING_${program}_$domid=${what##*-}" ;;
	end-*) eval "ENDED_${program}_$domid=${what##*-}" ;;
	alive) eval "ALIVE_${program}_$domid=\$((ALIVE_${program}_$domid + 1))" ;;
	esac
}

start_listening()
{
	local name

	mkfifo $LIVES_EVENTS
	xenstore-watch $SIGNALS > $LIVES_EVENTS &
	WATCH=$!
	exec 3< $LIVES_EVENTS
	# What was there before is no event.
	for name in $(xenstore-list $SIGNALS | sort -t - -k 4n); do
		note "$name"
	done
}

stop_listening()
{
	kill "$WATCH"
	exec 3<&-
	rm $LIVES_EVENTS
}

# listen SECONDS: to one event
listen()
{
	# shellcheck disable=SC3045 # busybox has it
	read -r -t "$1" path <&3 || return
	note "${path##*/}"
}

# catch_up: with all that was said until now
catch_up()
{
	marks=$((marks + 1))
	xenstore-write $SIGNALS/mark-$marks ""
	path=
	until [ "${path##*/}" = mark-$marks ]; do
		listen $WAIT || { fail "xenstore tells nothing any more"; return; }
	done
	xenstore-rm $SIGNALS/mark-$marks
}

# listen_until COMMAND...: until it succeeds; it is asked again after each event
listen_until()
{
	local end

	now
	end=$((NOW + WAIT * 100))
	until "$@"; do
		now
		[ "$NOW" -lt $end ] || return 1
		listen $WAIT || return 1
	done
}

# known WHAT PROGRAM VM
known()
{
	eval "VALUE=\$((${1}_${2}_\$DOMID_$3))"
}

# each_program COMMAND VM...: COMMAND PROGRAM VM for all
each_program()
{
	local command="$1" vm program

	shift
	for vm; do
		for program in $PROGRAMS; do
			$command "$program" "$vm"
		done
	done
}

remember_one()
{
	local what

	for what in MOVING ENDED ALIVE; do
		known $what "$1" "$2"
		eval "${what}_BEFORE_$1_$2=$VALUE"
	done
}

# is_beyond WHAT PROGRAM VM NUMBER: by so much
is_beyond()
{
	local before

	known "$1" "$2" "$3"
	eval "before=\$${1}_BEFORE_${2}_$3"
	[ "$VALUE" -ge $((before + $4)) ]
}

# meet VM: it may have another id
meet()
{
	eval "DOMID_$1=$(xl domid "$1")"
	each_program remember_one "$1"
}

remember()
{
	catch_up
	each_program remember_one vm2 vm3
}

begins_again()
{
	listen_until is_beyond MOVING "$1" "$2" 1 || fail "$1 in $2 does not begin again"
}

goes_on()
{
	listen_until is_beyond ALIVE "$1" "$2" 3 || fail "$1 in $2 does not go on"
}

has_not_ended()
{
	! is_beyond ENDED "$1" "$2" 1 || fail "$1 in $2 was cut off"
}

# What ended rounds have seen of others' data, or of old data
nothing_is_wrong()
{
	! xenstore-ls -f $SIGNALS | grep -E 'read=wrong|wrong=[1-9]|zero=no|others=[1-9]' || fail "wrong data"
}

# A guest may have 2 KiB of names there.
forget_ended_rounds()
{
	local name program rest domid last

	for name in $(xenstore-list $SIGNALS | grep -E -- '-(moving|end)-[0-9]+$'); do
		program=${name%%-*}
		rest=${name#*-}
		domid=${rest%%-*}
		eval "last=\$((MOVING_${program}_$domid))"
		[ "${name##*-}" -ge "$last" ] || xenstore-rm "$SIGNALS/$name"
	done
}

# tell WHAT: that it is over, and in what time
tell()
{
	says 0 "" vlinkctl check
	nothing_is_wrong
	catch_up
	forget_ended_rounds
	now
	echo "$1: $((NOW - begin))0 ms"
}

# --- what happens to a domain -----------------------------------------------

# Connections end, and begin again over both domains' nodes.
all_begin_again()
{
	each_program begins_again vm2 vm3
	tell "$1"
}

# Connections are none the worse for it.
all_go_on()
{
	each_program goes_on vm2 vm3
	catch_up
	each_program has_not_ended vm2 vm3
	tell "$1"
}

saved()
{
	xl save "$1" /tmp/saved > /dev/null || { fail "xl save $1"; return; }
	xl restore /tmp/saved > /dev/null || fail "xl restore of $1"
	rm -f /tmp/saved
	meet "$1"
	all_begin_again "$1 saved and restored"
}

checkpoint()
{
	xl save -c "$1" /tmp/saved > /dev/null || fail "xl save -c $1"
	rm -f /tmp/saved
	all_begin_again "checkpoint of $1"
}

# There is no room for it: the domain is suspended by then, and goes on.
not_saved()
{
	mount -t tmpfs -o size=8m none /mnt
	! xl save "$1" /mnt/saved > /dev/null 2>&1 || fail "xl save $1 has found room"
	umount /mnt
	all_begin_again "$1 not saved"
}

is_pv()
{
	xl list -l "$1" | grep -q '"type": "pv"'
}

# To this host, without a secure shell. Debian's Xen cannot migrate PV guests.
migrated()
{
	if is_pv "$1"; then
		says 1 "logdirty" xl migrate -s "" "$1" "xl migrate-receive"
		all_go_on "$1 not migrated"
		return
	fi
	xl migrate -s "" "$1" "xl migrate-receive" > /tmp/migrated 2>&1 || { fail "xl migrate $1"; cat /tmp/migrated; }
	meet "$1"
	all_begin_again "$1 migrated"
}

paused()
{
	xl pause "$1"
	sleep $PAUSE
	xl unpause "$1"
	remember
	all_go_on "$1 paused for $PAUSE s"
}

has_vcpus()
{
	[ "$(xl vcpu-list "$1" | awk 'NR > 1 && $5 != "--p"' | wc -l)" = "$2" ]
}

vcpus()
{
	local n

	for n in 2 1; do
		xl vcpu-set "$1" $n || fail "xl vcpu-set $1 $n"
		until_true $WAIT has_vcpus "$1" $n || { fail "$1 has not $n vcpus"; xl vcpu-list "$1"; }
		remember
		all_go_on "$1 with $n processors"
	done
}

mib_of()
{
	xl list "$1" | awk 'NR == 2 { print $3 }'
}

has_mib()
{
	local mib

	mib=$(mib_of "$1")
	[ "$mib" -le "$2" ] && [ "$mib" -ge $(($2 - 1)) ]
}

balloon()
{
	local all mib

	all=$(mib_of "$1")
	for mib in $((all - 24)) "$all"; do
		xl mem-set "$1" "$mib" || fail "xl mem-set $1 $mib"
		until_true $WAIT has_mib "$1" "$mib" || { fail "$1 has not $mib MiB"; xl list "$1"; }
		remember
		all_go_on "$1 with $mib MiB"
	done
}

has_other_id()
{
	local domid

	domid=$(xl domid "$1" 2> /dev/null) && [ "$domid" != "$2" ]
}

# Its kernel ends, and xl starts it anew.
crashed()
{
	local domid

	domid=$(xl domid "$1")
	xl sysrq "$1" c
	until_true $WAIT has_other_id "$1" "$domid" || fail "$1 was not started anew"
	meet "$1"
	all_begin_again "$1 crashed and started anew"
}

# happens EVENT VM
happens()
{
	remember
	now
	begin=$NOW
	"$1" "$2"
}

# Nothing is known of its programs yet.
first_met()
{
	eval "DOMID_$1=none"
	each_program remember_one "$1"
	eval "DOMID_$1=$(xl domid "$1")"
}

# lives ROUNDS EVENT...: each happens to the server's domain, then to the client's
lives()
{
	local left="$1" event

	shift
	start_listening
	now
	begin=$NOW
	first_met vm2
	first_met vm3
	all_begin_again "the beginning"
	while [ "$left" -gt 0 ]; do
		for event; do
			happens "$event" vm2
			happens "$event" vm3
		done
		left=$((left - 1))
	done
	stop_listening
}
