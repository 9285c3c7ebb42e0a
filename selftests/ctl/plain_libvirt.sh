#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# libvirt with managed='no' on guarded VFs, and a hostdev network over a guarded PF.  libvirt knows nothing of the
# broker; each VF has an owner and comes back reset all the same, however its guest ends.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"
. "$(dirname "$0")/../vm/libvirt.sh"
export SRIOVCTL_PATIENCE=60 # what is asked answers, but late where the host is loaded

for program in libvirtd virsh; do
	command -v $program >/dev/null || skip_all "there is no $program"
done
trap 'libvirt_end lv' EXIT
# shellcheck disable=SC2034 # for libvirt_begin
LIBVIRT_UID=64055
libvirt_begin
two_igbs
netdev=$(netdev_of "$pf")
load_module "pfs=$pf=3:guarded,$other=2:guarded" || bail "the module does not load"
for i in "$pf" "$other"; do await 30 free "$i" || bail "$i has no VFs"; done
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
read -ra others <<<"$(vfs_of "$other" | xargs)"
mac=02:00:00:00:00:b1 second=02:00:00:00:00:b2 net_mac=02:00:00:00:00:b3
ip link set "$netdev" vf 0 mac $mac
ip link set "$netdev" vf 1 mac $second
echo 1 >/sys/kernel/tracing/events/sriov_broker/vfb_reset/enable

owner() { sriovctl list -j "$1" | jq -c '.pfs[0].vfs[0].lease | [.label, .pid, .uid, .implicit]'; }
lease_of() { sriovctl list -j "$1" | jq '.pfs[0].vfs[0].lease.id'; }
mac_of() { ip -j link show "$(netdev_of "$1")" | jq -r ".[0].vfinfo_list[$2].address"; }
hostdevs() { virsh -q dumpxml "$1" | grep -c "<hostdev\|<interface" || true; }
has_hostdevs() { [ "$(hostdevs "$1")" = "$2" ]; }
sees() { guest_macs lv | grep -qx "$1"; }
sees_not() { ! sees "$1"; }

hostdev() { # VF
	local at
	IFS=:. read -ra at <<<"$1"
	cat <<-END
		<hostdev mode='subsystem' type='pci' managed='no'>
		  <source>
		    <address domain='0x${at[0]}' bus='0x${at[1]}' slot='0x${at[2]}' function='0x${at[3]}'/>
		  </source>
		</hostdev>
	END
}

# The owner is the QEMU, by its process's name, and its user.
is_owned() { # NAME VF PROCESS
	is "$1" "$(owner "$2")" "[\"$(cat "/proc/$3/comm")\",$3,64055,true]"
}

# Free, and each time the kernel has reset it once.
forget_resets() { echo >/sys/kernel/tracing/trace; }
comes_back() { # NAME VF
	ok "$1: the VF comes back" await 30 free "$2"
	is "$1: reset" "$(grep -c "vfb_reset: .*$2" /sys/kernel/tracing/trace)" 1
	forget_resets
}

# start NAME [DEVICES]: a domain that does not run, but has its devices open: sets pid.
start() {
	libvirt_prepare "$1"
	LIBVIRT_DEVICES=$2 libvirt_xml "$1" >"$GUESTS/$1.xml"
	virsh -q create --paused "$GUESTS/$1.xml" && pid=$(cat "/run/libvirt/qemu/$1.pid")
}

libvirt_ready || bail "libvirtd does not start here: $(tail -n 1 "$LIBVIRT_LOG")"

# It may know vfio's drivers by their names only.
if [ "$(libvirtd --version | grep -oE '[0-9]+' | head -n 1)" -lt 10 ]; then
	fails 1 "an older libvirt takes no driver but vfio-pci" "${vfs[0]} must be manually detached" \
		start lv "$(hostdev "${vfs[0]}")"
	ok "the VF stays free" all_free "${vfs[0]}"
	libvirt_end lv
	unload_module
	done_testing
fi
virsh -q net-list >/dev/null 2>&1 || bail "libvirt has no driver of networks here"

# --- one from the start, one more while it runs ------------------------------------------------------

LIBVIRT_DEVICES=$(hostdev "${vfs[0]}")
libvirt_guest lv || bail "no guest"
LIBVIRT_DEVICES=
guest=$(guest_pid lv)
is_owned "a domain's QEMU has an implicit lease" "${vfs[0]}" "$guest"
ok "the guest sees the MAC that the VF was given" eventually 30 sees $mac
like "metrics name the owner" "$(sriovctl metrics)" \
	"^sriov_broker_lease_info\{vf=\"${vfs[0]}\",.*,kind=\"implicit\",label=\"$(cat "/proc/$guest/comm")\",pid=\"$guest\",uid=\"64055\","
knows() { [ "$(sriovctl guests --json | jq -c '.guests[] | [.libvirt, .pid, .vfs[].index]')" = "$1" ]; }
ok "guests has the domain's name" eventually 20 knows "[\"lv\",$guest,0]"
fails 3 "a disable is refused, and says whose it is" "leased as lease .* by process $guest" sriovctl disable "$pf"

hostdev "${vfs[1]}" >"$GUESTS/hostdev.xml"
ok "virsh attaches another" virsh -q attach-device lv "$GUESTS/hostdev.xml"
is_owned "the same QEMU has that" "${vfs[1]}" "$guest"
ok "the guest sees it" eventually 30 sees $second
forget_resets
like "it is asked for, without libvirt" "$(sriovctl detach -t 120 "${vfs[1]}" 2>&1)" "^${vfs[1]}: .* \(process $guest\) has let go$"
comes_back "asked for" "${vfs[1]}"
ok "libvirt knows that the guest has it no more" eventually 10 has_hostdevs lv 1
ok "the guest has not" sees_not $second

sriovctl lease "${vfs[2]}" -- sleep infinity &
holder=$!
await 10 leased "${vfs[2]}" || bail "no lease"
hostdev "${vfs[2]}" >"$GUESTS/other.xml"
fails 1 "what another has leased is refused" "${vfs[2]}" virsh -q attach-device lv "$GUESTS/other.xml"
is "its holder keeps it" "$(state "${vfs[2]}") $(owner "${vfs[2]}" | jq '.[1]')" "leased $holder"
kill $holder
wait $holder 2>/dev/null || true
await 10 free "${vfs[2]}" || bail "${vfs[2]} does not come back"
ok "the domain goes on" guest_run lv true

# --- a hostdev network ------------------------------------------------------------------------------

cat >"$GUESTS/net.xml" <<-END
	<network>
	  <name>vfs</name>
	  <forward mode='hostdev' managed='no'><pf dev='$(netdev_of "$other")'/></forward>
	</network>
END
interface() { echo "<interface type='network'><mac address='$1'/><source network='vfs'/></interface>"; }
ok "a network of VFs" virsh -q net-create "$GUESTS/net.xml"
interface $net_mac >"$GUESTS/interface.xml"
ok "virsh attaches one of them" virsh -q attach-device lv "$GUESTS/interface.xml"
is_owned "the domain's QEMU has it" "${others[0]}" "$guest"
is "libvirt has set its MAC" "$(mac_of "$other" 0)" $net_mac
ok "which the guest sees" eventually 30 sees $net_mac

# --- libvirtd is started anew ------------------------------------------------------------------------

leases="$(lease_of "${vfs[0]}") $(lease_of "${others[0]}")"
kill $LIBVIRTD
wait $LIBVIRTD 2>/dev/null || true
libvirt_begin
libvirt_ready || bail "libvirtd does not start again: $(tail -n 1 "$LIBVIRT_LOG")"
is "libvirtd is started anew, the leases last" "$(lease_of "${vfs[0]}") $(lease_of "${others[0]}")" "$leases"
ok "and it knows its domain's devices" eventually 10 has_hostdevs lv 2
ok "virsh attaches one more" virsh -q attach-device lv "$GUESTS/hostdev.xml"
ok "the guest sees it" eventually 30 sees $second
# The guest is asked once, and may be busy.
asked_goes() {
	virsh -q detach-device lv "$GUESTS/hostdev.xml" || true
	eventually 3 has_hostdevs lv 2
}
forget_resets
ok "and detaches it" eventually 60 asked_goes
comes_back "detached" "${vfs[1]}"

# --- how a domain ends ------------------------------------------------------------------------------

guest_forget lv
ok "destroyed" virsh -q destroy lv
ok "destroyed: all VFs come back" await 30 free "$pf" "$other"
is "destroyed: reset" "$(grep -c "vfb_reset: .*\(${vfs[0]}\|${others[0]}\)" /sys/kernel/tracing/trace)" 2
like "the MAC of the network's is none again" "$(mac_of "$other" 0)" "^0[02]:00:00:00:00:00$"
is "that of the other one is its manager's, and stays" "$(mac_of "$pf" 0)" $mac
forget_resets

start lv "$(hostdev "${vfs[0]}")" || bail "no domain"
is_owned "another domain has one" "${vfs[0]}" "$pid"
kill -9 "$pid"
comes_back "killed" "${vfs[0]}"
is_gone() { ! virsh -q domstate lv; }
ok "libvirt knows that its domain is gone" eventually 10 is_gone

start lv "$(interface $net_mac)" || bail "no domain"
first=$pid
start lv2 "$(interface $second)" || bail "no second domain"
is_owned "two domains of the network: the first has its VF" "${others[0]}" "$first"
is_owned "the second has the other one" "${others[1]}" "$pid"
fails 1 "there is none for a third" "network.*vfs" start lv3 "$(interface $mac)"
virsh -q destroy lv2
comes_back "destroyed" "${others[1]}"
virsh -q destroy lv
comes_back "destroyed" "${others[0]}"

libvirt_end lv
is "no reset has failed" "$(sriovctl metrics | sed -n 's/^sriov_broker_operation_failures_total{operation="reset"} //p')" 0
ok "nothing is in use any more" sriovctl disable "$pf"
unload_module
done_testing
