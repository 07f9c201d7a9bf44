# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The emulated machine: Xen, dom0 and its guests, and how commands are run in them. To be sourced by
# check, after tests/lab/emulation.sh.
#
# shellcheck disable=SC2154 # work, out, dom0, guests, kept: check's and images.sh's
# shellcheck disable=SC2094 # both only append to the log

# Some of it may have to wait for others on this machine's processors.
LIMIT=${HOST_LIMIT:-10800}

# Seconds for each thing that is awaited
PATIENCE=${HOST_PATIENCE:-900}

seconds_left() {
	echo $((started + LIMIT - SECONDS > 0 ? started + LIMIT - SECONDS : 1))
}

free_port() {
	local port

	while port=$((20000 + RANDOM)); do
		(exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || { echo "$port"; return; }
	done
}

# Connections stay open for the commands to come: each takes seconds to make under emulation.
ssh_config() { # PORT
	local vm

	# Of each option the first value counts.
	printf 'Host anna-*\n  User anna\n'
	cat <<-CONFIG
	Host *
	  User root
	  IdentityFile $kept/key
	  UserKnownHostsFile /dev/null
	  StrictHostKeyChecking no
	  BatchMode yes
	  LogLevel ERROR
	  ConnectTimeout 30
	  ServerAliveInterval 20
	  ServerAliveCountMax 15
	  ControlMaster auto
	  ControlPersist yes
	  ControlPath $work/%n
	Host dom0
	  HostName 127.0.0.1
	  Port $1
	CONFIG
	for vm in 2 4; do
		printf 'Host vm%d anna-vm%d\n  HostName 10.77.0.%d\n  ProxyJump dom0\n' $vm $vm $vm
	done
}

disk() { # NAME IMAGE
	echo "-drive file=$2,format=raw,if=none,id=$1,snapshot=on -device virtio-blk-pci,drive=$1,serial=$1,disable-legacy=on"
}

# What is written to the disks is gone with the machine. It goes before others on this machine's
# processors: xl gives up on a script of Debian's after forty seconds.
start_machine() {
	local port linux="root=LABEL=dom0 ro console=hvc0 loglevel=5 net.ifnames=0 $X86_CLOCK"

	port=$(free_port)
	ssh_config "$port" > "$work/ssh"
	started=$SECONDS
	# shellcheck disable=SC2046 # options
	TMPDIR=$work nice -n -10 timeout --kill-after=5 "$LIMIT" qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu "$X86_CPU" \
		-m 6144 -smp 2 -nodefaults -display none \
		-kernel "$dom0/xen" -append "console=com1 com1=115200,8n1 dom0_mem=1536M,max:1536M dom0_max_vcpus=1 $XEN_OPTIONS" \
		-initrd "$dom0/kernel $linux,$dom0/ramdisk" \
		$(disk root "$dom0/dom0.img") $(disk vm2 "$guests/vm2.img") $(disk vm4 "$guests/vm4.img") \
		-netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$port-10.0.2.15:22" \
		-device virtio-net-pci,netdev=net,disable-legacy=on \
		-serial "file:$out/console.log" -monitor "unix:$work/monitor,server=on,wait=off" \
		< /dev/null > "$out/qemu.log" 2>&1 &
	machine=$!
}

machine_runs() {
	kill -0 "$machine" 2> /dev/null
}

stop_machine() {
	local vm

	for vm in dom0 vm2 vm4 anna-vm2 anna-vm4; do
		hang_up "$vm"
	done
	[ -n "${machine-}" ] || return 0
	kill "$machine" 2> /dev/null
	wait "$machine" 2> /dev/null
	machine=
}

# hang_up VM: before it boots, or for a new login
hang_up() {
	[ ! -e "$work/$1" ] || ssh -F "$work/ssh" -O exit "$1" > /dev/null 2>&1
	rm -f "$work/$1"
}

# on VM COMMAND: runs it there, as root, or as anna on anna-VM; what it prints goes to the log, too
on() {
	local rc

	printf '\n%s# %s\n' "$1" "$2" >> "$log"
	timeout --foreground "$(seconds_left)" ssh -F "$work/ssh" -n "$1" -- "$2" 2>> "$log" | tee -a "$log"
	rc=${PIPESTATUS[0]}
	[ "$rc" = 0 ] || echo "[$1: exit code $rc]" >> "$log"
	return "$rc"
}

# quietly VM COMMAND: what it prints goes to the log only
quietly() {
	on "$@" > /dev/null
}

# await WHAT COMMAND...: until it succeeds
await() {
	local limit=$((SECONDS + PATIENCE)) what=$1

	shift
	until "$@"; do
		if ! machine_runs; then
			say "the machine has ended while it waited for this: $what"
			return 1
		fi
		if [ "$SECONDS" -ge "$limit" ] || [ "$(seconds_left)" -le 1 ]; then
			say "has waited in vain for this: $what"
			return 1
		fi
		sleep 1
	done
}

answers() { # VM
	hang_up "$1"
	timeout 60 ssh -F "$work/ssh" -n "$1" true 2> /dev/null
}

boot_id() { # VM
	timeout 60 ssh -F "$work/ssh" -n "$1" cat /proc/sys/kernel/random/boot_id 2> /dev/null
}

has_booted_since() { # VM ID
	local now

	hang_up "$1"
	now=$(boot_id "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}

has_come_up() { # VM
	timeout 60 ssh -F "$work/ssh" -n "$1" systemctl is-system-running 2> /dev/null | grep -qE 'running|degraded'
}

# booted VM: has all that it starts at boot
booted() {
	await "$1 lets root log in" answers "$1" &&
	await "systemd of $1 has started everything" has_come_up "$1"
}

# reboot VM: by its own systemd
reboot() {
	local before

	before=$(boot_id "$1")
	quietly "$1" "systemctl reboot"
	await "$1 boots again" has_booted_since "$1" "$before" && booted "$1"
}
