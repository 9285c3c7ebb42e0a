#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl --libvirt: VFs into and out of a guest of libvirt's, which knows of them afterwards; and the
# hostdev element of a lease, for virsh.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"
. "$(dirname "$0")/../vm/libvirt.sh"
export SRIOVCTL_PATIENCE=60 # what is asked answers, but late where the host is loaded

for program in libvirtd virsh; do
	command -v $program >/dev/null || skip_all "there is no $program"
done
command -v sriovctl-libvirt >/dev/null || bail "sriovctl was built without libvirt, though it is here"
trap 'libvirt_end lv' EXIT
libvirt_begin
load_module || bail "the module does not load"
two_igbs
netdev=$(netdev_of "$pf")
sriovctl enable "$pf" 3 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
ip link set "$netdev" vf 1 mac 02:00:00:00:00:01

libvirt_ready || bail "libvirtd does not start here: $(tail -n 1 "$LIBVIRT_LOG")"
libvirt_guest lv || bail "no guest"
guest_pid=$(cat "$GUESTS/lv/pid")

none_leased() { [ "$("$VFSTATE" leases)" = 0 ]; }
hostdevs() { virsh -q dumpxml lv | sed -n "/<hostdev/,/<.hostdev/s/.*alias name='\(.*\)'.*/\1/p" | xargs; }
has_hostdevs() { [ "$(hostdevs)" = "$*" ]; }
sees() { guest_macs lv | grep -qx "$1"; }

# --- a process that calls itself by the domain's name ---------------------------------------------

# What a helper says that is started for that process; sriovctl itself would look at the true one as well.
helper_for() { socat -t 30 - "EXEC:sriovctl-libvirt lv $1" </dev/null; }
num_taints() { virsh -q dominfo lv | grep -c "custom monitor control" || true; }
like "another process than the domain's" "$(helper_for 1)" '"OtherProcess".*"it is not process 1.s"'
is "the domain does not hear of it" "$(num_taints)" 0
like "its own" "$(helper_for "$guest_pid")" "\"QMP\".*\"pid\": *$guest_pid"
is "does" "$(num_taints)" 1

# --- in and out -----------------------------------------------------------------------------------

like "attach by the domain's name" "$(sriovctl attach --libvirt lv "$pf#1" --id net1 2>&1)" \
	"^${vfs[1]} attached as ua-net1 at pci\.[0-9]+, lease 1$"
ok "the guest has it" eventually 20 sees 02:00:00:00:00:01
is "libvirt knows of it" "$(hostdevs)" ua-net1
is "QEMU holds the lease" "$(sriovctl list --json "${vfs[1]}" | jq -c '.pfs[0].vfs[0].lease | [.label, .pid]')" \
	"[\"lv\",$guest_pid]"
# A monitor is not waited for long, and libvirtd may be slow to pass the question on.
knows() { [ "$(sriovctl guests --json | jq -c '.guests[] | [.libvirt, .pid, .vfs[].id]')" = "$1" ]; }
ok "guests has its name, process and id" eventually 20 knows "[\"lv\",$guest_pid,\"ua-net1\"]"
like "and libvirt's monitor" "$(sriovctl guests --json | jq -r '.guests[0].monitor')" "/monitor.sock$"
fails 3 "an id that is taken" "^sriovctl: ua-net1: there is a device of this id" \
	sriovctl attach --libvirt lv "$pf#2" --id net1
is "nothing was leased for it" "$(state "${vfs[2]}")" free
ok "another one, named by itself, by the domain's UUID" \
	sriovctl attach --libvirt "$(virsh -q domuuid lv)" "${vfs[0]}"
like "swap, which takes the MAC along" "$(sriovctl swap -t 120 --libvirt lv net1 --to "$pf#2" 2>&1 | tail -n 1)" \
	"^${vfs[2]} attached as ua-net1 at pci\.[0-9]+, lease [0-9]+, instead of ${vfs[1]}$"
ok "the guest has that" eventually 20 sees 02:00:00:00:00:01
like "libvirt knows it" "$(virsh -q dumpxml lv)" "slot='0x$(printf %02x $((16#${vfs[2]:8:2})))' function='0x${vfs[2]: -1}'"
is "the other one is free" "$(state "${vfs[1]}")" free
ok "and back" sriovctl swap -t 120 --libvirt lv net1 --to "$pf#1"
is "detach" "$(sriovctl detach -t 120 --libvirt lv net1 2>&1)" "ua-net1 detached: ${vfs[1]} is free"
ok "libvirt knows of that as well" eventually 10 has_hostdevs "ua-sriov-$(tr :. - <<<"${vfs[0]}")"
is "QEMU keeps no descriptor of it" "$(find "/proc/$guest_pid/fd" -lname '*sriov_broker*' \
	-printf "/proc/$guest_pid/fdinfo/%f\n" | xargs grep -h ^vf: | sort -u | cut -f 2)" "${vfs[0]}"
ok "detach by the whole id" sriovctl detach -t 120 --libvirt lv "ua-sriov-$(tr :. - <<<"${vfs[0]}")"
fails 2 "libvirt's own words when it refuses" "^sriovctl: ${vfs[1]}: QEMU refused it: .*PCI" \
	sriovctl attach --libvirt lv "$pf#1" --id net1 --bus pci.77
ok "then the VF is free" await 10 free "${vfs[1]}"

# --- what is not there ----------------------------------------------------------------------------

fails 1 "both ways" "not both" sriovctl attach --libvirt lv --qmp /run/x "$pf"
fails 4 "no such domain" "^sriovctl: nosuch: libvirt has no domain of this name" sriovctl attach --libvirt nosuch "$pf"
mkdir -p "$GUESTS/alone"
cp "$(command -v sriovctl)" "$GUESTS/alone"
fails 4 "no helper" "^sriovctl: .*there is no $GUESTS/alone/sriovctl-libvirt; install the package sriovctl-libvirt" \
	"$GUESTS/alone/sriovctl" attach --libvirt lv "$pf"
: >"$GUESTS/alone/sriovctl-libvirt"
fails 6 "a helper that is no program" "$GUESTS/alone/sriovctl-libvirt: is there, but may not be executed$" \
	"$GUESTS/alone/sriovctl" attach --libvirt lv "$pf"
# What leads to another host, though here it ends on this one.
printf '#!/bin/sh\nexec socat - UNIX-CONNECT:/run/libvirt/libvirt-sock\n' >"$GUESTS/tunnel"
chmod +x "$GUESTS/tunnel"
fails 2 "a libvirt of another host" "^sriovctl: lv: qemu.ext://other/system.* names a host, and only guests of this one can have its VFs; " \
	env LIBVIRT_DEFAULT_URI="qemu+ext://other/system?command=$GUESTS/tunnel" sriovctl attach --libvirt lv "$pf"
kill -STOP $LIBVIRTD
fails 5 "a libvirtd that hangs is not waited for" "^sriovctl: lv: no answer of libvirt in 2 s" \
	env SRIOVCTL_PATIENCE=2 timeout 60 sriovctl attach --libvirt lv "$pf"
kill -CONT $LIBVIRTD
ok "nothing was leased for these" all_free "$pf"

# --- a lease for virsh ----------------------------------------------------------------------------

sriovctl lease "${vfs[2]}" --output libvirt -- sleep infinity >"$GUESTS/hostdev.xml" &
holder=$!
eventually 10 grep -q '</hostdev>' "$GUESTS/hostdev.xml" || bail "no lease"
ok "virsh attaches what a lease prints" virsh -q attach-device lv "$GUESTS/hostdev.xml"
is "guests finds it by its group" "$(sriovctl guests --json | jq -c '.guests[] | [.name, .vfs[].index]')" '["lv",2]'
# It asks the guest once, which may be at its probe.
asked_goes() {
	virsh -q detach-device lv "$GUESTS/hostdev.xml" || true
	eventually 3 has_hostdevs
}
ok "and detaches it" eventually 60 asked_goes
kill $holder
wait $holder 2>/dev/null || true

# --- virsh takes out what attach has put in ---------------------------------------------------------

by_virsh() { # it asks the guest once
	virsh -q detach-device-alias lv ua-net1 --live || true
	eventually 3 has_hostdevs
}
ok "in by attach" sriovctl attach -t 120 --libvirt lv "$pf#1" --id net1 --wait-guest
ok "out by virsh" eventually 60 by_virsh
is "detach ends the lease" "$(sriovctl detach --libvirt lv net1 2>&1)" "ua-net1 detached: ${vfs[1]} is free"
ok "in once more" sriovctl attach -t 120 --libvirt lv "$pf#1" --id net1 --wait-guest
ok "out by virsh" eventually 60 by_virsh
ends_it() { [ "$(sriovctl guests --json 2>/dev/null | jq -c .)" = '{"version":1,"guests":[]}' ]; }
ok "or guests ends it" eventually 20 ends_it
ok "and the VF is free" await 20 free "${vfs[1]}"

# --- the guest ends -------------------------------------------------------------------------------

ok "once more in" sriovctl attach -t 120 --libvirt lv "$pf#1" --id net1 --wait-guest
ok "VFs of another PF" sriovctl enable "$other" 2
out=$(sriovctl drain -t 120 "$pf" 2>&1) && status=0 || status=$?
is "drain moves it there, through libvirt" "$status" 0
like "and says so" "$out" "^${other%:*}:.* attached as ua-net1 of lv at pci\.[0-9]+, lease [0-9]+, instead of ${vfs[1]}$"
ok "the PF has no user any more" all_free "$pf"
is "libvirt knows of that" "$(hostdevs)" ua-net1
guest_forget lv
virsh -q destroy lv
ok "its VF comes back" eventually 15 none_leased
fails 4 "a domain that is gone" "^sriovctl: lv: libvirt has no domain of this name" sriovctl detach --libvirt lv net1
libvirt_end lv
fails 2 "no libvirtd" "^sriovctl: lv: Failed to connect socket" sriovctl attach --libvirt lv "$pf"
is "nothing was leased for these" "$(state "${vfs[0]}")" free
unload_module
done_testing
