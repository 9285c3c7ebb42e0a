#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sriovctl, run by root, among processes of tenants that lie: QEMUs that were broken into, and programs of
# users that may lease. Whose VF it is, whose socket, whose lock is the kernel's word, never theirs.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/fakes.sh"

TENANT=65534
cp "$(readlink -f /usr/bin/python3)" "$work/qemu-python" # for what poses as a QEMU
export PYTHONHOME=/usr
export SRIOVCTL_PATIENCE=10 # of guests, too: a peer may be slow to start
load_module || bail "the module does not load"
chgrp $TENANT /dev/sriov_broker
chmod 660 /dev/sriov_broker
read -r pf other <<<"$(pfs_of igb | xargs)"
[ -n "$other" ] || bail "two igb PFs are wanted"
sriovctl enable "$pf" 4 || bail "no VFs"
sriovctl enable "$other" 1 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
as_tenant=(setpriv --reuid "$TENANT" --regid "$TENANT" --clear-groups --inh-caps=-all)
pose() { # NAME COMMAND...: in the background, until it says that it is ready
	local name=$1
	shift
	"$@" >"$work/$name.said" 2>&1 &
	jobs+=($!)
	eventually 20 grep -q ready "$work/$name.said" || bail "$name: $(cat "$work/$name.said")"
}
lease_of() { sriovctl list --json "$1" | jq '.pfs[0].vfs[0].lease.id'; }
mac_of() { # PF INDEX, by iproute2
	ip -j link show "$(netdev_of "$1")" | jq -r ".[0].vfinfo_list[$2].address"
}
guests() { sriovctl guests --json | jq -c '[.guests[].pid] | sort'; }

# --- a victim, and a guest that was broken into ------------------------------------------------------

mac=02:00:00:00:00:aa uuid=c0ffee00-0000-4000-8000-000000000001
ip link set "$(netdev_of "$pf")" vf 1 mac $mac
words=(-uuid "$uuid")
HOST=${vfs[1]} USED=net1 PORTS=1 serve victim polite sriovctl run "${vfs[1]}" --id net1 --
victim=${jobs[-1]} words=()
lease=$(lease_of "${vfs[1]}")
claim="sriov_broker lease=$lease vf=${vfs[1]} id=net1"
unchanged() { # NAME: the victim has its VF, that its MAC, and no other VF has either
	is "$1: the victim keeps its lease" "$(lease_of "${vfs[1]}")" "$lease"
	is "$1: and its MAC" "$(mac_of "$pf" 1)" "$mac"
	is "$1: no other VF has that" "$(ip -j link show "$(netdev_of "$pf")" | jq "[.[0].vfinfo_list[] | select(.address == \"$mac\")] | length")" 1
}

OPAQUE=$claim HOST=${vfs[1]} serve evil polite sriovctl run "${vfs[0]}" --id net1 --
evil=${jobs[-1]}

# Through libvirt: what it says its UUID is does not matter.
mkdir "$work/bin"
cp "$(command -v sriovctl)" "$work/bin"
cat >"$work/bin/sriovctl-libvirt" <<END
#!/bin/bash
export PID=$evil HOST=${vfs[1]} UUID=$uuid LOG=$work/helper.log
echo "\$@" >"$work/helper.words"
exec $LIB/../bin/fake_qemu - polite -add-fd "fd=1,set=1000001,opaque=${claim/net1/ua-net1}"
END
chmod +x "$work/bin/sriovctl-libvirt"
fails 2 "swap --libvirt: a guest that calls itself by another's UUID" \
	"^sriovctl: ua-net1: process $evil at evil does not hold lease $lease, which is process $victim's: left$" \
	timeout 60 "$work/bin/sriovctl" swap --libvirt evil net1
is "swap --libvirt: it is not asked for anything" "$(grep -c device_del "$work/helper.log")" 0
unchanged "swap --libvirt"

# Where no process can be seen all are number 0.
fails 2 "swap from another PID namespace" "^sriovctl: $work/evil: its process can't be seen from here" \
	timeout 60 unshare --pid --fork --mount-proc sriovctl swap --qmp "$work/evil" net1
fails 2 "attach from another PID namespace" "^sriovctl: $work/evil: its process can't be seen from here" \
	timeout 60 unshare --pid --fork --mount-proc sriovctl attach --qmp "$work/evil" "${vfs[3]}"
is "then nothing is leased" "$(state "${vfs[3]}")" free
unchanged "another PID namespace"

# --- processes that pose as a VF's holder -----------------------------------------------------------

# With a lease, and without the device that it says the lease is for.
sorted() { printf '[%s]\n' "$(printf '%s\n' "$@" | sort -n | paste -sd ,)"; }
OPAQUE=$claim serve hider polite sriovctl run "${vfs[2]}" --id net1 --
is "a guest that claims another's lease hides neither" "$(guests)" "$(sorted "$victim" "$evil" "${jobs[-1]}")"
is "it is not told to give that back" "$(grep -c remove-fd "$work/hider.log")" 0
end_last
await 20 free "${vfs[2]}" || bail "${vfs[2]} does not come back"
serve hider polite,stingy sriovctl run "${vfs[2]}" --id net1 --
is "nor does one that only says that it has given its lease back" \
	"$(guests)" "$(sorted "$victim" "$evil" "${jobs[-1]}")"
ok "though it was told to" grep -q remove-fd "$work/hider.log"
end_last
await 20 free "${vfs[2]}" || bail "${vfs[2]} does not come back"
OPAQUE="sriov_broker lease=999 vf=${vfs[1]} id=x" serve hider polite,stingy sriovctl run "${vfs[2]}" --id net1 --
is "nor is another's VF said to be given back, under a lease that never was" \
	"$(sriovctl guests 2>&1 >/dev/null | grep -c "given back")" 0
ok "though it was told to give that back" grep -q remove-fd "$work/hider.log"
end_last
await 20 free "${vfs[2]}" || bail "${vfs[2]} does not come back"

group=$(basename "$(readlink "$SYS/${vfs[1]}/iommu_group")")
holders=$(sorted "$victim" "$evil")
is "guests are those that have leases" "$(guests)" "$holders"
# shellcheck disable=SC2016 # for the other shell
pose file "${as_tenant[@]}" unshare --user --map-root-user --mount sh -c \
	'mount -t tmpfs none /dev/vfio && touch /dev/vfio/$1 && exec "$2/qemu-python" "$3/poser.py" open /dev/vfio/$1' \
	sh "$group" "$work" "$LIB"
is "a file that is called like a VF's group makes no guest" "$(guests)" "$holders"
poser=${jobs[-1]}
pose opath "${as_tenant[@]}" "$work/qemu-python" "$LIB/poser.py" path "/dev/vfio/$group"
is "nor does the group's node, seen and not opened" "$(guests)" "$holders"
out=$(timeout 120 sriovctl drain "$pf" --to "$other" 2>&1) || true
sriovctl uncordon "$pf"
like "drain sees the guests" "$out" "${vfs[0]}: held by guest .* process $evil"
is "and neither of these" "$(grep -cwE "$poser|${jobs[-1]}" <<<"$out")" 0
end_last
kill -9 "$poser"

# --- a monitor that is another program's ------------------------------------------------------------

mkdir -m 700 "$work/private"
pose private "$LIB/poser.py" listen "$work/private/socket"
mkdir "$work/tenant"
chown $TENANT "$work/tenant"
HOST=${vfs[2]} USED=net1 serve tenant/qmp polite "${as_tenant[@]}" sriovctl run "${vfs[2]}" --id net1 --
tenant=${jobs[-1]}
mv "$work/tenant/qmp" "$work/tenant/away"
ln -s "$work/private/socket" "$work/tenant/qmp.new"
ln -s "$work/private/socket" "$work/tenant/link"
ln -s "$work/private" "$work/tenant/way"
chown -h $TENANT "$work/tenant"/*
id_of() { sriovctl guests --json | jq -r ".guests[] | select(.pid == $1).vfs[].id"; }
is "a monitor whose path was made to lead elsewhere is asked, and no other" "$(id_of "$tenant")" net1
fails 2 "nor is a tenant's link followed for a command" \
	"^sriovctl: $work/tenant/link: link in it is a link that another user can change, and leads where that user likes; name what it is to lead to$" \
	timeout 60 sriovctl attach --qmp "$work/tenant/link" "${vfs[3]}"
fails 2 "wherever in the path it stands" "^sriovctl: $work/tenant/way/socket: way in it is a link that another user can change" \
	timeout 60 sriovctl attach --qmp "$work/tenant/way/socket" "${vfs[3]}"
fails 2 "what a tenant's file system has is that tenant's own, or is not talked to" \
	"^sriovctl: /proc/$tenant/root$work/private/socket: it is not process $tenant's$" \
	timeout 60 sriovctl attach --qmp "/proc/$tenant/root$work/private/socket" "${vfs[3]}"
eventually 5 grep -q connected "$work/private.said" || true
is "root's socket does not hear of it" "$(grep -c connected "$work/private.said")" 1

# --- a process that calls itself by a domain's name -------------------------------------------------

pose tenant/domain "${as_tenant[@]}" "$work/qemu-python" "$LIB/poser.py" listen "$work/tenant/domain" -name guest=evil \
	-chardev "socket,id=charmonitor,path=$work/tenant/domain" -mon chardev=charmonitor,mode=control
watch=()
! command -v strace >/dev/null || watch=(strace -qq -o "$work/trace" -e "trace=pidfd_getfd")
out=$(timeout 120 "${watch[@]}" "$work/bin/sriovctl" doctor "$pf" 2>&1) || true
is "libvirt's helper is told which process its QEMU would have to be" "$(cat "$work/helper.words")" "evil ${jobs[-1]}"
is "which is not called by the domain's name" "$(grep -c "guest: evil" <<<"$out")" 0
like "other guests are looked at" "$out" "guest: process $victim: has "
if [ ${#watch[@]} != 0 ]; then
	ok "their sockets are" grep -q "^pidfd_getfd" "$work/trace"
	is "but unix ones alone" "$(grep -c "^pidfd_getfd(.*, 77, 0)" "$work/trace")" 0
else
	skip "unix sockets alone are looked at" "no strace"
fi
end_last

# --- a lock that any process may have -------------------------------------------------------------------

serve polite polite env PORTS=1
polite=${jobs[-1]}
pose lock "${as_tenant[@]}" "$LIB/poser.py" lock /dev/sriov_broker
ok "a user that may lease can't hold up commands for others' guests" \
	timeout 60 sriovctl attach --qmp "$work/polite" "${vfs[3]}" --id net1
end_last
kill -9 "$polite"
await 20 free "${vfs[3]}" || bail "${vfs[3]} does not come back"
is "the lock is where only root can take it" "$(stat -c '%U %a' /run/sriov-broker)" "root 700"

# --- a guest that is started anew while its lock is waited for ------------------------------------------

serve again polite env PORTS=1
old=${jobs[-1]}
pose first "$LIB/poser.py" byte /run/sriov-broker/guests "$old"
first=${jobs[-1]}
SRIOVCTL_PATIENCE=30 sriovctl attach --qmp "$work/again" "${vfs[3]}" --id net1 >"$work/attach" 2>&1 &
attach=$!
jobs+=("$attach")
has_hung_up() {
	[ -n "$(find "/proc/$attach/fd" -lname /run/sriov-broker/guests)" ] && [ -z "$(find "/proc/$attach/fd" -lname 'socket:*')" ]
}
ok "a command waits for a guest's lock" eventually 5 has_hung_up
kill -9 "$old"
wait "$old" 2>/dev/null || true
serve again polite env PORTS=1
pose second "$LIB/poser.py" byte /run/sriov-broker/guests "${jobs[-1]}"
second=${jobs[-1]}
kill "$first"
status=0
wait $attach || status=$?
is "that of the process which serves its monitor then is waited for as well" $status 5
like "and is another's" "$(cat "$work/attach")" "^sriovctl: $work/again: another sriovctl, process $second, is at work on this guest"
is "nothing is leased without it" "$(state "${vfs[3]}")" free
end_last

# --- a process's number that is another one's by now ------------------------------------------------

number_goes_to() { # PID COMMAND...: in the background, as that process
	local i
	for i in {1..50}; do
		echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
		"${@:2}" >/dev/null 2>&1 &
		jobs+=($!)
		[ $! != "$1" ] || return 0
		end_last
	done
	return 1
}
if python3 -c 'import socket; socket.socketpair()[0].getsockopt(socket.SOL_SOCKET, 77)' 2>/dev/null; then # SO_PEERPIDFD
	serve heir polite,orphan env PORTS=1
	heir=${jobs[-1]}
	wait "$heir" || bail "the process that listens does not end well"
	jobs[-1]=$(cat "$work/heir.said")
	ended="^sriovctl: $work/heir: the process that opened it has ended, and others go on with it, so that it can't be known whose guest it is$"
	fails 2 "a monitor of a process that has ended" "$ended" timeout 60 sriovctl attach --qmp "$work/heir" "${vfs[3]}"
	number_goes_to "$heir" sleep 600 || bail "no other process gets its number"
	fails 2 "it is not taken for that one" "$ended" timeout 60 sriovctl attach --qmp "$work/heir" "${vfs[3]}"
	is "nothing is leased" "$(state "${vfs[3]}")" free
	end_last
else
	skip "a monitor of a process that has ended" "this kernel tells a peer's number only"
fi

# --- what another command is about to plug in -------------------------------------------------------

sriovctl lease "${vfs[3]}" --hold >/dev/null 2>&1 &
jobs+=($!)
is_leased() { [ "$(state "$1")" = leased ]; }
eventually 20 is_leased "${vfs[3]}" || bail "${vfs[3]} is not leased"
theirs=$(lease_of "${vfs[3]}")
words=(-add-fd "fd=1,set=1000001,opaque=sriov_broker lease=$theirs vf=${vfs[3]} id=net2")
serve shared polite env PORTS=1
words=()
attach_net2() { timeout 60 sriovctl attach --qmp "$work/shared" "${vfs[3]}" --id net2; }
fails 3 "an id that a lease of another command's is kept for" "^sriovctl: net2: lease $theirs is kept for a device of this id" attach_net2
fails 4 "nor is it there to be detached" "^sriovctl: net2: no such device, and no lease kept for one" \
	timeout 60 sriovctl detach --qmp "$work/shared" net2
is "QEMU is not told to give it back" "$(grep -c remove-fd "$work/shared.log")" 0
kill -9 "${jobs[-2]}"
await 20 free "${vfs[3]}" || bail "${vfs[3]} does not come back"
ok "what a command left that has ended is not in the way" attach_net2
end_last

# --- an interface that gets another one's name ------------------------------------------------------

if command -v strace >/dev/null; then
	a=$(netdev_of "$pf") b=$(netdev_of "$other") new=02:00:00:00:00:bb
	ip link set "$a" down
	ip link set "$b" down
	is_about_to_ask() { grep -q "^46 " "/proc/$(pgrep -P "${jobs[-1]}")/syscall"; } # sendmsg
	# Before it asks the network stack for the first time.
	strace -qq -o /dev/null -e trace=sendmsg -e inject=sendmsg:delay_enter=5000000:when=1 \
		sriovctl set "$pf#0" mac $new >"$work/set" 2>&1 &
	jobs+=($!)
	ok "the attributes' owner is about to be asked for" eventually 20 is_about_to_ask
	ip link set "$a" name was_a
	ip link set "$b" name "$a"
	ip link set was_a name "$b"
	wait "${jobs[-1]}" || diag "$(cat "$work/set")"
	is "a VF's MAC is set through its own PF" "$(mac_of "$pf" 0)" $new
	is "no other PF's VF has it" "$(ip -j link show "$(netdev_of "$other")" | grep -c $new)" 0
else
	skip "an interface that gets another one's name" "no strace"
fi

kill -9 "${jobs[@]}" 2>/dev/null || true
await 20 free || diag "$(sriovctl list)"
unload_module
rm -r "$work"
done_testing
