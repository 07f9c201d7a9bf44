#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Destroys one of two domains while sessions of VRPQ wait in every way there is
# (tests/suites/vrpq_cut.c), again and again, first the client's, then the server's. Every
# wait of the other end must end with EPIPE, how soon is printed, nothing of the dead domain
# may remain, and the traffic must go on with the domain's successor.
#
# /etc/rounds: how often each of the two is destroyed.

ROUNDS=$(cat /etc/rounds)
WAIT=300			# seconds for what takes as long as the machine needs
SERVICE=vrpq
LINK=cut_link
CLIENT_END="call=EPIPE held=EPIPE queued=EPIPE handle=EPIPE create=EPIPE wrong=0 "
SERVER_END="answer=EPIPE hold=0 receive=EPIPE accept=EPIPE wrong=0 "
CONNECTION_KB=2048
GRANTS=1
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/cuts.sh disable=SC1091
. /usr/lib/xenlab/cuts.sh

cut_both_in_turn
