#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl killed before and after every command that changes something, in attach, detach and swap;
# QEMU killed in the midst of them. Afterwards the module's state and the guest's agree, and the same
# command gets there.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"

command -v strace >/dev/null || skip_all "no strace"
load_module || bail "the module does not load"
two_igbs 3
guest_start g 2 || bail "the guest does not start"
qmp=$GUESTS/g/qmp
work=$(mktemp -d)

num_leased() { "$VFSTATE" count leased; }
ids() { # the devices that QEMU has of ours
	local device all=()
	for device in $(guest_devices g); do all+=("${device%%=*}"); done
	echo "${all[*]}"
}

# A VF is leased if QEMU has its lease, and the other way round; every device has a leased VF.
agree() {
	local device all
	await 15 settled || return
	mapfile -t all < <("$VFSTATE" in leased)
	[ ${#all[@]} = "$(guest_leases g)" ] || { echo "leased: ${all[*]}, QEMU has $(guest_leases g)"; return 1; }
	for device in $(guest_devices g); do
		[[ " ${all[*]} " == *" ${device#*=} "* ]] || [[ " $(ids) " != *" ${device%%=*} "* ]] || # gone meanwhile
			{ echo "$device is not leased: ${all[*]}"; return 1; }
	done
}

# points NAME COMMAND...: run it, print the numbers of the messages before which a death makes a difference.
points() {
	local trace=$work/$1 all
	shift
	strace -f --seccomp-bpf -qq -s 64 -e trace=sendmsg -o "$trace" "$@" >&2 || return
	all=$(wc -l <"$trace")
	grep -nE 'add-fd|chardev-add|device_del|device_add|remove-fd' "$trace" | cut -d : -f 1 |
		while read -r n; do printf '%s\n' "$n" $((n + 1)); done | sort -nu |
		while read -r n; do [ "$n" -gt "$all" ] || echo "$n"; done
}

# How often a command asks for the guest's doing differs from run to run, so that one which was to die may be
# through with fewer messages.  Then that is undone, and it is tried again, as far from the end as was meant.
undo=()
from_end() { # NAME N: how far from the end the Nth message is
	echo $(($(wc -l <"$work/$1") - $2))
}
again() { # SENT FROM_END: changes n, of the caller
	[ "${#undo[@]}" -gt 0 ] && [ "$1" -lt "$n" ] || return
	n=$(($1 - $2))
	[ $n -gt 0 ] && "${undo[@]}" >/dev/null
}

# killed_at NAME N COMMAND...: it dies before the Nth message is sent.
dies_before() {
	local n=$1
	shift
	strace -f -qq -e trace=sendmsg -e inject=sendmsg:signal=KILL:when="$n" -o "$work/sent" "$@" >"$work/out" 2>&1
}
killed_at() {
	local n=$2 left status try
	left=$(from_end "$1" "$n")
	shift 2
	for try in 1 2 3 4; do
		status=0
		dies_before "$n" "$@" || status=$?
		if [ "$status" != 0 ] || [ "$try" = 4 ] || ! again "$(wc -l <"$work/sent")" "$left"; then break; fi
	done
	[ "$status" = 137 ] || { echo "it ended with $status: $(cat "$work/out")"; return 1; }
}

# --- sriovctl dies in attach ----------------------------------------------------------------------

attach=(sriovctl attach -t 120 --qmp "$qmp" "${pfs[0]}" --id net0 --wait-guest)
detach=(sriovctl detach -t 120 --qmp "$qmp" net0)
swap=(sriovctl swap -t 120 --qmp "$qmp" net0 --to)

points attach "${attach[@]}" >"$work/points"
mapfile -t where <"$work/points"
"${detach[@]}" >/dev/null
ok "attach has places to die at" [ ${#where[@]} -ge 3 ]
undo=("${detach[@]}")
for n in "${where[@]}"; do
	ok "attach dies before message $n" killed_at attach "$n" "${attach[@]}"
	ok "attach, $n: module and guest agree" agree
	# Had it got so far, the same command says so.
	if [ "$(ids)" = net0 ]; then
		fails 3 "attach, $n: the same command finds it done" "^sriovctl: net0: there is a device of this id" "${attach[@]}"
	else
		ok "attach, $n: the same command gets there" "${attach[@]}"
	fi
	is "attach, $n: one device, one lease" "$(ids) $(guest_leases g) $(num_leased)" "net0 1 1"
	ok "attach, $n: out again" "${detach[@]}"
	ok "attach, $n: nothing is left" all_free
done

# --- in detach ------------------------------------------------------------------------------------

"${attach[@]}" >/dev/null
points detach "${detach[@]}" >"$work/points"
mapfile -t where <"$work/points"
ok "detach has places to die at" [ ${#where[@]} -ge 3 ]
undo=("${attach[@]}")
for n in "${where[@]}"; do
	"${attach[@]}" >/dev/null
	ok "detach dies before message $n" killed_at detach "$n" "${detach[@]}"
	ok "detach, $n: module and guest agree" agree
	out=$("${detach[@]}" 2>&1) || true
	like "detach, $n: the same command gets there" "$out" "^net0 detached|^sriovctl: net0: no such device, and no lease kept"
	is "detach, $n: no device, no lease" "$(ids) $(guest_leases g)" " 0"
	ok "detach, $n: nothing is left" all_free
done

# --- in swap --------------------------------------------------------------------------------------

"${attach[@]}" >/dev/null
to=1
points swap "${swap[@]}" "${pfs[to]}" >"$work/points"
mapfile -t where <"$work/points"
ok "swap has places to die at" [ ${#where[@]} -ge 5 ]
for n in "${where[@]}"; do
	to=$((1 - to)) undo=("${swap[@]}" "${pfs[1 - to]}")
	eventually 20 guest_run g 'ls -d /sys/class/net/eth*' >/dev/null || true
	ok "swap dies before message $n" killed_at swap "$n" "${swap[@]}" "${pfs[to]}"
	ok "swap, $n: module and guest agree" agree
	ok "swap, $n: the same command gets there" "${swap[@]}" "${pfs[to]}"
	is "swap, $n: one device, one lease" "$(ids) $(guest_leases g) $(num_leased)" "net0 1 1"
	like "swap, $n: of the PF that was wanted" "$(guest_devices g)" "^net0=${pfs[to]%:*}:"
done
# The same with make before break, whose id changes. How often it asks for the guest's doing is not
# foreseen, so that it dies before that.
undo=()
make=(sriovctl swap -t 120 --qmp "$qmp" --make-before-break --to)
eventually 20 guest_run g 'ls -d /sys/class/net/eth*' >/dev/null || true
points make "${make[@]}" "${pfs[1 - to]}" net0 >"$work/points"
add=$(grep -nm 1 device_add "$work/make" | cut -d : -f 1)
mapfile -t where <"$work/points"
to=$((1 - to)) number=1
for n in "${where[@]}"; do
	[ "$n" -le $((add + 1)) ] || continue
	id=net0-swap$number to=$((1 - to)) number=$((number + 1))
	eventually 20 guest_run g 'ls -d /sys/class/net/eth*' >/dev/null || true
	ok "make before break dies before message $n" killed_at make "$n" "${make[@]}" "${pfs[to]}" $id
	ok "make before break, $n: module and guest agree" agree
	ok "make before break, $n: the same command gets there" "${make[@]}" "${pfs[to]}" $id
	is "make before break, $n: one device, one lease" "$(ids) $(guest_leases g) $(num_leased)" "net0-swap$number 1 1"
done
# And when it has asked for the old one.
dies_after() { # WORD COMMAND...
	local word=$1 child status=0
	shift
	: >"$work/trace"
	# Answers come late, so that there is time to kill it.
	strace -qq -s 64 -e trace=sendmsg,recvfrom -e inject=recvfrom:delay_enter=400000 -o "$work/trace" "$@" >"$work/out" 2>&1 &
	eventually 60 grep -q "$word" "$work/trace" || echo "it has not come to $word"
	child=$(pgrep -P $!) || true
	[ -z "$child" ] || kill -9 "$child"
	wait $! || status=$?
	[ "$status" = 137 ] || { echo "it ended with $status: $(cat "$work/out")"; return 1; }
	grep -q "$word" "$work/trace"
}
id=net0-swap$number to=$((1 - to)) number=$((number + 1))
eventually 20 guest_run g 'ls -d /sys/class/net/eth*' >/dev/null || true
ok "make before break dies in the second half" dies_after device_del "${make[@]}" "${pfs[to]}" $id
ok "make before break, second half: module and guest agree" agree
ok "make before break, second half: the same command gets there" "${make[@]}" "${pfs[to]}" $id
is "make before break, second half: one device, one lease" "$(ids) $(guest_leases g) $(num_leased)" "net0-swap$number 1 1"
ok "make before break: back under its old id" sriovctl detach -t 120 --qmp "$qmp" "net0-swap$number"
"${attach[@]}" >/dev/null
to=0
ok "the guest has a network after all that" eventually 20 guest_run g 'ls -d /sys/class/net/eth*'

# --- QEMU dies ------------------------------------------------------------------------------------

# stop_at N COMMAND...: it stops when the Nth message is sent; $job is to be told to go on.
is_stopped() { grep -q 'stopped by SIGSTOP' "$work/stopped"; }
stop_at() {
	local n=$1
	shift
	: >"$work/stopped"
	strace -e trace=sendmsg -e inject=sendmsg:signal=STOP:when="$n" -o "$work/stopped" "$@" >"$work/out" 2>&1 &
	job=$!
}
has_ended() { [ ! -e "/proc/$job" ] || grep -q '^State:.Z' "/proc/$job/status"; }
goes_on() { # Return: its exit status, 137 when it has to be killed
	local child status=0
	child=$(pgrep -P "$job")
	kill -CONT "$child"
	eventually 100 has_ended || kill -9 "$child"
	wait "$job" || status=$?
	return $status
}
stops_or_ends() { is_stopped || has_ended; }
# dies_in NAME WORD COMMAND...: QEMU dies when COMMAND has just sent WORD.
dies_in() {
	local name=$1 word=$2 n left status=0
	n=$(grep -nm 1 "$word" "$work/$name" | cut -d : -f 1)
	left=$(from_end "$name" "$n")
	shift 2
	stop_at "$n" "$@"
	eventually 50 stops_or_ends || true
	if ! is_stopped && wait "$job" && again "$(grep -c '^sendmsg' "$work/stopped")" "$left"; then
		stop_at "$n" "$@"
	fi
	ok "QEMU dies in $name: it has come to $word" eventually 20 is_stopped
	guest_kill g
	goes_on || status=$?
	like "QEMU dies in $name: it ends, as refused" "$status" "^[2-7]$"
	like "QEMU dies in $name: in words" "$(cat "$work/out")" \
		"^sriovctl: .*(it closed the connection|[Rr]eset by peer|Broken pipe)"
	ok "QEMU dies in $name: all VFs come back" await 20 free
}

undo=("${swap[@]}" "${pfs[to]}")
dies_in swap device_add "${swap[@]}" "${pfs[1 - to]}"
# The guest has no part in the others: it does not even begin to boot.
answers() { guest_qmp g '{"execute":"query-name"}' >/dev/null; }
fresh_qemu() {
	guest_begin g 2
	eventually 20 answers || bail "QEMU does not start"
}
GUEST_WORDS=(-S)
undo=()
fresh_qemu
dies_in attach device_add "${attach[@]}"
fresh_qemu
"${attach[@]/--wait-guest/--json}" >/dev/null
dies_in detach device_del "${detach[@]}"
is "no lease is out" "$(sriovctl show --json | jq .num_leases)" 0

rm -r "$work"
unload_module
done_testing
