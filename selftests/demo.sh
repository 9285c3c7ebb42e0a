#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo, run in the test machine by `make demo`: a VF goes from a PF into a running KVM guest, is
# swapped for another one, and comes back, twice; the second time the guest is killed.  A step that
# fails ends it.

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
	printf '%sguest$ %s%s\n' "$command" "$1" "$plain"
	guest_run guest "$1"
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

step "Seven VFs, born into vfio-pci: the host's igbvf never sees them."
run ip link set eth0 up
run ip addr add 10.0.2.15/24 dev eth0
run sriovctl enable eth0 7
run sriovctl list eth0
[ "$(vfs_in_state free)" = 7 ]
run ls -l "/sys/bus/pci/devices/$PF/virtfn0/driver"

step "A KVM guest with two empty hot-plug slots."
run guest_start guest 2
in_guest 'uname -r; ls /sys/bus/pci/devices; ls /sys/class/net'

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
in_guest 'ip link set eth0 up; ip addr add 10.0.2.20/24 dev eth0; ip addr show eth0'
# shellcheck disable=SC2016 # for the guest's shell
in_guest 'for i in $(seq 60); do ping -c 1 -W 1 10.0.2.2 >/dev/null && break; done'
in_guest 'ping -c 3 10.0.2.2'
in_guest 'ping -c 3 10.0.2.15'

step "Swap it: the guest gets another VF with the same MAC; would that be refused, it kept the old one."
mark
run sriovctl swap -t 120 --qmp "$SOCKET" vf0 --to eth0#5
await_guest_log 'igbvf.*Address'
run sriovctl list eth0
[ "$(vfs_in_state leased)" = 1 ]
in_guest "ip link set eth0 up; ip addr add 10.0.2.20/24 dev eth0; ip addr show eth0 | grep $MAC"
# shellcheck disable=SC2016 # for the guest's shell
in_guest 'for i in $(seq 60); do ping -c 1 -W 1 10.0.2.2 >/dev/null && break; done'
in_guest 'ping -c 3 10.0.2.2'

step "Unplug it: out of the guest, its descriptor closed, reset, free."
trace_on
run sriovctl detach -t 120 --qmp "$SOCKET" vf0
all_free 30
show_resets
run sriovctl list eth0
in_guest 'ls /sys/class/net'

step "Plug one in again, then kill QEMU: no process is left to give the VF back."
run sriovctl attach --qmp "$SOCKET" eth0 --id vf1
[ "$(vfs_in_state leased)" = 1 ]
run sriovctl list eth0
trace_on
run kill -KILL "$(cat "$GUESTS/guest/pid")"
all_free 40
show_resets
run sriovctl list eth0

step "The VF came back by itself. Take everything down."
run sriovctl disable eth0
run rmmod sriov_broker
printf '\n%sThat was the whole road.%s\n' "$bold" "$plain"
