#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A server's domain with 140 links goes and comes under its client, again and again: all
# links of it are connected each time, though they connect all at once.
#
# /etc/rounds: how often.

ROUNDS=$(cat /etc/rounds)
LINKS=140
DEVICES=180
WAIT=600			# seconds for what takes as long as the machine needs
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh

# nodes_of VM: how many it owns, which count for its quota
nodes_of()
{
	xenstore-ls -f -p / | grep -c "(n$(xl domid "$1")[,)]"
}

all_are_connected()
{
	[ "$(vlinkctl list --all | grep -c Connected)" -eq $((2 * DEVICES)) ]
}

await_server()
{
	xenlab-await -t $WAIT "connected-$(xl domid vm2)" > /dev/null
}

# connected WHEN: the server knows first; then nothing is to be missing at the client
connected()
{
	await_server && until_true 60 all_are_connected && return
	fail "$1: $(vlinkctl list --all | grep -c Connected) of $((2 * DEVICES)) ends are connected"
	vlinkctl check | head -n 20
}

round=0
connected "at the beginning"
echo "$LINKS links, $DEVICES devices: $(nodes_of vm3) nodes of the client's, $(nodes_of vm2) of the server's"
while [ $round -lt "$ROUNDS" ]; do
	round=$((round + 1))
	xl destroy vm2
	xl create -q /etc/xen/vm2.cfg < /dev/null || fail "vm2 cannot be created again"
	now
	begin=$NOW
	await_server
	now
	connected "round $round"
	echo "round $round: all connected $((NOW - begin))0 ms after xl create"
done
conclude "many-links: $LINKS links, $ROUNDS rounds"
