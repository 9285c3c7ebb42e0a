#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl metrics: whether promtool likes it, whether the numbers are right, and that a file is
# replaced whole or not at all.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)
work=$(mktemp -d)
sriovctl enable "$pf" 4 || bail "no VFs"

metrics() { sriovctl metrics "$@"; }
# The value of a series.
value() { metrics | sed -n "s/^sriov_broker_$1 //p"; }

# --- the numbers ----------------------------------------------------------------------------------

is "VFs that are free" "$(value "vfs{pf=\"$pf\",state=\"free\"}")" 4
is "VFs that are leased" "$(value "vfs{pf=\"$pf\",state=\"leased\"}")" 0
is "of a PF without VFs, all states are there" "$(metrics | grep -c "^sriov_broker_vfs{pf=\"$nvme\",.*} 0$")" 7
is "VFs that there could be" "$(value "pf_max_vfs{pf=\"$nvme\",driver=\"nvme\"}")" "$(cat "$SYS/$nvme/sriov_totalvfs")"
is "which is not cordoned" "$(value "pf_cordoned{pf=\"$nvme\"}")" 0
sriovctl cordon "$nvme"
is "and now is" "$(value "pf_cordoned{pf=\"$nvme\"}") $(value "pf_cordoned{pf=\"$pf\"}")" "1 0"
sriovctl uncordon "$nvme"
is "no leases" "$(value leases)" 0
mkfifo "$work/in"
sriovctl lease "$pf" -n 4 <"$work/in" >/dev/null &
exec 8>"$work/in"
leases_are() { [ "$(value leases)" = "$1" ]; }
ok "four leases" eventually 10 leases_are 4
is "VFs that are leased" "$(value "vfs{pf=\"$pf\",state=\"leased\"}")" 4
sriovctl lease "$pf" --wait 60 -- true 8>&- &
waiter=$!
waiters_are() { [ "$(value lease_waiters)" = "$1" ]; }
ok "one waits" eventually 10 waiters_are 1
exec 8>&-
wait $waiter
ok "all come back" await 10 free "$pf"
is "there are no waiters" "$(value lease_waiters)" 0
count() { value "operation_duration_seconds_count{operation=\"$1\"}"; }
is "one PF was given VFs" "$(count enable)" 1
is "five leases were granted, by two calls" "$(count lease)" 5
is "one call had to wait" "$(count wait)" 1
is "five VFs were returned" "$(count return)" 5
is "five VFs were reset" "$(count reset)" 5
fails 4 "(a lease is refused)" "there is no VF" sriovctl lease "$nvme"
is "it is counted" "$(value 'operation_failures_total{operation="lease"}')" 1
is "resets have not failed" "$(value 'operation_failures_total{operation="reset"}')" 0
times=$(value 'operation_slowest_seconds{operation="reset"}')
times+=" $(value 'operation_duration_seconds_sum{operation="reset"}')"
ok "the slowest of five took a fifth of the time or more" \
	awk -v times="$times" 'BEGIN { split(times, t); exit !(t[1] > 0 && t[1] * 5 >= t[2] && t[1] <= t[2]) }'
is "every one took less than for ever" \
	"$(value 'operation_duration_seconds_bucket{operation="reset",le="+Inf"}')" 5

echo '{ "pools": { "few": { "members": [ { "address": "'"$pf"'", "vf": "0-1" } ], "max_leases": 2 } } }' | sriovctl apply -
sriovctl lease --pool few -- sriovctl metrics >"$work/pool"
is "VFs of a pool" "$(grep '^sriov_broker_pool' "$work/pool")" 'sriov_broker_pool_vfs{pool="few",state="host"} 0
sriov_broker_pool_vfs{pool="few",state="free"} 1
sriov_broker_pool_vfs{pool="few",state="leased"} 1
sriov_broker_pool_vfs{pool="few",state="draining"} 0
sriov_broker_pool_vfs{pool="few",state="resetting"} 0
sriov_broker_pool_vfs{pool="few",state="quarantined"} 0
sriov_broker_pool_vfs{pool="few",state="open"} 0
sriov_broker_pool_leases{pool="few"} 1
sriov_broker_pool_max_leases{pool="few"} 2'
await 10 free "$pf" || true
# --- owners -----------------------------------------------------------------------------------------

# A label may have what would end it, or its line.
hostile='a"} 2 b\c'
sriovctl lease "$pf#1" --label "$hostile" <"$work/in" >/dev/null &
exec 8>"$work/in"
ok "a lease, whose label is hostile" eventually 10 leases_are 1
id=$(sriovctl list -j "$pf#1" | jq '.pfs[0].vfs[0].lease.id')
cgroup=$(sriovctl list -j "$pf#1" | jq -r '.pfs[0].vfs[0].lease.cgroup // ""')
vf=$(vfs_of "$pf" | sed -n 2p)
is "its owner is told, and nothing but one line" "$(metrics | grep -A 1 '^sriov_broker_lease_info')" \
	"sriov_broker_lease_info{vf=\"$vf\",pf=\"$pf\",lease=\"$id\",kind=\"descriptor\",label=\"a\\\"} 2 b\\\\c\",pid=\"$!\",uid=\"0\",cgroup=\"$cgroup\"} 1
# HELP sriov_broker_vf_faults VFs of a PF in quarantine, by what failed."

# --- the formats ----------------------------------------------------------------------------------

metrics >"$work/text"
is "each line once" "$(grep -v '^#' "$work/text" | sed 's/ .*//' | sort | uniq -d)" ""
is "buckets grow, and the last is the count" "$(awk '
	{ name = $1; sub(/,le=.*/, "", name) }
	/_bucket/ { if (name == last && $2 < n) print; last = name; n = $2 }
	/_count/ && $2 != n' "$work/text")" ""
if [ -x /usr/bin/promtool ]; then
	is "promtool finds nothing" "$(promtool check metrics <"$work/text" 2>&1)" ""
	fails 3 "(it would, were a help missing)" "no help text" \
		bash -c "sed '/^# HELP.*vfs/d' '$work/text' | promtool check metrics"
else
	skip "promtool finds nothing" "no promtool here"
	skip "(it would, were a help missing)" "no promtool here"
fi
metrics --openmetrics >"$work/open"
is "OpenMetrics has an end" "$(tail -n 1 "$work/open")" "# EOF"
is "no other line says so" "$(grep -c EOF "$work/open")" 1
like "it declares a counter without its end" "$(cat "$work/open")" "^# TYPE sriov_broker_operation_failures counter$"
is "the values are the same" "$(grep -v '^#' "$work/open")" "$(grep -v '^#' "$work/text")"
# Every sample belongs to the family declared last, by OpenMetrics' rules for names.
is "families stand together" "$(awk '
	/^# TYPE/ { family = $3; type = $4; next }
	/^#/ { next }
	{ name = $1; sub(/{.*/, "", name); rest = substr(name, length(family) + 1) }
	index(name, family) != 1 || (type == "counter" && rest != "_total") || (type == "gauge" && rest != "") ||
		(type == "histogram" && rest !~ /^_(bucket|sum|count)$/)' "$work/open")" ""

exec 8>&-
ok "the lease ends" await 10 free "$pf"

# --- the file -------------------------------------------------------------------------------------

file=$work/out/sriov.prom
mkdir "$work/out"
ok "a file" metrics --output "$file"
is "for all to read" "$(stat -c %a "$file")" 644
is "with the same in it" "$(cat "$file")" "$(metrics)"
before=$(stat -c %i "$file")
ok "once more" metrics -o "$file"
ok "it is another file, put in its place" test "$before" != "$(stat -c %i "$file")"
is "nothing is left beside it" "$(ls "$work/out")" sriov.prom
busybox mount -t tmpfs -o size=4k,mode=755 tmpfs "$work/out"
echo old >"$file"
fails 2 "a full disk" "^sriovctl: $file: No space left on device$" metrics -o "$file"
is "the old one is still there, alone" "$(cat "$file") $(ls "$work/out")" "old sriov.prom"
busybox umount "$work/out"
mknod "$work/null" c 1 3
ok "a device" metrics -o "$work/null"
is "it is one still" "$(stat -c %F "$work/null")" "character special file"
echo old >"$work/behind"
ln -s behind "$work/link"
ok "a link" metrics -o "$work/link"
is "it is one still" "$(readlink "$work/link")" behind
is "what it leads to has it" "$(cat "$work/link")" "$(metrics)"
# A directory of another user, which can put there what it likes.
mkdir "$work/theirs"
chown 65534 "$work/theirs"
ln -s ../behind "$work/theirs/link"
echo old >"$work/behind"
ok "a link in another user's directory" metrics -o "$work/theirs/link"
is "it is replaced" "$(stat -c %F "$work/theirs/link")" "regular file"
is "what it led to stays" "$(cat "$work/behind")" old
ln -s ../null "$work/theirs/mine"
chown -h 65534 "$work/theirs/mine"
mv "$work/theirs/mine" "$work/mine"
ok "another user's link" metrics -o "$work/mine"
is "that is replaced too" "$(stat -c %F "$work/mine")" "regular file"
# A directory that any user can put links into, or only such as are that user's own.
mkdir -m 777 "$work/any"
mkdir -m 1777 "$work/own"
ln -s ../behind "$work/any/link"
ln -s ../behind "$work/own/link"
ok "a link where another user can put one" metrics -o "$work/any/link"
is "that is replaced as well" "$(stat -c %F "$work/any/link") $(cat "$work/behind")" "regular file old"
ok "a link where that would be another user's" metrics -o "$work/own/link"
is "it is followed" "$(stat -c %F "$work/own/link") $(head -c 6 "$work/behind")" "symbolic link # HELP"
ln -s null "$work/to_null"
ok "a link to a device" metrics -o "$work/to_null"
is "both are what they were" "$(stat -c %F "$work/to_null" "$work/null" | paste -sd ,)" \
	"symbolic link,character special file"
mkfifo "$work/fifo"
fails 4 "a pipe that no process reads" "^sriovctl: $work/fifo: No such device or address$" \
	timeout 20 sriovctl metrics -o "$work/fifo"
fails 2 "a full device" "^sriovctl: /dev/full: No space left on device$" metrics -o /dev/full
fails 4 "no such directory" "^sriovctl: $work/none/x.prom: No such file or directory$" \
	metrics -o "$work/none/x.prom"
full() { metrics >/dev/full; }
fails 2 "a full disk behind stdout" "No space left" full

rm -r "$work"
unload_module
done_testing
