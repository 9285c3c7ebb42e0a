#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl attach, detach and swap with peers that are no QEMU, or a sick one: a clear answer within
# bounded time, and no lease lost.
#
# Peers that keep sriovctl waiting do so aside, with VFs of their own.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

load_module || bail "the module does not load"
pf=$(pfs_of igb)
ip link set "$(netdev_of "$pf")" up
sriovctl enable "$pf" 7 || bail "no VFs"
read -ra all <<<"$(vfs_of "$pf" | xargs)"
vfs=("${all[@]:0:2}") vf=${all[0]}
work=$(mktemp -d)
fake=
export SRIOVCTL_PATIENCE=30 # a peer that answers at all does so at once, but for a host that is loaded

attach_s=30
under=() # what the peer is run by
serve() { # HOW [COMMAND]
	rm -f "$work/qmp"
	"${under[@]}" bin/fake_qemu "$work/qmp" "$@" 2>/dev/null &
	fake=$!
	eventually 60 [ -S "$work/qmp" ] || bail "the peer does not start"
}
end_fake() {
	kill -9 $fake 2>/dev/null || true
	wait $fake 2>/dev/null || true
}
come_back() { await 10 free "${vfs[@]}" || bail "the VFs do not come back"; }
attach() { timeout 60 sriovctl attach --qmp "$work/qmp" --timeout "$attach_s" --id net1 "$@"; }
detach() { timeout 60 sriovctl detach --qmp "$work/qmp" --timeout 4 net1; }
swap() { # [TIMEOUT]
	timeout 120 sriovctl swap --qmp "$work/qmp" --timeout "${1:-4}" --to "${vfs[1]}" net1
}
swapped() { echo "^${vfs[1]} attached as net1, lease [0-9]+, instead of ${vfs[0]}$"; }

# with VF... -- COMMAND...: a part that has these, a directory of its own, and peers that hold the first's lease.
with() {
	vfs=() work=$(mktemp -d "$work/XXXX")
	while [ "$1" != -- ]; do vfs+=("$1"); shift; done
	vf=${vfs[0]} attach_s=4
	export SRIOVCTL_PATIENCE=6 # many of them never answer
	"${@:2}"
}
lease_held() { under=(sriovctl run "$vf" --id net1 --); }

# What a command ends with over a peer that is ill so: in time, or not.
status_of() { case $1 in silent | half) echo 5 ;; *) echo 2 ;; esac; }

# peer NAME PATTERN HOW [COMMAND]: attach fails in these words, and the VF is free while the peer lives.
peer() {
	local name=$1 pattern=$2
	shift 2
	serve "$@"
	fails "$(status_of "$1")" "$name" "^sriovctl: .*$pattern" attach "$vf"
	ok "$name: the VF is free" await 10 free "$vf"
	end_fake
}

# A peer that has the descriptor and lives has the lease, as it should; say so, and end in time.
keeper() { # HOW COMMAND
	serve "$@"
	fails "$(status_of "$1")" "$1 over $2" "if QEMU lives it holds the lease; to take it back: sriovctl detach" attach "$vf"
	is "$1 over $2: the peer has the lease" "$(state "$vf")" leased
	end_fake
	ok "$1 over $2: and loses it when it dies" await 10 free "$vf"
}

# Nothing is there to be detached; how sick the peer is shows before.
sick_detach() { # HOW
	serve "$1" qom-get
	fails "$(status_of "$1")" "detach: $1" "^sriovctl: net1: $work/qmp: " detach
	end_fake
}

# It never says that the old VF is out.
sick_swap() { # HOW
	HOST=$vf serve "$1" device_del
	fails "$(status_of "$1")" "swap: $1 over device_del" "no answer to device_del in time|a message of more than 1048576 bytes" swap
	is "swap: $1 over device_del: only the VF of the device is leased" "$("$VFSTATE" held "${vfs[@]}")" "$vf"
	end_fake
	ok "swap: $1 over device_del: the VFs are free" await 10 free "${vfs[@]}"
}

# --- peers that keep one waiting ------------------------------------------------------------------

patient() {
	unset SRIOVCTL_PATIENCE
	peer "silence" "no QMP greeting in 10 s; is another client connected" silent
	# A guest that did not hear is asked again.
	lease_held
	HOST=$vf serve deaf
	is "detach: a guest that did not hear" "$(timeout 120 sriovctl detach --qmp "$work/qmp" --timeout 60 net1 2>&1)" \
		"net1 detached: $vf is free"
	is "detach: it was asked twice" "$(grep -c device_del "$work/qmp.log")" 2
	end_fake
	come_back
}

without_lease() {
	peer "half a line before the lease" "no answer to query-name in time" half query-name
	# Of many ports the first that is not answered for is the last that is asked about.
	PORTS=20 peer "silence about a port" "no answer to qom-get in time" silent qom-get#2
	sick_detach silent
	sick_detach half
}

with_lease() {
	local first how
	for how in silent half; do
		keeper "$how" add-fd
		keeper "$how" device_add
	done
	# Commands for one guest go one after another, whatever its monitor does.
	lease_held
	HOST=$vf serve unwilling
	sriovctl detach --qmp "$work/qmp" --timeout 60 net1 2>/dev/null &
	first=$!
	eventually 10 grep -q device_del "$work/qmp.log" || true
	fails 5 "a second command waits for the first, and not for ever" \
		"^sriovctl: $work/qmp: another sriovctl, process [0-9]+, is at work on this guest, for $SRIOVCTL_PATIENCE s now; try again when it is done$" \
		detach
	kill "$first"
	wait "$first" || true
	end_fake
}

swaps() {
	lease_held
	sick_swap silent
	sick_swap half
	# Whose VF came by descriptor is known by what it keeps.
	HOST='' serve silent query-fdsets
	fails 5 "swap: silence about what it keeps" "^sriovctl: net1: $work/qmp: no answer to query-fdsets in time$" swap
	end_fake
	come_back
	HOST=$vf USED=net1 serve slow
	like "swap: a fickle guest that takes its time gets it again, if it used the old one" "$(swap 60 2>&1)" "$(swapped)"
	is "swap: by device_add, too" "$(grep -c device_add "$work/qmp.log")" 2
	end_fake
	come_back
}

aside with "${all[2]}" -- patient
aside with "${all[3]}" -- without_lease
aside with "${all[4]}" -- with_lease
aside with "${all[5]}" "${all[6]}" -- swaps

# --- attach ---------------------------------------------------------------------------------------

fails 1 "a patience that is none" "^sriovctl: 0: SRIOVCTL_PATIENCE is a number, 1 to 3600$" \
	env SRIOVCTL_PATIENCE=0 sriovctl detach --qmp "$work/qmp" net1
fails 4 "no such socket" "^sriovctl: $work/qmp: No such file or directory$" attach
fails 1 "a bad range, before QEMU is asked" "^sriovctl: 3-1: a range looks like" attach "$pf#3-1"
fails 4 "a path that is longer than a socket's address" "^sriovctl: /x+: No such file or directory$" \
	sriovctl attach --qmp "/$(printf 'x%.0s' {1..200})"
touch "$work/qmp"
fails 4 "not a socket" "^sriovctl: $work/qmp: Connection refused" attach

peer "garbage" "what answers does not speak QMP" garbage
peer "a message without end" "a message of more than 1048576 bytes" endless
peer "closes at once" "it closed the connection" close
peer "garbage after the greeting" "does not speak QMP" garbage qmp_capabilities
peer "closes before the lease" "it closed the connection" close qom-list
peer "dies when handed the descriptor" "it closed the connection|reset by peer" die add-fd
peer "dies over device_add" "it closed the connection|reset by peer" die device_add
VERSION=8.2 peer "no chardev to keep the lease" "$vf: $work/qmp: no$" refuse chardev-add
is "it was told to forget the lease" "$(tail -n 1 "$work/qmp.log")" remove-fd
for how in garbage endless close; do
	keeper $how add-fd
	keeper $how device_add
done

# A guest that lets go of what it has just got, having been asked twice to let go of the one before.
serve fickle
ok "a fickle guest gets it again" attach "$vf" --wait-guest --timeout 20
is "by device_add" "$(grep -c device_add "$work/qmp.log")" 2
is "it has the lease" "$(state "$vf")" leased
end_fake
ok "and no more when it has gone" await 10 free "$vf"

# Before the firmware has numbered the buses query-pci does not list what is plugged in.
serve hidden
ok "a guest that is just starting is waited for" attach "$vf" --wait-guest --timeout 20
is "what it has is not plugged in again" "$(grep -c device_add "$work/qmp.log")" 1
end_fake
come_back

# It takes one device, and does not let go of it.
PORTS=2 serve refuse device_del
fails 7 "one of two is refused, the other stays" \
	"^sriovctl: ${vfs[0]}: stays plugged in; to take it out: sriovctl detach --qmp $work/qmp net1-0$" \
	attach "$pf#0-1" --count all
end_fake
come_back

# --- detach ---------------------------------------------------------------------------------------

for how in garbage endless close die; do sick_detach $how; done

# A device of a VF that is leased.
sriovctl lease "$vf" -- sleep 600 &
holder=$!
ok "a VF is leased" await 10 leased "$vf"

# A guest that says no is believed, unless a time to try is named.
HOST=$vf serve unwilling
fails 2 "detach: the guest says no" "^sriovctl: net1: the guest refused to let go of it; stop its use" \
	timeout $((20 * SLOWER)) sriovctl detach --qmp "$work/qmp" net1
end_fake
HOST=$vf serve unwilling
begin=$SECONDS
fails 2 "detach: it says no, and is asked for as long as was wished" "^sriovctl: net1: the guest refused" detach
ok "detach: so long" [ $((SECONDS - begin)) -ge 4 ]
end_fake

# The holder of the lease is not QEMU: the VF could neither come back nor go in again.
HOST=$vf serve polite
fails 2 "swap: QEMU does not keep the lease" \
	"^sriovctl: net1: QEMU does not keep its VF's lease, lease [0-9]+, so it can't be exchanged: left$" \
	timeout $((20 * SLOWER)) sriovctl swap --qmp "$work/qmp" net1
is "swap: then the guest is not asked" "$(grep -c device_del "$work/qmp.log")" 0
end_fake
kill $holder
wait $holder || true
ok "the VFs are free" await 10 free "${vfs[@]}"

# Nor is it believed whose VF it has: the MAC and VLAN of another guest would go to it.
sriovctl lease "${vfs[1]}" -- sleep 600 &
holder=$!
await 10 leased "${vfs[1]}" || bail "no lease"
other=$(sriovctl list --json "${vfs[1]}" | jq '.pfs[0].vfs[0].lease.id')
lease_held
HOST=${vfs[1]} serve polite
fails 2 "swap: a VF whose lease QEMU does not keep" "^sriovctl: net1: QEMU does not keep its VF's lease, lease $other" \
	timeout $((20 * SLOWER)) sriovctl swap --qmp "$work/qmp" net1
end_fake
await 10 free "$vf" || bail "the VF does not come back"
OPAQUE="sriov_broker lease=$other vf=${vfs[1]} id=net1" HOST=${vfs[1]} serve polite
fails 2 "swap: a lease that QEMU claims to keep" \
	"^sriovctl: net1: process [0-9]+ at $work/qmp does not hold lease $other, which is process [0-9]+'s: left$" \
	timeout $((20 * SLOWER)) sriovctl swap --qmp "$work/qmp" net1
is "swap: its guest is not asked" "$(grep -c device_del "$work/qmp.log")" 0
end_fake
kill $holder
wait $holder || true
ok "these VFs are free" await 10 free "${vfs[@]}"

# A VF whose reset fails when it is out.
HOST=$vf serve polite
echo >"$SYS/$vf/reset_method"
fails 2 "detach: a VF that can't be reset" \
	"^sriovctl: $vf: out of the guest, but its return failed \(reset\); to try again: sriovctl reset $vf$" detach
is "detach: it is in no pool" "$(state "$vf")" quarantined
echo default >"$SYS/$vf/reset_method"
ok "detach: it can be reset again" sriovctl reset "$vf"
end_fake
come_back

# --- swap -----------------------------------------------------------------------------------------

# The peer falls ill or dies: it ends, and the new VF is not lost.
for when in query-fdsets add-fd device_del device_add; do
	for how in garbage close die; do
		HOST=$vf serve $how $when
		fails 2 "swap: $how over $when" "does not speak QMP|it closed the connection|[Rr]eset by peer|Broken pipe" swap
		[ $how = die ] || is "swap: $how over $when: the VF of the device is as it was" "$(state "$vf")" leased
		end_fake
		ok "swap: $how over $when: the VFs are free" await 10 free "${vfs[@]}"
	done
done
sick_swap endless

HOST=$vf serve polite # any device that is asked about is that one
fails 3 "swap: a device of the new one's id" "^sriovctl: net1-swap1: there is a device of this id, a vfio-pci, in the way$" \
	timeout 60 sriovctl swap --qmp "$work/qmp" --to "${vfs[1]}" --make-before-break net1
end_fake
come_back

# It takes neither the new one nor the old one again; the old one's lease is kept for another try.
HOST=$vf serve refuse device_add
said=$(swap 2>&1) && status=0 || status=$?
is "swap: both refused" "$status" 7
like "swap: both refused: the new one" "$said" "^sriovctl: ${vfs[1]}: QEMU refused it: no$"
like "swap: both refused: the old one, and what to do" "$said" \
	"^sriovctl: net1: nor could $vf be plugged in again: no; to try once more: the same command, to give it up: sriovctl detach --qmp $work/qmp net1$"
ok "swap: both refused: the new one is given back" await 10 free "${vfs[1]}"
is "swap: both refused: the old one's lease is kept" "$(state "$vf")" leased
end_fake
come_back

# Nor is it over when the new one is in.
was_told() { [ "$(grep -c "^$1$" "$work/qmp.log")" -ge "$2" ]; } # COMMAND TIMES, at least
HOST=$vf serve fickle
like "swap: a fickle guest gets it again" "$(swap 2>&1)" "$(swapped)"
is "swap: by device_add" "$(grep -c device_add "$work/qmp.log")" 2
end_fake
come_back
HOST=$vf USED=net1 serve idle
said=$(swap 2>&1)
like "swap: that the guest makes no use of the new one is said" "$said" \
	"^sriovctl: net1: plugged in, but the guest has not enabled it in 4 s; it may be booting, or have no driver for it$"
like "swap: and is no failure" "$said" "$(swapped)"
is "swap: it is back all the same" "$(state "$vf") $(state "${vfs[1]}")" "free leased"
end_fake
come_back

# interrupted HOW COMMAND N: a swap that gets a signal when the peer has been told COMMAND N times.
interrupted() {
	HOST=$vf USED=net1 serve "$1" device_add#2
	sriovctl swap --qmp "$work/qmp" --timeout 60 --to "${vfs[1]}" net1 >"$work/said" 2>&1 &
	local swap=$!
	eventually 10 was_told "$2" "$3" || diag "$2 did not come $3 times"
	kill -TERM $swap 2>/dev/null || true
	status=0
	wait $swap || status=$?
}
interrupted idle,silent query-pci 2
is "swap: a signal while it only looks after what is in" "$status" 0
like "swap: that is a swap" "$(cat "$work/said")" "$(swapped)"
is "swap: one lease is left" "$("$VFSTATE" held "${vfs[@]}")" "${vfs[1]}"
end_fake
come_back
interrupted fickle,silent device_add 2
is "swap: a signal while it goes in once more" "$status" 2
like "swap: what came of it is not known" "$(cat "$work/said")" "to see what became of it: the same command again$"
is "swap: both leases are left" "$("$VFSTATE" held "${vfs[@]}" | xargs)" "${vfs[*]}"
end_fake
come_back

# Of two leases that a swap has left, a device that is there has the newer one's VF.
under=(sriovctl run "${vfs[@]}" --count 2 --id net1 --)
ID=net1 HOST='' serve polite
read -r _ newer <<<"$("$VFSTATE" held "${vfs[@]}" | xargs)"
like "swap: one that was cut short is finished" "$(timeout 60 sriovctl swap --qmp "$work/qmp" net1 2>&1)" \
	"^net1 has $newer, lease [0-9]+: nothing was left to do$"
is "swap: the device keeps its lease, the other one is back" "$("$VFSTATE" held "${vfs[@]}")" "$newer"
end_fake
come_back
ID=net1 HOST='' serve polite
read -r older newer <<<"$("$VFSTATE" held "${vfs[@]}" | xargs)"
like "swap: or goes on, if it was not to that VF" \
	"$(timeout 60 sriovctl swap --qmp "$work/qmp" net1 --to "$older" 2>&1)" \
	"^$older attached as net1, lease [0-9]+, instead of $newer$"
end_fake
come_back

# The lease was revoked while the device was out, and another holder has its VF.
lease_held
MARKED=1 serve polite
sriovctl revoke "$vf"
await 10 free "$vf" || bail "a revoked lease goes on"
sriovctl lease "$vf" -- sleep 600 &
holder=$!
ok "the VF is another's" await 10 leased "$vf"
fails 3 "swap: another's VF is not put into the guest" \
	"^sriovctl: net1: its lease [0-9]+ has ended, and $vf is another's, under lease [0-9]+; sriovctl detach --qmp $work/qmp net1, then attach$" \
	timeout $((20 * SLOWER)) sriovctl swap --qmp "$work/qmp" net1
is "swap: nothing was plugged in" "$(grep -c device_add "$work/qmp.log")" 0
end_fake
kill $holder
wait $holder || true
come_back

# --- what ran aside, and the end of all VFs -------------------------------------------------------

together

# The card is pulled while a swap looks after its VF.
HOST=$vf serve idle
swap >"$work/said" 2>&1 &
swap=$!
eventually 10 was_told query-pci 2 || diag "it does not look"
ok "swap: the PF goes" timeout $((20 * SLOWER)) sh -c "echo 1 >/sys/bus/pci/devices/$pf/remove"
status=0
wait $swap || status=$?
like "swap: it ends, and with a word" "$status $(cat "$work/said")" "^(0 .* attached as net1|2 sriovctl: )"
end_fake
under=()
is "swap: no VF is left" "$(sriovctl list --json | jq '[.pfs[].vfs[]] | length')" 0
echo 1 >/sys/bus/pci/rescan

unload_module
rm -r "$work"
done_testing
