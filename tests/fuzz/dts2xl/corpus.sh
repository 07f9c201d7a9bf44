#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Collects what the fuzz targets of dts2xl begin with: the fragments of the tests and of this
# directory, as text and compiled.
#
# Usage: corpus.sh DIR (makes a directory there for each target)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
unit=$here/../../unit/dts2xl
examples=$here/../../../examples
out=$1
mkdir -p "$out/source" "$out/blob" "$out/base" "$out/classes"

# compile FORM FILE NAME: as a tree of its own or as an overlay; some are wrong on purpose.
compile() {
	# dtc does read the files that a hostile source names.
	! grep -q '/incbin/\|/include/' "$2" || return 0
	case $1 in
	overlay) printf '/dts-v1/; /plugin/;\n' ;;
	tree) printf '/dts-v1/;\n' ;;
	esac >"$out/text"
	sed 's,^/dts-v1/.*,,; s,^/plugin/.*,,; /^#include/d' "$2" >>"$out/text"
	timeout 20 dtc -q -@ -O dtb -o "$out/blob/$3.dtb" "$out/text" 2>/dev/null || :
}

for file in "$unit"/good/*/*.dts* "$unit"/bad/*.dts "$examples"/*/*.dtsi "$here"/blob/*.dts; do
	name=$(basename "$(dirname "$file")")-$(basename "$file" | tr . -)
	case $file in
	*/blob/*) ;;
	*) head -c 60000 "$file" >"$out/source/$name" ;;
	esac
	[ "$(wc -c <"$file")" -lt 20000 ] || continue
	case $file in
	*/tree*|*/board*) compile tree "$file" "$name" ;;
	*) compile overlay "$file" "$name" ;;
	esac
done
rm -f "$out/text"
for file in "$here"/source/*; do
	name=$(basename "$file")
	tr '@' '\0' <"$here/source/$name" >"$out/source/$name"
done
for file in "$unit"/good/*/expect/*.cfg; do
	name=${file%/expect/*}
	cp "$file" "$out/base/${name##*/}-${file##*/}"
done
cp "$here/../../../toolstack/classes.conf" "$out/classes/"
for file in "$examples"/*/classes.conf; do
	cp "$file" "$out/classes/$(basename "$(dirname "$file")")"
done
printf 'foreign veth2 vl,evt-log\ncamera: vrpq vumem vbpipe # one\n' >"$out/classes/foreign"
# What once was a finding.
for file in "$here"/found/*.base64; do
	name=$(basename "$file" .base64)
	base64 -d "$file" >"$out/${name%%-*}/found-${name#*-}"
done
