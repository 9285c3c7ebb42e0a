#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What needs no device: the unit tests of sriovctl and its library (tools/tests), a point of theirs is
# one of ours; that udev and systemd take their files; and that the netlink spec and the UAPI header say
# the same.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

for source in ../tools/tests/test_*.c; do
	program=${source%.c} count=$TAP_COUNT status=0
	out=$(CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1) || status=$?
	while read -r line; do
		case $line in
		"ok "*) tap_line 0 "$(basename "$program"): ${line##* - }" ;;
		"not ok "*) tap_line 1 "$(basename "$program"): ${line##* - }" ;;
		esac
	done <<<"$out"
	is "$(basename "$program") has said something, and ended well" \
		"$((TAP_COUNT > count)) $status" "1 0"
	[ "$status" = 0 ] || diag "$out"
done

# --- what each start of sriovctl has to wait for -----------------------------------------------------

needed() { readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort | xargs; }
is "sriovctl starts with libc and json-c alone" "$(needed ../tools/sriovctl | sed 's/\.so\.[0-9.]*//g')" "libc libjson-c"
fails 2 "a part that is not there is asked for by name" \
	"^sriovctl: /usr/local/lib/sriovctl/net.so: cannot open .*; this is a part of sriovctl: install both as a whole$" \
	without_parts show lo
like "what needs none of them does not look for it" "$(without_parts --version)" "^sriovctl "

# --- what udev and systemd are given --------------------------------------------------------------

root=$(mktemp -d)
if udevadm verify --help >/dev/null 2>&1; then
	cp ../tools/udev/*.rules "$root"
	for rule in ../tools/udev/*.rules.in; do
		sed 's|@BINDIR@|/usr/bin|' "$rule" >"$root/$(basename "$rule" .in)"
	done
	ok "udev takes the rules" udevadm verify --resolve-names=never "$root"/*.rules
	sed 's/GROUP=/GRUOP=/' ../tools/udev/60-sriov-broker.rules >"$root/wrong.rules"
	fails 1 "and would not take a wrong one" "GRUOP" udevadm verify --resolve-names=never "$root/wrong.rules"
else
	skip "udev takes the rules" "this udevadm has no verify"
fi
if command -v systemd-sysusers >/dev/null; then
	ok "systemd-sysusers takes its file" systemd-sysusers --root="$root" - <../tools/udev/sriov-broker.sysusers
	like "and makes the rule's group" "$(cat "$root/etc/group")" \
		"^$(sed -n 's/.*GROUP="\([^"]*\)".*/\1/p' ../tools/udev/60-sriov-broker.rules):"
else
	skip "systemd-sysusers takes its file" "there is none"
fi
rm -r "$root"

# --- the netlink spec -----------------------------------------------------------------------------

work=$(mktemp -d)
mkdir -p "$work/selftests/netlink" "$work/uapi/linux" "$work/Documentation/netlink"
cp netlink/netlink_spec.py "$work/selftests/netlink"
spec=Documentation/netlink/sriov_broker.yaml header=uapi/linux/sriov_broker.h

is "the netlink spec has the enums of the header, and no other" "$(python3 netlink/netlink_spec.py 2>&1 |
	sed -E 's/ [1-9][0-9]*$//' | xargs)" "SRIOV_BROKER_EVENT SRIOV_BROKER_FAULT SRIOV_BROKER_LEASE_CAUSE \
SRIOV_BROKER_NL_ATTR SRIOV_BROKER_NL_CMD SRIOV_BROKER_SEVERITY SRIOV_BROKER_VF"
ok "their entries and the attributes' types are the same" python3 netlink/netlink_spec.py

# differs NAME WHAT-IS-SAID FILE SED-SCRIPT: a change of one of the two that has to be seen.
differs() {
	cp "../$spec" "$work/$spec"
	cp "../$header" "$work/$header"
	sed -Ei "$4" "$work/$3"
	if cmp -s "../$3" "$work/$3"; then bail "$1: the change changes nothing"; fi
	fails 1 "seen: $1" "$2" python3 "$work/selftests/netlink/netlink_spec.py"
}
differs "an entry that only the header has" "enum SRIOV_BROKER_FAULT_NET2: not in the spec" \
	$header 's/^\tSRIOV_BROKER_FAULT_NET = 6,/&\n\tSRIOV_BROKER_FAULT_NET2 = 99,/'
differs "an entry that only the spec has" "enum SRIOV_BROKER_VF_LENT: not in the header" \
	$spec 's/^( *)name: leased$/\1name: lent/'
differs "another value" "enum SRIOV_BROKER_EVENT_VF_STATE: 77 in the spec, 7 in the header" \
	$spec '/name: vf-state$/,/doc:/s/value: 7/value: 77/'
differs "an attribute that the spec lacks" "enum SRIOV_BROKER_NL_ATTR_NUMA_NODE: not in the spec" \
	$spec 's/^( *)name: numa-node$/\1name: node/'
differs "another type" "type of SRIOV_BROKER_NL_ATTR_IOMMU_GROUP: u32 in the spec, s32 in the header" \
	$spec '/name: iommu-group$/,/doc:/s/s32/u32/'
differs "a whole enum that only the header has" "enum SRIOV_BROKER_MOOD: not in the spec" \
	$header 's/^enum sriov_broker_fault /enum sriov_broker_mood {\n\tSRIOV_BROKER_MOOD_GOOD = 0,\n};\n\n&/'
differs "a spec without enums" "enum SRIOV_BROKER_EVENT: not in the spec" \
	$spec '/^definitions:/,/^attribute-sets:/{/^ /d; s/^definitions:/definitions: []/}'
differs "an empty header" "enum SRIOV_BROKER_VF: not in the header" $header d
rm -r "$work"
done_testing
