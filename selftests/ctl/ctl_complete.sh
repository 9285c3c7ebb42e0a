#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What may be typed next: as sriovctl says it to the scripts of bash, zsh and fish, and bash itself, on a terminal.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"

load_module || bail "the module does not load"
pf=$(pfs_of igb)
nvme=$(pfs_of nvme)
netdev=$(netdev_of "$pf")
sriovctl enable "$pf" 3 || bail "no VFs"
read -ra vfs <<<"$(vfs_of "$pf" | xargs)"
work=$(mktemp -d)
mkfifo "$work/in"
sriovctl lease "$pf#1" --label mine <"$work/in" >/dev/null &
exec 8>"$work/in"
await 10 leased "${vfs[1]}" || bail "no lease"
lease=$(sriovctl list --json "${vfs[1]}" | jq .pfs[0].vfs[0].lease.id)

# What is offered behind the words "sriovctl $*", the last of which is not whole.
lines() { sriovctl --complete "$@"; }
words() { lines "$@" | cut -f 1 | xargs; }

# --- devices --------------------------------------------------------------------------------------

is "PFs, by address and by interface" "$(words enable '' | tr ' ' '\n' | sort | xargs)" \
	"$(printf '%s\n' "$pf" "$nvme" "$netdev" | sort | xargs)"
is "what a PF is" "$(lines enable "$netdev")" "$netdev	PF, 3 of 7 VFs, igb"
is "where VFs go: no VF" "$(words enable "${vfs[0]}")" ""
is "VFs" "$(words reset '')" "${vfs[*]}"
is "what a VF is" "$(lines reset "${vfs[2]}")" "${vfs[2]}	VF 2 of $pf, vfio-pci"
is "PFs and VFs" "$(words list "${pf%.?}")" "$pf"
is "VFs of a PF by number" "$(words set "$netdev#" | xargs)" "$netdev#0 $netdev#1 $netdev#2"
is "by the PF's address" "$(words show "$pf#2")" "$pf#2"
is "where there are to be more of them" "$(words lease "$pf" "${vfs[0]}" "$netdev#1")" "$netdev#1"
is "a PF in a list" "$(words drain "$netdev" --to "$netdev,$nvme")" "$netdev,$nvme"
is "swap's --to: a VF" "$(words swap --qmp /x net1 --to "${vfs[2]}")" "${vfs[2]}"
is "a VF's id" "$(words lease --device 8086)" 8086:10ca
is "drivers" "$(words enable "$pf" 2 --driver '')" "vfio-pci pci-stub host"
is "bind's second word" "$(words bind "$pf" v)" vfio-pci
is "a NUMA node" "$(words lease --numa '')" "$(basename -a /sys/devices/system/node/node[0-9]* | tr -dc '0-9\n' | xargs)"

# Names that others choose: bash would run some of them.
mkdir -p "$work/qemu" /run/libvirt/qemu
for name in web1 'web2;reboot' "\$(reboot)" 'a b' $'c\n:command' -f; do
	touch "$work/qemu/$name.pid"
done
mount --bind "$work/qemu" /run/libvirt/qemu
is "guests of libvirt, but for such names" "$(words detach --libvirt '')" web1
umount /run/libvirt/qemu

# --- leases, attributes, words ---------------------------------------------------------------------

is "a lease, and of what it is" "$(lines revoke "$lease" | head -n 1)" "$lease	${vfs[1]} mine"
is "a caller that waits: there is none" "$(words cancel '')" ""
is "set's attributes, no others" "$(words set x m)" "mac min-rate max-rate msix"
is "a value" "$(words set x trust '')" "off on"
is "of the second attribute" "$(words set x mac none state '')" "auto enable disable"
is "an attribute again" "$(words set x mac none sp)" spoofchk
is "--net's attributes" "$(words attach --net m)" "mac= min-rate= max-rate="
is "and values" "$(words attach --net mac=none,trust=)" "mac=none,trust=off mac=none,trust=on"
is "an option with its argument in one word" "$(words enable "$pf" 2 --driver=v)" --driver=vfio-pci
is "a short one's argument" "$(words lease -w '')" forever
is "lease's --output" "$(words lease --output '')" "shell json qemu libvirt"
is "list's columns" "$(words list --columns device,n)" "device,numa device,network"
is "the one to sort by" "$(words list --sort -st)" -state
is "a field to filter by" "$(words list --filter driver=host,st)" driver=host,state=
is "and what it may say" "$(words list --filter 'state!=le')" 'state!=leased'
is "a colour" "$(words list --color=a)" "--color=auto --color=always"
is "an option" "$(words swap --make)" --make-before-break
like "what it is for" "$(lines swap --make)" "^--make-before-break	[a-z]"
is "a command" "$(words swa)" swap
is "a command that one wants help about" "$(words help swa)" swap
is "nothing behind a command that is none" "$(words lost '')" ""
is "a file" "$(words metrics --output /etc)" :file
is "a monitor" "$(words detach --qmp /run)" :file
is "a command behind --" "$(words lease "$pf" -- una)" :command
for command in $(words ''); do
	is "all options of $command" "$(words "$command" -- | tr ' ' '\n' | sort | xargs)" \
		"$(sriovctl "$command" --help | grep -oE -- '^  (-., |    )--[a-z-]+' | grep -oE -- '--.*' | sort | xargs)"
done

# --- bash -----------------------------------------------------------------------------------------

script=$(realpath ../tools/completion/sriovctl.bash)
bash_says() { python3 "$(dirname "$0")/../lib/type_tab.py" "$1" "${@:2}"; }
check_bash() { # NAME SETUP
	local got
	mapfile -t got < <(bash_says "$2" "sriovctl ena" "sriovctl enable ${pf%.?}" "sriovctl list ${netdev%?}" \
		"sriovctl set $netdev#2 tru" "sriovctl lease --device 80" "sriovctl attach --net=mac=none,st" \
		"sriovctl metrics -o /etc/hostn" "sriovctl lease ${vfs[0]} -- unam")
	is "$1: a command" "${got[0]-}" "sriovctl enable "
	is "$1: an address" "${got[1]-}" "sriovctl enable $pf "
	is "$1: an interface" "${got[2]-}" "sriovctl list $netdev "
	is "$1: an attribute" "${got[3]-}" "sriovctl set $netdev#2 trust "
	is "$1: a colon in a word" "${got[4]-}" "sriovctl lease --device 8086:10ca "
	is "$1: a word in parts" "${got[5]-}" "sriovctl attach --net=mac=none,state="
	is "$1: a file" "${got[6]-}" "sriovctl metrics -o /etc/hostname "
	is "$1: a command behind --" "${got[7]-}" "sriovctl lease ${vfs[0]} -- uname "
}
check_bash "bash" ". $script"
library=/usr/share/bash-completion/bash_completion
if [ -e $library ]; then
	check_bash "with bash-completion" ". $library; . $script"
else
	skip "with bash-completion" "it is not installed"
fi

exec 8>&-
ok "the lease ends" await 10 free "${vfs[1]}"
ok "VFs are switched off" sriovctl disable "$pf"
unload_module
is "without the module: devices all the same" "$(words enable "$netdev")" "$netdev"
is "but no leases" "$(lines revoke 1)" ""
rm -r "$work"
done_testing
