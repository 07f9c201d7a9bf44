#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# All forty links of the example board connect, the class of its own and both ends included,
# and every device node has the number that its config says (the guests' scripts look as well);
# what is then broken on purpose vlinkctl explains.

WAIT=600
# shellcheck source=tests/lab/rootfs/dom0/usr/lib/xenlab/checks.sh disable=SC1091
. /usr/lib/xenlab/checks.sh

# Ends of services, as the configs have them; the graphics and the codec have two each.
wanted()
{
	cat /etc/xen/vm*.cfg | sed -n 's/.*link=[^,]*,class=\([^,]*\),.*/\1/p' |
		sed -e 's/vogl/vrpq vumem/' -e 's/vomx/vrpq vumem/' -e 's/camera/vrpq vumem vbpipe/' | wc -w
}

connected()
{
	vlinkctl list --all | grep -c ' Connected$'
}

all_connected()
{
	[ "$(connected)" -eq "$nr" ]
}

# unit_is_published VM LINK UNIT: under each of its services
unit_is_published()
{
	local home dir

	home=/local/domain/$(xl domid "$1")/vlink
	for dir in $(xenstore-ls -f "$home" | sed -n "s,^\($home/[a-z]*/$2\) = .*,\1,p"); do
		[ "$(xenstore-read "$dir/unit")" = "$3" ] || return 1
		published=$((published + 1))
	done
}

numbers_are_those_of_configs()
{
	local cfg vm link unit

	for cfg in /etc/xen/vm*.cfg; do
		vm=$(sed -n 's/^name = "\(.*\)"$/\1/p' "$cfg")
		while read -r link unit; do
			unit_is_published "$vm" "$link" "$unit" || fail "$vm: link $link: its unit is not $unit"
		done <<-END
			$(sed -n 's/.*"link=\([^,]*\),.*,unit=\([0-9]*\)[,"].*/\1 \2/p' "$cfg")
		END
	done
	[ "$published" -eq "$nr" ] || fail "$published of $nr units are published"
	/usr/lib/xenlab/numbers || fail "numbers in dom0"
}

guests_have_looked()
{
	local vm

	for vm in 2 3 4 5 6 7 8 9; do
		xenlab-await -t $WAIT "vm$vm/rc" > /dev/null || fail "vm$vm has not looked at its numbers"
	done
}

published=0
nr=$(wanted)
[ "$nr" -gt 80 ] || fail "only $nr ends of services are configured"
until_true $WAIT all_connected || fail "$(connected) of $nr ends are connected"
vlinkctl list --all
vlinkctl check || fail "vlinkctl check"
numbers_are_those_of_configs
guests_have_looked

victim=$(vlinkctl list --all | awk '$1 == "vm8" && $NF == "Connected" { print $2; exit }')
vlinkctl detach --timeout $WAIT "$victim" || fail "detach of '$victim'"
says 1 "link '$victim': is detached: 'vlinkctl attach $victim'" vlinkctl check
vlinkctl attach --timeout $WAIT "$victim" || fail "attach of '$victim'"
until_true $WAIT all_connected || fail "$(connected) of $nr ends are connected again"
xl destroy vm8
says 1 "vm8 does not run" vlinkctl check "$victim"
conclude "board: $(connected) of $nr ends connected"
