#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The driver domain serves two conversations on /dev/vbpipe0.

# shellcheck disable=SC3040 # busybox has it
set -o pipefail
/usr/lib/xen-vlink/examples/echo-server -n 2 /dev/vbpipe0 |
	while IFS= read -r line; do
		echo "vm2| $line"
	done
