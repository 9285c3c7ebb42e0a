#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl doctor: on a machine where all is well but for what is broken here, one thing after another.  Each has to be
# found; where the advice is a command, it is run, and has to mend it.  What can't be broken in a running machine, such
# as firmware's tables, is in front of the tool's eyes otherwise: a mount over the file that the kernel tells it by.
# The machine without an IOMMU has the things of its own.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
said='' advice=''

# look [WORD...]: sets said and status.
look() {
	status=0
	said=$(sriovctl doctor "$@" 2>&1) || status=$?
}

# The line after the one that begins so: sets advice.
advice_for() { # BEGINNING
	local line next=
	advice=
	while IFS= read -r line; do
		[ -z "$next" ] || { advice=${line#*to do: }; return; }
		[[ ! $line =~ $1 ]] || next=yes
	done <<<"$said"
}

# fail NAME PATTERN ADVICE [WORD...]: it is found, the status says so, the advice is that.
fail() {
	local name=$1 pattern=$2 wanted=$3
	shift 3
	look "$@"
	like "$name: found" "$said" "^FAIL  $pattern"
	is "$name: the status says it" $status 2
	advice_for "^FAIL  $pattern"
	like "$name: what to do" "$advice" "$wanted"
}

# warn NAME PATTERN ADVICE [WORD...]: the same for what is only a warning.
warn() {
	local name=$1 pattern=$2 wanted=$3
	shift 3
	look "$@"
	like "$name: found" "$said" "^WARN  $pattern"
	advice_for "^WARN  $pattern"
	like "$name: what to do" "$advice" "$wanted"
}

# mended NAME CHECK [WORD...]: that check fails no more.
mended() {
	local name=$1 check=$2
	shift 2
	look "$@"
	if says "$said" "^(FAIL|WARN)  $check"; then like "$name: mended" "$said" "^nothing of $check"; else
		ok "$name: mended" says "$said" "^OK"
	fi
}

# over FILE COMMAND...: with its output in place of that file, until `uncover FILE`.
over() {
	local file=$1
	shift
	"$@" >"$work/over"
	cp "$work/over" "$work/over-$(basename "$file")"
	mount --bind "$work/over-$(basename "$file")" "$file"
}
uncover() { umount "$1"; }

# --- a machine without an IOMMU -------------------------------------------------------------------

without_iommu() {
	local tables=/sys/firmware/acpi/tables nvmes
	mapfile -t nvmes < <(pfs_of nvme)
	load_module
	fail "no IOMMU" "iommu: the firmware tells of none" "give it one, with QEMU: -device intel-iommu,intremap=on"
	over /proc/cpuinfo sed 's/ hypervisor//' /proc/cpuinfo
	fail "not in a virtual machine" "iommu: the firmware tells of none" \
		"switch on (\"IOMMU\" [(]AMD-Vi[)]|\"Intel VT-d\") in the firmware's setup"
	uncover /proc/cpuinfo
	mount -t tmpfs none $tables
	touch $tables/DMAR
	fail "not switched on" "iommu: Intel VT-d is there .*, but the kernel does not use it$" \
		"add intel_iommu=on to GRUB_CMDLINE_LINUX"
	over /proc/cmdline sed 's/$/ intel_iommu=off/' /proc/cmdline
	fail "switched off" "iommu: Intel VT-d is there .*, but intel_iommu=off on the kernel's command line" \
		"take intel_iommu=off out of GRUB_CMDLINE_LINUX .*put there: intel_iommu=on"
	uncover /proc/cmdline
	mv $tables/DMAR $tables/IVRS
	fail "AMD's" "iommu: AMD-Vi is there" "dmesg . grep -iE 'iommu.IVRS'"
	over /proc/cmdline sed 's/$/ iommu=off/' /proc/cmdline
	fail "all switched off" "iommu: AMD-Vi is there .*, but iommu=off on" "take iommu=off out of"
	uncover /proc/cmdline
	umount $tables
	fail "no memory for VFs" "room: ${nvmes[1]}: no memory for the BARs of its VFs" \
		"take pci=realloc=off out of GRUB_CMDLINE_LINUX" "${nvmes[1]}"
	over /proc/cmdline sed 's/ pci=realloc=off//' /proc/cmdline
	fail "nor was the kernel told not to look for some" "room: ${nvmes[1]}: no memory" \
		"add pci=realloc to GRUB_CMDLINE_LINUX" "${nvmes[1]}"
	uncover /proc/cmdline
	like "there is memory for the other's" "$(sriovctl doctor "${nvmes[0]}")" "^OK    room: ${nvmes[0]}: memory for the BARs of 7"
	unload_module
}

# --- the module and vfio, before they are loaded ----------------------------------------------------

pf=$(pfs_of igb | head -n 1)
modules=/lib/modules/$(uname -r)
release=$(uname -r | sed "s/[.+]/[&]/g") # as a pattern

without_module() {
	fail "no module" "module: sriov_broker is not installed for this kernel, $release$" "linux-headers-$release" "$pf"
	like "the rest is looked at all the same" "$said" "^OK    driver: $pf: igb, up to 7 VFs$"
	mkdir -p /usr/src/sriov_broker-0.1.0
	touch /usr/src/sriov_broker-0.1.0/dkms.conf
	fail "not built for this kernel" "module: sriov_broker is not installed" "dkms autoinstall -k $release" "$pf"
	rm -r /usr/src/sriov_broker-0.1.0
	cp "$modules/modules.dep" "$work/"
	echo "updates/dkms/sriov_broker.ko.xz:" >>"$modules/modules.dep"
	warn "not loaded" "module: sriov_broker is not loaded" "^modprobe sriov_broker; at each boot" "$pf"
	is "which is no failure" $status 0
	over /sys/module/module/parameters/sig_enforce echo Y
	warn "nor signed" "module: sriov_broker is not loaded" "mokutil --import" "$pf"
	uncover /sys/module/module/parameters/sig_enforce
	cp "$work/modules.dep" "$modules/modules.dep"

	[ ! -e /sys/module/vfio_pci ] || rmmod vfio_pci
	sed -i /vfio-pci.ko/d "$modules/modules.dep"
	fail "no vfio-pci" "vfio: this kernel, .*, has no vfio-pci$" "CONFIG_VFIO_PCI=m" "$pf"
	cp "$work/modules.dep" "$modules/modules.dep"
	echo "install vfio-pci /bin/false" >/etc/modprobe.d/no-vfio.conf
	fail "vfio-pci is not to be loaded" 'vfio: /etc/modprobe.d/no-vfio.conf:1: modprobe runs "/bin/false"' "sed -i 1d" "$pf"
	eval "${advice#*: }"
	mended "vfio-pci may be loaded" vfio "$pf"
	like "it will be" "$said" "^OK    vfio: vfio-pci is loaded when it is needed$"
}

device() {
	mv /dev/sriov_broker /dev/elsewhere
	fail "no device node" "module: sriov_broker is loaded, but /dev/sriov_broker is not there" "mknod /dev/sriov_broker c" "$pf"
	eval "${advice#*devtmpfs: }"
	mended "the node" module "$pf"
	mv /dev/elsewhere /dev/sriov_broker
	mount --bind /dev/null /dev/sriov_broker
	fail "another release" "module: /dev/sriov_broker does not speak ABI" "install both of one release" "$pf"
	umount /dev/sriov_broker
	mended "the same release" module "$pf"
}

interrupts() {
	over /proc/interrupts sed 's/IR-//' /proc/interrupts
	fail "no interrupt remapping" "iommu: it does not remap interrupts: vfio refuses" "allow_unsafe_interrupts=1" "$pf"
	modprobe vfio_iommu_type1
	echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
	look "$pf"
	like "done without" "$said" "^WARN  iommu: it does not remap interrupts, and vfio_iommu_type1 was told"
	echo N >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
	uncover /proc/interrupts
	mended "interrupts" "iommu: it does not remap" "$pf"
}

# --- a PF -----------------------------------------------------------------------------------------

driver() {
	local program
	modprobe -a pci-stub uio_pci_generic
	for program in vfio-pci:"its VFs would open only" pci-stub:"can't enable VFs" uio_pci_generic:"can't enable VFs"; do
		use_driver "$pf" "${program%%:*}"
		fail "PF on ${program%%:*}" "driver: $pf: ${program%%:*}:? ${program#*:}" "driver/unbind" "$pf"
		eval "($advice)"
		mended "PF on ${program%%:*}" "driver: $pf" "$pf"
	done
	echo nosuch >"$SYS/$pf/driver_override"
	echo "$pf" >"$SYS/$pf/driver/unbind"
	fail "an override that names no driver" "driver: $pf: none, for its driver_override says \"nosuch\"$" "driver_override" "$pf"
	eval "$advice"
	mended "the override" "driver: $pf" "$pf"
	echo "$pf" >"$SYS/$pf/driver/unbind"
	warn "no driver" "driver: $pf: none; sriovctl enable" drivers_probe "$pf"
	eval "$advice"
	mended "no driver" "driver: $pf" "$pf"
	over "$SYS/$pf/sriov_totalvfs" echo 0
	fail "a driver that allows none" "driver: $pf: igb allows it no VFs" "dmesg . grep $pf" "$pf"
	uncover "$SYS/$pf/sriov_totalvfs"
}

room() {
	fail "more than it can have" "room: $pf: 8 VFs are wanted, it can have 7$" "ask for 7 or fewer" "$pf" --vfs 8
	like "as many as it can" "$(sriovctl doctor "$pf" --vfs 7)" "^OK    room: $pf: memory for the BARs of 7 VFs, and bus numbers"
	insmod "$here/kmod/fake_sick.ko" "dev=$pf" stride=64 || bail "no fake"
	fail "no bus numbers" "room: $pf: the bus numbers below 0000:.* end at .*: [1-6] of 7 VFs fit" "pci=assign-busses" "$pf"
	ok "as many as are said to fit" eval "${advice%%;*}"
	is "are there" "$(vfs_of "$pf" | wc -l)" "$(awk '{print $4}' <<<"${advice%%;*}")"
	ok "off again" sriovctl disable "$pf"
	fails 2 "one more" "too few bus numbers" sriovctl enable "$pf" "$(($(awk '{print $4}' <<<"${advice%%;*}") + 1))"
	rmmod fake_sick
	mended "bus numbers" "room: $pf" "$pf"
}

group() {
	local nvme twins
	nvme=$(pfs_of nvme | head -n 1)
	mapfile -t twins < <(pfs_of igb | tail -n 2)
	like "a port that isolates" "$(sriovctl doctor "$pf")" "^OK    group: $pf: the PF and each VF have a group of their own$"
	fail "a port that does not" "group: $nvme: its port, 0000:00:.*, does not isolate what is below it [(]ACS[)]: its VFs are in one IOMMU group with the PF, which" \
		"switch on ACS" "$nvme"
	fail "nor does that of two" "group: ${twins[0]}: its port, .*, does not .* with the PF and ${twins[1]} [(]igb, $(netdev_of "${twins[1]}")[)]," \
		"switch on ACS" "${twins[0]}"
}

overrides() {
	local vf
	ok "a VF for the host" sriovctl enable "$pf" 1 --driver host
	vf=$(vfs_of "$pf")
	echo vfio-pci >"$SYS/$vf/driver_override"
	warn "an override that was left behind" "override: $vf: driver_override says \"vfio-pci\", its driver is " "driverctl unset" "$pf"
	eval "${advice%%;*}"
	mended "the override" override "$pf"
	ok "VFs in the pool" sriovctl enable "$pf" 2 --driver vfio-pci
	mended "which have overrides of the broker's" override "$pf"
}

quarantine() {
	local vf pid look_at
	vf=$(vfs_of "$pf" | head -n 1)
	echo "$vf" >"$SYS/$vf/driver/unbind"
	ok "a VF loses its driver" await 10 quarantined "$vf"
	fail "a VF without its driver" "quarantine: $vf: its driver could not be bound, or was taken off" "^sriovctl reset $vf;" "$pf"
	eval "${advice%%;*}"
	ok "it is free" await 10 free "$vf"
	mended "its driver" quarantine "$pf"

	insmod "$here/kmod/fake_sick.ko" "dev=$vf" master=1 || bail "no fake"
	sriovctl lease "$vf" -- true
	ok "a VF that does DMA after its reset" await 10 quarantined "$vf"
	fail "a VF that is not reset" "quarantine: $vf: it did not look reset" "sriovctl disable $pf && sriovctl enable $pf N" "$pf"
	rmmod fake_sick
	eval "${advice%%;*}"
	ok "it is free" await 10 free "$vf"
	mended "its reset" quarantine "$pf"

	insmod "$here/kmod/fake_sick.ko" "dev=$vf" || bail "no fake"
	sriovctl lease "$vf" -- sh -c 'echo 1 >/sys/module/fake_sick/parameters/silent'
	ok "a VF that does not answer any more" await 10 quarantined "$vf"
	fail "a VF that does not answer" "quarantine: $vf: it does not answer" "^sriovctl reset $vf;" "$pf"
	rmmod fake_sick
	eval "${advice%%;*}"
	ok "it is free" await 10 free "$vf"
	mended "its answer" quarantine "$pf"

	echo >"$SYS/$vf/reset_method" # none
	sriovctl lease "$vf" -- true
	ok "a VF that can't be reset" await 10 quarantined "$vf"
	fail "a VF whose reset fails" "quarantine: $vf: its reset failed" "^sriovctl reset $vf;" "$pf"
	echo default >"$SYS/$vf/reset_method"
	eval "${advice%%;*}"
	ok "it is free" await 10 free "$vf"
	mended "its way to be reset" quarantine "$pf"

	sriovctl lease "$vf" -- insmod "$here/kmod/fake_fence.ko"
	ok "a VF whose group can't be claimed" await 20 quarantined "$vf"
	fail "a VF without a fence" "quarantine: $vf: its IOMMU group could not be claimed" \
		"^take the driver off what shares its group: ls $SYS/$vf/iommu_group/devices; then: sriovctl reset $vf$" "$pf"
	look_at=${advice#*: }
	is "it has its group alone" "$(eval "${look_at%%;*}")" "$vf"
	rmmod fake_fence
	eval "${advice##*; then: }"
	ok "it is free" await 10 free "$vf"
	mended "its fence" quarantine "$pf"

	echo 1 >/sys/module/sriov_broker/parameters/drain_timeout
	mkfifo "$work/hold"
	# shellcheck disable=SC2016 # for the inner shell
	sriovctl lease "$vf" -- bash -c 'exec 7<>"/dev/vfio/$SRIOV_IOMMU_GROUP"; sleep 600 & echo $! >"$0"; disown' "$work/hold" &
	read -r pid <"$work/hold"
	wait $! || true
	ok "a process keeps it open" await 20 quarantined "$vf"
	fail "a VF that is open" "quarantine: $vf: a process did not let go of it in time" "^end process $pid [(]sleep[)]" "$pf"
	kill "$pid"
	ok "it comes back by itself" await 20 free "$vf"
	mended "it is let go of" quarantine "$pf"
	echo 30 >/sys/module/sriov_broker/parameters/drain_timeout
}

# The PF's driver is one that can be told to refuse what it has been asked to put back.
attributes() {
	local vf
	ok "the PF gives its VFs up" sriovctl disable "$pf"
	insmod "$here/kmod/test_net.ko" || bail "no PF driver"
	use_driver "$pf" test_net
	[ "$(driver_of "$pf")" = test_net ] || bail "$pf does not take the driver"
	sriovctl enable "$pf" 1 || bail "no VFs"
	vf=$(vfs_of "$pf")
	sriovctl lease "$vf" --mac 02:00:00:00:00:0a -- sh -c 'echo 1 >/sys/module/test_net/parameters/no_mac'
	ok "a VF whose MAC is not put back" await 20 quarantined "$vf"
	fail "a VF with a MAC that is not its own" "quarantine: $vf: the PF's driver did not put its network attributes back" \
		"^see that the PF is up and what its driver says: ip link show; dmesg . grep $pf; then: sriovctl reset $vf$" "$pf"
	echo 0 >/sys/module/test_net/parameters/no_mac
	eval "${advice##*; then: }"
	ok "it is free" await 10 free "$vf"
	mended "its MAC" quarantine "$pf"
	sriovctl disable "$pf"
	use_driver "$pf"
	rmmod test_net
	mended "the PF's own driver" "driver: $pf" "$pf"
	ok "VFs in the pool once more" sriovctl enable "$pf" 2 --driver vfio-pci
}

# A driver of programs that has no part in the fence: its VF is the host's.
uio() {
	local vf
	vf=$(vfs_of "$pf" | head -n 1)
	ok "a VF for uio_pci_generic" sriovctl bind "$vf" uio_pci_generic
	is "it has it, and is not of the pool" "$(driver_of "$vf") $(state "$vf")" "uio_pci_generic host"
	fails 125 "so it is not leased" "with the host, not in the pool; bind it to vfio-pci first" sriovctl lease "$vf" -- true
	look "$pf"
	is "which is nothing to be mended" $status 0
	echo vfio-pci >"$SYS/$vf/driver_override"
	warn "another driver's override" "override: $vf: driver_override says \"vfio-pci\", its driver is uio_pci_generic" \
		"driverctl unset" "$pf"
	ok "back to the pool" sriovctl bind "$vf" vfio-pci
	is "it is free" "$(state "$vf")" free
	mended "the override" override "$pf"
}

# --- what is no PF --------------------------------------------------------------------------------

no_pf() {
	local vf port
	vf=$(vfs_of "$pf" | head -n 1)
	port=$(basename "$(dirname "$(readlink -f "$SYS/$pf")")")
	fail "a VF" "sriov: $vf: a VF, where a PF is wanted$" "sriovctl doctor" "$vf"
	look "$port"
	fail "a device without SR-IOV" "sriov: $port: the device shows no SR-IOV capability$" "lspci -vv -s $port" "$port"
	over "$SYS/$port/vendor" echo 0x15b3
	fail "one of a maker with a tool" "sriov: $port: the device" "^mlxconfig -d $port set SRIOV_EN=1" "$port"
	uncover "$SYS/$port/vendor"
	fail "none at all" "sriov: 00ff:01:00.0: there is no such device$" lspci 00ff:01:00.0
	mount -t tmpfs none $SYS
	fail "a machine without" "sriov: no PCI device here shows an SR-IOV capability$" "switch on SR-IOV in the firmware's setup"
	umount $SYS
	fails 1 "a range" "a whole device is wanted" sriovctl doctor "$pf#1"
}

# --- others ---------------------------------------------------------------------------------------

# put FILE LINE...
put() {
	mkdir -p "$(dirname "$1")"
	printf '%s\n' "${@:2}" >"$1"
	files+=("$1")
}

rivals() {
	local files=() vf file
	vf=$(vfs_of "$pf" | head -n 1)
	look "$pf"
	like "no rivals" "$said" "^OK    rival: nothing else is told to make or bind VFs$"
	put /etc/NetworkManager/system-connections/a.nmconnection "[sriov]" "total-vfs=4"
	put /etc/systemd/network/10-a.link "[Link]" "SR-IOVVirtualFunctions=4"
	put /etc/udev/rules.d/99-a.rules "# sriov_numvfs" 'ACTION=="add", ATTR{device/sriov_numvfs}="4"'
	put /etc/modprobe.d/a.conf "options igb max_vfs=4"
	put /etc/systemd/system/a.service "[Service]" 'ExecStart=sh -c "echo 4 >/sys/class/net/a/device/sriov_numvfs"'
	put /etc/netplan/a.yaml "network:" "      virtual-function-count: 4"
	put /etc/libvirt/qemu/networks/a.xml "<network>" "<forward mode='hostdev'>" "<pf dev='$(netdev_of "$pf")'/>"
	put "/etc/driverctl.d/pci-$vf" igbvf
	put /etc/driverctl.d/pci-00ff:01:00.0 vfio-pci
	look "$pf"
	for file in "${files[@]:0:7}"; do like "told of: $file" "$said" "^WARN  rival: $file:[23]?1?: "; done
	like "which connection" "$said" "a.nmconnection:2: NetworkManager sets the number of VFs when this connection"
	like "driverctl, of a VF" "$said" "^WARN  rival: /etc/driverctl.d/pci-$vf: driverctl binds the VF $vf to igbvf"
	like "and of what is gone" "$said" "pci-00ff:01:00.0: driverctl keeps vfio-pci for 00ff:01:00.0, which is not there"
	rm "${files[@]}"
	over /proc/cmdline sed 's/$/ vfio-pci.ids=8086:10c9/' /proc/cmdline
	warn "vfio-pci by id" "rival: $pf: vfio-pci.ids on the kernel's command line has its ids, 8086:10c9" "take 8086:10c9 out" "$pf"
	uncover /proc/cmdline
	files=()
	put /etc/modprobe.d/b.conf "# options vfio-pci ids=8086:10c9" "options vfio-pci disable_vga=1 ids=8086:10C9"
	warn "vfio-pci by id, in a file" "rival: $pf: /etc/modprobe.d/b.conf:2 has its ids, 8086:10c9" "take 8086:10c9 out of /etc/modprobe.d/b.conf:2" "$pf"
	rm "${files[@]}"
}

user() {
	fails 4 "a user that is none" "^sriovctl: nosuch: no such user$" sriovctl doctor --user nosuch
	like "root" "$(sriovctl doctor "$pf" --user root)" "^OK    user: root: is root"
	fail "not in the group, which is not there" "user: nobody: may not open /dev/sriov_broker$" "^systemd-sysusers" "$pf" --user nobody
	groupadd sriov
	chgrp sriov /dev/sriov_broker
	chmod 660 /dev/sriov_broker
	fail "not in the group" "user: nobody: may not open /dev/sriov_broker$" "^usermod -aG sriov nobody;" "$pf" --user nobody
	eval "${advice%%;*}"
	mended "the group" "user: nobody: may not open /dev/sriov_broker" "$pf" --user nobody
	like "the user may" "$said" "^OK    user: nobody: may open /dev/sriov_broker"
	chmod 600 /dev/vfio/vfio
	fail "vfio's own node" "user: nobody: may not open /dev/vfio/vfio" "^chmod 666" "$pf" --user nobody
	eval "$advice"
	mended "vfio's own node" "user: nobody: may not open /dev/vfio/vfio" "$pf" --user nobody
	like "groups' nodes" "$said" "^WARN  user: nobody: may not open 2 of 2 groups in /dev/vfio"
	fail "memory" "user: nobody: may lock 8 MiB of memory" "limits.d/90-sriov-broker.conf" "$pf" --user nobody
	mkdir -p /etc/security/limits.d
	eval "${advice%%,*}"
	mended "memory" "user: nobody: may lock" "$pf" --user nobody
	is "then nothing fails" $status 0
	like "of a user, asked by itself" "$(setpriv --reuid nobody --regid nogroup --clear-groups sriovctl doctor "$pf" 2>&1 || true)" \
		"user: nobody: may not open /dev/sriov_broker"
	like "can't see all" "$(setpriv --reuid nobody --regid nogroup --clear-groups sriovctl doctor "$pf" 2>&1 || true)" \
		"^WARN  room: $pf: not looked at: only root"
}

# SOCKET: its QEMU has come as far as to answer.
answers() { says "$(socat -t 5 - "UNIX-CONNECT:$1" </dev/null 2>/dev/null)" QMP; }

guests() {
	local -x SRIOVCTL_PATIENCE=10
	warn "no KVM" "kvm: /dev/kvm is not there" "modprobe -a kvm_intel kvm_amd" "$pf"
	qemu-system-x86_64 -machine q35,sata=off,smbus=off -accel tcg -S -nodefaults -display none -m 64 -name full \
		-qmp "unix:$work/qmp,server=on,wait=off" </dev/null >/dev/null 2>&1 &
	local qemu=$!
	eventually 30 answers "$work/qmp"
	warn "a guest without slots" "guest: full: has no free hot-plug slot" "pcie-root-port" "$pf"
	kill $qemu
	wait $qemu 2>/dev/null || true
	qemu-system-x86_64 -machine q35,sata=off,smbus=off -accel tcg -S -nodefaults -display none -m 64 -name roomy \
		-device "${advice_port:-pcie-root-port,id=hp9,chassis=9,slot=9}" \
		-qmp "unix:$work/qmp2,server=on,wait=off" </dev/null >/dev/null 2>&1 &
	qemu=$!
	eventually 30 answers "$work/qmp2"
	look "$pf"
	like "a guest with one" "$said" "^OK    guest: roomy: has a free slot, hp9"
	kill $qemu
	wait $qemu 2>/dev/null || true
	PATH=$(dirname "$(command -v sriovctl)") /bin/bash -c "sriovctl doctor $pf" >"$work/said" 2>&1 || true
	like "no QEMU" "$(cat "$work/said")" "^WARN  qemu: no QEMU is in PATH"
}

# --------------------------------------------------------------------------------------------------

if [ -z "$(ls /sys/class/iommu 2>/dev/null)" ]; then
	without_iommu
	rm -r "$work"
	done_testing
fi
without_module
load_module || bail "the module does not load"
look "$pf"
is "nothing fails on a good PF" $status 0
like "it is summed up" "$said" "^[0-9]+ OK, [0-9]+ WARN, 0 FAIL$"
is "in JSON too" "$(sriovctl doctor "$pf" --json | jq -c '[.fail, (.findings | map(select(.verdict == "fail")) | length)]')" "[0,0]"
is "with what it is about" "$(sriovctl doctor "$pf" --json | jq -c ".findings[] | select(.check == \"driver\")")" \
	"{\"check\":\"driver\",\"subject\":\"$pf\",\"verdict\":\"ok\",\"text\":\"igb, up to 7 VFs\",\"todo\":null}"
is "by its interface" "$(sriovctl doctor "$(netdev_of "$pf")" --json | jq -r '.findings[] | select(.check == "driver").subject')" "$pf"
device
interrupts
group
driver
room
overrides
quarantine
attributes
uio
no_pf
rivals
user
guests
ok "off" sriovctl disable "$pf"
rm -r "$work"
unload_module
done_testing
