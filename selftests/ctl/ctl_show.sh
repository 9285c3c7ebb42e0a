#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl show, with lspci -vv and sysfs as the witnesses; and what of it only a driver can set.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/schema.sh"

load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)
netdev=$(netdev_of "$pf")
ip link set "$netdev" up
sriovctl enable "$pf" 3 || bail "no VFs"
sriovctl enable "$nvme" 2 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
read -ra nvme_vfs <<<"$(vfs_of "$nvme" | xargs)"

show() { sriovctl show --json "$1" | jq -c "$2"; }
lspci_of() { lspci -vv -s "$1"; }
# A number in lspci's words, or nothing.
number_in() { lspci_of "$1" | sed -nE "s/.*$2([0-9]+).*/\1/p" | head -n 1; }

# BARs of a device as lspci has them: number, size in bytes, kind.
bars_by_lspci() {
	lspci_of "$1" | sed -nE 's/^\tRegion ([0-9]): (Memory|I\/O).*( \(32-bit, non-|\(64-bit, non-|\(32-bit, |\(64-bit, | at )?.*\[size=([0-9]+)([KMG]?)\]$/\1 \4\5 &/p' |
		while read -r bar size line; do
			local is_64=false prefetch=false type=memory
			[[ $line != *64-bit* ]] || is_64=true
			[[ $line != *prefetchable* || $line == *non-prefetchable* ]] || prefetch=true
			[[ $line != *I/O* ]] || type=io
			echo "[$bar,$(numfmt --from=iec "$size"),\"$type\",$is_64,$prefetch]"
		done | jq -sc .
}
bars='map([.bar, .size, .type, ."64bit", .prefetchable])'

# --- any device -----------------------------------------------------------------------------------

for dev in "$pf" "$nvme" "${vfs[1]}" "${nvme_vfs[0]}"; do
	is "$dev: BARs" "$(show "$dev" ".bars | $bars")" "$(bars_by_lspci "$dev")"
	is "$dev: ids" "$(show "$dev" '.vendor + .device')" "\"$(cat "$SYS/$dev/vendor")$(cat "$SYS/$dev/device")\""
	is "$dev: driver" "$(show "$dev" .driver)" "\"$(driver_of "$dev")\""
	is "$dev: MSI-X vectors" "$(show "$dev" .msix_vectors)" "$(number_in "$dev" 'MSI-X: .*Count=')"
	is "$dev: NUMA node" "$(show "$dev" .numa_node)" "$(cat "$SYS/$dev/numa_node")"
	is "$dev: IOMMU group" "$(show "$dev" .iommu_group)" "$(number_in "$dev" 'IOMMU group: ')"
	is "$dev: those in the group" "$(show "$dev" '.iommu_group_devices | join(" ")')" \
		"\"$(find "/sys/kernel/iommu_groups/$(show "$dev" .iommu_group)/devices/" -type l -printf '%f\n' | sort | xargs)\""
	is "$dev: resets" "$(show "$dev" '.reset_methods | join(" ")')" "\"$(cat "$SYS/$dev/reset_method")\""
	is "$dev: as the schema has it" "$(sriovctl show --json "$dev" | fits show)" ""
	is "$dev: PCIe link" "$(show "$dev" '.pcie_link | [.speed, .width, .max_speed, .max_width]')" \
		"$(cd "$SYS/$dev" && jq -nc --arg s "$(cat current_link_speed)" --argjson w "$(cat current_link_width)" \
			--arg m "$(cat max_link_speed)" --argjson x "$(cat max_link_width)" '[$s, $w, $m, $x]')"
done
is "the link's width as lspci has it" "$(show "$pf" .pcie_link.width)" "$(number_in "$pf" 'LnkSta:.*Width x')"
like "there were BARs" "$(show "$pf" '.bars | length')" "^[1-6]$"
is "the override of a VF in the pool" "$(show "${vfs[1]}" .driver_override)" '"vfio-pci"'
is "a PF has none" "$(show "$pf" .driver_override)" null

# --- the capability -------------------------------------------------------------------------------

for dev in "$pf" "$nvme"; do
	is "$dev: VFs" "$(show "$dev" '.sriov | [.initial_vfs, .total_vfs, .num_vfs]')" \
		"[$(lspci_of "$dev" | sed -nE 's/.*Initial VFs: ([0-9]+), Total VFs: ([0-9]+), Number of VFs: ([0-9]+),.*/\1,\2,\3/p')]"
	is "$dev: VFs' places and id" "$(show "$dev" '.sriov | [.vf_offset, .vf_stride, .vf_device]')" \
		"$(lspci_of "$dev" | sed -nE 's/.*VF offset: ([0-9]+), stride: ([0-9]+), Device ID: ([0-9a-f]+).*/[\1,\2,"0x\3"]/p')"
	bits=$(lspci_of "$dev" | sed -nE 's/.*Supported Page Size: ([0-9a-f]+),.*/\1/p')
	sizes=$(for ((i = 0; i < 32; i++)); do (((0x$bits >> i & 1) == 0)) || echo $((4096 << i)); done | jq -sc .)
	is "$dev: page sizes" "$(show "$dev" .sriov.page_sizes)" "$sizes"
	is "$dev: the one in use" "$(show "$dev" .sriov.page_size)" \
		"$((4096 * 0x$(lspci_of "$dev" | sed -nE 's/.*System Page Size: ([0-9a-f]+).*/\1/p')))"
	is "$dev: VFs that its driver lets it have" "$(show "$dev" .total_vfs)" "$(cat "$SYS/$dev/sriov_totalvfs")"
	vf=$(vfs_of "$dev" | head -n 1)
	is "$dev: BARs of VFs are what a VF has" "$(show "$dev" ".sriov.vf_bars | $bars")" "$(bars_by_lspci "$vf")"
	is "$dev: its VFs" "$(show "$dev" '[.vfs[].bdf] | join(" ")')" "\"$(vfs_of "$dev" | xargs)\""
done

# --- network, lease, history ----------------------------------------------------------------------

is "the PF's interface" "$(show "$pf" '[.ifname, .mac]')" "[\"$netdev\",\"$(cat "/sys/class/net/$netdev/address")\"]"
ip link set "$netdev" vf 1 mac 02:00:00:00:00:0a vlan 7 qos 2
ip link set "$netdev" vf 1 trust on spoofchk off
is "a VF's attributes, set by iproute2" "$(show "${vfs[1]}" .net)" \
	'{"mac":"02:00:00:00:00:0a","vlan":7,"qos":2,"proto":"802.1Q","spoofchk":false,"trust":true,"state":"auto","min_rate":0,"max_rate":0}'
is "the same below its PF" "$(show "$pf" '.vfs[1].net')" "$(show "${vfs[1]}" .net)"
is "by its PF's interface and its number" "$(show "$netdev#1" '[.bdf, .pf, .index]')" "[\"${vfs[1]}\",\"$pf\",1]"
is "no MAC is null" "$(show "$netdev#2" .net.mac)" null
is "no network card, no attributes" "$(show "$nvme#0" '[.net, .ifname]')" '[null,null]'

is "attributes that were set: as the schema has it" "$(for dev in "$pf" "${vfs[1]}"; do sriovctl show --json "$dev"; done | fits show)" ""

is "it is free" "$(show "$netdev#1" '[.state, .fault, .lease]')" '["free",null,null]'
work=$(mktemp -d)
mkfifo "$work/in"
sriovctl lease "$pf#1" --label "two $(printf '\302\2331m')words" <"$work/in" >/dev/null &
holder=$!
exec 8>"$work/in"
ok "it is leased" await 10 leased "$netdev#1"
is "by which process" "$(show "$netdev#1" .lease.pid)" "$holder"
is "with a lease: as the schema has it" "$(for dev in "$pf" "$netdev#1"; do sriovctl show --json "$dev"; done | fits show)" ""
text=$(sriovctl show "$netdev#1")
# U+009B begins a command to a terminal; the shorter ways the kernel refuses.
like "a label can't command the terminal" "$text" "lease .*\"two \?\?1mwords\" of process $holder$"
exec 8>&-
ok "it comes back" await 10 free "$netdev#1"
is "what happened to it" "$(show "$netdev#1" '[.events[] | select(.seq > 0) | .event] | .[-6:]')" \
	'["vf-state","lease-granted","lease-ended","vf-state","vf-state","vf-state"]'
is "each of these in a state after the other" \
	"$(show "$netdev#1" '[.events[] | select(.event == "vf-state") | .state] | .[-4:]')" \
	'["leased","draining","resetting","free"]'
is "of its PF more is known" "$(show "$pf" '[.events[].event] | unique | index("pf-vfs") != null')" true
is "of another device, nothing of that" "$(show "$nvme" '[.events[] | select(.lease)] | length')" 0

# --- for people -----------------------------------------------------------------------------------

text=$(sriovctl show "$pf")
like "the PF" "$text" "^$pf PF, 8086:10c9$"
like "its interface" "$text" "^  interface +$netdev "
like "its BARs" "$text" "^  BAR 0 +128K memory$"
like "its ports" "$text" "^  BAR 2 +32 I/O ports$"
like "its VFs' BARs" "$text" "^  VF BAR 0 +16K 64-bit prefetchable memory$"
like "the capability" "$text" "^  SR-IOV +total 8, initial 8, offset 128, stride 2, VF device 10ca$"
is "not a page size that is the usual one" "$(grep -c "^  VF pages" <<<"$text")" 0
like "a VF" "$text" "^  VF 1 +${vfs[1]} vfio-pci free$"
like "its attributes, those that were set" "$text" "^ +mac 02:00:00:00:00:0a, vlan 7, qos 2, spoofchk off, trust on$"
like "the others are alike, and named in one line" "$text" "^  VF 0,2 +vfio-pci free$"
is "no other device in its group: none is named" "$(grep -c "^    together" <<<"$text")" 0
text=$(sriovctl show --all "$pf")
like "all of it: page sizes" "$text" "^  VF pages +4K \(used\) 8K "
like "the group" "$text" "^    together +$pf$"
like "each VF" "$text" "^  VF 2 +${vfs[2]} vfio-pci free$"
like "each attribute" "$text" "^ +mac none, vlan 0, qos 0, proto 802.1Q, spoofchk (on|off), trust off"
text=$(sriovctl show "$pf")
like "a state has a colour" "$(sriovctl show --color always "$pf#0")" "^  state +"$'\033'"\[32mfree"
like "that of its VFs as well" "$(sriovctl show --color always "$pf")" "^  VF 0,2 +"$'\033'"\[32mvfio-pci free"
like "the last event" "$(tail -n 1 <<<"$text")" \
	"^  event +[0-9]{4}-[0-9-]+T[0-9:]+\.[0-9]{6}Z ${vfs[1]} vf-state resetting -> free"
is "ten of them" "$(grep -c '^  event' <<<"$text")" 10
like "a VF by itself" "$(sriovctl show "${vfs[1]}" | head -n 2 | xargs)" \
	"^${vfs[1]} VF 1 of $pf, 8086:10ca state free$"
text=$(setpriv --reuid 65534 --clear-groups --inh-caps=-all cat "$SYS/$pf/config" | wc -c)
is "(without root, sysfs hides the capability)" "$text" 64
chmod 666 /dev/sriov_broker
text=$(setpriv --reuid 65534 --clear-groups --inh-caps=-all sriovctl show --json "$pf" || true)
chmod 600 /dev/sriov_broker
is "nor does show tell of it" "$(jq -c '[.sriov, .msix_vectors]' <<<"$text")" '[null,null]'
is "which the schema knows" "$(fits show <<<"$text")" ""

# --- what can't be set ----------------------------------------------------------------------------

fails 2 "igb deals in no MSI-X vectors" "^sriovctl: $netdev#1: its PF's driver can't give VFs another number" \
	sriovctl set "$netdev#1" msix 2
fails 1 "vectors are counted" "msix is a number" sriovctl set "$netdev#1" msix few

# --- refused --------------------------------------------------------------------------------------

fails 4 "no such device" "^sriovctl: 77:00.0: neither a PF nor a VF that is there" sriovctl show 77:00.0
fails 4 "no device of SR-IOV" "^sriovctl: 00:1f.0: neither a PF nor a VF" sriovctl show 00:1f.0
fails 4 "no such VF" "^sriovctl: $netdev#7: neither a PF nor a VF" sriovctl show "$netdev#7"
fails 1 "two VFs" "one device is wanted" sriovctl show "$netdev#0-1"

rm -r "$work"
unload_module
done_testing
