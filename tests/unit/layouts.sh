#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/unit/layouts.sh CC          compares
# tests/unit/layouts.sh CC record   records versions that are new
#
# What the drivers' calls and the wire protocols are, as of each version: the declarations of
# their headers without comments, and the sizes of their structures, which are those for 32 and
# for 64 bits. A change without a new version fails here. Versions are released with
# xen-vlink: as long as one is not, its file may be removed and recorded anew.

set -u
cd "$(dirname "$0")/../.." || exit 2
cc=$1
recorded=tests/unit/layouts
passed=0
failed=0

# NAME, the macro that has its version, and the headers that it is made of
interfaces='
vrpq-calls      VRPQ_ABI_NEWEST         vlink/vrpq_ioctl.h vlink/abi_ioctl.h
vumem-calls     VUMEM_ABI_NEWEST        vlink/vumem_ioctl.h vlink/abi_ioctl.h
vbpipe          VBPIPE_PROTOCOL_NEWEST  xen/io/vbpipe.h xen/io/vlink.h vlink/ring.h
vrpq            VRPQ_PROTOCOL_NEWEST    xen/io/vrpq.h xen/io/vlink.h vlink/ring.h
vumem           VUMEM_PROTOCOL_NEWEST   xen/io/vumem.h xen/io/vlink.h vlink/ring.h
vsock           VSOCK_PROTOCOL_NEWEST   xen/io/vsock.h xen/io/vlink.h vlink/ring.h'

count() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@"; then passed=$((passed + 1)); else echo "FAIL: $what"; failed=$((failed + 1)); fi
}

# Declarations of a header, one in a line: structures, unions, enumerations and macros, but for
# the versions themselves, and what is this machine's alone.
declarations() { # HEADER
	$cc -fpreprocessed -dD -E -P "include/$1" 2> /dev/null |
		sed '/_\(ABI\|PROTOCOL\)_\(OLDEST\|NEWEST\)/d; /^#define \([A-Z_]*_H\|vlink_.*\)\( .*\)*$/d' |
		awk '/^#define/ { gsub(/[ \t]+/, " "); print; next }
		     /^(struct|union|enum) [a-z_0-9]* \{/ { inside = 1; text = "" }
		     inside { text = text " " $0 }
		     /^\};/ && inside { inside = 0; gsub(/[ \t]+/, " ", text); print substr(text, 2) }' |
		sed '/^struct vlink_ring_end /d'
}

structures() { # HEADER
	sed -n 's/^struct \([a-z_0-9]*\) {.*/\1/p' "include/$1"  | grep -vx vlink_ring_end
}

# Sizes, as a compiler for these options sees them: each is the length of an array. An end of
# a ring is no part of the memory that is shared.
sizes() { # OPTION HEADER...
	local option=$1 header name
	shift
	for header; do
		echo "#include <$header>"
	done > "$work/sizes.c"
	for header; do
		structures "$header"
	done | while read -r name; do
		echo "char size_of_${name}[sizeof(struct $name)];"
	done >> "$work/sizes.c"
	# shellcheck disable=SC2086 # options
	$cc $option -Iinclude -ffreestanding -S -fno-common -o - "$work/sizes.c" |
		sed -n 's/^\t\.size\tsize_of_\([a-z_0-9]*\), \([0-9]*\)$/\1 \2/p' | LC_ALL=C sort
}

# 32 bits need the kernel's headers only.
options_for_32() {
	case $($cc -dumpmachine) in
	x86_64-*) echo "-m32 -isystem /usr/include/$($cc -print-multiarch)" ;;
	*) echo "" ;;
	esac
}

describe() { # HEADER...
	local header
	for header; do
		declarations "$header"
	done
	sizes "" "$@"
}

sizes_are_alike() { # HEADER...
	sizes "" "$@" > "$work/here"
	[ -s "$work/here" ] && sizes "$(options_for_32)" "$@" | diff "$work/here" -
}

version_of() { # MACRO HEADER
	sed -n "s/^#define $1[[:space:]]*\([0-9]*\)u\$/\1/p" "include/$2"
}

as_recorded() { # NAME VERSION
	local file=$recorded/$1-$2
	if [ ! -e "$file" ] && [ "${action-}" = record ]; then
		cp "$work/now" "$file"
		echo "recorded: $file"
	fi
	[ -e "$file" ] || { echo "$1: version $2 is not recorded: $0 CC record"; return 1; }
	diff "$file" "$work/now" || {
		echo "$1: changed, and is still version $2: raise it in the header, and let drivers speak the versions before it, too, if they can"
		return 1
	}
}

# A change is noticed, whatever it is; so that this test can fail.
notices() { # SED-EXPRESSION
	rm -rf "$work/include"
	cp -r include "$work/include"
	sed -i "$1" "$work/include/vlink/vrpq_ioctl.h"
	! cmp -s include/vlink/vrpq_ioctl.h "$work/include/vlink/vrpq_ioctl.h" || return 1
	describe vlink/vrpq_ioctl.h > "$work/before"
	(cd "$work" && describe vlink/vrpq_ioctl.h) > "$work/after"
	! cmp -s "$work/before" "$work/after"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
action=${2-}
while read -r name macro first others; do
	[ -n "$name" ] || continue
	version=$(version_of "$macro" "$first")
	# shellcheck disable=SC2086 # a list
	describe "$first" $others > "$work/now"
	count "$name is as recorded" as_recorded "$name" "$version"
	# shellcheck disable=SC2086 # a list
	count "$name is the same for 32 bits" sizes_are_alike "$first" $others
done <<< "$interfaces"
count "a member more is noticed" notices 's/^\t__u32 port;/&\n\t__u32 more;/'
count "a member's type is noticed" notices 's/^\t__s32 fd;/\t__u32 fd;/'
count "members that change places are noticed" notices 's/^\t__u32 want;/\t__u32 mIn;/; s/^\t__u32 min;/\t__u32 want;/; s/mIn/min/'
count "a flag's value is noticed" notices 's/VRPQ_WAIT_NOT\t\t4u/VRPQ_WAIT_NOT 16u/'
count "a call's number is noticed" notices "s/'Q', 0x48/'Q', 0x58/"
echo "layouts: $passed passed, $failed failed"
[ $failed -eq 0 ]
