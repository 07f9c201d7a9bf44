#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ordinary programs at both ends of sockets: between vm3 and vm2, and between dom0 and
# vm2. tests/suites/vsock_programs.sh is an end, this has them work and compares.

WAIT=120
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/remote.sh disable=SC1091
. /usr/lib/xenlab/remote.sh

END=/usr/lib/xen-vlink/tests/vsock_programs.sh
PROGRAMS="socat ncat python"
# The first port; each test has one of its own.
port=4000
passed=0
failed=0

# result NAME FAULT: a test has ended; FAULT is empty if all was well
result()
{
	if [ -z "$2" ]; then
		passed=$((passed + 1))
		echo "ok $1"
	else
		failed=$((failed + 1))
		echo "not ok $1: $2"
	fi
}

# at VM COMMAND: runs it there, dom0 included
at()
{
	if [ "$1" = vm1 ]; then
		sh -c "$2" < /dev/null
	else
		in_vm "$1" "$2"
	fi
}

# at_the_same_time VM COMMAND: starts it there
at_the_same_time()
{
	at "$1" "$2 > /dev/console 2>&1 &"
}

# told NAME: prints what an end signals
told()
{
	xenlab-await -t $WAIT "$1" || echo "nothing in $WAIT s"
	forget "$1"
}

# cid VM
cid()
{
	case $1 in
	vm1) echo 2 ;;
	*) echo $(($(xl domid "$1") + 2)) ;;
	esac
}

# field NAME VALUES: of "rc=0 sent=..."
field()
{
	echo "$2" | sed -n "s/.*\b$1=\([^ ]*\).*/\1/p"
}

# fault_of SERVED CONNECTED: what is wrong with the ends' reports
fault_of()
{
	local fault

	if [ "$(field rc "$1")" != 0 ] || [ "$(field rc "$2")" != 0 ]; then
		fault="exit codes"
	elif [ "$(field sent "$1")" != "$(field got "$2")" ]; then
		fault="what the client got is not what the server sent"
	elif [ "$(field sent "$2")" != "$(field got "$1")" ]; then
		fault="what the server got is not what the client sent"
	else
		return
	fi
	echo "$fault (server: $1; client: $2)"
}

next_test()
{
	port=$((port + 1))
	key=p$port
}

# listens NAME VM COMMAND: starts a test's server; if it does not listen, that is the result
listens()
{
	local how

	at_the_same_time "$2" "$3"
	how=$(told $key-listening)
	[ "$how" != rc=0 ] || return 0
	result "$1" "the server does not listen ($how)"
	return 1
}

# stop_echo: ends it, and prints what told() says
stop_echo()
{
	xenlab-signal $key-stop
	told $key-stopped
	forget $key-stop
}

# transfer SERVER-VM PROGRAM CLIENT-VM PROGRAM: files both ways over one connection
transfer()
{
	local name="$3_$4_to_$1_$2" served connected

	next_test
	listens "$name" "$1" "$END serve $key $2 $port $(cid "$3")" || return
	at "$3" "$END connect $key $4 $port $(cid "$1")"
	connected=$(told $key-connected)
	served=$(told $key-served)
	result "$name" "$(fault_of "$served" "$connected")"
}

# refused SERVER-VM CLIENT-VM PROGRAM: nobody listens
refused()
{
	local report

	next_test
	at "$2" "$END connect $key $3 $port $(cid "$1")"
	report=$(told $key-connected)
	case $(field rc "$report") in
	1) result "$2_$3_refused_by_$1" ;;
	*) result "$2_$3_refused_by_$1" "the client ended otherwise than with 1: $report" ;;
	esac
}

# sockets VM: what ss says there of the test's port
sockets()
{
	local n

	asked=$((${asked-0} + 1))
	n=$key-$asked
	at "$1" "$END sockets $n $port"
	told "$n-sockets"
}

# expect_sockets SERVER-VM CLIENT-VM: sets FAULT to what ss has got wrong of the held connection
expect_sockets()
{
	local server client own

	sockets "$1" > /tmp/server
	sockets "$2" > /tmp/client
	server=$(cat /tmp/server)
	client=$(cat /tmp/client)
	echo "ss in $1: $server in $2: $client"
	own=$(echo "$client" | sed -n "s/^ESTAB $(cid "$2"):\([0-9]*\) $(cid "$1"):$port;\$/\1/p")
	if [ -z "$own" ]; then
		FAULT="the client's: $client"
	elif [ "$server" != "ESTAB $(cid "$1"):$port $(cid "$2"):$own;LISTEN *:$port *:*;" ]; then
		FAULT="the server's: $server"
	else
		FAULT=
	fi
}

no_socket()
{
	sockets "$1" > /tmp/left
	[ -z "$(cat /tmp/left)" ]
}

# held SERVER-VM PROGRAM CLIENT-VM PROGRAM: what ss shows of a connection and of its end
held()
{
	local name="ss_$3_$4_to_$1_$2" rest

	next_test
	listens "$name" "$1" "$END echo $key $2 $port" || return
	at_the_same_time "$3" "$END hold $key $4 $port $(cid "$1")"
	rest=$(told $key-held)
	[ "$rest" = "hold $key" ] || FAULT="the echo was '$rest'"
	[ "$rest" != "hold $key" ] || expect_sockets "$1" "$3"
	result "$name" "$FAULT"

	xenlab-signal $key-release
	rest=$(told $key-released)
	FAULT=
	[ "$rest" = rc=0 ] || FAULT="the client ended with $rest"
	result "end_of_$name" "$FAULT"

	rest=$(stop_echo)
	until_true 10 no_socket "$1" || rest="at the server: $(cat /tmp/left)"
	until_true 10 no_socket "$3" || rest="at the client: $(cat /tmp/left)"
	[ "$rest" != 1 ] || rest=''
	forget $key-release
	result "nothing_left_of_$name" "$rest"
}

# datagrams SERVER-VM CLIENT-VM
datagrams()
{
	local name="$2_python_datagrams_to_$1" sent served

	next_test
	listens "$name" "$1" "$END datagrams $key $port" || return
	at "$2" "$END datagrams $key $port $(cid "$1")"
	sent=$(told $key-datagrams-sent)
	served=$(told $key-datagrams)
	[ "$served $sent" = "rc=0 rc=0" ] && sent='' || sent="server: $served, client: $sent"
	result "$name" "$sent"
}

# example SERVER-VM CLIENT-VM: the programs of examples/vsock
example()
{
	local name="$2_example_to_$1" rest

	next_test
	listens "$name" "$1" "$END echo $key example $port" || return
	at "$2" "$END say $key $port $(cid "$1")"
	rest=$(told $key-said)
	[ "$rest" != rc=0 ] || rest=''
	stop_echo > /dev/null
	result "$name" "$rest"
}

# vlinkctl_shows_cids VM PEER-VM
vlinkctl_shows_cids()
{
	local shown

	next_test
	at "$1" "$END cids $key"
	shown=$(told $key-cids)
	case $shown in
	*"cid=$(cid "$1") peer-cid=$(cid "$2") "*) shown='' ;;
	esac
	result "$1_vlinkctl_shows_cids" "$shown"
}

# all_between SERVER-VM CLIENT-VM
all_between()
{
	local server client

	for server in $PROGRAMS; do
		for client in $PROGRAMS; do
			transfer "$1" "$server" "$2" "$client"
		done
	done
	for client in $PROGRAMS; do
		refused "$1" "$2" "$client"
	done
	example "$1" "$2"
	held "$1" socat "$2" ncat
	held "$1" ncat "$2" socat
	datagrams "$1" "$2"
}

meet vm2
meet vm3
for vm in vm2 vm3; do
	expect $vm "vlinkctl wait --timeout 240"
done
for vm in vm1 vm2 vm3; do
	at $vm "$END prepare" || fail "$vm has no data to send"
done
all_between vm2 vm3
all_between vm3 vm2
all_between vm2 vm1
all_between vm1 vm2
vlinkctl_shows_cids vm2 vm3
vlinkctl_shows_cids vm3 vm2
vlinkctl_shows_cids vm1 vm2
echo "vsock_programs: $passed passed, $failed failed"
[ $failed -eq 0 ] || fail "$failed tests"
conclude vsock-programs
