#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl enable, disable, bind, clear: what they do and how they refuse.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

load_module || bail "the module does not load"
work=$(mktemp -d)
pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")

# The drivers of all VFs, in their order, with each name once where they are one.
drivers() { for vf in $(vfs_of "$pf"); do driver_of "$vf"; done | uniq | xargs; }
any_leased() { [[ $(states "$pf") == *leased* ]]; }
# VFs in the kernel's order, which is not the one of their addresses where those wrap.
vf() { basename "$(readlink "$SYS/$pf/virtfn$1")"; }

fails 2 "more VFs than the device has" "^sriovctl: $pf: 8 VFs asked, the device has 7; ask for 7 or fewer$" \
	sriovctl enable "$pf" 8
fails 2 "no VFs at all" "^sriovctl: $pf: 0 VFs asked.*sriovctl disable $pf$" sriovctl enable "$pf" 0
fails 1 "a number that is none" "7x: the number of VFs is a number, 0 to 65535" \
	sriovctl enable "$pf" 7x
fails 1 "a number beyond all" "99999999999: the number of VFs" sriovctl enable "$pf" 99999999999
fails 1 "a range where a PF is wanted" "#1: a whole device is wanted" sriovctl enable "$pf#1" 1
fails 4 "a driver that does not exist" "no driver \"nosuch\" is loaded, nor can be" \
	sriovctl enable "$pf" 7 --driver nosuch
fails 2 "a driver's name that can't be one" "no driver's name is longer" \
	sriovctl enable "$pf" 7 --driver "$(printf 'x%.0s' {1..64})"
is "nothing came of these" "$(cat "$SYS/$pf/sriov_numvfs")" 0

ok "enable, by interface" sriovctl enable "$netdev" 7
is "7 VFs" "$(cat "$SYS/$pf/sriov_numvfs")" 7
is "on vfio-pci" "$(drivers)" vfio-pci
is "in the pool" "$(states "$pf")" free
ok "asking for what is there" sriovctl enable "$netdev" 7
ok "fewer, in one step" sriovctl enable "$pf" 3
is "3 VFs" "$(vfs_of "$pf" | wc -l)" 3
ok "another driver" sriovctl enable "$pf" 7 --driver pci-stub
is "on pci-stub" "$(drivers)" pci-stub

fails 2 "a VF is no PF" "^sriovctl: $(vf 0): a VF, where a PF is wanted$" sriovctl enable "$(vf 0)" 1
fails 2 "nor for disable" "^sriovctl: $(vf 0): a VF, where a PF is wanted$" sriovctl disable "$(vf 0)"

ok "bind one VF" sriovctl bind "$(vf 0)" vfio-pci
is "it alone moved" "$(drivers)" "vfio-pci pci-stub"
ok "bind ranges" sriovctl bind "$pf#1-2,5" vfio-pci
is "they alone moved" "$(drivers)" "vfio-pci pci-stub vfio-pci pci-stub"
fails 4 "bind beyond the last VF" "^sriovctl: $pf: VF 7 asked, it has VFs 0 to 6; see sriovctl list $pf$" \
	sriovctl bind "$pf#3,7" vfio-pci
is "then those before moved back" "$(drivers)" "vfio-pci pci-stub vfio-pci pci-stub"
sriovctl bind "$(vf 0)" host
sriovctl lease "$pf#0" --wait 600 -- sleep 600 &
waiter=$!
waits() { [ "$(sriovctl waiters --json | jq '.waiters | length')" = 1 ]; }
eventually 10 waits || bail "no waiter"
fails 7 "one that a waiter has got meanwhile can't be moved back" "^sriovctl: $(vf 0): could not be moved back to host$" \
	sriovctl bind "$pf#0,7" vfio-pci
kill $waiter
wait $waiter || true
ok "it comes back" await 10 free "$(vf 0)"
fails 2 "bind to a driver that refuses" "^sriovctl: $(vf 0): pcieport refused: " \
	sriovctl bind "$(vf 0)" pcieport
is "then it is where it was" "$(driver_of "$(vf 0)") $(drivers)" \
	"vfio-pci vfio-pci pci-stub vfio-pci pci-stub"
ok "bind all, to the host" sriovctl bind "$pf" host
is "the host's" "$(states "$pf")" host
is "no override stays behind" "$(cat "$SYS/$(vf 3)/driver_override")" "(null)"
ok "and back" sriovctl bind "$netdev" vfio-pci
is "in the pool again" "$(states "$pf")" free

modprobe igbvf
ok "one to the host" sriovctl bind "$(vf 1)" host
eventually 10 test -d "$SYS/$(vf 1)/net" || true
udevadm settle || true # it gives it its name
used=$(netdev_of "$(vf 1)")
ip link set "$used" up
busy="^sriovctl: $(vf 1): in use by the host: its interface $used is up"
fails 3 "bind of a VF that the host uses" "$busy.*--force$" sriovctl bind "$(vf 1)" vfio-pci
fails 3 "another number with such a VF" "$busy" sriovctl enable "$pf" 5
fails 3 "disable with such a VF" "$busy" sriovctl disable "$pf"
ok "bind by force" sriovctl bind "$(vf 1)" vfio-pci --force
is "then it is in the pool" "$(states "$pf")" free
ip link set "$netdev" up
ip link set "$netdev" vf 1 mac 02:00:00:00:00:0b
ok "another number" sriovctl enable "$pf" 6
like "what was set of a VF is as it was" "$(ip link show "$netdev")" "vf 1 .*02:00:00:00:00:0b"
ok "and all again" sriovctl enable "$pf" 7 --force

fails 2 "reset of a VF that is free" "^sriovctl: $(vf 0): not in quarantine$" sriovctl reset "$(vf 0)"

sriovctl lease "$(vf 2)" --label tenant >/dev/null < <(exec sleep 600) &
eventually 5 any_leased || true
fails 3 "disable with a lease out names its holder" \
	"^sriovctl: $(vf 2): leased as lease [0-9]+ \"tenant\" by process $(pidof sriovctl)" \
	sriovctl disable "$pf"
fails 3 "so does bind" "^sriovctl: $(vf 2): leased as" sriovctl bind "$pf" host
fails 3 "so does another number of VFs" "^sriovctl: $(vf 2): leased as" sriovctl enable "$pf" 3
is "all are still there" "$(vfs_of "$pf" | wc -l)" 7
kill -9 "$(pidof sriovctl)"
ok "it comes back" await 10 free "$pf"

sriovctl lease "$(vf 2)" >/dev/null 2>&1 < <(exec sleep 600) &
holder=$!
eventually 5 any_leased || true
fails 1 "a time for nothing" "timeout goes with --force" sriovctl disable "$pf" --timeout 1
ok "disable by force, a lease out" sriovctl disable "$pf" --force --timeout 30
is "no VFs" "$(cat "$SYS/$pf/sriov_numvfs")" 0
status=0
wait $holder || status=$?
is "its holder is told, and ends" $status 2
ok "they can come back" sriovctl enable "$pf" 7

# The kernel does what it has begun; the caller need not wait.
nvme=$(pfs_of nvme)
sriovctl enable "$nvme" 127 2>"$work/said" &
job=$!
until [ -e "$SYS/$nvme/virtfn0" ] || ! kill -0 $job 2>/dev/null; do :; done
kill -TERM $job
status=0
wait $job || status=$?
is "enable, interrupted: it ends" $status 2
like "and says what goes on" "$(cat "$work/said")" \
	"^sriovctl: $nvme: interrupted; the kernel goes on with what it has begun; to see how far it is: sriovctl list$"
has_all() { [ "$(sriovctl list --json "$nvme" | jq '[.pfs[0].vfs[] | select(.state == "free")] | length')" = 127 ]; }
ok "and it does" eventually 30 has_all
ok "off again" sriovctl disable "$nvme"

ok "cordon" sriovctl cordon "$pf"
like "the PF is shown as cordoned" "$(sriovctl list "$pf")" "^$pf +.* cordoned "
like "as a whole, too" "$(sriovctl show "$pf")" "^ *VFs +7 of 7, cordoned$"
fails 125 "nothing is leased from it" "^sriovctl: $pf: cordoned, so nothing is leased from it; to end that: sriovctl uncordon $pf$" \
	sriovctl lease "$pf" -- true
ok "disable" sriovctl disable "$pf"
is "no VFs" "$(cat "$SYS/$pf/sriov_numvfs")" 0
is "it is cordoned as before" "$(sriovctl list -j "$pf" | jq .pfs[0].cordoned)" true
ok "uncordon" sriovctl uncordon "$pf"
is "it is not any more" "$(sriovctl list -j "$pf" | jq .pfs[0].cordoned)" false
ok "disable once more" sriovctl disable "$pf"

unprivileged() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"; }
chmod 666 /dev/sriov_broker
fails 6 "enable without CAP_SYS_ADMIN" "^sriovctl: $pf: this needs root" \
	unprivileged sriovctl enable "$pf" 1
ok "list without it" unprivileged sriovctl list
chmod 600 /dev/sriov_broker
fails 6 "list without the device" "^sriovctl: /dev/sriov_broker: not allowed" \
	unprivileged sriovctl list
like "root can" "$(unprivileged sriovctl list 2>&1 || true)" "not allowed; this needs root$"
chgrp 4 /dev/sriov_broker
chmod 660 /dev/sriov_broker
like "or a group can" "$(unprivileged sriovctl list 2>&1 || true)" "not allowed; join the group $(getent group 4 | cut -d : -f 1), or be root$"

unload_module
done_testing
