# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # GUESTS_TOLD is for vm/guest.sh
# TAP for the tests in shell, and what they share: the module, PFs and VFs.  Sourced.
#
# A test ends with done_testing, which prints the plan; one that dies on the way has no plan, and so
# has failed.

. "${BASH_SOURCE[0]%/*}/nap.sh"

TAP_COUNT=0 TAP_FAILED=0 GUESTS_TOLD=

diag() {
	local text=$*
	printf '# %s\n' "${text//$'\n'/$'\n'# }"
}

TAP_LAST=0
tap_line() { # STATUS NAME
	# What has waited long for a point is worth a look, when all is to be faster.
	[ $((SECONDS - TAP_LAST)) -lt 5 ] || echo "# after $((SECONDS - TAP_LAST)) s:"
	TAP_LAST=$SECONDS
	TAP_COUNT=$((TAP_COUNT + 1))
	if [ "$1" = 0 ]; then
		echo "ok $TAP_COUNT - $2"
	else
		TAP_FAILED=$((TAP_FAILED + 1))
		echo "not ok $TAP_COUNT - $2"
	fi
}

# says TEXT PATTERN: a line of it matches, as grep -E has it, without a program.
says() {
	local lines line
	mapfile -t lines <<<"$1"
	for line in "${lines[@]}"; do
		if [[ $line =~ $2 ]]; then return 0; fi
	done
	return 1
}

# ok NAME COMMAND...: it succeeds.  Its output is shown when it does not.
ok() {
	local name=$1 out status=0
	shift
	out=$("$@" 2>&1) || status=$?
	tap_line $status "$name"
	[ $status = 0 ] || diag "$* ended with $status: $out"
	return 0
}

# fails STATUS NAME PATTERN COMMAND...: it ends with that status and says PATTERN (a regular expression).
fails() {
	local wanted=$1 name=$2 pattern=$3 out status=0
	shift 3
	out=$("$@" 2>&1) || status=$?
	if [ $status = "$wanted" ] && says "$out" "$pattern"; then
		tap_line 0 "$name"
	else
		tap_line 1 "$name"
		diag "$* ended with $status, wanted $wanted and /$pattern/: $out"
	fi
}

# is NAME GOT WANTED
is() {
	if [ "$2" = "$3" ]; then tap_line 0 "$1"; else
		tap_line 1 "$1"
		diag "got '$2', wanted '$3'"
	fi
}

# like NAME TEXT PATTERN
like() {
	if says "$2" "$3"; then tap_line 0 "$1"; else
		tap_line 1 "$1"
		diag "no /$3/ in: $2"
	fi
}

# skip NAME REASON
skip() { tap_line 0 "$1 # SKIP $2"; }

# A whole test that this machine cannot run.
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

bail() {
	echo "Bail out! $*"
	! declare -F guest_reports >/dev/null || diag "$(guest_reports 2>&1)"
	GUESTS_TOLD=yes
	exit 1
}

done_testing() {
	echo "1..$TAP_COUNT"
	if [ $TAP_FAILED != 0 ] && declare -F guest_reports >/dev/null; then diag "$(guest_reports 2>&1)"; fi
	GUESTS_TOLD=yes
	[ $TAP_FAILED = 0 ] && [ $TAP_COUNT -gt 0 ]
	exit
}

# eventually SECONDS COMMAND...: it succeeds within that time, on a machine with time to spare; this one
# may be emulated, one of several on the host, or run the debug kernel.
SLOWER=4
[ ! -e /sys/kernel/debug/kmemleak ] || SLOWER=10
eventually() {
	local end=$((SECONDS + $1 * SLOWER))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		nap 0.1
	done
}

# --- side by side ------------------------------------------------------------------------------

# aside COMMAND...: what follows goes on meanwhile; its points, and whatever else it says, come with the next
# `together`, in the order in which they were begun.
ASIDE=() ASIDE_OUT=
aside() {
	ASIDE_OUT=${ASIDE_OUT:-$(mktemp -d)}
	begin_aside "$@" >"$ASIDE_OUT/${#ASIDE[@]}" &
	ASIDE+=($!)
}
begin_aside() {
	TAP_COUNT=0 TAP_FAILED=0 ASIDE=()
	trap - EXIT
	"$@"
}

# A point's number is its place in the whole.
together() {
	local i line status
	for i in "${!ASIDE[@]}"; do
		status=0
		wait "${ASIDE[i]}" || status=$?
		while IFS= read -r line; do
			case $line in
			"ok "[0-9]*" - "*) tap_line 0 "${line#* - }" ;;
			"not ok "[0-9]*" - "*) tap_line 1 "${line#* - }" ;;
			"Bail out! "*) echo "# $line" ;;
			*) echo "$line" ;;
			esac
		done <"$ASIDE_OUT/$i"
		[ $status = 0 ] || tap_line 1 "what ran aside ended with $status"
	done
	ASIDE=()
}

# --- the module and the devices ----------------------------------------------------------------

KO=${KO:-/mnt/sriov_broker.ko}
SYS=/sys/bus/pci/devices

load_module() {
	modprobe -a vfio-pci pci-stub
	insmod "$KO" "$@"
}

unload_module() {
	[ ! -d /sys/module/sriov_broker_vfio ] || rmmod sriov_broker_vfio
	[ ! -d /sys/module/sriov_broker ] || rmmod sriov_broker
}

# PFs of a driver, one a line.
pfs_of() {
	local d
	for d in "/sys/bus/pci/drivers/$1"/0000:*; do
		[ ! -e "$d/sriov_totalvfs" ] || echo "${d##*/}"
	done
}

# The VFs of a PF, in the order of their index.
vfs_of() {
	local all
	mapfile -t all < <(readlink "$SYS/$1"/virtfn*)
	[ ${#all[@]} = 0 ] || printf '%s\n' "${all[@]##*/}" | sort
}

# The driver that a device is bound to, or none.
driver_of() {
	local driver
	driver=$(readlink "$SYS/$1/driver") || driver=none
	echo "${driver##*/}"
}

use_driver() { # DEVICE DRIVER, or none for what the host would choose
	echo "${2:-}" >"$SYS/$1/driver_override"
	echo "$1" >"$SYS/$1/driver/unbind"
	echo "$1" >/sys/bus/pci/drivers_probe
}

# sriovctl ARGUMENTS..., where what it loads when needed is not installed.
without_parts() {
	unshare --mount sh -c 'busybox mount -t tmpfs none /usr/local/lib && exec timeout 60 sriovctl "$@"' sh "$@"
}

# Its network interface.
netdev_of() {
	local all=("$SYS/$1/net"/*)
	[ -e "${all[0]}" ] || { echo "$1 has no interface" >&2; return 1; }
	echo "${all[0]##*/}"
}

# two_igbs [NUM]: sets pf, other, and pfs to both of them: the machine's igb PFs, which are up; with that many VFs
# each, if it is told.
two_igbs() {
	local dev
	read -ra pfs <<<"$(pfs_of igb | xargs)"
	[ ${#pfs[@]} = 2 ] || bail "two igb PFs are wanted"
	pf=${pfs[0]} other=${pfs[1]}
	for dev in "${pfs[@]}"; do
		ip link set "$(netdev_of "$dev")" up
		[ $# = 0 ] || sriovctl enable "$dev" "$1" || bail "no VFs"
	done
}

# --- what the kernel says of VFs; sriovctl is asked where its words are the point ---------------

VFSTATE=${BASH_SOURCE[0]%/*}/../bin/vfstate

# Of a VF, of those of a PF, of all: their states, those of neighbours that are the same once.
states() { "$VFSTATE" states "$@"; }
state() { "$VFSTATE" states "$1"; }
all_free() { [ "$("$VFSTATE" states "$@")" = free ]; }

leases_on() { "$VFSTATE" count leased "$1"; }

# await SECONDS STATE [DEVICE...]: as `eventually`, all these VFs, one at least, are in this state.
await() { "$VFSTATE" await $(($1 * SLOWER)) "${@:2}"; }
