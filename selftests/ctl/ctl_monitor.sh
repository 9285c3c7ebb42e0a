#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl monitor: that it shows what a listener of its own kind hears, that its list and its events
# fit together without a gap, what becomes of it when it is too slow, and when it has no reader.  And
# that the dumps of generic netlink say what the ioctls do.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/schema.sh"

load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)
work=$(mktemp -d)
jobs=()
trap 'kill "${jobs[@]}" 2>/dev/null || true' EXIT

has() { grep -q "$2" "$work/$1"; }
start() { # NAME PATTERN COMMAND...: in the background, its output to a file, until it says so
	local name=$1 pattern=$2
	shift 2
	"$@" >"$work/$name" 2>"$work/$name.err" &
	jobs+=($!)
	eventually 10 has "$name" "$pattern" || bail "$name does not start: $(cat "$work/$name.err")"
}
# The events of monitor --json as genl_listen.py prints them.
as_listener() {
	jq -c 'select(.seq and .event != "listed") |
		[.seq, .event, .pf, .vf, .index, .state, .old_state, .fault, (if .vf then .lease // 0 else null end),
		 (if .event == "pf-vfs" then .num_vfs
		  elif .event == "lease-revoked" then {admin: 1, disable: 2, pf: 3, vf: 4}[.cause]
		  elif .event == "reset-failed" then {reset: 2, check: 3}[.fault]
		  else 0 end), .had_vfs // 0]'
}
# Do list and events fit together?  Prints what does not: an event whose VF was not as it says.
misfits() {
	jq -nc 'reduce inputs as $e ({vfs: {}, bad: [], last: null};
		if $e.event == "vf" then .vfs[$e.vf] = $e.state
		elif $e.event == "lost" then .vfs = {} | .last = null
		elif $e.event == "listed" then .last = $e.seq
		elif $e.seq == null then .
		else
			(if $e.event == "vf-state" and .vfs[$e.vf] != $e.old_state
			 then .bad += [[$e, .vfs[$e.vf]]] else . end) |
			(if .last and $e.seq != .last + 1 then .bad += [[$e, .last]] else . end) |
			.last = $e.seq |
			if $e.event == "vf-removed" then del(.vfs[$e.vf])
			elif $e.vf then .vfs[$e.vf] = $e.state else . end
		end) | .bad[]' || echo "jq ended with $?"
}
# The VFs and their states in the end, and the same of sriovctl list.
in_the_end() {
	jq -nc 'reduce inputs as $e ({};
		if $e.event == "lost" then {} elif $e.event == "vf-removed" then del(.[$e.vf])
		elif $e.vf then .[$e.vf] = $e.state else . end) | to_entries | sort_by(.key) | map([.key, .value])'
}
by_list() { sriovctl list -j | jq -c '[.pfs[].vfs[] | [.bdf, .state]] | sort'; }

# --- beside an independent listener ---------------------------------------------------------------

sriovctl enable "$pf" 2
sriovctl lease "$pf#1" --label 'the "first"' -- sleep 1000 &
jobs+=($!)
await 10 leased "$pf#1" || bail "no lease"
start listener ready python3 netlink/genl_listen.py
start monitor listed sriovctl monitor --json

is "it begins with the PFs, as list has them" "$(jq -c 'select(.event == "pf") | del(.event, .version)' "$work/monitor")" \
	"$(sriovctl list -j | jq -c '.pfs[] | {pf: .bdf, vendor, device, driver, numa_node, total_vfs, num_vfs, cordoned}')"
is "and the VFs" "$(jq -c 'select(.event == "vf") | del(.event, .version)' "$work/monitor")" \
	"$(sriovctl list -j | jq -c '.pfs[] as $p | $p.vfs[] | {pf: $p.bdf, vf: .bdf, index, vendor, device,
		driver, guarded, state, fault, iommu_group, pool, lease: .lease.id, holder: .lease}')"

sriovctl enable "$nvme" 4
sriovctl lease "$pf#0" -- true
sriovctl revoke "$(vfs_of "$pf" | sed -n 2p)"
await 10 free "$pf" || true
vf=$(vfs_of "$nvme" | sed -n 2p)
echo >"$SYS/$vf/reset_method" # none
sriovctl lease "$vf" -- true
await 10 quarantined "$vf" || bail "$vf: reset by nothing"
echo default >"$SYS/$vf/reset_method"
sriovctl reset "$vf"
await 10 free "$vf" || bail "$vf is not free"
sriovctl bind "$nvme#0" host
sriovctl disable "$nvme"
echo 1 >"$SYS/$nvme/remove"
echo 1 >/sys/bus/pci/rescan
ok "the listener heard it all" eventually 10 has listener pf-added
ok "so did the monitor" eventually 10 has monitor pf-added
tail -n +2 "$work/listener" | jq -c . >"$work/heard"
as_listener <"$work/monitor" >"$work/shown"
is "event for event the same" "$(diff "$work/heard" "$work/shown" || true)" ""
like "there were some" "$(wc -l <"$work/shown")" "^[3-9][0-9]$"
is "of every kind" "$(jq -r '.[1]' "$work/heard" | sort -u | xargs)" \
	"lease-ended lease-granted lease-revoked pf-added pf-removed pf-vfs reset-failed vf-added vf-removed vf-state"
is "all of it is as the schema has it" "$(fits monitor <"$work/monitor")" ""
is "the failed reset says how" "$(jq -c 'select(.event == "reset-failed") | [.vf, .fault]' "$work/monitor")" \
	"[\"$vf\",\"reset\"]"
now=$(date +%s)
is "each has a time" "$(jq -c 'select(.time)' "$work/monitor" | as_listener | wc -l)" "$(wc -l <"$work/shown")"
is "the clock on the wall" \
	"$(jq -s --argjson now "$now" 'map(select(.time) | .time | sub("[.][0-9]+"; "") | fromdate |
		select(. > $now or . < $now - 3000)) | length' "$work/monitor")" 0

# --- the clock is set -----------------------------------------------------------------------------

set_on() { date -s "@$(($(date +%s) + $1))" >/dev/null; }
times() { jq -c "$1 | select(.time) | [.seq, .time, .time_ns]"; }
start clock listed sriovctl monitor --json
sriovctl lease "$pf#0" -- true
await 10 free "$pf" || true
sriovctl show --json "$pf" | times .events[] >"$work/before"
set_on 7200
sriovctl show --json "$pf" | times .events[] >"$work/after"
sriovctl lease "$pf#0" -- true
await 10 free "$pf" || true
set_on -7200
like "events have times" "$(wc -l <"$work/before")" "^[1-9]"
is "which stay as they were when the clock is set" "$(diff "$work/before" "$work/after" || true)" ""
sriovctl show --json "$pf" | times .events[] >"$work/after"
caught_up() { [ "$(times . <"$work/clock" | tail -n 1)" = "$(tail -n 1 "$work/after")" ]; }
ok "monitor and show tell the same time of the same event" eventually 10 caught_up
is "of all of them" "$(times . <"$work/clock" | grep -vxFf "$work/after" || true)" ""
is "those while it was set on were by that clock" \
	"$(jq -s 'map(select(.time) | (.time | sub("[.][0-9]+"; "") | fromdate) - .time_ns / 1e9) |
		max - min | . / 600 | round' "$work/clock")" 12

# --- list and events fit --------------------------------------------------------------------------

eventually 10 [ -e "$SYS/$nvme/driver" ] || bail "$nvme has no driver"
sriovctl enable "$nvme" 8
( until [ -e "$work/enough" ]; do sriovctl lease "$nvme" --wait 60 -- true; done ) &
jobs+=($!)
churn=$!
for i in 1 2 3 4 5; do
	timeout $((30 * SLOWER)) sriovctl monitor --json --num-events 40 >"$work/run" || true
	is "round $i: 40 events" "$(as_listener <"$work/run" | wc -l)" 40
	is "round $i: they follow from the list, none is missing" "$(misfits <"$work/run")" ""
done
touch "$work/enough"
wait $churn || diag "not every lease was granted"
await 10 free "$nvme" || true

# --- too slow -------------------------------------------------------------------------------------

rmem=$(cat /proc/sys/net/core/rmem_max)
echo 4096 >/proc/sys/net/core/rmem_max # so much, at most, may wait for it
start slow listed sriovctl monitor --json
echo "$rmem" >/proc/sys/net/core/rmem_max
slow=$!
kill -STOP $slow
sriovctl disable "$nvme"
sriovctl enable "$nvme" 32
kill -CONT $slow
ok "it says that it lost some" eventually 10 has slow '"lost"'
caught_up() { [ "$(in_the_end <"$work/slow")" = "$(by_list)" ]; }
ok "and lists again: it knows how things are" eventually 10 caught_up
is "as the schema has it" "$(fits monitor <"$work/slow")" ""
is "between these, all fits" "$(misfits <"$work/slow")" ""
sriovctl lease "$nvme#5" -- true
await 10 free "$nvme" || true
ok "it goes on from there" eventually 10 caught_up
is "and all fits" "$(misfits <"$work/slow")" ""
kill $slow

# --- the dumps, by an independent reader ----------------------------------------------------------

sriovctl lease "$pf#1" --label 'the "first", ü' -- sleep 1000 &
jobs+=($!)
sriovctl lease "$nvme#7" -- sleep 1000 &
jobs+=($!)
await 10 leased "$pf#1" || bail "no lease"
await 10 leased "$nvme#7" || bail "no second lease"
for dump in pf-get vf-get lease-get; do
	ok "$dump, by the spec" python3 netlink/genl_listen.py $dump
	python3 netlink/genl_listen.py $dump >"$work/$dump" || true
done
sriovctl list -j >"$work/list"
# What VFs and leases look like, by the reader and by list.
read_vfs='.entries[] | [.pf, .vf, .index, .vendor, .device, (.driver | if . == "" then null else . end), .state,
	(.fault | if . == "none" then null else . end), (."iommu-group" | if . == -1 then null else . end),
	if has("lease-id") then {id: ."lease-id", label: ."lease-label", pid: ."lease-pid", uid: ."lease-uid",
		implicit: ((.flags / 2 | floor) % 2 == 1), anchored: ((.flags / 4 | floor) % 2 == 1),
		cgroup: (."lease-cgroup" | if . == "" then null else . end)}
	else null end]'
# shellcheck disable=SC2016 # jq's variables
list_vfs='.pfs[] as $p | $p.vfs[] | [$p.bdf, .bdf, .index, .vendor, .device, .driver, .state, .fault,
	.iommu_group, .lease]'
is "all PFs are as list has them" "$(jq -c '.entries[] | [.pf, .vendor, .device, .driver, ."numa-node",
	."total-vfs", ."num-vfs"]' "$work/pf-get")" \
	"$(jq -c '.pfs[] | [.bdf, .vendor, .device, .driver, .numa_node, .total_vfs, .num_vfs]' "$work/list")"
jq -c "$read_vfs" "$work/vf-get" >"$work/read"
jq -c "$list_vfs" "$work/list" >"$work/listed"
is "all VFs, too" "$(diff "$work/read" "$work/listed" 2>&1)" ""
is "they are as many as there are" "$(wc -l <"$work/read")" \
	"$({ vfs_of "$pf"; vfs_of "$nvme"; } | wc -l)"
is "all leases, and nothing else" "$(jq -c "$read_vfs" "$work/lease-get")" \
	"$(jq -c "$list_vfs | select(.[9])" "$work/list")"
is "their labels" "$(jq -c '[.entries[]."lease-label"]' "$work/lease-get")" '["the \"first\", ü","sleep"]'
is "their processes are there" "$(jq '.entries[]."lease-pid"' "$work/lease-get" |
	while read -r pid; do cat "/proc/$pid/comm"; done | sort -u | xargs)" "sriovctl"
is "each dump is one picture, and nothing has happened between them" \
	"$(jq '.entries[].seq' "$work"/*-get | sort -u | wc -l)" 1
like "one that is too long for it comes in parts" "$(jq .parts "$work/vf-get")" '^[2-9]$'
fails 1 "a dump is not for everybody" "^vf-get: Operation not permitted$" \
	setpriv --reuid 65534 --clear-groups python3 netlink/genl_listen.py vf-get
fails 1 "nor are events" "^PermissionError: .*Operation not permitted$" \
	setpriv --reuid 65534 --clear-groups timeout $((10 * SLOWER)) python3 netlink/genl_listen.py
kill "${jobs[@]: -2}"
await 10 free "$pf" || true
await 10 free "$nvme" || true

# --- for people -----------------------------------------------------------------------------------

vf=$(vfs_of "$pf" | head -n 1)
start text "^$vf VF" sriovctl monitor
sriovctl lease "$pf#0" -- true
await 10 free "$pf" || true
like "a PF" "$(cat "$work/text")" "^$pf PF, 2 of 8 VFs, driver igb$|^$pf PF, 2 of 7 VFs, driver igb$"
like "a VF" "$(cat "$work/text")" "^$vf VF 0 of $pf, free$"
ok "events" eventually 10 has text "^20[0-9-]*T[0-9:]*\.[0-9]\{6\}Z $vf vf-state resetting -> free"
like "a lease" "$(cat "$work/text")" "^20[0-9-]*T[0-9:]*\.[0-9]{6}Z $vf lease-granted, lease [0-9]+, by sriovctl \(pid [0-9]+, uid 0\)$"

# --- the end --------------------------------------------------------------------------------------

ended() { # NAME: status and standard error of a pipe's first part
	echo "$(cat "$work/status") $(cat "$work/err")"
}
piped() { # PROGRAM...: monitor into it, nothing happens meanwhile
	{ timeout $((10 * SLOWER)) sriovctl monitor --json 2>"$work/err" || echo $? >"$work/status"; } | "$@" >/dev/null
}
echo 0 >"$work/status"
piped head -n 1
is "a reader that has seen enough ends it, though nothing happens" "$(ended)" "0 "
( until [ -e "$work/seen" ]; do sriovctl lease "$pf#0" -- true; await 10 free "$pf"; done ) &
# shellcheck disable=SC2016 # for the other shell
piped sh -c 'head -n 45; exec <&-; sleep 1; : >"$0"' "$work/seen"
is "or while things happen" "$(ended)" "0 "
wait $!
ok "nothing for a second" timeout $((10 * SLOWER)) sriovctl monitor --idle-timeout 1
full() { sriovctl monitor --idle-timeout 1 >/dev/full; }
fails 2 "a full disk" "No space left" full
closed() { sriovctl monitor --idle-timeout 1 >&-; }
fails 2 "nowhere to write to" "standard output: Bad file descriptor" closed
fails 1 "no number" "^sriovctl: x: --num-events is a number" sriovctl monitor --num-events x
fails 1 "no seconds" "^sriovctl: -1: --idle-timeout is a number" sriovctl monitor --idle-timeout=-1
fails 6 "without the right to" "^sriovctl: this needs root \(CAP_NET_ADMIN\)$" \
	setpriv --reuid 65534 --clear-groups sriovctl monitor

# --- a PF is reset --------------------------------------------------------------------------------

# Without a driver of its own it is on the broker's, which is told of resets.
sriovctl disable "$nvme"
echo "$nvme" >"$SYS/$nvme/driver/unbind"
sriovctl enable "$nvme" 2
start resets listed sriovctl monitor --json
start people VF sriovctl monitor
sriovctl lease "$nvme#0" -- sleep 1000 2>"$work/told" &
jobs+=($!)
sriovctl lease --inherit "$nvme#1" -- sleep 1000 2>"$work/inherits" &
jobs+=($!)
for i in 0 1; do await 10 leased "$nvme#$i" || bail "no lease"; done
echo 1 >"$SYS/$nvme/reset"
ok "it is told" eventually 10 has resets pf-reset
is "and by which process" "$(jq -r 'select(.event == "pf-reset") | "\(.pf) \(.by.pid) \(.vf)"' "$work/resets")" "$nvme $$ null"
is "which the schema knows" "$(fits monitor <"$work/resets")" ""
ok "to people as well" eventually 10 has people "$nvme pf-reset, by .* (pid $$, uid 0)\$"
ok "a holder is told" eventually 10 has told "lease [0-9]* goes on, but its PF was reset: nothing is to be seen of that$"
ok "a command with the lease goes on" await 10 leased "$nvme#1"
kill "${jobs[@]: -2}"
await 10 free "$nvme" || true

start last listed sriovctl monitor --json
last=$!
kill "${jobs[0]}" 2>/dev/null || true
sriovctl disable "$nvme"
sriovctl disable "$pf"
unload_module
status=0
wait $last || status=$?
is "the module's end ends it" "$status $(cat "$work/last.err")" "4 sriovctl: the module was unloaded"
fails 4 "no module" "^sriovctl: no module to listen to; load it" sriovctl monitor

rm -r "$work"
done_testing
