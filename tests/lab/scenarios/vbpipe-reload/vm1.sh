#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Modules, devices and a domain go away under a transfer and come back: vm2
# serves, vm3 is the client; dom0 tells both what to do.

WAIT=300
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/remote.sh disable=SC1091
. /usr/lib/xenlab/remote.sh

# start VM: a transfer, whose rounds count from 1 again
start()
{
	local domid

	eval "domid=\$domid_$1 round_$1=1"
	for what in $(xenstore-list /tool/xenlab/signal | grep "^pipe-$domid-"); do
		xenstore-rm "/tool/xenlab/signal/$what"
	done
	expect "$1" "/usr/lib/xen-vlink/tests/vbpipe_transfer /dev/re 4096 > /dev/console 2>&1 &"
}

stop()
{
	expect "$1" "killall vbpipe_transfer; while pidof vbpipe_transfer; do usleep 50000; done"
}

# What stands behind a link that does not come up
show_state()
{
	local vm

	for vm in vm2 vm3; do
		in_vm $vm "mount -t debugfs debugfs /sys/kernel/debug; cat /sys/kernel/debug/vlink/links /sys/kernel/debug/vlink/vbpipe > /dev/console"
		# shellcheck disable=SC2016 # expanded there
		in_vm $vm 'grep vbpipe /proc/interrupts; for i in /proc/[0-9]*/task/*/stack; do grep -q "vlink\|vbpipe" $i && echo $i && cat $i; done'
	done
	xenstore-ls -f | grep -E "vbpipe|vlink"
}

# moving VM...: waits until the current round of each moves
moving()
{
	local vm domid n

	for vm; do
		eval "domid=\$domid_$vm n=\$round_$vm"
		xenlab-await -t $WAIT "cut-$domid-moving-$n" > /dev/null ||
			{ fail "$vm: round $n does not move"; show_state; }
	done
}

# ended VM...: the current round of each must end as that of a closed pipe does
ended()
{
	local vm domid n how

	for vm; do
		eval "domid=\$domid_$vm n=\$round_$vm round_$vm=\$((round_$vm + 1))"
		how=$(xenlab-await -t 30 "cut-$domid-end-$n") || fail "$vm: round $n has not ended"
		case $how in
		"read=end write=EPIPE "*) echo "$vm: round $n ended: $how" ;;
		*) fail "$vm: round $n ended with '$how'" ;;
		esac
	done
}

modules_with_open_files_stay()
{
	echo "--- rmmod with open files is refused, and the transfer goes on"
	refuse vm2 "rmmod vbpipe_back"
	refuse vm2 "rmmod vbpipe"
	refuse vm2 "rmmod vlink"
	refuse vm3 "rmmod vbpipe_front"
	for vm in vm2 vm3; do
		# shellcheck disable=SC2016 # expanded there
		expect $vm 'a=$(cat /sys/class/vbpipe/re/read_bytes); for i in $(seq 300); do [ "$(cat /sys/class/vbpipe/re/read_bytes)" -gt $((a + 1000000)) ] && exit 0; usleep 100000; done; exit 1'
	done
}

rebind_client()
{
	echo "--- the client's device is unbound and bound again"
	expect vm3 "echo vbpipe-0 > /sys/bus/xen/drivers/vbpipe/unbind"
	ended vm2 vm3
	refuse vm3 "cat /sys/bus/xen/drivers/vbpipe/vbpipe-0/nodename"
	expect vm3 "echo vbpipe-0 > /sys/bus/xen/drivers/vbpipe/bind"
	moving vm2 vm3
}

rebind_server()
{
	local device

	# shellcheck disable=SC2154 # set by meet
	device="vbpipe-$domid_vm3-0"
	echo "--- the server's device is unbound and bound again"
	expect vm2 "echo $device > /sys/bus/xen-backend/drivers/vbpipe/unbind"
	ended vm2 vm3
	expect vm2 "echo $device > /sys/bus/xen-backend/drivers/vbpipe/bind"
	moving vm2 vm3
}

# reload VM PEER MODULE
reload()
{
	echo "--- $3 is removed and loaded again in $1"
	stop "$1"
	ended "$2"
	expect "$1" "rmmod $3"
	refuse "$1" "test -e /dev/re"
	expect "$1" "modprobe $3 && test -c /dev/re"
	start "$1"
	moving "$1" "$2"
}

# reload_all VM PEER MODULE: the link layer too, which then asks for the rest
reload_all()
{
	echo "--- all modules are removed and loaded again in $1"
	stop "$1"
	ended "$2"
	expect "$1" "rmmod $3 && rmmod vbpipe && rmmod vlink"
	refuse "$1" "test -e /dev/re || test -e /sys/module/vlink"
	expect "$1" "modprobe vlink; for i in \$(seq 300); do test -c /dev/re && exit 0; usleep 100000; done; exit 1"
	start "$1"
	moving "$1" "$2"
}

is_gone()
{
	! xl domid "$1" > /dev/null 2>&1
}

# reboot VM PEER: orderly, as a user would do it
reboot_vm()
{
	echo "--- $1 is rebooted"
	xl reboot -w "$1"
	until_true 30 is_gone "$1" || fail "$1 does not go down"
	ended "$2"
	xl create -q "/etc/xen/$1.cfg" < /dev/null || fail "$1 cannot be created again"
	meet "$1"
	expect "$1" "vlinkctl wait --timeout 240"
	start "$1"
	moving "$1" "$2"
}

meet vm2
meet vm3
expect vm2 "vlinkctl wait --timeout 240"
expect vm3 "vlinkctl wait --timeout 240"
start vm2
start vm3
moving vm2 vm3
modules_with_open_files_stay
rebind_client
rebind_server
reload vm3 vm2 vbpipe_front
reload vm2 vm3 vbpipe_back
reload_all vm3 vm2 vbpipe_front
reload_all vm2 vm3 vbpipe_back
reboot_vm vm3 vm2
reboot_vm vm2 vm3
conclude "vbpipe-reload: all steps"
