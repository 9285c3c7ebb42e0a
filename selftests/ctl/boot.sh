#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is in /etc/sriov-broker is so after a boot, by systemd and udev: twice, the second time with the driver of network
# cards late; and again after what takes VFs away: a driver that is loaded again, a slot without power, sleep.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/boots.sh"

numvfs() { cat "$SYS/$1/sriov_numvfs" 2>/dev/null || echo gone; }
numvfs_is() { [ "$(numvfs "$1")" = "$2" ]; }
# Of VF $2 of a PF: MAC and VLAN.
witness() { ip -j link show "$(netdev_of "$1")" | jq -r ".[0].vfinfo_list[$2] | \"\(.address) \(.vlan_list[0].vlan // 0)\""; }
unit() { systemctl show -P "$1" "sriov-broker${2-}.service"; }
said() { journalctl --sync; journalctl -b -o cat -u "sriov-broker${1-}.service" --no-pager; }
doctor_of_boot() { sriovctl doctor "$a" | grep " boot: " || true; }
# Those that are still to be done are over, so that what comes then is told apart.
idle() { ! systemctl list-jobs --no-legend | grep -q sriov-broker; }

# QEMU takes the card out of a slot without power; its monitor puts one in.
asked=0
monitor() { # COMMAND: its own answer is waited for, and no late one of a command before it
	local line
	asked=$((asked + 1))
	printf '{"id":%d,%s\n' $asked "${1#\{}" >&6
	while IFS= read -rt 10 -u 6 line; do
		case $line in
		*"\"id\": $asked"[,\}]*) ;;
		*) continue ;;
		esac
		case $line in
		*'"return"'*) return ;;
		*'"error"'*) return 1 ;;
		esac
	done
	return 1
}
push_card() {
	monitor '{"execute":"device_add","arguments":{"driver":"igb","id":"igb1","bus":"port-igb1","netdev":"net-igb1","romfile":""}}'
}

# --- the first boot: what is installed, and what a host shall be like -------------------------------

# What udev will call an interface, or one of the names that it will have besides.
future_name() {
	udevadm test-builtin net_id "/sys/class/net/$1" 2>/dev/null |
		sed -nE 's/^ *ID_NET_NAME_(ONBOARD|SLOT|PATH)=//p' | head -n 1
}

config() {
	mkdir -p "$DISK/etc/sriov-broker"
	cat >"$DISK/etc/sriov-broker/cards.conf" <<-END
		{ "pfs": [ { "interface": "$1", "vfs": 3, "net": [ { "vf": "1", "mac": "02:00:00:00:00:01", "vlan": 5 } ] },
		           { "path": "$2", "vfs": 2 } ] }
	END
	echo '{ "pfs": [ { "address": "'"$disk"'", "vfs": 4 } ] }' >"$DISK/etc/sriov-broker/disks.conf"
}

mapfile -t pfs < <(pfs_of igb)
if [ $BOOT = 1 ]; then
	a=${pfs[0]} b=${pfs[1]} disk=$(pfs_of nvme)
	printf '%s\n' "$a" "$b" "$disk" >$BOOTS/pfs
	install_broker "pfs=$disk=4"
	config "$(future_name "$(netdev_of "$a")")" "$(basename "$(dirname "$(readlink -f "$SYS/$b")")")/00.0"
	diag "$(cat "$DISK/etc/sriov-broker/cards.conf")"
	next_boot
fi
mapfile -t pfs <$BOOTS/pfs
a=${pfs[0]} b=${pfs[1]} disk=${pfs[2]}
await_boot

both_are_right() {
	is "$1: VFs" "$(numvfs "$a") $(numvfs "$b")" "3 2"
	is "$1: in the pool" "$(states "$a") $(states "$b")" "free free"
	is "$1: with their attributes" "$(witness "$a" 1)" "02:00:00:00:00:01 5"
}

# --- the second: all is there ----------------------------------------------------------------------

if [ $BOOT = 2 ]; then
	is "systemd takes the units" "$(systemd-analyze verify --man=no /usr/local/lib/systemd/system/sriov-broker*.service \
		2>&1 | grep sriov-broker)" ""
	is "booted: all went well" "$(unit ActiveState) $(unit Result)" "active success"
	both_are_right booted
	is "booted: the disk, too" "$(numvfs "$disk") $(states "$disk")" "4 free"
	is "what a parameter has done is not done again" \
		"$(sriovctl show "$disk" --json | jq '[.events[] | select(.event == "pf-vfs")] | length')" 1
	like "but told" "$(said)" "^$disk: as it should be$"
	before() { [ "$(unit ActiveEnterTimestampMonotonic)" -le "$(systemctl show -P ActiveEnterTimestampMonotonic network-pre.target)" ]; }
	ok "it was before the network is set up" before
	is "doctor knows" "$(doctor_of_boot)" "OK    boot: what /etc/sriov-broker says is done at boot"
	is "the group may use the device" "$(stat -c '%a %G' /dev/sriov_broker)" "660 sriov"
	ok "reload" systemctl reload sriov-broker.service
	is "it changed nothing" "$(unit Result) $(said | grep -c ' -> 3 on')" "success 1"

	ok "idle" eventually 30 idle
	modprobe -r igb
	is "the driver is gone" "$(driver_of "$a")" none
	modprobe igb
	ok "the driver is loaded again" eventually 60 numvfs_is "$b" 2
	ok "both have VFs" eventually 60 numvfs_is "$a" 3
	ok "when it is done" eventually 30 idle
	both_are_right "loaded again"

	for _ in 1 2 3; do modprobe -r igb && modprobe igb; done
	ok "loaded time and again, the last time counts" eventually 60 numvfs_is "$b" 2
	ok "for both" eventually 60 numvfs_is "$a" 3
	ok "when that is done" eventually 30 idle
	both_are_right "time and again"

	exec 6<>/dev/virtio-ports/qmp
	monitor '{"execute":"qmp_capabilities"}' || true # since the boot before
	slot=$(grep -lx "${b%.*}" /sys/bus/pci/slots/*/address)
	echo 0 >"${slot%/*}/power"
	ok "a slot without power" eventually 30 numvfs_is "$b" gone
	ok "its card is out, and another one in" eventually 30 push_card
	ok "that has its VFs" eventually 60 numvfs_is "$b" 2
	ok "when that is over" eventually 30 idle
	both_are_right "a card in the slot"

	sriovctl disable "$a"
	mkdir -p /etc/systemd/sleep.conf.d
	printf '%s\n' '[Sleep]' SuspendState=freeze >/etc/systemd/sleep.conf.d/test.conf
	echo freezer >/sys/power/pm_test
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	ok "sleep" timeout 120 systemctl start suspend.target
	echo none >/sys/power/pm_test
	ok "after it VFs come back" eventually 60 numvfs_is "$a" 3
	ok "when the machine is awake" eventually 30 idle
	both_are_right "awake"

	echo blacklist igb >"$DISK/etc/modprobe.d/late.conf"
	next_boot
fi

# --- the third: the driver comes late, and when nothing is wanted at all -----------------------------

is "without the driver: no failure" "$(unit ActiveState) $(unit Result)" "active success"
is "without the driver: no VFs" "$(driver_of "$a") $(numvfs "$a") $(numvfs "$b")" "none 0 0"
is "without the driver: the disk has them" "$(numvfs "$disk") $(states "$disk")" "4 free"
like "without the driver: it is told" "$(said)" "^sriovctl: $b: waits for its driver$"
nap 10
modprobe igb
ok "late: a card" eventually 60 numvfs_is "$a" 3
ok "late: the other" eventually 60 numvfs_is "$b" 2
ok "late: done" eventually 30 idle
both_are_right late

echo '{ "no": "configuration" }' >/etc/sriov-broker/wrong.conf
modprobe -r igb
modprobe igb
failed() { [ "$(unit Result "@$a")" = exit-code ]; }
ok "with a file that is wrong it fails" eventually 60 failed
like "and says why" "$(said "@$a")" "^sriovctl: /etc/sriov-broker/wrong.conf:1: unknown key \"no\""
rm /etc/sriov-broker/wrong.conf
ok "it is put right" systemctl restart "sriov-broker@$a.service"
is "then it is done" "$(numvfs "$a") $(states "$a")" "3 free"

rm /etc/sriov-broker/disks.conf
ok "a PF that no file says anything of is no failure" systemctl start "sriov-broker@$disk.service"
is "and is left as it is" "$(numvfs "$disk")" 4

systemctl -q disable sriov-broker.service
like "switched off: doctor warns" "$(doctor_of_boot)" "^WARN  boot: what /etc/sriov-broker says is not done at boot$"
ok "idle before it is switched off" eventually 30 idle
modprobe -r igb
modprobe igb
skipped() { said "@$a" | grep -q "Skipped.*'exec-condition'" && said "@$b" | grep -q "Skipped.*'exec-condition'"; }
ok "switched off: looked at" eventually 60 skipped
is "switched off: nothing is done" "$(numvfs "$a") $(numvfs "$b")" "0 0"
done_testing
