# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The disks of the machine: our packages in two versions, and Debian's root file systems for dom0 and
# for guests. All are kept in the cache by what they are made of. To be sourced by check, after
# tests/packages/system.sh.
#
# shellcheck disable=SC2154 # here, top, suite, log, kept, work: check's
# shellcheck disable=SC2016 # variables of the system in the tree

# The next version: what NUMBER becomes when the packages are upgraded
next_of() { # NUMBER
	echo "$1.1"
}

sum_of() { # FILE...
	cat -- "$@" | sha256sum | cut -c 1-12
}

# What our packages are made from: all but the tests of the machine and of Debian's packages.
sources() {
	(cd "$top" && git ls-files -z --cached --others --exclude-standard -- ':!tests/host' ':!tests/lab' ':!tests/packages' |
		xargs -0 sha256sum 2>/dev/null)
}

# make_kept DIRECTORY FUNCTION: has FUNCTION make it as DIRECTORY.part, unless it is there
make_kept() {
	if [ ! -e "$1" ]; then
		rm -rf "$1.part"
		mkdir -p "$1.part"
		"$2" "$1.part" || return
		mv "$1.part" "$1"
	fi
	# For prune()
	touch "$1"
}

# --- our packages -----------------------------------------------------------

raise_version() { # TREE
	sed -i "1s/($version)/($(next_of "$version"))/" "$1/debian/changelog"
	sed -i "s/\\(XEN_VLINK_VERSION \"\\)$version\"/\\1$(next_of "$version")\"/" "$1/include/vlink/version.h"
}

build_into() { # SYSTEM DIRECTORY
	say "building $2"
	within "$1" /src/scripts/deb >> "$log" 2>&1 || return 1
	mkdir -p "$2/build"
	mv "$1/src/build/packages" "$2/build/"
	rm -f "$2"/build/packages/*-dbgsym_* "$2/build/packages/build.log"
}

make_packages() { # DIRECTORY
	local builder

	builder=$kept/builder-$suite-$({ declare -f new_system building_system; cat "$top/debian/control"; } | sum_of -)
	make_kept "$builder" building_system || return 1
	copy_sources "$builder"
	build_into "$builder" "$1/$version" &&
	raise_version "$builder/src" &&
	build_into "$builder" "$1/$(next_of "$version")"
}

# --- root file systems ------------------------------------------------------

# What Debian's own installation of a server would bring, and what the test logs in by
COMMON="systemd-sysv udev dbus kmod iproute2 initramfs-tools zstd openssh-server apt-utils"
DOM0="linux-image-amd64 xen-system-amd64 bridge-utils"
GUEST="linux-image-amd64 linux-headers-amd64 grub-xen ccache"

backports() {
	echo "$suite-backports"
}

# What all systems of the test have in common, and a key for the user root and the user anna
prepare_common() { # SYSTEM
	cp -r "$here/system/all/." "$1/"
	[ -e "$kept/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$kept/key"
	within "$1" useradd -m -s /bin/bash anna || return 1
	install -d -m 700 "$1/root/.ssh" "$1/home/anna/.ssh"
	cp "$kept/key.pub" "$1/root/.ssh/authorized_keys"
	cp "$kept/key.pub" "$1/home/anna/.ssh/authorized_keys"
	within "$1" chown -R anna: /home/anna/.ssh
	# There is no network, and no LVM that snapshots for e2scrub could be in.
	within "$1" systemctl -q enable systemd-networkd
	within "$1" systemctl -q mask systemd-timesyncd apt-daily.timer apt-daily-upgrade.timer \
		systemd-networkd-wait-online.service e2scrub_reap.service
	mkdir -p "$1/var/log/journal"
	rm -f "$1/usr/sbin/policy-rc.d"
}

# Has apt take packages from the system itself, as there is no network: those of the suite,
# and those of its backports. What stands in apt's cache goes there.
local_archive() { # SYSTEM
	local part

	for part in "$suite" "$(backports)"; do
		mkdir -p "$1/srv/debian/$part"
		(cd "$1/srv/debian/$part" && apt-ftparchive packages . > Packages &&
			apt-ftparchive -o APT::FTPArchive::Release::Suite="$part" -o APT::FTPArchive::Release::Codename="$part" \
				release . > Release) || return 1
	done
	# As in Debian's own
	printf 'NotAutomatic: yes\nButAutomaticUpgrades: yes\n' | cat - "$1/srv/debian/$(backports)/Release" > "$1/srv/release"
	mv "$1/srv/release" "$1/srv/debian/$(backports)/Release"
	printf 'deb [trusted=yes] file:/srv/debian/%s ./\n' "$suite" "$(backports)" > "$1/etc/apt/sources.list"
	rm -rf "$1"/etc/apt/sources.list.d/* "$1"/var/lib/apt/lists/*
	within "$1" apt-get -q update >> "$log" 2>&1
}

# archives_into ARCHIVE SYSTEM: those in apt's cache that are named on standard input, by name, version
# and architecture
archives_into() {
	local name number architecture

	mkdir -p "$2/srv/debian/$1"
	while read -r name number architecture; do
		find "$2/var/cache/apt/archives" -name "${name}_${number//:/%3a}_$architecture.deb" \
			-exec cp {} "$2/srv/debian/$1/" \;
	done
}

# fetch_into ARCHIVE SYSTEM ARGUMENT...: what apt would install
fetch_into() {
	local part=$1 system=$2

	shift 2
	apt "$system" --download-only install "$@" || return 1
	keep_archives "$system"
	within "$system" apt-get -q -y -s install "$@" |
		sed -n 's/^Inst \([^ ]*\) .*(\([^ ]*\) .*\[\([a-z0-9]*\)\]).*/\1 \2 \3/p' | archives_into "$part" "$system"
}

# What wanted names, with COMMON
debian_system() { # DIRECTORY
	say "installing $wanted ($suite)"
	new_system "$1" || return 1
	# shellcheck disable=SC2086 # lists
	apt "$1" install --no-install-recommends $COMMON $wanted || return 1
	keep_archives "$1"
}

# Debian without our packages, kept; these lie in /debs
begin_system() { # TREE PACKAGES
	local wanted=$2 base

	base=$kept/debian-$suite-$({ declare -f new_system debian_system; echo "$COMMON $wanted"; } | sum_of -)
	make_kept "$base" debian_system || return 1
	cp -a "$base" "$1"
	mkdir -p "$1/debs"
	cp -r "$packages/." "$1/debs/"
}

make_dom0() { # DIRECTORY
	local tree=$1/tree files

	begin_system "$tree" "$DOM0" || return 1
	prepare_common "$tree"
	cp -r "$here/system/dom0/." "$tree/"
	mapfile -t files < <(cd "$tree" && printf '/%s\n' "debs/$version"/build/packages/xen-vlink-{utils,guest,doc}_*.deb)
	fetch_into "$suite" "$tree" "${files[@]}" || return 1
	local_archive "$tree" || return 1
	gzip -dc "$tree"/boot/xen-*-amd64.gz > "$1/xen"
	cp "$tree"/boot/vmlinuz-* "$1/kernel"
	cp "$tree"/boot/initrd.img-* "$1/ramdisk"
	make_disk "$tree" "$1/dom0.img" 8G dom0
	rm -rf "$tree"
}

# The guests' packages are installed here, by the command of docs/operating.md, upgraded and downgraded.
# In an emulated guest the compiler would take half an hour for the modules. So it is ccache that DKMS
# calls there, and finds what was compiled here, for both versions and both kernels.
packages_of_guests() { # SYSTEM
	local commands=$1/root/commands

	cp "$here/system/guest/etc/"{environment,ccache.conf} "$1/etc/"
	{ documented "$OPERATING" "$IN_GUEST" && echo 'apt install ./xen-vlink-tests_*.deb'; } > "$commands" &&
	commands_in "$1" "$version" &&
	documented "$OPERATING" "$UPGRADE" > "$commands" && commands_in "$1" "$(next_of "$version")" &&
	documented "$OPERATING" "$DOWNGRADE" > "$commands" && commands_in "$1" "$version" &&
	rm "$commands"
}

# Leaves there what the compiler makes of the modules for the backports' kernel, and no more.
compile_for_next_kernel() { # SYSTEM
	say "compiling for the backports' kernel"
	cp -a "$1" "$1.next"
	within "$1.next" sh -ec 'set -a; . /etc/environment; apt-get -q -y -t "$0" install linux-image-amd64 linux-headers-amd64' \
		"$(backports)" >> "$log" 2>&1 || return 1
	rm -r "$1/var/cache/ccache"
	mv "$1.next/var/cache/ccache" "$1/var/cache/"
	rm -rf "$1.next"
}

# Runs these commands there, where the packages of this version are; these are installed then.
commands_in() { # SYSTEM VERSION
	say "the guests get $2"
	# shellcheck disable=SC2016 # for that shell
	within "$1" sh -exc 'set -a; . /etc/environment; cd "/debs/$0/build/packages" && . /root/commands
		for package in xen-vlink-dkms xen-vlink-guest xen-vlink-tests libvrpq1 libvumem1; do
			test "$(dpkg-query -W -f "\${Version} \${db:Status-Status}" $package)" = "$0 installed"
		done
		test "$(dkms status | sed -n "s,^xen-vlink/,,p" | sed "s/,.*: /: /" | sort -u)" = "$0: installed"' "$2" >> "$log" 2>&1
}

make_guests() { # DIRECTORY
	local tree=$1/tree vm

	begin_system "$tree" "$GUEST" || return 1
	cp -r "$here/system/all/etc/apt" "$tree/etc/"
	packages_of_guests "$tree" || return 1
	keep_archives "$tree"
	# Without these apt would prefer the backports'.
	# shellcheck disable=SC2016 # for dpkg-query
	within "$tree" dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' linux-image-amd64 linux-headers-amd64 |
		archives_into "$suite" "$tree"
	echo "deb http://deb.debian.org/debian $(backports) main" > "$tree/etc/apt/sources.list.d/backports.list"
	apt "$tree" update || return 1
	fetch_into "$(backports)" "$tree" -t "$(backports)" linux-image-amd64 linux-headers-amd64 || return 1
	prepare_common "$tree"
	cp -r "$here/system/guest/." "$tree/"
	local_archive "$tree" || return 1
	compile_for_next_kernel "$tree" || return 1
	first_menu "$tree"
	for vm in vm2 vm4; do
		echo $vm > "$tree/etc/hostname"
		sed "s/@NUMBER@/${vm#vm}/" "$here/guest.network" > "$tree/etc/systemd/network/10-guest.network"
		make_disk "$tree" "$1/$vm.img" 6G guest || return 1
	done
	rm -rf "$tree"
}

# grub.cfg as pygrub reads it, until the first kernel is installed in the guest itself
first_menu() { # SYSTEM
	local kernel

	kernel=$(basename "$1"/boot/vmlinuz-*)
	mkdir -p "$1/boot/grub"
	cat > "$1/boot/grub/grub.cfg" <<-CFG
	set default="0"
	set timeout=1
	menuentry 'Debian' {
		linux /boot/$kernel root=LABEL=guest ro $(sed -n 's/^GRUB_CMDLINE_LINUX="\(.*\)"/\1/p' "$1/etc/default/grub")
		initrd /boot/initrd.img-${kernel#vmlinuz-}
	}
	CFG
}

# The disks of guests are dom0's, too: it must not take one of them for its own.
make_disk() { # SYSTEM IMAGE SIZE LABEL
	rm -f "$1"/var/cache/apt/archives/*.deb
	mkfs.ext4 -q -L "$4" -d "$1" "$2" "$3" >> "$log" 2>&1
}

# Sets packages, dom0 and guests: directories in the cache
make_images() {
	local recipe

	mkdir -p "$kept"
	version=$(sed -n 's/.*XEN_VLINK_VERSION "\(.*\)"/\1/p' "$top/include/vlink/version.h")
	packages=$kept/packages-$suite-$(sources | sum_of -)
	make_kept "$packages" make_packages || return 1
	recipe=$({ cat "$here/images.sh" "$top/tests/packages/system.sh"; echo "$packages"
		find "$here/system" "$here/guest.network" -type f -exec cat {} +; } | sum_of -)
	dom0=$kept/dom0-$suite-$recipe
	guests=$kept/guests-$suite-$recipe
	make_kept "$dom0" make_dom0 && make_kept "$guests" make_guests || return 1
	prune
}

# What no run has used for days
prune() {
	find "$kept" -mindepth 1 -maxdepth 1 -type d -mtime +6 -exec rm -rf {} +
}
