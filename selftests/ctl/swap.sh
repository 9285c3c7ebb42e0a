#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl swap and drain: real guests get other VFs, with the same MAC, and their traffic goes on.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"

load_module || bail "the module does not load"
two_igbs 5
read -ra vfs0 <<<"$(vfs_of "${pfs[0]}" | xargs)"
read -ra vfs1 <<<"$(vfs_of "${pfs[1]}" | xargs)"
qmp=$GUESTS/a/qmp
GUEST_WORDS=(-qmp "unix:$GUESTS/a/ask,server=on,wait=off")
guest_begin a 3
GUEST_WORDS=(-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off) # its slots are PCIe's own
guest_begin b 2
GUEST_WORDS=()
guest_ready a || bail "the guest does not start"
guest_ready b || bail "the guest does not start"

mac_of() { # PF INDEX, by iproute2
	ip -j link show "$(netdev_of "$1")" | jq -r ".[0].vfinfo_list[$2].address"
}
mac_and_vlan() { # PF INDEX
	ip -d -j link show "$(netdev_of "$1")" |
		jq -r ".[0].vfinfo_list[$2] | \"\(.address) \(.vlan_list[0].vlan // 0)\""
}
# GUEST: it has one interface, with this MAC, and traffic goes through it, as soon as there is a link.
mac=02:00:00:00:00:a1
traffic() {
	guest_run "$1" "n=\$(grep -l $mac /sys/class/net/*/address | cut -d / -f 5) && ip link set \$n up && { ip addr add 10.0.2.20/24 dev \$n; ping -c 1 -W 1 -I \$n 10.0.2.2; }"
}
quiet_traffic() { traffic "$1" >/dev/null 2>&1; }
has_traffic() {
	eventually 30 quiet_traffic "$1" && return
	traffic "$1" || true
	guest_run "$1" 'ls /sys/bus/pci/devices /sys/class/net'
	tail -n 40 "$GUESTS/$1/log"
	return 1
}
lease_of() { sriovctl list -j "$1" | jq '.pfs[0].vfs[0].lease.id'; }
interfaces() { guest_run "$1" 'ls /sys/class/net | grep -c eth'; }

# --- a guest that does not listen at the old one's port; it may do so later ------------------------

b=$GUESTS/b/qmp
deaf_port() { # with the fifth VFs
	local port
	ok "a VF for the second guest" sriovctl attach -t 120 --qmp "$b" "${vfs1[4]}" --id net0 --wait-guest
	ok "it has an interface" eventually 20 guest_run b 'ls -d /sys/class/net/eth0'
	cat >"$GUESTS/listeners" <<'END'
for s in $(ls -d /sys/class/net/eth0/device/../*:pcie*); do s=${s##*/}; [ ! -e /sys/bus/pci_express/drivers/pciehp/$s ] || echo $s; done
END
	port=$(guest_run b "$(cat "$GUESTS/listeners")") || true
	[ -n "$port" ] || bail "no pciehp in the guest"
	guest_run b "echo $port >/sys/bus/pci_express/drivers/pciehp/unbind" || bail "pciehp stays"
	fails 7 "a guest that may yet let go of the old one has both" \
		"^sriovctl: net0: it was asked for, so that the guest keeps net0-swap1 too; to go on: the same command" \
		sriovctl swap --qmp "$b" net0 --make-before-break --to "${vfs0[4]}" --timeout 90
	is "two leases" "$(guest_leases b) $(state "${vfs0[4]}") $(state "${vfs1[4]}")" "2 leased leased"
	guest_run b "echo $port >/sys/bus/pci_express/drivers/pciehp/bind" || bail "pciehp does not come back"
	like "the same command goes on" \
		"$(sriovctl swap -t 120 --qmp "$b" net0 --make-before-break --to "${vfs0[4]}" 2>&1)" \
		"^${vfs0[4]} attached as net0-swap1 at hp1, lease [0-9]+, instead of ${vfs1[4]}$"
	is "and out, by the id that it had at first" "$(sriovctl detach -t 120 --qmp "$b" net0 2>&1)" \
		"net0-swap1 detached: ${vfs0[4]} is free"
}
aside deaf_port # most of it is waiting

# --- break before make ----------------------------------------------------------------------------

ok "a VF with a MAC of its own" sriovctl attach -t 120 --qmp "$qmp" "${pfs[0]}#1" --id net0 --mac $mac --wait-guest
ok "traffic through it" has_traffic a
is "another one, of another PF, in its place" "$(sriovctl swap -t 120 --qmp "$qmp" net0 --to "${pfs[1]}#2" 2>&1)" \
	"${vfs1[2]} attached as net0 at hp0, lease $(lease_of "${vfs1[2]}"), instead of ${vfs0[1]}"
ok "traffic through that, with the same MAC" has_traffic a
is "it is the guest's only one" "$(interfaces a)" 1
is "the old one is free, without the MAC" "$(state "${vfs0[1]}") $(mac_of "${pfs[0]}" 1)" "free 00:00:00:00:00:00"
is "the new one is leased, with it" "$(state "${vfs1[2]}") $(mac_of "${pfs[1]}" 2)" "leased $mac"
is "under the guest's name" "$(sriovctl list -j "${vfs1[2]}" | jq -c '.pfs[0].vfs[0].lease | [.label, .pid]')" \
	"[\"a\",$(cat "$GUESTS/a/pid")]"
like "asked again, there is nothing left to do" "$(sriovctl swap -t 120 --qmp "$qmp" net0 --to "${pfs[1]}" 2>&1)" \
	"^net0 has ${vfs1[2]}, lease $(lease_of "${vfs1[2]}"): nothing was left to do$"
like "another one of the same PF" "$(sriovctl swap -t 120 --qmp "$qmp" net0 2>&1)" \
	"^${vfs1[0]} attached as net0 at hp0, lease $(lease_of "${vfs1[0]}"), instead of ${vfs1[2]}$"
is "the MAC has moved" "$(mac_of "${pfs[1]}" 0) $(mac_of "${pfs[1]}" 2)" "$mac 00:00:00:00:00:00"
ok "traffic through the third" has_traffic a
is "QEMU has one lease" "$(guest_leases a)" 1

# A guest that was asked more than once, here by another process meanwhile, lets go of the new one as well.
# It has been asked by swap when it goes on, and is asked again before it can have let go: had it, that would
# be for the new one. QEMU refuses a second time within a millisecond of the guest's time, so it is given some.
answered() { # a line with "return" comes
	local line
	while read -r -t $((10 * SLOWER)) line <&"${ASK[0]}"; do
		[[ $line != *'"return"'* ]] || return 0
	done
	return 1
}
coproc ASK { exec socat - "UNIX-CONNECT:$GUESTS/a/ask" 2>/dev/null; }
asker=$ASK_PID
printf '{"execute":"%s"}\n' qmp_capabilities stop >&"${ASK[1]}"
{ answered && answered; } || bail "no answer"
sriovctl swap -t 120 --qmp "$qmp" net0 --to "${pfs[0]}#1" >/dev/null &
job=$!
await 20 leased "${vfs0[1]}" || true
sleep 1
{
	printf '{"execute":"%s"}\n' cont query-pci query-pci query-pci query-pci query-pci query-pci
	echo '{"execute":"device_del","arguments":{"id":"net0"}}'
} >&"${ASK[1]}"
status=0
wait $job || status=$?
kill "$asker" 2>/dev/null || true
wait "$asker" 2>/dev/null || true
is "swapped while it is asked by others too" "$status" 0
ok "the guest has the new one all the same" has_traffic a
is "with one lease" "$(guest_leases a) $(state "${vfs0[1]}")" "1 leased"
ok "and back" sriovctl swap -t 120 --qmp "$qmp" net0 --to "${pfs[1]}#0"

# --- refused --------------------------------------------------------------------------------------

sriovctl lease "${vfs0[3]}" -- sleep infinity &
holder=$!
ok "another holder" await 10 leased "${vfs0[3]}"
other=$(lease_of "${vfs0[3]}")
fails 3 "a VF that another one has" "^sriovctl: ${vfs0[3]}: leased as lease $other \"sleep\"" \
	sriovctl swap --qmp "$qmp" net0 --to "${vfs0[3]}"
sriovctl bind "${vfs0[2]}" pci-stub
fails 2 "a VF that QEMU refuses" "^sriovctl: net0: ${vfs1[0]} is plugged in again$" \
	sriovctl swap -t 120 --qmp "$qmp" net0 --to "${vfs0[2]}"
ok "the old one works again" has_traffic a
is "the new one is given back, the old one is leased, QEMU has one lease" \
	"$(await 10 free "${pfs[0]}#2" && state "${vfs0[2]}") $(state "${vfs1[0]}") $(guest_leases a)" "free leased 1"
sriovctl bind "${vfs0[2]}" vfio-pci
guest_qmp a '{"execute":"stop"}' >/dev/null
fails 5 "a paused guest" "^sriovctl: net0: the guest did not let go in 2 s, it is paused" \
	sriovctl swap --qmp "$qmp" net0 --to "${pfs[0]}#0" --timeout 2
is "the new one is given back" "$(await 10 free "${pfs[0]}#0" && state "${vfs0[0]}") $(guest_leases a)" "free 1"
guest_qmp a '{"execute":"cont"}' >/dev/null
# What it was asked while it was paused it does now; the old lease is kept for that.
ok "the same command again gets there" sriovctl swap -t 120 --qmp "$qmp" net0 --to "${pfs[0]}#0"
ok "and there is traffic" has_traffic a
is "with one lease" "$(guest_leases a) $(state "${vfs0[0]}") $(states "${vfs1[@]:0:4}")" "1 leased free"
ip link set "$(netdev_of "${pfs[0]}")" vf 2 mac 02:00:00:00:00:c1
plugged() { grep -c 'igbvf.* Address:' "$GUESTS/a/log"; }
before=$(plugged)
fails 3 "a MAC that another VF has" "VF 2 of .* has the MAC 02:00:00:00:00:c1 already" \
	sriovctl swap --qmp "$qmp" net0 --to "${pfs[0]}#1" --mac 02:00:00:00:00:c1
ip link set "$(netdev_of "${pfs[0]}")" vf 2 mac 00:00:00:00:00:00
is "the guest is not asked for its old one" "$(plugged)" "$before"
is "nothing has changed" "$(guest_leases a) $(state "${vfs0[0]}") $(await 10 free "${pfs[0]}#1" && state "${vfs0[1]}")" "1 leased free"
fails 4 "no such device" "^sriovctl: nosuch: no such device, and no lease" sriovctl swap --qmp "$qmp" nosuch
fails 1 "no guest" "missing argument: --qmp SOCKET" sriovctl swap net0

# --- make before break ----------------------------------------------------------------------------

fails 2 "two VFs of a PF with one MAC" "^sriovctl: net0: two VFs of a PF can't both have its MAC, $mac" \
	sriovctl swap --qmp "$qmp" net0 --make-before-break
like "the new one in first, under another id" \
	"$(sriovctl swap -t 120 --qmp "$qmp" net0 --make-before-break --to "${pfs[1]}#1" -j | jq -r '[.id, .bus, .vf, .instead_of] | join(" ")')" \
	"^net0-swap1 hp[0-2] ${vfs1[1]} ${vfs0[0]}$"
ok "traffic through it" has_traffic a
is "the guest has but one" "$(interfaces a)" 1
ok "the old one is free" all_free "${vfs0[0]}"
no_driver() { guest_run a 'rmmod igbvf 2>/dev/null; [ ! -e /sys/module/igbvf ]'; }
eventually 90 no_driver || bail "the guest keeps its driver"
fails 5 "a guest that does not take it" "^sriovctl: ${vfs0[1]} is taken out again$|^sriovctl: net0-swap1: ${vfs0[1]} is taken out again$" \
	env SRIOVCTL_PATIENCE=40 sriovctl swap --qmp "$qmp" net0-swap1 --make-before-break --to "${pfs[0]}#1" --timeout 3
is "it has what it had" "$(state "${vfs1[1]}") $(await 10 free "${vfs0[1]}" && state "${vfs0[1]}") $(guest_leases a)" \
	"leased free 1"
guest_run a 'insmod /modules/*igbvf*' || true
ok "the driver is back" eventually 20 guest_run a 'ls /sys/class/net/eth0'

# --- MAC and VLAN ---------------------------------------------------------------------------------

no_mac=00:00:00:00:00:00 new_mac=02:00:00:00:00:b2
ok "a VF with a MAC and a VLAN" \
	sriovctl attach -t 120 --qmp "$qmp" "${pfs[1]}#2" --id net3 --mac 02:00:00:00:00:b1 --vlan 12 --wait-guest
is "which the PF knows" "$(mac_and_vlan "${pfs[1]}" 2)" "02:00:00:00:00:b1 12"
ok "swapped for one of the other PF" sriovctl swap -t 120 --qmp "$qmp" net3 --to "${pfs[0]}#1"
is "both go with it" "$(mac_and_vlan "${pfs[0]}" 1)" "02:00:00:00:00:b1 12"
ok "the old one is free" await 10 free "${vfs1[2]}"
is "without either" "$(mac_and_vlan "${pfs[1]}" 2)" "$no_mac 0"
ok "swapped again, with others" \
	sriovctl swap -t 120 --qmp "$qmp" net3 --to "${pfs[1]}#3" --mac $new_mac --vlan 13
is "the new one has those" "$(mac_and_vlan "${pfs[1]}" 3)" "$new_mac 13"
ok "the old one is free" await 10 free "${vfs0[1]}"
is "without any" "$(mac_and_vlan "${pfs[0]}" 1)" "$no_mac 0"
has_new_mac() { guest_macs a | grep -q "^$new_mac"; }
ok "the guest has the new MAC" eventually 20 has_new_mac
ok "a priority goes with a VLAN" sriovctl set "${vfs1[3]}" qos 3
ok "swapped on the same PF, the MAC that it has named" \
	sriovctl swap -t 120 --qmp "$qmp" net3 --to "${pfs[1]}#2" --mac $new_mac --vlan 0
is "it has that, and no VLAN" "$(mac_and_vlan "${pfs[1]}" 2)" "$new_mac 0"
is "nor a priority" "$(ip -d -j link show "$(netdev_of "${pfs[1]}")" | jq '.[0].vfinfo_list[2].vlan_list[0].qos // 0')" 0
ok "the old one is free" await 10 free "${vfs1[3]}"
ok "and out" sriovctl detach -t 120 --qmp "$qmp" net3
is "nothing of it is left" "$(mac_and_vlan "${pfs[1]}" 2) $(mac_and_vlan "${pfs[1]}" 3)" "$no_mac 0 $no_mac 0"

# --- a PF is drained ------------------------------------------------------------------------------

together
sriovctl lease "${pfs[0]}" --count 4 --wait 60 -- sleep infinity &
filler=$!
await 10 leased "${pfs[0]}" || bail "it does not fill up"
fails 3 "swap to a PF that is full: by which processes" \
	"^sriovctl: 1 VF asked, 0 of the 5 that fit are free: 5 leased \(by process [0-9]+, process [0-9]+\); see sriovctl list$" \
	sriovctl swap --qmp "$qmp" net0-swap1 --to "${pfs[0]}"
kill $filler
wait $filler || true
await 10 free "${vfs0[@]:0:3}" "${vfs0[4]}" || bail "they do not come back"
ok "one more VF for the first guest" sriovctl attach -t 120 --qmp "$qmp" "${pfs[1]}" --id net2 --wait-guest
ok "one for the second" sriovctl attach -t 120 --qmp "$GUESTS/b/qmp" "${pfs[1]}" --id net0 --wait-guest

# Told to stop, or killed, while it waits for guests that are paused.
leased_on() { "$VFSTATE" count leased "$1"; }
has_leased() { [ "$(leased_on "$1")" = "$2" ]; }
stop_drain() { # NAME SIGNAL STATUS LEASED OPTION...: as soon as so many VFs are leased for the move
	local name=$1 signal=$2 wanted=$3 leased=$4 job status=0
	shift 4
	sriovctl drain -t 600 "${pfs[1]}" "$@" >/run/drain 2>&1 &
	job=$!
	ok "$name: it has begun" eventually 30 has_leased "${pfs[0]}" "$leased"
	kill "-$signal" $job
	wait $job 2>/dev/null || status=$?
	is "$name: it ends" "$status" "$wanted"
	ok "$name: what was to come is free" eventually 20 has_leased "${pfs[0]}" 1
	is "$name: what was there is leased" "$(leased_on "${pfs[1]}")" 3
}
guest_qmp a '{"execute":"stop"}' >/dev/null
guest_qmp b '{"execute":"stop"}' >/dev/null
stop_drain "drain, told to stop" TERM 2 2
is "drain, told to stop: it did not begin with another one" "$(grep -cE 'interrupted(; the guest was asked| while waiting for)' /run/drain)" 1
like "drain, told to stop: it says how to go on" "$(cat /run/drain)" \
	"^sriovctl: ${pfs[1]}: interrupted; to go on: the same command again$"
stop_drain "drain side by side, told to stop" TERM 2 3 --parallel
stop_drain "drain, killed" KILL 137 2
guest_qmp a '{"execute":"cont"}' >/dev/null
guest_qmp b '{"execute":"cont"}' >/dev/null

out=$(sriovctl drain -t 120 "${pfs[1]}" 2>&1) && status=0 || status=$?
is "draining succeeds" "$status" 0
like "each guest's VF is moved" "$out" "^${pfs[0]%:*}:.* attached as net0 of b at hp0, lease [0-9]+, instead of ${pfs[1]%:*}:"
like "and it says that it is done" "$out" "^${pfs[1]} is drained: none of its VFs is used$"
is "nothing is leased there" "$(states "${pfs[1]}")" free
ok "traffic through the first guest's new one" has_traffic a
interfaces_are() { [ "$(interfaces a) $(interfaces b)" = "$*" ]; }
ok "both guests have all their interfaces" eventually 20 interfaces_are 2 1
is "the PF without users can be disabled" "$(sriovctl disable "${pfs[1]}" 2>&1)" ""
sriovctl enable "${pfs[1]}" 5
fails 125 "it is cordoned, and nothing is leased from it" "^sriovctl: ${pfs[1]}: cordoned, so nothing is leased from it; to end that: sriovctl uncordon ${pfs[1]}$" \
	sriovctl lease "${pfs[1]}" -- true
ok "until that is ended" sriovctl uncordon "${pfs[1]}"
out=$(sriovctl drain -j -t 120 "${pfs[0]}" --parallel --to "${pfs[1]}" 2>&1) && status=0 || status=$?
is "a VF that is no guest's stays" "$status" 7
is "what was moved, for programs" \
	"$(tail -n 1 <<<"$out" | jq -c '[([.moved[].guest] | sort), .left, [.errors[].reason]]')" '[["a","a","b"],1,["leased","partly"]]'
is "with one note that it is cordoned" "$(tail -n 1 <<<"$out" | jq '[.notes[] | select(contains("cordoned: "))] | length')" 1
like "its holder is named" "$out" "^sriovctl: ${vfs0[3]}: still leased as lease $other \"sleep\" by process [0-9]+$"
is "all the others have gone, side by side" \
	"$("$VFSTATE" tally "${pfs[0]}"), $(guest_leases a) $(guest_leases b)" "4 free 1 leased, 2 1"
ok "traffic through the first guest's" has_traffic a
kill $holder
ok "without that one" await 10 free "${pfs[0]}"
like "it is drained" "$(sriovctl drain -t 120 "${pfs[0]}" 2>&1)" "is drained"
fails 1 "to itself" "that is the PF to be drained" sriovctl drain "${pfs[0]}" --to "${pfs[0]}"

guest_kill a
guest_kill b
ok "the VFs of killed guests come back" await 20 free "${pfs[1]}"
is "and none has kept the MAC" "$(mac_of "${pfs[1]}" 0) $(mac_of "${pfs[1]}" 1) $(mac_of "${pfs[1]}" 2)" \
	"00:00:00:00:00:00 00:00:00:00:00:00 00:00:00:00:00:00"
unload_module
done_testing
