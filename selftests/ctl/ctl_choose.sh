#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl lease: which VFs, how many, waiting for them, in what form; revoke, info, reset; the
# library's example.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

load_module || bail "the module does not load"
igb=$(pfs_of igb)
nvme=$(pfs_of nvme)
sriovctl enable "$igb" 3 || bail "no VFs"
sriovctl enable "$nvme" 3 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$igb" | xargs)"
work=$(mktemp -d)

number_in() { "$VFSTATE" count "$1"; }
# What a lease takes, in JSON, and gives back at once.
try() { sriovctl lease "$@" -j </dev/null && await 10 free; }

# --- which ----------------------------------------------------------------------------------------

is "by vendor and device" "$(try -d 1b36:0010 | jq -r .pf)" "$nvme"
is "by PF and device" "$(try -n 3 "$igb" -d 8086:10ca | jq -r '.vfs[].pf' | uniq)" "$igb"
fails 4 "a device there is none of" "^sriovctl: no VF has the id 8086:1520; see" sriovctl lease -d 8086:1520
fails 1 "a device that is none" "a device's id looks like" sriovctl lease -d 8086
is "several names" "$(try -n 2 "$igb#2" "$nvme#1" | jq -c '[.vfs[].index] | sort')" '[1,2]'
is "a gang" "$(try -n 6 | jq -r '.vfs[].vf' | sort -u | wc -l)" 6
fails 3 "all or none: more than are free" "^sriovctl: 7 VFs asked, 6 of the [0-9]+ that fit are free" sriovctl lease -n 7
is "then none is leased" "$(number_in free)" 6
fails 2 "more than there can be" "there can be no more than [0-9]+ VFs that fit" sriovctl lease -n 200
is "each from another PF" "$(try -n 2 --distinct-pfs | jq -r '.vfs[].pf' | sort | xargs)" \
	"$(printf '%s\n' "$igb" "$nvme" | sort | xargs)"
fails 2 "from more PFs than there are" "no more than 2 VFs that fit" sriovctl lease -n 3 --distinct-pfs
is "spread over PFs" "$(try -n 4 --spread | jq -r '.vfs[].pf' | sort | uniq -c | awk '{print $1}' | xargs)" "2 2"
is "packed" "$(try -n 3 | jq -r '.vfs[].pf' | uniq | wc -l)" 1
fails 2 "a NUMA node that is strictly wanted" "there is no VF that fits" sriovctl lease --numa 1 --numa-strict
is "one that is preferred" "$(try --numa 1 | jq .index)" 0
fails 1 "strict about nothing" "numa-strict goes with" sriovctl lease --numa-strict
# A machine of one node: one PF at a time is told to be near it, so that their order proves nothing.
for far in "$nvme" "$igb"; do
	[ ! -e "$SYS/$far/numa_node" ] || echo -1 >"$SYS/$far/numa_node" # a kernel may say 0
done
for near in "$nvme" "$igb"; do
	if ! echo 0 >"$SYS/$near/numa_node"; then
		skip "a PF near a node" "this kernel has no node 0"
		continue
	fi
	name=$(driver_of "$near")
	is "$name is near the node, as is listed" "$(sriovctl list -j | jq -r '.pfs[] | select(.numa_node == 0).bdf')" "$near"
	is "$name near the node: preferred" "$(try --numa 0 | jq -r .pf)" "$near"
	is "$name near the node: also by a gang, which takes the rest elsewhere" \
		"$(try -n 4 --numa 0 | jq -r '.vfs[].pf' | sort | uniq -c | awk -v pf="$near" '{ print $1, ($2 == pf) }' | sort | xargs)" "1 0 3 1"
	is "$name near the node: strictly wanted" "$(try -n 3 --numa 0 --numa-strict | jq -r '.vfs[].pf' | uniq)" "$near"
	fails 3 "$name near the node: no more than are there, where others are free" "4 VFs asked, [0-9]+ of the [0-9]+ that fit are free" \
		sriovctl lease -n 4 --numa 0 --numa-strict
	echo -1 >"$SYS/$near/numa_node"
done
fails 1 "no VFs" "--count is a number, 1 to" sriovctl lease --count 0

# --- waiting --------------------------------------------------------------------------------------

sriovctl lease -n 6 -l all >/dev/null < <(exec sleep 600) &
await 10 leased || true
holder=$(pidof sriovctl)
fails 3 "nothing is free" "1 VF asked, 0 of the [0-9]+ that fit are free: .*to wait: --wait" sriovctl lease
begin=$SECONDS
fails 5 "nor within a second" "became free in time" sriovctl lease "$igb" --wait 1
ok "it has waited for that long" test $((SECONDS - begin)) -ge 1
fails 1 "a wait that is none" "--wait is a number" sriovctl lease --wait long
sriovctl lease "$igb" --wait forever -- echo got {} >"$work/out" &
waiter=$!
sleep 1
is "it waits" "$(cat "$work/out")" ""
kill -9 "$holder"
wait $waiter || true
like "until one is free" "$(cat "$work/out")" "^got ${igb%:*}:"
ok "all come back" await 10 free

sriovctl lease -n 6 >/dev/null < <(exec sleep 600) &
await 10 leased || true
holder=$(pidof sriovctl)
sriovctl lease --wait forever </dev/null &
waiter=$!
sleep 0.5
kill -INT $waiter 2>/dev/null || true
kill -TERM $waiter
status=0
wait $waiter || status=$?
is "a waiter can be killed" $status 143
kill -9 "$holder"
ok "all come back" await 10 free

# --- forms ----------------------------------------------------------------------------------------

is "for the shell" "$(sriovctl lease "${vfs[1]}" --output shell </dev/null | sed -n '1,4p' | xargs)" \
	"SRIOV_VF=${vfs[1]} SRIOV_PF=$igb SRIOV_VF_INDEX=1 SRIOV_DRIVER=vfio-pci"
await 10 free
is "for QEMU" "$(sriovctl lease "${vfs[1]}" --output qemu </dev/null)" "-device vfio-pci,host=${vfs[1]}"
await 10 free
is "for libvirt" "$(sriovctl lease "${vfs[1]}" --output libvirt </dev/null | grep -c "bus='0x${vfs[1]:5:2}'")" 1
await 10 free
fails 1 "a form that is none" "the forms are shell" sriovctl lease --output xml
# shellcheck disable=SC2016 # for the inner shell
is "several, in a command's words and environment" \
	"$(sriovctl lease -n 2 "$igb" -- sh -c 'echo {} "$SRIOV_VF_INDEX"')" "${vfs[0]},${vfs[1]} 0 1"
await 10 free

# --- the descriptor inherited ---------------------------------------------------------------------

# shellcheck disable=SC2016 # for the inner shell
is "what it is, by its descriptor" "$(sriovctl lease "${vfs[1]}" --inherit -- sh -c 'sriovctl show --json --lease "$SRIOV_LEASE_FD"' | jq -r .vf)" "${vfs[1]}"
await 10 free
ok "reset through it" sriovctl lease "${vfs[1]}" --inherit -- sriovctl reset
await 10 free
sriovctl lease "${vfs[1]}" --inherit -- sh -c 'sleep 60 & echo $!' >"$work/pid"
is "the process that inherited it holds it, when sriovctl has ended" "$(number_in leased)" 1
kill "$(cat "$work/pid")"
ok "and when that one ends, it comes back" await 10 free
fails 2 "no lease" "^sriovctl: descriptor 0: not a lease$" sriovctl show --lease 0 </dev/null
fails 2 "no descriptor" "^sriovctl: descriptor 77: not a lease$" sriovctl reset --fd 77
fails 1 "reset of nothing" "which VF" sriovctl reset
is "by its old name, for a while" "$(sriovctl info --json 2>"$work/note" | jq -c '[.abi, .num_pfs]')" '["2.0",2]'
is "which is said" "$(cat "$work/note")" 'sriovctl: info is now "show"; this name goes with the next version'
is "about the module" "$(sriovctl show --json | jq -c '[.abi, .num_pfs, .num_vfs, .driver]')" \
	'["2.0",2,6,"vfio-pci"]'

# --- revoke ---------------------------------------------------------------------------------------

hold() { # VF: its lease's number, held in the background
	rm -f "$work/out"
	sriovctl lease "$1" >"$work/out" 2>"$work/err" < <(exec sleep 600) &
	holder=$!
	eventually 10 [ -s "$work/out" ] || true
	sed -n 's/.*lease \([0-9]*\),.*/\1/p' "$work/out"
}
hold "${vfs[0]}" >"$work/lease"
ok "revoke a lease" sriovctl revoke "$(cat "$work/lease")"
status=0
wait $holder || status=$?
is "its holder ends" $status 2
like "and says why" "$(cat "$work/err")" "^sriovctl: ${vfs[0]}: lease [0-9]+ has ended: an admin revokes it$"
ok "the VF comes back" await 10 free
hold "${vfs[0]}" >/dev/null
sriovctl revoke "${vfs[0]}" --grace 60 >"$work/revoked" &
revoke=$!
like "the holder is told" "$(eventually 5 grep . "$work/err")" "lease [0-9]+ ends in [0-9]+ s: an admin revokes it"
is "and has it still" "$(number_in leased)" 1
sriovctl revoke "${vfs[0]}" --grace 1 >/dev/null 2>&1 || true # the first one waits for the same
ok "until the grace is over" await 20 free
status=0
wait $revoke || status=$?
is "revoke by VF, with grace, waits for that" $status 0
like "and says so" "$(cat "$work/revoked")" "^${vfs[0]}: its user \(process $holder\) has let go$"
fails 4 "a lease that is none" "^sriovctl: there is no lease 999; see" sriovctl revoke 999
fails 4 "a VF that is not leased" "^sriovctl: ${vfs[0]}: not leased; see sriovctl list$" sriovctl revoke "${vfs[0]}"
sriovctl lease "${vfs[0]}" -- sh -c "trap 'echo told; exit 5' TERM; echo >$work/ready; while :; do sleep 0.1; done" >"$work/out" &
holder=$!
eventually 10 [ -s "$work/ready" ] || true
ok "revoke from a command" sriovctl revoke "${vfs[0]}" --grace 20
status=0
wait $holder || status=$?
is "it is asked to end, and does" "$status $(cat "$work/out")" "5 told"
ok "the VF comes back" await 10 free
sriovctl lease "${vfs[0]}" -- sleep 60 &
holder=$!
await 10 leased "${vfs[0]}" || true
ok "revoke at once" sriovctl revoke "${vfs[0]}"
status=0
wait $holder || status=$?
is "the command is killed" $status 137
ok "the VF comes back" await 10 free

# --- open pools, the library ----------------------------------------------------------------------

modprobe vfio_iommu_type1
out=$(../tools/example/bar0 2>&1) || true
like "the example reads a register" "$out" "BAR 0 has 16384 bytes, begins with [0-9a-f]{8}"
is "which is not what one reads where no device is" "$(grep -c 'begins with ffffffff' <<<"$out" || true)" 0
ok "the VF comes back" await 10 free
sriovctl disable "$igb"
ok "enable open" sriovctl enable "$igb" 2 --open
is "VFs are open" "$(sriovctl list -j "$igb" | jq -r '.pfs[0].vfs[].state' | xargs)" "open open"
fails 2 "and not leased" "^sriovctl: ${vfs[0]}: open to all, so not leased out" sriovctl lease "${vfs[0]}"

rm -r "$work"
sriovctl disable "$igb"
sriovctl disable "$nvme"
unload_module
done_testing
