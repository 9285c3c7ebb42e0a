#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The programs of tools/example, each of which is a page of the library's manual: they do what they say.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

EX=../tools/example
work=$(mktemp -d)
fails 1 "without the module: in words" "^/dev/sriov_broker: not there" $EX/lease </dev/null
load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)

example() { timeout 60 "$EX/$1" "${@:2}"; }

# NAME PROCESS: it has ended, and well
ended() {
	local status=0
	wait "$2" || status=$?
	is "$1" "$status" 0
}

says_in() { says "$(cat "$1")" "$2"; }

# --- enable --------------------------------------------------------------------------------------

is "enable: the VFs that the PF has" "$(example enable "$pf" 3 | xargs)" "$(vfs_of "$pf" | xargs)"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
is "they are free" "$(states "$pf")" free
fails 1 "more than there can be" "reason: too-many" $EX/enable "$pf" 8
fails 1 "no address" "^Usage" $EX/enable x 1

# --- lease, wait ---------------------------------------------------------------------------------

mkfifo "$work/in"
$EX/lease <"$work/in" >"$work/lease" &
holder=$!
exec 7>"$work/in"
ok "lease: a VF is its own" eventually 10 says_in "$work/lease" " is ours until grant.fd is closed"
held=$(cut -d ' ' -f 1 "$work/lease")
is "as is listed" "$(state "$held")" leased
fails 1 "which enable is told of" "^lease [0-9]+ of process $holder is in the way" $EX/enable "$pf" 2
exec 7>&-
ended "it ends" $holder
ok "and the VF is free" await 10 free "$held"

$EX/lease <"$work/in" >/dev/null &
exec 7>"$work/in"
sriovctl lease "$pf#0-2" --count 2 --label rest -- sleep 600 7>&- &
rest=$!
leased_all() { [ "$(states "$pf")" = leased ]; }
eventually 20 leased_all || bail "three leases are wanted"
fails 1 "wait: in vain" "no VF of those asked for became free in time" timeout 60 $EX/wait "$pf" 1
example wait "$pf" 60 >"$work/wait" 7>&- &
waiter=$!
waits() { [ "$(sriovctl waiters -j | jq '.waiters | length')" = 1 ]; }
ok "wait: it waits" eventually 20 waits
exec 7>&-
ended "and is served" $waiter
like "with the VF that came back" "$(cat "$work/wait")" "^0000:.* is ours$"

# --- try -----------------------------------------------------------------------------------------

sriovctl lease "$pf" --wait 60 --label last -- sleep 600 &
last=$!
eventually 20 leased_all || bail "three leases are wanted"
$EX/try <"$work/in" >"$work/try" &
tries=$!
exec 7>"$work/in"
ok "try: none is free" eventually 10 says_in "$work/try" "none is free"
kill $last
ended "it is told when one is" $tries
like "and has it" "$(tail -n 1 "$work/try")" " is ours$"
exec 7>&-
kill $rest
wait || true
ok "all come back" await 10 free "$pf"

# --- revoked -------------------------------------------------------------------------------------

$EX/revoked >"$work/revoked" &
holder=$!
ok "revoked: a VF is its own" eventually 10 says_in "$work/revoked" " is ours"
held=$(cut -d ' ' -f 1 "$work/revoked")
ok "it gives that back within the time of grace" sriovctl revoke --grace 60 "$held"
ended "and ends well" $holder
like "it was told by which program, and why" "$(cat "$work/revoked")" "^sriovctl wants it back, cause: admin$"
ok "the VF is free" await 10 free "$held"
rm "$work/revoked" # what is read next is the next one's
$EX/revoked >"$work/revoked" &
holder=$!
ok "another one" eventually 10 says_in "$work/revoked" " is ours"
sriovctl revoke "$(cut -d ' ' -f 1 "$work/revoked")"
ended "is taken at once" $holder
like "and says so" "$(cat "$work/revoked")" "^it was taken$"

# --- handover, anchored --------------------------------------------------------------------------

await 10 free "$pf" || bail "VFs do not come back"
like "handover: the other process is the holder" "$(example handover)" "^0000:.*: yes$"
ok "and its end gives the VF back" await 10 free "$pf"
# shellcheck disable=SC2016 # for the other shell
like "anchored: it says until when" "$(example anchored sh -c 'echo "$0" >'"$work/given"'; exec sleep 600 >/dev/null 2>&1')" \
	" is leased until process [0-9]+ ends$"
given() { [ -s "$work/given" ]; }
ok "the command has the address" eventually 10 given
vf=$(cat "$work/given")
is "the lease outlives what leased" "$(sriovctl list -j "$vf" | jq '.pfs[0].vfs[0].lease.anchored')" true
kill "$(sriovctl list -j "$vf" | jq '.pfs[0].vfs[0].lease.pid')"
ok "and ends with the command" await 10 free "$vf"

# --- numa, events -------------------------------------------------------------------------------

fails 1 "numa: another PF has none" "no VF" timeout 60 $EX/numa
sriovctl enable "$nvme" 2 || bail "no VFs"
is "numa: two, of two PFs" "$(example numa | cut -d ' ' -f 3 | sort | xargs)" "$(echo "$pf $nvme" | tr ' ' '\n' | sort | xargs)"
await 10 free "$pf" "$nvme" || bail "VFs do not come back"
$EX/events 2 >"$work/events" &
watcher=$!
ok "events: what there is" eventually 10 says_in "$work/events" "^${vfs[2]} is free$"
sriovctl lease "${vfs[1]}" -- true
ended "it ends after two" $watcher
is "which are of the lease" "$(grep -c "^${vfs[1]}: " "$work/events")" 2
await 10 free "$pf" || true
is "enable: none" "$(example enable "$pf" 0; example enable "$nvme" 0)" ""
# bar0 is in ctl_choose.
missed() {
	local name
	for name in $(basename -s .c $EX/*.c); do
		[ "$name" = bar0 ] || grep -qE "(EX/|example )$name\\b" "$0" || echo "$name"
	done
}
is "none was left out" "$(missed)" ""
unload_module
rm -r "$work"
done_testing
