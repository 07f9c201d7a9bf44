#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# One end of a connection between ordinary programs, for the scenario vsock-programs:
#
#	vsock_programs.sh prepare			data to be sent
#	vsock_programs.sh serve KEY PROGRAM PORT [CID]	listens; CID: of whom it must be
#	vsock_programs.sh connect KEY PROGRAM PORT CID
#
# The first two PROGRAMs only move files: socat, ncat and python send the data, then the end
# of file, and take what the peer sends until its end of file. Both ways at once. Signals:
# KEY-listening with rc=0; KEY-served and KEY-connected with the exit code and the checksums of what
# was sent and what was received.
#
#	vsock_programs.sh echo KEY PROGRAM PORT		echoes to any number of clients until KEY-stop
#	vsock_programs.sh hold KEY PROGRAM PORT CID	a connection to that until KEY-release
#	vsock_programs.sh sockets KEY PORT		what ss says of this port, to KEY-sockets
#	vsock_programs.sh say KEY PORT CID		the example's client, to an echo
#	vsock_programs.sh cids KEY			CIDs that vlinkctl shows, to KEY-cids
#	vsock_programs.sh datagrams KEY PORT [CID]	echoes datagrams, or has them echoed by CID

DATA=/tmp/vsock-data
# Long enough for any machine, so that what hangs ends as a failure of its own
LIMIT=100

python()
{
	exec timeout $LIMIT python3 /usr/lib/xen-vlink/tests/vsock_programs.py "$@"
}

checksum()
{
	sha256sum < "$1" | cut -d ' ' -f 1
}

# Each program reads what it sends from standard input and writes what it gets to standard
# output. socat has to wait for the other direction when one has ended (-t).
serve_with()
{
	case $1 in
	socat) exec timeout $LIMIT socat -t $LIMIT "VSOCK-LISTEN:$2" - ;;
	ncat) exec timeout $LIMIT ncat --vsock -l "$2" ;;
	python) python serve "$2" "$3" ;;
	esac
}

connect_with()
{
	case $1 in
	socat) exec timeout $LIMIT socat -t $LIMIT - "VSOCK-CONNECT:$3:$2" ;;
	ncat) exec timeout $LIMIT ncat --vsock "$3" "$2" ;;
	python) python connect "$2" "$3" ;;
	esac
}

echo_with()
{
	case $1 in
	socat) exec socat "VSOCK-LISTEN:$2,fork" EXEC:cat ;;
	ncat) exec ncat --vsock -l "$2" -k -e /bin/cat ;;
	example) exec /usr/lib/xen-vlink/examples/vsock-server "$2" ;;
	esac
}

# sockets_of PORT: state, own address and peer's of each socket that has this port at either end
sockets_of()
{
	ss -H --vsock -a -n | awk -v port="$1" '
		$5 ~ (":" port "$") || $6 ~ (":" port "$") { print $2, $5, $6 }' | sort
}

# await_listening PORT PID: there is no event to wait for
await_listening()
{
	local tries=$((LIMIT * 10))

	until sockets_of "$1" | grep -q '^LISTEN '; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] && kill -0 "$2" || return 1
		usleep 100000
	done
}

# report KEY WHAT RC FILE: FILE is what came
report()
{
	xenlab-signal "$1-$2" "rc=$3 sent=$(checksum $DATA) got=$(checksum "$4")"
	rm -f "$4"
}

serve()
{
	local key="$1" got="/tmp/$1-served" pid rc

	(serve_with "$2" "$3" "$4") < $DATA > "$got" &
	pid=$!
	await_listening "$3" $pid
	xenlab-signal "$key-listening" "rc=$?"
	wait $pid
	rc=$?
	report "$key" served $rc "$got"
}

connect()
{
	local key="$1" got="/tmp/$1-connected" rc

	(connect_with "$2" "$3" "$4") < $DATA > "$got"
	rc=$?
	report "$key" connected $rc "$got"
	return $rc
}

echo_server()
{
	local key="$1" pid

	(echo_with "$2" "$3") < /dev/null &
	pid=$!
	await_listening "$3" $pid
	xenlab-signal "$key-listening" "rc=$?"
	xenlab-await -t $LIMIT "$key-stop" > /dev/null
	kill $pid
	wait $pid
	xenlab-signal "$key-stopped"
}

# The line that comes back tells that the connection is up at both ends.
hold()
{
	local key="$1" to="/tmp/$1-to" from="/tmp/$1-from" line='' pid rc

	mkfifo "$to" "$from"
	(connect_with "$2" "$3" "$4") < "$to" > "$from" &
	pid=$!
	exec 3> "$to" 4< "$from"
	# A client that has ended already is reported by its exit code.
	trap '' PIPE
	echo "hold $key" >&3
	# shellcheck disable=SC3045 # busybox has it
	read -r -t $LIMIT line <&4
	xenlab-signal "$key-held" "$line"
	xenlab-await -t $LIMIT "$key-release" > /dev/null
	exec 3>&-
	cat <&4 > /dev/null
	wait $pid
	rc=$?
	rm -f "$to" "$from"
	xenlab-signal "$key-released" "rc=$rc"
}

# It ends with 0 if each text came back.
say()
{
	timeout $LIMIT /usr/lib/xen-vlink/examples/vsock-client -p "$2" "$3" one "two words" three
	xenlab-signal "$1-said" "rc=$?"
}

cids()
{
	xenlab-signal "$1-cids" "$(vlinkctl show | awk '$1 ~ /cid$/ { printf "%s=%s ", $1, $2 }')"
}

# Datagrams have no state that ss would show: the program signals that it listens.
datagrams()
{
	local rc

	(KEY=$1 python ${3:+send-}datagrams "$2" ${3:+"$3"})
	rc=$?
	xenlab-signal "$1-datagrams${3:+-sent}" "rc=$rc"
	return $rc
}

command=$1
shift
case $command in
prepare) head -c 1000003 /dev/urandom > $DATA ;;
serve | connect | hold | datagrams | say | cids) "$command" "$@" ;;
echo) echo_server "$@" ;;
sockets) xenlab-signal "$1-sockets" "$(sockets_of "$2" | tr '\n' ';')" ;;
*) echo "vsock_programs.sh: no such command: $command" >&2; exit 2 ;;
esac
