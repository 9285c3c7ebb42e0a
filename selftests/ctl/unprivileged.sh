#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A real QEMU that runs as no root: what it lacks is said, and the command that is named gives it that.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

TENANT=65534
load_module || bail "the module does not load"
pf=$(pfs_of igb)
ip link set "$(netdev_of "$pf")" up
sriovctl enable "$pf" 2 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
work=$(mktemp -d)
chmod 755 "$work"
mkdir -m 700 "$work/tenant"
chown $TENANT "$work/tenant"
qmp=$work/tenant/qmp
node=/dev/vfio/$(basename "$(readlink "$SYS/${vfs[0]}/iommu_group")")
user=$(getent passwd $TENANT | cut -d : -f 1)
as_tenant=(setpriv --reuid "$TENANT" --regid "$TENANT" --clear-groups --inh-caps=-all)

# All of its memory is to be locked when a VF comes. It runs: until 9.1 QEMU closes no descriptor of a paused one.
(
	cd "$work/tenant"
	exec prlimit --memlock=1048576 "${as_tenant[@]}" qemu-system-x86_64 -name guest -accel tcg -machine q35 -m 256 \
		-nodefaults -no-user-config -display none -device pcie-root-port,id=hp0,chassis=1 \
		-qmp "unix:$qmp,server=on,wait=off" </dev/null >"$work/said" 2>&1
) &
qemu=$!
trap 'kill -9 $qemu 2>/dev/null || true' EXIT
eventually 60 [ -S "$qmp" ] || bail "QEMU does not start: $(cat "$work/said")"

export SRIOVCTL_PATIENCE=60 # its socket is there before it listens to it
attach() { timeout 120 sriovctl attach --qmp "$qmp" "${vfs[0]}" --id net1 2>&1; }
# The command behind the last "to let it: ", up to what stands behind it.
command_of() { sed -n 's/.*to let it: \([^;,]*\).*/\1/p' <<<"$1" | tail -n 1; }

out=$(attach) && status=0 || status=$?
is "without the right to open the VF" "$status" 2
like "the right that it needs is said" "$out" \
	"^sriovctl: ${vfs[0]}: QEMU, process $qemu, runs as $user, which may not open $node; to let it: chown $user $node, "
is "the command" "$(command_of "$out")" "chown $user $node"
eval "$(command_of "$out")"
ok "then the VF is free" await 20 free "${vfs[0]}"

out=$(attach) && status=0 || status=$?
is "with that, and without the right to lock its memory" "$status" 2
wanted=$(((256 << 20) + (1 << 30)))
like "how much is said" "$out" \
	"^sriovctl: ${vfs[0]}: QEMU, process $qemu, may lock 1048576 bytes of memory, .*: $wanted; to let it: prlimit --pid $qemu --memlock=$wanted; for good: "
is "the command" "$(command_of "$out")" "prlimit --pid $qemu --memlock=$wanted"
eval "$(command_of "$out")"
ok "then the VF is free" await 20 free "${vfs[0]}"
like "with both it gets the VF" "$(attach)" "^${vfs[0]} attached as net1 at hp0"

kill -9 $qemu
wait $qemu 2>/dev/null || true
ok "it comes back" await 20 free "${vfs[0]}"

# Before a QEMU is started it can be seen.
chown 0 "$node"
chgrp $TENANT /dev/sriov_broker
chmod 660 /dev/sriov_broker
out=$(prlimit --memlock=1048576 "${as_tenant[@]}" sriovctl run "${vfs[0]}" -- true -m 2G 2>&1)
like "run: the right" "$out" "runs as $user, which may not open $node; to let it: chown $user $node"
like "run: the memory" "$out" "^sriovctl: note that QEMU may lock 1048576 bytes of memory, .*: 3221225472; to let it: ulimit -l 3145728$"
await 20 free "${vfs[0]}" || bail "the VF does not come back"
is "root lacks neither" "$(sriovctl run "${vfs[0]}" -- true -m 2G 2>&1)" ""

await 20 free "${vfs[0]}" || true
unload_module
rm -r "$work"
done_testing
