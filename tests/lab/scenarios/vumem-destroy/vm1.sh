#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Destroys one of two domains while the client has a thousand buffers mapped
# (tests/suites/vumem_cut.c), again and again, first the client's, then the server's.
# A client sees EPIPE and zeros; a server EPIPE, and no page stays pinned. Nothing of the
# dead domain may remain, and all goes on with its successor.
#
# /etc/rounds: how often each of the two is destroyed.

ROUNDS=$(cat /etc/rounds)
WAIT=300
SERVICE=vumem
LINK=cut_buffers
CLIENT_END="ctl=EPIPE alloc=EPIPE zero=yes "
SERVER_END="receive=EPIPE buffers=1000 pinned=0 quarantined=0 "
CONNECTION_KB=4096
GRANTS=1
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/cuts.sh disable=SC1091
. /usr/lib/xenlab/cuts.sh

cut_both_in_turn
