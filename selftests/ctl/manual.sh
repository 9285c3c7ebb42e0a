#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The shell lines of the manual's pages for admins, of the README and of sriovctl(8).  A block of them is run where a comment
# "run" stands above it (.. run, <!-- run -->, ; run); with ": qemu" behind that there is a QEMU at /run/vm1/qmp meanwhile,
# which is none; "shows PATTERN": its output has that.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/fakes.sh"

PAGES=(../Documentation/admin/{first-vf,iommu,boot,cookbook,moving,upgrade,trouble}.rst ../README.md
	../Documentation/sriovctl.8.scd)
pf=$(pfs_of igb)
netdev=$(netdev_of "$pf")
ip link set "$netdev" down
ip link set "$netdev" name enp1s0f0
mkdir -p /run/vm1 /etc/modules-load.d /var/lib/prometheus/node-exporter
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

# PAGE DIR: each of its blocks is a file there, NUMBER; NUMBER.how has the words of its mark.
blocks() {
	mkdir -p "$2"
	awk -v to="$2" '
		# A block is set in by so much, or ends with its fence.
		function begin(depth) {
			file = sprintf("%s/%02d", to, ++n); on = 1; armed = 0; set_in = depth
			print how >(file ".how")
		}
		match($0, /^ *(\.\.|<!--|;) run( |:|$)/) {
			how = substr($0, RLENGTH + 1); sub(/ *-->$/, "", how); sub(/^:? */, "", how); armed = 1; next
		}
		armed && /^ *\.\. code-block:: sh$/ { begin(index($0, ".") + 2); next }
		armed && /^```$/ { begin(0); next }
		armed && FILENAME ~ /md$/ && /^    / { begin(4) }
		on && (/^```$/ || NF && match($0, /[^ ]/) && RSTART <= set_in) { on = 0 }
		on { print substr($0, set_in + 1) >file }
		END { if (armed) exit 1 }' "$1"
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

# PAGE NAME
page() {
	local file
	blocks "$1" "$work/$2" || tap_line 1 "$2: a mark without a block"
	for file in "$work/$2"/??; do
		if [[ $(cat "$file.how") == qemu* ]]; then with_qemu block "$2" "$file"; else block "$2" "$file"; fi
	done
}

# The first page loads the module itself.
modprobe -a vfio-pci pci-stub
for file in "${PAGES[@]}"; do
	name=$(basename "${file%.*}")
	[ -d /sys/module/sriov_broker ] || [ "$name" = first-vf ] || load_module
	page "$file" "$name"
	ok "$name: nothing is in use after that" eventually 10 sriovctl disable enp1s0f0
	rm -rf /etc/sriov-broker /etc/modules-load.d/sriov-broker.conf
	unload_module
done
is "no other page has any" "$(grep -lrE '^ *(\.\.|<!--|;) run( |:|$)' ../Documentation ../README.md | sort | xargs)" \
	"$(printf '%s\n' "${PAGES[@]}" | sort | xargs)"
ok "there were blocks to run" [ "$(find "$work" -name '*.how' | wc -l)" -ge 30 ]
rm -r "$work"
done_testing
