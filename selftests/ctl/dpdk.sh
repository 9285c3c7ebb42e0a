#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# DPDK, which knows nothing of the broker, with a lease that a command holds for it: testpmd sends through a leased VF, ends,
# is killed, and finds no VF without a lease.  Witness: what the PF has received.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

command -v dpdk-testpmd >/dev/null || skip_all "no dpdk-testpmd"
work=$(mktemp -d)
load_module || bail "the module does not load"
pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")
ip link set "$netdev" up
sriovctl enable "$pf" 1 || bail "no VFs"
vf=$(vfs_of "$pf")

# What sends to the PF until its standard input ends.
SEND=(dpdk-testpmd -l 0,1 --no-huge -m 64 --no-telemetry -a '{}' -- --total-num-mbufs=2048 --mbcache=32 --no-mlockall
	--forward-mode=txonly "--eth-peer=0,$(cat "/sys/class/net/$netdev/address")" --auto-start)

received() { cat "/sys/class/net/$netdev/statistics/rx_packets"; }
has_received() { [ "$(received)" -gt $((before + 100)) ]; }
owner() { sriovctl list -j "$vf" | jq -c '.pfs[0].vfs[0] | [.state, .lease.label, .lease.pid]'; }

# Sends on a lease of its own; pid, and its output in said.
mkfifo "$work/stdin"
begin() {
	before=$(received)
	sriovctl lease "$vf" --mac 02:00:00:00:00:0d -- "${SEND[@]}" <"$work/stdin" >"$work/said" 2>&1 &
	pid=$!
	exec 5>"$work/stdin"
}

begin
ok "testpmd sends through the VF of its lease" eventually 60 has_received
like "by the driver of igb's VFs, in its group" "$(cat "$work/said")" "Port 0: 02:00:00:00:00:0D"
is "the lease names it" "$(owner)" "[\"leased\",\"dpdk-testpmd\",$pid]"
exec 5>&-
status=0
wait $pid || status=$?
is "it has ended well" $status 0
ok "and the VF is free" await 10 free "$vf"

begin
ok "once more" eventually 60 has_received
fails 3 "none else has the VF meanwhile" "leased as lease" sriovctl lease "$vf" </dev/null
kill -KILL $pid
wait $pid 2>/dev/null || true
exec 5>&-
ok "killed, it has let go: reset, free" await 20 free "$vf"
is "with the MAC that it had before" "$(ip -j link show "$netdev" | jq -r '.[0].vfinfo_list[0].address')" 00:00:00:00:00:00

like "without a lease it may not open the VF" "$(timeout $((60 * SLOWER)) "${SEND[@]/'{}'/$vf}" 2>&1 </dev/null)" \
	"^PCI_BUS: Requested device $vf cannot be used"
ok "the module unloads" unload_module
done_testing
