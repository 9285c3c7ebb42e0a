#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What of a real guest depends on the host's kernel, KVM and vfio: a VF goes in, is swapped, comes out, and comes back
# when the guest dies.  All else about guests is in attach's, swap's and their own tests.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"
export SRIOVCTL_PATIENCE=60 # what is asked answers, but late where the host is loaded

load_module || bail "the module does not load"
pf=$(pfs_of igb)
ip link set "$(netdev_of "$pf")" up
sriovctl enable "$pf" 2 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
qmp=$GUESTS/a/qmp mac=02:00:00:00:00:a1
guest_start a 1 || bail "the guest does not start"

# It has one interface, with this MAC, and traffic goes through it, as soon as there is a link.
ping_out() {
	guest_run a "n=\$(grep -l $mac /sys/class/net/*/address | cut -d / -f 5) && ip link set \$n up && { ip addr add 10.0.2.20/24 dev \$n; ping -c 1 -W 1 -I \$n 10.0.2.2; }"
}
quiet_ping() { ping_out >/dev/null 2>&1; }
has_traffic() { eventually 30 quiet_ping || ping_out; }
# Of a VF whose lease has ended: free, and without the MAC that it was leased with.
is_back() { # INDEX
	await 10 free "${vfs[$1]}" &&
		ip -j link show "$(netdev_of "$pf")" | jq -e ".[0].vfinfo_list[$1].address == \"00:00:00:00:00:00\"" >/dev/null
}
holder() { sriovctl list -j "${vfs[$1]}" | jq -c '.pfs[0].vfs[0].lease | [.label, .pid]'; }

ok "a VF goes in" sriovctl attach -t 120 --qmp "$qmp" "$pf#0" --id net0 --mac $mac --wait-guest
ok "with traffic" has_traffic
is "QEMU has the lease" "$(holder 0)" "[\"a\",$(cat "$GUESTS/a/pid")]"
fails 3 "while it is in use the PF keeps its VFs" "^sriovctl: ${vfs[0]}: leased as lease" sriovctl disable "$pf"
ok "another one in its place" sriovctl swap -t 120 --qmp "$qmp" net0 --to "$pf#1"
ok "with traffic" has_traffic
ok "the first is back" is_back 0
is "QEMU has the other's lease" "$(holder 1)" "[\"a\",$(cat "$GUESTS/a/pid")]"
ok "it comes out" sriovctl detach -t 120 --qmp "$qmp" net0
ok "and is back" is_back 1
ok "a VF goes in again" sriovctl attach -t 120 --qmp "$qmp" "$pf#0" --id net1 --mac $mac --wait-guest
ok "with traffic" has_traffic
guest_kill a
ok "it is back when the guest is killed" is_back 0
ok "nothing is in use any more" sriovctl disable "$pf"
unload_module
done_testing
