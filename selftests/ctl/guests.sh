#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl run and guests: the VFs of a card over three KVM guests, of which each sees its own only;
# and many rounds in and out of a guest, after which nothing is left behind.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"

ROUNDS=20
export SRIOVCTL_PATIENCE=10 # three guests share a CPU

load_module || bail "the module does not load"
pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")
ip link set "$netdev" up
sriovctl enable "$pf" 7 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
for i in "${!vfs[@]}"; do ip link set "$netdev" vf "$i" mac "02:00:00:00:00:0$i"; done

how_many() { "$VFSTATE" tally "$pf"; }
how_many_are() { [ "$(how_many)" = "$*" ]; }
leases() { "$VFSTATE" leases; }
attach() { sriovctl attach --qmp "$GUESTS/$1/qmp" "${@:2}"; }
detach() { sriovctl detach -t 120 --qmp "$GUESTS/$1/qmp" "${@:2}"; }

# A guest's VFs by the card's numbers: as it sees them, by MAC, and as we see its leases.
seen_by() { guest_run "$1" 'cat /sys/class/net/*/address' | sed -n 's/^02:00:00:00:00:0//p' | sort | xargs; }
sees() { [ "$(seen_by "$1")" = "${*:2}" ]; }
held_by() { sriovctl guests --json | jq -r ".guests[] | select(.name == \"$1\").vfs[].index" | sort | xargs; }
# ID of each of a guest's VFs, in the order of the list; none if its QEMU is busy for two seconds.
ids_of() { sriovctl guests --json | jq -r ".guests[] | select(.name == \"$1\").vfs[].id" | xargs; }
ids_are() { [ "$(ids_of "$1")" = "$2" ]; }

# --- before there is one --------------------------------------------------------------------------

is "no guest, no VF" "$(sriovctl guests --json | jq -c .)" '{"version":1,"guests":[]}'
is "without one it says so" "$(sriovctl guests 2>&1)" "no guest holds a VF"
fails 1 "run without a command" "missing argument: -- QEMU" sriovctl run "$pf"
fails 125 "more places than VFs" '2 [{]}, but --count is 1' sriovctl run "$pf" -- x '{}' '{},bus=a'
fails 125 "an id that QEMU would not take" "an id is a letter" sriovctl run "$pf" --id 1 -- x
fails 125 "more VFs than there are" "no more than 7 VFs" sriovctl run "$pf" --count 8 -- touch /run/started
ok "then nothing is started" [ ! -e /run/started ]
fails 127 "a QEMU that does not exist" "^sriovctl: nosuch: No such file" sriovctl run "$pf" -- nosuch
ok "nothing stays leased" await 10 free "$pf"

# What becomes of the words, by a command that tells.
is "a VF is added to the words" "$(sriovctl run "${vfs[6]}" --id net -- echo -M pc -name vm)" \
	"-M pc -name vm -device vfio-pci,host=${vfs[6]},id=net -add-fd fd=4,set=1000002,opaque=sriov_broker lease=2 vf=${vfs[6]} id=net -chardev pipe,id=sriov_broker-2,path=/dev/fdset/1000002"
await 10 free "$pf"
like "on a q35 it gets a port" "$(sriovctl run "${vfs[6]}" --id net -- echo -machine type=q35)" \
	"-device pcie-root-port,id=port-net,chassis=128 -device vfio-pci,host=${vfs[6]},id=net,bus=port-net -add-fd"
await 10 free "$pf"
like "or the place it is given" "$(sriovctl run "${vfs[6]}" -- echo -M q35 -device '{},bus=a' -S)" \
	"^-M q35 -device vfio-pci,host=${vfs[6]},id=sriov-0000-[0-9a-f-]*,bus=a -S -add-fd"
await 10 free "$pf"
is "the label is the guest's name" "$(sriovctl run "${vfs[6]}" -- \
	bash -c "sriovctl list --json ${vfs[6]}" -name guest=vm,debug-threads=on | jq -r '.pfs[0].vfs[0].lease.label')" vm
await 10 free "$pf"

# --- seven VFs, three guests ----------------------------------------------------------------------

# The ticks of three guests are about all that one emulated CPU can do: here they tick when they have to, and
# boot one after another.
GUEST_TICKS=''
GUEST_UNDER=(sriovctl run "$pf#0-2" --count 3 --wait 60 --id net --)
guest_start g1 || bail "g1 does not start"
GUEST_UNDER=()
guest_start g2 || bail "g2 does not start"
guest_start g3 || bail "g3 does not start"
ok "one for the second guest" attach g2 "$pf#3-4" --id a
ok "another one" attach g2 "$pf#3-4" --id b
ok "one for the third, of the same id" attach g3 "$pf#5-6" --id a
ok "and one without" attach g3 "$pf#5-6"
is "all are leased" "$(how_many)" "7 leased"
for g in "g1 0 1 2" "g2 3 4" "g3 5 6"; do
	read -r name numbers <<<"$g"
	# shellcheck disable=SC2086 # numbers
	ok "$name sees its own VFs and no other" eventually 30 sees "$name" $numbers
	is "$name has these by its leases" "$(held_by "$name")" "$numbers"
done
ok "ids: run's" eventually 10 ids_are g1 "net-0 net-1 net-2"
ok "ids: attach's" eventually 10 ids_are g2 "a b"
ok "ids: made of the address" eventually 10 ids_are g3 "a sriov-$(tr :. - <<<"${vfs[6]}")"
is "processes and monitors" "$(sriovctl guests --json | jq -r '.guests[] | "\(.name) \(.pid) \(.monitor)"' | sort)" \
	"$(for g in g1 g2 g3; do echo "$g $(guest_pid $g) $GUESTS/$g/qmp"; done)"
is "run's leases are QEMU's" "$(sriovctl list --json "${vfs[0]}" | jq -c '.pfs[0].vfs[0].lease | [.label, .pid]')" \
	"[\"g1\",$(guest_pid g1)]"
like "the table says the same" "$(sriovctl guests "$pf")" "^g1 +$(guest_pid g1) ${vfs[1]} +$pf +[0-9]+ net-1 +$GUESTS/g1/qmp$"

# --- what can't be known --------------------------------------------------------------------------

socat -u "UNIX-CONNECT:$GUESTS/g2/qmp" "CREATE:/run/greeting" &
client=$!
eventually 10 [ -s /run/greeting ] || bail "no greeting"
is "a monitor that has a client is left alone" "$(timeout $((15 * SLOWER)) sriovctl guests --json |
	jq -c '.guests[] | select(.name == "g2").vfs | map([.index, .id])')" '[[3,null],[4,null]]'
kill $client
wait $client 2>/dev/null || true
kill -STOP "$(guest_pid g3)"
all_ids_are() { [ "$(timeout $((20 * SLOWER)) sriovctl guests --json | jq -c '.guests[] | [.name, .vfs[].id]' | sort | xargs)" = "$*" ]; }
ok "a QEMU that does not answer is not waited for" eventually 40 all_ids_are "[g1,net-0,net-1,net-2] [g2,a,b] [g3,null,null]"
kill -CONT "$(guest_pid g3)"

# --- out, and in again ----------------------------------------------------------------------------

is "what run has plugged in can be detached" "$(detach g1 net-1 2>&1)" "net-1 detached: ${vfs[1]} is free"
is "only that" "$(held_by g1)" "0 2"
ok "it can go to another guest" attach g1 "${vfs[1]}" --id again
ok "one that detach and attach have moved" eventually 10 ids_are g1 "net-0 again net-2"

ok "the third guest's go back" detach g3 a
sriovctl lease "${vfs[5]}" -- sleep infinity &
holder=$!
await 10 leased "$pf" || bail "no lease"
is "a holder without a guest is not a guest" "$(held_by sleep)$(sriovctl guests --json | jq '.guests | length')" 3
kill $holder
wait $holder || true
guest_kill g1
guest_kill g3
ok "a killed guest's VFs come back" eventually 15 how_many_are "5 free 2 leased"
is "and it is no more" "$(sriovctl guests --json | jq -r '.guests[].name')" g2

# --- many rounds ----------------------------------------------------------------------------------

# Objects in use in the kernel's general caches, exactly: the caches are shrunk first.
objects() {
	local cache
	for cache in /sys/kernel/slab/kmalloc-*; do echo 1 >"$cache/shrink"; done
	grep '^kmalloc-' /proc/slabinfo
}
# Caches that have at least so many objects more in the second file: NAME MORE.  A slab that a CPU has
# counts as full, so that its worth proves nothing: what leaks in the large caches, as leases would, is
# seen here, for the small ones there is kmemleak on the debug kernel.
grown() { # MORE FILE FILE
	awk -v least="$1" 'NR == FNR { was[$1] = $2; next }
		{ more = $2 - was[$1] } more >= least && more > $5 { print $1, more }' "$2" "$3"
}
counts() {
	local fds groups
	fds=("/proc/$(guest_pid g2)/fd"/*)
	groups=(/sys/kernel/iommu_groups/*)
	echo "$(leases) leases, ${#fds[@]} descriptors, ${#groups[@]} groups, module users" \
		"$(</sys/module/sriov_broker/refcnt) $(</sys/module/vfio_pci/refcnt), $(how_many)"
}
round() { # in, seen by the guest, out
	local from
	from=$(guest_lines g2)
	attach g2 "$pf#1" --id x && eventually 20 guest_says g2 'Address: 02:00:00:00:00:01' "$from" && detach g2 x
}

detach g2 b >/dev/null
round || bail "no round can be made"
before=$(counts)
objects >"$GUESTS/before"
failed=0
rounds() {
	local i
	for ((i = 0; i < ROUNDS; i++)); do round >/dev/null || failed=$((failed + 1)); done
}
rounds
objects >"$GUESTS/after"
more=$(grown $ROUNDS "$GUESTS/before" "$GUESTS/after")
if [ -n "$more" ]; then # a leak goes on; what others have cached meanwhile does not
	diag "grown: $more; once more"
	rounds
	objects >"$GUESTS/then"
	more=$(grown $ROUNDS "$GUESTS/after" "$GUESTS/then")
fi
is "$ROUNDS rounds in and out, each seen by the guest" $failed 0
counts_are() { counts; [ "$(counts)" = "$1" ]; }
ok "they leave nothing behind: $before" eventually 10 counts_are "$before"
if [ -e /sys/kernel/debug/kmemleak ]; then
	skip "nor in the kernel's memory" "kmemleak looks after it here"
else
	is "nor in the kernel's memory" "$more" ""
fi

guest_kill g2
ok "all are free in the end" await 15 free "$pf"
is "no lease is left" "$(leases)" 0
unload_module
done_testing
