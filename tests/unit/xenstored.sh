#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/unit/xenstored.sh DIR TEST HYPERVISOR VLINKD
#
# Runs TEST with the xenstored and the oxenstored of this machine, or with those of Debian's
# package, which is unpacked into DIR: nothing is installed, and nothing started but by the test.

set -eu
dir=$1
shift

# The package of this release's Xen, as the headers that are installed are of.
fetch() {
	local version utils

	version=$(apt-cache policy libxen-dev | sed -n 's/^ *Installed: //p')
	utils=$(apt-cache depends "libxen-dev=$version" | sed -n 's/.*libxenmisc\([0-9.]*\)$/\1/p')
	rm -rf "$dir"
	mkdir -p "$dir"
	(cd "$dir" && apt-get -qq -o APT::Sandbox::User=root download "xen-utils-$utils=$version")
	dpkg-deb -x "$dir"/xen-utils-*.deb "$dir"
}

# find NAME
find() {
	compgen -G "/usr/lib/xen-*/bin/$1" || compgen -G "$dir/usr/lib/xen-*/bin/$1"
}

if [ -z "$(find xenstored)" ] || [ -z "$(find oxenstored)" ]; then
	fetch
fi
test=$1
shift
rc=0
for name in xenstored oxenstored; do
	"$test" "$(find $name | head -n 1)" "$@" || rc=1
done
exit $rc
