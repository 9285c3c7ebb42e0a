# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Guests of libvirt's inside the test machine.  Sourced, after guest.sh.
#
#	libvirt_begin [SETTING...]	a libvirtd, its process in $LIBVIRTD, its words in $LIBVIRT_LOG
#	libvirt_ready			it answers, which takes it ten seconds
#	libvirt_start [SETTING...]	both
#	libvirt_guest NAME [WORD...]	boot a guest with three free ports; WORDs are more ones for QEMU
#	libvirt_end NAME		end both
#
# guest_run, guest_wait_log and guest_alive know such a guest too.  LIBVIRT_DEVICES is more elements for its XML.

LIBVIRT_LOG=$GUESTS/libvirtd.log LIBVIRTD= LIBVIRT_DEVICES=

# That its guests run as: root, or 64055, which is Debian's own choice.
LIBVIRT_UID=0

# There is no init system, and there are no control groups: libvirtd alone.
libvirt_begin() { # [SETTING...]: more lines for qemu.conf
	mkdir -p /run/libvirt "$GUESTS"
	# The user that guests would run as otherwise; bookworm's looks for it, and another package makes it.
	if ! grep -q ^libvirt-qemu: /etc/passwd; then
		echo 'libvirt-qemu:x:64055:' >>/etc/group
		echo 'libvirt-qemu:x:64055:64055::/:/usr/sbin/nologin' >>/etc/passwd
	fi
	cat >/etc/libvirt/qemu.conf <<-END
		security_driver = "none"
		user = "+$LIBVIRT_UID"
		group = "+$LIBVIRT_UID"
		cgroup_controllers = []
		stdio_handler = "file"
		$(printf '%s\n' "$@")
	END
	libvirtd >"$LIBVIRT_LOG" 2>&1 &
	LIBVIRTD=$!
}

libvirt_ready() {
	local end=$((SECONDS + 60 * ${SLOWER:-4}))
	until virsh -q version >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] && kill -0 "$LIBVIRTD" 2>/dev/null || return 1
		nap 0.2
	done
}

libvirt_start() { libvirt_begin "$@" && libvirt_ready; }

libvirt_xml() { # NAME [WORD...]
	local words=
	[ $# = 1 ] || words=$(printf "<qemu:arg value='%s'/>" "${@:2}")
	cat <<-END
		<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
		  <name>$1</name>
		  <memory unit='MiB'>192</memory>
		  <os>
		    <type arch='x86_64' machine='q35'>hvm</type>
		    <kernel>/boot/vmlinuz-$GUEST_RELEASE</kernel>
		    <initrd>$GUESTS/initramfs</initrd>
		    <cmdline>$GUEST_APPEND $GUEST_TICKS</cmdline>
		  </os>
		  <features><acpi/></features>
		  <cpu mode='host-passthrough'/>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <controller type='pci' model='pcie-root'/>
		    <controller type='pci' model='pcie-root-port'/>
		    <controller type='pci' model='pcie-root-port'/>
		    <controller type='pci' model='pcie-root-port'/>
		    <controller type='pci' model='pcie-root-port'/>
		    <controller type='usb' model='none'/>
		    <controller type='virtio-serial'>
		      <address type='pci' domain='0x0000' bus='0x00' slot='0x0f' function='0x0'/>
		    </controller>
		    <memballoon model='none'/>
		    <serial type='file'><source path='$GUESTS/$1/log'/></serial>
		    <channel type='unix'>
		      <source mode='bind' path='$GUESTS/$1/run'/><target type='virtio' name='run'/>
		    </channel>
		    $LIBVIRT_DEVICES
		  </devices>
		  <qemu:commandline>
		    <qemu:arg value='-global'/><qemu:arg value='virtio-serial-pci.disable-modern=on'/>
		    $words
		  </qemu:commandline>
		</domain>
	END
}

# What a guest needs of the machine.
libvirt_prepare() { # NAME
	modprobe kvm_amd || modprobe kvm_intel || return
	chmod 666 /dev/kvm
	guest_initramfs || return
	mkdir -p "$GUESTS/$1"
	chown $LIBVIRT_UID "$GUESTS/$1"
	rm -f "$GUESTS/$1"/*
}

libvirt_guest() { # NAME [WORD...]
	libvirt_prepare "$1" || return
	libvirt_xml "$@" >"$GUESTS/$1.xml"
	# shellcheck disable=SC2034 # for guest_ready
	GUEST_HOW[$1]="libvirt_create $1"
	libvirt_create "$1" && guest_ready "$1"
}

libvirt_create() {
	virsh -q create "$GUESTS/$1.xml" && cp "/run/libvirt/qemu/$1.pid" "$GUESTS/$1/pid"
}

libvirt_end() { # NAME
	[ -n "$LIBVIRTD" ] || return 0
	kill -CONT "$LIBVIRTD" 2>/dev/null || true
	virsh -q destroy "$1" >/dev/null 2>&1 || true
	kill "$LIBVIRTD" 2>/dev/null || true
	wait "$LIBVIRTD" 2>/dev/null || true
	LIBVIRTD=
}
