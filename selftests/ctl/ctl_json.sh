#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl --json: each command answers with one document on one line, what was done and what was refused alike, and
# its exit code says which of the two it was.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

load_module || bail "the module does not load"
pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")
work=$(mktemp -d)

# answers STATUS NAME JQ WANTED WORD...: sriovctl -j WORD... ends with that status, and has printed one line, of which this
# is so. What a failure's document has is checked besides.
answers() {
	local wanted=$1 name=$2 query=$3 value=$4 got status=0 whole=ok
	shift 4
	sriovctl -j "$@" </dev/null >"$work/out" 2>"$work/err" || status=$?
	[ "$(wc -l <"$work/out")" = 1 ] || whole="$(wc -l <"$work/out") lines"
	[ "$(jq .version "$work/out" 2>&1)" = 1 ] || whole="no version"
	if [ "$wanted" != 0 ] && [ "$(jq -c '[.errors[] | keys_unsorted] | unique' "$work/out")" != \
		'[["reason","message","device","lease","pid","remedy"]]' ]; then whole="no errors, or not as they should be"; fi
	got=$(jq -c "$query" "$work/out" 2>&1) || true
	is "$name" "$status $whole $got" "$wanted ok $value"
	[ "$status $whole $got" = "$wanted ok $value" ] || diag "$(cat "$work/out" "$work/err")"
}

# --- what is done ---------------------------------------------------------------------------------

answers 0 "enable: the PF as it is" '[.pf, .num_vfs, (.vfs | length), .vfs[2].state]' "[\"$pf\",3,3,\"free\"]" enable "$netdev" 3
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
answers 0 "list" '[.pfs[] | .vfs | length] | add' 3 list
answers 0 "show: the broker" '[.num_pfs, .num_vfs, .num_leases, .num_waiters]' '[2,3,0,0]' show
answers 0 "show: a VF" '[.bdf, .pf, .index]' "[\"${vfs[1]}\",\"$pf\",1]" show "$pf#1"
answers 0 "bind: the VFs that were named" '[.vfs[] | [.vf, .index, .driver]]' \
	"[[\"${vfs[0]}\",0,\"pci-stub\"],[\"${vfs[2]}\",2,\"pci-stub\"]]" bind "$pf#0,2" pci-stub
answers 0 "set: what was set" '[.vf, .net]' "[\"${vfs[1]}\",{\"mac\":\"02:00:00:00:00:0a\",\"vlan\":7}]" \
	set "$netdev#1" mac 02:00:00:00:00:0a vlan 7
answers 0 "lease, until end of input" '[.vf, .index]' "[\"${vfs[1]}\",1]" lease "$pf#1"
answers 0 "lease with a command" '.vf' "\"${vfs[1]}\"" lease "$pf#1" -- true
answers 0 "several" '[.vfs[].index] | sort' '[0,1]' lease "$pf#0-1" --count 2
await 10 free "$pf" || true
sriovctl lease "$pf#1" --label web1 -- sleep 600 &
holder=$!
await 10 leased "$pf#1" || bail "no lease"
lease=$(sriovctl list -j "$pf#1" | jq '.pfs[0].vfs[0].lease.id')
answers 0 "anchor" '[.lease, .pid]' "[$lease,$holder]" anchor "$lease" $holder
answers 0 "release" .lease "$lease" release "$pf#1"
answers 0 "guests" .guests '[]' guests
answers 0 "waiters" .waiters '[]' waiters
answers 0 "revoke" '[.lease, .grace]' "[$lease,0]" revoke "$pf#1"
wait $holder || true
await 10 free "$pf" || true
echo >"$SYS/${vfs[0]}/reset_method" # none
sriovctl lease "$pf#0" -- true
await 10 quarantined "$pf#0" || bail "${vfs[0]}: reset by nothing"
answers 2 "lease of what is in quarantine" '[.errors[] | .reason, .device, .remedy]' \
	"[\"quarantined\",\"${vfs[0]}\",\"to try its reset again: sriovctl reset ${vfs[0]}\"]" lease "$pf#0"
echo default >"$SYS/${vfs[0]}/reset_method"
answers 0 "reset" '[.vfs[].vf]' "[\"${vfs[0]}\"]" reset "$pf#0"
await 10 free "$pf" || true
answers 0 "drain, nothing to be done" '[.pf, .moved, .left]' "[\"$pf\",[],0]" drain "$pf"
sriovctl run -j "$pf#1" --id net -- echo >"$work/run"
is "run: a line, then QEMU's own" "$(head -n 1 "$work/run" | jq -c '[.version, .vf]') $(sed -n '2s/ .*//p' "$work/run")" \
	"[1,\"${vfs[1]}\"] -device"
await 10 free "$pf" || true
is "monitor: a document a line" "$(sriovctl monitor -j --idle-timeout 1 | jq -c .version | uniq -c | xargs)" "6 1"

# --- what is refused ------------------------------------------------------------------------------

sriovctl lease "$pf#1" --label web1 -- sleep 600 &
holder=$!
await 10 leased "$pf#1" || bail "no lease"
pid=$(sriovctl list -j "$pf#1" | jq '.pfs[0].vfs[0].lease.pid')
lease=$(sriovctl list -j "$pf#1" | jq '.pfs[0].vfs[0].lease.id')
# The reason, and what it is about.
about='[.errors[0] | .reason, .device, .lease, .pid]'
answers 3 "disable, a lease out: its holder" "$about" "[\"leased\",\"${vfs[1]}\",$lease,$pid]" disable "$pf"
answers 3 "enable of another number" "$about" "[\"leased\",\"${vfs[1]}\",$lease,$pid]" enable "$pf" 2
answers 3 "bind" "$about" "[\"leased\",\"${vfs[1]}\",$lease,$pid]" bind "$pf" host
answers 3 "lease of it" "$about" "[\"leased\",\"${vfs[1]}\",$lease,$pid]" lease "$pf#1"
answers 125 "with a command" "$about" "[\"leased\",\"${vfs[1]}\",$lease,$pid]" lease "$pf#1" -- true
answers 125 "run" "$about" "[\"leased\",\"${vfs[1]}\",$lease,$pid]" run "$pf#1" -- true
answers 3 "more than are free" '[.errors[0] | .reason, .message]' \
	"[\"pool-empty\",\"3 VFs asked, 2 of the 3 that fit are free: 1 leased (by process $pid)\"]" lease "$pf" --count 3
answers 5 "not in time" '.errors[0].reason' '"timeout"' lease "$pf#1" --wait 1
answers 3 "drain, held by no guest" "$about" "[\"leased\",\"${vfs[1]}\",$lease,$pid]" drain "$pf"
kill $holder
wait $holder || true
await 10 free "$pf" || true

answers 2 "more VFs than the device has" '[.errors[0] | .reason, .remedy]' '["too-many","ask for 7 or fewer"]' enable "$pf" 8
answers 4 "no such device" "$about" '["no-device","0000:77:00.0",null,null]' list 77:00.0
answers 4 "nor for show" "$about" '["not-found","77:00.0",null,null]' show 77:00.0
answers 4 "no such interface" "$about" '["not-found","eth77",null,null]' list eth77
answers 4 "a name that is no UTF-8" "$about" '["not-found","eth?",null,null]' list $'eth\xff'
answers 4 "no such id" '.errors[0].reason' '"no-such-id"' lease --device 8086:1520
answers 4 "no such lease" '.errors[0].reason' '"no-lease"' revoke 999
answers 4 "no such waiter" '.errors[0].reason' '"no-waiter"' cancel 999
answers 4 "a VF that is not leased" "$about" "[\"not-found\",\"$pf#0\",null,null]" revoke "$pf#0"
answers 2 "a VF that is not in quarantine" '.errors[0].device' "\"${vfs[0]}\"" reset "$pf#0"
answers 2 "an attribute that the driver can't" '.errors[0].device' "\"${vfs[0]}\"" set "$pf#0" proto 802.1ad vlan 3
answers 4 "attach: no such socket" "$about" '["not-found","/none",null,null]' attach --qmp /none "$pf"
answers 4 "detach" "$about" '["not-found","/none",null,null]' detach --qmp /none net1
answers 4 "swap" "$about" '["not-found","/none",null,null]' swap --qmp /none net1
answers 2 "show of a descriptor" '.errors[0].message' '"descriptor 0: not a lease"' show --lease 0
answers 2 "reset of one" '.errors[0].message' '"descriptor 0: not a lease"' reset --fd 0
# What it has leased is said before.
is "run: a program that is not there" "$(sriovctl -j run "$pf" -- /none 2>/dev/null | tail -n 1 | jq -c "$about")" \
	'["no-command","/none",null,null]'
answers 1 "a missing argument" '.errors[0] | [.reason, .message]' '["usage","enable: missing argument: N"]' enable "$pf"
answers 1 "an unknown command" '.errors[0].remedy' '"did you mean list?"' lst
answers 1 "a letter that is none" '.errors[0].reason' '"usage"' list -Z
await 10 free "$pf" || true

is "also behind the command" "$(sriovctl list --json | jq .version)" 1
like "on several lines" "$(sriovctl list --pretty | wc -l)" "^[1-9][0-9]+$"
is "which are the same" "$(sriovctl --pretty list | jq -c .)" "$(sriovctl -j list)"
is "what is for people is on standard error" "$(sriovctl -j list eth77 2>&1 >/dev/null | head -n 1 | cut -d ' ' -f 1,2)" \
	"sriovctl: eth77:"

ok "off" sriovctl disable "$pf"
unload_module
answers 4 "no module" '[.errors[0] | .device, .remedy]' \
	'["/dev/sriov_broker","load the module: modprobe sriov_broker"]' waiters
answers 4 "nor for monitor" '.errors[0].remedy' '"load it: modprobe sriov_broker"' monitor
rm -r "$work"
done_testing
