#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl list, help and the exit codes that all commands share.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)
netdev=$(netdev_of "$pf")
ip link set "$netdev" up

list() { sriovctl list --json "$@"; }
field() { list "$1" | jq -c "$2"; }

# --- what a PF says -------------------------------------------------------------------------------

is "vendor as the kernel has it" "$(field "$pf" '.pfs[0].vendor')" "\"$(cat "$SYS/$pf/vendor")\""
is "device as the kernel has it" "$(field "$pf" '.pfs[0].device')" "\"$(cat "$SYS/$pf/device")\""
is "total_vfs as the kernel has it" "$(field "$pf" '.pfs[0].total_vfs')" \
	"$(cat "$SYS/$pf/sriov_totalvfs")"
is "numa_node as the kernel has it" "$(field "$pf" '.pfs[0].numa_node')" \
	"$(cat "$SYS/$pf/numa_node")"
is "the keys of a PF" "$(field "$nvme" '.pfs[0] | keys_unsorted')" \
	'["bdf","vendor","device","driver","numa_node","total_vfs","num_vfs","cordoned","vfs"]'
is "the name and MAC of its interface" "$(field "$pf" '.pfs[0] | [.ifname, .mac]')" \
	"[\"$netdev\",\"$(cat "/sys/class/net/$netdev/address")\"]"
is "no VFs: an empty array" "$(field "$pf" '.pfs[0] | [.num_vfs, .vfs]')" '[0,[]]'
is "without a name: all PFs" "$(list | jq -r '.pfs[].bdf' | xargs)" "$(echo "$pf $nvme" | xargs)"

ok "VFs are switched on" sriovctl enable "$pf" 7
is "the keys of a VF" "$(field "$pf" '.pfs[0].vfs[0] | del(.mac, .link, .ifname) | keys_unsorted')" \
	'["bdf","index","vendor","device","driver","guarded","state","fault","iommu_group","pool","lease"]'
is "VFs in the kernel's order" "$(field "$pf" '[.pfs[0].vfs[].bdf]')" \
	"$(for i in 0 1 2 3 4 5 6; do basename "$(readlink "$SYS/$pf/virtfn$i")"; done | jq -Rnc '[inputs]')"
vf=$(basename "$(readlink "$SYS/$pf/virtfn1")")
is "the IOMMU group as the kernel has it" "$(field "$vf" '.pfs[0].vfs[0].iommu_group')" \
	"$(basename "$(readlink "$SYS/$vf/iommu_group")")"
ip link set "$netdev" vf 1 mac 02:00:00:00:00:01
is "a VF's MAC as iproute2 set it" "$(field "$vf" '.pfs[0].vfs[0].mac')" '"02:00:00:00:00:01"'
is "a VF's link state as iproute2 shows it" "$(field "$vf" '.pfs[0].vfs[0].link')" \
	"$(ip -j link show "$netdev" | jq -c '.[0].vfinfo_list[1].link_state')"
is "no lease is null" "$(field "$vf" '.pfs[0].vfs[0].lease')" null

# --- names ----------------------------------------------------------------------------------------

is "a PF by its short address" "$(field "${pf#0000:}" '.pfs[0].bdf')" "\"$pf\""
is "a PF by its interface" "$(field "$netdev" '.pfs[0].bdf')" "\"$pf\""
ip link property add dev "$netdev" altname uplink0
is "a PF by its interface's other name" "$(field uplink0 '.pfs[0].bdf')" "\"$pf\""
ip link property add dev "$netdev" altname uplink-of-the-first-rack
is "by one that is longer than others" "$(field uplink-of-the-first-rack '.pfs[0].bdf')" "\"$pf\""
fails 4 "a long name that no interface has" "^sriovctl: uplink-of-the-second-rack: neither an address" \
	sriovctl list uplink-of-the-second-rack
is "a VF alone, below its PF" "$(field "$vf" '[.pfs[0].bdf, .pfs[0].vfs[].bdf]')" "[\"$pf\",\"$vf\"]"
is "a range" "$(field "$netdev#0,2-3" '[.pfs[0].vfs[].index]')" '[0,2,3]'
fails 4 "no such device" "^sriovctl: 0000:77:00.0: there is no such PCI device; see sriovctl list$" sriovctl list 77:00.0
fails 2 "not a PF" "^sriovctl: 0000:00:1f.0: the device has no SR-IOV$" sriovctl list 00:1f.0
fails 2 "nor is the host bridge, or all devices" "^sriovctl: 00:00.0: the device has no SR-IOV$" \
	sriovctl list 00:00.0
fails 4 "no such interface" "^sriovctl: eth77: neither an address" sriovctl list eth77
fails 2 "not a PCI device's interface" "^sriovctl: lo: not the network interface of a PCI" \
	sriovctl list lo
fails 1 "half a range" "^sriovctl: 2-: a range looks like" sriovctl list "$pf#2-"

# --- the tree -------------------------------------------------------------------------------------

tree=$(sriovctl list "$pf")
like "the tree has a heading" "$tree" "^DEVICE +VF +ID +VFS +DRIVER +STATE +GROUP"
like "the tree shows the PF" "$tree" "^$pf +- +8086:10c9 +7/7 +igb .*$netdev"
like "the tree shows the VF below" "$tree" "─$vf +1 +8086:10ca +- +vfio-pci +free +[0-9]+ +- +02:00:00:00:00:01 auto +-$"
is "a line a device" "$(wc -l <<<"$tree")" 9

# --- exit codes -----------------------------------------------------------------------------------

fails 1 "no command" "which command" sriovctl
fails 1 "an unknown command" '^sriovctl: no command "lost"; did you mean list\?$' sriovctl lost
fails 1 "one that is like no other" '^sriovctl: no command "xyzzy"; see sriovctl help$' sriovctl xyzzy
fails 1 "an option that is like another" "^sriovctl: --tiemout: attach has no such option; did you mean --timeout\?$" \
	sriovctl attach --tiemout 3
fails 1 "the letter of one that has none any more" "^sriovctl: -o: enable has no such option; did you mean --open\?$" \
	sriovctl enable -o "$pf" 1
fails 1 "an option without its argument" "^sriovctl: --timeout: missing argument: S$" sriovctl attach --timeout
fails 1 "an argument for an option that takes none" "^sriovctl: --json=2: takes no argument$" sriovctl list --json=2
fails 1 "the beginning of several" "^sriovctl: --n: may be --numa, --numa-strict, --net$" sriovctl lease --n 3
fails 1 "an attribute that is like another" "^sriovctl: vlna: no attribute of a VF; did you mean vlan\?$" \
	sriovctl set "$pf#0" vlna 3
fails 1 "JSON of what has another form" "^sriovctl: metrics has a form of its own; leave --json out$" sriovctl -j metrics
fails 1 "an unknown option" "^sriovctl: --xyzzy: list has no such option$" sriovctl list --xyzzy
fails 1 "too many words" "^sriovctl: list: unexpected argument: b$" sriovctl list a b
fails 1 "too few words" "^sriovctl: enable: missing argument: N$" sriovctl enable "$pf"
fails 1 "help about an unknown command" 'no command "lost"' sriovctl help lost
is "help asked for is on stdout" "$(sriovctl --help 2>/dev/null | head -n 1)" "Usage: sriovctl [-j] [--pretty] COMMAND ..."
is "misuse is not" "$(sriovctl lost 2>/dev/null || true)" ""
commands=$(sriovctl --complete '' | cut -f 1)
for command in $commands; do
	ok "$command --help" sriovctl "$command" --help
done
fails 0 "run's usage: the guest's command is a must" "^Usage: sriovctl run .*\[OPTIONS\] -- QEMU \.\.\.$" \
	sriovctl run --help
like "a version" "$(sriovctl --version)" "^sriovctl [0-9.]+, ABI 2\."
full() { sriovctl list >/dev/full; }
fails 2 "a full disk behind stdout is a failure" "No space left" full
closed() { sriovctl list >&-; }
fails 2 "a closed stdout is a failure" "Bad file descriptor" closed

# --- the man page knows what the program knows -----------------------------------------------------

man=../Documentation/sriovctl.8.scd
# The options of command $1: "-t --timeout" and so on; those of all are told of once.
help_options() {
	sriovctl "$1" --help | sed -nE 's/^  (-., )? *(--[a-z-]+) .*/\1\2/p' | tr -d , |
		grep -vE '(^| )--(json|pretty|help)$' | sort | xargs
}
man_options() {
	awk -v head="## $1" '/^#/ { on = $0 == head } on && /^\*-/' $man |
		grep -oE '(\*-.\*, )?\*--[a-z-]+\*' | tr -d '*,' | sort | xargs
}
# What the synopsis of command $1 lacks of them, where it does not say just _OPTION_.
synopsis_lacks() {
	local line option
	line=$(grep "^\*sriovctl $1\*" $man) || echo "a line"
	for option in $(help_options "$1"); do
		[[ $option != --* || $line == *"$option"* || $line == *_OPTION_* ]] || echo "$option"
	done
}
for command in $commands; do
	[ "$command" != help ] || continue
	is "the options of $command" "$(man_options "$command")" "$(help_options "$command")"
	is "its synopsis lacks nothing" "$(synopsis_lacks "$command")" ""
done
# A letter of an option, and its name, of all commands.
letters() {
	for command in $(sriovctl --complete '' | cut -f 1); do
		sriovctl "$command" --help | sed -nE 's/^  -(.), --([a-z-]+).*/\1 \2/p'
	done | sort -u
}
ambiguous() { cut -d ' ' -f 1 | uniq -d | xargs; }
is "a letter has one meaning over all commands" "$(letters | ambiguous)" ""
is "(a second one would be seen)" "$({ letters; echo f fd; } | sort -u | ambiguous)" f
is "the manual's exit codes are the program's" \
	"$(awk '/^#/ { on = $0 == "# EXIT STATUS" } on && /^\*[1-9]/ { gsub(/[*()]/, ""); code = $0 } on && /^\t/ && code {
		sub(/^\t/, ""); print code " " $0; code = "" }' $man)" "$(sriovctl help --exit-codes)"
like "(there are some)" "$(sriovctl help --exit-codes)" "^3 busy "
like "(there are some)" "$(man_options swap)" "--make-before-break .*-T --to"
attrs=$(sriovctl --complete set x '' | sort | xargs)
is "the man page has the attributes that set offers" \
	"$(awk '/^#/ { on = $0 == "## set" } on' $man | grep -E '^\*[a-z]' | grep -oE '\*[a-z-]+\*( |, |$)' |
		tr -d '*, ' | grep -xE "${attrs// /|}" | sort | xargs)" "$attrs"

# --- in another network namespace -------------------------------------------------------------------

ip netns add elsewhere
ip link set "$netdev" netns elsewhere
fails 4 "a PF whose interface is elsewhere, by its name" \
	"^sriovctl: $netdev: no network interface of this namespace; a PF whose interface is in another one, as that of $pf is," \
	sriovctl show "$netdev"
is "by its address" "$(sriovctl show -j "$pf" | jq -r .bdf)" "$pf"
fails 2 "a VF's attributes" "^sriovctl: $vf: the interface of its PF, $pf, is in another network namespace; use sriovctl there" \
	sriovctl set "$vf" vlan 3
ip -n elsewhere link set "$netdev" netns 1
ip netns del elsewhere

# --- nothing there --------------------------------------------------------------------------------

ok "VFs are switched off" sriovctl disable "$pf"
echo 1 >"$SYS/$pf/remove"
echo 1 >"$SYS/$nvme/remove"
is "no PFs, for programs" "$(list 2>/dev/null | jq -c .)" \
	'{"version":1,"pfs":[],"notes":["no device of this machine has SR-IOV"]}'
fails 0 "no PFs, for people" "^sriovctl: no device of this machine has SR-IOV$" sriovctl list
echo 1 >/sys/bus/pci/rescan
is "they are back" "$(list | jq '.pfs | length')" 2

unload_module
fails 4 "no module" "^sriovctl: /dev/sriov_broker: not there; load the module: modprobe sriov_broker$" sriovctl show
fails 0 "but a list there is" "^sriovctl: the module is not loaded: " sriovctl list
done_testing
