#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl apply and save: files that say what PFs shall be like.  Witnesses: sysfs, iproute2.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

work=$(mktemp -d)
fails 4 "without the module" "^sriovctl: /dev/sriov_broker: not there" sriovctl apply - <<<'{}'
load_module || bail "the module does not load"
mapfile -t pfs < <(pfs_of igb)
a=${pfs[0]} b=${pfs[1]}
net=$(netdev_of "$a")
ip link set "$net" up

numvfs() { cat "$SYS/$a/sriov_numvfs" "$SYS/$b/sriov_numvfs" | xargs; }
drivers() { for vf in $(vfs_of "$1"); do driver_of "$vf"; done | uniq | xargs; }
# Of VF $1 of the first PF: MAC, VLAN, spoof check, trust.
witness() { ip -d -j link show "$net" | jq -r ".[0].vfinfo_list[$1] | \"\(.address) \(.vlan_list[0].vlan // 0) \(.spoofchk) \(.trust)\""; }
# conf LINE...: the file
conf=$work/a.conf
conf() { printf '%s\n' "$@" >"$conf"; }
pf_is() { conf '{ "pfs": [ { "address": "'"$a"'", '"$1"' } ] }'; }
apply() { sriovctl apply "$conf" "$@"; }
changed() { sriovctl apply "$conf" --json "$@" | jq -r .changed; }

# --- what is wrong with a file ----------------------------------------------------------------------

wrong() { # NAME PATTERN LINE...
	local name=$1 pattern=$2
	shift 2
	conf "$@"
	fails 1 "$name" "^sriovctl: $conf:$pattern" apply
}
wrong "no JSON" '2: no JSON: ' '{ "pfs": [' '  { "vfs": 1, ] }'
wrong "it ends too early" '2: no JSON: ' '{ "pfs": ['
wrong "something behind it" '2: no JSON: ' '{}' 'x'
wrong "a line break in a text" '2: no JSON: a line break' '{' '"pfs": "a' 'b" }'
wrong "a key in single quotes" '1: no JSON: texts stand between ", not' "{ 'pfs': [] }"
wrong "no object" '1: an object with "pfs"' '[]'
wrong "nothing" ' an object with "pfs" is wanted$' 'null'
wrong "an unknown key" '2: unknown key "pf"; there are: defaults, pfs, pools$' '{' '"pf": [] }'
wrong "an unknown key of a PF" '3: unknown key "vf"; there are: address, interface, mac, ' \
	'// a comment' '{ "pfs": [' '{ "vf": 3 } ] }'
wrong "an unknown key of a VF" '1: unknown key "color"' '{ "pfs": [ { "mac": "x", "vfs": 1, "net": [ { "vf": "0", "color": 1 } ] } ] }'
wrong "a key twice" '3: "vfs" is there twice, first in line 2$' '{ "pfs": [ {' '"vfs": 1,' '"vfs": 2 } ] }'
wrong "a number that is a text" '1: vfs: a number, 0 to 65535, is wanted, not "3"$' '{ "pfs": [ { "mac": "x", "vfs": "3" } ] }'
wrong "too large a number" '1: vfs: a number, .* not 65536$' '{ "pfs": [ { "mac": "x", "vfs": 65536 } ] }'
wrong "half a number" '1: vfs: a number, .* not 1.5$' '{ "pfs": [ { "mac": "x", "vfs": 1.5 } ] }'
wrong "null" '1: driver: a driver.s name, .* not null$' '{ "defaults": { "driver": null } }'
wrong "no number" '1: "vfs" is missing' '{ "pfs": [ { "interface": "x" } ] }'
wrong "no PF" '1: which PF' '{ "pfs": [ { "vfs": 1 } ] }'
wrong "an address that is none" '1: address: an address, such as' '{ "pfs": [ { "address": "01", "vfs": 1 } ] }'
wrong "no VFs" '2: "vf" is missing' '{ "pfs": [ { "mac": "x", "vfs": 1, "net": [' '{ "vlan": 1 } ] } ] }'
wrong "a VF that is not there" '1: vf: there is no VF 3 of 3$' '{ "pfs": [ { "mac": "x", "vfs": 3, "net": [ { "vf": "1-3" } ] } ] }'
wrong "a VF twice" '2: a VF that line 1 is about' '{ "pfs": [ { "mac": "x", "vfs": 3, "net": [ { "vf": "0-1" },' '{ "vf": "1" } ] } ] }'
wrong "half a MAC" '1: mac: a MAC, such as' '{ "pfs": [ { "mac": "x", "vfs": 1, "net": [ { "vf": "0", "mac": "02:00" } ] } ] }'
wrong "one MAC for two" '1: mac: a MAC is for one VF' '{ "pfs": [ { "mac": "x", "vfs": 2, "net": [ { "vf": "0-1", "mac": "02:00:00:00:00:01" } ] } ] }'
wrong "a VLAN that can't be" '1: vlan: a number, 0 to 4094' '{ "pfs": [ { "mac": "x", "vfs": 2, "net": [ { "vf": "0", "vlan": 4095 } ] } ] }'
wrong "restored, but not guarded" '1: restore: only guarded VFs' '{ "pfs": [ { "mac": "x", "vfs": 1, "restore": true } ] }'
wrong "guarded, and another driver" '2: "guarded" is true, and "driver" is "vfio-pci"; leave one of them out$' \
	'{ "pfs": [' '{ "mac": "x", "vfs": 1, "guarded": true, "driver": "vfio-pci" } ] }'
wrong "not guarded, and the driver that is" '1: "guarded" is false, and "driver" is "sriov_broker_vfio"; leave one of them out$' \
	'{ "pfs": [ { "mac": "x", "vfs": 1, "guarded": false, "driver": "sriov_broker_vfio" } ] }'
wrong "the same in the defaults" '2: "guarded" is true, and "driver" is "host"; ' '{' '"defaults": { "driver": "host", "guarded": true } }'
wrong "guarded by a number" '1: guarded: true or false is wanted, not 1$' '{ "pfs": [ { "mac": "x", "vfs": 1, "guarded": 1 } ] }'
wrong "a pool's name" '2: "-a": a pool.s name is' '{ "pools": {' '"-a": { "members": [] } } }'
wrong "a pool that is no object" '1: a: an object with "members"' '{ "pools": { "a": [] } }'
wrong "a pool without members" '1: a: "members" is missing' '{ "pools": { "a": { "users": [] } } }'
wrong "a member that is no PF" '2: which PF' '{ "pools": { "a": { "members": [' '{ "vf": "0" } ] } } }'
wrong "a user that is not there" '1: users: there is no user "nosuch"$' '{ "pools": { "a": { "members": [], "users": [ "nosuch" ] } } }'
wrong "a group that is not there" '1: groups: there is no group "nosuch"$' '{ "pools": { "a": { "members": [], "groups": [ "nosuch" ] } } }'
wrong "a user that is a number" '1: users: an array of names' '{ "pools": { "a": { "members": [], "users": [ 1000 ] } } }'
wrong "an unknown key of a pool" '1: unknown key "max"; there are: members, users, groups, max_leases, max_leases_per_user$' \
	'{ "pools": { "a": { "members": [], "max": 1 } } }'
fails 1 "no such file" "^sriovctl: $work/nosuch: No such file" sriovctl apply "$work/nosuch"
like "all that is wrong is said" "$(printf '{ "pfs": [ { "vfs": -1, "mac": 5, "x": 1 } ] }' | sriovctl apply - 2>&1 || true)" \
	"nothing is applied: 3 things to put right"
conf '{ "pfs": [ { "address": "'"$a"'", "vfs": 2 },' '{ "interface": "'"$net"'", "vfs": 3 } ] }'
fails 1 "a PF twice, by two names" "^sriovctl: $conf:2: $a is named twice, first in $conf:1$" apply
conf '{ "pfs": [ { "device": "8086:10c9", "vfs": 2 } ] }'
fails 1 "two PFs of one name" "^sriovctl: $conf:1: 2 PFs are called so: $a, $b; say which, or \"all\": true$" apply
is "nothing was applied of these" "$(numvfs)" "0 0"
is "the schema has the keys" "$(sriovctl apply --schema | jq -c '.properties.pfs.items.properties | keys')" \
	'["address","all","device","driver","guarded","interface","mac","net","nodriver","open","path","restore","serial","vfs"]'

# --- which PF -------------------------------------------------------------------------------------

mac=$(cat "/sys/class/net/$net/address")
ip link set "$net" address 02:00:00:00:0f:0f
# It has no serial number: one more capability in front of the tool's eyes, and lspci's.
serial() {
	python3 - "$SYS/$a/config" "$work/config" <<-'END'
		import struct, sys
		config = bytearray(open(sys.argv[1], "rb").read())
		where = 0x100
		while struct.unpack_from("<I", config, where)[0] >> 20: where = struct.unpack_from("<I", config, where)[0] >> 20
		struct.pack_into("<I", config, where, struct.unpack_from("<I", config, where)[0] | 0xf00 << 20)
		struct.pack_into("<IQ", config, 0xf00, 0x10003, 0x0123456789abcdef)
		open(sys.argv[2], "wb").write(config)
	END
	mount --bind "$work/config" "$SYS/$a/config"
}
serial
serial=$(lspci -vv -s "$a" | sed -n 's/.*Device Serial Number //p')
port=$(basename "$(dirname "$(readlink -f "$SYS/$a")")")
for name in "address ${a#0000:}" "interface $net" "mac ${mac^^}" "serial $serial" "path $port/00.0"; do
	conf '{ "pfs": [ { "'"${name% *}"'": "'"${name#* }"'", "vfs": 1 } ] }'
	is "found by $name" "$(apply --dry-run --json | jq -r '.pfs[].pf')" "$a"
	is "save calls it so" "$(sriovctl save --by "${name% *}" | jq -r ".pfs[0].${name% *}" | sed s/^0000:01/01/)" \
		"$(tr 'A-F' 'a-f' <<<"${name#* }")"
done
mount --bind "$work/config" "$SYS/$b/config"
is "save calls two PFs of one name by their addresses" "$(sriovctl save --by serial | jq -r '.pfs[0,1].address' | xargs)" "$a $b"
umount "$SYS/$b/config"
umount "$SYS/$a/config"
conf '{ "pfs": [ { "serial": "nvme0", "vfs": 1 } ] }'
is "found by an NVMe controller's serial number" "$(apply --dry-run --json | jq -r '.pfs[].pf')" "$(pfs_of nvme)"
conf '{ "pfs": [ { "device": "8086:10C9", "vfs": 1, "all": true } ] }'
is "all of a kind" "$(apply --dry-run --json | jq -r '.pfs[].pf' | xargs)" "$a $b"
conf '{ "pfs": [ { "address": "00ff:01:00.0", "vfs": 1 } ] }'
fails 4 "a PF that is not there" "^sriovctl: $conf:1: no PF is called so on this host$" apply
ok "at boot it may come later" apply --boot
is "it is told" "$(apply --boot --json | jq -c '[.changed, .missing[].line]')" "[false,1]"
is "nothing was changed by these" "$(numvfs)" "0 0"

# --- applied --------------------------------------------------------------------------------------

pf_is '"vfs": 3, "driver": "vfio-pci", "net": [ { "vf": "1", "mac": "02:00:00:00:00:01", "vlan": 5, "trust": true },
	{ "vf": "0,2", "spoofchk": false } ]'
is "a dry run says it" "$(apply --dry-run)" "$a vfs: 0 -> 3 on vfio-pci
$a#0 spoofchk: ? -> off
$a#1 mac: ? -> 02:00:00:00:00:01
$a#1 vlan: ? -> 5
$a#1 trust: ? -> on
$a#2 spoofchk: ? -> off"
is "and does nothing" "$(numvfs)" "0 0"
is "in JSON: it would change" "$(changed --dry-run)" true
ok "applied" apply
is "so many" "$(numvfs)" "3 0"
is "on that driver" "$(drivers "$a") $(states "$a")" "vfio-pci free"
is "attributes" "$(witness 0), $(witness 1)" "00:00:00:00:00:00 0 false false, 02:00:00:00:00:01 5 true true"
is "once more: nothing to do" "$(apply)" "$a: as it should be"
is "nor changed" "$(changed)" false
ip link set "$net" vf 1 vlan 6
is "one attribute by hand: only that" "$(apply)" "$a#1 vlan: 6 -> 5"
is "is put right" "$(witness 1)" "02:00:00:00:00:01 5 true true"

sriovctl save >"$work/saved.conf"
is "what is saved changes nothing" "$(sriovctl apply "$work/saved.conf" --json | jq -c '[.changed, [.pfs[].pf]]')" \
	"[false,[\"$a\",\"$b\",\"$(pfs_of nvme)\"]]"
sriovctl disable "$a"
ok "it brings all back" sriovctl apply "$work/saved.conf"
is "attributes too" "$(numvfs) $(witness 1)" "3 0 02:00:00:00:00:01 5 true true"
ok "as it was" diff "$work/saved.conf" <(sriovctl save)

pf_is '"vfs": 3, "driver": "pci-stub"'
is "another driver" "$(apply)" "$a#0-2 driver: vfio-pci, free -> pci-stub"
is "is bound" "$(drivers "$a")" pci-stub
conf '{ "defaults": { "driver": "vfio-pci", "open": true }, "pfs": [ { "address": "'"$a"'", "vfs": 2 },' \
	'{ "address": "'"$b"'", "vfs": 1, "driver": "host", "open": false } ] }'
ok "defaults" apply
is "hold for those that say nothing" "$(drivers "$a") $(states "$a"), $(states "$b")" "vfio-pci open, host"
is "and stay so" "$(changed)" false
pf_is '"vfs": 0'
ok "none" apply
is "are left" "$(numvfs)" "0 1"

mkdir -p /etc/sriov-broker
echo '{ "pfs": [ { "address": "'"$b"'", "vfs": 2 } ] }' >/etc/sriov-broker/b.conf
echo '{ "pfs": [ { "address": "'"$a"'", "vfs": 1 } ] }' >/etc/sriov-broker/a.conf
echo '{ "no": "conf" }' >/etc/sriov-broker/README
ok "those of /etc/sriov-broker" sriovctl apply
is "are all applied" "$(numvfs)" "1 2"
echo '{ "pfs": [ { "address": "'"$a"'", "vfs": 2 } ] }' >/etc/sriov-broker/c.conf
fails 1 "a PF in two of them" "^sriovctl: /etc/sriov-broker/c.conf:1: $a is named twice, first in /etc/sriov-broker/a.conf:1$" sriovctl apply
is "one PF of them" "$(rm /etc/sriov-broker/c.conf; sriovctl apply --pf "$b" --json | jq -r '.pfs[].pf')" "$b"
chmod 700 /etc/sriov-broker
fails 1 "a directory that can't be read" "^sriovctl: /etc/sriov-broker: Permission denied$" \
	setpriv --reuid nobody --regid nogroup --clear-groups sriovctl apply --dry-run
rm /etc/sriov-broker/b.conf
fails 4 "one that no file is about" "^sriovctl: $b: no file says anything of it$" sriovctl apply --pf "$b"
rm -r /etc/sriov-broker
is "without any, nothing" "$(sriovctl apply --json | jq -c '[.changed, .pfs]')" "[false,[]]"

# --- refused --------------------------------------------------------------------------------------

ok "the start of it" sriovctl enable "$a" 2
conf '{ "pfs": [ { "address": "'"$a"'", "vfs": 3 }, { "address": "'"$b"'", "vfs": 4 } ] }'
vf=$(vfs_of "$a" | head -n 1)
mkfifo "$work/in"
sriovctl lease "$vf" --label tenant <"$work/in" >/dev/null &
holder=$!
exec 8>"$work/in"
ok "a VF is leased" await 10 leased "$vf"
fails 7 "a dry run tells of the lease" "^  in the way: $vf: leased as lease [0-9]+ \"tenant\" by process $holder$" apply --dry-run
fails 7 "which is in the way" "^sriovctl: $vf: leased as lease" apply
is "the other PF is done" "$(numvfs)" "2 4"
is "JSON says which failed" "$(sriovctl apply "$conf" --json 2>/dev/null | jq -c '[.pfs[] | [.changed, (.error // "" | test("leased"))]]')" \
	"[[false,true],[false,false]]"
pf_is '"vfs": 2, "net": [ { "vf": "0", "vlan": 7 } ]'
fails 3 "nor are its attributes touched" "attributes are those of lease" apply
exec 8>&-
wait $holder || true
ok "it is back" await 10 free "$vf"
ok "now they are" apply
is "set" "$(witness 0)" "00:00:00:00:00:00 7 true false"

pf_is '"vfs": 4, "net": [ { "vf": "0", "vlan": 8 }, { "vf": "3", "state": "enable" } ]'
fails 2 "what the driver can't" "state enable: the PF.s driver, igb, can.t" apply
is "undoes all that was done" "$(numvfs) $(drivers "$a") $(states "$a")" "2 4 vfio-pci free"
is "attributes too" "$(witness 0)" "00:00:00:00:00:00 7 true false"

pf_is '"vfs": 2, "net": [ { "vf": "1", "mac": "02:00:00:00:00:02", "vlan": 3 } ]'
ok "a MAC for the last VF" apply
pf_is '"vfs": 1, "net": [ { "vf": "0", "state": "enable" } ]'
fails 2 "fewer VFs, and what the driver can't" "state enable: the PF.s driver, igb, can.t" apply
is "a VF that was gone is back" "$(numvfs) $(drivers "$a") $(states "$a")" "2 4 vfio-pci free"
is "with what it had" "$(witness 0), $(witness 1)" "00:00:00:00:00:00 7 true false, 02:00:00:00:00:02 3 true false"

two_macs() { pf_is '"vfs": 2, "net": [ { "vf": "0", "mac": "02:00:00:00:00:0'"$1"'" }, { "vf": "1", "mac": "02:00:00:00:00:0'"$2"'"'"${3-}"' } ]'; }
macs() { echo "$(witness 0 | cut -d ' ' -f 1), $(witness 1 | cut -d ' ' -f 1)"; }
two_macs 2 3
ok "a MAC goes to an earlier VF" apply
is "each has its own" "$(macs)" "02:00:00:00:00:02, 02:00:00:00:00:03"
two_macs 3 2
ok "two VFs change MACs" apply
is "each has the other's" "$(macs)" "02:00:00:00:00:03, 02:00:00:00:00:02"
two_macs 2 3 ', "state": "enable"'
fails 2 "the same, and what the driver can't" "state enable: the PF.s driver, igb, can.t" apply
is "undoes it" "$(macs)" "02:00:00:00:00:03, 02:00:00:00:00:02"

pf_is '"vfs": 3, "driver": "nosuch"'
fails 4 "a driver that is not there" 'no driver "nosuch"' apply
is "changes nothing" "$(numvfs) $(drivers "$a")" "2 4 vfio-pci"
pf_is '"vfs": 8'
fails 2 "more than it can have" "8 VFs are wanted, it can have 7" apply
fails 6 "without rights" "not allowed|needs root|Permission denied" \
	setpriv --reuid nobody --regid nogroup --clear-groups sriovctl apply - <"$conf"

# --- VFs that the host uses -------------------------------------------------------------------------

modprobe igbvf
ip link set "$(netdev_of "$b")" up # else its VFs' interfaces have no MAC
ok "VFs for the host" sriovctl enable "$b" 4 --driver host
udevadm settle 2>/dev/null || true # which may rename their interfaces
vf=$(vfs_of "$b" | sed -n 2p)
eventually 20 netdev_of "$vf" >/dev/null 2>&1 || bail "$vf has no interface"
use=$(netdev_of "$vf")
conf '{ "pfs": [ { "address": "'"$b"'", "vfs": 5, "driver": "vfio-pci" } ] }'
in_use() { # NAME WORDS
	fails 3 "a dry run tells of an interface that is $1" "^  in the way: $vf: in use by the host: its interface $use is $2$" apply --dry-run
	fails 3 "which is in the way" "^sriovctl: $vf: in use by the host: its interface $use is $2$" apply
	is "$1: nothing is changed" "$(numvfs) $(drivers "$b") $(netdev_of "$vf")" "2 4 igbvf $use"
}
ip link set "$use" up
in_use up up
ip link add apply0 type bridge
eventually 10 ip link set "$use" address 02:00:00:00:00:05 # the PF's driver is to answer in a tenth of a second
ip link set "$use" master apply0
ip link set "$use" down
in_use "part of a bridge" "part of apply0"
ip link del apply0
ok "one that is neither is taken" apply
is "so they are" "$(numvfs) $(drivers "$b")" "2 5 vfio-pci"
ok "as before" sriovctl enable "$b" 4

# --- pools ----------------------------------------------------------------------------------------

other() { setpriv --reuid nobody --regid nogroup --clear-groups "$@"; }
chmod 666 /dev/sriov_broker
pools_are() { conf '{ "pools": { '"$1"' } }'; }
ok "the start of it" sriovctl enable "$a" 4
pools_are '"first": { "members": [ { "interface": "'"$net"'", "vf": "0-1" } ], "users": [ "root" ], "groups": [ "daemon", "7" ] },
	"rest": { "members": [ { "address": "'"$a"'", "vf": "3" }, { "address": "00ff:01:00.0" } ], "max_leases": 1 }'
is "a dry run says it" "$(apply --dry-run)" "pool first members: none -> $a#0-1
pool first users: none -> root
pool first groups: none -> daemon, lp
pool rest members: none -> $a#3, 00ff:01:00.0
pool rest users: none -> anyone
pool rest max_leases: 0 -> 1"
is "and does nothing" "$(sriovctl pools)" "there are no named pools"
is "made" "$(changed)" true
is "once more: nothing to do" "$(apply)" "pool first: as it should be
pool rest: as it should be"
is "nor changed" "$(changed)" false
is "so they are" "$(sriovctl pools -j | jq -c '.pools[] | [.pool, .members[0].first, .anyone, .uids, .gids, .max_leases]')" \
	'["first",0,false,[0],[1,7],0]
["rest",3,true,[],[],1]'
like "for people, too" "$(sriovctl pools)" "^first +0 +0 +0 +root +daemon, lp +$a#0-1$"
is "VFs are listed with them" "$(sriovctl list -j "$a" | jq -c '[.pfs[0].vfs[].pool]')" '["first","first",null,"rest"]'
is "in a column" "$(sriovctl list "$a" --columns vf,pool --noheadings | xargs)" "- - 0 first 1 first 2 - 3 rest"
like "and shown" "$(sriovctl show "$a#3")" "^ *pool +rest$"
fails 6 "what a user may not lease the kernel refuses" '^sriovctl: you may not lease from the pool "first"; be one of its users, see sriovctl pools$' \
	other sriovctl lease --pool first
fails 6 "by the VF's name as well" '^sriovctl: .*: you may not lease from the pool "first"' other sriovctl lease "$a#1"
is "other VFs it may" "$(other sriovctl lease "$a" -j </dev/null | jq .index)" 2
await 10 free "$a" || true
is "from a pool for anyone as well" "$(other sriovctl lease --pool rest -j </dev/null | jq .index)" 3
await 10 free "$a" || true
is "root from any" "$(sriovctl run --pool first -j --id x -- echo 2>/dev/null | head -n 1 | jq '.index < 2')" true
await 10 free "$a" || true
fails 3 "no more than may be" '^sriovctl: 1 leases of the pool "rest" are out, and there may be no more; end one, or raise the pool.s limit$' \
	sriovctl lease --pool rest -- sriovctl lease --pool rest
await 10 free "$a" || true
sriovctl save >"$work/saved.conf"
is "saved" "$(jq -c '.pools | [keys, .first.members, .first.users, .first.groups, .rest.users, .rest.max_leases]' "$work/saved.conf")" \
	'[["first","rest"],[{"address":"'"$a"'","vf":"0-1"}],["root"],["daemon","lp"],null,1]'
is "what is saved changes nothing" "$(sriovctl apply "$work/saved.conf" --json | jq .changed)" false
pools_are '"rest": { "members": [ { "address": "'"$a"'", "vf": "0,3" } ] }, "first": { "members": [ { "address": "'"$a"'", "vf": "1" } ], "users": [] }'
ok "a VF goes from one to another that comes before it" apply
is "it has" "$(sriovctl list -j "$a" | jq -c '[.pfs[0].vfs[].pool]')" '["rest","first",null,"rest"]'
pools_are '"other": { "members": [ { "address": "'"$a"'", "vf": "2-3" } ] }'
fails 2 "a VF of two" "^sriovctl: $a: its VF 3 is in the pool \"rest\" already; take it out of that first$" apply
is "one that is not spoken of is left" "$(sriovctl pools -j | jq -c '[.pools[].pool]')" '["first","rest"]'
pools_are '"first": { "members": [ { "interface": "nosuch" } ] }'
fails 4 "a PF that is not there" "^sriovctl: $conf:1: no PF is called so on this host$" apply
like "at boot it may come later" "$(apply --boot 2>&1)" "first: the pool waits for the PF of $conf:1"
is "till then it stays as it was" "$(sriovctl pools -j | jq -c '[.pools[0].members[].first]')" '[1]'
pools_are '"first": { "members": [] }, "rest": { "members": [] }'
ok "away with them" apply
is "they are gone" "$(sriovctl pools -j | jq -c .pools)" "[]"
chmod 660 /dev/sriov_broker

pf_is '"vfs": 2, "guarded": true, "restore": true'
is "restored" "$(apply)" "$a vfs: 4 -> 2
$a#0-1 driver: vfio-pci, free -> sriov_broker_vfio, restore"
is "once more: nothing to do" "$(changed)" false
is "saved" "$(sriovctl save | jq -c ".pfs[] | select(.address == \"$a\") | [.guarded, .driver, .restore]")" "[true,null,true]"
pf_is '"vfs": 2, "guarded": true, "restore": true, "net": [ { "vf": "1", "mac": "02:00:00:00:00:0a" } ]'
ok "with a MAC" apply
sriovctl lease "$a#1" -- ip link set "$net" vf 1 mac 02:00:00:00:00:0b
await 10 free "$a" || true
is "a user's MAC goes, the file's comes back" "$(witness 1 | cut -d' ' -f1)" 02:00:00:00:00:0a
pf_is '"vfs": 2, "guarded": true, "driver": "sriov_broker_vfio"'
is "no more of that" "$(apply)" "$a restore: on -> off"
is "is that" "$(changed)" false
conf '{ "defaults": { "guarded": true }, "pfs": [ { "address": "'"$a"'", "vfs": 2 } ] }'
is "defaults may say it" "$(changed)" false
sed -i 's/"vfs"/"guarded": false, &/' "$conf"
is "and a PF that it is not so" "$(apply --dry-run)" "$a#0-1 driver: sriov_broker_vfio, free -> vfio-pci"
sed -i 's/"guarded": false/"driver": "pci-stub"/' "$conf"
is "or another driver" "$(apply --dry-run)" "$a#0-1 driver: sriov_broker_vfio, free -> pci-stub"
ok "as before" sriovctl enable "$a" 2

# --- two at once, killed, late drivers ------------------------------------------------------------

pf_is '"vfs": 1'
flock /run/sriov-broker/apply sleep 600 &
first=$!
locked() { ! flock -n /run/sriov-broker/apply true; }
eventually 10 locked
apply >"$work/out" 2>&1 &
second=$!
waits() { grep -q "waiting for another sriovctl apply" "$work/out"; }
ok "the second one waits" eventually 10 waits
is "and does nothing" "$(numvfs)" "2 4"
pf_is '"vfs": 3, "net": [ { "vf": "0-2", "vlan": 9 } ]'
pkill -P $first sleep || true
kill $first 2>/dev/null || true
status=0
wait $second || status=$?
is "then it goes on" $status 0
is "and does what the file says now" "$(numvfs) $(witness 2)" "3 4 00:00:00:00:00:00 9 true false"

# Killed when it is about to make VFs, when they are there, when some attributes are set and others are not.
afresh() {
	sriovctl disable "$a"
	ip link set "$net" vf 0 vlan 0 2>/dev/null || true
}
afresh
ok "it is watched" strace -o "$work/trace" -e trace=ioctl,sendmsg sriovctl apply "$conf"
enabling=$(grep ioctl "$work/trace" | grep -n '0xbd, 0x3,' | cut -d: -f1)
sends=$(grep -c sendmsg "$work/trace")
for point in ioctl:"$enabling" ioctl:$((enabling + 1)) sendmsg:$((sends / 3)) sendmsg:$((sends * 2 / 3)) sendmsg:$((sends - 1)); do
	afresh
	fails 137 "killed at $point" "" strace -o /dev/null -e trace="${point%:*}" \
		-e inject="${point%:*}:signal=KILL:when=${point#*:}" sriovctl apply "$conf"
	ok "killed at $point and run again" apply
	is "killed at $point: it gets there" "$(numvfs) $(witness 0) $(witness 2)" \
		"3 4 00:00:00:00:00:00 9 true false 00:00:00:00:00:00 9 true false"
done

# Told to stop while VFs are being made.
conf '{ "pfs": [ { "address": "'"$a"'", "vfs": 3, "net": [ { "vf": "0-2", "vlan": 9 } ] }, { "address": "'"$b"'", "vfs": 5 } ] }'
afresh
# In the background of a script SIGINT is ignored.
fails 7 "told to stop" "^sriovctl: $b: interrupted; to go on: the same command again$" strace -o /dev/null -e trace=ioctl \
	-e "inject=ioctl:signal=TERM:when=$enabling" sriovctl apply "$conf"
is "a PF that was begun is done to its end, and no other is begun" "$(numvfs) $(witness 0) $(witness 2)" \
	"3 4 00:00:00:00:00:00 9 true false 00:00:00:00:00:00 9 true false"
ok "the same command again" apply
is "goes on" "$(numvfs)" "3 5"
ok "as before" sriovctl enable "$b" 4

ok "off" sriovctl disable "$a"
echo "$a" >"$SYS/$a/driver/unbind"
pf_is '"vfs": 2'
like "at boot a PF waits for its driver" "$(apply --boot 2>&1)" "^sriovctl: $a: waits for its driver$"
is "it is left alone" "$(driver_of "$a")" none
echo "$a" >/sys/bus/pci/drivers_probe
ok "which has come" apply --boot
is "then it has its VFs" "$(numvfs)" "2 4"

rm -r "$work"
unload_module
done_testing
