#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The client has two conversations; every answer must be the line that was sent.

converse()
{
	printf '%s\n' "$@" > /tmp/lines
	echo "vm4| echo-client opens /dev/vbpipe0 and sends $# lines"
	/usr/lib/xen-vlink/examples/echo-client /dev/vbpipe0 < /tmp/lines > /tmp/answers || exit 1
	sed 's/^/vm4| answer: /' /tmp/answers
	cmp /tmp/lines /tmp/answers || exit 1
}

converse "hello from vm4" "a second line" ""
converse "a new rendezvous, the same pipe" "good bye"
