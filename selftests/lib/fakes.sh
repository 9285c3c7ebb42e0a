# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# QEMUs that are none, found by sriovctl guests and drain all the same.  Sourced, after tap.sh.
#
#	serve NAME HOW [COMMAND...]	fake_qemu HOW at $work/NAME, run by COMMAND, and with the words
#					of the array `words`; its process is the last of `jobs`
#	end_last			end the last of `jobs`

LIB=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
work=$(mktemp -d)
chmod 755 "$work"
# A program whose name makes it a QEMU.
cp "$LIB/../bin/fake_qemu" "$work/qemu-fake"
jobs=() words=()
trap 'kill -9 "${jobs[@]}" 2>/dev/null || true' EXIT

serve() {
	local name=$1 how=$2
	shift 2
	rm -f "$work/$name" # of one before, which would be taken for this one's
	"$@" "$work/qemu-fake" "$work/$name" "$how" "${words[@]}" \
		-qmp "unix:$work/$name.new,server=on" 2>"$work/$name.said" &
	jobs+=($!)
	eventually 60 [ -S "$work/$name" ] || bail "$name: $(cat "$work/$name.said")"
}

end_last() {
	kill -9 "${jobs[-1]}" 2>/dev/null || true
	wait "${jobs[-1]}" 2>/dev/null || true
}
