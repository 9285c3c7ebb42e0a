#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's packages on a system that runs, and nothing but them: its disk is the tree as vm/packages, which runs this, has
# installed them.  VFs are there at boot, a member of the group leases one, all packages are upgraded under that lease,
# removed, purged, and installed once more; in the end the kernel takes signed modules only.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
FROM=/mnt/out/machine
[ -e $FROM/installed.tar ] || skip_all "no packages are installed here: make check-packages"
. "$(dirname "$0")/../lib/boots.sh"
. "$(dirname "$0")/../lib/blocks.sh"

PACKAGES=(sriov-broker-dkms sriovctl sriovctl-libvirt libsriovbroker-dev libsriovbroker1 sriov-broker-doc)
pf=$(pfs_of igb | head -n 1)
release=$(uname -r)
unit=sriov-broker.service

vf_states() { sriovctl list --json "$pf" | jq -r '[.pfs[0].vfs[].state] | join(" ")'; }
vfs_are() { [ "$(vf_states)" = "$1" ]; }
loaded() { cat /sys/module/sriov_broker/version; }
unit_is() { systemctl show -P LoadState -P ActiveState $unit | xargs; }
as_user=(setpriv --reuid 1000 --regid 1000)
group() { getent group sriov | cut -d : -f "${1:-3}"; }

if [ "$BOOT" = 1 ]; then
	tar -x -C "$DISK" -f $FROM/installed.tar
	rm "$DISK/etc/modprobe.d/sriov_broker_vfio.conf" # for a module that was not installed
	mkdir "$DISK"/etc/{sriov-broker,dkms}
	echo '{ "pfs": [ { "address": "'"$pf"'", "vfs": 3 } ] }' >"$DISK/etc/sriov-broker/host.conf"
	# Emulated, the compiler takes minutes: what it made of these sources for this kernel is there.
	# shellcheck disable=SC2016 # for dkms
	echo "MAKE[0]=\"cp -r $FROM/compiled/\$module_version/. .\"" >"$DISK/etc/dkms/sriov_broker.conf"
	ok "the unit is enabled" systemctl --root="$DISK" -q enable $unit
	systemctl --root="$DISK" -q mask timers.target # of apt and dpkg
	mkdir -p "$DISK/etc/apt/apt.conf.d"
	echo 'APT::Get::Assume-Yes "true";' >"$DISK/etc/apt/apt.conf.d/99yes"
	next_boot
fi
await_boot
mapfile -t versions < <(ls -v $FROM/compiled)

# --- booted ------------------------------------------------------------------------------------------------

is "booted: the unit" "$(unit_is)" "loaded active"
is "booted: VFs are there" "$(vf_states)" "free free free"
is "booted: the module" "$(loaded)" "${versions[0]}"
is "booted: the group may use the device" "$(stat -c '%a %G' /dev/sriov_broker)" "660 sriov"
fails 125 "a user that is no member gets none" "join the group sriov" "${as_user[@]}" --clear-groups sriovctl lease "$pf" -- true
"${as_user[@]}" --groups "$(group)" sriovctl lease "$pf" -- sleep infinity &
holder=$!
ok "a member leases one" eventually 20 vfs_are "leased free free"

# --- upgraded ------------------------------------------------------------------------------------------------

# depmod reads all modules of the kernel, and most are compressed: it has those that are used here.
few_modules() {
	local dir=/run/few_modules
	mkdir $dir
	# shellcheck disable=SC2046 # words
	modprobe -a --show-depends $(cut -d ' ' -f 1 /proc/modules) vfio-pci | sed -n 's/^insmod \([^ ]*\).*/\1/p' | grep /kernel/ |
		sort -u | xargs cp --parents -t $dir
	busybox mount -o bind "$dir/lib/modules/$release/kernel" "/lib/modules/$release/kernel"
}

said=
dpkg_says() {
	local status=0
	said=$(dpkg "$@" 2>&1 </dev/null) || status=$?
	is "dpkg $1" $status 0
	[ $status = 0 ] || diag "$said"
}

few_modules || bail "the kernel's modules can't be made fewer"
dpkg_says -i $FROM/next/*.deb
like "upgraded: the package says what becomes of leases" "$said" \
	"^sriov_broker: the module that is loaded stays, and so do its leases"
is "upgraded: the lease goes on" "$(vf_states)" "leased free free"
is "upgraded: so does its holder" "$(ps -o comm= $holder)" sriovctl
is "upgraded: the module that is loaded" "$(loaded)" "${versions[0]}"
is "upgraded: the next one" "$(modinfo -F version sriov_broker)" "${versions[1]}"
is "upgraded: the tool" "$(sriovctl --version | cut -d , -f 1)" "sriovctl ${versions[1]}"
is "upgraded: the unit" "$(unit_is) $(systemctl is-enabled $unit)" "loaded active enabled"
kill $holder
ok "the lease ends, and its VF is as free as any" eventually 20 vfs_are "free free free"
line=$(sed -n 's/^ *\(modprobe -r .* && .*\)/\1/p' <<<"$said")
ok "what the package says loads the next one" eval "$line"
is "that is the module now" "$(loaded)" "${versions[1]}"
ok "reload" systemctl reload $unit
is "VFs are there again" "$(vf_states)" "free free free"

# --- removed, purged ----------------------------------------------------------------------------------------

dpkg_says -r sriov-broker-dkms sriovctl sriovctl-libvirt
like "removed: the package says what becomes of the module" "$said" \
	"^sriov_broker: the module that is loaded stays until the next boot"
is "removed: the module is loaded" "$(loaded)" "${versions[1]}"
is "removed: its VFs are there" "$(cat "$SYS/$pf/sriov_numvfs")" 3
fails 1 "removed: its file is not" "not found" modinfo sriov_broker
is "removed: the unit" "$(unit_is)" "not-found inactive"
ok "it can be unloaded" rmmod sriov_broker

left() { find / -xdev \( -name '*sriov[_-]broker*' -o -name '*sriovctl*' -o -name '*sriovbroker*' \); }
dpkg_says -P "${PACKAGES[@]}"
is "purged: what an admin has made is left" "$(left | sort | xargs)" "/etc/dkms/sriov_broker.conf /etc/sriov-broker"
is "purged: and the group" "$(group 1)" sriov
is "purged: dkms knows nothing of it" "$(dkms status)" ""
is "purged: nor does dpkg" "$(dpkg-query -W "${PACKAGES[@]}" 2>/dev/null)" ""

# --- the manual's lines: without packages, and installed on a system that runs and never had it ---------------

# In DIRECTORY what a page says there.
by_page() { # NAME DIRECTORY PAGE WORDS
	local out status=0
	out=$(cd "$2" && run_block "$3" "$4" 2>&1) || status=$?
	tap_line $status "$1: $3: $4"
	[ $status = 0 ] || diag "$out"
}

cut_blocks packages .. || bail "the manual's blocks can't be read"
by_page "by dkms" /mnt packages "sudo make dkms_install"
is "by dkms: the module" "$(modinfo -F version sriov_broker)" "${versions[0]}"
ok "by dkms: removed" dkms remove "sriov_broker/${versions[0]}" --all
rm -r /usr/src/sriov_broker-*

sed -i '/^sriov:/d' /etc/group /etc/gshadow
by_page installed $FROM/../deb first-vf "sudo apt install"
debs=()
for f in "${PACKAGES[@]:2}"; do debs+=("/mnt/out/deb/${f}_"*.deb); done
dpkg_says -i "${debs[@]}"
ok "installed: the package's own test of the module" sh /mnt/debian/tests/module
by_page installed / packages "sudo modprobe"
is "installed: it is loaded" "$(loaded)" "${versions[0]}"
by_page installed / sriov_broker "systemd-sysusers"
by_page installed / boot "sudo systemctl enable"
is "installed: the unit is enabled" "$(systemctl is-enabled $unit) $(systemctl is-active $unit)" "enabled inactive"
by_page installed / README "sudo systemctl enable --now"
is "installed: VFs are there" "$(vf_states)" "free free free"
by_page installed / boot "sudo systemctl reload"
is "installed: they still are" "$(vf_states)" "free free free"
useradd alice
by_page installed / packages "sudo adduser"
like "installed: the user is a member" "$(getent group sriov)" ":alice$"
is "each of the manual's blocks that is run here was" "$(blocks_left)" ""
is "installed: the module" "$(loaded)" "${versions[0]}"
is "installed: the group may use the device" "$(stat -c '%a %G' /dev/sriov_broker)" "660 sriov"
ok "installed: a member leases one" "${as_user[@]}" --groups "$(group)" sriovctl lease "$pf" -- true

# --- where the kernel takes signed modules only, as with Secure Boot -------------------------------------------

systemctl -q stop $unit
ok "signed: unloaded" modprobe -r sriov_broker
echo 1 >/sys/module/module/parameters/sig_enforce # until the next boot
like "signed: dkms has done so" "$(modinfo -F signer sriov_broker)" .
fails 1 "signed: with a key that is not enrolled" "Key was rejected by service" modprobe sriov_broker
like "signed: the log" "$(dmesg | tail -n 20)" "Loading of module with unavailable key is rejected"
like "signed: doctor says what to do" "$(sriovctl doctor)" "takes signed modules only: mokutil --import /var/lib/dkms/mok.pub"
file=$(modinfo -n sriov_broker)
if [[ $file == *.xz ]]; then xz -dc "$file"; else cat "$file"; fi >/tmp/signed.ko
objcopy --strip-debug /tmp/signed.ko /tmp/unsigned.ko # what is behind the sections is not kept
fails 1 "not signed" "Key was rejected by service" insmod /tmp/unsigned.ko
like "not signed: the log" "$(dmesg | tail -n 20)" "Loading of unsigned module is rejected"
done_testing
