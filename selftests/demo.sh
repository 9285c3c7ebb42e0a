#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo, run in the test machine by `make demo`: a VF goes from a PF into a running KVM guest, is
# swapped for another one, and comes back, twice; the second time the guest is killed.  Then the same with a
# QEMU that knows nothing of the broker and has no monitor.  A step that fails ends it.

set -euo pipefail
cd /mnt
# shellcheck source=vm/guest.sh
. selftests/vm/guest.sh

PF=0000:01:00.0
MAC=02:00:00:00:00:01
SOCKET=$GUESTS/guest/qmp
if [ "${COLOUR:-no}" = yes ]; then bold=$'\e[1;36m' command=$'\e[33m' bad=$'\e[1;31m' plain=$'\e[0m'; else
	bold='' command='' bad='' plain=''
fi
number=0

step() {
	number=$((number + 1))
	printf '\n%s%d. %s%s\n' "$bold" "$number" "$*" "$plain"
}

# Show a command, run it; its failure is the demo's.
run() {
	printf '%s$ %s%s\n' "$command" "$*" "$plain"
	"$@"
}

failed() {
	printf '\n%sThe demo failed at step %d, line %s.%s\n' "$bad" "$number" "$1" "$plain"
	dmesg | tail -n 20
	exit 1
}
trap 'failed $LINENO' ERR
set -E

in_guest() {
	printf '%s%s$ %s%s\n' "$command" "$1" "$2" "$plain"
	guest_run "$1" "$2"
}

# The guest's kernel, since the marker that `mark` left.
mark() { logged=$(wc -l <"$GUESTS/guest/log"); }
guest_log() { tail -n "+$((logged + 1))" "$GUESTS/guest/log" | tr -d '\r'; }

# The guest's kernel says so, after the mark, within two minutes: this may be emulated.
await_guest_log() {
	local end=$((SECONDS + 120))
	until grep -qE "$1" < <(guest_log); do
		[ $SECONDS -lt $end ] || { echo "the guest did not say /$1/"; guest_log; return 1; }
		sleep 0.2
	done
}

# NAME N: the guest has so many interfaces, within two minutes.
count_interfaces() { { guest_macs "$1" || true; } | wc -l; }
await_interfaces() {
	local end=$((SECONDS + 120))
	until [ "$(count_interfaces "$1")" = "$2" ]; do
		[ $SECONDS -lt $end ] || { echo "guest $1 has not $2 interfaces"; return 1; }
		sleep 0.5
	done
}

vfs_in_state() { sriovctl list "$PF" --json | jq "[.pfs[].vfs[] | select(.state == \"$1\")] | length"; }

# All VFs free again, within S seconds.
all_free() {
	local end=$((SECONDS + $1))
	until [ "$(vfs_in_state free)" = 7 ]; do
		[ $SECONDS -lt $end ] || { echo "not all VFs came back"; sriovctl list "$PF"; return 1; }
		sleep 0.2
	done
}

# The module's tracepoints tell what it did to a VF that came back: took it, reset it.
TRACE=/sys/kernel/tracing
trace_on() {
	echo 1 >$TRACE/events/sriov_broker/enable
	echo >$TRACE/trace
}
show_resets() { run grep -o 'vfb_reset: .*' $TRACE/trace; }

step "The machine: Linux $(uname -r) with an SR-IOV network card (PF $PF) and an IOMMU. Load the module."
run modprobe vfio-pci
run insmod sriov_broker.ko drain_timeout=20

step "What can do SR-IOV here?"
run sriovctl list

step "What keeps this host from it, and what is to be done about that?"
run sriovctl doctor eth0

step "What the host shall look like is written down. What would that change?"
run mkdir /etc/sriov-broker
printf '%s$ cat >/etc/sriov-broker/host.conf%s\n' "$command" "$plain"
tee /etc/sriov-broker/host.conf <<'END'
{ "pfs": [ { "interface": "eth0", "vfs": 7 } ] }
END
run ip link set eth0 up
run ip addr add 10.0.2.15/24 dev eth0
run sriovctl apply --dry-run

step "Have it done. Seven VFs, born into vfio-pci: the host's igbvf never sees them."
run sriovctl apply
run sriovctl list eth0
[ "$(vfs_in_state free)" = 7 ]
run ls -l "/sys/bus/pci/devices/$PF/virtfn0/driver"

step "A KVM guest with two empty hot-plug slots."
run guest_start guest 2
in_guest guest 'uname -r; ls /sys/bus/pci/devices; ls /sys/class/net'

step "Hot-plug a VF: the tool leases it and hands QEMU the lease's descriptor, then ends."
mark
run sriovctl attach --qmp "$SOCKET" eth0 --id vf0 --mac $MAC
run sriovctl list eth0
[ "$(vfs_in_state leased)" = 1 ]

step "The guest's own log of it."
guest_wait_log guest 'igbvf.*Address' 120
guest_wait_log guest 'igbvf.*Link is Up|igbvf.*Intel' 120
guest_log

step "Traffic through the VF: to QEMU's network, and to the PF's own address."
in_guest guest 'ip link set eth0 up; ip addr add 10.0.2.20/24 dev eth0; ip addr show eth0'
# shellcheck disable=SC2016 # for the guest's shell
in_guest guest 'for i in $(seq 60); do ping -c 1 -W 1 10.0.2.2 >/dev/null && break; done'
in_guest guest 'ping -c 3 10.0.2.2'
in_guest guest 'ping -c 3 10.0.2.15'

step "Swap it: the guest gets another VF with the same MAC; would that be refused, it kept the old one."
mark
run sriovctl swap -t 120 --qmp "$SOCKET" vf0 --to eth0#5
await_guest_log 'igbvf.*Address'
run sriovctl list eth0
[ "$(vfs_in_state leased)" = 1 ]
in_guest guest "ip link set eth0 up; ip addr add 10.0.2.20/24 dev eth0; ip addr show eth0 | grep $MAC"
# shellcheck disable=SC2016 # for the guest's shell
in_guest guest 'for i in $(seq 60); do ping -c 1 -W 1 10.0.2.2 >/dev/null && break; done'
in_guest guest 'ping -c 3 10.0.2.2'

step "Unplug it: out of the guest, its descriptor closed, reset, free."
trace_on
run sriovctl detach -t 120 --qmp "$SOCKET" vf0
all_free 30
show_resets
run sriovctl list eth0
in_guest guest 'ls /sys/class/net'

step "Plug one in again, then kill QEMU: no process is left to give the VF back."
run sriovctl attach --qmp "$SOCKET" eth0 --id vf1
[ "$(vfs_in_state leased)" = 1 ]
run sriovctl list eth0
trace_on
run kill -KILL "$(cat "$GUESTS/guest/pid")"
all_free 40
show_resets
run sriovctl list eth0

step "The VF came back by itself. Now guarded: programs that know nothing of the broker may open a VF, and lease it by that."
run sriovctl disable eth0
run sriovctl enable eth0 7 --guarded
read -ra vf <<<"$(sriovctl list eth0 --json | jq -r '[.pfs[].vfs[0,1].bdf] | join(" ")')"
run ip link set eth0 vf 0 mac $MAC

step "A guest started by plain QEMU with two of them, and without a monitor."
printf '%s$ qemu-system-x86_64 ... -device vfio-pci,host=%s -device vfio-pci,host=%s%s\n' "$command" "${vf[@]}" "$plain"
GUEST_MUTE=yes GUEST_WORDS=(-device "vfio-pci,host=${vf[0]},bus=hp0" -device "vfio-pci,host=${vf[1]},bus=hp1")
guest_start plain 2
run sriovctl list eth0
[ "$(vfs_in_state leased)" = 2 ]
await_interfaces plain 2
in_guest plain 'cat /sys/class/net/*/address'

step "Take one VF back: the kernel asks QEMU through vfio, and that unplugs it from its guest."
run sriovctl detach -t 120 'eth0#0'
[ "$(vfs_in_state free)" = 6 ]
await_interfaces plain 1
in_guest plain 'uname -r; cat /sys/class/net/*/address'

step "Kill this QEMU, too: the other VF comes back by itself."
trace_on
run kill -KILL "$(cat "$GUESTS/plain/pid")"
all_free 40
show_resets
run sriovctl list eth0

step "Take everything down."
run sriovctl disable eth0
run rmmod sriov_broker_vfio sriov_broker
printf '\n%sThat was the whole road.%s\n' "$bold" "$plain"
