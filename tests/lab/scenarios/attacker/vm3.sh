#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2046 # options
exec /usr/lib/xen-vlink/tests/attacked.sh client $(cat /etc/attack-options)
