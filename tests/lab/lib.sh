# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Functions that mkroot and xenlab share: root file system trees and archives.

# shellcheck disable=SC2034 # of those who source this
CACHE=$(realpath -m "${XENLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xen-vlink}")

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# triplet ARCH: name of the architecture's library directory
triplet()
{
	case $1 in
	x86_64) echo x86_64-linux-gnu ;;
	arm64) echo aarch64-linux-gnu ;;
	*) die "no such architecture: $1" ;;
	esac
}

# new_tree TREE: an empty root file system tree, usr-merged as Debian's
new_tree()
{
	local dir

	for dir in bin sbin lib lib64; do
		mkdir -p "$1/usr/$dir"
		ln -s "usr/$dir" "$1/$dir"
	done
}

# lay_over TREE DIRECTORY: copies the content of DIRECTORY into TREE, through
# the links of TREE, all files owned by root and not write-protected for us
lay_over()
{
	tar -c -C "$2" . | tar -x --keep-directory-symlink --no-same-owner -C "$1"
}

# needed FILE...: the libraries and the loader that these ELF files name
needed()
{
	readelf -dlW "$@" 2>/dev/null |
		sed -n -e 's/.*(NEEDED).*\[\(.*\)\]/\1/p' -e 's/.*program interpreter: .*\/\(.*\)]/\1/p' | sort -u
}

elf_files()
{
	find "$1" -type f ! -name '*.ko' -size +0 -exec sh -c '
		for f; do
			if [ "$(head -c 4 "$f" | tail -c 3)" = ELF ]; then
				echo "$f"
			fi
		done' sh {} +
}

# where_is LIBRARY SYSROOT TRIPLET: its path; the loader has its own place before
# that of the libraries, and what systemd's programs share one after it
where_is()
{
	local dir

	for dir in usr/lib64 usr/lib "usr/lib/$3" "usr/lib/$3/systemd"; do
		if [ -e "$2/$dir/$1" ]; then
			echo "$dir/$1"
			return
		fi
	done
}

# add_libraries TREE SYSROOT TRIPLET: copies from SYSROOT the libraries that
# the programs and libraries in TREE need, and those that these need. What a
# library of TREE itself provides is left alone.
add_libraries()
{
	local tree=$1 sysroot=$2 triplet=$3 name path
	local -a todo fresh

	mapfile -t todo < <(elf_files "$tree")
	while [ ${#todo[@]} -gt 0 ]; do
		fresh=()
		while IFS= read -r name; do
			[ -z "$(where_is "$name" "$tree" "$triplet")" ] || continue
			path=$(where_is "$name" "$sysroot" "$triplet")
			[ -n "$path" ] || die "library $name is needed in $tree and is not in $sysroot"
			mkdir -p "$tree/${path%/*}"
			cp -L "$sysroot/$path" "$tree/$path"
			fresh+=("$tree/$path")
		done < <(needed "${todo[@]}")
		todo=("${fresh[@]}")
	done
}

# archive TREE FILE: TREE as a cpio ramdisk owned by root
archive()
{
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --quiet -0 -o -H newc --owner=+0:+0 --reproducible) > "$2.new"
	mv "$2.new" "$2"
}
