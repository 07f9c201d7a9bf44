#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Destroys one of two domains in the middle of the traffic of a hundred connections
# (tests/suites/vsock_cut.c), again and again, first the client's, then the server's. All
# connections of the survivor are reset, how soon is printed; nothing of the dead domain may
# remain, and all goes on with its successor.
#
# /etc/rounds: how often each of the two is destroyed.

ROUNDS=$(cat /etc/rounds)
WAIT=300
SERVICE=vsock
LINK=cut_sockets
CLIENT_END="resets=100 ends=0 others=0 "
SERVER_END=$CLIENT_END
CONNECTION_KB=2048
GRANTS=512
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/cuts.sh disable=SC1091
. /usr/lib/xenlab/cuts.sh

cut_both_in_turn
