#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Destroys one of two domains in the middle of their transfer, again and again,
# first the client's, then the server's. The other end must see the end of the
# pipe, nothing of the dead domain may remain anywhere, and the transfer must go on
# with the domain's successor. How soon the end was seen is printed. Over a second pipe
# (tests/suites/vbpipe_kept.c) bytes have arrived that nobody had read: they still can be.
#
# /etc/rounds: how often each of the two is destroyed.

ROUNDS=$(cat /etc/rounds)
WAIT=300			# seconds for what takes as long as the machine needs
SERVICE=vbpipe
LINK=cut_pipe
CLIENT_END="read=end write=EPIPE "
SERVER_END=$CLIENT_END
CONNECTION_KB=2048		# both rings, which the client grants
GRANTS=512
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/cuts.sh disable=SC1091
. /usr/lib/xenlab/cuts.sh

before_cut()
{
	xenlab-await -t $WAIT "cut-$1-full-$2" > /dev/null || fail "round $2: nothing arrives at the second pipe"
}

after_cut()
{
	local kept

	kept=$(xenlab-await -t $WAIT "cut-$1-kept-$2")
	echo "  unread at the cut: $kept"
	[ "$kept" = "bytes=131072 end=yes pattern=yes" ] || fail "what had arrived was not all read: '$kept'"
}

cut_both_in_turn
