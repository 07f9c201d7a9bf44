#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Saves and restores a domain, has a checkpoint made of it, and a save fail, under traffic of every
# service. All waits of the programs end, and they go on over new connections, in both domains.

# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/lives.sh disable=SC1091
. /usr/lib/xenlab/lives.sh

lives 1 saved checkpoint not_saved
conclude "save"
