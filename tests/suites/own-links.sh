# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What vlink-selftest and vlink-bench share: the links that they need between two domains of
# one's own machine, by the names that examples/selftest/links.dtsi gives them.
#
# shellcheck disable=SC2154 # program, lib and links are those of who reads this

# Exit codes of both
USAGE=2
NO_LINKS=3

say() { echo "$program: $*" >&2; }

refuse_usage() { # TEXT
	say "$1"
	echo "Try \"$program --help\"." >&2
	exit $USAGE
}

fragment() { # SERVER CLIENT
	sed -e "/^\/\//d; s/&vm2_vdevs/\\&$1_vdevs/; s/&vm3_vdevs/\\&$2_vdevs/" \
	    -e "s/selftest_/$(echo "$links" | tr - _)_/g; s/selftest/$links/g" "$lib/links.dtsi"
}

print_fragment() { # SERVER CLIENT
	case $1,$2 in
	*[!a-z0-9,]* | ,* | *,) refuse_usage "--fragment wants two VMs of the tree, such as vm2 and vm3" ;;
	esac
	fragment "$1" "$2"
}

# A name of links is part of file names, and of a sed expression.
check_links_name() {
	case $links in
	"" | *[!A-Za-z0-9_-]*) refuse_usage "\"$links\" is no beginning of names" ;;
	esac
}

# Has this domain an end of a link of sockets, whatever the role?
has_sockets() {
	for device in /sys/bus/xen/devices/vsock-* /sys/bus/xen-backend/devices/vsock-*; do
		[ -e "$device" ] && return
	done
	return 1
}

# The nodes of these that are missing here, or that this user may not open
missing_nodes() { # NODE...
	for node; do
		if [ "$node" = sockets ]; then
			has_sockets || echo "    a link of class vsock"
		elif [ ! -e "/dev/$node" ]; then
			echo "    /dev/$node"
		elif [ ! -r "/dev/$node" ] || [ ! -w "/dev/$node" ]; then
			echo "    /dev/$node: this user may not open it (the group vlink may)"
		fi
	done
}

# All of these, or a word on how to get them, and the end.
require_nodes() { # ROLE NODE...
	role=$1
	shift
	missing=$(missing_nodes "$@" | awk '!said[$0]++')
	[ -n "$missing" ] || return 0
	say "links are missing at this end, the $role's:"
	echo "$missing" >&2
	other_end "$role"
	exit $NO_LINKS
}

other_end() { # ROLE
	case $1 in
	server) opposite=clt advice="without --server" ;;
	*) opposite=srv advice="with --server" ;;
	esac
	if [ -e "/dev/vrpq-$opposite-$links" ] || [ -e "/dev/vumem-$opposite-$links" ]; then
		say "this domain has the other end of them: run it $advice here"
	else
		say "add this to the trees of two domains (their names in place of vm2, the server's, and vm3), or leave out what is there; run dts2xl, and vlinkctl check:"
		fragment vm2 vm3 >&2
	fi
}
