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
#	QEMU, CONSOLE, IOMMU	its program, its serial port's name to the kernel, its usual IOMMU
set_kernel() {
	ARCH=amd64 BUILD_TREE=$1 ROOT_TREE=$1 QEMU_TREE=6.12 MAKE=()
	QEMU=qemu-system-x86_64 CONSOLE=ttyS0 IOMMU=intel
	case $1 in
	debug) ROOT_TREE=6.12 ;;
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

# What is left out of the CPU is what TCG has wrong.
emulated_amd64() {
	accel=(-accel "tcg,thread=multi" -machine q35,sata=off,smbus=off
		-cpu "EPYC,-x2apic,-fxsr-opt,-misalignsse,-osvw,-topoext,-nrip-save,-xsavec")
}

# With UEFI's ACPI: with a device tree the kernel asks for no ACS, and port, PF and VFs would be one group.  With
# the EL2 that KVM inside wants.  Pointers are signed by something cheap.
emulated_arm64() {
	accel=(-accel "tcg,thread=multi" -machine "virt,gic-version=3,acpi=on,virtualization=on" -cpu "max,pauth-impdef=on"
		-bios "$qemu_tree/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")
}

# iommu_KIND: what sets up an IOMMU, in front of what it is for.
iommu_intel() {
	devices+=(-device intel-iommu,intremap=on)
	append+=" intel_iommu=on iommu=pt"
}

iommu_amd() {
	devices+=(-device amd-iommu,intremap=on)
	append+=" iommu=pt"
}

iommu_smmuv3() {
	devices+=(-machine iommu=smmuv3)
	append+=" iommu.passthrough=1"
}
