#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Devices that leave a guest when no command waits for it: each command that looks sees that, and gives the VF
# back; none puts it in again.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/fakes.sh"

export SRIOVCTL_PATIENCE=10 # of guests, too: a peer may be slow
load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)
sriovctl enable "$pf" 2 || bail "no VFs"
sriovctl enable "$nvme" 1 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"

qmp=$work/qmp
# begin [HOW]: a guest that has a VF, under the id net1
begin() {
	HOST=${vfs[0]} PORTS=1 USED=net1 serve qmp "${1:-late}" sriovctl run "${vfs[0]}" --id net1 --
	pid=${jobs[-1]}
}
let_go() { touch "$qmp.go"; }
over() {
	end_last
	rm -f "$qmp.go" "$qmp"
	await 20 free || bail "VFs do not come back: $(sriovctl list)"
}
ids() { sriovctl guests --json 2>/dev/null | jq -c "[.guests[] | select(.pid == $pid).vfs[].id]"; }
gives_up() { # COMMAND...
	fails 5 "$1 gives up, and the VF stays leased" "^sriovctl: net1: the guest did not let go in 2 s" \
		timeout 60 sriovctl "$1" --qmp "$qmp" --timeout 2 net1 "${@:2}"
}
gone() { # NAME: the VF is back, nothing was plugged in, QEMU keeps nothing
	ok "$1: the VF comes back" await 20 free "${vfs[0]}"
	is "$1: nothing is plugged in" "$(grep -c device_add "$qmp.log")" 0
	is "$1: no lease is out" "$(sriovctl show --json | jq .num_leases)" 0
}
LEFT="^sriovctl: ${vfs[0]}: net1 has left the guest; lease [0-9]+ is given back$"

# It has not left: nothing changes.
begin
gives_up detach
is "guests shows what the guest has still" "$(ids)" '["net1"]'
is "that is leased" "$(state "${vfs[0]}")" leased
let_go
like "guests says what has left" "$(sriovctl guests 2>&1 >/dev/null)" "$LEFT"
is "and shows it no more" "$(ids)" '[]'
gone "after a detach that gave up, guests"
over

# No command of ours had asked for it.
begin
let_go
like "what another client took out is seen too" "$(sriovctl guests 2>&1 >/dev/null)" "$LEFT"
gone "taken out by another client, guests"
over

begin
gives_up detach
let_go
is "detach once more" "$(timeout 60 sriovctl detach --qmp "$qmp" net1 2>&1)" "net1 detached: ${vfs[0]} is free"
gone "detach once more"
over

begin
gives_up detach
let_go
fails 4 "swap does not put it back" "^sriovctl: net1: the device has left the guest, and not for a swap; its VF is given back" \
	timeout 60 sriovctl swap --qmp "$qmp" net1
gone "swap"
over

# With and without another place to go to.
for to in "$nvme" "$pf"; do
	begin
	gives_up detach
	let_go
	if [ "$to" = "$pf" ]; then sriovctl disable "$nvme"; fi
	like "drain does not put it back" "$(timeout 60 sriovctl drain "$pf" 2>&1)" "^$pf is drained"
	gone "drain"
	sriovctl uncordon "$pf"
	over
done

# One can go, the host has the other.
modprobe igbvf
sriovctl bind "${vfs[1]}" host || bail "${vfs[1]} stays in the pool"
begin
gives_up detach
let_go
fails 7 "drain of what is left by a guest, and what is the host's" "^sriovctl: ${vfs[1]}: the host's own, with driver igbvf$" \
	timeout 60 sriovctl drain "$pf"
gone "drain, one of two"
sriovctl uncordon "$pf"
sriovctl bind "${vfs[1]}" vfio-pci || bail "${vfs[1]} stays the host's"
over

begin
let_go
out=$(timeout 60 sriovctl attach --qmp "$qmp" "${vfs[1]}" --id net2 2>&1) || true
like "attach of another one sees it" "$out" "$LEFT"
ok "attach: its VF comes back" await 20 free "${vfs[0]}"
like "attach: the other one is in" "$out" "^${vfs[1]} attached as net2"
over

# What swap asked for goes in again; not after a detach.
begin
gives_up swap
await 20 free "${vfs[1]}" || true
let_go
sriovctl guests >/dev/null 2>&1
is "what swap has asked for is not given back" "$(state "${vfs[0]}")" leased
like "swap goes on" "$(timeout 60 sriovctl swap --qmp "$qmp" net1 2>&1)" "^${vfs[1]} attached as net1 at hp0, lease [0-9]+, instead of ${vfs[0]}$"
over
begin
gives_up swap
gives_up detach
let_go
like "after a detach it is" "$(sriovctl guests 2>&1 >/dev/null)" "$LEFT"
gone "swap, then detach"
over

# stop_detach COMMAND [OPTION...]: when QEMU has had that command; sets status.
stop_detach() {
	sriovctl detach --qmp "$qmp" "${@:2}" net1 >"$work/said" 2>&1 &
	job=$!
	eventually 20 grep -q "$1" "$qmp.log" || true
	nap 1 # the peer notes it before it answers
	kill -TERM $job
	status=0
	wait $job || status=$?
}

# A VF that does not come back, for a caller that can't wait.
begin polite,stingy
stop_detach remove-fd
is "detach, told to stop while it waits for the VF" "$status" 2
like "it says what is left, and what to do" "$(cat "$work/said")" \
	"^sriovctl: net1: interrupted; out of the guest, its VF ${vfs[0]} is still leased; to see what becomes of it: sriovctl list ${vfs[0]}$"
over

# And one that does not let go.
begin
stop_detach device_del --timeout 100
is "detach, told to stop while it waits for the guest" "$status" 2
like "what is left there" "$(cat "$work/said")" \
	"^sriovctl: net1: $qmp: interrupted; the guest was asked and may still let go; to go on: the same command again$"
over

# One signal ends one wait, the next one the next.
begin idle,stingy
sriovctl swap --qmp "$qmp" --timeout 100 net1 >"$work/said" 2>&1 &
job=$!
was_asked() { [ "$(grep -c "^$1$" "$qmp.log")" -ge "$2" ]; } # COMMAND TIMES
eventually 20 was_asked query-pci 2 || true
nap 1
kill -TERM $job
ok "swap, told to stop while it looks after the new VF: it gives the old one back" eventually 20 was_asked remove-fd 1
nap 1
kill -TERM $job
status=0
wait $job || status=$?
is "and once more" "$status" 2
like "it says what is left of that too" "$(cat "$work/said")" \
	"^sriovctl: net1: interrupted; out of the guest, its VF ${vfs[0]} is still leased; "
over

unload_module
rm -r "$work"
done_testing
