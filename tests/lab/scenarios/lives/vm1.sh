#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What an operator does to running domains, under traffic of every service: what ends connections
# ends all waits, and the programs go on over new ones; what does not is not noticed.
#
# /etc/lives: how often, and what (functions of lives.sh).

# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/lives.sh disable=SC1091
. /usr/lib/xenlab/lives.sh

# shellcheck disable=SC2046 # words
lives $(cat /etc/lives)
conclude "lives"
