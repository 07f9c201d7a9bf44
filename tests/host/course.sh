# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What an operator does, by the commands of the documents, and what has to be seen then. To be
# sourced by check.
#
# shellcheck disable=SC2154 # version, out, top, log, work: check's
# shellcheck disable=SC2016,SC2015 # variables of the other machine; what follows || is for any failure

OPERATING=$top/docs/operating.md
EXAMPLES=/usr/lib/xen-vlink/examples

# documented_on VM DIRECTORY REGEX [SED]: runs the command of docs/operating.md there, changed by SED
documented_on() {
	local command

	command=$(documented "$OPERATING" "$3") || return 1
	quietly "$1" "set -e; cd $2; $(sed "${4-}" <<< "$command")"
}

# README.md prints the same commands.
readme_agrees() {
	local regex

	for regex in "$IN_DOM0" "$IN_GUEST" dts2xl 'xl create /etc/xen/vm2' 'xl create /etc/xen/vm4' 'vlinkctl list'; do
		[ "$(documented "$top/README.md" "$regex")" = "$(documented "$OPERATING" "$regex")" ] ||
			{ echo "README.md and docs/operating.md differ: $regex"; return 1; }
	done
}

documented_block_on() { # VM DIRECTORY REGEX
	local commands

	commands=$(documented_block "$OPERATING" "$3") || return 1
	quietly "$1" "set -ex; cd $2; $commands"
}

nothing_has_failed() { # VM
	[ -z "$(on "$1" "systemctl --failed --no-legend --plain")" ]
}

packages_of() { # VERSION
	echo "/debs/$1/build/packages"
}

IN_DOM0='apt install ./xen-vlink-utils'
IN_GUEST='apt install linux-headers-amd64'
UPGRADE='apt install --only-upgrade ./'
DOWNGRADE='apt install --only-upgrade --allow-downgrades ./'

# --- the unit ---------------------------------------------------------------

vlinkd_runs() {
	quietly dom0 "systemctl is-active vlinkd && systemctl is-enabled vlinkd"
}

unit_is_right() {
	[ -z "$(on dom0 "systemd-analyze verify --man=no vlinkd.service 2>&1")" ]
}

# As it ships: it must not get looser unseen. CAP_DAC_READ_SEARCH is the one capability.
unit_is_confined() {
	quietly dom0 "systemd-analyze security --threshold=25 vlinkd.service" &&
	quietly dom0 'set -ex; pid=$(systemctl show -P MainPID vlinkd)
		grep "^Seccomp:.*2$" /proc/$pid/status; grep "^NoNewPrivs:.*1$" /proc/$pid/status
		test "$(sed -n "s/^CapEff:[[:blank:]]*//p" /proc/$pid/status)" = 0000000000000004'
}

# --- the first link ---------------------------------------------------------

# With two processors a PV guest starts programs six times more slowly in QEMU's emulation.
create_example() {
	quietly dom0 "cp -r /usr/share/doc/xen-vlink-doc/examples/first /root/first &&
		sed -i 's/^vcpus = .*/vcpus = 1/' /root/first/guests.conf" &&
	documented_block_on dom0 /root/first dts2xl
}

guests_are_up() {
	booted vm2 && booted vm4
}

links_are_up() {
	quietly vm2 "vlinkctl wait --timeout $PATIENCE" && quietly vm4 "vlinkctl wait --timeout $PATIENCE" &&
	quietly dom0 "vlinkctl list --all && vlinkctl check"
}

users_are_admitted() {
	local vm

	for vm in vm2 vm4; do
		! quietly anna-$vm "test -r /dev/chat" || return 1
		documented_on $vm / usermod 's/USER/anna/' || return 1
		# A new login
		hang_up anna-$vm
		quietly anna-$vm "test -r /dev/chat -a -w /dev/chat" || return 1
	done
}

# The first graphics: a class of two services, beside the example's links, in running domains
graphics_are_added() {
	local command

	command=$(documented "$OPERATING" dts2xl) || return 1
	quietly dom0 "cat > /root/first/graphics.dtsi <<'END'
$(cat "$here/graphics.dtsi")
END
set -ex; cd /root/first; $command graphics.dtsi" && links_are_up &&
	quietly vm2 "ls -l /dev/vrpq* /dev/vumem*" && quietly vm4 "test -c /dev/vumem-clt-vogl0"
}

# --- services, used by an ordinary user -------------------------------------

# By the commands of docs/operating.md; either may be the first to open it
pipe_works() {
	local reader writer

	reader=$(documented "$OPERATING" 'cat /dev/chat') &&
	writer=$(documented "$OPERATING" 'echo hello > /dev/chat') || return 1
	on anna-vm2 "timeout $PATIENCE ${reader%%#*}" > "$work/read" &
	quietly anna-vm4 "timeout $PATIENCE sh -c '${writer%%#*}'" || { wait $!; return 1; }
	wait $!
	[ "$(cat "$work/read")" = hello ]
}

# with_server COMMAND SAYS CLIENT: the server runs in vm2, and the client in vm4, once the former says
# this (empty: it may come first)
with_server() {
	local pid

	quietly anna-vm2 "rm -f server.out"
	quietly anna-vm2 "timeout $PATIENCE $1 > server.out 2>&1" &
	pid=$!
	{ [ -z "$2" ] || await "'$1' serves" quietly anna-vm2 "grep -q '$2' server.out"; } &&
	quietly anna-vm4 "timeout $PATIENCE $3" || { quietly anna-vm2 "cat server.out"; wait $pid; return 1; }
	wait $pid
}

# docs/vsock.md: the domain id + 2
cid_of() { # VM
	echo $(($(on dom0 "xl domid $1") + 2))
}

sockets_work() {
	with_server "$EXAMPLES/vsock-server -n 1 5000" 'port 5000' "$EXAMPLES/vsock-client -p 5000 $(cid_of vm2) hello again"
}

calls_work() {
	with_server "$EXAMPLES/vrpq-server -n 1" '' \
		"sh -ec '$EXAMPLES/vrpq-client -p 7 /dev/vrpq-clt-vogl0 > drawn; cmp drawn $EXAMPLES/vrpq-client.expected'"
}

memory_works() {
	with_server "$EXAMPLES/vumem-server /dev/vumem-srv-vogl0 /tmp 1" '' "$EXAMPLES/vumem-client /dev/vumem-clt-vogl0"
}

services_work() { # WHEN
	check "the pipe works $1" pipe_works
	check "sockets work $1" sockets_work
	check "remote procedures work $1" calls_work
	check "shared buffers work $1" memory_works
}

# --- a conversation that is to go on ----------------------------------------

# vm4 sends a number a second, until it is told to stop; vm2 writes down what it hears.
talk_begins() {
	quietly anna-vm2 'rm -f heard heard.rc; : > heard
		setsid sh -c "cat /dev/chat > heard; echo \$? > heard.rc" < /dev/null > /dev/null 2>&1 &'
	quietly anna-vm4 'rm -f said said.rc stop
		setsid sh -c "exec 3> /dev/chat; i=0; while [ ! -e stop ]; do i=\$((i + 1)); echo \$i >&3 || break
			echo \$i > said; sleep 1; done; exec 3>&-; test -e stop; echo \$? > said.rc" < /dev/null > /dev/null 2>&1 &'
	await "the conversation begins" has_heard 3
}

has_heard() { # NUMBER
	[ "$(on anna-vm2 "wc -l < heard")" -ge "$1" ]
}

talk_goes_on() {
	local heard

	heard=$(on anna-vm2 "wc -l < heard")
	await "the conversation goes on" has_heard $((heard + 3)) || return 1
	quietly anna-vm4 "touch stop"
	await "the conversation ends" quietly anna-vm2 "cat heard.rc" &&
	await "the writer ends" quietly anna-vm4 "cat said.rc" || return 1
	[ "$(on anna-vm2 "cat heard.rc")$(on anna-vm4 "cat said.rc")" = 00 ] &&
	[ "$(on anna-vm2 "cat heard")" = "$(seq "$(on anna-vm4 "cat said")")" ]
}

# goes_on_while COMMAND...: links that are up stay up
goes_on_while() {
	talk_begins && "$@" && talk_goes_on
}

# --- vlinkd and dom0 --------------------------------------------------------

vlinkd_is_restarted() {
	quietly dom0 "systemctl restart vlinkd"
}

guests_start_with_dom0() {
	documented_block_on dom0 / /etc/xen/auto
}

dom0_boots_again() {
	local vm

	for vm in vm2 vm4; do
		boot_id $vm > "$work/boot-$vm"
		hang_up anna-$vm
		hang_up $vm
	done
	reboot dom0 && guests_are_up || return 1
	for vm in vm2 vm4; do
		[ "$(boot_id $vm)" = "$(cat "$work/boot-$vm")" ] && say "$vm was saved and restored" || say "$vm has booted"
	done
}

# --- a new kernel -----------------------------------------------------------

kernel_is_installed() {
	quietly vm2 "apt install -t $(backports) linux-image-amd64 linux-headers-amd64" && quietly vm2 "dkms status"
}

# It boots it, and the modules that DKMS has built for it load, without any command.
kernel_is_booted() {
	hang_up anna-vm2
	reboot vm2 || return 1
	[ "$(on vm2 "uname -r")" != "$(on vm4 "uname -r")" ] &&
	quietly vm2 'modinfo -F filename vlink | grep "/$(uname -r)/updates/dkms/"' && vm_runs vm2 "$version"
}

# --- other versions ---------------------------------------------------------

installed_is() { # VM PACKAGE VERSION
	[ "$(on "$1" "dpkg-query -W -f '\${Version}' $2")" = "$3" ]
}

dom0_gets() { # VERSION COMMAND
	local before

	before=$(on dom0 "systemctl show -P MainPID vlinkd")
	documented_on dom0 "$(packages_of "$1")" "$2" &&
	installed_is dom0 xen-vlink-utils "$1" && vlinkd_runs &&
	quietly dom0 "vlinkd --version | grep -w '$1\$'" &&
	[ "$(on dom0 "systemctl show -P MainPID vlinkd")" != "$before" ]
}

vm4_gets() { # VERSION COMMAND
	documented_on vm4 "$(packages_of "$1")" "$2" &&
	installed_is vm4 xen-vlink-dkms "$1" && quietly vm4 "vlinkctl --version | grep -w '$1\$'" &&
	[ "$(on vm4 "modinfo -F version vlink")" = "$1" ]
}

vm_runs() { # VM VERSION
	[ "$(on "$1" "cat /sys/module/vlink/version")" = "$2" ]
}

# Without booting the domain
vm4_loads() { # VERSION
	documented_block_on vm4 / 'rmmod' && vm_runs vm4 "$1" && links_are_up
}

# Each compiles the modules, on a processor of its own.
both_guests_are_upgraded() {
	local kernel rc=0

	kernel_is_installed &
	kernel=$!
	vm4_gets "$next" "$UPGRADE" || rc=1
	wait $kernel && return $rc
}

# --- removal ----------------------------------------------------------------

utils_are_removed() {
	quietly dom0 "apt remove xen-vlink-utils" && quietly dom0 "! systemctl is-active vlinkd; test -e /etc/vlink/classes.conf"
}

is_purged() { # VM
	documented_block_on "$1" / 'apt purge'
}

nothing_is_left() { # VM
	local left

	left=$(on "$1" "$(declare -f left_of_ours); left_of_ours ''")
	[ -z "$left" ] || { echo "$left" | head -n 20; return 1; }
}

# --- the course -------------------------------------------------------------

course() {
	local next vm

	next=$(next_of "$version")
	check "README.md prints the commands of docs/operating.md" readme_agrees
	check "dom0 boots" booted dom0 || return
	check "nothing has failed in dom0 before" nothing_has_failed dom0
	check "the packages are installed in dom0" documented_on dom0 "$(packages_of "$version")" "$IN_DOM0" || return
	check "vlinkd runs, and is enabled" vlinkd_runs
	check "its unit is right" unit_is_right
	check "its unit is confined" unit_is_confined
	check "the example's guests are created" create_example || return
	check "the guests boot" guests_are_up || return
	check "the links are up" links_are_up
	check "members of the group vlink may use them" users_are_admitted
	check "the pipe works" pipe_works
	check "links are added to running domains" graphics_are_added
	services_work "for a user of the group vlink"
	check "links stay up while vlinkd is restarted" goes_on_while vlinkd_is_restarted
	for vm in dom0 vm2 vm4; do
		check "nothing has failed in $vm" nothing_has_failed $vm
	done
	check "guests are to start with dom0" guests_start_with_dom0
	check "dom0 boots again, and guests with it" dom0_boots_again || return
	check "the links are up after dom0's boot" links_are_up
	services_work "after dom0's boot"
	check "links stay up while dom0's packages are upgraded" goes_on_while dom0_gets "$next" "$UPGRADE"
	services_work "between versions of dom0 and guests"
	check "links stay up while a guest's packages are upgraded, and another's kernel" goes_on_while both_guests_are_upgraded
	check "the modules that it runs are still the old ones" vm_runs vm4 "$version"
	check "the new modules are loaded" vm4_loads "$next"
	services_work "between versions of guests"
	check "the other guest boots the new kernel" kernel_is_booted
	check "the links are up with the new kernel" links_are_up
	services_work "with the new kernel"
	check "links stay up while dom0's packages are downgraded" goes_on_while dom0_gets "$version" "$DOWNGRADE"
	check "a guest's packages are downgraded" vm4_gets "$version" "$DOWNGRADE"
	check "the old modules are loaded" vm4_loads "$version"
	services_work "after the downgrade"
	check "links stay up while the tools are removed" goes_on_while utils_are_removed
	for vm in dom0 vm2 vm4; do
		check "all is purged in $vm" is_purged $vm
		check "nothing is left in $vm" nothing_is_left $vm
		check "nothing has failed in $vm at the end" nothing_has_failed $vm
	done
}

# --- at the end -------------------------------------------------------------

# What the kernels have said since their first boot, and Xen
logs_are_clean() {
	local vm found

	for vm in dom0 vm2 vm4; do
		on $vm "journalctl -q -k -o short-monotonic -b all" > "$out/$vm.kernel" 2> /dev/null
		[ -s "$out/$vm.kernel" ] || { say "no log of $vm's kernel"; return 1; }
	done
	grep -a '(XEN)' "$out/console.log" > "$out/xen.log"
	found=$(kernels_complaints "$out"/*.kernel "$out/console.log"; xens_complaints "$out/xen.log")
	[ -z "$found" ] || { printf '%s\n' "$found" | head -n 50; return 1; }
}
