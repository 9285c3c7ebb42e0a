#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tracepoints: that they tell what was done to which device, and how long it took, both to those
# reading tracefs and to trace-cmd; and that nothing is told, and none is on, when nothing records.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

TRACEFS=/sys/kernel/tracing
EVENTS=$TRACEFS/events/sriov_broker
[ -e $TRACEFS/trace ] || mount -t tracefs tracefs $TRACEFS || skip_all "this kernel has no tracefs"
load_module || bail "the module does not load"
[ -d $EVENTS ] || bail "the module has no tracepoints"
pf=$(pfs_of igb)
work=$(mktemp -d)
trap '[ ! -d $EVENTS ] || echo 0 >$EVENTS/enable' EXIT


# All that there are tracepoints for, by name; the VFs, the lease and the time it all took go to files.
deeds() { # PF DIRECTORY
	local start
	start=$(date +%s%N)
	sriovctl enable "$1" 2
	vfs_of "$1" >"$2/vfs"
	sriovctl bind "$1" pci-stub
	sriovctl bind "$1#1" vfio-pci
	sriovctl lease "$1#1" --inherit -- sh -c "sriovctl reset && sriovctl list --json $1#1" |
		jq '.pfs[0].vfs[0].lease.id' >"$2/lease"
	await 10 free "$1"
	sriovctl disable "$1"
	echo $(($(date +%s%N) - start)) >"$2/took"
}
export -f deeds vfs_of await
export SYS SLOWER VFSTATE

# of NAME: what a tracepoint has told, without the time; times NAME: the times.
of() { sed -nE "s/^$1: (.*) took=.*/\1/p" "$work/told"; }
times() { sed -nE "s/^$1: .* took=([0-9]+)ns$/\1/p" "$work/told"; }

# check READER OUTPUT: the reader's output tells of the deeds, a line each:
# ... vfb_NAME: DEVICE num=N result=0 took=Nns
check() {
	local vf0 vf1 lease
	{ read -r vf0; read -r vf1; } <"$work/vfs"
	lease=$(cat "$work/lease")
	sed -nE 's/^.* (vfb_[a-z]+): +(.*)$/\1: \2/p' "$2" >"$work/told"
	is "$1: all tracepoints that there are" "$(cut -d: -f1 "$work/told" | sort -u)" \
		"$(for p in "$EVENTS"/vfb_*/; do basename "$p"; done | sort)"
	is "$1: each with a device, a number, success and a time" "$(grep -vE \
		'^vfb_[a-z]+: 0000:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] num=[0-9]+ result=0 took=[1-9][0-9]*ns$' \
		"$work/told")" ""
	is "$1: enable and disable" "$(of vfb_enable)" "$pf num=2 result=0"$'\n'"$pf num=0 result=0"
	is "$1: of that, driver and PCI core" "$(of vfb_configure)" "$(of vfb_enable)"
	is "$1: binding all VFs, then one" "$(of vfb_bind)" "$pf num=2 result=0"$'\n'"$pf num=1 result=0"
	is "$1: the lease" "$(of vfb_lease)" "$vf1 num=$lease result=0"
	is "$1: its return" "$(of vfb_return)" "$vf1 num=0 result=0"
	# VFs are reset when they are bound; the leased one by its holder, and when it returns.
	is "$1: resets" "$(of vfb_reset | sort | uniq -c | xargs)" \
		"1 $vf0 num=0 result=0 4 $vf1 num=0 result=0"
	is "$1: nothing took longer than all" \
		"$(times 'vfb_[a-z]+' | awk -v all="$(cat "$work/took")" '$1 > all + 0')" ""
	times vfb_configure >"$work/parts"
	is "$1: no part took longer than the whole" \
		"$(times vfb_enable | paste "$work/parts" - | awk 'NF != 2 || $1 > $2')" ""
}

# --- not recorded -------------------------------------------------------------------------------

switches() { cat "$EVENTS"/enable "$EVENTS"/vfb_*/enable | sort -u; }
is "none is on at first" "$(switches)" 0
echo >$TRACEFS/trace
deeds "$pf" "$work"
is "nothing is told" "$(grep -c ': vfb_' $TRACEFS/trace || true)" 0

# --- as Documentation/sriov_broker.rst has it -----------------------------------------------------

echo 1 >$EVENTS/enable
is "all are on" "$(switches)" 1
deeds "$pf" "$work"
echo 0 >$EVENTS/enable
cp $TRACEFS/trace "$work/trace"
check tracefs "$work/trace"

# --- trace-cmd ------------------------------------------------------------------------------------

if command -v trace-cmd >/dev/null; then
	ok "trace-cmd records" trace-cmd record -q -e sriov_broker -o "$work/trace.dat" \
		bash -euc 'deeds "$@"' deeds "$pf" "$work"
	trace-cmd report -q -i "$work/trace.dat" >"$work/report" 2>"$work/errors" || true
	is "it understands them" "$(cat "$work/errors"; grep FAILED "$work/report" || true)" ""
	check trace-cmd "$work/report"
	is "none is on when it has ended" "$(switches)" 0
	echo >$TRACEFS/trace
	ok "VFs on" sriovctl enable "$pf" 1
	ok "VFs off" sriovctl disable "$pf"
	is "nothing is told any more" "$(grep -c ': vfb_' $TRACEFS/trace || true)" 0
else
	skip "trace-cmd records" "there is no trace-cmd"
fi

ok "the module goes" unload_module
rm -r "$work"
done_testing
