# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Fresh systems of a suite of Debian, in directories, and our packages built in one: for tests/packages
# and tests/host. Needs root, for chroot(2), the package mmdebstrap, and the archive; what was
# fetched once is kept in the cache. To be sourced with these set:
#
# shellcheck disable=SC2154 # top: the tree; suite: the suite; log: for output of programs

cache=${XENLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xen-vlink}/packages

need_for_systems() {
	[ "$(id -u)" = 0 ] || { echo "$0: needs root, for chroot" >&2; exit 1; }
	command -v mmdebstrap > /dev/null || { echo "$0: the package mmdebstrap is missing" >&2; exit 1; }
}

# Runs a command in the system, with a /proc of its own.
within() { # SYSTEM COMMAND...
	local system=$1
	shift
	# shellcheck disable=SC2016 # for that shell
	unshare --mount --fork --kill-child sh -c \
		'mount -t proc proc "$0/proc" && exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		 HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' "$system" "$@" < /dev/null
}

apt() { # SYSTEM ARGUMENT...
	local system=$1
	shift
	within "$system" apt-get -q -y -o DPkg::Use-Pty=0 "$@" >> "$log" 2>&1
}

# A minimal system of the suite; services are not started in it.
new_system() { # SYSTEM
	local base=$cache/$suite.tar

	if [ ! -e "$base" ]; then
		mkdir -p "$cache"
		say "fetching a system of $suite"
		mmdebstrap --quiet --format=tar --variant=minbase "$suite" "$base.part" >> "$log" 2>&1 || return 1
		mv "$base.part" "$base"
	fi
	mkdir -p "$1"
	tar -x -C "$1" -f "$base"
	printf '#!/bin/sh\nexit 101\n' > "$1/usr/sbin/policy-rc.d"
	chmod +x "$1/usr/sbin/policy-rc.d"
	# What no test needs, and takes minutes on a busy machine
	echo force-unsafe-io > "$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
	echo 'man-db man-db/auto-update boolean false' > "$1/tmp/answers"
	within "$1" debconf-set-selections /tmp/answers
	rm "$1/tmp/answers"
	# Packages once fetched serve again.
	mkdir -p "$cache/archives-$suite"
	cp -n "$cache/archives-$suite"/*.deb "$1/var/cache/apt/archives/" 2>/dev/null
	rm -f "$1/etc/apt/apt.conf.d/docker-clean"
	apt "$1" update
}

keep_archives() { # SYSTEM
	cp -n "$1"/var/cache/apt/archives/*.deb "$cache/archives-$suite/" 2>/dev/null
}

# A system in which our packages can be built
building_system() { # SYSTEM PACKAGE...
	local system=$1
	shift
	new_system "$system" || return 1
	copy_sources "$system"
	apt "$system" install --no-install-recommends build-essential fakeroot "$@" || return 1
	apt "$system" build-dep --no-install-recommends /src || return 1
	keep_archives "$system"
}

# The tree as it is, in /src
copy_sources() { # SYSTEM
	rm -rf "$1/src"
	mkdir -p "$1/src"
	tar -c -C "$top" --exclude=./build --exclude=./.git . | tar -x -C "$1/src"
}

# Of ours, beside logs and what apt and dpkg themselves keep
left_of_ours() { # SYSTEM
	find "${1:-/}" -xdev '(' -path "$1/debs" -o -path "$1/usr/include/linux" -o -path "$1/proc" -o -path "$1/var/log" -o -path "$1/var/cache" \
		-o -path "$1/var/lib/apt" -o -path "$1/var/lib/dpkg/*-old" ')' -prune -o \
		'(' -name '*vlink*' -o -name '*vrpq*' -o -name '*vumem*' -o -name '*vbpipe*' -o -name '*vmci*' \
		-o -name '*dts2xl*' -o -path '*/vlx/*' -o -path '*/updates/dkms/*' ')' -print |
		# Linux has modules of VMware's own, and iproute2 a program of this name.
		grep -vE 'vmci(\.ko|_transport)|/usr/src/linux-|/kernel/|/devlink[^/]*$'
}
