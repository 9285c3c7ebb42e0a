#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Guests that know nothing of the broker: QEMU started by hand on guarded VFs, by root, by another user and in a
# container, killed, and asked for its VFs without a monitor; and leases that last as long as a process.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"
export SRIOVCTL_PATIENCE=60 # what is asked answers, but late where the host is loaded

pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")
read -r nvme _ <<<"$(pfs_of nvme | xargs)"
mac=02:00:00:00:00:a1 second=02:00:00:00:00:a2
ip link set "$netdev" up
load_module "pfs=$pf=3:guarded" || bail "the module does not load"
guarded() { sriovctl list -j "$1" | jq -c '.pfs[0].vfs[0] | [.guarded, .driver, .state]'; }
owner() { sriovctl list -j "$1" | jq -c '.pfs[0].vfs[0].lease | [.label, .pid, .implicit]'; }
user_of() { sriovctl list -j "$1" | jq '.pfs[0].vfs[0].lease.uid'; }
mac_of() { ip -j link show "$netdev" | jq -r ".[0].vfinfo_list[$1].address"; }

ok "the module's parameter asks for guarded VFs" await 30 free "$pf"
is "and reads so" "$(cat /sys/module/sriov_broker/parameters/pfs)" "$pf=3:guarded"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
is "they are" "$(guarded "${vfs[0]}")" '[true,"sriov_broker_vfio","free"]'
fails 1 "guarded and open are two things" "neither --open" sriovctl enable "$pf" 3 --guarded --open
fails 1 "what is not guarded is not restored" "--restore goes with --guarded" sriovctl enable "$pf" 3 --restore
ok "once more is a success" sriovctl enable "$pf" 3 --guarded
is "save keeps them guarded" "$(sriovctl save 2>/dev/null | jq -r ".pfs[] | select(.address == \"$pf\").guarded")" true
is "and says nothing of restoring" "$(sriovctl save 2>&1 | jq -c ".pfs[] | select(.address == \"$pf\").restore")" null

# --- QEMU started by hand ------------------------------------------------------------------------

ip link set "$netdev" vf 0 mac $mac
GUEST_WORDS=(-device "vfio-pci,host=${vfs[0]},id=net0,bus=hp0") GUEST_MUTE=yes
guest_start plain || bail "the guest does not start"
GUEST_WORDS=() GUEST_MUTE=
qemu=$(guest_pid plain)
comm=$(cat "/proc/$qemu/comm")
is "QEMU has an implicit lease" "$(owner "${vfs[0]}")" "[\"$comm\",$qemu,true]"
sees() { guest_run plain "cat /sys/class/net/*/address" | grep -q "^$mac$"; }
ok "its guest sees the MAC that the VF was given" eventually 30 sees
is "an event has told of it" "$(sriovctl show -j "${vfs[0]}" |
	jq -c '[.. | objects | select(.event? == "lease-granted") | [.label, .implicit]][-1]')" "[\"$comm\",true]"
fails 3 "in use, the PF keeps its VFs" "leased as lease .* by process $qemu" sriovctl disable "$pf"
fails 3 "nor is it leased again" "leased as lease" sriovctl lease "${vfs[0]}" </dev/null
small=("${GUEST_QEMU[@]}" -accel tcg -m 64 -nodefaults -no-user-config -display none -S)
other() { timeout 60 "${small[@]}" -device "vfio-pci,host=${vfs[0]}"; }
fails 1 "nor opened by another QEMU" "${vfs[0]}" other
fails 3 "nor moved to another PF: there is no lease to exchange" \
	"^sriovctl: ${vfs[0]}: held by guest \"plain\", process $qemu, which has no lease to exchange: left; to have its user asked" \
	sriovctl drain "$pf" --to "$nvme"
fails 1 "cordoned by that, its VFs are opened by none" "${vfs[1]}" timeout 60 "${small[@]}" -device "vfio-pci,host=${vfs[1]}"
ok "until that is ended" sriovctl uncordon "$pf"
guest_kill plain
ok "killed, it has let go" await 20 free "${vfs[0]}"
is "the MAC is its manager's, and stays" "$(mac_of 0)" $mac

# --- as another user, in a container, two at once ---------------------------------------------------

TENANT=1234
group=$(basename "$(readlink "$SYS/${vfs[0]}/iommu_group")")
numbers=$(stat -c '%Hr %Lr' "/dev/vfio/$group")
as_tenant=(prlimit --memlock=unlimited setpriv --reuid "$TENANT" --regid "$TENANT" --clear-groups --inh-caps=-all)
chown $TENANT "/dev/vfio/$group"
"${as_tenant[@]}" "${small[@]}" -device "vfio-pci,host=${vfs[0]}" &
qemu=$!
ok "another user's QEMU opens it" await 30 leased "${vfs[0]}"
is "which has a lease" "$(owner "${vfs[0]}")" "[\"$comm\",$qemu,true]"
is "as that user" "$(user_of "${vfs[0]}")" $TENANT
kill -9 $qemu
wait $qemu 2>/dev/null || true
ok "killed, it has let go" await 20 free "${vfs[0]}"
chown root "/dev/vfio/$group"

# As a container's runtime does it: nodes of its own, and name spaces of all kinds.
# shellcheck disable=SC2016 # for the other shell
nodes='busybox mount -t tmpfs none /dev/vfio && mknod /dev/vfio/vfio c 10 196 && mknod "/dev/vfio/$1" c $2 &&
	chmod 666 /dev/vfio/* && shift 2 && exec "$@"'
unshare --mount --propagation private sh -c "$nodes" sh "$group" "$numbers" "${as_tenant[@]}" \
	unshare --user --map-root-user --pid --net --fork --kill-child \
	"${small[@]}" -device "vfio-pci,host=${vfs[0]}" &
container=$!
ok "a QEMU in a container opens it, by a node of its own" await 30 leased "${vfs[0]}"
qemu=$(owner "${vfs[0]}" | jq '.[1]')
is "which has a lease, with its process as the host knows it" "$(owner "${vfs[0]}") $(cat "/proc/$qemu/comm")" \
	"[\"$comm\",$qemu,true] $comm"
is "that is in name spaces of its own" "$(for ns in mnt pid user net; do
	[ "$(readlink "/proc/$qemu/ns/$ns")" = "$(readlink "/proc/self/ns/$ns")" ] || echo $ns
done | xargs)" "mnt pid user net"
is "its user is the host's" "$(user_of "${vfs[0]}")" $TENANT
kill -9 $container
wait $container 2>/dev/null || true
ok "the container ends, and has let go" await 20 free "${vfs[0]}"

racers=()
for i in 0 1; do
	"${small[@]}" -device "vfio-pci,host=${vfs[0]}" 2>"$GUESTS/racer$i" &
	racers+=($!)
done
status=0
wait -n -p ended "${racers[@]}" || status=$?
lost=0
[ "$ended" = "${racers[0]}" ] || lost=1
is "of two at once for one VF one is refused" "$status" 1
like "which says so" "$(cat "$GUESTS/racer$lost")" "${vfs[0]}"
await 30 leased "${vfs[0]}" || true # it may have the group only till now
is "the other one has it" "$(owner "${vfs[0]}")" "[\"$comm\",${racers[1 - lost]},true]"
kill -9 "${racers[1 - lost]}"
wait "${racers[1 - lost]}" 2>/dev/null || true
ok "killed, it has let go" await 20 free "${vfs[0]}"

# --- asked to let go ------------------------------------------------------------------------------

GUEST_WORDS=(-device "vfio-pci,host=${vfs[0]},id=net0,bus=hp0" -device "vfio-pci,host=${vfs[1]},id=net1,bus=hp1")
guest_start asked || bail "the guest does not start"
GUEST_WORDS=()
qemu=$(guest_pid asked)
has() { guest_run asked "cat /sys/class/net/*/address" | grep -q "^$1$"; }
gone() { ! guest_run asked "cat /sys/class/net/*/address" | grep -q "^$1$"; }
# Two ways to ask, of which none is answered in time.
for how in "${vfs[0]}" "net0 --qmp $GUESTS/asked/qmp"; do
	guest_qmp asked '{"execute":"stop"}' >/dev/null
	# shellcheck disable=SC2086 # words
	fails 5 "detach ${how#* } gives up: the guest stands still" "let go" timeout 60 sriovctl detach -t 2 $how
	guest_qmp asked '{"execute":"cont"}' >/dev/null
	ok "it goes on and lets go: the VF is free without another command" await 30 free "${vfs[0]}"
	is "no lease is out but that of the other VF" "$(sriovctl show -j | jq .num_leases)" 1
	plugged() {
		guest_qmp asked "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"vfio-pci\",\"id\":\"net0\",\"bus\":\"hp0\",\"host\":\"${vfs[0]}\"}}" |
			grep -q return
	}
	ok "QEMU takes it again" eventually 10 plugged
	sees_again() { guest_run asked "cat /sys/class/net/*/address" | grep -q "^$mac$"; }
	ok "and so does the guest" eventually 30 sees_again
done
like "detached without a monitor" "$(sriovctl detach -t 120 "$pf#0" 2>&1)" "^${vfs[0]}: \"$comm\" \(process $qemu\) has let go$"
is "it is free" "$(state "${vfs[0]}")" free
ok "QEMU and the guest go on" guest_run asked true
ok "without the interface" gone $mac
is "a drain asks for the other one" "$(sriovctl drain -j -t 120 --ask "$pf" | jq -c '[.moved, [.asked[] | [.vf, .pid, .detached]], .left]')" \
	"[[],[[\"${vfs[1]}\",$qemu,true]],0]"
is "that is free" "$(state "${vfs[1]}")" free
ok "QEMU and the guest go on" guest_run asked true
ok "the PF is leased from again" sriovctl uncordon "$pf"

ok "another, by a lease" sriovctl attach -t 120 --qmp "$GUESTS/asked/qmp" "$pf#1" --id net1 --mac $second --wait-guest
is "which is QEMU's" "$(owner "${vfs[1]}")" "[\"asked\",$qemu,false]"
ok "is taken back with a time of grace" sriovctl revoke --grace 120 "$pf#1"
ok "and free" await 10 free "${vfs[1]}"
ok "QEMU and the guest go on" guest_run asked true
ok "without it" gone $second

ok "a third" sriovctl attach -t 120 --qmp "$GUESTS/asked/qmp" "$pf#2" --id net2 --wait-guest
kill -STOP "$qemu"
fails 5 "of a QEMU that does not listen" "${vfs[2]}: \"asked\" .* has not let go" sriovctl revoke --grace 1 "$pf#2"
is "it drains" "$(state "${vfs[2]}")" draining
kill -CONT "$qemu"
ok "until that listens again" await 30 free "${vfs[2]}"

ip link set "$netdev" vf 1 mac $second
ok "one is leased for as long as QEMU lives" sriovctl lease "$pf#1" --until-exit "$qemu"
ok "and plugged in by hand" guest_qmp asked \
	'{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"'"${vfs[1]}"'","id":"net3","bus":"hp1"}}'
ok "the guest sees it" eventually 30 has $second
is "it is QEMU's" "$(owner "${vfs[1]}")" "[\"\",$qemu,false]"
echo 120 >/sys/module/sriov_broker/parameters/drain_timeout # of a slow host a guest takes its time
ok "a forced disable asks for it" sriovctl disable "$pf" --force -t 60
ok "QEMU and the guest go on" guest_run asked true
ok "without it" gone $second
guest_kill asked
sriovctl enable "$pf" 3 --guarded || bail "no VFs any more"

# --- as long as a process -------------------------------------------------------------------------

sleep infinity &
until=$!
sleep infinity &
other=$!
like "a lease until a process ends" "$(sriovctl lease "$pf#1" --until-exit $until)" "${vfs[1]}"
is "lasts, with that process" "$(owner "${vfs[1]}")" "[\"\",$until,false]"
ok "is tied to another" sriovctl anchor "$pf#1" $other
is "and lasts, with that" "$(owner "${vfs[1]}" | jq '.[1]')" $other
fails 1 "the module can't be unloaded" "in use" rmmod sriov_broker_vfio
kill $until
wait $until 2>/dev/null || true
is "the first has ended" "$(state "${vfs[1]}")" leased
kill $other
wait $other 2>/dev/null || true
ok "and then the second" await 10 free "${vfs[1]}"

sleep infinity &
until=$!
ok "two at once" sriovctl lease "$pf#1-2" --count 2 --until-exit $until
is "are out" "$(sriovctl show -j | jq .num_leases)" 2
ok "one is released" sriovctl release "$pf#1"
ok "and free" await 10 free "${vfs[1]}"
is "the other is not" "$(state "${vfs[2]}")" leased
kill $until
wait $until 2>/dev/null || true
ok "it ends with the process" await 10 free "${vfs[2]}"
fails 4 "there is no such process" "$until: there is no such process" sriovctl lease "$pf#1" --until-exit $until
fails 4 "what is not leased is not released" "$pf#1: not leased" sriovctl release "$pf#1"
sriovctl lease "$pf#1" -- sleep infinity &
holder=$!
await 10 leased "${vfs[1]}" || bail "no lease"
fails 3 "nor what a command holds" "tied to no process" sriovctl release "$pf#1"
kill $holder
wait $holder 2>/dev/null || true
await 10 free "$pf" || diag "not back"

ok "nothing is in use any more" sriovctl disable "$pf"
unload_module
done_testing
