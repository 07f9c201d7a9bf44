#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What 'make install' and 'make uninstall' do beside copying: the operator's configuration
# stays, all can read what is installed, paths follow the variables, nothing is left.
# usage: install.sh MAKE BUILD-DIRECTORY

set -u
make=$1
# Apart, since it is built with other variables than the rest.
build=$2/install
tree=$build/tree
passed=0
failed=0

check() { # WHAT CONDITION...
	local what=$1
	shift
	if "$@"; then passed=$((passed + 1)); else echo "FAIL: $what"; failed=$((failed + 1)); fi
}

# Modules take minutes, and have nothing that all else has not.
run() { # TARGET VARIABLE...
	"$make" -s "$@" O="$build" DESTDIR="$tree" CFLAGS=-O0 MODULES=no 2>&1
}

said() { # TEXT PATTERN
	case $1 in *$2*) return 0 ;; *) return 1 ;; esac
}

nothing() { # OUTPUT-OF-FIND
	[ -z "$1" ] || { echo "$1"; return 1; }
}

rm -rf "$tree"
output=$(umask 077; run install)
check "installs: $output" test -x "$tree/usr/sbin/vlinkd"
check "all can read what is installed" nothing "$(find "$tree" ! -type l ! -perm -044)"
check "all can enter the directories" nothing "$(find "$tree" -type d ! -perm -055)"

echo "# mine" >> "$tree/etc/vlink/classes.conf"
run install
check "changed configuration stays" grep -q "^# mine" "$tree/etc/vlink/classes.conf"
said=$(run uninstall)
check "it stays when all else goes, and is named" said "$said" /etc/vlink/classes.conf
check "nothing else is left" nothing "$(find "$tree" ! -type d ! -name classes.conf)"
check "no directory of ours is left" nothing "$(find "$tree" -type d -name 'vl[rix]*' ! -path '*/etc/vlink')"
run install
echo "# mine" > "$tree/etc/vlink/other"
cp toolstack/classes.conf "$tree/etc/vlink/"
run uninstall
check "configuration as it was goes" test ! -e "$tree/etc/vlink/classes.conf"
check "a file of the operator's own stays" test -e "$tree/etc/vlink/other"

rm -rf "$tree"
run install PREFIX=/opt/x LIBDIR=/opt/x/lib/triplet
check "the unit starts the daemon where it is" \
	grep -q '^ExecStart=/opt/x/sbin/vlinkd ' "$tree/opt/x/lib/systemd/system/vlinkd.service"
check "vlinkctl knows where the daemon is" grep -qa /opt/x/sbin/vlinkd "$tree/opt/x/bin/vlinkctl"
check "libraries are in LIBDIR" test -e "$tree/opt/x/lib/triplet/libvrpq.so.1"
check "pkg-config finds them there" \
	grep -q '^libdir=/opt/x/lib/triplet$' "$tree/opt/x/lib/triplet/pkgconfig/vrpq.pc"
rm -rf "$tree"
echo "install: $passed passed, $failed failed"
[ $failed -eq 0 ]
