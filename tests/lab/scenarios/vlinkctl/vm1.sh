#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vlinkctl on real Xen, and what vlinkd makes of links that an administrator detaches, and
# of domains that are renamed, saved and restored, and of a driver domain that restarts.

WAIT=120
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/remote.sh disable=SC1091
. /usr/lib/xenlab/remote.sh

all_is_well()
{
	vlinkctl check > /tmp/check 2>&1
}

await_all()
{
	until_true $WAIT all_is_well || fail "$1: $(cat /tmp/check)"
}

no_node()
{
	! xenstore-exists "$1" 2>/dev/null
}

no_device_of_p23()
{
	no_node /tool/vlink/p23 &&
		! vlinkctl list --all | grep -q '^[^ ]* *p23 .*\(Connected\|Init\)'
}

lists()
{
	says 0 "vm2      p23     vbpipe  vbpipe server 0    vm3      Connected" vlinkctl list --all
	says 0 '{"domain":"vm3","link":"gfx","service":"vumem","class":"vogl","role":"client","unit":0,"peer":"vm2","name":null,"info":null,"keys":{},"state":"Connected","connected":true,"detached":false}' vlinkctl list --all --json
	vlinkctl list --proc
	# A pipe is two links, one each way.
	says 0 "vbpipe,0 serv 1/ON/'' cli 2/ON/'' paddr 0x0
vbpipe,0 serv 2/ON/'' cli 1/ON/'' paddr 0x0" vlinkctl list --proc
	says 0 "vogl,0 serv 2/ON/'' cli 3/ON/'' paddr 0x0" vlinkctl list --all --proc
	says 0 "/dev/vbpipe-vm2" vlinkctl show to-dom0
	says 0 "a b" vlinkctl show --domain vm2 to-dom0
	says 2 "link 'nosuch' is not published to any domain; there are " vlinkctl show --all nosuch
	says 2 "not the name of a link" vlinkctl show ../x
	says 0 "write_bytes" vlinkctl stat
	says 0 '"connections":1' vlinkctl stat --json to-dom0
}

guest_lists()
{
	expect vm2 "vlinkctl check"
	expect vm2 "vlinkctl stat gfx | grep -q 'sessions_total'"
	expect vm3 "vlinkctl stat gfx | grep -q 'buffer_alloc '"
	expect vm3 "vlinkctl show p23 | grep -q 'state  *Connected'"
	expect vm3 "vlinkctl list --proc | grep -q \"^vogl,0 serv 2/ON/'' cli 3/ON/'' paddr\""
	expect vm3 "vlinkctl list --json | grep -q '\"link\":\"p23\"'"
	refuse vm3 "vlinkctl detach p23"
	refuse vm3 "vlinkctl list --all"
}

detach_and_attach()
{
	local watch

	echo "--- detach and attach"
	vlinkctl watch --all --timeout 600 p23 > /tmp/watch &
	watch=$!
	says 2 "link 'p32' is not published to any domain; did you mean 'p23'?" vlinkctl detach p32
	vlinkctl detach --timeout $WAIT p23 || fail "detach"
	no_device_of_p23 || fail "p23 is still there"
	says 1 "link 'p23': is detached: 'vlinkctl attach p23'" vlinkctl check
	says 0 "vm3      p23     vbpipe  vbpipe client 0    vm2      detached" vlinkctl list --all
	expect vm3 "test -c /dev/vbpipe0"
	refuse vm3 "vlinkctl wait --timeout 0 p23"
	expect vm3 "vlinkctl wait --timeout 0 gfx"
	# It holds for a domain that comes back, too.
	xl destroy vm3
	says 1 "vm3 does not run" vlinkctl check gfx
	xl create -q /etc/xen/vm3.cfg < /dev/null
	meet vm3
	expect vm3 "vlinkctl wait --timeout 120 gfx"
	no_device_of_p23 || fail "p23 is back"
	vlinkctl attach --timeout $WAIT p23 || fail "attach"
	await_all "attached"
	# It looks again a moment after something changed.
	until_true 60 grep -q 'vm2 p23 vbpipe server: .* -> Connected$' /tmp/watch
	kill "$watch"
	cat /tmp/watch
	grep -q 'vm3 p23 vbpipe client: Connected -> detached$' /tmp/watch || fail "watch: no detaching"
	grep -q 'vm3 p23 vbpipe client: detached -> withdrawn$' /tmp/watch || fail "watch: no withdrawal"
	grep -q 'vm2 p23 vbpipe server: .* -> Connected$' /tmp/watch || fail "watch: no connection"
}

# What an operator would find in the way of a link, one by one.
faults()
{
	echo "--- faults that vlinkctl check must find"
	expect vm3 "rmmod vbpipe_front"
	until_true $WAIT sh -c "vlinkctl check p23 | grep -q \"vm3 has no driver for it as client: 'modprobe vlink-vbpipe-client' there\"" ||
		fail "no driver: $(vlinkctl check p23)"
	refuse vm3 "vlinkctl check p23 > /tmp/out"
	expect vm3 "grep -q \"this domain has no driver for it as client\" /tmp/out"
	expect vm3 "modprobe vbpipe_front"
	await_all "the driver is back"

	printf 'name = "bad"\nvlink = [ "link=x\n' > /etc/xen/bad.cfg
	says 1 "/etc/xen/bad.cfg:2: " vlinkctl check
	says 0 "all is well" vlinkctl check --config /tmp/good
	rm /etc/xen/bad.cfg

	sed -i 's/link=p23,class=vbpipe,role=client/link=p23,class=vbpipe,role=server/' /etc/xen/vm3.cfg
	says 1 "link 'p23' is a server here and in" vlinkctl check p23
	says 0 "all is well" vlinkctl check gfx
	sed -i 's/link=p23,class=vbpipe,role=server/link=p23,class=vrpq,role=client/' /etc/xen/vm3.cfg
	says 1 "link 'p23' is of class" vlinkctl check p23
	sed -i 's/link=p23,class=vrpq/link=p23,class=nosuch/' /etc/xen/vm3.cfg
	says 1 "link 'p23'" vlinkctl check
	sed -i 's/link=p23,class=nosuch/link=p23,class=vbpipe/' /etc/xen/vm3.cfg
	await_all "the config is right again"

	pid=$(cat /run/vlinkd/pid)
	says 1 "runs already" vlinkd --foreground
	kill -9 "$pid"
	until_true 30 sh -c "! kill -0 $pid 2>/dev/null"
	says 1 "vlinkd does not run: 'systemctl start vlinkd'" vlinkctl check
	says 1 "vlinkd does not run; it will do this when it does" vlinkctl detach gfx
	# Confined as its unit confines it.
	/usr/lib/xen-vlink/tests/confined vlinkd --foreground >> /tmp/vlinkd.log 2>&1 &
	until_true $WAIT sh -c "vlinkctl list --all | grep -q 'gfx .* detached$'" || fail "it was not done"
	vlinkctl attach --timeout $WAIT gfx || fail "attach gfx"
	await_all "after vlinkd"
}

# Who may open a node: the group that udev gives it to.
nodes_for_a_group()
{
	echo "--- nodes"
	expect vm2 'stat -c "%a %g" /dev/vbpipe1 | grep -qx "660 4242"'
	expect vm2 'stat -c "%a %g" /dev/vrpq-srv-vogl0 | grep -qx "660 4242"'
	expect vm2 'start-stop-daemon -S -x /bin/busybox -c user:vlink -- sh -c "exec 3<>/dev/vumem-srv-vogl0 && exec 3<>/dev/vrpq-srv-vogl0"'
	expect vm2 'start-stop-daemon -S -x /bin/busybox -c other:other -- sh -c "exec 3<>/dev/null"'
	refuse vm2 'start-stop-daemon -S -x /bin/busybox -c other:other -- sh -c "exec 3<>/dev/vumem-srv-vogl0"'
}

renamed()
{
	echo "--- renamed"
	xl rename vm3 other
	until_true $WAIT no_device_of_p23 || fail "a link of a domain with another name stays"
	until_true $WAIT no_node "/local/domain/$(xl domid other)/vlink" || fail "it is still published"
	xl rename other vm3
	await_all "renamed back"
}

saved_and_restored()
{
	local old new

	echo "--- saved and restored"
	old=$(xl domid vm3)
	xl save vm3 /tmp/vm3.save || { fail "xl save"; return; }
	until_true $WAIT no_device_of_p23 || fail "a link of a saved domain stays"
	until_true $WAIT no_nodes_of "$old" || fail "nodes of domain $old: $(xenstore-ls -f)"
	xl restore /tmp/vm3.save || { fail "xl restore"; return; }
	rm /tmp/vm3.save
	new=$(xl domid vm3)
	[ "$new" != "$old" ] || fail "the same domain id"
	await_all "restored"
}

# The back ends' domain goes and comes, while the front ends' stays.
driver_domain_restarts()
{
	local old

	echo "--- the driver domain restarts"
	old=$(xl domid vm2)
	xl destroy vm2
	until_true $WAIT no_device_of_p23 || fail "links of the driver domain stay"
	until_true $WAIT no_nodes_of "$old" || fail "nodes of domain $old: $(xenstore-ls -f)"
	xl create -q /etc/xen/vm2.cfg < /dev/null
	meet vm2
	await_all "the driver domain is back"
	expect vm3 "vlinkctl wait --timeout 0"
}

mkdir /tmp/good
cp /etc/xen/*.cfg /tmp/good/
meet vm2
meet vm3
mount -t debugfs debugfs /sys/kernel/debug
await_all "at the beginning"
lists
guest_lists
detach_and_attach
faults
nodes_for_a_group
renamed
driver_domain_restarts
# Last: the loop in the restored guest waits for commands to its former id. arm64 has no
# restoring.
case $(uname -m) in
x86_64) saved_and_restored ;;
esac
cat /tmp/vlinkd.log
conclude "vlinkctl: all steps"
