#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl set, and --mac, --vlan, --net of lease and attach: what the PF's driver is told, with
# iproute2 as the witness; what it can't do; and that what was set for a lease ends with it, however
# it does.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"
export SRIOVCTL_PATIENCE=60 # what is asked answers, but late where the host is loaded

load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)
netdev=$(netdev_of "$pf")
ip link set "$netdev" up
sriovctl enable "$pf" 4 || bail "no VFs"
sriovctl enable "$nvme" 1 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
work=$(mktemp -d)

# The attributes of VF $1 as iproute2 shows them: MAC, VLAN, QoS, rate, spoofchk, trust.
witness() {
	ip -d -j link show "$netdev" | jq -r ".[0].vfinfo_list[$1] | [.address,
		(.vlan_list[0].vlan // 0), (.vlan_list[0].qos // 0), .rate.max_tx, .spoofchk, .trust] |
		map(tostring) | join(\" \")"
}
witness_is() { [ "$(witness "$1")" = "$2" ]; }
set_vf() { sriovctl set "$@"; }

none="00:00:00:00:00:00 0 0 0 true false"
a=02:00:00:00:00:0a b=02:00:00:00:00:0b c=02:00:00:00:00:0c

carrier() { [ "$(cat "/sys/class/net/$netdev/carrier")" = 1 ]; }
ok "the PF has a link" eventually 20 carrier
is "nothing is set yet" "$(witness 1)" "$none"

# --- each of them ---------------------------------------------------------------------------------

ok "a MAC" set_vf "$netdev#1" mac $a
is "iproute2 sees it, and nothing else" "$(witness 1)" "$a 0 0 0 true false"
ok "a VLAN" set_vf "${vfs[1]}" vlan 5
is "seen" "$(witness 1)" "$a 5 0 0 true false"
ok "its priority, by a short address" set_vf "${vfs[1]#0000:}" qos 3
is "seen, the VLAN is as it was" "$(witness 1)" "$a 5 3 0 true false"
ok "another VLAN" set_vf "$netdev#1" vlan 6
is "seen, the priority is as it was" "$(witness 1)" "$a 6 3 0 true false"
ok "no VLAN" set_vf "$netdev#1" vlan 0
is "seen, and no priority either" "$(witness 1)" "$a 0 0 0 true false"
ok "a rate" set_vf "$netdev#1" max-rate 100
is "seen" "$(witness 1)" "$a 0 0 100 true false"
ok "no spoof check" set_vf "$netdev#1" spoofchk off
is "seen" "$(witness 1)" "$a 0 0 100 false false"
ok "trust" set_vf "$netdev#1" trust on
is "seen" "$(witness 1)" "$a 0 0 100 false true"
ok "several at once" set_vf "$netdev#1" trust OFF spoofchk on mac $b vlan 4094 qos 7 max-rate 0
is "seen" "$(witness 1)" "$b 4094 7 0 true false"
ok "the same again" set_vf "$netdev#1" mac $b vlan 4094
ok "the protocol that igb can do" set_vf "$netdev#1" proto 802.1q
is "seen" "$(witness 1)" "$b 4094 7 0 true false"
is "no other VF was touched" "$(witness 0), $(witness 2), $(witness 3)" "$none, $none, $none"

# --- refused, by name, and then nothing is changed ------------------------------------------------

cannot() { # ATTR VALUE
	fails 2 "igb can't do $1 $2" "^sriovctl: ${vfs[1]}: $1 $2: the PF's driver, igb, can't do that$" \
		sriovctl set "$netdev#1" mac $c vlan 7 spoofchk off "$1" "$2"
	is "of what was set before, nothing is left" "$(witness 1)" "$b 4094 7 0 true false"
}
cannot state enable
cannot rss-query on
fails 2 "igb can't do 802.1ad" "proto 802.1ad: the PF's driver, igb, can't do that$" \
	sriovctl set "$netdev#1" proto 802.1ad
fails 2 "nor guarantee a rate" "^sriovctl: ${vfs[1]}: min-rate 10: the PF's driver, igb, refused: Invalid" \
	sriovctl set "$netdev#1" mac $c min-rate 10
is "of what was set before, nothing is left" "$(witness 1)" "$b 4094 7 0 true false"
fails 2 "nor more than its link's" "max-rate 5000: the PF's driver, igb, refused: Invalid argument$" \
	sriovctl set "$netdev#1" max-rate 5000
ip link set "$netdev" down
fails 2 "a rate without a link: the reason is shown" "refused: Invalid argument; note that $netdev is down$" \
	sriovctl set "$netdev#1" max-rate 10
ip link set "$netdev" up
ok "the link is back" eventually 20 carrier
is "it is as before" "$(witness 1)" "$b 4094 7 0 true false"

fails 3 "the MAC of another VF" "^sriovctl: ${vfs[2]}: VF 1 of $netdev has the MAC $b already; only" \
	sriovctl set "$netdev#2" mac $b vlan 9
is "nothing is set" "$(witness 2)" "$none"
pf_mac=$(cat "/sys/class/net/$netdev/address")
fails 3 "the MAC of the PF" "its PF, $netdev, has the MAC $pf_mac already" \
	sriovctl set "$netdev#2" mac "$pf_mac"
ok "by force" set_vf "$netdev#2" mac $b --force
is "seen" "$(witness 2)" "$b 0 0 0 true false"
ok "no MAC" set_vf "$netdev#2" mac none
is "seen" "$(witness 2)" "$none"
ok "which many may have" set_vf "$netdev#3" mac none

fails 4 "no VF of that number" "^sriovctl: $netdev#9: no VF that is there; see sriovctl list$" \
	sriovctl set "$netdev#9" mac $c
fails 4 "a PF is no VF" "^sriovctl: $pf: no VF that is there" sriovctl set "$pf" mac $c
fails 2 "a VF of no network card" "its PF, $nvme, has no network interface, so there are no attributes" \
	sriovctl set "$nvme#0" mac $c
fails 1 "two VFs" "one device is wanted here" sriovctl set "$netdev#0-1" mac $c
fails 1 "half a MAC" "^sriovctl: 02:00:00: a MAC looks like" sriovctl set "$netdev#2" mac 02:00:00
fails 1 "a group's MAC" "a group's address" sriovctl set "$netdev#2" mac 01:00:5e:00:00:01
fails 1 "a VLAN that can't be" "vlan is a number, 0 to 4094" sriovctl set "$netdev#2" vlan 4095
fails 1 "neither on nor off" "trust is one of off, on$" sriovctl set "$netdev#2" trust maybe
fails 1 "no such attribute" "^sriovctl: color: no attribute of a VF$" sriovctl set "$netdev#2" color red
fails 1 "no value" "^sriovctl: vlan: missing argument: VALUE" sriovctl set "$netdev#2" mac $c vlan
fails 1 "twice" "^sriovctl: vlan: given twice" sriovctl set "$netdev#2" vlan 1 vlan 2
is "nothing was set by these" "$(witness 2)" "$none"

# --- for a lease ----------------------------------------------------------------------------------

# VF 1 keeps what the admin set, whichever holder had it between.
lasting="$b 4094 7 0 true false"
# What a command under a lease of VF $1 with these options finds.
lease_witness() { # INDEX OPTION...
	local index=$1
	shift
	sriovctl lease "$netdev#$index" "$@" -- bash -c "$(declare -f witness); netdev=$netdev; witness $index"
}
leased="$a 12 2 50 false true"
words=(--mac "$a" --vlan 12 --net "qos=2,max-rate=50,spoofchk=off,trust=on")
is "lease sets what it is told" "$(lease_witness 1 "${words[@]}")" "$leased"
ok "the VF comes back" await 10 free "${vfs[1]}"
is "as it was before" "$(witness 1)" "$lasting"
is "the next lease finds no trace" "$(lease_witness 1)" "$lasting"
ok "the VF comes back" await 10 free "${vfs[1]}"

hold() { # OPTION...: a lease of VF 1 in the background
	rm -f "$work/in"
	mkfifo "$work/in"
	sriovctl lease "$netdev#1" "$@" <"$work/in" >/dev/null &
	holder=$!
	exec 8>"$work/in"
}
end_hold() { # SIGNAL
	kill "-$1" $holder 2>/dev/null || true # it may have ended by itself
	wait $holder 2>/dev/null || true
	exec 8>&-
}
hold "${words[@]}"
ok "held with its attributes" eventually 10 witness_is 1 "$leased"
end_hold KILL
ok "a killed holder's VF comes back" await 10 free "${vfs[1]}"
is "as it was before" "$(witness 1)" "$lasting"

hold
ok "held as it is" await 10 leased "${vfs[1]}"
ok "another admin sets a MAC" set_vf "$netdev#1" mac $a trust on
ok "and once more" set_vf "$netdev#1" mac $c vlan 3
is "seen" "$(witness 1)" "$c 3 7 0 true true"
end_hold KILL
ok "the VF comes back" await 10 free "${vfs[1]}"
is "as it was before the first" "$(witness 1)" "$lasting"

hold
ok "held as it is" await 10 leased "${vfs[1]}"
set_vf "$netdev#1" mac $c
ok "revoked" sriovctl revoke "${vfs[1]}"
ok "a revoked lease's VF comes back" await 10 free "${vfs[1]}"
is "as it was before" "$(witness 1)" "$lasting"
end_hold KILL

ok "set while it is free" set_vf "$netdev#1" vlan 0
lasting="$b 0 0 0 true false"
lease_witness 1 "${words[@]}" >/dev/null
ok "the VF comes back" await 10 free "${vfs[1]}"
is "what the admin sets stays" "$(witness 1)" "$lasting"

is "both of two are set" "$(sriovctl lease "$netdev#2-3" -n 2 --vlan 9 -- bash -c \
	"$(declare -f witness); netdev=$netdev; witness 2; witness 3" | xargs)" \
	"00:00:00:00:00:00 9 0 0 true false 00:00:00:00:00:00 9 0 0 true false"
ok "they come back" await 10 free "${vfs[2]}"
ok "both" await 10 free "${vfs[3]}"
is "as they were" "$(witness 2) $(witness 3)" "$none $none"
is "run sets it before QEMU is there" "$(sriovctl run "$netdev#2" --mac $a -- bash -c \
	"$(declare -f witness); netdev=$netdev; witness 2")" "$a 0 0 0 true false"
ok "it comes back" await 10 free "${vfs[2]}"
is "as it was" "$(witness 2)" "$none"

fails 125 "lease with what igb can't do" "^sriovctl: ${vfs[1]}: state enable: the PF's driver, igb, can't" \
	sriovctl lease "$netdev#1" --mac $a --net state=enable -- touch "$work/ran"
ok "no command was run" test ! -e "$work/ran"
ok "the lease is given back" await 10 free "${vfs[1]}"
is "with all as it was" "$(witness 1)" "$lasting"
fails 125 "lease with the MAC of another VF" "VF 1 of $netdev has the MAC $b already" \
	sriovctl lease "$netdev#0" --mac $b -- true
fails 125 "one MAC for two" "a MAC is for one VF, not for 2" sriovctl lease -n 2 --mac $a -- true
fails 1 "nor for two of attach" "a MAC is for one VF, not for 2" \
	sriovctl attach --qmp none -n 2 --mac $a
fails 125 "no such attribute" "^sriovctl: color: no attribute" sriovctl lease --net color=red -- true
fails 125 "no value" "^sriovctl: trust: --net is ATTR=VALUE" sriovctl lease --net trust -- true
ok "VF 0 is free too" await 10 free "${vfs[0]}"

# --- a tool that is killed, or slow, between hold and set -------------------------------------------

# Of its messages over rtnetlink some ask; the first one after it has asked the kernel to remember sets.
hold
ok "held to be looked at" await 10 leased "${vfs[1]}"
ok "a tool is watched" strace -o "$work/trace" -e trace=ioctl,sendmsg sriovctl set "${vfs[1]}" mac $c vlan 9
setting=$(($(sed '/0xbd, 0x9,/,$d' "$work/trace" | grep -c sendmsg) + 1))
end_hold KILL
ok "the VF comes back" await 10 free "${vfs[1]}"

traced_set() { # WHAT-HAPPENS-WHEN-IT-SETS
	exec strace -D -I 1 -o "$work/trace" -e trace=ioctl,sendmsg -e "inject=sendmsg:$1:when=$setting" \
		sriovctl set "${vfs[1]}" mac $c vlan 9
}
in_trace() { grep -qs "$1" "$work/trace"; }
hold
ok "held as it is" await 10 leased "${vfs[1]}"
fails 137 "a tool is killed before it sets" "" traced_set signal=KILL
ok "it had asked the kernel to remember" in_trace '0xbd, 0x9,'
is "it has not set anything" "$(witness 1)" "$lasting"
end_hold KILL
ok "the VF comes back" await 10 free "${vfs[1]}"
is "as it was before" "$(witness 1)" "$lasting"

hold
ok "held as it is" await 10 leased "${vfs[1]}"
rm "$work/trace"
# Until its tracer goes.
traced_set delay_enter=600000000 >"$work/slow" 2>&1 &
slow=$!
ok "a slow tool has asked the kernel to remember" eventually 5 in_trace '0xbd, 0x9,.*= 0'
end_hold KILL
is "the lease is over, the VF waits for the tool" "$(state "${vfs[1]}")" draining
pkill -x strace
status=0
wait $slow || status=$?
is "the tool finds that its work was for nothing" "$status $(cat "$work/slow")" \
	"4 sriovctl: ${vfs[1]}: lease $(sed -n 's/.*lease \([0-9]*\) has.*/\1/p' "$work/slow") has ended, and the attributes are put back with it"
ok "the VF comes back" await 10 free "${vfs[1]}"
is "as it was before" "$(witness 1)" "$lasting"

# The same messages, of a VF that is free when the tool has looked.
rm "$work/trace"
traced_set delay_enter=600000000 >"$work/slow" 2>&1 &
slow=$!
about_to_set() { [ "$(grep -cs 'sendmsg(' "$work/trace")" = "$setting" ]; }
ok "a slow tool is about to set a free VF's" eventually 5 about_to_set
hold
ok "which is leased meanwhile" await 10 leased "${vfs[1]}"
lease=$(sriovctl list --json "${vfs[1]}" | jq .pfs[0].vfs[0].lease.id)
pkill -x strace
status=0
wait $slow || status=$?
like "the tool finds that it is the holder's now" "$status $(cat "$work/slow")" \
	"^3 sriovctl: ${vfs[1]}: was leased meanwhile, as lease $lease; try again"
is "and has put back what it set" "$(witness 1)" "$lasting"
end_hold KILL
ok "the VF comes back" await 10 free "${vfs[1]}"

# --- into a guest ---------------------------------------------------------------------------------

guest_mac() { guest_run "$1" 'cat /sys/class/net/eth0/address' | head -n 1; }
has_mac() { guest_mac "$1" | grep -qE "$2"; }
guest_start g || bail "the guest does not start"
qmp=$GUESTS/g/qmp
fails 2 "attach with what igb can't do" "^sriovctl: ${vfs[3]}: state enable: the PF's driver, igb, can't" \
	sriovctl attach --qmp "$qmp" "$netdev#3" --mac $a --net state=enable
ok "the lease is given back" await 10 free "${vfs[3]}"
ok "attach with a MAC and a VLAN" \
	sriovctl attach --qmp "$qmp" "$netdev#3" --id net1 --mac $a --vlan 12
ok "the guest has the MAC" eventually 20 has_mac g "^$a"
is "iproute2 sees both" "$(witness 3)" "$a 12 0 0 true false"
ok "out" sriovctl detach -t 120 --qmp "$qmp" net1
is "both are gone when it is free" "$(witness 3)" "$none"
ok "in again, as it is" sriovctl attach --qmp "$qmp" "$netdev#3" --id net1
ok "the guest has a MAC" eventually 20 has_mac g '^([0-9a-f]{2}:){5}[0-9a-f]{2}'
is "not that of the last one" "$(guest_mac g | grep -c "^$a" || true)" 0
guest_run g 'ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:ee; ip link set eth0 up' >/dev/null || true
own=02:00:00:00:00:ee
ok "the guest gives itself one" eventually 10 witness_is 3 "$own 0 0 0 true false"
ok "a VLAN is set for it" set_vf "$netdev#3" vlan 5
is "iproute2 sees both" "$(witness 3)" "$own 5 0 0 true false"
ok "out" sriovctl detach -t 120 --qmp "$qmp" net1
is "what was before was not the guest's own MAC" "$(witness 3)" "$none"
ok "in with a MAC" sriovctl attach --qmp "$qmp" "$netdev#3" --id net1 --mac $a --vlan 12
guest_kill g
ok "a killed QEMU's VF comes back" await 15 free "${vfs[3]}"
is "without its MAC and VLAN" "$(witness 3)" "$none"

rm -r "$work"
unload_module
done_testing
