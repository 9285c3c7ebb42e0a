#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl --json: each command answers with one document on one line, what was done and what was refused alike, and
# its exit code says which of the two it was.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/fakes.sh"
. "$(dirname "$0")/../lib/schema.sh"
export SRIOVCTL_PATIENCE=60 # what is asked answers, but late where the host is loaded

load_module || bail "the module does not load"
pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")

# answers STATUS NAME JQ WANTED WORD...: sriovctl -j WORD... ends with that status, and has printed one line, of which this
# is so, and which the schema describes. What a failure's document has is checked besides.
answers() {
	local wanted=$1 name=$2 query=$3 value=$4 got status=0 whole=ok of
	shift 4
	sriovctl -j "$@" </dev/null >"$work/out" 2>"$work/err" || status=$?
	[ "$(wc -l <"$work/out")" = 1 ] || whole="$(wc -l <"$work/out") lines"
	[ "$(jq .version "$work/out" 2>&1)" = 1 ] || whole="no version"
	if [ "$wanted" != 0 ] && [ "$(jq -c '[.errors[] | keys_unsorted] | unique' "$work/out")" != \
		'[["reason","message","device","lease","pid","remedy"]]' ]; then whole="no errors, or not as they should be"; fi
	of=$1
	[ "$wanted" = 0 ] || [ "$(jq 'del(.version, .errors, .notes) | length' "$work/out" 2>&1)" != 0 ] || of=failed
	[ "$whole" != ok ] || whole=$(fits "$of" <"$work/out")
	whole=${whole:-ok}
	got=$(jq -c "$query" "$work/out" 2>&1) || true
	is "$name" "$status $whole $got" "$wanted ok $value"
	[ "$status $whole $got" = "$wanted ok $value" ] || diag "$(cat "$work/out" "$work/err")"
}

# --- what is done ---------------------------------------------------------------------------------

answers 0 "enable: the PF as it is" '[.pf, .num_vfs, (.vfs | length), .vfs[2].state]' "[\"$pf\",3,3,\"free\"]" enable "$netdev" 3
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
answers 0 "list" '[.pfs[] | .vfs | length] | add' 3 list
answers 0 "show: the broker" '[.num_pfs, .num_vfs, .num_leases, .num_waiters]' '[2,3,0,0]' show
answers 0 "show: its limits" '[.max_readers, .max_waiting, .max_waiting_all, .max_pool_members] | map(. > 0) | all' true show
answers 0 "show: a VF" '[.bdf, .pf, .index]' "[\"${vfs[1]}\",\"$pf\",1]" show "$pf#1"
answers 0 "bind: the VFs that were named" '[.vfs[] | [.vf, .index, .driver]]' \
	"[[\"${vfs[0]}\",0,\"pci-stub\"],[\"${vfs[2]}\",2,\"pci-stub\"]]" bind "$pf#0,2" pci-stub
answers 0 "set: what was set" '[.vf, .net]' "[\"${vfs[1]}\",{\"mac\":\"02:00:00:00:00:0a\",\"vlan\":7}]" \
	set "$netdev#1" mac 02:00:00:00:00:0a vlan 7
answers 0 "lease, until end of input" '[.vf, .index]' "[\"${vfs[1]}\",1]" lease "$pf#1"
await 10 free "$pf#1" || true
answers 0 "lease with a command" '.vf' "\"${vfs[1]}\"" lease "$pf#1" -- true
await 10 free "$pf" || true
answers 0 "several" '[.vfs[].index] | sort' '[0,1]' lease "$pf#0-1" --count 2
await 10 free "$pf" || true
answers 0 "cordon" '[.pf, .cordoned]' "[\"$pf\",true]" cordon "$netdev"
answers 3 "lease of what is cordoned" '[.errors[] | .reason, .device, .remedy]' \
	"[\"pf-cordoned\",\"$pf\",\"to end that: sriovctl uncordon $pf\"]" lease "$pf#1"
answers 0 "uncordon" '[.pf, .cordoned]' "[\"$pf\",false]" uncordon "$pf"
sriovctl lease "$pf#1" --label web1 -- sleep 600 &
holder=$!
await 10 leased "$pf#1" || bail "no lease"
lease=$(sriovctl list -j "$pf#1" | jq '.pfs[0].vfs[0].lease.id')
answers 0 "anchor" '[.lease, .pid]' "[$lease,$holder]" anchor "$lease" $holder
answers 0 "release" .lease "$lease" release "$pf#1"
answers 0 "guests" .guests '[]' guests
answers 0 "waiters" .waiters '[]' waiters
answers 0 "pools" .pools '[]' pools
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
answers 0 "drain, nothing to be done" '[.pf, .moved, .left, (.notes | length)]' "[\"$pf\",[],0,1]" drain "$pf"
is "it stays cordoned" "$(sriovctl list -j "$pf" | jq .pfs[0].cordoned)" true
sriovctl uncordon "$pf"
sriovctl run -j "$pf#1" --id net -- echo >"$work/run"
is "run: a line, then QEMU's own" "$(head -n 1 "$work/run" | jq -c '[.version, .vf]') $(sed -n '2s/ .*//p' "$work/run")" \
	"[1,\"${vfs[1]}\"] -device"
await 10 free "$pf" || true
answers 0 "show: a PF" '[.bdf, .total_vfs]' "[\"$pf\",7]" show "$pf"
is "doctor, as the schema has it" "$({ sriovctl doctor -j || true; } | fits doctor)" ""
is "(what is not would be seen)" "$(echo '{"version":1,"findings":{},"ok":1,"warn":0}' | fits doctor | xargs)" \
	".: no fail .findings: object, not array"
is "(and so would a key that it does not describe)" "$(sriovctl show -j "$pf" |
	jq -c '.more = 1 | .vfs[0].more = 1 | .sriov.more = 1 | .sriov.num_vfs = "3" | .pcie_link.width = null' | fits show)" \
	".: none of those that it may be: .more: not described; .pcie_link.width: null, not integer; .sriov.more: not described;\
 .sriov.num_vfs: string, not integer; .vfs[0].more: not described"
is "(in a line of monitor as well)" "$(sriovctl monitor -j --idle-timeout 0 | jq -c 'select(.event == "vf") | .more = 1' |
	fits monitor | sort -u)" ".: none of those that it may be: .more: not described"
is "apply, as the schema has it" "$(sriovctl apply -j --dry-run - <<<"{\"pfs\":[{\"address\":\"$pf\",\"vfs\":2}]}" | fits apply)" ""
is "of pools as well" "$(sriovctl apply -j --dry-run - <<<"{\"pools\":{\"web\":{\"members\":[{\"address\":\"$pf\"}],\"users\":[\"root\"]}}}" | fits apply)" ""
is "monitor, as the schema has it" "$(sriovctl monitor -j --idle-timeout 1 | fits monitor)" ""
PORTS=2 serve qmp polite
answers 0 "attach" '[.id, .vf]' "[\"net1\",\"${vfs[1]}\"]" attach --qmp "$work/qmp" "$pf#1" --id net1
answers 0 "guests: one" '[.guests[].vfs[].vf]' "[\"${vfs[1]}\"]" guests
answers 0 "swap" '[.id, .vf, .instead_of]' "[\"net1\",\"${vfs[2]}\",\"${vfs[1]}\"]" swap --qmp "$work/qmp" --to "$pf#2" net1
answers 0 "detach" '[.devices[] | .id, .detached]' '["net1",true]' detach --qmp "$work/qmp" net1
end_last
await 10 free "$pf" || true
sriovctl bind "$pf" vfio-pci
answers 0 "maintenance" '[.pf, .num_vfs, .cordoned, .status, .moved, .back]' "[\"$pf\",3,false,0,[],[]]" maintenance "$netdev" -- true
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
sriovctl lease "$pf#1" --wait 600 -- true 2>/dev/null &
waiter=$!
waits() { [ "$(sriovctl waiters -j | jq '.waiters | length')" = 1 ]; }
eventually 10 waits || bail "nothing waits"
answers 0 "waiters: one" "[.waiters[] | .device, .label]" "[\"$pf\",\"true\"]" waiters
id=$(sriovctl waiters -j | jq '.waiters[0].id')
answers 0 "cancel" .waiter "$id" cancel "$id"
wait $waiter || true
answers 5 "not in time" '.errors[0].reason' '"timeout"' lease "$pf#1" --wait 1
answers 3 "drain, held by no guest" "$about" "[\"leased\",\"${vfs[1]}\",$lease,$pid]" drain "$pf"
sriovctl uncordon "$pf"
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
answers 4 "no such pool" '.errors[0] | [.reason, .remedy]' '["no-pool","see sriovctl pools"]' lease --pool none
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
await 10 free "$pf" || true
is "nor for lease" "$(sriovctl -j lease "$pf" -- /none 2>/dev/null | jq -c "[.vf != null, $about]" | xargs)" \
	'[true,[null,null,null,null]] [false,[no-command,/none,null,null]]'
answers 1 "a missing argument" '.errors[0] | [.reason, .message]' '["usage","enable: missing argument: N"]' enable "$pf"
answers 1 "an unknown command" '.errors[0].remedy' '"did you mean list?"' lst
answers 1 "a letter that is none" '.errors[0].reason' '"usage"' list -Z
await 10 free "$pf" || true

is "also behind the command" "$(sriovctl list --json | jq .version)" 1
like "on several lines" "$(sriovctl list --pretty | wc -l)" "^[1-9][0-9]+$"
is "which are the same" "$(sriovctl --pretty list | jq -c .)" "$(sriovctl -j list)"
is "what is for people is on standard error" "$(sriovctl -j list eth77 2>&1 >/dev/null | head -n 1 | cut -d ' ' -f 1,2)" \
	"sriovctl: eth77:"

# Those of which there is none: metrics is no document, save a file of its own, clear and info are old names.
is "each command's document is in the schema" \
	"$(comm -23 <(sriovctl --complete '' | cut -f 1 | sort) <(jq -r '."$defs" | keys[]' $SCHEMA | sort) | xargs)" \
	"help metrics save"
is "and says of each object what it has" "$(jq -c 'path(.. | objects | select(.type | type == "string" or type == "array") |
	select(([.type] | flatten | index("object")) and (has("properties") | not)))' $SCHEMA)" ""

ok "off" sriovctl disable "$pf"
unload_module
answers 4 "no module" '[.errors[0] | .device, .remedy]' \
	'["/dev/sriov_broker","load the module: modprobe sriov_broker"]' waiters
answers 4 "nor for monitor" '.errors[0].remedy' '"load it: modprobe sriov_broker"' monitor
rm -r "$work"
done_testing
