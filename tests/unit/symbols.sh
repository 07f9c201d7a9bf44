#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a library shows: the functions of its headers, its version script, the symbols file of
# its package and the library itself name the same ones.
# usage: symbols.sh NM LIBRARY-DIRECTORY

set -u
nm=$1
libs=$2
passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@"; then passed=$((passed + 1)); else echo "FAIL: $what"; failed=$((failed + 1)); fi
}

# Functions that a header declares; those that it has inline are nobody's symbols.
declared() { # LIBRARY
	grep -hv -e inline -e "^#define" include/vlx/"$1"/*.h |
		sed -n "s/^[A-Za-z].*[ *]\($1[A-Z][A-Za-z]*\)(.*/\1/p"
}

mapped() { # LIBRARY
	sed -n '/global:/,/local:/s/^\t\([A-Za-z]*\);$/\1/p' "userlib/$1/$1.map"
}

packaged() { # LIBRARY
	sed -n 's/^ \([a-z][A-Za-z]*\)@.*/\1/p' "debian/lib${1}1.symbols"
}

exported() { # LIBRARY
	"$nm" -D --defined-only "$libs/lib$1.so.1" | sed -n 's/^[0-9a-f]* T \([A-Za-z]*\)\(@.*\)*$/\1/p'
}

same() { # LIBRARY
	diff "$work/declared" "$work/this"
}

# Only what the version script has on purpose may stand there without a declaration.
for library in vrpq vumem; do
	declared $library | LC_ALL=C sort -u > "$work/declared"
	check "$library: the headers declare something" test -s "$work/declared"
	for where in mapped packaged exported; do
		$where $library | LC_ALL=C sort -u > "$work/this"
		check "$library: what is $where is what the headers declare" same $library
	done
	check "$library: the version is in the symbols file" \
		grep -q "^ ${library^^}_1@${library^^}_1 " "debian/lib${library}1.symbols"
done

# Where one is missing, it is noticed.
vrpq_without_one() {
	declared vrpq | LC_ALL=C sort -u > "$work/declared"
	mapped vrpq | grep -vx vrpqPost | LC_ALL=C sort -u > "$work/this"
	! same vrpq > /dev/null
}
check "a missing symbol is noticed" vrpq_without_one

echo "symbols: $passed passed, $failed failed"
[ $failed -eq 0 ]
