# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Nested KVM guests inside the test machine, for tests and the demo.  Sourced.
#
#	guest_start NAME [SLOTS]	boot one with empty hot-plug slots hp0, hp1, ... (2)
#	guest_run NAME 'COMMANDS'	run busybox commands in it: their output and status
#	guest_begin NAME [SLOTS]; guest_ready NAME	the same in two halves, for several at once
#	guest_wait_log NAME PATTERN [S]	until its kernel has said so (20)
#	guest_qmp NAME JSON		one monitor command, its answer
#	guest_macs NAME			its interfaces' MACs, a line each
#	guest_devices NAME		its vfio devices: ID=HOST of each, on a line
#	guest_leases NAME		how many leases its QEMU has descriptors of
#	guest_kill NAME			SIGKILL, and wait
#	guest_forget NAME		before it is killed in another way
#
# GUEST_UNDER is an array, a command that QEMU is started under; GUEST_WORDS one of more words for QEMU.
# With GUEST_MUTE=yes it has no monitor.
# GUEST_TICKS, words for its kernel, may be emptied: it then ticks when it has to.
# $GUESTS/NAME holds the monitor's socket (qmp), the kernel's log (log), the pid.

. /mnt/selftests/lib/nap.sh

GUESTS=/run/guests
# The distribution's kernel, also where the machine runs a debug kernel.
GUEST_RELEASE=$(basename /boot/vmlinuz-*)
GUEST_RELEASE=${GUEST_RELEASE#vmlinuz-}
GUEST_UNDER=() GUEST_WORDS=() GUEST_MUTE=
declare -A GUEST_HOW # by name: how to begin it once more
# A guest boots in 11 s; it takes much longer beside others and on a loaded host, and on a debug kernel.
GUEST_BOOT_S=180
[ ! -e /sys/kernel/debug/kmemleak ] || GUEST_BOOT_S=300
GUEST_DRIVERS="virtio_pci virtio_console igbvf nvme"

guest_initramfs() {
	[ ! -e $GUESTS/initramfs ] || return 0
	# shellcheck disable=SC2086 # a list
	/mnt/selftests/vm/initramfs $GUESTS/initramfs.new / "/lib/modules/$GUEST_RELEASE" /mnt/selftests/vm/guest-init \
		$GUEST_DRIVERS && mv $GUESTS/initramfs.new $GUESTS/initramfs
}

# GUEST_QEMU: the program, and the words for its machine.
case $(uname -m) in
aarch64) GUEST_QEMU=(qemu-system-aarch64 -machine virt,gic-version=host) GUEST_CONSOLE=ttyAMA0 ;;
*) GUEST_QEMU=(qemu-system-x86_64 -machine q35,sata=off,smbus=off) GUEST_CONSOLE=ttyS0 ;;
esac
guest_kvm() { [ -e /dev/kvm ] || modprobe kvm_amd || modprobe kvm_intel; }

# TCG's SVM leaves the type of the guest's last exception where KVM looks whether one was just being
# delivered, and Linux 7.3 then gives the guest up (KVM internal error 3) if the next exit is for MMIO.
# So the port of guest_run, which programs use, is a legacy one: its doorbell is an I/O port.
GUEST_PORT=virtio-serial-pci,disable-modern=on

# It may also lose an interrupt; if that is a one-shot timer's, no timer fires any more: a guest that
# answered saw a swapped VF only after two minutes.  So its ticks come periodically; not on 7.3, which gives
# guests up for the above more often then.
GUEST_APPEND="console=$GUEST_CONSOLE loglevel=4 panic=-1 mitigations=off"
GUEST_TICKS="nohz=off highres=off"
case $(uname -r) in 7.*) GUEST_TICKS='' ;; esac

# A test that dies on its way tells of its guests as well.
trap '[ $? = 0 ] || [ -n "${GUESTS_TOLD:-}" ] || guest_reports >&2' EXIT

# Begins to boot one; guest_ready waits for it.
guest_begin() {
	GUEST_HOW[$1]="$(declare -p GUEST_UNDER GUEST_WORDS GUEST_MUTE | sed 's/^declare/local/'); guest_boot ${*@Q}"
	guest_boot "$@"
}

guest_boot() {
	local name=$1 dir=$GUESTS/$1 i slots=() monitor=()
	mkdir -p "$dir"
	rm -f "$dir"/*
	guest_kvm || return
	guest_initramfs || return
	for ((i = 0; i < ${2:-2}; i++)); do
		slots+=(-device "pcie-root-port,id=hp$i,chassis=$((i + 1)),slot=$((i + 1))")
	done
	[ -n "$GUEST_MUTE" ] || monitor=(-qmp "unix:$dir/qmp,server=on,wait=off")
	"${GUEST_UNDER[@]}" "${GUEST_QEMU[@]}" -name "$name" -accel kvm -cpu host -m 192 -nodefaults -no-user-config -display none -no-reboot \
		-kernel "/boot/vmlinuz-$GUEST_RELEASE" -initrd $GUESTS/initramfs \
		-append "$GUEST_APPEND $GUEST_TICKS" \
		"${monitor[@]}" -serial "file:$dir/log" "${slots[@]}" -device $GUEST_PORT \
		-chardev "socket,id=run,path=$dir/run,server=on,wait=off,logfile=$dir/out" \
		-device virtserialport,chardev=run "${GUEST_WORDS[@]}" \
		</dev/null >"$dir/stderr" 2>&1 &
	echo $! >"$dir/pid"
	disown
}

guest_pid() { echo "$(<"$GUESTS/$1/pid")"; }
guest_alive() { kill -0 "$(<"$GUESTS/$1/pid")" 2>/dev/null; }

# KVM in an emulated machine is not KVM: now and then a guest dies or hangs while it boots, before our
# part begins.  So it gets three tries.
guest_ready() {
	local try
	for try in 1 2 3; do
		guest_wait_log "$1" guest-ready $GUEST_BOOT_S && return
		[ $try = 3 ] || guest_again "$1" || break
	done
	return 1
}

guest_again() {
	echo "guest $1 does not boot; once more" >&2
	guest_report "$1" >&2 || true
	guest_kill "$1"
	sleep 3 # VFs that it had from its first moment come back
	eval "${GUEST_HOW[$1]}"
}

guest_start() {
	guest_begin "$@" && guest_ready "$1"
}

# guest_says NAME PATTERN [LINES]: its kernel has, after its first LINES lines.  No program is started for it: this
# is asked again and again.
guest_says() {
	local said=() line
	[ ! -e "$GUESTS/$1/log" ] || mapfile -ts "${3:-0}" said <"$GUESTS/$1/log"
	[[ ${said[*]} =~ $2 ]] || return # most often
	for line in "${said[@]}"; do
		[[ ! $line =~ $2 ]] || return 0
	done
	return 1
}

# guest_lines NAME: how many it has said.
guest_lines() {
	local said
	mapfile said <"$GUESTS/$1/log"
	echo ${#said[@]}
}

# guest_wait_log NAME PATTERN [SECONDS]
guest_wait_log() {
	local end=$((SECONDS + ${3:-20}))
	until guest_says "$1" "$2"; do
		if [ $SECONDS -ge $end ] || ! guest_alive "$1"; then
			echo "guest $1 did not say /$2/; its last lines:" >&2
			tail -n 15 "$GUESTS/$1/log" "$GUESTS/$1/stderr" >&2
			return 1
		fi
		nap 0.2
	done
}

# guest_run NAME COMMANDS: on one line, for more would be more commands; bounded to 60 s.
guest_run() { /mnt/selftests/bin/ask guest "$GUESTS/$1/run" "$2"; }

guest_devices() { /mnt/selftests/bin/ask devices "$GUESTS/$1/qmp"; }
guest_leases() { /mnt/selftests/bin/vfstate fds "$(guest_pid "$1")"; }

guest_macs() { guest_run "$1" 'cat /sys/class/net/*/address' | grep -v '^00:00:00:00:00:00'; }

guest_qmp() { /mnt/selftests/bin/ask qmp "$GUESTS/$1/qmp" "$2" 2>/dev/null; }

# NAME: it is about to be killed.  Not a point that has failed for it, perhaps, but it can't be asked later.
guest_forget() {
	[ "${TAP_FAILED:-0}" = 0 ] || guest_report "$1" >&2 || true
	touch "$GUESTS/$1/killed"
}

guest_kill() {
	local pid
	pid=$(guest_pid "$1")
	guest_forget "$1"
	kill -9 "$pid" 2>/dev/null || true
	while kill -0 "$pid" 2>/dev/null; do nap 0.05; done
}

# NAME: has died by itself, or does not answer, though no test has paused it.
guest_is_lost() {
	guest_alive "$1" || return 0
	[[ $(guest_qmp "$1" '{"execute":"query-status"}') != *'"paused"'* ]] || return 1
	! guest_run "$1" true >/dev/null 2>&1
}

# NAME: how it is, and the last that it said.  One that has died by itself, or does not answer, is noted in
# $GUESTS/lost: KVM in an emulated machine is not KVM, and run-tests then tries the test once more.
guest_report() {
	if guest_is_lost "$1"; then
		echo "guest $1 is lost"
		echo "$1" >>$GUESTS/lost
	fi
	if guest_alive "$1"; then
		echo "guest $1: $(guest_qmp "$1" '{"execute":"query-status"}')"
		guest_run "$1" 'ls /sys/bus/pci/devices; cat /sys/class/net/*/address; cat /proc/interrupts' || true
		guest_qmp "$1" '{"execute":"human-monitor-command","arguments":{"command-line":"info registers"}}' |
			grep -o 'RIP=[^\\]*HLT=.'
	else
		echo "guest $1 has died"
	fi
	tail -n 40 "$GUESTS/$1/log" "$GUESTS/$1/stderr"
}

# Of those that no test has killed; a test that has failed ends with it.
guest_reports() {
	local dir
	for dir in "$GUESTS"/*/; do
		if [ ! -e "$dir/pid" ] || [ -e "$dir/killed" ]; then continue; fi
		guest_report "$(basename "$dir")"
	done
}
