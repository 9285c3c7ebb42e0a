#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What sriovctl does for those that look at it: colours, a terminal's width, chosen columns and VFs, what changes,
# how far it is. And what it does not do where its output is piped.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

export TERM=xterm LC_ALL=C.UTF-8
unset NO_COLOR
esc=$'\033'

load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)
netdev=$(netdev_of "$pf")
ip link set "$netdev" up
sriovctl enable "$pf" 3 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
work=$(mktemp -d)
mkfifo "$work/in"
sriovctl lease "$pf#1" --label "a label that is longer than others" <"$work/in" >/dev/null &
exec 8>"$work/in"
await 10 leased "${vfs[1]}" || bail "no lease"

# terminal COLUMNS ROWS COMMAND: what it says on such a terminal, both of its outputs.
terminal() { script -qec "stty cols $1 rows $2; $3" /dev/null | tr -d '\r'; }
longest() {
	local line n=0
	while IFS= read -r line; do [ ${#line} -le "$n" ] || n=${#line}; done <<<"$1"
	echo "$n"
}
plain() { sed -E "s/$esc\[[0-9;]*[A-Za-z]//g" <<<"$1"; }

# --- colours --------------------------------------------------------------------------------------

green=$esc'\[[0-9;]*32m' yellow=$esc'\[[0-9;]*33m'
text=$(terminal 200 50 "sriovctl list $pf")
like "a free VF is green" "$text" "${vfs[0]} .*${green}free"
like "a leased one is yellow" "$text" "${vfs[1]} .*${yellow}leased"
is "NO_COLOR" "$(NO_COLOR=1 terminal 200 50 "sriovctl list $pf" | grep -c "$esc")" 0
is "a terminal that can't" "$(TERM=dumb terminal 200 50 "sriovctl list $pf" | grep -c "$esc")" 0
is "--color never" "$(terminal 200 50 "sriovctl list $pf --color never" | grep -c "$esc")" 0
is "a pipe" "$(sriovctl list "$pf" | grep -c "$esc")" 0
like "a pipe and --color=always" "$(NO_COLOR=1 sriovctl list "$pf" --color=always)" "${green}free"
fails 1 "another word" "maybe: --color is auto, always or never" sriovctl list --color maybe

# --- width, and what is empty ------------------------------------------------------------------------

for columns in 90 60 20; do
	text=$(plain "$(terminal $columns 50 "sriovctl list $pf")")
	is "no line is longer than $columns" "$(($(longest "$text") <= columns))" 1
	is "but all lines are there" "$(wc -l <<<"$text")" 5
done
like "an address is not cut" "$(plain "$(terminal 75 50 "sriovctl list $pf")")" "─${vfs[1]} +1 .* leased"
text=$(terminal 200 50 "sriovctl list $pf --color never")
like "on a terminal nothing stands for what is empty" "$text" "^$pf +8086:10c9 +3/7 +igb +([0-9]+ +)?$netdev "
text=$(sriovctl list "$pf")
like "in a pipe it is -" "$text" "^$pf +- +8086:10c9 +3/7 +igb +- +- +(-|[0-9]+) +$netdev .* -$"
is "so that awk can count" "$(sriovctl list "$pf" --columns device,vf,vfs,state,numa | awk '{ print NF }' | uniq)" 5
is "no blank at the end of a line, piped" "$(grep -c ' $' <<<"$text")" 0
is "nor on a terminal" "$(terminal 200 50 "sriovctl list --color never" | grep -c ' $')" 0

# --- columns, order, choice ---------------------------------------------------------------------------

is "columns" "$(sriovctl list "$pf" --columns vf,STATE | xargs)" "VF STATE - - 0 free 1 leased 2 free"
is "without headings" "$(sriovctl list "$pf" --columns vf,state --noheadings | head -n 2 | xargs)" "- - 0 free"
fails 1 "no such column" "colour: no such column; there are DEVICE, VF, ID, " sriovctl list --columns vf,colour
fails 1 "one twice" "VF: given twice" sriovctl list --columns vf,VF
sriovctl enable "$nvme" 12 || bail "no VFs"
is "sorted: 9 before 10" "$(sriovctl list "$nvme" --columns vf --sort vf --noheadings | xargs)" "0 1 2 3 4 5 6 7 8 9 10 11 -"
is "backward" "$(sriovctl list "$nvme" --columns device --sort -vf --noheadings | head -n 1)" "$(vfs_of "$nvme" | tail -n 1)"
is "VFs stay below their PF" "$(sriovctl list --sort device | grep -oE '0000:[0-9a-f:.]+' | xargs)" \
	"$(for dev in "$pf" "$nvme"; do echo "$dev" && vfs_of "$dev"; done | xargs)"
is "by state" "$(sriovctl list "$pf" --columns state --sort state --noheadings | xargs)" "free free leased -"
is "filtered" "$(sriovctl list --filter "state=leased" | tail -n +2 | grep -oE '0000:[0-9a-f:.]+' | xargs)" "$pf ${vfs[1]}"
is "for a script: nothing but the VFs" "$(sriovctl list "$pf" --filter state=free --noheadings --columns device | xargs)" \
	"${vfs[0]} ${vfs[2]}"
is "all others" "$(sriovctl list "$pf" --filter 'state!=free' --noheadings --columns device | xargs)" "${vfs[1]}"
is "two conditions, by column and by key" \
	"$(sriovctl list --filter "lease=-,device=0x10ca,vf=2" --noheadings --columns device | xargs)" "${vfs[2]}"
is "of a PF" "$(sriovctl list --filter total_vfs=127 --noheadings --columns device | head -n 1)" "$nvme"
is "JSON is filtered as well" "$(sriovctl list --json --filter state=leased | jq -c '[.pfs[] | .bdf, (.vfs[].bdf)]')" \
	"[\"$pf\",\"${vfs[1]}\"]"
fails 1 "not by what there is not" "colour: neither a column nor a key" sriovctl list --filter colour=red
fails 1 "nor without a value" "state: --filter is FIELD=TEXT" sriovctl list --filter state
fails 1 "JSON has its order" "not for JSON" sriovctl list --json --sort vf
ok "VFs are switched off" sriovctl disable "$nvme"

# --- what changes -------------------------------------------------------------------------------------

# The end of the lease's input is ours alone.
sriovctl list "$pf" --watch --columns vf,state >"$work/piped" 2>&1 8>&- &
piped=$!
sriovctl list "$pf" --watch --json >"$work/json" 2>&1 8>&- &
json=$!
script -qefc "stty cols 100 rows 50; sriovctl list $pf --watch --color never" /dev/null >"$work/screen" 2>&1 </dev/null 8>&- &
screen=$!
has() { grep -q "$2" "$work/$1"; }
for file in piped json screen; do ok "watched: $file" eventually 20 has $file leased; done
exec 8>&-
await 10 free "${vfs[1]}" || bail "it does not come back"
is_last() { [ "$(tail -n 5 "$work/piped" | xargs)" = "VF STATE - - 0 free 1 free 2 free" ]; }
ok "piped: what is new comes behind" eventually 20 is_last
like "after an empty line" "$(cat "$work/piped")" '^$'
is_last_json() { [ "$(tail -n 1 "$work/json" | jq -c '[.pfs[].vfs[].state]')" = '["free","free","free"]' ]; }
ok "a document a line" eventually 20 is_last_json
# What is drawn over the rest begins in the upper left corner.
is_last_screen() { [ "$(tr -d '\r' <"$work/screen" | awk -v RS="$esc\\\\[H" 'END { print }' | grep -c ' free ')" = 3 ]; }
ok "a terminal: it is drawn over" eventually 20 is_last_screen
kill $piped $json $screen
wait $piped $json $screen || true
fails 0 "it ends when its reader has gone" "^DEVICE" bash -c "sriovctl list --watch | head -n 1"

# --- how far it is -------------------------------------------------------------------------------------

sriovctl lease "$pf" --count 3 --hold >/dev/null &
holder=$!
await 10 leased "$pf" || bail "no leases"
script -qefc "sriovctl lease $pf --wait forever -- true" /dev/null >"$work/waiter" 2>&1 </dev/null &
waiter=$!
ok "what is waited for" eventually 20 has waiter "waiting for 1 VF: [0-9]* s"
script -qefc "sriovctl lease $pf --wait forever -- true" /dev/null >"$work/second" 2>&1 </dev/null &
second=$!
ok "and how many came before" eventually 20 has second "waiting for 1 VF, 1 came before: [0-9]* s"
kill $holder
wait $waiter $second || true
await 10 free "$pf" || bail "they do not come back"
is "in the end that is wiped off" "$(tail -c 4 "$work/waiter" | tr -d '\r' | tail -c 3)" "${esc}[K"
sriovctl lease "$pf" --wait 5 -- true 2>"$work/quiet"
is "nothing of that without a terminal" "$(cat "$work/quiet")" ""
started=$SECONDS
text=$(terminal 100 50 "sriovctl enable $nvme 127")
if [ $((SECONDS - started)) -ge 20 ] || says "$text" "switching"; then
	like "how many VFs there are" "$text" "$nvme: switching VFs on, [0-9]+ of 127 are there: [0-9]+ s"
else
	skip "how many VFs there are" "they all were within a second"
fi
started=$SECONDS
text=$(terminal 100 50 "sriovctl disable $nvme")
if [ $((SECONDS - started)) -ge 20 ] || says "$text" "switching"; then
	like "how many are left" "$text" "$nvme: switching VFs off, [0-9]+ are left: [0-9]+ s"
else
	skip "how many are left" "they all had gone within a second"
fi

# --- without the module ---------------------------------------------------------------------------------

ok "VFs are switched off" sriovctl disable "$pf"
unload_module
echo 2 >"$SYS/$pf/sriov_numvfs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
text=$(sriovctl list 2>"$work/said")
like "PFs are listed from sysfs" "$text" "^$pf +- +8086:10c9 +2/7 +igb +- "
like "so are VFs" "$text" "─${vfs[1]} +1 +8086:10ca +- +(igbvf|-) +- +[0-9]+ "
like "that is said" "$(cat "$work/said")" "^sriovctl: the module is not loaded: .*modprobe sriov_broker"
is "one VF, for programs: no state is known" \
	"$(sriovctl list --json "$netdev#1" 2>/dev/null | jq -c '.pfs[] | [.bdf, .num_vfs, (.vfs[] | .bdf, .state, .lease)]')" \
	"[\"$pf\",2,\"${vfs[1]}\",null,null]"
fails 4 "no such device" "0000:77:00.0: there is no such PCI device" sriovctl list 77:00.0
fails 2 "no SR-IOV" "0000:00:1f.0: the device has no SR-IOV" sriovctl list 00:1f.0
fails 4 "nothing to be watched" "/dev/sriov_broker: not there" sriovctl list --watch
echo 0 >"$SYS/$pf/sriov_numvfs"
rm -r "$work"
done_testing
