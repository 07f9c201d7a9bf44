#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs dts2xl over good and bad input.
#
#   good/NAME/: the input, the options in 'args', the configs that must come
#               out in expect/, the messages in 'stderr' (none: no message)
#   bad/NAME.dts: refused with the messages in NAME.err
#
# Usage: run.sh DTS2XL MKBLOB
set -u

dts2xl=$(realpath "$1")
mkblob=$(realpath "$2")
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

standard_input() {
	run 0 -o from-stdin - <"$pipe" && sed 1d from-stdin/vm2.cfg >want && sed 1d one/vm2.cfg | diff want - &&
	{ echo '#define POLICY "a"'; cat "$pipe"; } | run 0 --check - && blob stdin.dtbo "$pipe" -@ && run 0 --check - <stdin.dtbo &&
	echo '&vm2_vdevs { a: a { info = <1>; }; };' | run 1 --check - && says "<stdin>:1:21: error: info" &&
	printf '\0' | run 1 --check - && says "<stdin>: error: contains a NUL byte" &&
	run 2 --check - - && says "standard input can be read once only"
}

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
	run 1 --classes bad-classes.conf -o x "$pipe" && says "bad-classes.conf:1: 'vogl vrpq'" &&
	printf 'foreign\n' >bad-classes.conf && run 1 --classes bad-classes.conf -o x "$pipe" && says "bad-classes.conf:1: foreign NAME... expected" &&
	printf 'a: vrpq\nforeign b a\n' >bad-classes.conf && run 1 --classes bad-classes.conf -o x "$pipe" && says "bad-classes.conf:2: 'a' is a class already" &&
	printf 'foreign a\na: vrpq\n' >bad-classes.conf && run 1 --classes bad-classes.conf -o x "$pipe" && says "bad-classes.conf:2: class 'a' stands in the file already" &&
	printf 'foreign: vrpq\n' >bad-classes.conf && run 0 --classes bad-classes.conf --check "$pipe"
}
check "a bad class file" bad_classes

# blob NAME FILE: compiled by dtc, as an overlay unless it is a tree.
blob() {
	{ grep -q '^/ {' "$2" && echo '/dts-v1/;' || echo '/dts-v1/; /plugin/;'; grep -v '^/dts-v1/\|^/plugin/' "$2"; } |
		dtc "${3--q}" -q -O dtb -o "$1" -
}

# The configs are the same but for the name of the input.
same_from_blob() {
	for file in "$here/good/$1"/*.dts*; do
		blob "$1.dtbo" "$file" -@ || return 1
	done
	rm -rf from-blob
	# shellcheck disable=SC2046 # options are words
	(cd "$here/good/$1" && run 0 $(cat args 2>/dev/null) -q -o "$tmp/from-blob" "$tmp/$1.dtbo") &&
	diff -r -I '^# Written by' "$here/good/$1/expect" from-blob
}
check "standard input" standard_input
for name in pipe quoting roles numbers classes clones same-names mutual units vms infos reopened decompiled disabled values; do
	check "blob: $name converts from its .dtbo as from source" same_from_blob "$name"
done

# Fragments behind a board's containers, as dtc compiles them.
same_behind_board() {
	{
		echo '/dts-v1/;'
		for vm in 1 2 3 4 5; do echo "/ { vm$vm { vm${vm}_vdevs: vdevs { }; }; };"; done
		cpp -nostdinc -undef -x assembler-with-cpp "$here/good/$1/$1.dts"
	} >behind.dts && dtc -q -@ -O dtb -o behind.dtb behind.dts || return 1
	rm -rf from-board && run 0 -q -o from-board behind.dtb || return 1
	for cfg in "$here/good/$1"/expect/*; do
		diff -I '^# Written by' "$cfg" from-board || return 1
	done
}
for name in amend redefined; do
	check "blob: $name converts from a board's .dtb as from source" same_behind_board "$name"
done

blobs_in_any_order() {
	blob server.dtbo "$here/good/two-files/2-server.dts" -@ &&
	blob client.dtbo "$here/good/two-files/1-client.dts" -@ &&
	run 0 -o order1 server.dtbo client.dtbo && run 0 -o order2 client.dtbo server.dtbo &&
	diff -r -I '^# Written by' order1 order2 &&
	diff -r -I '^# Written by' order1 "$here/good/two-files/expect" &&
	run 0 -o order3 client.dtbo "$here/good/two-files/2-server.dts" &&
	diff -r -I '^# Written by' order1 order3
}
check "blobs and source in any order" blobs_in_any_order

blob_amends() {
	blob base.dtbo "$pipe" -@ &&
	printf '&door24 { info = ";;7"; status = "okay"; };\n' >amend.dts && blob amend.dtbo amend.dts -@ &&
	run 0 -o amended amend.dtbo base.dtbo && grep -q 'role=server,peer=vm4,unit=7,info=;;7' amended/vm2.cfg
}
check "an overlay amends a node of another" blob_amends

# An overlay for all of a board, with its base as a blob and as source.
overlay_with_base() {
	cat >base.dts <<-'END'
	/ { soc { uart0: serial { status = "disabled"; }; };
	    vms { two: vm2 { vm2_vdevs: vdevs { a: a { compatible = "vogl"; info = "vrpq-reqs=1K"; }; }; };
	          three: guest3 { memory = <64>; vm3_vdevs: vdevs { }; }; }; };
	END
	cat >over.dts <<-'END'
	/dts-v1/;
	/plugin/;
	&uart0 { status = "okay"; };
	&a { info = "vrpq-reqs=2K"; };
	&vm3_vdevs { b { peer-phandle = <&a>; }; };
	&three { memory = <128>; };
	&{/vms/vm2/vdevs} { c: c { compatible = "vumem"; }; };
	&two { vdevs { d { compatible = "vrpq"; peer-phandle = <&e>; }; }; };
	&vm3_vdevs { c { peer-phandle = <&c>; }; e: e { }; };
	&e { link = "last"; };
	END
	blob base.dtb base.dts -@ && dtc -q -@ -O dtb -o over.dtbo over.dts &&
	run 0 -q -o over-blobs over.dtbo base.dtb && run 0 -q -o over-source over.dts base.dts &&
	run 0 -q -o over-mixed base.dtb over.dts && diff -r -I '^# Written by' over-blobs over-source &&
	diff -r -I '^# Written by' over-blobs over-mixed && grep -q 'link=a,.*vrpq-reqs=2K' over-blobs/vm2.cfg &&
	grep -q 'link=last,class=vrpq,role=client,peer=vm3' over-blobs/vm2.cfg && grep -q '^memory = 128' over-blobs/vm3.cfg &&
	echo '/dts-v1/; /plugin/; &uart1 { };' >typo.dts && run 1 -q --check typo.dts base.dtb && says "unknown label 'uart1'" &&
	echo '&uart1 { };' >typo2.dts && run 1 -q --check typo.dts typo2.dts base.dtb && says "unknown label 'uart1'"
}
check "an overlay of a board, with its base" overlay_with_base

blob_without_symbols() {
	printf '/ { vm2_vdevs { b: x@1 { compatible = "vogl"; }; }; vm3 { vdevs { y { peer-phandle = <&b>; }; }; }; };\n' >plain.dts
	blob plain.dtb plain.dts && run 0 -o plain plain.dtb &&
	grep -q 'link=vm2-x-1,class=vogl,role=client,peer=vm2' plain/vm3.cfg &&
	printf '/ { other { b: x { compatible = "vogl"; }; }; vm3_vdevs { y { peer-phandle = <&b>; }; }; };\n' >lost.dts
	blob lost.dtb lost.dts && run 1 -o x lost.dtb &&
	says "lost.dtb:/other/x: error: 'x' looks like one end of a link, but the node around it, 'other', is no container" && [ ! -e x ]
}
check "a blob without labels: containers by name, links by theirs" blob_without_symbols

truncated_files() {
	blob whole.dtb "$here/good/board/board.dts" -@ 2>/dev/null || blob whole.dtb "$pipe" -@
	size=$(stat -c %s whole.dtb)
	cut=0
	while [ "$cut" -lt "$size" ]; do
		head -c "$cut" whole.dtb >cut.dtb
		run 1 -o x cut.dtb && says "cut.dtb: error: unusable blob" || return 1
		cut=$((cut + 17))
	done
	[ ! -e x ]
}
check "a truncated .dtb" truncated_files

negative_length() {
	base64 -d "$here/../../fuzz/dts2xl/found/blob-765b5dfd.base64" >negative.dtb &&
	run 1 -o x negative.dtb && says "negative.dtb: error: unusable blob: a property is longer than it can be"
}
check "a property of negative length in a .dtb" negative_length

huge_blob() {
	truncate -s 65M huge.dtb && run 1 -o x huge.dtb && says "huge.dtb: error: larger than" && [ ! -e x ]
}
check "a blob beyond all bounds" huge_blob

# Sets $spent to the processor time of all commands so far, in hundredths of a second.
spent() {
	times >"$tmp/times"
	spent=$(awk 'NR == 2 { gsub(/[ms]/, " "); print int(($1 * 60 + $2 + $3 * 60 + $4) * 100) }' "$tmp/times")
}

# effort COMMAND...: runs it and sets $effort to the processor time it took, likewise.
effort() {
	spent
	before=$spent
	"$@" || return 1
	spent
	effort=$((spent - before + 1))
}

siblings() {
	awk -v nr="$1" 'BEGIN {
		split("vrpq vumem vogl", class, " ")
		print "&vm2_vdevs {"
		for (i = 0; i < nr; i++)
			printf "n%d: n%d { compatible = \"%s\"; };\n", i, i, class[i % 3 + 1]
		print "};\n&vm3_vdevs {"
		for (i = 0; i < nr; i++)
			printf "c%d { peer-phandle = <&n%d>; };\n", i, i
		print "};"
	}'
}

many_siblings() {
	siblings 9000 >siblings.dts
	run 0 -q -o siblings siblings.dts &&
	[ "$(grep -c 'link=' siblings/vm3.cfg)" = 9000 ]
}
check "9000 nodes in a block" many_siblings

too_many_siblings() {
	siblings 12000 >too-many.dts
	run 1 -q -o x too-many.dts && says "too-many.dts:1:1: error: too many nodes in one block for dtc" &&
	says "[dtc-limit]" && [ ! -e x ]
}
check "more nodes in a block than dtc takes" too_many_siblings

# How much memory at most, in KiB; the sanitizers' is not the program's.
peak() {
	ASAN_OPTIONS=quarantine_size_mb=1 "$dts2xl" --classes "$classes" -q -o "many-$1" "$2" &
	pid=$!
	top=0
	while kill -0 $pid 2>/dev/null; do
		now=$(awk '/^VmHWM/ { print $2 }' /proc/$pid/status 2>/dev/null)
		[ "${now:-0}" -gt "$top" ] && top=$now
	done
	wait $pid || return 1
	peak=$top
}

many_nodes() {
	"$mkblob" 12500 25 >quarter.dtb && "$mkblob" 50000 25 >many.dtb || return 1
	peak quarter quarter.dtb && small=$peak && peak many many.dtb && [ "$peak" -lt $((small * 6)) ] &&
	[ "$(cat many-many/*.cfg | grep -c 'link=')" = 100000 ] &&
	effort run 0 -q -o quick quarter.dtb && small_effort=$effort && effort run 0 -q -o slow many.dtb &&
	[ "$effort" -lt $((small_effort * 10)) ]
}
check "100000 nodes of a blob, in time and memory that grow no faster" many_nodes

hostile_counts() {
	# Slips by the thousand, each with a message: none may take the square of their number.
	for nr in 1250 5000; do
		awk -v nr=$nr 'BEGIN { print "&vm2_vdevs {"
			for (i = 0; i < nr; i++) printf "l%d: n%d { compatible = \"vogl\"; p%d; };\n", i, i, i
			print "};\n&vm3_vdevs {"
			for (i = 0; i < nr; i++) printf "c%d { peer-phandle = <&m%d>; };\n", i, i
			print "};" }' >slips-$nr.dts
	done
	effort run 1 -o x slips-1250.dts && small_effort=$effort &&
	effort run 1 -o x slips-5000.dts && [ "$effort" -lt $((small_effort * 12)) ] && says "[unknown-peer]"
}
check "thousands of errors" hostile_counts

bases() {
	printf 'name = "camera"\nmemory = 99 # mine\ndriver_domain = 1' >own.cfg
	run 0 --base vm2=own.cfg -o based "$pipe" && [ ! -s err ] &&
	[ "$(head -c "$(stat -c %s own.cfg)" based/vm2.cfg)" = "$(cat own.cfg)" ] &&
	grep -q '^    "link=door24,.*name=vbpipe0' based/vm2.cfg && grep -q 'peer=camera' based/vm4.cfg &&
	run 0 --base vm2=own.cfg -o based "$pipe" &&
	cp based/vm2.cfg again && run 0 --base vm2=based/vm2.cfg -o based "$pipe" && cmp again based/vm2.cfg
}
check "--base: a config of one's own is kept byte for byte" bases

base_in_place() {
	mkdir place && printf 'name = "vm2"\ndriver_domain = 1\n' >place/vm2.cfg &&
	run 0 --base vm2=place/vm2.cfg -o place "$pipe" && grep -q 'link=door24' place/vm2.cfg &&
	run 1 -o place "$pipe" && says "place/vm2.cfg: error: exists"
}
check "--base: in place" base_in_place

bad_bases() {
	echo 'memory = 1' >nameless.cfg
	printf 'name = "a"\nvlink = []\n' >links.cfg
	printf 'name = "a' >broken.cfg
	printf 'name = "a"\n' >plain.cfg
	run 1 --base vm2=nameless.cfg -o x "$pipe" && says "nameless.cfg: error: it has no name [base]" &&
	run 1 --base vm2=links.cfg -o x "$pipe" && says "links.cfg:2: error: it has a vlink list already" &&
	run 1 --base vm2=broken.cfg -o x "$pipe" && says "[base]" &&
	run 1 --base vm2=none.cfg -o x "$pipe" && says "none.cfg: No such file" &&
	run 1 --base vm7=plain.cfg -o x "$pipe" && says "vm7, which the input does not have" &&
	run 1 --base vm2=plain.cfg --map vm2=b -o x "$pipe" && says "called 'b' by --map, but 'a'" &&
	run 1 --base vm2=plain.cfg --map vm4=a -o x "$pipe" && says "both called 'a'" &&
	run 2 --base plain.cfg -o x "$pipe" && says "vmN=FILE expected" &&
	run 2 --base vm2=plain.cfg --base vm2=plain.cfg -o x "$pipe" &&
	run 0 --base vm2=plain.cfg -o x "$pipe" && says "it should say driver_domain = 1 [driver-domain]"
	rm -rf x
}
check "--base: what cannot be one" bad_bases

# What xl would pass over in silence.
odd_bases() {
	printf 'name = "a"\nname = "b"\n' >names.cfg
	printf 'name = "a"; name = "b"\n' >names-line.cfg
	printf 'name = "a"; vlink = []; vlink = []\n' >lists-line.cfg
	printf 'name = "a" # ; name = "b"\ndisk = [ "x;name=1", "]" ]; driver_domain = 1\n' >tricky.cfg
	printf 'name = "a"\ndriver_domain = 1\nmemroy = 9\nmemory = 1\nvcpus = 1; vcpus = 2\n' >slips.cfg
	run 1 --base vm2=names.cfg -o x "$pipe" && says "names.cfg:2: error: name is given twice" &&
	run 1 --base vm2=names-line.cfg -o x "$pipe" && says "names-line.cfg:1: error: name is given twice" &&
	run 1 --base vm2=lists-line.cfg -o x "$pipe" && says "lists-line.cfg:1: error: it has a vlink list" &&
	run 0 --base vm2=tricky.cfg --check "$pipe" && [ ! -s err ] &&
	run 0 --base vm2=slips.cfg --check "$pipe" && says "slips.cfg:3: warning: xl knows no key 'memroy', and does not say so; did you mean 'memory'?" &&
	says "slips.cfg:5: warning: vcpus is given twice: xl takes the last" && [ "$(wc -l <err)" -eq 2 ]
}
check "--base: names, lists and slips that xl takes in silence" odd_bases

# As xl2dts(1) has it.
base_with_links() {
	rm -rf hand && run 0 -o hand "$pipe" && sed -i 1d hand/*.cfg && cp hand/vm2.cfg hand-vm2.cfg &&
	run 0 --reverse -o hand.dts hand/*.cfg &&
	run 1 --base vm2=hand-vm2.cfg -o hand-new hand.dts && says "--force replaces it" &&
	run 0 --force --base vm2=hand-vm2.cfg -o hand-new hand.dts && [ "$(grep -c '^vlink' hand-new/vm2.cfg)" -eq 1 ] &&
	grep 'link=' hand/vm2.cfg >want && grep 'link=' hand-new/vm2.cfg | diff want - &&
	[ "$(sed '/^vlink/,/^]/d' hand/vm2.cfg)" = "$(sed '/^# Links/,$d' hand-new/vm2.cfg)" ]
}
check "--force --base: a list of links is replaced" base_with_links

gaps() {
	printf 'disk = [ "phy:/dev/x,xvda,w" ]\n' >disk.conf
	printf 'bootloader = "pygrub"\n' >boot.conf
	printf 'memory = 64\nmemory = 65\ndisc = []\n' >twice.conf
	run 0 --defaults disk.conf -o gaps "$pipe" && grep -q '^kernel = "/vmlinuz"' gaps/vm4.cfg &&
	grep -q '^memory = 512' gaps/vm4.cfg && grep -q '^disk = ' gaps/vm4.cfg &&
	run 0 --defaults boot.conf -o gaps "$pipe" && ! grep -q '^kernel\|^type' gaps/vm4.cfg && grep -q '^memory = 512' gaps/vm4.cfg &&
	run 0 --defaults twice.conf -o gaps "$pipe" && ! grep -q '^memory = 512' gaps/vm4.cfg &&
	says "twice.conf:2: warning: memory is given twice" && says "did you mean 'disk'"
}
check "--defaults: what nothing says is filled in, and slips are told" gaps

maps() {
	run 0 --map vm2=dom0 --map vm4=guest -o mapped "$pipe" &&
	grep -q '^name = "Domain-0"' mapped/vm2.cfg && ! grep -q kernel mapped/vm2.cfg &&
	grep -q 'peer=Domain-0' mapped/vm4.cfg && grep -q '^name = "guest"' mapped/vm4.cfg &&
	run 2 --map vm2=../x -o x "$pipe" && run 2 --map vm2=7 -o x "$pipe" && run 2 --map two=x -o x "$pipe" &&
	run 2 --map vm2=a --map vm2=b -o x "$pipe" && run 2 --map 'vm2=a"b' -o x "$pipe" &&
	run 1 --map vm2=vm4 -o x "$pipe" && says "both called 'vm4'" &&
	run 0 --map vm9=x -o mapped "$pipe" && says "vm9, which the input does not have" && [ ! -e x ]
}
check "--map" maps

check_only() {
	run 0 --check "$pipe" && [ ! -s out ] && [ ! -s err ] &&
	run 0 --check -o unwritten "$pipe" && [ ! -e unwritten ] &&
	run 1 --check "$here/bad/status.dts" &&
	run 0 --check "$here/good/unused/unused.dtsi" && says warning &&
	run 1 --check --werror "$here/good/unused/unused.dtsi" && says "error: nodes below" &&
	run 0 --check -q "$here/good/unused/unused.dtsi" && [ ! -s err ]
}
check "--check, --werror and --quiet" check_only

differences() {
	run 0 -o diffed "$pipe" && run 0 --diff -o diffed "$pipe" && [ ! -s out ] &&
	sed 's/wakeup=250/wakeup=300/' "$pipe" >pipe.dtsi &&
	run 1 --diff -o diffed pipe.dtsi && says "[differs]" &&
	grep -q '^-.*wakeup=250' out && grep -q '^+.*wakeup=300' out && grep -q 'wakeup=250' diffed/vm2.cfg &&
	run 1 --diff -o not-there "$pipe" && grep -q '^--- /dev/null' out && [ ! -e not-there ]
}
check "--diff changes nothing" differences

depfile() {
	mkdir -p "dep dir" && cp "$here"/good/ifdef/parts.h "dep dir" &&
	printf '#include "parts.h"\n/include/ "more.dtsi"\n' >"dep dir/dep.dts" && cp "$pipe" "dep dir/more.dtsi" &&
	echo 'memory=1' >dep.conf &&
	run 0 --defaults dep.conf --depfile dep.d -o dep "dep dir/dep.dts" &&
	echo 'include dep.d' >dep.mk &&
	make -s -f dep.mk -n dep/vm2.cfg >/dev/null && for file in 'dep\\ dir/dep.dts' 'dep\\ dir/parts.h' \
		'dep\\ dir/more.dtsi' dep.conf "$classes"; do
		grep -q "^  $file" dep.d || return 1
	done && rm "dep dir/parts.h" && make -s -f dep.mk -n dep/vm2.cfg >/dev/null
}
check "--depfile names all that was read" depfile

no_preprocessor() {
	run 1 --no-cpp -o x "$here/good/ifdef/ifdef.dts" && says "[preprocessor]" &&
	run 2 --cpp /nonexistent/cpp -o x "$here/good/ifdef/ifdef.dts" && says "package cpp" && [ ! -e x ]
}
check "no preprocessor" no_preprocessor

devices_are_no_files() {
	mkfifo fifo && run 1 -o x fifo && says "not a regular file" &&
	printf '#include "/dev/zero"\n' >reads-zero.dts && run 1 -o x reads-zero.dts &&
	ln -sf /dev/zero zero.dtsi &&
	printf '/include/ "zero.dtsi"\n' >reads-zero.dts && run 1 -o x reads-zero.dts && [ ! -e x ]
}
check "pipes and devices as input" devices_are_no_files

# A zombie is init's affair.
has_ended() {
	case $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) in
	'' | Z | X) ;;
	*) return 1 ;;
	esac
}

nothing_runs_on() {
	printf '#!/bin/sh\nsleep 3600 &\necho $! >child\nexec cat /dev/zero\n' >endless-cpp &&
	chmod +x endless-cpp && run 1 --cpp "$PWD/endless-cpp" -o x "$here/good/ifdef/ifdef.dts" &&
	says "prints without end" || return 1
	tries=100
	until has_ended "$(cat child)"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] && sleep 0.1 || return 1
	done
}
check "what a preprocessor started ends with it" nothing_runs_on

stale_files() {
	run 0 -o stale "$here"/good/dom0/dom0.dtsi && run 0 -o stale "$pipe" &&
	says "stale/vm1.cfg: warning: it is of an earlier run" && says "[stale]"
}
check "configs of an earlier run are told of" stale_files

explained() {
	run 0 --explain list && cp out codes && [ "$(wc -l <codes)" -ge 50 ] || return 1
	while read -r code; do
		run 0 --explain "$code" && [ -s out ] || return 1
	done <codes
	run 2 --explain wraped-comment && says "did you mean 'wrapped-comment'"
	# Every message that a test expects has such a code.
	sed -n 's/.*\(error\|warning\): .*\[\([a-z-]*\)\]$/\2/p' "$here"/bad/*.err "$here"/good/*/stderr |
		sort -u | while read -r code; do grep -qx "$code" codes || exit 1; done &&
	! cat "$here"/bad/*.err "$here"/good/*/stderr | grep '\(error\|warning\): ' | grep -v '\[[a-z-]*\]$'
}
check "--explain knows every code" explained

json() {
	run 0 --json model.json "$here/good/quoting/quoting.dtsi" && python3 - <<-'END'
	import json
	model = json.load(open("model.json"))
	(end,) = [e for v in model["vms"] if v["name"] == "vm3" for e in v["links"]]
	assert end["info"] == '"' and end["peer"] == "vm2" and end["role"] == "client", end
	assert end["line"] and end["grants"] > 1000, end
	END
	name=$(printf 'sch\303\266n.dtsi') && cp "$pipe" "$name" && run 0 --json model.json "$name" && python3 - <<-'END'
	import json
	model = json.load(open("model.json", encoding="utf-8"))
	assert {e["file"] for v in model["vms"] for e in v["links"]} == {"sch\u00f6n.dtsi"}, model
	END
}
if command -v python3 >/dev/null; then
	check "--json" json
fi

outputs() {
	mkfifo graph.fifo && { cat graph.fifo >graph.read & } &&
	run 0 --graph graph.fifo "$pipe" && wait && [ -p graph.fifo ] && grep -q digraph graph.read &&
	run 0 --graph - "$pipe" && cmp out graph.read && ln -s /dev/null nowhere &&
	run 0 --json nowhere "$pipe" && [ -L nowhere ] &&
	run 2 --json missing/x.json "$pipe" && says "cannot write missing/x.json" &&
	run 2 --json . "$pipe" && says "cannot write ."
}
check "--json and --graph replace no pipe, device or directory" outputs

# The links of one's configs, made fragments and converted again.
round_trip() {
	mkdir -p trip && run 0 --reverse -o trip/links.dts "$@" &&
	rm -rf trip/back && run 0 -q --classes "${trip_classes:-$classes}" -o trip/back trip/links.dts || return 1
	for cfg in "$@"; do
		name=$(sed -n 's/^name = //p' "$cfg")
		back=$(grep -lxF "name = $name" trip/back/*.cfg) || return 1
		grep '^    "link=' "$cfg" | sort >want && grep '^    "link=' "$back" | sort | diff want - || return 1
	done
}
for name in pipe board clones numbers quoting roles units mutual dom0 sockets vms amend needs infos; do
	check "round trip: $name" round_trip "$here/good/$name"/expect/*.cfg
done
trip_classes=$here/good/classes/classes.conf
check "round trip: classes" round_trip "$here"/good/classes/expect/*.cfg
trip_classes=

by_hand() {
	cat >hand-a.cfg <<-'END'
	name = "front.seat"
	vlink = [
	    "link=1-st,class=vogl,role=server,peer=vm3,unit=9,name=eye,rate=30,info=vrpq-reqs=512,, x=\"y\"",
	    "link=vm2_vdevs,class=vbpipe,role=client,peer=vm3,unit=0",
	    "link=a_b,class=vumem,role=client,peer=Domain-0,unit=0",
	    "link=a-b,class=vumem,role=client,peer=Domain-0,unit=1",
	]
	END
	cat >hand-b.cfg <<-'END'
	name = "vm3"
	vlink = [
	    "link=1-st,class=vogl,role=client,peer=front.seat,unit=0",
	    "link=vm2_vdevs,class=vbpipe,role=server,peer=front.seat,unit=4,name=x,info=a",
	]
	END
	cat >hand-c.cfg <<-'END'
	name = "Domain-0"
	vlink = [
	    "link=a_b,class=vumem,role=server,peer=front.seat,unit=0",
	    "link=a-b,class=vumem,role=server,peer=front.seat,unit=1,info=vumem-mem=1M",
	]
	END
	round_trip hand-a.cfg hand-b.cfg hand-c.cfg
}
check "round trip: configs written by hand" by_hand

bad_reverse() {
	run 1 --reverse hand-a.cfg && says "link '1-st': the config of its peer 'vm3' is missing" && [ ! -s out ] &&
	run 1 --reverse hand-b.cfg hand-b.cfg && run 1 --reverse none.cfg && says "none.cfg: No such file" &&
	echo 'name = "x' >torn.cfg && run 1 --reverse torn.cfg && run 2 --reverse
}
check "what cannot be made fragments" bad_reverse

by_its_name() {
	ln -sf "$dts2xl" xl2dts && ./xl2dts "$here"/good/pipe/expect/*.cfg >out && grep -q '^&vm2_vdevs {' out
}
check "xl2dts is dts2xl --reverse" by_its_name

# The command that docs/operating.md and README give
first_links() {
	(cd "$examples/first" && "$dts2xl" --defaults guests.conf --defaults vm2=vm2.conf --defaults vm4=vm4.conf \
		-o "$tmp/first" links.dtsi) && ls first >out && printf 'vm2.cfg\nvm4.cfg\n' | diff - out &&
	grep -q '^disk = .*vm4' first/vm4.cfg && grep -q 'class=vsock,role=server,peer=vm4' first/vm2.cfg
}
check "examples/first is converted as the documents say" first_links

board=$examples/board
run_board() {
	run "$1" --classes "$board/classes.conf" "$2" "$3" "$board/board.dts"
}

board_converts() {
	run_board 0 -o board1 && [ ! -s err ] && [ "$(cat board1/*.cfg | grep -c role=server)" = 40 ] &&
	[ "$(cat board1/*.cfg | grep -c role=client)" = 40 ] && [ -e board1/vm9.cfg ] && [ ! -e board1/vm10.cfg ] &&
	run_board 0 -o board2 && diff -r board1 board2 &&
	run 0 --classes "$board/classes.conf" --check "$board/board.dts" && [ ! -s out ] && [ ! -s err ]
}
check "board: eight VMs and forty links, the same each time, without a message" board_converts

board_graph() {
	run_board 0 --graph board.dot && [ "$(grep -c -- '->' board.dot)" = 40 ] &&
	grep -q '"vm3" -> "vm2" \[label="gfx-vm3\\nvogl"' board.dot &&
	grep -q '"Domain-0" -> "vm9" \[label="log-vm1\\nvbpipe"' board.dot &&
	cat board1/*.cfg | sed -n 's/.*link=\([^,]*\),class=\([^,]*\),role=client,peer=\([^,]*\),.*/\1 \2 \3/p' | sort >want &&
	sed -n 's/.*-> "\([^"]*\)" \[label="\(.*\)\\n\([a-z]*\)".*/\2 \3 \1/p' board.dot | sort | diff want -
}
check "board: the graph has its edges" board_graph

board_svg() {
	run_board 0 --graph board.svg && grep -q '<svg' board.svg && [ "$(grep -c 'class="edge"' board.svg)" = 40 ] &&
	[ "$(grep -c 'class="node"' board.svg)" = 9 ]
}
no_dot() {
	PATH=$tmp/no-path run 2 --dtc "$(command -v dtc)" --cpp "$(command -v cpp)" --graph x.svg "$pipe" && says "package graphviz"
}
if command -v dot >/dev/null; then
	check "board: drawn by Graphviz" board_svg
fi
check "Graphviz is not installed" no_dot

board_round_trip() {
	trip_classes=$board/classes.conf
	round_trip board1/*.cfg
}
check "round trip: board" board_round_trip

help_and_version() {
	run 0 --help && grep -q '^Usage: dts2xl' out && run 0 --version && grep -q '^dts2xl [0-9]' out
}
check "--help and --version" help_and_version

echo "dts2xl: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
