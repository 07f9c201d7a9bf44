#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Formats every manual page: no warnings, and every page that one refers to is one of
# ours, or of those that are named here. Every function of the libraries has a page. The keys
# of infos have the bounds and defaults that the drivers obey.
# usage: man.sh DIRECTORY INFO_KEYS

set -u
dir=$1
info_keys=$2
passed=0
failed=0

fail() { echo "FAIL: $1"; failed=$((failed + 1)); }

formats() { # PAGE
	local said
	said=$(groff -man -Tutf8 -ww -z "$1" 2>&1) || said="groff failed: $said"
	if [ -z "$said" ]; then passed=$((passed + 1)); else fail "$1: $said"; fi
}

# The names of a page, from its NAME section.
names() { # PAGE
	sed -n '/^\.SH NAME/{n;s/ *\\-.*//;s/,//g;p;q}' "$1"
}

known() { # NAME SECTION
	case $1.$2 in
	open.2 | close.2 | read.2 | write.2 | lseek.2 | fork.2 | ioctl.2 | poll.2 | memfd_secret.2 | pipe.7 | xl.1 | xl.cfg.5 | dtc.1 | modules-load.d.5) return 0 ;;
	esac
	[ -e "$dir/$1.$2" ] || [[ " $all " == *" $1.$2 "* ]]
}

refers() { # PAGE
	local name section
	while read -r name section; do
		if known "$name" "$section"; then
			passed=$((passed + 1))
		else
			fail "$1 refers to $name($section), which is no page"
		fi
	done < <(sed -n 's/^\.BR \([^ ]*\) (\([1-8]\)).*/\1 \2/p' "$1" | sed 's/\\//g' | sort -u)
}

command -v groff > /dev/null || { echo "man: groff is not installed"; echo "man: 0 passed, 1 failed"; exit 1; }
all=
for page in "$dir"/*.[1-8]; do
	for name in $(names "$page"); do
		all="$all $name.${page##*.}"
	done
done
for page in "$dir"/*.[1-8]; do
	formats "$page"
	refers "$page"
done
while read -r function; do
	if known "$function" 3; then
		passed=$((passed + 1))
	else
		fail "$function has no page"
	fi
done < <(sed -n 's/^[A-Za-z][A-Za-z ]*[ *]\(v[a-z]*[A-Z][A-Za-z]*\)(.*/\1/p' include/vlx/*/*-lib.h | sort -u)

# What vlink-config(5) says of a limit, TEXT with blanks for its lines, and the table of
# docs/vlink-config.md.
limit_is_told() { # NAME limit MAX [MAX] [HOST]
	local page table row
	page=$(sed 's/\\//g' "$dir/vlink-config.5" | tr '\n' ' ' | sed 's/\.TP \.B/\n/g')
	table=$(tr '\n' ' ' < "$dir/../vlink-config.md" | tr '|' '\n')
	case $1 in
	service) [[ $page == *"xenbus device type, 1 to $3 characters"* && $table == *"xenbus device type, 1 to $3 characters"* ]] ;;
	cid) [[ $page == *"context id, $3 to $4 ($5 for Domain-0)"* && $table == *"decimal, $3 to $4 ($5 for Domain-0)"* ]] ;;
	*)
		row=$(grep "^ $1 " <<< "$page" | head -n 1)
		[[ $row =~ (1\ to|0\ to|up\ to)\ $3[\ ,] ]] || return
		row=$(sed -n "/^| \`$1\` |/p" "$dir/../vlink-config.md")
		[[ $row =~ (1\ to|0\ to|up\ to)\ $3[\ :] ]]
		;;
	esac
}

# What vlink-config(5) says of a key: its row of the table, or its words.
key_is_told() { # KEY SERVICE MIN MAX DEFAULT
	local text row
	text=$(tr '\n' ' ' < "$dir/vlink-config.5" | sed 's/\.B[RI]* //g; s/\.I //g')
	row=$(grep "^$1|$2|" "$dir/vlink-config.5")
	case $1.$2 in
	*.limit)
		limit_is_told "$@"
		return
		;;
	esac
	case $1 in
	wakeup | poll) [[ $text =~ $1\ \([a-z]*,\ $3\ to\ $4\) ]] ;;
	minor) [[ $text == *"minor at most $3:"* ]] ;;
	field) [[ $text == *"A field has at most $3 characters"* ]] ;;
	size) [[ $text == *"size is at most $3,"* ]] ;;
	*) [ -n "$row" ] && { [ -z "${3-}" ] || [[ $row == *"$3 to $4|$5" ]]; } ;;
	esac
}

while IFS='|' read -r -a key; do
	if key_is_told "${key[@]}"; then
		passed=$((passed + 1))
	else
		fail "vlink-config(5) says something else of ${key[*]}"
	fi
done < <("$info_keys")

echo "man: $passed passed, $failed failed"
[ $failed = 0 ]
