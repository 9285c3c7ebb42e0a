#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Other programs that manage network cards and drivers, as they are installed: NetworkManager, systemd-networkd and udev,
# driverctl, libvirt. They leave VFs of the pool alone, and have those of the host; what one of them does to VFs of the
# pool even so is told with its name, and the VFs come back.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/boots.sh"
. "$(dirname "$0")/../lib/blocks.sh"

if [ $BOOT = 1 ]; then
	pfs_of igb | head -n 1 >$BOOTS/pf
	install_broker "pfs=$(<$BOOTS/pf)=3"
	next_boot
fi
pf=$(<$BOOTS/pf)
await_boot
work=$(mktemp -d)

# --- what is told ---------------------------------------------------------------------------------

# Events of the PF and its VFs from here on, through a filter of jq's.
mark() { MARK=$(sriovctl show "$pf" --json | jq '.events[-1].seq // 0'); }
events() { sriovctl show "$pf" --json | jq -c ".events[] | select(.seq > $MARK) | $1"; }
# By which programs VFs were taken away, and which VFs went into quarantine, by whose hand.
replaced() { events 'select(.event == "pf-replaced") | [.had_vfs, .by.comm]' | xargs -d '\n'; }
taken_off() { events 'select(.state == "quarantined") | [.index, .fault, .by.comm]' | xargs -d '\n'; }
is_replaced() { [ -n "$(replaced)" ]; }
doctor_says() { sriovctl doctor "$pf" | grep "rival: .*$1" || true; }
logged() { dmesg | grep -E "$1" || true; }

vf_of() { vfs_of "$pf" | sed -n "$(($1 + 1))p"; }
three_are_free() { [ "$(vfs_of "$pf" | wc -l)" = 3 ] && all_free "$pf"; }
come_back() { # NAME
	ok "$1: three VFs are free" eventually 60 three_are_free
	udevadm settle
}
nothing_happened() { is "$1" "$(events .event) $(states "$pf")" " ${2:-free}"; }

# lend VF: lease it to a holder that uses it by the host's driver.
lend() {
	sriovctl lease "$1" --hold >/dev/null &
	holder=$!
	await 30 leased "$1"
	use_driver "$1" igbvf
	eventually 30 netdev_of "$1" >/dev/null
	udevadm settle
}
# The PF is let go of a moment after its VF is free.
may_be_set() { [ "$(stat -c %a "$SYS/$pf/sriov_numvfs")" = 644 ]; }
give_back() {
	kill "$holder"
	wait "$holder" || true
	await 60 free "$1" && eventually 10 may_be_set
}

# --- udev -----------------------------------------------------------------------------------------

# link_file LINE...: what udev does with the PF's interface, as if that had just come.
link_file() {
	mkdir -p /etc/systemd/network
	printf '%s\n' '[Match]' "Path=pci-$pf" '[Link]' "$@" >/etc/systemd/network/10-pf.link
	udevadm control --reload
	mark
	udevadm trigger -c add --settle "/sys/class/net/$(netdev_of "$pf")"
}
no_link_file() {
	rm /etc/systemd/network/10-pf.link
	udevadm control --reload
}

udev() {
	ok "no VFs" sriovctl disable "$pf"
	ip link set "$(netdev_of "$pf")" down
	link_file Name=lan0 &
	ok "VFs of the host, whose names udev changes, as the PF's" sriovctl enable "$pf" 3 --driver host
	ok "two of them to the pool meanwhile" sriovctl bind "$pf#1,2" vfio-pci
	wait $!
	udevadm settle
	is "in the end: names" "$(netdev_of "$pf") $(sriovctl list --json lan0 | jq -r '.pfs[0].ifname, .pfs[0].vfs[0].ifname' | xargs)" \
		"lan0 lan0 $(netdev_of "$(vf_of 0)")"
	is "in the end: VFs" "$(states "$pf")" "host free"
	ok "all to the pool" sriovctl bind "$pf" vfio-pci

	link_file 'NamePolicy=keep' SR-IOVVirtualFunctions=3
	nothing_happened "a .link file that wants what there is"
	like ".link: doctor warns" "$(doctor_says 10-pf.link)" "^WARN .*udev sets the number of VFs"
	sriovctl lease "$pf#1" --hold >/dev/null &
	holder=$!
	await 30 leased "$(vf_of 1)"
	link_file 'NamePolicy=keep' SR-IOVVirtualFunctions=4
	is ".link: none is taken while one is leased" "$(replaced) $(states "$pf")" " free leased free"
	ok ".link: the lease ends" give_back "$(vf_of 1)"
	link_file 'NamePolicy=keep' SR-IOVVirtualFunctions=4
	ok ".link: all are taken else" eventually 60 is_replaced
	is ".link: by udev" "$(replaced)" '[3,"(udev-worker)"]'
	like ".link: as the log says" "$(logged "had 3 VFs")" "had 3 VFs on vfio-pci, has 4 now: \(udev-worker\) \(pid [0-9]+\) took them"
	come_back .link
	no_link_file
}

# --- NetworkManager -------------------------------------------------------------------------------

nm_state() { nmcli -t -f DEVICE,STATE device | sed -n "s/^$1://p"; }
nm_says() { [[ $(nm_state "$1") =~ ^($2)$ ]]; }

network_manager() {
	local vf rule=/usr/local/lib/udev/rules.d/62-sriov-broker-net.rules netdev host
	netdev=$(netdev_of "$pf") vf=$(vf_of 1)
	ok "a VF for the host" sriovctl bind "$pf#0" host
	udevadm settle
	host=$(netdev_of "$(vf_of 0)")
	mark
	begin NetworkManager.service
	ok "NetworkManager has the PF" eventually 60 nm_says "$netdev" connected
	ok "NetworkManager has the host's VF" eventually 60 nm_says "$host" 'connect.*'
	ok "the PF's connection goes" nmcli device disconnect "$netdev"
	ok "the PF's connection comes" nmcli device connect "$netdev"
	nothing_happened "nothing has happened to VFs" "host free"
	fails 3 "the host's VF is in use" "its interface $host is up" sriovctl bind "$pf#0" vfio-pci

	lend "$vf"
	ok "the interface of a leased VF is left alone" eventually 30 nm_says "$(netdev_of "$vf")" unmanaged
	ok "a leased VF comes back" give_back "$vf"
	is "doctor has nothing to say" "$(doctor_says 62-sriov)" ""
	mv "$rule" "$work/"
	udevadm control --reload
	like "without its rule doctor warns" "$(doctor_says 62-sriov)" "^WARN .* NetworkManager: it runs"
	lend "$vf"
	ok "without its rule NetworkManager takes the interface" eventually 60 nm_says "$(netdev_of "$vf")" 'connect.*'
	mv "$work/${rule##*/}" "$rule"
	udevadm control --reload
	ok "without its rule the VF comes back all the same" give_back "$vf"
	ok "by force" sriovctl bind "$pf#0" vfio-pci --force
	systemctl stop NetworkManager.service
}

# A connection that makes VFs. Those that it makes are not NetworkManager's: it would have their interfaces up before
# the broker looks, and pfs= takes none that the host uses.
network_manager_makes_vfs() {
	printf '%s\n' '[main]' 'no-auto-default=*' '[keyfile]' 'unmanaged-devices=driver:igbvf' \
		>/etc/NetworkManager/conf.d/no-auto-default.conf
	systemctl start NetworkManager.service
	mark
	ok "sriov.total-vfs" nmcli connection add type ethernet con-name vfs ifname "$(netdev_of "$pf")" autoconnect no \
		ipv4.method disabled ipv6.method disabled sriov.total-vfs 3
	like "total-vfs: doctor warns" "$(doctor_says vfs.nmconnection)" "^WARN .*NetworkManager sets the number of VFs"
	ok "total-vfs: as many as there are" nmcli connection up vfs
	nothing_happened "total-vfs: that changes nothing"
	nmcli connection modify vfs sriov.total-vfs 4
	sriovctl lease "$pf#1" --hold >/dev/null &
	holder=$!
	await 30 leased "$(vf_of 1)"
	fails 4 "total-vfs: refused while one is leased" "Failed to configure SR-IOV parameters" nmcli connection up vfs
	is "total-vfs: none is taken while one is leased" "$(replaced) $(states "$pf")" " free leased free"
	ok "total-vfs: the lease ends" give_back "$(vf_of 1)"
	mark
	ok "total-vfs: else it comes up" nmcli connection up vfs
	ok "total-vfs: all are taken" eventually 60 is_replaced
	is "total-vfs: by NetworkManager" "$(replaced)" '[3,"NetworkManager"]'
	like "total-vfs: as the log says" "$(logged "NetworkManager")" "had 3 VFs on vfio-pci, has [0-4] now: NetworkManager \(pid [0-9]+\)"
	come_back total-vfs
	mark
	ok "total-vfs: the connection goes" nmcli connection delete vfs
	ok "total-vfs: and takes all with it" eventually 60 is_replaced
	come_back "total-vfs, gone"
	systemctl stop NetworkManager.service
}

# What the manual says to keep it from VFs of the host.
network_manager_by_page() {
	cut_blocks beside ..
	rm /etc/NetworkManager/conf.d/no-auto-default.conf
	systemctl start NetworkManager.service
	ok "no-auto-default: the manual's lines" run_block boot "printf "
	is "no-auto-default: each such block was run" "$(blocks_left)" ""
	like "no-auto-default: NetworkManager takes the file" "$(NetworkManager --print-config)" '^no-auto-default=\*$'
	systemctl stop NetworkManager.service
}

# --- systemd-networkd -----------------------------------------------------------------------------

networkctl_says() { networkctl --no-legend | grep -qE " $(netdev_of "$1") .* $2"; }

networkd() {
	local vf
	vf=$(vf_of 1)
	printf '%s\n' '[Match]' Driver=igbvf '[Network]' DHCP=yes >/etc/systemd/network/10-vf.network
	mark
	begin systemd-networkd.service
	nothing_happened "networkd: nothing has happened to VFs"
	lend "$vf"
	ok "networkd: the interface of a leased VF is left alone" eventually 30 networkctl_says "$vf" unmanaged
	ok "networkd: the VF comes back" give_back "$vf"
	ok "networkd: a VF for the host" sriovctl bind "$pf#0" host
	ok "networkd: that has it" eventually 30 networkctl_says "$(vf_of 0)" "config.*"
	rm /etc/systemd/network/10-vf.network
	systemctl stop systemd-networkd.service systemd-networkd.socket
	ok "networkd: back" sriovctl bind "$pf#0" vfio-pci --force
}

# --- driverctl ------------------------------------------------------------------------------------

# driverctl gives vfio-pci the ids of each device that it binds to that.
only_igbvf_fits() {
	echo "$(cut -c 3- "$SYS/$pf/vendor") $(<"$SYS/$pf/sriov_vf_device")" >/sys/bus/pci/drivers/vfio-pci/remove_id
}

driver_control() {
	local vf
	vf=$(vf_of 1)
	ok "driverctl: the driver that the VF has" driverctl set-override "$vf" vfio-pci
	ok "driverctl: it comes back" await 30 free "$vf"
	like "driverctl: doctor warns" "$(doctor_says driverctl)" "driverctl binds the VF $vf to vfio-pci whenever it appears"
	only_igbvf_fits
	mark
	fails 1 "driverctl: the host's driver does not get it" "failed to bind device $vf" driverctl unset-override "$vf"
	ok "driverctl: it is in quarantine" await 30 quarantined "$vf"
	is "driverctl: by driverctl" "$(taken_off)" '[1,"driver","driverctl"]'
	like "driverctl: as the log says" "$(logged quarantined)" "$vf: .*quarantined: driverctl \(pid [0-9]+\) took its driver off"
	ok "driverctl: its driver again" driverctl --nosave set-override "$vf" vfio-pci
	ok "driverctl: it comes back by that" await 30 free "$vf"
	only_igbvf_fits

	mkdir -p /etc/driverctl.d
	echo igbvf >"/etc/driverctl.d/pci-$vf"
	ok "driverctl: no VFs" sriovctl disable "$pf"
	mark
	ok "driverctl: new ones" sriovctl enable "$pf" 3
	ok "driverctl: what udev has it do is seen" await 60 quarantined "$vf"
	is "driverctl: again by driverctl" "$(taken_off)" '[1,"driver","driverctl"]'
	rm "/etc/driverctl.d/pci-$vf"
	udevadm settle
	ok "driverctl: reset" sriovctl reset "$vf"
	come_back driverctl
}

# --- libvirt --------------------------------------------------------------------------------------

libvirt() {
	local vf node
	vf=$(vf_of 1) node=pci_${vf//[:.]/_}
	mark
	begin libvirtd.socket libvirtd.service
	ok "libvirt: it runs" virsh -q version
	nothing_happened "libvirt: nothing has happened to VFs"
	if ! virsh -q nodedev-list --cap pci >"$work/nodes" 2>&1; then
		skip "libvirt's hold of devices" "libvirtd has no driver of them: $(head -n 1 "$work/nodes")"
	else
		like "libvirt: it knows the VF" "$(<"$work/nodes")" "^$node"
		ok "libvirt: detached from the host, which does not have it" virsh -q nodedev-detach "$node"
		ok "libvirt: reset" virsh -q nodedev-reset "$node"
		nothing_happened "libvirt: that changes nothing"
		fails 1 "libvirt: the host's driver does not get it" "Failed to re-attach device $node" \
			virsh -q nodedev-reattach "$node"
		ok "libvirt: it is in quarantine" await 30 quarantined "$vf"
		is "libvirt: by libvirtd" "$(taken_off)" '[1,"driver","libvirtd"]'
		ok "libvirt: reset by sriovctl" sriovctl reset "$vf"
		come_back libvirt
	fi
	systemctl stop libvirtd.socket libvirtd.service
}

# --- with protect=all -----------------------------------------------------------------------------

protect_all() {
	unload_module
	ok "protect=all" modprobe sriov_broker protect=all
	come_back protect=all
	link_file 'NamePolicy=keep' SR-IOVVirtualFunctions=4
	nothing_happened "protect=all: none is taken"
	no_link_file
	unload_module
}

udev
network_manager
network_manager_makes_vfs
network_manager_by_page
networkd
driver_control
libvirt
protect_all
done_testing
