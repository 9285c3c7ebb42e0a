#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every network attribute that a VF can have, of which igb has but some (ctl_set): set, seen by iproute2,
# and put back when a lease ends.  The PF driver is the tests' own (kmod/test_net.c).

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

here=$(cd "$(dirname "$0")/.." && pwd)
pf=$(pfs_of igb)
insmod "$here/kmod/test_net.ko" words=1 || bail "no PF driver"
load_module || bail "the module does not load"
use_driver "$pf" test_net
[ "$(driver_of "$pf")" = test_net ] || bail "the PF does not take the driver"
netdev=$(netdev_of "$pf")
sriovctl enable "$netdev" 2 || bail "no VFs"

# MAC, VLAN, QoS, protocol, rates, spoof check, trust, link state, RSS query of VF $1.
witness() {
	ip -d -j link show "$netdev" | jq -r ".[0].vfinfo_list[$1] | [.address,
		(.vlan_list[0].vlan // 0), (.vlan_list[0].qos // 0), (.vlan_list[0].protocol // \"802.1Q\"),
		.rate.min_tx, .rate.max_tx, .spoofchk, .trust, .link_state, .query_rss_en] |
		map(tostring) | join(\" \")" | tr 'AQD' 'aqd'
}
show() { sriovctl show --json "$netdev#0" | jq -r "$1"; }

a=02:00:00:00:00:0a
none="00:00:00:00:00:00 0 0 802.1q 0 0 true false auto false"
is "nothing is set yet" "$(witness 0)" "$none"

# --- each of them ---------------------------------------------------------------------------------

is_set() { # WORDS WITNESS
	# shellcheck disable=SC2086 # words
	ok "$1" sriovctl set "$netdev#0" $1
	is "iproute2 sees it, and nothing else" "$(witness 0)" "$2"
}
is_set "mac $a" "$a 0 0 802.1q 0 0 true false auto false"
is_set "vlan 5 qos 3" "$a 5 3 802.1q 0 0 true false auto false"
is_set "proto 802.1ad" "$a 5 3 802.1ad 0 0 true false auto false"
is_set "max-rate 100" "$a 5 3 802.1ad 0 100 true false auto false"
is_set "min-rate 10" "$a 5 3 802.1ad 10 100 true false auto false"
is_set "spoofchk off" "$a 5 3 802.1ad 10 100 false false auto false"
is_set "trust on" "$a 5 3 802.1ad 10 100 false true auto false"
is_set "state enable" "$a 5 3 802.1ad 10 100 false true enable false"
is_set "state disable" "$a 5 3 802.1ad 10 100 false true disable false"
is_set "rss-query on" "$a 5 3 802.1ad 10 100 false true disable true"
is "show has them all" "$(show '.net | [.mac, .vlan, .qos, .proto, .max_rate, .min_rate, .spoofchk, .trust, .state,
	.rss_query] | map(tostring) | join(" ")')" "$a 5 3 802.1ad 100 10 false true disable true"
fails 2 "a rate below the least" "max-rate 5: the PF's driver, test_net, refused: Invalid argument" \
	sriovctl set "$netdev#0" state auto max-rate 5
is "of what was set before, nothing is left" "$(witness 0)" "$a 5 3 802.1ad 10 100 false true disable true"
echo 1 >/sys/module/test_net/parameters/no_mac
fails 2 "what the driver says of it besides the errno is shown" \
	"mac 02:00:00:00:00:0b: the PF's driver, test_net, refused: Invalid argument: no VF may have a MAC" \
	sriovctl set "$netdev#0" trust off mac 02:00:00:00:00:0b
is "to programs, too" "$(sriovctl -j set "$netdev#0" mac 02:00:00:00:00:0b 2>/dev/null | jq -r ".errors[0].message")" \
	"$(vfs_of "$pf" | head -n 1): mac 02:00:00:00:00:0b: the PF's driver, test_net, refused: Invalid argument: no VF may have a MAC"
echo 0 >/sys/module/test_net/parameters/no_mac
is "nothing is set by that either" "$(witness 0)" "$a 5 3 802.1ad 10 100 false true disable true"
is "the other VF was not touched" "$(witness 1)" "$none"

# --- for a lease ----------------------------------------------------------------------------------

lasting="$a 5 3 802.1ad 10 100 false true disable true"
leased="02:00:00:00:00:0b 12 1 802.1q 20 200 true false enable false"
words=(--mac 02:00:00:00:00:0b --vlan 12
	--net "qos=1,proto=802.1q,min-rate=20,max-rate=200,spoofchk=on,trust=off,state=enable,rss-query=off")
is "all for a lease" "$(sriovctl lease "$netdev#0" "${words[@]}" -- \
	bash -c "$(declare -f witness); netdev=$netdev; witness 0")" "$leased"
ok "it ends" await 10 free "$netdev#0"
is "all of it is put back" "$(witness 0)" "$lasting"
sriovctl lease "$netdev#0" "${words[@]}" -- sleep 600 &
holder=$!
witness_is() { [ "$(witness "$1")" = "$2" ]; }
ok "once more" eventually 10 witness_is 0 "$leased"
kill -9 $holder
ok "a killed holder's VF comes back" await 10 free "$netdev#0"
is "all of it is put back" "$(witness 0)" "$lasting"

ok "no VFs" sriovctl disable "$netdev"
use_driver "$pf"
rmmod test_net
unload_module
done_testing
