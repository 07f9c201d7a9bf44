#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Destroys one of two domains in the middle of the traffic of a hundred connections
# (tests/suites/vsock_cut.c), again and again, first the client's, then the server's. All
# connections of the survivor are reset within a second; nothing of the dead domain may
# remain, and all goes on with its successor.
#
# /etc/rounds: how often each of the two is destroyed.

ROUNDS=$(cat /etc/rounds)
LIMIT=100
WAIT=300
SERVICE=vsock
LINK=cut_sockets
END="resets=100 ends=0 others=0 "
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/cuts.sh disable=SC1091
. /usr/lib/xenlab/cuts.sh

start_watch
echo "vsock-destroy: $ROUNDS times the client's domain"
cuts vm3 vm2 "$END"
echo "vsock-destroy: $ROUNDS times the server's domain"
cuts vm2 vm3 "$END"
kill "$WATCH"
conclude "vsock-destroy: $((2 * ROUNDS)) cuts"
