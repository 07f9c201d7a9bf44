# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Commands as the documents print them, so that these and the test cannot drift apart.

# documented FILE REGEX: the first indented command of FILE that matches, with the lines that continue
# it; an error if there is none
documented() {
	awk -v regex="$2" '
		/^    / && (going || (!found && $0 ~ regex)) {
			found = 1
			print substr($0, 5)
			going = /\\$/
			next
		}
		{ going = 0 }
		END { exit !found }' "$1" && return
	echo "$1 has no command like $2" >&2
	return 1
}

# documented_block FILE REGEX: all lines of the block of commands that has one like this
documented_block() {
	awk -v regex="$2" '
		function flush() { if (block ~ regex && !found) { found = 1; printf "%s", block }; block = "" }
		/^    / { block = block substr($0, 5) "\n"; next }
		{ flush() }
		END { flush(); exit !found }' "$1" && return
	echo "$1 has no commands like $2" >&2
	return 1
}
