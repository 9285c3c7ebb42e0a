#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl attach and detach, with a real QEMU and a KVM guest that sees it all.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"

load_module || bail "the module does not load"
pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")
ip link set "$netdev" up
sriovctl enable "$pf" 7 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
ip link set "$netdev" vf 1 mac 02:00:00:00:00:01
guest_start g || bail "the guest does not start"
qmp=$GUESTS/g/qmp
guest_pid=$(guest_pid g)



# --- into the guest -------------------------------------------------------------------------------

is "attach says what it did" "$(sriovctl attach --qmp "$qmp" "$pf#1" --id net1 2>&1)" \
	"${vfs[1]} attached as net1 at hp0, lease 1"
ok "the guest's driver has it, with the MAC set on the host" \
	eventually 20 guest_says g 'igbvf .*Address: 02:00:00:00:00:01'
is "QEMU holds the lease" "$(guest_leases g)" 1
is "the list names the guest and its process" \
	"$(sriovctl list -j "${vfs[1]}" | jq -c '.pfs[0].vfs[0].lease | [.label, .pid]')" "[\"g\",$guest_pid]"

fails 3 "an id that is taken" "^sriovctl: net1: there is a device of this id, a vfio-pci; choose another" \
	sriovctl attach --qmp "$qmp" "$pf#2" --id net1
is "the lease of the device that has it goes on" "$(state "${vfs[1]}") $(guest_leases g)" "leased 1"
is "nothing was leased for it" "$(state "${vfs[2]}")" free
fails 2 "QEMU's own words when it refuses" \
	"^sriovctl: ${vfs[2]}: QEMU refused it: Bus 'nosuch' not found$" \
	sriovctl attach --qmp "$qmp" "$pf#2" --bus nosuch
ok "the lease is given back" await 10 free "${vfs[2]}"
is "QEMU keeps no descriptor of it" "$(guest_leases g)" 1
fails 1 "an id that QEMU would not take" "an id is a letter" sriovctl attach --qmp "$qmp" --id 1net
fails 1 "no socket named" "missing argument: --qmp SOCKET" sriovctl attach "$pf"
fails 3 "a VF that is leased" "^sriovctl: ${vfs[1]}: leased as lease 1 \"g\" by process $guest_pid" \
	sriovctl attach --qmp "$qmp" "${vfs[1]}"

is "a second one, named by itself" "$(sriovctl attach --qmp "unix:$qmp,server=on" "${vfs[0]}" -j | jq -r '.id + " " + .bus')" \
	"sriov-$(tr :. - <<<"${vfs[0]}") hp1"
fails 3 "no slot is left" "no free hot-plug slot; start QEMU with" sriovctl attach --qmp "$qmp"
fails 3 "disable while the guest has VFs" "^sriovctl: .*: leased as lease [0-9]+ \"g\" by process" \
	sriovctl disable "$pf"
is "both are still the guest's" "$(guest_leases g)" 2
mkdir -p "$GUESTS/bare"
qemu-system-x86_64 -machine q35 -accel kvm -S -nodefaults -display none -m 64 \
	-qmp "unix:$GUESTS/bare/qmp,server=on,wait=off" </dev/null >/dev/null 2>&1 &
bare=$!
guest_answers() { guest_qmp "$1" '{"execute":"query-name"}'; }
eventually 20 guest_answers bare >/dev/null || bail "QEMU does not start"
fails 3 "a machine without slots" "no free hot-plug slot; start QEMU with" sriovctl attach --qmp "$GUESTS/bare/qmp" "$pf#2"
kill $bare
wait $bare 2>/dev/null || true

# --- and out --------------------------------------------------------------------------------------

is "detach says what it did" "$(sriovctl detach -t 120 --qmp "$qmp" net1 2>&1)" \
	"net1 detached: ${vfs[1]} is free"
is "it is free when detach ends" "$(state "${vfs[1]}")" free
is "QEMU let go of its lease" "$(guest_leases g)" 1
fails 4 "there is nothing left to detach" \
	"^sriovctl: net1: no such device, and no lease kept for one" sriovctl detach --qmp "$qmp" net1
fails 2 "what is no leased VF is not detached" "^sriovctl: hp0: a pcie-root-port, not a leased VF" \
	sriovctl detach --qmp "$qmp" hp0
fails 1 "an id that is none" "not the id of a device" sriovctl detach --qmp "$qmp" a/b

for i in 1 2 3; do
	from=$(guest_lines g)
	ok "round $i: in" sriovctl attach --qmp "$qmp" "$pf#1" --id net1
	ok "round $i: seen" eventually 20 guest_says g 'Address: 02:00' "$from"
	ok "round $i: out" sriovctl detach -t 120 --qmp "$qmp" net1
done
is "no descriptor is left of these" "$(guest_leases g)" 1

# --- several at once ------------------------------------------------------------------------------

fails 3 "more VFs than slots" "^sriovctl: $qmp: 1 free hot-plug slots for 2 VFs; start QEMU with more" \
	sriovctl attach --qmp "$qmp" "$pf" --count 2
ok "the other one out" sriovctl detach -t 120 --qmp "$qmp" "sriov-$(tr :. - <<<"${vfs[0]}")"
is "two in one call, which have numbers" \
	"$(sriovctl attach -t 120 --qmp "$qmp" "$pf#3-6" -n 2 --id gang --wait-guest -j | jq -r '.vfs[] | .id + " " + .bus' | xargs)" \
	"gang-0 hp0 gang-1 hp1"
is "the guest was using both when attach ended" "$(guest_run g 'cat /sys/bus/pci/devices/0000:0[1-9]*/enable' | xargs)" "1 1"
is "QEMU holds both leases" "$(guest_leases g)" 2
fails 7 "of several ids those that are there are detached" "^sriovctl: nosuch: no such device, and no lease" \
	sriovctl detach -t 120 --qmp "$qmp" gang-0 nosuch gang-1
ok "they are free" all_free "$pf"
sriovctl bind "$pf#6" pci-stub
fails 2 "one of two is refused by QEMU" "^sriovctl: ${vfs[6]}: QEMU refused it: .*vfio" \
	env SRIOVCTL_PATIENCE=40 sriovctl attach --qmp "$qmp" "$pf#5-6" --count all --id gang
ok "the other comes out again" await 10 free "$pf"
is "nothing is left in QEMU" "$(guest_leases g)" 0
sriovctl bind "$pf#6" vfio-pci
fails 1 "all of what is no range" "count all goes with PF#RANGE" sriovctl attach --qmp "$qmp" "$pf" --count all
fails 1 "one slot for several" "bus is for one VF" sriovctl attach --qmp "$qmp" "$pf" --count 2 --bus hp0

# --- what the guest does --------------------------------------------------------------------------

no_driver() { guest_run g 'rmmod igbvf 2>/dev/null; [ ! -e /sys/module/igbvf ]'; }
eventually 90 no_driver || bail "the guest keeps its driver"
fails 5 "a guest without a driver" "^sriovctl: lazy: plugged in, but the guest has not enabled it in 10 s; it may be" \
	sriovctl attach --qmp "$qmp" "$pf#1" --id lazy --wait-guest --timeout 10
guest_run g 'insmod /modules/*igbvf*' || true
ok "it has the driver now" eventually 20 guest_run g 'ls /sys/class/net/eth0'
# Two at a time: QEMU's monitor serves one, the other waits for its turn.
sriovctl detach -t 120 --qmp "$qmp" lazy >/run/first 2>&1 &
job=$! first=0 second=0
at_it() { [ -n "$(find "/proc/$1/fd" -lname /run/sriov-broker/guests 2>/dev/null)" ]; }
waits_for_it() { at_it "$1" && [ -z "$(find "/proc/$1/fd" -lname 'socket:*' 2>/dev/null)" ]; }
eventually 10 at_it $job || true
kill -STOP $job || true # until the other one has seen it
sriovctl detach -t 120 --qmp "$qmp" lazy >/run/second 2>&1 &
other=$!
eventually 10 waits_for_it $other || true
kill -CONT $job || true
wait $job || first=$?
wait $other || second=$?
is "of two detaches at a time both end well" "$first $second" "0 0"
like "one does it" "$(cat /run/first /run/second)" "^lazy detached: ${vfs[1]} is free$"
like "the other finds it done" "$(cat /run/first /run/second)" \
	"^lazy is not in the guest, now that another sriovctl is done with that$"

# --- the device by descriptor ---------------------------------------------------------------------

vfio_fds() { find "/proc/$guest_pid/fd" -lname "$1" | wc -l; }
if [ -e /dev/vfio/devices ]; then
	ok "a device by descriptor" sriovctl attach -t 120 --qmp "$qmp" "$pf#1" --id fd1 --iommufd --wait-guest
	is "QEMU has the device's node open, and no group" "$(vfio_fds '/dev/vfio/devices/*') $(vfio_fds '/dev/vfio/[0-9]*')" "1 0"
	ok "another one" sriovctl attach -t 120 --qmp "$qmp" "$pf#2" --id fd2 --iommufd --wait-guest
	ids_are() { [ "$(sriovctl guests --json | jq -r '.guests[].vfs[].id' | sort | xargs)" = "$*" ]; }
	ok "both are shown under their ids" eventually 10 ids_are fd1 fd2
	ok "another VF for it goes the same way" sriovctl swap -t 120 --qmp "$qmp" fd2 --to "$pf#3"
	is "with a descriptor as well" "$(vfio_fds '/dev/vfio/devices/*') $(vfio_fds '/dev/vfio/[0-9]*')" "2 0"
	ok "out" sriovctl detach -t 120 --qmp "$qmp" fd1 fd2
	ok "in once more" sriovctl attach --qmp "$qmp" "$pf#1" --id fd1 --bus hp0 --iommufd
	fails 3 "a slot that is taken" "^sriovctl: hp0: not a hot-plug slot that is free" \
		sriovctl attach --qmp "$qmp" "$pf#2" --id fd2 --bus hp0 --iommufd
	is "nothing was leased for it" "$(state "${vfs[2]}")" free
	ok "out" sriovctl detach -t 120 --qmp "$qmp" fd1
	is "of all these, QEMU keeps the iommufd" "$(vfio_fds '/dev/vfio/devices/*') $(vfio_fds /dev/iommu) $(guest_leases g)" "0 1 0"
else
	skip "a device by descriptor" "this kernel has no /dev/vfio/devices (CONFIG_VFIO_DEVICE_CDEV)"
	# QEMU is asked first; one before 9.0 has no iommufd, which is no matter of what is missing here.
	[[ $(qemu-system-x86_64 --version) =~ version\ ([0-9]+) ]]
	fails $((BASH_REMATCH[1] >= 9 ? 4 : 2)) "no way by descriptor: it says so" "CONFIG_IOMMUFD|has no iommufd" sriovctl attach --qmp "$qmp" "$pf#1" --iommufd
	ok "nothing was leased" all_free "$pf"
fi

# --- a paused guest, an attach that was cut short -------------------------------------------------

sriovctl attach -t 120 --qmp "$qmp" "$pf#1" --id net1 --wait-guest >/dev/null
guest_qmp g '{"execute":"stop"}' >/dev/null
fails 5 "a paused guest does not let go" "^sriovctl: net1: the guest did not let go in 2 s, it is paused" \
	sriovctl detach --qmp "$qmp" net1 --timeout 2
[ -e /dev/pts/ptmx ] || busybox mount -t devpts devpts /dev/pts
like "on a terminal one sees what is waited for" \
	"$(socat -u "EXEC:sriovctl detach --qmp $qmp net1 --timeout 3,pty,stderr" - || true)" \
	"net1: waiting for the guest to let go: [123] s"
is "it has the VF still" "$(state "${vfs[1]}")" leased
guest_qmp g '{"execute":"cont"}' >/dev/null
ok "running again it does" sriovctl detach -t 120 --qmp "$qmp" net1

# --- a device that leaves when no command waits for it ---------------------------------------------

has_none() { # ID: QEMU has no such device
	local devices
	devices=$(guest_qmp g '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}') || return
	! jq -r '.return[].name' <<<"$devices" | grep -qx "$1"
}
late() { # detach has given up, and then the guest goes on
	guest_qmp g '{"execute":"stop"}' >/dev/null
	sriovctl detach --qmp "$qmp" net1 --timeout 2 2>/dev/null || true
	guest_qmp g '{"execute":"cont"}' >/dev/null
}
by_hand() { guest_qmp g '{"execute":"device_del","arguments":{"id":"net1"}}' >/dev/null; }
# shellcheck disable=SC2016 # for the guest's shell
by_guest() { # it switches the slot's power off
	guest_run g 'dev=$(basename $(readlink /sys/class/net/eth0/device)); for s in /sys/bus/pci/slots/*; do [ "$(cat $s/address)" != ${dev%.*} ] || echo 0 >$s/power; done'
}
for way in late by_hand by_guest; do
	sriovctl attach -t 120 --qmp "$qmp" "$pf#1" --id net1 --wait-guest >/dev/null || diag "$way: it does not go in"
	eventually 20 guest_run g 'ls -d /sys/class/net/eth0' >/dev/null || true
	$way
	ok "$way: it is out of QEMU" eventually 60 has_none net1
	is "$way: its VF is leased still" "$(state "${vfs[1]}")" leased
	like "$way: the command that looks gives it back" "$(SRIOVCTL_PATIENCE=20 sriovctl guests 2>&1 >/dev/null)" \
		"^sriovctl: ${vfs[1]}: net1 has left the guest; lease [0-9]+ is given back$"
	ok "$way: it is free" await 20 free "${vfs[1]}"
	is "$way: QEMU keeps nothing" "$(guest_leases g)" 0
done

# --- another process's device ------------------------------------------------------------------------

nvme=$(pfs_of nvme)
sriovctl enable "$nvme" 1 --open || bail "no VF of the nvme"
other=$(vfs_of "$nvme")
guest_qmp g "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"vfio-pci\",\"host\":\"$other\",\"id\":\"other\",\"bus\":\"hp0\"}}" >/dev/null ||
	bail "QEMU does not take an open VF"
fails 2 "a vfio device without a lease is not ours to detach" "^sriovctl: other: a vfio-pci, but not of a leased VF" \
	sriovctl detach --qmp "$qmp" other --timeout 2
fails 2 "nor to swap" "^sriovctl: other: a vfio-pci, but not of a leased VF" sriovctl swap --qmp "$qmp" other
ok "the guest has it still" guest_qmp g '{"execute":"qom-list","arguments":{"path":"/machine/peripheral/other"}}'
fails 3 "the process that has it open is named" \
	"^sriovctl: $other: in use without a lease, opened through vfio by process $guest_pid \(qemu-system-x86\); end that first$" \
	sriovctl disable "$nvme"
# Asked more than once, as sriovctl does: its guest is at the probe of an nvme that is not ready.
asked_goes() {
	guest_qmp g '{"execute":"device_del","arguments":{"id":"other"}}' >/dev/null || true
	eventually 2 has_none other
}
ok "by device_del it goes" eventually 60 asked_goes
# The device is out of QEMU's tree a moment before QEMU has closed it.
ok "then its PF has no user" eventually 20 sriovctl disable "$nvme"

# --- the guest dies -------------------------------------------------------------------------------

ok "once more in" sriovctl attach --qmp "$qmp" "$pf#1" --id net1
guest_kill g
ok "all VFs come back from a killed QEMU" await 15 free "$pf"
fails 4 "a socket that no process serves" "^sriovctl: $qmp: Connection refused; no process serves it$" \
	sriovctl attach --qmp "$qmp" "$pf"
fails 4 "nor for detach" "^sriovctl: $qmp: Connection refused" sriovctl detach --qmp "$qmp" net1
is "nothing was leased for it" "$(states "$pf")" free

# --- a guest that boots ---------------------------------------------------------------------------

guest_begin b 1
ok "QEMU is there" eventually 20 guest_answers b
ok "a VF for a guest that has not booted" sriovctl attach --qmp "$GUESTS/b/qmp" "$pf#1" --id early
ok "it is asked until it has" sriovctl detach --qmp "$GUESTS/b/qmp" early --timeout $GUEST_BOOT_S
guest_kill b

# --- without a lease ------------------------------------------------------------------------------

# A QEMU that would wait for its monitor to start the guest, if only it got the VF.
bare_qemu() {
	timeout 60 qemu-system-x86_64 -accel kvm -machine q35 -m 128 -nodefaults -display none -S \
		-device "vfio-pci,host=${vfs[3]}"
}
fails 1 "root's own QEMU gets no VF out of the pool" "not viable|not permitted" bare_qemu
is "it stays free" "$(state "${vfs[3]}")" free

unload_module
done_testing
