#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# VFs that can't work: NVMe ones whose secondary controller is offline are shown so, and no guest gets one; of
# a network card that is down it is said.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/fakes.sh"
export SRIOVCTL_PATIENCE=60 # what is asked answers, but late where the host is loaded

command -v nvme >/dev/null || skip_all "no nvme-cli"
load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)
ctrl=/dev/$(basename "$SYS/$nvme"/nvme/nvme*)
sriovctl enable "$nvme" 3 || bail "no VFs"
sriovctl enable "$pf" 2 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$nvme" | xargs)"
read -ra nics <<<"$(vfs_of "$pf" | xargs)"

about() { sriovctl list --json "$1" | jq -c ".pfs[0].vfs[0].nvme | $2"; }
bring_online() { # VF
	local id
	id=$(about "$1" .controller)
	nvme virt-mgmt "$ctrl" -c "$id" -r 0 -n 2 -a 8 && nvme virt-mgmt "$ctrl" -c "$id" -r 1 -n 1 -a 8 &&
		nvme virt-mgmt "$ctrl" -c "$id" -a 9
}

# --- seen -------------------------------------------------------------------------------------------

is "all are offline, without queues" "$(sriovctl list --json "$nvme" | jq -c '[.pfs[0].vfs[].nvme | [.online, .queues, .vectors]] | unique')" \
	'[[false,0,0]]'
is "each has an id of its own" "$(sriovctl list --json "$nvme" | jq '[.pfs[0].vfs[].nvme.controller] | unique | length')" 3
bring_online "${vfs[1]}" >/dev/null || bail "no VF can be brought online"
is "one is online, with queues" "$(about "${vfs[1]}" '[.online, .queues, .vectors]')" '[true,2,1]'
is "the others are not" "$(about "${vfs[0]}" .online) $(about "${vfs[2]}" .online)" "false false"
is "the tree says so" "$(sriovctl list "$nvme" | grep -c 'free, offline')" 2
is "show as well" "$(sriovctl show --json "${vfs[0]}" | jq -c .nvme)" "$(about "${vfs[0]}" .)"
like "for people" "$(sriovctl show "${vfs[1]}")" "^  controller     [0-9]+, online, 2 queues, 1 vectors$"
like "of a PF's VFs, in one line" "$(sriovctl show "$nvme")" "^  VF 0,2 .* free, offline$"
is "and in no other" "$(sriovctl show "$nvme" | grep -c 'free, offline')" 1
TENANT=65534
as_tenant=(setpriv --reuid "$TENANT" --regid "$TENANT" --clear-groups --inh-caps=-all)
chgrp "$TENANT" /dev/sriov_broker
chmod 660 /dev/sriov_broker
is "a user that may not ask the PF does not know" "$("${as_tenant[@]}" sriovctl list --json "$nvme" | jq -c '[.pfs[0].vfs[].nvme] | unique')" '[{"online":null}]'
is "which is said" "$("${as_tenant[@]}" sriovctl list "$nvme" | grep -c 'free, may be offline')" 3
like "by show as well" "$("${as_tenant[@]}" sriovctl show "${vfs[1]}")" "^  controller     not known whether online; root can ask"
like "and when one is for a guest" "$("${as_tenant[@]}" sriovctl run "${vfs[1]}" --id x -- echo 2>&1)" \
	"^sriovctl: ${vfs[1]}: note that it is not known whether its NVMe controller is online, .*; if it is not, the guest has no disk$"
await 20 free || bail "VFs do not come back"
is "a network card's VFs have none" "$(about "${nics[0]}" .)" null

# --- no choice for a guest --------------------------------------------------------------------------

OFFLINE="^sriovctl: ${vfs[0]}: its NVMe controller is offline, so that a guest would have no disk; to give it queues .*: nvme virt-mgmt $ctrl -c $(about "${vfs[0]}" .controller) "
PORTS=3 serve qmp polite
qmp=$work/qmp
fails 2 "attach of one that is offline" "$OFFLINE" sriovctl attach --qmp "$qmp" "${vfs[0]}"
fails 2 "attach of some that are" "$OFFLINE" sriovctl attach --qmp "$qmp" "$nvme#0,2"
fails 125 "run with one that is" "$OFFLINE" sriovctl run "${vfs[0]}" -- touch "$work/started"
ok "then nothing is started" [ ! -e "$work/started" ]
is "none was leased for that" "$(states "$nvme")" free
like "attach takes the one that works" "$(timeout 60 sriovctl attach --qmp "$qmp" "$nvme" --id net1)" "^${vfs[1]} attached as net1"
end_last
await 20 free || bail "VFs do not come back"
is "so does run" "$(sriovctl run "$nvme" --id x -- echo | grep -o 'host=[^,]*')" "host=${vfs[1]}"
await 20 free || bail "VFs do not come back"
is "by vendor and device too" "$(sriovctl run -d 1b36:0010 --id x -- echo | grep -o 'host=[^,]*')" "host=${vfs[1]}"
await 20 free || bail "VFs do not come back"
like "lease takes any: it is not only for guests" "$(sriovctl lease "${vfs[0]}" -- printenv SRIOV_VF)" "^${vfs[0]}$"
await 20 free || bail "VFs do not come back"

rm "$qmp"
HOST=${vfs[1]} USED=net1 PORTS=1 serve qmp polite sriovctl run "${vfs[1]}" --id net1 --
fails 2 "swap to one that is offline" "$OFFLINE" timeout 60 sriovctl swap --qmp "$qmp" net1 --to "${vfs[0]}"
is "the guest is not asked for its own" "$(grep -c device_del "$qmp.log")" 0
fails 3 "swap to another of the PF: there is none" \
	"^sriovctl: 1 VF asked, 0 of the 1 that fit are free: 1 leased \(by process ${jobs[-1]}\); see sriovctl list$" \
	timeout 60 sriovctl swap --qmp "$qmp" net1
bring_online "${vfs[2]}" >/dev/null || bail "no VF can be brought online"
like "swap takes the one that works now" "$(timeout 60 sriovctl swap --qmp "$qmp" net1 2>&1)" \
	"^${vfs[2]} attached as net1, lease [0-9]+, instead of ${vfs[1]}$"
end_last
await 20 free || bail "VFs do not come back"

# --- a PF that is down ------------------------------------------------------------------------------

rm "$qmp"
PORTS=3 serve qmp polite
netdev=$(netdev_of "$pf")
ip link set "$netdev" down
# Nor is any part of sriovctl wanted for an attach without attributes: each costs time.
out=$(without_parts attach --qmp "$qmp" "${nics[0]}" --id net1 2>&1) && status=0 || status=$?
is "a network card that is down is no hindrance" "$status" 0
like "but it is said" "$out" "^sriovctl: ${nics[0]}: note that its PF's interface is down, .*: ip link set $netdev up$"
end_last
await 20 free || bail "VFs do not come back"

unload_module
rm -r "$work"
done_testing
