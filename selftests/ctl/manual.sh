#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The shell lines of the manual's pages for admins.  A block of them is run where the comment ".. run" stands above it; with
# "qemu" behind that there is a QEMU at /run/vm1/qmp meanwhile, which is none; "shows PATTERN": its output has that.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/fakes.sh"

PAGES=../Documentation/admin
NAMES="first-vf iommu boot cookbook moving upgrade trouble"
pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")
ip link set "$netdev" down
ip link set "$netdev" name enp1s0f0
mkdir -p /run/vm1 /etc/modules-load.d
export KO

# What a line of the manual finds on a machine where all is installed.
cat >"$work/preamble" <<-'EOF'
	sudo() { "$@"; }
	modprobe() {
		case "$*" in
		sriov_broker) insmod "$KO" ;;
		"-r sriov_broker") rmmod sriov_broker ;;
		*) command modprobe "$@" ;;
		esac
	}
EOF

# Each block of a page is a file, NUMBER; NUMBER.how has the words of its mark.
blocks() {
	mkdir -p "$work/$1"
	awk -v to="$work/$1" '
		/^ *\.\. run( |:|$)/ { how = $0; sub(/.*\.\. run:? */, "", how); armed = 1; next }
		armed && /^ *\.\. code-block:: sh$/ {
			indent = index($0, "."); file = sprintf("%s/%02d", to, ++n); on = 1; armed = 0
			print how >(file ".how")
			next
		}
		on && NF && match($0, /[^ ]/) && RSTART <= indent { on = 0 }
		on { print substr($0, indent + 3) >file }
		END { if (armed) exit 1 }' "$PAGES/$1.rst"
}

# PAGE FILE: one point
block() {
	local how out status=0 first
	how=$(cat "$2.how")
	first=$(grep -m 1 . "$2")
	out=$(BASH_ENV="$work/preamble" timeout 120 bash -e "$2" </dev/null 2>&1) || status=$?
	if [ $status = 0 ] && { [[ $how != *shows* ]] || says "$out" "${how##*shows }"; }; then
		tap_line 0 "$1: $first"
	else
		tap_line 1 "$1: $first"
		diag "ended with $status, wanted 0${how:+ and: $how}"
		diag "$out"
	fi
}

with_qemu() {
	PORTS=2 serve vm1 polite
	ln -sfn "$work/vm1" /run/vm1/qmp
	"$@"
	end_last
	await 20 free "$pf" || diag "a VF does not come back"
}

page() {
	local file
	blocks "$1" || tap_line 1 "$1: a mark without a block of sh"
	for file in "$work/$1"/??; do
		if [[ $(cat "$file.how") == qemu* ]]; then with_qemu block "$1" "$file"; else block "$1" "$file"; fi
	done
}

# The first page loads the module itself.
modprobe -a vfio-pci pci-stub
for name in $NAMES; do
	[ -d /sys/module/sriov_broker ] || [ "$name" = first-vf ] || load_module
	page "$name"
	ok "$name: nothing is in use after that" eventually 10 sriovctl disable enp1s0f0
	rm -rf /etc/sriov-broker /etc/modules-load.d/sriov-broker.conf
	unload_module
done
is "no other page has any" "$(grep -rlE '^ *\.\. run( |:|$)' ../Documentation --include='*.rst' | sort | xargs)" \
	"$(for name in $NAMES; do echo "$PAGES/$name.rst"; done | sort | xargs)"
ok "there were blocks to run" [ "$(find "$work" -name '*.how' | wc -l)" -ge 25 ]
rm -r "$work"
done_testing
