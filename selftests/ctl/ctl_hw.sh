#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl set msix: how many interrupts a VF has.  No device of the test machine has a pool of them, so
# a PF driver of the tests does (kmod/test_pf.c).  Witnesses: what that driver was told, and the kernel.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

pf=$(pfs_of igb)
here=$(cd "$(dirname "$0")/.." && pwd)
show() { sriovctl show --json "$1" | jq -c "$2"; }

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
fails 3 "a VF with a driver" "^sriovctl: ${vfs[0]}: bound to vfio-pci, .* before: sriovctl bind ${vfs[0]} host" \
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
fails 3 "a VF that is leased" "^sriovctl: ${vfs[0]}: lease [0-9]+ has it; the number" \
	sriovctl lease "$pf#0" -- sriovctl set "$pf#0" msix 4
fails 4 "a PF has none to be set so" "^sriovctl: $pf: no VF that is there" sriovctl set "$pf" msix 4
fails 1 "not with others" "^sriovctl: msix goes alone" sriovctl set "$pf#1" msix 4 vlan 3
is "nothing has changed" "$(given)" "10 0 0 0 0 0 0 0"
ok "no VFs" eventually 10 sriovctl disable "$pf"
use_driver "$pf"
rmmod test_pf
unload_module
done_testing
