#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl maintenance: a command that wants a PF without VFs, while guests run; told to stop, and killed,
# half-way.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/fakes.sh"
export SRIOVCTL_PATIENCE=60 # what is asked answers, but late where the host is loaded

command -v strace >/dev/null || skip_all "no strace"
load_module || bail "the module does not load"
two_igbs 5
ip link set "$(netdev_of "$pf")" vf 4 mac 02:00:00:00:00:c4

pf_says() { sriovctl list --json "$pf" | jq -r ".pfs[0].$1"; }
mac_of() { ip -j link show "$(netdev_of "$pf")" | jq -r ".[0].vfinfo_list[$1].address"; }
left_over() { find /run/sriov-broker -name "maintenance-$pf.[cj]*[fn]" | wc -l; }
# Its VFs, how many of the other PF are leased; cordoned, what an admin has set, files.
picture() {
	await 20 settled || true
	echo "$("$VFSTATE" tally "$pf"), $(leases_on "$other"), $(pf_says cordoned) $(mac_of 4) $(left_over)"
}
guest_on() { # INDEX NAME: one that has a VF of the PF
	HOST=$(vfs_of "$pf" | sed -n "$(($1 + 1))p") PORTS=1 USED=net1 serve "$2" polite sriovctl run "$pf#$1" --id net1 --
}
maintenance() { timeout 120 sriovctl maintenance "$pf" "$@"; }

# --- what is wrong, or does not go well ---------------------------------------------------------------

guest_on 0 one
guest_on 1 two
before=$(picture)
is "two guests have VFs of a PF" "$before" "3 free 2 leased, 0, false 02:00:00:00:00:c4 0"
fails 1 "no command" "which command\?; put it behind --, true for none" maintenance
fails 125 "a PF that is none" "^sriovctl: nosuch: " maintenance --to nosuch -- true
fails 125 "more VFs than it can have" "^sriovctl: $pf: 8 VFs are wanted, it can have 7$" maintenance --vfs 8 -- true
sriovctl lease "$pf#2" --label mine -- sleep 600 &
holder=$!
await 10 leased "$pf#2" || bail "no lease"
fails 125 "a holder that is no guest" "still leased as lease [0-9]+ \"mine\" by process [0-9]+" maintenance -- touch "$work/ran"
is "then no guest is moved" "$(leases_on "$pf") $(leases_on "$other") $(pf_says cordoned)" "3 0 false"
ok "nor is it run" [ ! -e "$work/ran" ]
kill $holder
wait $holder 2>/dev/null || true
await 10 free "$pf#2" || bail "it does not come back"
fails 3 "a command that fails" "^sriovctl: sh: ended with status 3$" maintenance --back -- sh -c 'exit 3'
is "all is as it was" "$(picture)" "$before"
fails 127 "a command that is not there" "^sriovctl: /none: No such file" maintenance --back -- /none
is "all is as it was" "$(picture)" "$before"

# --- all goes well ------------------------------------------------------------------------------------

# shellcheck disable=SC2016 # for the other shell
look='echo "$SRIOV_PF $(cat /sys/bus/pci/devices/$SRIOV_PF/sriov_numvfs) $(sriovctl list --json $SRIOV_PF | jq .pfs[0].cordoned)"'
out=$(maintenance --back -- sh -c "$look" 2>&1) && status=0 || status=$?
is "it succeeds" "$status" 0
like "the command finds the PF cordoned, without VFs" "$out" "^$pf 0 true$"
like "each guest's VF is moved away" "$out" "^${other%:*}:.* attached as net1.*, instead of ${pf%:*}:"
like "and back" "$out" "^${pf%:*}:.* attached as net1.*, instead of ${other%:*}:"
is "all is as it was" "$(picture)" "$before"
is "for programs" "$(maintenance --json --back -- sh -c 'echo told' 2>"$work/err" |
	jq -c '[.pf, .num_vfs, .cordoned, .status, (.moved | length), (.back | length)]')" "[\"$pf\",5,false,0,2,2]"
like "what the command says is on standard error" "$(cat "$work/err")" "^told$"
ok "another number of VFs" maintenance --back --vfs 6 -- true
is "under running guests" "$(picture)" "4 free 2 leased${before#3 free 2 leased}"
ok "its driver is loaded anew meanwhile" maintenance --back --vfs 5 -- sh -c "echo $pf >/sys/bus/pci/drivers/igb/unbind; echo $pf >/sys/bus/pci/drivers/igb/bind"
ip link set "$(netdev_of "$pf")" up
is "as it was" "$(picture)" "$before"
ok "or the bus is looked through anew" maintenance --back -- sh -c "echo 1 >$SYS/$pf/remove; echo 1 >/sys/bus/pci/rescan"
ip link set "$(netdev_of "$pf")" up
is "as it was" "$(picture)" "$before"

# --- apply, as udev has it run when the PF's driver is loaded anew -------------------------------------

echo '{ "pfs": [ { "address": "'"$pf"'", "vfs": 5, "driver": "vfio-pci" } ] }' >"$work/a.conf"
out=$(maintenance --back -- sh -c "sriovctl apply --boot --pf $pf $work/a.conf && cat $SYS/$pf/sriov_numvfs" 2>&1) && status=0 || status=$?
is "at boot apply succeeds" "$status" 0
like "says that it leaves the PF alone" "$out" "^sriovctl: $pf: left alone: a maintenance has it in hand$"
like "and does" "$out" "^0$"
is "all is as it was" "$(picture)" "$before"
fails 3 "by hand it fails" "in the way: $pf: a maintenance has it in hand; to apply all the same: --maintained$" \
	maintenance --back -- sriovctl apply "$work/a.conf"
is "for programs" "$(maintenance --back -- sh -c "sriovctl apply --boot --json $work/a.conf >$work/json" >/dev/null 2>&1
	jq -c '.changed, (.pfs[] | .changed, (.in_the_way | length), .error)' "$work/json" | xargs)" "false false 1 null"
out=$(maintenance --back -- sh -c "sriovctl apply --maintained $work/a.conf && cat $SYS/$pf/sriov_numvfs" 2>&1) || true
like "told to, it applies" "$out" "^5$"
is "all is as it was" "$(picture)" "$before"

# --- told to stop, and killed, half-way ---------------------------------------------------------------

# It stops where it writes something, which it does at the same places each time: what it notes, and what it says of
# guests.  Where is told by what was written, in a run that nothing stops.
run=(sriovctl maintenance "$pf" --back -- sh -c "echo x >>$work/ran")
ok "it is watched" strace -s 200 -o "$work/trace" -e trace=write,sendmsg,unlink "${run[@]}"
nth() { # CALL TEXT N: the place of the Nth such call that has the text, among these calls
	grep "^$1(" "$work/trace" | grep -n -- "$2" | sed -n "$3p" | cut -d : -f 1
}
away1=$(nth write 'attached as net1' 1) away2=$(nth write 'attached as net1' 2) back1=$(nth write 'attached as net1' 3)
noted=$(nth write 'ran..:true' 1) off=$(nth write 'pfs..:' 1) end=$(nth unlink 'maintenance-.*json"' 2)
asked=$(nth sendmsg device_del 1)
like "it has its places" "$away1 $off $noted $back1 $end" "^[0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+$"
stopped_at() { # SIGNAL CALL WHEN: status
	timeout 120 strace -o /dev/null -e trace="$2" -e inject="$2:signal=$1:when=$3" "${run[@]}" >"$work/out" 2>&1
}
killed() { # NAME CALL WHEN
	status=0
	stopped_at KILL "$2" "$3" || status=$?
	is "killed $1" "$status" 137
	ok "killed $1: run again" "${run[@]}"
	is "killed $1: all is as it was" "$(picture)" "$before"
}
told() { # NAME CALL WHEN WANTED-STATUS
	status=0
	stopped_at INT "$2" "$3" || status=$?
	is "told to stop $1" "$status" "$4"
	is "told to stop $1: all is as it was" "$(picture)" "$before"
}
killed "between two guests" write "$away1"
killed "when the command has run" write "$noted"
killed "between two guests, on the way back" write "$back1"
killed "at its end" unlink "$end"
rm -f "$work/ran"
told "between two guests" write "$away1" 125
told "without guests" write "$off" 125
ok "the command is not run" [ ! -e "$work/ran" ]
told "while a guest is asked for its VF" sendmsg "$asked" 125
is "that one has come to its end before" "$(grep -c 'attached as net1' "$work/out")" 2
told "on the way back" write "$back1" 0
# The second time when the first guest is back.  What it says of the first is a write of its own.
status=0
stopped_at INT write "$away2+2" || status=$?
is "told twice" "$status" 125
like "one guest is left, and named" "$(cat "$work/out")" "^sriovctl: ${other%:*}:.*: interrupted: left with guest .*; to move it back: sriovctl swap"
is "one is back, and it is not cordoned" "$(picture)" "4 free 1 leased, 1${before#3 free 2 leased, 0}"
for name in one two; do sriovctl swap --qmp "$work/$name" net1 --to "$pf" >"$work/out" 2>&1 || diag "$(cat "$work/out")"; done
is "it goes back" "$(picture)" "$before"

# While the command runs: it goes on, and the next one waits for it.
# shellcheck disable=SC2016 # for the other shell
slow='echo begun >>'$work'/said; while [ ! -e '$work'/go ]; do sleep 0.1; done; echo ended >>'$work'/said'
sriovctl maintenance "$pf" --back -- sh -c "$slow" >/dev/null 2>&1 &
job=$!
says_so() { grep -q "$1" "$work/said" 2>/dev/null; }
ok "the command runs" eventually 60 says_so begun
kill -KILL $job
wait $job 2>/dev/null || true
sriovctl maintenance "$pf" --back -- sh -c "echo second >>$work/said" >"$work/out" 2>&1 &
job=$!
waits() { grep -q "waiting for another maintenance of it, or its command, to end" "$work/out"; }
ok "killed: the next one waits for the command" eventually 10 waits
touch "$work/go"
status=0
wait $job || status=$?
is "and goes on" "$status $(xargs <"$work/said")" "0 begun ended second"
like "which it says" "$(cat "$work/out")" "^sriovctl: $pf: going on with an earlier maintenance$"
is "all is as it was" "$(picture)" "$before"
rm -f "$work/go"
sriovctl maintenance "$pf" --back -- sleep 120 >"$work/out" 2>&1 &
job=$!
runs() { pgrep -P "$job" -x sleep >/dev/null; }
ok "a command that takes its time" eventually 60 runs
kill -TERM $job # in the background of a script SIGINT is ignored
status=0
wait $job || status=$?
is "told to stop: it is told, and ends" "$status" 143
is "all is as it was" "$(picture)" "$before"

# An admin puts it right by hand.
stopped_at KILL write "$noted" || true
is "(killed)" "$(cat "$SYS/$pf/sriov_numvfs") $(pf_says cordoned) $(left_over)" "0 true 2"
like "apply at boot leaves it alone" "$(sriovctl apply --boot "$work/a.conf" 2>&1)" "left alone: a maintenance has it in hand$"
sriovctl enable "$pf" 4 && sriovctl uncordon "$pf"
like "uncordoned it is apply's again" "$(sriovctl apply --boot --dry-run "$work/a.conf" 2>&1)" "^$pf vfs: 4 -> 5 on vfio-pci$"
like "what was put right by hand is not undone" "$(maintenance -- true 2>&1)" \
	"^sriovctl: $pf: has VFs and is not cordoned: what an earlier maintenance has left is given up$"
is "it has what it was given" "$(cat "$SYS/$pf/sriov_numvfs") $(pf_says cordoned) $(left_over)" "4 false 0"
ok "what was cordoned before" sriovctl cordon "$pf"
like "stays so" "$(maintenance -- true 2>&1)" "^sriovctl: $pf: stays cordoned, as it was; to end that: sriovctl uncordon $pf$"
is "it is" "$(pf_says cordoned)" true
sriovctl uncordon "$pf"
ok "guarded VFs" sriovctl enable "$pf" 2 --guarded --restore
ok "come back" maintenance -- true
is "as they were" "$(sriovctl save | jq -c ".pfs[] | select(.address == \"$pf\") | [.vfs, .guarded, .restore]")" \
	'[2,true,true]'

end_last
kill -9 "${jobs[@]}" 2>/dev/null || true
ok "the VFs of killed guests come back" await 20 free
unload_module
rm -r "$work"
done_testing
