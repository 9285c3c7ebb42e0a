#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The shell lines of the manual's pages for admins, of the README and of sriovctl(8), as their marks say
# (lib/blocks.awk).  Behind "run:" there may be
#	qemu [N]	a QEMU at /run/vm1/qmp, to /run/vmN/qmp, that is none
#	programs	in the place of QEMU, DPDK and others something that prints its name and its arguments
#	shows PATTERN	the output has that
# No block of any page is without a mark.

set -euo pipefail
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/fakes.sh"
. "$(dirname "$0")/../lib/blocks.sh"

PAGES=(../Documentation/admin/{first-vf,iommu,boot,cookbook,moving,upgrade,trouble}.rst ../README.md
	../Documentation/sriovctl.8.scd)
mapfile -t pfs < <(pfs_of igb)
for i in 0 1; do
	netdev=$(netdev_of "${pfs[i]}")
	ip link set "$netdev" down
	ip link set "$netdev" name "enp$((i + 1))s0f0"
	ip link set "enp$((i + 1))s0f0" up
done
mkdir -p /run/vm{1..10} /etc/modules-load.d /var/lib/prometheus/node-exporter
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

mkdir "$work/programs"
for program in qemu-system-x86_64 dpdk-testpmd flash-tool; do
	# shellcheck disable=SC2016 # for that program
	printf '%s\n' '#!/bin/sh' 'echo "${0##*/} $*"' >"$work/programs/$program"
	chmod 755 "$work/programs/$program"
done

# PAGE DIR: each of its blocks is a file there, NUMBER; NUMBER.how has the words of its mark.
blocks() {
	mkdir -p "$2"
	awk -v to="$2" -f lib/blocks.awk "$1"
}

# PAGE FILE: one point
block() {
	local how out status=0 first words path=$PATH
	how=$(cat "$2.how")
	words=${how%%shows *}
	[[ $words != *programs* ]] || path=$work/programs:$PATH
	first=$(grep -m 1 . "$2")
	cat "$2.before" "$2" >"$work/block"
	out=$(PATH=$path BASH_ENV="$work/preamble" timeout 120 bash -e "$work/block" </dev/null 2>&1) || status=$?
	if [ $status = 0 ] && { [[ $how != *shows* ]] || says "$out" "${how##*shows }"; }; then
		tap_line 0 "$1: $first"
	else
		tap_line 1 "$1: $first"
		diag "ended with $status, wanted 0, and: $how"
		diag "$out"
	fi
}

# with_qemus N COMMAND...
with_qemus() {
	local i
	for ((i = 1; i <= $1; i++)); do
		PORTS=2 serve "vm$i" polite
		ln -sfn "$work/vm$i" "/run/vm$i/qmp"
	done
	"${@:2}"
	kill -9 "${jobs[@]}" 2>/dev/null || true
	wait "${jobs[@]}" 2>/dev/null || true
	jobs=()
	await 20 free || diag "a VF does not come back"
}

# PAGE NAME
page() {
	local file
	blocks "$1" "$work/$2" || tap_line 1 "$2: a mark without a block"
	for file in "$work/$2"/??; do
		case $(cat "$file.how") in
		"run: qemu "[0-9]*) with_qemus "$(sed 's/^run: qemu \([0-9]*\).*/\1/' "$file.how")" block "$2" "$file" ;;
		"run: qemu"*) with_qemus 1 block "$2" "$file" ;;
		run | run:*) block "$2" "$file" ;;
		esac
	done
}

# The first page loads the module itself.
modprobe -a vfio-pci pci-stub
for file in "${PAGES[@]}"; do
	name=$(basename "${file%.*}")
	[ -d /sys/module/sriov_broker ] || [ "$name" = first-vf ] || load_module
	page "$file" "$name"
	for i in 1 2; do ok "$name: nothing is in use after that" eventually 10 sriovctl disable "enp${i}s0f0"; done
	rm -rf /etc/sriov-broker /etc/modules-load.d/sriov-broker.conf /etc/modprobe.d/sriov-broker.conf
	unload_module
done

# --- what is not run here ---------------------------------------------------------------------------------

mkdir "$work/all"
while read -r file; do
	blocks "$file" "$work/all/$(basename "$file")" || tap_line 1 "$file: a mark without a block"
done < <(pages ..)
# Pages with blocks whose marks are so, a line for each block.
marked() { grep -rlE --include='*.how' "$1" "$work/all" | sed 's,/[0-9]*\.how$,,; s,.*/,,' | sort; }
is "each block has a mark" "$(marked '^unmarked$' | xargs)" ""
is "those to be run here are of these pages" "$(marked '^run(:|$)' | sort -u | xargs)" \
	"$(for file in "${PAGES[@]}"; do basename "$file"; done | sort | xargs)"
for name in $(grep -rhoP '^run by \K.*' "$work/all" | sort -u); do
	ok "run by $name: that does so" grep -q "cut_blocks $name " ctl/"$name".sh vm/"${name#vm/}"
done
diag "$(marked '^run(:|$)' | wc -l) blocks are run here, $(marked '^run by ' | wc -l) elsewhere, $(marked '^not run' | wc -l) are not:"
diag "$(cd "$work/all" && grep -rH '^not run: ' . | sed 's,^\./,,; s,/[0-9]*\.how:not run: ,: ,' | sort)"
ok "there were blocks to run" [ "$(marked '^run(:|$)' | wc -l)" -ge 45 ]
rm -r "$work"
done_testing
