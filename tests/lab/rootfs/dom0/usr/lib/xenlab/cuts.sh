# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For dom0's scripts that destroy a domain in the middle of its traffic, again and
# again; to source after checks.sh. The programs of both ends write "cut-DOMID-moving-N"
# and "cut-DOMID-end-N" (tests/suites/*_cut.c). To be set before:
#
#	SERVICE		as in the xenstore paths of devices
#	LINK		its label
#	ROUNDS		how often
#	WAIT		seconds for what takes as long as the machine needs
#	CLIENT_END, SERVER_END	what the report of a surviving client or server begins with
#	CONNECTION_KB	memory that one connection takes
#	GRANTS		what the client's domain grants at least while connected
#
# A scenario may define anew what is called around each cut with the survivor's domain and the
# round: before_cut, after_cut.
#
# shellcheck disable=SC2153,SC2154 # these

EVENTS=/run/cut-events

before_cut()
{
	:
}

after_cut()
{
	:
}

start_watch()
{
	mkfifo $EVENTS
	xenstore-watch /tool/xenlab/signal > $EVENTS &
	WATCH=$!
	exec 3< $EVENTS
}

# await_event SECONDS NAME: until a path that ends in NAME is written
await_event()
{
	# shellcheck disable=SC3045 # busybox has it
	while read -r -t "$1" path <&3; do
		case $path in
		*/"$2") return 0 ;;
		esac
	done
	return 1
}

signal()
{
	xenstore-read "/tool/xenlab/signal/$1" 2>/dev/null
}

# await_moving DOMID ROUND
await_moving()
{
	signal "cut-$1-moving-$2" > /dev/null || await_event "$WAIT" "cut-$1-moving-$2"
}

nothing_left_of()
{
	no_nodes_of "$1" && ! xenstore-exists "/tool/vlink/$LINK" 2>/dev/null
}

no_directories()
{
	[ -z "$(xenstore-list "/local/domain/$1/device/$SERVICE" 2>/dev/null)" ] &&
		[ -z "$(xenstore-list "/local/domain/$1/backend/$SERVICE" 2>/dev/null)" ]
}

no_zombie()
{
	! xl list | grep -q '(null)'
}

# debug_lines KEY DOMID: how many entries Xen prints for a domain
debug_lines()
{
	xl dmesg -c > /dev/null
	xl debug-keys "$1"
	xl dmesg -c | awk -v key="$1" -v domid="$2" '
		key == "e" && /Event channel information for domain/ { mine = ($NF == domid ":") }
		key == "g" && /grant-table for remote/ { mine = ($0 ~ "remote d" domid "[^0-9]") }
		mine && /\[ *(0x)?[0-9a-f]+[]\/]/ { n++ }
		END { print n + 0 }'
}

# The survivor's grants and event channels while it has no peer.
expect_same()
{
	local what="$1" before="$2" after="$3"

	if [ -n "$before" ] && [ "$before" != "$after" ]; then
		fail "$what of the survivor: $after, were $before after the first time"
	fi
}

# cut_once VICTIM SURVIVOR-DOMID ROUND EXPECTED: one destruction and what follows from it
cut_once()
{
	local victim="$1" survivor="$2" round="$3" expected="$4" name="cut-$2-end-$3" dead end value

	dead=$(xl domid "$victim")
	xl destroy "$victim"
	now
	end=$NOW
	if ! await_event "$WAIT" "$name"; then
		fail "the survivor has not reported an end $WAIT s after $victim was destroyed"
		return 1
	fi
	now
	value=$(signal "$name")
	echo "cut $round of $victim (domain $dead): over $((NOW - end))0 ms after the return of xl destroy: $value"
	case $value in
	"$expected"*) ;;
	*) fail "the end looked wrong" ;;
	esac
	available=${value##*available=}
	available=${available%% *}
	current=${value##*current=}

	until_true "$WAIT" nothing_left_of "$dead" || { fail "nodes of domain $dead are left"; xenstore-ls -f | grep -E "/${dead}[/ ]|$LINK"; }
	until_true "$WAIT" no_directories "$survivor" || { fail "directories are left"; xenstore-ls -f "/local/domain/$survivor"; }
	until_true "$WAIT" no_zombie || { fail "a zombie is left"; xl list; }
	grants=$(debug_lines g "$survivor")
	channels=$(debug_lines e "$survivor")
	echo "  survivor: grants $grants, event channels $channels, available ${available} kB, current ${current} kB"
}

# expect_counted SURVIVOR-DOMID: what the leak checks count must be there while connected
expect_counted()
{
	local granted

	granted=$(debug_lines g "$(xl domid vm3)")
	[ "$granted" -ge "$GRANTS" ] || fail "only $granted grants of the client while connected"
	channels=$(debug_lines e "$1")
	echo "  connected: client's grants $granted, survivor's event channels $channels"
	[ -z "$first_channels" ] || [ "$channels" -gt "$first_channels" ] ||
		fail "$channels event channels while connected, $first_channels after"
}

# The round that domain $1 is in: those that ended before do not count.
first_round()
{
	local n=1

	while signal "cut-$1-end-$n" > /dev/null; do
		n=$((n + 1))
	done
	echo $n
}

# cuts VICTIM SURVIVOR EXPECTED
cuts()
{
	local victim="$1" survivor round expected="$3"
	local first_grants='' first_channels='' first_available='' first_current=''

	survivor=$(xl domid "$2")
	round=$(first_round "$survivor")
	local last=$((round + ROUNDS - 1))

	while [ "$round" -le "$last" ]; do
		if ! await_moving "$survivor" "$round"; then
			fail "the traffic of round $round does not move"
			return
		fi
		[ "$round" -ne "$last" ] || expect_counted "$survivor"
		before_cut "$survivor" "$round"
		cut_once "$victim" "$survivor" "$round" "$expected" || return
		after_cut "$survivor" "$round"
		expect_same grants "$first_grants" "$grants"
		expect_same "event channels" "$first_channels" "$channels"
		expect_same "memory (current_kb)" "$first_current" "$current"
		first_grants=${first_grants:-$grants}
		first_channels=${first_channels:-$channels}
		first_available=${first_available:-$available}
		first_current=${first_current:-$current}
		xl create -q "/etc/xen/$victim.cfg" < /dev/null || fail "$victim cannot be created again"
		round=$((round + 1))
	done
	# Half of what the connections would have leaked; less is the noise of a small system.
	if [ $((first_available - available)) -gt $((CONNECTION_KB * (ROUNDS - 1) / 2 + 4096)) ]; then
		fail "the survivor's memory shrank from $first_available to $available kB"
	fi
	await_moving "$survivor" "$round" || fail "no traffic after the last cut"
	await_moving "$(xl domid "$victim")" 1 || fail "no traffic in the last $victim"
}

# First the client's domain, then the server's.
cut_both_in_turn()
{
	start_watch
	echo "$SERVICE-destroy: $ROUNDS times the client's domain"
	cuts vm3 vm2 "$SERVER_END"
	echo "$SERVICE-destroy: $ROUNDS times the server's domain"
	cuts vm2 vm3 "$CLIENT_END"
	kill "$WATCH"
	conclude "$SERVICE-destroy: $((2 * ROUNDS)) cuts"
}
