#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs dts2xl over good and bad input.
#
#   good/NAME/: the input, the options in 'args', the configs that must come
#               out in expect/, the messages in 'stderr' (none: no message)
#   bad/NAME.dts: refused with the messages in NAME.err
#
# Usage: run.sh DTS2XL
set -u

dts2xl=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
classes=$here/../../../toolstack/classes.conf
examples=$here/../../../examples
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset DTC
LC_ALL=C
export LC_ALL
passed=0
failed=0

ok() {
	passed=$((passed + 1))
}

not_ok() {
	failed=$((failed + 1))
	echo "FAILED: $1" >&2
}

# check WHAT COMMAND...: the command must succeed.
check() {
	what=$1
	shift
	if "$@"; then ok; else not_ok "$what"; fi
}

# run STATUS ARGUMENT...: the run must end with STATUS; messages go to $tmp/err.
run() {
	want=$1
	shift
	"$dts2xl" --classes "$classes" "$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ "$got" -eq "$want" ] && return
	echo "exit status $got instead of $want:" >&2
	cat "$tmp/err" >&2
	return 1
}

says() {
	grep -qF -- "$1" "$tmp/err" && return
	echo "not said: $1; but:" >&2
	cat "$tmp/err" >&2
	return 1
}

good_case() {
	cd "$here/good/$1" || return 1
	rm -rf "$tmp/got"
	cat stderr >"$tmp/want-err" 2>/dev/null
	# shellcheck disable=SC2046 # options are words
	run 0 $([ -f args ] && cat args) -o "$tmp/got" \
		$(cat files 2>/dev/null || ls -- *.dts *.dtsi *.i 2>/dev/null) &&
	diff -r expect "$tmp/got" && diff "$tmp/want-err" "$tmp/err"
}

bad_case() {
	cd "$here/bad" || return 1
	run 1 -o "$tmp/none" "$1.dts" && diff "$1.err" "$tmp/err" && [ ! -e "$tmp/none" ]
}

for path in "$here"/good/*/; do
	check "good/$(basename "$path")" good_case "$(basename "$path")"
done
for path in "$here"/bad/*.dts; do
	check "bad/$(basename "$path" .dts)" bad_case "$(basename "$path" .dts)"
done

cd "$tmp" || exit 1
pipe=$here/good/pipe/pipe.dtsi

same_wherever_it_runs() {
	mkdir elsewhere && cp "$pipe" elsewhere &&
	run 0 -o one "$pipe" && (cd elsewhere && run 0 -o ../two ./pipe.dtsi) &&
	diff -r one two
}
check "the output depends on the input alone" same_wherever_it_runs

examples_convert() {
	run 0 -o examples "$examples"/vbpipe/*.dtsi "$examples"/vogl/*.dtsi \
		"$examples"/vomx/*.dtsi && [ ! -s err ] && [ -f examples/vm4.cfg ]
}
check "the examples convert without a message" examples_convert

own_files_are_replaced() {
	run 0 -o own "$here"/good/dom0/dom0.dtsi && run 0 -o own "$pipe" &&
	cmp own/vm2.cfg one/vm2.cfg
}
check "files of an earlier run are replaced" own_files_are_replaced

foreign_files_stay() {
	mkdir foreign && echo 'name = "vm4"' >foreign/vm4.cfg || return 1
	run 1 -o foreign "$pipe" && says "foreign/vm4.cfg: error: exists" &&
	[ "$(ls -A foreign)" = vm4.cfg ] && [ "$(cat foreign/vm4.cfg)" = 'name = "vm4"' ] &&
	run 0 --force -o foreign "$pipe" && diff -r one foreign
}
check "files of others are replaced with --force only" foreign_files_stay

nothing_else_is_left() {
	[ "$(ls -A one)" = "vm2.cfg
vm4.cfg" ] && [ "$(stat -c %a one/vm2.cfg)" = "$(printf '%o' $((0666 & ~$(umask))))" ]
}
check "no temporary file stays, the mode is the usual one" nothing_else_is_left

usage_errors() {
	run 2 && says "-o DIR is missing" && run 2 -o x && says "no input file" &&
	run 2 --nonsense && run 2 -o
}
check "wrong usage ends with 2" usage_errors

no_directory() {
	run 2 -o missing/x "$pipe" && says "cannot make the directory missing/x" &&
	: >file && run 2 -o file "$pipe" && says "cannot write to file: Not a directory"
}
check "a directory that cannot be" no_directory

no_input_file() {
	run 1 -o x not-there.dts && says "not-there.dts: No such file" &&
	run 1 -o x "$here" && says "not a regular file" && [ ! -e x ]
}
check "input that is no file" no_input_file

binary_input() {
	printf '&vm2_vdevs {\n\0};' >nul.dts
	run 1 -o x nul.dts && says "nul.dts:2: contains a NUL byte"
}
check "a NUL byte in the input" binary_input

no_dtc() {
	run 2 --dtc /nonexistent/dtc -o x "$pipe" && says "package device-tree-compiler" &&
	DTC=no-such-dtc run 2 -o x "$pipe" && says "'no-such-dtc' is not installed" &&
	[ ! -e x ]
}
check "dtc is not installed" no_dtc

# fake_dtc BODY: the compiler is this shell script.
fake_dtc() {
	printf '#!/bin/sh\n%s\n' "$1" >fake && chmod +x fake
}

odd_dtc() {
	fake_dtc 'cat >/dev/null; head -c 4096 /dev/zero' &&
	run 1 --dtc ./fake -o x "$pipe" && says "unusable blob" &&
	fake_dtc 'cat >/dev/null; echo short' &&
	run 1 --dtc ./fake -o x "$pipe" && says "unusable blob" &&
	fake_dtc 'exit 3' &&
	run 1 --dtc ./fake -o x "$pipe" && says "dtc failed: it gives no reason" &&
	fake_dtc 'echo "out of luck" >&2; exit 1' &&
	run 1 --dtc ./fake -o x "$pipe" && says "dtc failed: out of luck" &&
	fake_dtc 'kill -9 $$' &&
	run 2 --dtc ./fake -o x "$pipe" && says "killed by signal 9" &&
	fake_dtc 'exec cat /dev/zero' &&
	run 2 --dtc ./fake -o x "$pipe" && says "it prints without end" && [ ! -e x ]
}
check "a dtc that does not do its work" odd_dtc

# A blob cut anywhere must be refused, never followed.
truncated_blobs() {
	dtc -q -@ -O dtb -o blob - <<-'END' || return 1
		/dts-v1/; /plugin/;
		&vm2_vdevs { a: x { compatible = "vogl"; info = "k=1"; }; };
	END
	size=$(stat -c %s blob)
	cut=0
	while [ "$cut" -lt "$size" ]; do
		fake_dtc "cat >/dev/null; head -c $cut '$tmp/blob'"
		run 1 --dtc ./fake -o x "$pipe" && says "unusable blob" || return 1
		cut=$((cut + 13))
	done
}
check "truncated blobs" truncated_blobs

bad_defaults() {
	printf 'memory=1\nname="x"\n' >name.conf
	printf 'vlink=[]\n' >vlink.conf
	printf 'memory=1\nmem ory=512M\n' >syntax.conf
	printf 'driver_domain=0\n' >no-driver.conf
	printf 'memory=1\n' >fine.conf
	run 1 --defaults name.conf -o x "$pipe" && says "name.conf: error: name does not belong" &&
	run 1 --defaults vlink.conf -o x "$pipe" && says "vlink.conf: error: vlink does not" &&
	run 1 --defaults syntax.conf -o x "$pipe" && says "syntax.conf:2: " &&
	run 1 --defaults vm2=no-driver.conf -o x "$pipe" && says "pipe.dtsi:2:1: error: vm2 has server ends" &&
	run 1 --defaults vm3=fine.conf -o x "$pipe" && says "vm3, which the input does not have" &&
	run 1 --defaults none.conf -o x "$pipe" && says "none.conf: No such file" &&
	run 2 --defaults fine.conf --defaults name.conf -o x "$pipe" && says "one for all VMs already" &&
	[ ! -e x ]
}
check "bad defaults" bad_defaults

bad_classes() {
	echo 'vogl vrpq' >bad-classes.conf
	run 1 --classes bad-classes.conf -o x "$pipe" && says "bad-classes.conf:1: 'vogl vrpq'"
}
check "a bad class file" bad_classes

help_and_version() {
	run 0 --help && grep -q '^Usage: dts2xl' out && run 0 --version && grep -q '^dts2xl [0-9]' out
}
check "--help and --version" help_and_version

echo "dts2xl: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
