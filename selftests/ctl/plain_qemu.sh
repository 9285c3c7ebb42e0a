#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests that know nothing of the broker: QEMU started by hand on guarded VFs, killed, and asked for its VF without a
# monitor; and leases that last as long as a process.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"

pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")
mac=02:00:00:00:00:a1 second=02:00:00:00:00:a2
ip link set "$netdev" up
load_module "pfs=$pf=3:guarded" || bail "the module does not load"
guarded() { sriovctl list -j "$1" | jq -c '.pfs[0].vfs[0] | [.guarded, .driver, .state]'; }
owner() { sriovctl list -j "$1" | jq -c '.pfs[0].vfs[0].lease | [.label, .pid, .implicit]'; }
mac_of() { ip -j link show "$netdev" | jq -r ".[0].vfinfo_list[$1].address"; }

ok "the module's parameter asks for guarded VFs" await 30 free "$pf"
is "and reads so" "$(cat /sys/module/sriov_broker/parameters/pfs)" "$pf=3:guarded"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
is "they are" "$(guarded "${vfs[0]}")" '[true,"sriov_broker_vfio","free"]'
fails 1 "guarded and open are two things" "neither --open" sriovctl enable "$pf" 3 --guarded --open
fails 1 "what is not guarded is not restored" "--restore goes with --guarded" sriovctl enable "$pf" 3 --restore
ok "once more is a success" sriovctl enable "$pf" 3 --guarded
is "save keeps them guarded" "$(sriovctl save 2>/dev/null | jq -r ".pfs[] | select(.address == \"$pf\").driver")" sriov_broker_vfio
like "and says what a file does not" "$(sriovctl save 2>&1 >/dev/null)" \
	"^sriovctl: $pf: its VFs are guarded; a file does not say whether that is with --restore; if so, after apply: sriovctl enable $pf 3 --guarded --restore$"

# --- QEMU started by hand ------------------------------------------------------------------------

ip link set "$netdev" vf 0 mac $mac
GUEST_WORDS=(-device "vfio-pci,host=${vfs[0]},id=net0,bus=hp0")
guest_start plain || bail "the guest does not start"
GUEST_WORDS=()
qemu=$(guest_pid plain)
comm=$(cat "/proc/$qemu/comm")
is "QEMU has an implicit lease" "$(owner "${vfs[0]}")" "[\"$comm\",$qemu,true]"
sees() { guest_run plain "cat /sys/class/net/*/address" | grep -q "^$mac$"; }
ok "its guest sees the MAC that the VF was given" eventually 30 sees
is "an event has told of it" "$(sriovctl show -j "${vfs[0]}" |
	jq -c '[.. | objects | select(.event? == "lease-granted") | [.label, .implicit]][-1]')" "[\"$comm\",true]"
fails 3 "in use, the PF keeps its VFs" "leased as lease .* by process $qemu" sriovctl disable "$pf"
fails 3 "nor is it leased again" "leased as lease" sriovctl lease "${vfs[0]}" </dev/null
other() { timeout 20 "${GUEST_QEMU[@]}" -accel tcg -m 64 -nodefaults -display none -S -device "vfio-pci,host=${vfs[0]}"; }
fails 1 "nor opened by another QEMU" "${vfs[0]}" other
guest_kill plain
ok "killed, it has let go" await 20 free "${vfs[0]}"
is "the MAC is its manager's, and stays" "$(mac_of 0)" $mac

# --- asked to let go ------------------------------------------------------------------------------

GUEST_WORDS=(-device "vfio-pci,host=${vfs[0]},id=net0,bus=hp0")
guest_start asked || bail "the guest does not start"
GUEST_WORDS=()
qemu=$(guest_pid asked)
gone() { ! guest_run asked "cat /sys/class/net/*/address" | grep -q "^$1$"; }
like "detached without a monitor" "$(sriovctl detach -t 120 "$pf#0" 2>&1)" "^${vfs[0]}: \"$comm\" \(process $qemu\) has let go$"
is "it is free" "$(state "${vfs[0]}")" free
ok "QEMU and the guest go on" guest_run asked true
ok "without the interface" gone $mac

ok "another, by a lease" sriovctl attach -t 120 --qmp "$GUESTS/asked/qmp" "$pf#1" --id net1 --mac $second --wait-guest
is "which is QEMU's" "$(owner "${vfs[1]}")" "[\"asked\",$qemu,false]"
ok "is taken back with a time of grace" sriovctl revoke --grace 120 "$pf#1"
ok "and free" await 10 free "${vfs[1]}"
ok "QEMU and the guest go on" guest_run asked true
ok "without it" gone $second

ok "a third" sriovctl attach -t 120 --qmp "$GUESTS/asked/qmp" "$pf#2" --id net2 --wait-guest
kill -STOP "$qemu"
fails 5 "of a QEMU that does not listen" "${vfs[2]}: \"asked\" .* has not let go" sriovctl revoke --grace 1 "$pf#2"
is "it drains" "$(state "${vfs[2]}")" draining
kill -CONT "$qemu"
ok "until that listens again" await 30 free "${vfs[2]}"
guest_kill asked

# --- as long as a process -------------------------------------------------------------------------

sleep infinity &
until=$!
sleep infinity &
other=$!
like "a lease until a process ends" "$(sriovctl lease "$pf#1" --until-exit $until)" "${vfs[1]}"
is "lasts, with that process" "$(owner "${vfs[1]}")" "[\"\",$until,false]"
ok "is tied to another" sriovctl anchor "$pf#1" $other
is "and lasts, with that" "$(owner "${vfs[1]}" | jq '.[1]')" $other
fails 1 "the module can't be unloaded" "in use" rmmod sriov_broker_vfio
kill $until
wait $until 2>/dev/null || true
is "the first has ended" "$(state "${vfs[1]}")" leased
kill $other
wait $other 2>/dev/null || true
ok "and then the second" await 10 free "${vfs[1]}"

sleep infinity &
until=$!
ok "two at once" sriovctl lease "$pf#1-2" --count 2 --until-exit $until
is "are out" "$(sriovctl show -j | jq .num_leases)" 2
ok "one is released" sriovctl release "$pf#1"
ok "and free" await 10 free "${vfs[1]}"
is "the other is not" "$(state "${vfs[2]}")" leased
kill $until
wait $until 2>/dev/null || true
ok "it ends with the process" await 10 free "${vfs[2]}"
fails 4 "there is no such process" "$until: there is no such process" sriovctl lease "$pf#1" --until-exit $until
fails 4 "what is not leased is not released" "$pf#1: not leased" sriovctl release "$pf#1"
sriovctl lease "$pf#1" -- sleep infinity &
holder=$!
await 10 leased "${vfs[1]}" || bail "no lease"
fails 3 "nor what a command holds" "tied to no process" sriovctl release "$pf#1"
kill $holder
wait $holder 2>/dev/null || true
await 10 free "$pf" || diag "not back"

ok "nothing is in use any more" sriovctl disable "$pf"
unload_module
done_testing
