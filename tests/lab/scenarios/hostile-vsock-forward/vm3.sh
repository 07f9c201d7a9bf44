#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hostile domain.

xenlab-await neighbour-ready > /dev/null
# Patterns of test names are not for this shell.
set -f
# shellcheck disable=SC2046 # options
/usr/lib/xen-vlink/tests/hostile_vsock_forward --set prefix=hf_ $(cat /etc/suite-options)
rc=$?
xenlab-signal hostile-done
exit $rc
