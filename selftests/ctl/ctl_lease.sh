#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl lease: held while a command runs, or until end of input or a signal.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

load_module || bail "the module does not load"
pf=$(pfs_of igb)
sriovctl enable "$pf" 3 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
work=$(mktemp -d)

all_leased() { [ "$(states "$pf")" = leased ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
lease_of() { sriovctl list --json "$1" | jq -c '.pfs[0].vfs[0].lease'; }

# --- with a command -------------------------------------------------------------------------------

is "{} is the VF" "$(sriovctl lease "$pf#1" -- echo 'a={},{}' '{}' '{')" \
	"a=${vfs[1]},${vfs[1]} ${vfs[1]} {"
ok "free afterwards" await 10 free "$pf"
# shellcheck disable=SC2016 # for the inner shell
is "so is the environment" \
	"$(sriovctl lease "${vfs[2]}" -- sh -c 'echo $SRIOV_VF $SRIOV_PF $SRIOV_VF_INDEX $SRIOV_DRIVER')" \
	"${vfs[2]} $pf 2 vfio-pci"
ok "free afterwards" await 10 free "$pf"
fails 7 "the command's exit code" "" sriovctl lease -- sh -c 'exit 7'
fails 143 "the signal that ended it" "" sriovctl lease -- sh -c 'kill -TERM $$'
await 10 free "$pf"
fails 127 "a command that does not exist" "^sriovctl: nosuch: No such file" sriovctl lease -- nosuch
fails 126 "a command that can't be run" "^sriovctl: /etc/passwd: Permission denied" \
	sriovctl lease -- /etc/passwd
ok "free after all these" await 10 free "$pf"
is "the lease while it runs" \
	"$(sriovctl lease "${vfs[0]}" -l test -- sriovctl list --json "${vfs[0]}" |
		jq -c '.pfs[0].vfs[0] | [.state, .lease.label, .lease.uid]')" '["leased","test",0]'
await 10 free "$pf"
is "its label is the command's name, if none is given" \
	"$(sriovctl lease "${vfs[0]}" -- /bin/sh -c "sriovctl list --json ${vfs[0]}" |
		jq -c '.pfs[0].vfs[0].lease.label')" '"sh"'
await 10 free "$pf"
# shellcheck disable=SC2016 # for the inner shell
is "the command does not inherit the lease" \
	"$(sriovctl lease -- sh -c 'ls -l /proc/$$/fd | grep -c sriov_broker')" 0
await 10 free "$pf"

# A command has the VF to itself: sriovctl killed, it is killed.
sriovctl lease "${vfs[0]}" -- sh -c "echo \$\$ >$work/pid; exec sleep 60" &
holder=$!
eventually 5 [ -s "$work/pid" ] || true
kill -9 $holder
wait $holder 2>/dev/null || true
ok "the command does not outlive the lease" eventually 5 gone "$(cat "$work/pid")"
ok "the VF comes back from a killed sriovctl" await 10 free "$pf"

rm "$work/pid"
sriovctl lease "${vfs[0]}" -- sh -c "trap 'exit 9' TERM; echo \$\$ >$work/pid; while :; do sleep 0.1; done" &
holder=$!
eventually 5 [ -s "$work/pid" ] || true
kill -TERM $holder
status=0
wait $holder || status=$?
is "a signal is passed on, its answer passed back" $status 9
ok "free afterwards" await 10 free "$pf"

# --- without --------------------------------------------------------------------------------------

like "says what it holds" "$(sriovctl lease "$pf#1" </dev/null)" \
	"^${vfs[1]} leased: lease [0-9]+, VF 1 of $pf, driver vfio-pci, IOMMU group [0-9]+$"
await 10 free "$pf"
is "as JSON" "$(sriovctl lease "$pf#1" -j </dev/null | jq -c '[.vf, .pf, .index, .driver]')" \
	"[\"${vfs[1]}\",\"$pf\",1,\"vfio-pci\"]"
ok "end of input ends it" await 10 free "$pf"
like "one that was there from the beginning is told" "$(sriovctl lease "$pf#1" </dev/null 2>&1 >/dev/null)" \
	"^sriovctl: standard input is at its end, and with that the lease ends now; to hold it until a signal comes: --hold$"
await 10 free "$pf"
sriovctl lease "${vfs[1]}" --hold </dev/null >"$work/out" 2>&1 &
holder=$!
eventually 5 [ -s "$work/out" ] || true # until then a signal ends it as any program
ok "held without input" await 5 leased "${vfs[1]}"
kill -TERM $holder
status=0
wait $holder || status=$?
is "until a signal" $status 0
is "without a word of the input" "$(grep -c input "$work/out")" 0
ok "free afterwards" await 10 free "$pf"
fails 125 "a command holds it anyway" "^sriovctl: --hold goes without a command" sriovctl lease --hold -- true

rm -f "$work/out"
mkfifo "$work/in"
sriovctl lease "${vfs[1]}" --label 'two words' <"$work/in" >"$work/out" &
holder=$!
exec 8>"$work/in"
ok "held while there is input" await 5 leased "${vfs[1]}"
eventually 10 [ -s "$work/out" ] || true # from then on a signal ends it in peace
echo more >&8
is "what is shown of it" "$(lease_of "${vfs[1]}" | jq -c '[.label, .pid, .uid]')" \
	"[\"two words\",$holder,0]"
like "in the tree too" "$(sriovctl list "${vfs[1]}")" "leased .* two words pid $holder"
taken="^sriovctl: ${vfs[1]}: leased as lease [0-9]+ \"two words\" by process $holder.*; to wait: --wait SECONDS; it comes back when"
fails 3 "a leased VF is not leased again" "$taken" sriovctl lease "${vfs[1]}"
fails 3 "nor by its number" "$taken" sriovctl lease "$pf#1"
kill -TERM $holder
status=0
wait $holder || status=$?
exec 8>&-
is "a signal ends it, in peace" $status 0
ok "free afterwards" await 10 free "$pf"

# One that comes back when what has it open has closed it.
rm "$work/out"
sriovctl lease "${vfs[1]}" --hold </dev/null >"$work/out" 2>&1 &
holder=$!
await 10 leased "${vfs[1]}" || bail "no lease"
eventually 10 [ -s "$work/out" ] || true # it has looked whether the group can be opened
exec 7<>"/dev/vfio/$(basename "$(readlink "$SYS/${vfs[1]}/iommu_group")")"
kill $holder
wait $holder || true
ok "its lease is over, it is not back" await 10 draining "${vfs[1]}"
returning="^sriovctl: ${vfs[1]}: on its way back from its last lease; to wait: --wait SECONDS$"
fails 3 "it is not leased yet" "$returning" sriovctl lease "${vfs[1]}"
fails 3 "nor by its number" "$returning" sriovctl lease "$pf#1"
exec 7>&-
ok "but waited for" sriovctl lease "$pf#1" --wait 60 -- true
ok "free afterwards" await 10 free "$pf"

# --- what the caller ignores, and where from ------------------------------------------------------

# python COMMAND-OF-PYTHON WORD...: then become "sriovctl lease WORD..."
python() {
	timeout 120 python3 -c "import os, pty, signal, sys, time
$1
os.execvp('sriovctl', ['sriovctl', 'lease'] + sys.argv[1:])" "${@:2}"
}
fails 7 "the exit code comes through when children are not waited for" "" \
	python 'signal.signal(signal.SIGCHLD, signal.SIG_IGN)' -- sh -c 'exit 7'
await 10 free "$pf"
python 'signal.signal(signal.SIGHUP, signal.SIG_IGN)' "${vfs[1]}" -- python3 -c "import os, signal, sys, time
signal.signal(signal.SIGHUP, lambda *_: sys.exit(9))
open('$work/runs', 'w').write('yes')
while not os.path.exists('$work/told'): time.sleep(0.1)" &
holder=$!
eventually 10 [ -s "$work/runs" ] || true
kill -HUP "$(pidof sriovctl)"
sleep 1 # it has no effect that could be awaited
touch "$work/told"
status=0
wait $holder || status=$?
is "what nohup ignores is not passed on" $status 0
await 10 free "$pf"
[ -e /dev/pts/ptmx ] || busybox mount -t devpts devpts /dev/pts
# On a terminal, which goes when we have seen enough, but as a job in the background.
until_seen="while not os.path.exists('$work/seen'):
		time.sleep(0.1)
	sys.exit()"
python "if pty.fork()[0]:
	$until_seen
if os.fork():
	time.sleep(60)
os.setpgid(0, 0)" "${vfs[1]}" &
holder=$!
ok "in the background of a terminal it is held" await 10 leased "${vfs[1]}"
sleep 2
is "and held on" "$(state "${vfs[1]}")" leased
touch "$work/seen"
wait $holder || true
ok "until the terminal goes" await 20 free "$pf"
# The terminal's hangup goes to its leader only, which is to pass it on.
rm "$work/seen"
python "if pty.fork()[0]:
	$until_seen" "${vfs[1]}" -- sleep infinity &
holder=$!
ok "as the leader of a terminal it is held" await 10 leased "${vfs[1]}"
touch "$work/seen"
wait $holder || true
ok "until that hangs up, with a command too" await 20 free "$pf"

# --- inherited, then revoked ----------------------------------------------------------------------

sriovctl lease "${vfs[1]}" --inherit -- sleep 60 2>"$work/err" &
holder=$!
await 10 leased "${vfs[1]}" || true
ok "what is inherited is revoked, with grace" sriovctl revoke "${vfs[1]}" --grace 20
status=0
wait $holder || status=$?
is "the command is asked to end" $status 143
like "the reason is said, once" "$(cat "$work/err")" "^sriovctl: ${vfs[1]}: lease [0-9]+ is being revoked$"
ok "free afterwards" await 10 free "$pf"

# Three VFs, three holders, and one too many.
for i in 0 1 2; do
	sriovctl lease "$pf" --label "holder $i" >/dev/null < <(exec sleep 600) &
done
eventually 10 all_leased || true
is "three holders, each another VF" \
	"$(sriovctl list -j "$pf" | jq -r '.pfs[0].vfs[].lease.label' | sort | xargs)" \
	"holder 0 holder 1 holder 2"
fails 3 "none is left" \
	"^sriovctl: 1 VF asked, 0 of the 3 that fit are free: 3 leased \(by process [0-9]+, process [0-9]+, process [0-9]+\); to wait: --wait SECONDS; see sriovctl list$" \
	sriovctl lease "$pf"
fails 3 "nor anywhere" "^sriovctl: 1 VF asked, 0 of the 3 that fit are free: 3 leased" sriovctl lease

# --- a waiter --------------------------------------------------------------------------------

waits() { [ "$(sriovctl waiters --json | jq '.waiters | length')" = "$1" ]; }
sriovctl lease "$pf" --wait 600 --label "in line" -- true 2>"$work/err" &
waiter=$!
ok "a fourth waits" eventually 10 waits 1
is "it is listed" "$(sriovctl waiters --json | jq -c '.waiters[0] | [.pid, .uid, .label, .count, .device]')" \
	"[$waiter,0,\"in line\",1,\"$pf\"]"
like "for people, too" "$(sriovctl waiters)" "^ +[0-9]+ +1 +$pf +in line +$waiter +0 +[0-9]+$"
id=$(sriovctl waiters --json | jq '.waiters[0].id')
fails 4 "another one is not ended" "^sriovctl: no call of that number waits; see sriovctl waiters$" sriovctl cancel $((id + 1))
ok "it is ended" sriovctl cancel "$id"
status=0
wait $waiter || status=$?
is "and ends, its command not begun" $status 125
like "with the reason" "$(cat "$work/err")" "^sriovctl: .*an admin has ended the wait$"
is "none waits" "$(sriovctl waiters)" "no call waits for a VF"

# shellcheck disable=SC2046 # a list
kill -9 $(pidof sriovctl)
ok "all come back from killed holders" await 10 free "$pf"

# --- held by another process than the one that leased ---------------------------------------------

sriovctl lease "${vfs[1]}" --inherit -- sh -c 'sleep 600 & echo $!' >"$work/out"
is "the process with the descriptor is found when the leaser is gone" \
	"$(sriovctl list -j "$pf" | jq '[.pfs[0].vfs[] | select(.lease).lease.pid]' -c)" "[$(cat "$work/out")]"
kill "$(cat "$work/out")"
ok "and it comes back" eventually 10 all_free "$pf"

fails 4 "a VF that isn't there" "^sriovctl: $pf: VF 3 asked, it has VFs 0 to 2; see sriovctl list $pf$" sriovctl lease "$pf#3"
fails 4 "of several the one that isn't" "^sriovctl: $pf: VF 7 asked, it has VFs 0 to 2; see sriovctl list $pf$" sriovctl lease "$pf#0" "$pf#7" "$pf#1"
fails 1 "an option's argument is no separator" "a range looks like" sriovctl lease "$pf#9-" --label --
fails 125 "no command behind --" "no command stands behind --" sriovctl lease --
sriovctl bind "${vfs[0]}" host
fails 2 "the host's VF is not for lease" "^sriovctl: ${vfs[0]}: with the host, not in the pool" \
	sriovctl lease "${vfs[0]}"
full() { sriovctl lease "$pf" >/dev/full; }
fails 2 "a tool that can't say what it leased holds nothing" "No space left" full
await 10 free "${vfs[@]:1}" || true
full() { sriovctl lease "$pf" --count 2 --until-exit $$ >/dev/full; }
fails 2 "nor can it leave that to another process" "No space left" full
ok "they come back" await 10 free "${vfs[@]:1}"
fails 2 "nor where no process reads it" "Broken pipe" \
	python 'r, w = os.pipe()
os.close(r)
os.dup2(w, 1)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)' "$pf" --until-exit $$
ok "it comes back" await 10 free "${vfs[@]:1}"

rm -r "$work"
unload_module
done_testing
