#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a guest may read and write of its links.

fail()
{
	echo "FAILED: $*"
	rc=1
}

rc=0
xenlab-await vm1-looks-on > /dev/null
[ "$(xenstore-read vlink/vbpipe/p23/info)" = ";8K;;wakeup=250;name=vbpipe0" ] || fail "info"
[ "$(xenstore-read vlink/vbpipe/to-dom0/note)" = "a b" ] || fail "a key of its own"
[ "$(xenstore-read vlink/vbpipe/to-dom0/index)" = 1 ] || fail "index"
xenstore-write vlink/vbpipe/p23/info x 2>/dev/null && fail "the list can be written"
xenstore-write vlink/vbpipe/new x 2>/dev/null && fail "the list can be extended"
xenstore-rm vlink/vbpipe/p23 2>/dev/null && fail "the list can be removed"
xenstore-ls /tool/vlink 2>/dev/null && fail "the private record can be listed"
xenstore-read /tool/vlink/p23/vbpipe/id 2>/dev/null && fail "the private record can be read"

vlinkctl list || fail "vlinkctl list"
vlinkctl list | grep -q '^p23 *vbpipe *vbpipe *server *0 *vm3 *Connected$' || fail "state of p23"
vlinkctl list | grep -q '^to-dom0 *vbpipe *vbpipe *client *1 *Domain-0 *Connected$' ||
	fail "state of to-dom0"
vlinkctl wait --timeout 600 p23 to-dom0 || fail "vlinkctl wait for both"
vlinkctl wait --timeout 1 nosuch 2> /tmp/err
[ $? = 1 ] || fail "vlinkctl wait for a link that is none"
grep -q "link 'nosuch' is not published" /tmp/err || fail "what vlinkctl says of it"
vlinkctl list --all 2>/dev/null
[ $? = 2 ] || fail "vlinkctl list --all in a guest"

xenlab-signal vm2-looked
# The peer goes: this end is to see it, and to see it come back.
xenlab-await vm3-destroyed > /dev/null
vlinkctl wait --timeout 0 p23 2> /tmp/err
[ $? = 1 ] || fail "vlinkctl wait without the peer"
grep -q "link 'p23', service 'vbpipe': state -" /tmp/err || fail "state without the peer: $(cat /tmp/err)"
vlinkctl wait --timeout 0 to-dom0 || fail "the other link was hurt"
xenlab-signal vm2-waits
vlinkctl wait --timeout 600 p23 || fail "p23 does not come back"
xenlab-signal vm2-reconnected
exit $rc
