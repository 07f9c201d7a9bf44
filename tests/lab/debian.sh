# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Functions that fetch and packages share: packages of the Debian archive, for either
# architecture, by a state of apt that is the lab's own. To be sourced after lib.sh.
# DEB is to be set: Debian's name of the architecture. XENLAB_PLATFORM says of which release
# they are: bookworm, or trixie; with -rt behind it the kernel is that release's PREEMPT_RT, with
# -backports the one of its backports.
#
# What stands here is part of the key of what fetch keeps: a change of this file
# has everything fetched again.

PLATFORM=${XENLAB_PLATFORM:-bookworm}
case $PLATFORM in
bookworm | trixie | bookworm-rt | trixie-rt | bookworm-backports | trixie-backports) ;;
*) die "no such platform: $PLATFORM" ;;
esac
RELEASE=${PLATFORM%%-*}
# What names of packages of this kernel have in them
FLAVOUR=
# shellcheck disable=SC2034 # of fetch
case $PLATFORM in
*-rt) FLAVOUR=-rt ;;
esac
# shellcheck disable=SC2153 # CACHE is lib.sh's
APT=$CACHE/lab/apt-${PLATFORM%-rt}

say()
{
	echo "${0##*/}: $*" >&2
}

# debian_arch ARCH: Debian's name of an architecture
debian_arch()
{
	case $1 in
	x86_64) echo amd64 ;;
	arm64) echo arm64 ;;
	*) return 1 ;;
	esac
}

# lock_apt, unlock_apt: the state is for one at a time
lock_apt()
{
	mkdir -p "$CACHE/lab"
	exec 9> "$CACHE/lab/fetch-${PLATFORM%-rt}.lock"
	flock 9
}

unlock_apt()
{
	exec 9>&-
}

# The Debian sources of this machine and no others, for the platform's release: what else
# may stand there need not carry the second architecture.
debian_sources()
{
	local file

	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		    /etc/apt/sources.list.d/*.sources; do
		if [ -e "$file" ] && grep -qE '^[^#]*/debian' "$file"; then
			sed -E "/^[^#]/s/\<(bookworm|trixie)\>/$RELEASE/g" "$file" > "$APT/sources.d/${file##*/}"
		fi
	done
	[ -n "$(ls "$APT/sources.d")" ] || die "no Debian archive among the apt sources of this machine"
	case $PLATFORM in
	*-backports) add_backports ;;
	esac
}

# The kernel of the backports, and nothing else of them
add_backports()
{
	local archive

	archive=$(cat "$APT"/sources.d/* | grep -oE '^[^#]*/debian/?( |$)' | grep -oE '[a-z]+://[^ ]*' | head -n 1)
	echo "deb $archive $PLATFORM main" > "$APT/sources.d/backports.list"
	cat > "$APT/preferences" <<PREFERENCES
Package: linux-image-* linux-headers-* linux-kbuild-* linux-binary-* linux-modules-* linux-base-*
Pin: release n=$PLATFORM
Pin-Priority: 990
PREFERENCES
}

# apt_state [UPDATE]: has apt-get and apt-cache use the lab's state. The package lists are
# read if there are none yet, or UPDATE is not empty.
apt_state()
{
	mkdir -p "$APT/state/lists/partial" "$APT/cache/archives/partial" "$APT/sources.d" "$APT/preferences.d"
	[ -e "$APT/status" ] || : > "$APT/status"
	cat > "$APT/apt.conf" <<CONF
Dir::State "$APT/state";
Dir::State::status "$APT/status";
Dir::Cache "$APT/cache";
Dir::Etc::sourcelist "$APT/none";
Dir::Etc::sourceparts "$APT/sources.d";
Dir::Etc::preferences "$APT/preferences";
Dir::Etc::preferencesparts "$APT/preferences.d";
APT::Architecture "amd64";
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
CONF
	export APT_CONFIG=$APT/apt.conf
	if [ -n "${1-}" ] || [ ! -e "$APT/updated" ]; then
		say "reading the package lists"
		debian_sources
		apt-get -q update >&2
		touch "$APT/updated"
	fi
}

# install_with OPTION... PACKAGE...: apt-get install, nothing of which is there already
install_with()
{
	apt-get -q -y -o Debug::NoLocking=1 -o APT::Architecture="$DEB" install "$@"
}

# resolve PACKAGE...: these and all that they depend on: name, version, architecture,
# a line each
resolve()
{
	install_with --simulate "$@" |
		sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*\[\([a-z0-9]*\)\]).*/\1 \2 \3/p'
}

# archives_of: the downloaded files of the packages that standard input names as
# resolve() does
archives_of()
{
	local name version arch file

	while read -r name version arch; do
		file=$APT/cache/archives/${name%%:*}_${version//:/%3a}_$arch.deb
		[ -e "$file" ] || die "$file was not downloaded"
		echo "$file"
	done
}

# unpack TREE DEB...: as dpkg -x, but follows the usr-merge links of TREE
unpack()
{
	local tree=$1 deb

	shift
	for deb in "$@"; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$tree"
	done
}

# relative_links TREE: absolute links would lead out of the tree
relative_links()
{
	local dir link target

	for dir in "$1/usr/lib" "$1/usr/lib64" "$1/etc"; do
		[ -d "$dir" ] || continue
		find "$dir" -type l -lname '/*' | while IFS= read -r link; do
			target=$(readlink "$link")
			if [ -e "$1$target" ]; then
				ln -sfnr "$1$target" "$link"
			fi
		done
	done
}
