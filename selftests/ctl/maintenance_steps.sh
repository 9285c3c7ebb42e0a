#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl maintenance, killed and told to stop at each of its steps, under two real guests that send.  What a step
# leaves is looked at more closely, with guests that are none, in maintenance.sh.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../vm/guest.sh"
. "$(dirname "$0")/../lib/senders.sh"

command -v strace >/dev/null || skip_all "no strace"
load_module || bail "the module does not load"
two_igbs 3
work=$(mktemp -d)
senders_begin "$pf"

run=(sriovctl maintenance -t 120 "$pf" --back -- ip link show "$(netdev_of "$pf")")
picture() {
	await 20 settled || true
	echo "$("$VFSTATE" tally "$pf"), $(leases_on "$other"), $(sriovctl list --json "$pf" | jq .pfs[0].cordoned)"
}
before=$(picture)
is "both have VFs of the PF" "$before" "1 free 2 leased, 0, false"

# The steps are told apart by what is written before them, in a run that nothing stops.
ok "it is watched" strace -s 200 -o "$work/trace" -e trace=write,unlink "${run[@]}"
nth() { # CALL TEXT N: the place of the Nth such call that has the text, among these calls
	grep "^$1(" "$work/trace" | grep -n -- "$2" | sed -n "$3p" | cut -d : -f 1
}
steps=("cordoned" "one guest is away" "both are away" "as the VFs go" "the command has run" "the VFs are there again"
	"one guest is back" "both are back" "at its end")
calls=(write write write write write write write write unlink)
places=("$(nth write 'ran..:false' 2)" "$(nth write 'attached as net0' 1)" "$(nth write 'attached as net0' 2)"
	"$(nth write 'pfs..:' 1)" "$(nth write 'ran..:true' 1)" "$(nth write 'ran..:true' 2)"
	"$(nth write 'attached as net0' 3)" "$(nth write 'attached as net0' 4)" "$(nth unlink 'maintenance-.*json"' 2)")
like "it has its places" "${places[*]}" "^([0-9]+ ){8}[0-9]+$"
at() { # SIGNAL STEP
	timeout 300 strace -o /dev/null -e trace="${calls[$2]}" -e inject="${calls[$2]}:signal=$1:when=${places[$2]}" "${run[@]}" >"$work/out" 2>&1
}
for i in "${!steps[@]}"; do
	status=0
	at KILL "$i" || status=$?
	is "killed, ${steps[i]}" "$status" 137
	ok "killed, ${steps[i]}: both send, wherever they are" eventually 60 both_send
	ok "killed, ${steps[i]}: run again" "${run[@]}"
	ok "killed, ${steps[i]}: both send" eventually 60 both_send
	is "killed, ${steps[i]}: by VFs of the PF" "$(picture)" "$before"
	at INT "$i" || true
	ok "told to stop, ${steps[i]}: both send" eventually 60 both_send
	is "told to stop, ${steps[i]}: by VFs of the PF" "$(picture)" "$before"
done

senders_end
unload_module
rm -r "$work"
done_testing
