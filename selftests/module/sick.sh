#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# PF drivers and devices that do not do what they should, which the test machine's do: a driver that
# enables fewer VFs than it was told, a process that has the PF's lock (kmod/test_pf.c); a bus without
# numbers for the VFs, and VFs that do not look reset (kmod/fake_sick.c).

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

here=$(cd "$(dirname "$0")/.." && pwd)
pf=$(pfs_of igb)
insmod "$here/kmod/test_pf.ko" || bail "no PF driver"
load_module || bail "the module does not load"
use_driver "$pf" test_pf
[ "$(driver_of "$pf")" = test_pf ] || bail "the PF does not take the driver"
driver_enables() { echo "$1" >/sys/module/test_pf/parameters/most; }
numvfs() { cat "$SYS/$pf/sriov_numvfs"; }

# --- a driver that enables fewer ------------------------------------------------------------------

driver_enables 2
fails 2 "a driver that enables fewer" "^sriovctl: $pf: 4 VFs asked, test_pf enabled 2; they are off again$" \
	sriovctl enable "$pf" 4
is "none is left" "$(numvfs)$(vfs_of "$pf")" 0
ok "as many as it enables" sriovctl enable "$pf" 2
fails 2 "more, with VFs on" "^sriovctl: $pf: 3 VFs asked, test_pf enabled 2; they are off again$" sriovctl enable "$pf" 3
is "those that were there are there again" "$(numvfs) $(vfs_of "$pf" | wc -l) $(states "$pf")" "2 2 free"

# --- a PF whose lock is taken -----------------------------------------------------------------

read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
has_lock() { grep -qs test_hold "/proc/$holder/stack"; }
hold() {
	echo 1 >"$SYS/$pf/test_hold" &
	holder=$!
	eventually 10 has_lock || bail "the PF is not locked"
}
let_go() {
	kill -9 $holder
	wait $holder 2>/dev/null || true
}
BUSY="^sriovctl: $pf: another operation is under way on the PF; try again$"
hold
begun=$SECONDS
sriovctl disable "$pf" >/run/disable 2>&1 &
disable=$!
lost_driver() { [ "$(driver_of "${vfs[0]}")" = none ]; }
ok "a process disables it, and waits" eventually 10 lost_driver
said=$(sriovctl lease "${vfs[0]}" -- true 2>&1) && code=0 || code=$?
if kill -0 $disable 2>/dev/null && [ $((SECONDS - begun)) -lt 4 ]; then
	is "meanwhile its VFs can't be leased" "$code" 125
	like "for that reason" "$said" "$BUSY"
else # after some five seconds it gives up
	skip "meanwhile its VFs can't be leased" "that was over before a lease was asked for"
	await 10 free "$pf" || true
fi
status=0
wait $disable || status=$?
is "it does not wait for ever" "$status" 3
like "it is told why" "$(cat /run/disable)" "$BUSY"
is "the VFs are where they were" "$(states "$pf") $(driver_of "${vfs[0]}") $(driver_of "${vfs[1]}")" "free vfio-pci vfio-pci"
is "and can be leased" "$(sriovctl lease "${vfs[0]}" -- echo leased)" leased
let_go
ok "then it can be disabled" eventually 10 sriovctl disable "$pf"
hold
fails 3 "enable does not wait for ever either" "$BUSY" sriovctl enable "$pf" 1
let_go
is "no VF is left" "$(numvfs)$(vfs_of "$pf")" 0

# --- a bus without numbers ------------------------------------------------------------------------

driver_enables 7
insmod "$here/kmod/fake_sick.ko" "dev=$pf" stride=64 || bail "no fake"
ok "one VF is where it was" sriovctl enable "$pf" 1
is "it has the same address" "$(vfs_of "$pf")" "${vfs[0]}"
ok "off" sriovctl disable "$pf"
fails 2 "7, far apart" "^sriovctl: $pf: too few bus numbers behind its bridge for so many VFs; try pci=assign-busses" \
	sriovctl enable "$pf" 7
is "none is left" "$(numvfs)$(vfs_of "$pf")" 0
rmmod fake_sick
ok "one" sriovctl enable "$pf" 1
ok "and then 7, side by side again" sriovctl enable "$pf" 7
is "they are there" "$(vfs_of "$pf" | wc -l) $(states "$pf")" "7 free"

# --- a VF that does DMA after its reset -----------------------------------------------------------

vf=${vfs[1]}
fault() { sriovctl list --json "$vf" | jq -r '.pfs[0].vfs[0] | "\(.state) \(.fault)"'; }
insmod "$here/kmod/fake_sick.ko" "dev=$vf" master=1 || bail "no fake"
ok "it is leased" sriovctl lease "$vf" -- true
ok "no request gets it after that" await 10 quarantined "$vf"
is "for it does not look reset" "$(fault)" "quarantined check"
fails 125 "to be seen by a request for it" "^sriovctl: $vf: in quarantine; to try its reset again: sriovctl reset $vf$" \
	sriovctl lease "$vf" -- true
is "the others can be had" "$(sriovctl lease "$pf#2" -- echo leased)" leased
failed_resets() { [ "$(sriovctl show --json "$vf" | jq '[.events[] | select(.event == "reset-failed")] | length')" = "$1" ]; }
ok "one reset has failed" failed_resets 1
ok "it is tried once more" sriovctl reset "$vf"
ok "in vain" eventually 10 failed_resets 2
ok "so no request gets it" await 10 quarantined "$vf"
is "for the same reason" "$(fault)" "quarantined check"
echo 0 >/sys/module/fake_sick/parameters/master
ok "it is well again" sriovctl reset "$vf"
ok "and free" await 10 free "$vf"
is "it can be leased" "$(sriovctl lease "$vf" -- echo leased)" leased
ok "it comes back" await 10 free "$vf"
rmmod fake_sick

# --- other signs that a reset has done nothing ----------------------------------------------------

never_free() { # SIGN of fake_sick
	insmod "$here/kmod/fake_sick.ko" "dev=$vf" "$1=1" || bail "no fake"
	ok "$1: it is leased" sriovctl lease "$vf" -- true
	ok "$1: no request gets it after that" await 10 quarantined "$vf"
	is "$1: for it does not look reset" "$(fault)" "quarantined check"
	rmmod fake_sick
	ok "$1: it is well again" sriovctl reset "$vf"
	ok "$1: and free" await 10 free "$vf"
}
never_free msix
never_free pending

ok "no VFs" eventually 10 sriovctl disable "$pf"
use_driver "$pf"
rmmod test_pf
unload_module
done_testing
