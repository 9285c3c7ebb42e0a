#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl maintenance under two real guests that go on sending, while the command runs and afterwards; also where
# sriovctl is killed, or told to stop.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"
. "$(dirname "$0")/../lib/senders.sh"

load_module || bail "the module does not load"
two_igbs 3
work=$(mktemp -d)

says_so() { grep -q "$1" "$work/said" 2>/dev/null; }
# shellcheck disable=SC2016 # for the other shell
slow='echo begun >>'$work'/said; while [ ! -e '$work'/go ]; do sleep 0.1; done; echo ended >>'$work'/said'
senders_begin "$pf"
sends_until() { # NAME ARGUMENTS...: both send while the command runs; it is stopped with $signal, if that is set
	local name=$1
	shift
	rm -f "$work/go" "$work/said"
	sriovctl maintenance -t 120 "$pf" --back "$@" -- sh -c "$slow; ip link set $(netdev_of "$pf") up" >"$work/out" 2>&1 &
	job=$!
	ok "$name: the command runs" eventually 120 says_so begun
	is "$name: no VF is left" "$(cat "$SYS/$pf/sriov_numvfs") $(leases_on "$other")" "0 2"
	ok "$name: both send" eventually 60 both_send
	[ -z "${signal-}" ] || kill "-$signal" $job
	touch "$work/go"
	status=0
	wait $job 2>/dev/null || status=$?
}
sends_until "a maintenance"
is "it succeeds" "$status" 0
ok "both send" eventually 60 both_send
is "by VFs of the PF" "$(leases_on "$pf") $(leases_on "$other")" "2 0"
signal=KILL sends_until "one that is killed"
ok "killed, and run again" sriovctl maintenance -t 120 "$pf" --back -- true
ok "both send" eventually 60 both_send
is "by VFs of the PF" "$(leases_on "$pf") $(leases_on "$other")" "2 0"
signal=TERM sends_until "one that is told to stop"
ok "both send" eventually 60 both_send
is "by VFs of the PF" "$(leases_on "$pf") $(leases_on "$other") $(sriovctl list --json "$pf" | jq .pfs[0].cordoned)" "2 0 false"

senders_end
unload_module
rm -r "$work"
done_testing
