# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # what is set here others read
# What a kernel under test is of: its trees, its architecture, and what QEMU has to be told for that.  Sourced,
# after lib.sh.

# set_kernel NAME: sets
#	ARCH		amd64 or arm64
#	BUILD_TREE	the tree that it is built for in (vm/tree)
#	ROOT_TREE	the tree that the machine has as its root
#	QEMU_TREE	the tree with the QEMU for it, which runs on the host
#	MAKE		words for make, beside KDIR
#	SAME_PROGRAMS	the kernel whose tree is of the same Debian, so that programs built there are the same; or empty
#	QEMU, CONSOLE, IOMMU	its program, its serial port's name to the kernel, its usual IOMMU
set_kernel() {
	ARCH=amd64 BUILD_TREE=$1 ROOT_TREE=$1 QEMU_TREE=6.12 MAKE=() SAME_PROGRAMS=
	QEMU=qemu-system-x86_64 CONSOLE=ttyS0 IOMMU=intel
	case $1 in
	7.3) SAME_PROGRAMS=6.12 ;;
	debug) ROOT_TREE=6.12 SAME_PROGRAMS=6.12 ;;
	arm64)
		# Cross-built: the compiler is the lint tree's, where the arm64 tree with all that is built against is /media.
		ARCH=arm64 BUILD_TREE=lint QEMU_TREE=qemu-arm
		QEMU=qemu-system-aarch64 CONSOLE=ttyAMA0 IOMMU=smmuv3
		MAKE=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- "CC=aarch64-linux-gnu-gcc --sysroot=/media"
			"PKG_CONFIG=env PKG_CONFIG_SYSROOT_DIR=/media PKG_CONFIG_LIBDIR=/media/usr/lib/aarch64-linux-gnu/pkgconfig pkg-config")
		;;
	esac
}

# Prints what is /media in the tree that a kernel is built for in; nothing if that has all itself.
media_of() { # NAME
	case $1 in
	debug) "$VM_DIR/debug-kernel" ;;
	arm64) "$VM_DIR/tree" arm64 ;;
	esac
}

# Prints make's KDIR, as it is there.
kdir_of() { # NAME
	case $1 in
	debug) echo /media/build ;;
	arm64) echo "/media/usr/src/linux-headers-$(tree_release "$("$VM_DIR/tree" arm64)")" ;;
	*) echo "/lib/modules/$(tree_release "$("$VM_DIR/tree" "$1")")/build" ;;
	esac
}

# --- QEMU, by architecture: emulated_ARCH sets accel, its words for a machine under TCG ----------------------

# What is left out of the CPU is what TCG has wrong.  In QEMU 10.0 a CPU's access to a device's memory reaches another
# device, or none, or ends QEMU, while another CPU changes the memory map, as each VF's coming, going and reset does
# (iotlb_to_section(); QEMU 11 has that right): the end of an interrupt was lost so, a timer, virtio's bell, and the
# machine stood still.  So with two CPUs what is used all the time is no memory: x2APIC's registers are MSRs, legacy virtio
# and the PM timer have ports.  What is left is used too seldom for that to be seen: the IOMMU's queue, PFs and VFs.
emulated_amd64() {
	local apic=+x2apic
	accel=(-accel "tcg,thread=multi" -machine q35,sata=off,smbus=off)
	# shellcheck disable=SC2154 # boot's
	if [ "$cpus" = 1 ]; then
		apic=-x2apic
	else
		accel+=(-machine hpet=off -global virtio-9p-pci.disable-modern=on -global virtio-serial-pci.disable-modern=on
			-global virtio-blk-pci.disable-modern=on)
	fi
	accel+=(-cpu "EPYC,$apic,-fxsr-opt,-misalignsse,-osvw,-topoext,-nrip-save,-xsavec")
}

# With UEFI's ACPI: with a device tree the kernel asks for no ACS, and port, PF and VFs would be one group.  With
# the EL2 that KVM inside wants.  Pointers are signed by something cheap.
emulated_arm64() {
	accel=(-accel "tcg,thread=multi" -machine "virt,gic-version=3,acpi=on,virtualization=on" -cpu "max,pauth-impdef=on"
		-bios "$qemu_tree/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")
}

# iommu_KIND: what sets up an IOMMU, in front of what it is for.  x2APIC wants one that remaps its interrupts.
iommu_intel() {
	devices+=(-device intel-iommu,intremap=on,eim=on)
	append+=" intel_iommu=on iommu=pt"
}

iommu_amd() {
	devices+=(-device amd-iommu,intremap=on,xtsup=on)
	append+=" iommu=pt"
}

iommu_smmuv3() {
	devices+=(-machine iommu=smmuv3)
	append+=" iommu.passthrough=1"
}
