#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl set msix, and set vf-bar: what a VF is made of.  No device of the test machine has either,
# so a PF driver of the tests has a pool of MSI-X vectors (kmod/test_pf.c), and a fake makes the igb
# have VF Resizable BAR (kmod/fake_rebar.c).  Witnesses: what that driver was told, the kernel's own
# resources of the VFs, lspci, and the capability's registers, read by setpci.  Memory of VFs is not
# touched: where their BARs are larger than the real ones there is nothing.

set -euo pipefail
. "$(dirname "$0")/tap.sh"

pf=$(pfs_of igb)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
show() { sriovctl show --json "$1" | jq -c "$2"; }

# --- MSI-X vectors ----------------------------------------------------------------------------------

given() { cat "$SYS/$pf/test_msix"; }
free_of_driver() { # VF: out of the pool, unbound, as sriovctl(8) says
	sriovctl bind "$1" host && { echo "$1" >"$SYS/$1/driver/unbind"; } 2>/dev/null
	[ "$(driver_of "$1")" = none ]
}

insmod "$here/kmod/test_pf.ko" || bail "no PF driver"
load_module || bail "the module does not load"
use_driver "$pf" test_pf
is "the PF has the tests' driver" "$(driver_of "$pf")" test_pf
sriovctl enable "$pf" 3 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
is "it has a pool, says the kernel" "$(cat "$SYS/$pf/sriov_vf_total_msix")" 20
is "and show" "$(show "$pf" .sriov.vf_msix_pool)" 20
like "and show to people" "$(sriovctl show "$pf")" "^  VF MSI-X pool +20 vectors$"
fails 2 "a VF with a driver" "^sriovctl: ${vfs[0]}: bound to vfio-pci, .* before: sriovctl bind ${vfs[0]} host" \
	sriovctl set "${vfs[0]}" msix 8
is "the driver was not told" "$(given)" "0 0 0 0 0 0 0 0"
for vf in "${vfs[@]}"; do ok "$vf has no driver" free_of_driver "$vf"; done
ok "8 vectors" sriovctl set "${vfs[0]}" msix 8
is "seen" "$(given)" "8 0 0 0 0 0 0 0"
ok "12 for another one, by its number" sriovctl set "$pf#2" msix 12
is "seen" "$(given)" "8 0 12 0 0 0 0 0"
fails 2 "the pool is empty" "^sriovctl: ${vfs[1]}: its PF has no 1 MSI-X vectors left to give" \
	sriovctl set "${vfs[1]}" msix 1
is "nothing has changed" "$(given)" "8 0 12 0 0 0 0 0"
ok "fewer for the other one" sriovctl set "$pf#2" msix 2
ok "a leading zero makes no octal number" sriovctl set "${vfs[0]}" msix 010
is "seen" "$(given)" "10 0 2 0 0 0 0 0"
ok "what it has from the factory" sriovctl set "$pf#2" msix 0
is "seen" "$(given)" "10 0 0 0 0 0 0 0"
ok "back into the pool" sriovctl bind "${vfs[0]}" vfio-pci
is "it is free" "$(show "${vfs[0]}" .state)" '"free"'
is "with what it was given" "$(given)" "10 0 0 0 0 0 0 0"
fails 2 "a VF that is leased" "^sriovctl: ${vfs[0]}: lease [0-9]+ has it; the number" \
	sriovctl lease "$pf#0" -- sriovctl set "$pf#0" msix 4
fails 2 "a PF has none to be set so" "^sriovctl: $pf: no VF that is there" sriovctl set "$pf" msix 4
fails 1 "not with others" "^sriovctl: msix goes alone" sriovctl set "$pf#1" msix 4 vlan 3
is "nothing has changed" "$(given)" "10 0 0 0 0 0 0 0"
ok "no VFs" eventually 10 sriovctl disable "$pf"
use_driver "$pf"
rmmod test_pf

# --- BARs: what is there ----------------------------------------------------------------------------

fails 2 "a device that can't" "^sriovctl: $pf: its VFs' BARs are of a fixed size: the device lacks the capability" \
	sriovctl set "$pf" vf-bar 0=1M
is "show says so" "$(show "$pf" '.sriov | [.vf_bars_resizable, .vf_bars[0].sizes]')" '[false,null]'
bars=$(cat "$SYS/$pf/resource")
insmod "$here/kmod/fake_rebar.ko" "dev=$pf" || bail "no fake"
has_driver() { [ "$(driver_of "$pf")" = igb ]; }
ok "the PF is back" eventually 10 has_driver

# The size that the capability's control register has: 0 is 1M.
register() { setpci -s "$pf" f08.l; }
is "it has VF Resizable BAR, for one BAR, of 1M" "$(register)" 00000020
vf_bar() { show "$pf" '.sriov.vf_bars[0] | [.bar, .size, .sizes, .max_vfs]'; }
sizes='[1048576,2097152,4194304,8388608]'
is "show says so" "$(show "$pf" .sriov.vf_bars_resizable)" true
is "its sizes" "$(vf_bar)" "[0,1048576,$sizes,7]"
is "another one has one size" "$(show "$pf" '.sriov.vf_bars[1] | [.bar, .size, .sizes]')" '[3,16384,null]'
like "for people" "$(sriovctl show "$pf")" \
	"^  VF BAR 0 +1M 64-bit prefetchable memory, can be 1M 2M 4M 8M, now with room for 7 VFs$"

# --- BARs: refused ----------------------------------------------------------------------------------

cannot() { fails "$1" "$2" "$3" sriovctl set "$pf" vf-bar "$4"; }
cannot 2 "a size that it can't have" "^sriovctl: $pf: VF BAR 0 can't have that size; it can have 1M 2M 4M 8M$" 0=16M
cannot 2 "the largest there is" "it can have 1M 2M 4M 8M$" 0=8192P
cannot 2 "a BAR of one size" "^sriovctl: $pf: VF BAR 3 is not there, or of a fixed size; .* another one: 0$" 3=1M
cannot 2 "no BAR" "^sriovctl: $pf: VF BAR 5 is not there" 5=1M
cannot 1 "no number of a BAR" "^sriovctl: 6=1M: vf-bar is N=SIZE" 6=1M
cannot 1 "no size" "^sriovctl: 0: vf-bar is N=SIZE" 0
cannot 1 "an empty one" "a power of two, 1M or more" 0=
cannot 1 "no power of two" "^sriovctl: 0=3M: the size is a power of two, 1M or more" 0=3M
cannot 1 "too small" "a power of two, 1M or more" 0=512K
cannot 1 "no unit" "a power of two, 1M or more" 0=4X
cannot 1 "more than there are bytes" "a power of two, 1M or more" 0=16384P
fails 1 "not with others" "^sriovctl: vf-bar goes alone" sriovctl set "$pf" vf-bar 0=2M vlan 3
fails 1 "some VFs" "^sriovctl: $pf#0: vf-bar is for all VFs of a PF" sriovctl set "$pf#0" vf-bar 0=2M
fails 2 "no PF" "there is no such PCI device$" sriovctl set 77:00.0 vf-bar 0=2M
is "nothing has changed" "$(register) $(vf_bar)" "00000020 [0,1048576,$sizes,7]"

# --- BARs: set --------------------------------------------------------------------------------------

# Size and distance of BAR 0 of each VF, as the kernel has them.
vf_sizes() {
	local vf start end rest last=
	for vf in $(vfs_of "$pf"); do
		read -r start end rest <"$SYS/$vf/resource"
		[ -z "$last" ] || [ $((start - last)) = $((end - start + 1)) ] || echo "gap before $vf"
		last=$start
		echo "$(((end - start + 1) >> 20))M"
	done | xargs
}
# A size, and how many VFs there can be; the second as the tool and the kernel have it.
can_have() { # SIZE REGISTER VFS
	is "$1 for $3 VFs" "$(sriovctl set "$pf" vf-bar "0=$1" 2>&1)" \
		"$([ "$3" = 7 ] || echo "$pf: VF BAR 0 is $1; the memory set aside for it suffices for $3 of 7 VFs")"
	is "$1: the device was told" "$(register)" "$2"
	is "$1: show" "$(vf_bar)" "[0,$((${1%M} << 20)),$sizes,$3]"
	[ "$3" = 7 ] || fails 2 "$1: no more" "^sriovctl: $pf: $(($3 + 1)) VFs asked, with BARs this large there is memory for $3;" \
		sriovctl enable "$pf" $(($3 + 1))
	is "$1: none was left behind" "$(cat "$SYS/$pf/sriov_numvfs")" 0
	ok "$1: $3 VFs" sriovctl enable "$pf" "$3"
	is "$1: each has it" "$(vf_sizes)" "$(for ((i = 0; i < $3; i++)); do echo "$1"; done | xargs)"
	is "$1: lspci" "$(lspci -vs "$(vfs_of "$pf" | tail -n 1)" | grep -cF "[size=$1]")" 1
	cannot 2 "$1: not with VFs" "^sriovctl: $pf: it has $3 VFs, whose BARs can't change; first: sriovctl disable $pf$" 0=1M
	is "$1: nothing has changed" "$(register)" "$2"
	ok "$1: no VFs" sriovctl disable "$pf"
}

if grep -q ' pci_iov_vf_bar_set_size$' /proc/kallsyms; then
	can_have 4M 00000220 2
	can_have 8M 00000320 1
	can_have 2M 00000120 4
	can_have 1M 00000020 7
	ok "in bytes, in small letters" sriovctl set "$pf" vf-bar 0=2097152
	is "seen" "$(register)" 00000120
	ok "once more the same" sriovctl set "$pf" vf-bar 0=2m
	is "seen" "$(register)" 00000120

	echo 1 >/sys/module/fake_rebar/parameters/stubborn
	cannot 2 "a device that does not obey" "^sriovctl: $pf: igb refused: Input/output error" 0=8M
	is "it has what it had" "$(register) $(vf_bar)" "00000120 [0,2097152,$sizes,4]"
	ok "and VFs of that" sriovctl enable "$pf" 4
	is "seen" "$(vf_sizes)" "2M 2M 2M 2M"
	ok "no VFs" sriovctl disable "$pf"

	# Of those that want it at the same time one after another gets it, or none is harmed.
	echo 0 >/sys/module/fake_rebar/parameters/stubborn
	for size in 1M 2M 1M 2M 1M 2M; do
		sriovctl set "$pf" vf-bar "0=$size" >/dev/null 2>&1 &
		sriovctl enable "$pf" 2 >/dev/null 2>&1 &
		sriovctl set "$pf" vf-bar 0=4M >/dev/null 2>&1 &
		wait
		[ "$(vf_sizes)" = "$(for i in 0 1; do show "$pf" '.sriov.vf_bars[0].size / 1048576'; done | sed 's/$/M/' | xargs)" ] ||
			echo "$size: $(vf_sizes)"
		sriovctl disable "$pf"
	done >"$work/race" 2>&1
	is "set and enable side by side: VFs have the size that is set" "$(cat "$work/race")" ""
else
	why="this kernel has no pci_iov_vf_bar_set_size()"
	cannot 2 "a kernel that can't" "^sriovctl: $pf: the device could, but this kernel can't set the size of VFs' BARs" 0=2M
	is "nothing has changed" "$(register) $(vf_bar)" "00000020 [0,1048576,$sizes,7]"
	for size in 4M 8M 2M 1M; do skip "$size set, and VFs that have it" "$why"; done
	skip "a device that does not obey" "$why"
	skip "set and enable side by side" "$why"
fi

rmmod fake_rebar
ok "the PF is back" eventually 10 has_driver
is "as it was" "$(cat "$SYS/$pf/resource")" "$bars"
rm -r "$work"
unload_module
done_testing
