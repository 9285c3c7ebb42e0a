# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The machines that a test can ask for: each function adds the QEMU words of one to `devices`, and
# the kernel's to `append`.  Sourced by boot.
#
# Two CPUs for what looks for races in the kernel.  What mostly starts programs gets one, where it is
# emulated: of two such machines side by side on two cores, each with two CPUs, a program's start took
# 112 ms in each, with one CPU 27 ms, for CPUs that wait for one another wait for the host's scheduler.
#
# PFs have a root port of their own, so that their VFs get an IOMMU group each.

# shellcheck disable=SC2034 # read by boot
MACHINES="default tools two-igb four-nvme bench shared-group no-iommu hotplug systemd amd amd-group"

# iommu [KIND]: the architecture's own, or another (arch.sh)
iommu() { "iommu_${1:-$IOMMU}"; }

# port ID [OPTION...]: a root port; its slot number is its place on the command line.
port() {
	ports=$((ports + 1))
	devices+=(-device "pcie-root-port,id=$1,chassis=$ports,slot=$ports${2:+,$2}")
}

# 7 VFs, on QEMU's user-mode network: 10.0.2.2 answers.
igb() {
	port "port-$1" "${2:-}"
	devices+=(-netdev "user,id=net-$1" -device "igb,id=$1,bus=port-$1,netdev=net-$1,romfile=")
}

# nvme ID VFS [PORT-OPTION]
nvme() {
	port "port-$1" "${3:-}"
	devices+=(-device "nvme-subsys,id=subsys-$1"
		-device "nvme,id=$1,bus=port-$1,serial=$1,subsys=subsys-$1,sriov_max_vfs=$2,sriov_vq_flexible=$((2 * $2)),sriov_vi_flexible=$2,max_ioqpairs=$((2 * $2 + 2)),msix_qsize=$((2 * $2 + 2))")
}

# For KVM guests.  Ticks come periodically: TCG's SVM (10.0's do_vmexit) may lose an interrupt that comes just then,
# and a one-shot timer's would be the last.  Elsewhere a CPU that waits has none, for they take 4 % of a core each.
# Memory for two of them and what runs them, on the debug kernel as well.
guests() { cpus=1 memory=2G; append+=" nohz=off highres=off"; }

machine_default() { iommu; igb igb0; nvme nvme0 127; }
machine_tools() { machine_default; guests; }
machine_two-igb() { iommu; igb igb0; igb igb1; guests; }
# The debug kernel's 1 GB is little for 508 VFs.
machine_four-nvme() { memory=2G; iommu; for i in 0 1 2 3; do nvme "nvme$i" 127; done; }
machine_bench() { machine_four-nvme; igb igb0; }
# A root port without ACS does not keep its functions apart: PF and VFs are one group, or two PFs and
# the VFs of both.
shared_group() { # [IOMMU]
	iommu "$@"; igb igb0; nvme nvme0 7 disable-acs=on
	port port-twin disable-acs=on
	# The first one has to name the second, for with ARI the kernel does not try each number.
	devices+=(-device igb,id=twin0,bus=port-twin,addr=0.0,multifunction=on,x-pcie-ari-nextfn-1=on,romfile=
		-device igb,id=twin1,bus=port-twin,addr=0.1,romfile=)
}
machine_shared-group() { shared_group; }
# The other IOMMU of a PC.
machine_amd() { iommu amd; igb igb0; nvme nvme0 127; }
machine_amd-group() { shared_group amd; }
# The second nvme's VFs want more memory than firmware gives its port, and the kernel may not move it.  One CPU, though
# races are looked for here too: without IOMMU the kernel wants no x2APIC, and two would lose interrupts (arch.sh).
machine_no-iommu() {
	[ "$ARCH" != amd64 ] || cpus=1
	igb igb0; nvme nvme0 7; nvme nvme1 127
	devices[-1]+=,sriov_max_vi_per_vf=1025,sriov_vi_flexible=1152,msix_qsize=1200
	append+=" pci=realloc=off"
}
# The PF's slot is hot-plug; the test pulls and pushes it through QEMU's own monitor, which is
# /dev/virtio-ports/qmp inside.  An igb, for QEMU 10.0 asserts when an nvme with VFs is pulled.  The
# slots are PCIe's own, as a server's are, not ACPI's.
machine_hotplug() {
	iommu; igb igb0; igb igb1; nvme nvme0 7
	[ "$ARCH" != amd64 ] || devices+=(-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off)
	append+=" pcie_ports=native"
	devices+=(-chardev "socket,id=monitor,path=$sockets/qmp,server=on,wait=off"
		-mon chardev=monitor,mode=control
		-chardev "socket,id=qmp,path=$sockets/qmp"
		-device virtserialport,chardev=qmp,name=qmp)
}
# One for tests that reboot (lib/boots.sh).  A kernel that panics must not go on for ever.
machine_systemd() {
	machine_hotplug
	memory=4G # three quarters of it are the disk that a system is laid on
	devices+=(-action reboot=reset)
	append+=" panic=0 systemd.getty_auto=no systemd.show_status=no systemd.condition_needs_update=no"
}
