#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2317 # conditions are called by name
#
# vlinkd on real Xen: nodes, permissions, peers that go and come, kill -9.

LIMIT=600
rc=0

fail()
{
	echo "FAILED: $*"
	rc=1
}

# until_true COMMAND...: looks again at every change below /local/domain and
# /tool/vlink until COMMAND succeeds
until_true()
{
	local fifo watch ok=1

	fifo=$(mktemp -u)
	mkfifo "$fifo"
	timeout $LIMIT xenstore-watch /local/domain /tool/vlink > "$fifo" &
	watch=$!
	while read -r _; do
		if "$@"; then
			ok=0
			break
		fi
	done < "$fifo"
	kill $watch 2>/dev/null
	rm -f "$fifo"
	return $ok
}

# await_log TEXT: until the daemon's log says so
await_log()
{
	local fifo tail line ok=1

	fifo=$(mktemp -u)
	mkfifo "$fifo"
	timeout $LIMIT tail -n +1 -f /tmp/vlinkd.log > "$fifo" &
	tail=$!
	while read -r line; do
		case $line in
		*"$1"*)
			ok=0
			break
			;;
		esac
	done < "$fifo"
	kill $tail 2>/dev/null
	rm -f "$fifo"
	return $ok
}

reads()
{
	[ "$(xenstore-read "$1" 2>/dev/null)" = "$2" ]
}

absent()
{
	! xenstore-exists "$1" 2>/dev/null
}

expect()
{
	local what="$1"

	shift
	until_true "$@" || fail "$what"
}

# perms PATH: the permissions of one node
perms()
{
	local name="${1##*/}"

	xenstore-ls -p "${1%/*}" | sed -n "s/^$name = \".*\"[ .]*(\(.*\))\$/\1/p"
}

expect_perms()
{
	[ "$(perms "$1")" = "$2" ] || fail "permissions of $1: '$(perms "$1")', not '$2'"
}

record()
{
	xenstore-read "/tool/vlink/p23/vbpipe/$1" 2>/dev/null
}

# The device of p23 stands in both domains, connected.
connected()
{
	local d2 d3 id

	d2=$(xl domid vm2 2>/dev/null)
	d3=$(xl domid vm3 2>/dev/null)
	id=$(record id)
	[ -n "$d2" ] && [ -n "$d3" ] && [ -n "$id" ] || return 1
	[ "$(record frontend-id)" = "$d3" ] && [ "$(record backend-id)" = "$d2" ] || return 1
	reads "/local/domain/$d3/device/vbpipe/$id/backend" "/local/domain/$d2/backend/vbpipe/$d3/$id" &&
		reads "/local/domain/$d2/backend/vbpipe/$d3/$id/frontend" "/local/domain/$d3/device/vbpipe/$id" &&
		reads "/local/domain/$d3/device/vbpipe/$id/state" 4 &&
		reads "/local/domain/$d2/backend/vbpipe/$d3/$id/state" 4
}

# Nothing is left of p23 between these two domains.
gone()
{
	absent "/tool/vlink/p23" && absent "/local/domain/$1/backend/vbpipe/$2" &&
		absent "/local/domain/$2/device/vbpipe"
}

daemon()
{
	pidof vlinkd
}

kill_daemon()
{
	local pid

	pid=$(daemon)
	[ -n "$pid" ] || fail "vlinkd does not run"
	kill -9 "$pid"
	while kill -0 "$pid" 2>/dev/null; do
		wait "$pid" 2>/dev/null || :
	done
}

# Starts a daemon that logs to /tmp/vlinkd.log.
start_daemon()
{
	vlinkd --foreground >> /tmp/vlinkd.log 2>&1 &
}

# ---- the nodes, and who may read them ----

vlinkctl wait --timeout $LIMIT || fail "the link of dom0"
expect "p23 is not connected" connected
D2=$(xl domid vm2)
D3=$(xl domid vm3)
expect_perms "/local/domain/$D2/vlink" "n0,r$D2"
expect_perms "/local/domain/$D2/vlink/vbpipe/p23" "n0,r$D2"
expect_perms "/local/domain/$D2/vlink/vbpipe/p23/info" "n0,r$D2"
expect_perms "/local/domain/0/vlink/vbpipe/to-dom0/role" "n0"
expect_perms "/local/domain/$D3/device/vbpipe" "n0,r$D3"
expect_perms "/local/domain/$D3/device/vbpipe/0" "n0,b$D3,r$D2"
expect_perms "/local/domain/$D3/device/vbpipe/0/link" "n0,b$D3,r$D2"
expect_perms "/local/domain/$D2/backend/vbpipe/$D3" "n0,r$D2"
expect_perms "/local/domain/$D2/backend/vbpipe/$D3/0" "n0,b$D2,r$D3"
expect_perms "/local/domain/0/backend/vbpipe/$D2/0" "n0,r$D2"
expect_perms "/local/domain/$D2/device/vbpipe/0" "n0,b$D2"
expect_perms "/tool/vlink" "n0"
expect_perms "/tool/vlink/p23/vbpipe/id" "n0"
reads "/local/domain/$D3/vm" "/vm/$(record frontend-uuid)" || fail "uuid of vm3"
reads "/local/domain/$D2/vm" "/vm/$(record backend-uuid)" || fail "uuid of vm2"
vlinkctl list --all
[ "$(vlinkctl list --all | grep -c Connected)" = 4 ] || fail "vlinkctl list --all"

xenlab-signal vm1-looks-on
xenlab-await -t $LIMIT vm2-looked > /dev/null || fail "vm2 did not look"

# ---- killed and started again: nothing changes ----

kill_daemon
xenstore-ls -p /tool/vlink > /tmp/before
xenstore-ls -p "/local/domain/$D2/vlink" >> /tmp/before
xenstore-ls -p "/local/domain/$D3/device/vbpipe" >> /tmp/before
# A sign that its first round is done: what nobody needs is gone.
xenstore-write "/tool/vlink/orphan/vbpipe/id" 7
start_daemon
expect "an orphan record stays" absent /tool/vlink/orphan
xenstore-ls -p /tool/vlink > /tmp/after
xenstore-ls -p "/local/domain/$D2/vlink" >> /tmp/after
xenstore-ls -p "/local/domain/$D3/device/vbpipe" >> /tmp/after
diff /tmp/before /tmp/after || fail "a restart has changed something"

# ---- the peer goes ----

xl destroy vm3
expect "xl destroy leaves something" gone "$D2" "$D3"
absent "/local/domain/$D3" || fail "the home of vm3 is there again"
xenlab-signal vm3-destroyed
xenlab-await -t $LIMIT vm2-waits > /dev/null || fail "vm2 did not notice"
xl create -q /etc/xen/vm3.cfg
expect "p23 does not come back" connected
xenlab-await -t $LIMIT vm2-reconnected > /dev/null || fail "vm2 did not reconnect"

# ---- the peer goes and comes while no daemon runs ----

D3=$(xl domid vm3)
kill_daemon
xl destroy vm3
xl create -q /etc/xen/vm3.cfg
start_daemon
expect "p23 does not come back after a restart" connected
absent "/local/domain/$D2/backend/vbpipe/$D3" || fail "rests of domain $D3"

# ---- a bad config is told of once, and costs no other ----

printf 'name = "bad"\nvlink = [ "link=x\n' > /etc/xen/bad.cfg
await_log 'bad.cfg:2' || fail "nothing is said of the bad config"

# ---- the domain restarts by itself, while the daemon is killed again and again ----

D3=$(xl domid vm3)
xenlab-signal reboot-vm3 "$D3"
kills=0
vm3_is_new()
{
	connected && [ "$(record frontend-id)" != "$D3" ]
}
killed_until_vm3_is_new()
{
	vm3_is_new && return
	kill_daemon
	start_daemon
	kills=$((kills + 1))
	return 1
}
expect "p23 does not come back after a reboot" killed_until_vm3_is_new
echo "vlinkd was killed $kills times while vm3 restarted"
[ $kills -gt 3 ] || fail "that is not often"
absent "/local/domain/$D2/backend/vbpipe/$D3" || fail "rests of domain $D3"
vlinkctl list --all

# ---- files that come and go, and say nothing of links that run ----

ID=$(record id)
cp /etc/xen/vm3.cfg /etc/xen/vm3-old.cfg
sed -i 's/unit=0/unit=9/' /etc/xen/vm3-old.cfg
await_log "vm3-old.cfg: domain 'vm3' has links in other cfgs as well; what runs of them stays" ||
	fail "nothing is said of the second config"
rm /etc/xen/vm3-old.cfg
mv /etc/xen/vm3.cfg /etc/xen/vm3.away
await_log "no cfg that can be read is that of domain 'vm3'; its links stay" ||
	fail "nothing is said of the config that is gone"
mv /etc/xen/vm3.away /etc/xen/vm3.cfg
{ connected && [ "$(record id)" = "$ID" ]; } || fail "files have ended a link"

# ---- a link that is taken out of the configs ----

sed -i '/link=p23/d' /etc/xen/vm3.cfg
D3=$(xl domid vm3)
expect "a link without config stays" gone "$D2" "$D3"
absent "/local/domain/$D3/vlink" || fail "it is still published"
grep -q "has no such link" /tmp/vlinkd.log || fail "nothing is said of the end that is left"
vlinkctl wait --timeout 0 || fail "the other link was hurt"

cat /tmp/vlinkd.log
exit $rc
