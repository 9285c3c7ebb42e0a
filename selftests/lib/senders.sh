# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Two real guests, each with a VF of a PF as net0, that send through it.  Sourced after tap.sh and vm/guest.sh, where
# two_igbs has been.

SENDERS=(a b)
SENDER_MACS=(02:00:00:00:00:a1 02:00:00:00:00:b1)
SENDER_IPS=(10.0.2.20 10.0.2.21)

# It has one interface, with its MAC, and traffic goes through it, as soon as there is a link.
sends() { # I
	guest_run "${SENDERS[$1]}" "n=\$(grep -l ${SENDER_MACS[$1]} /sys/class/net/*/address | cut -d / -f 5) && ip link set \$n up && { ip addr add ${SENDER_IPS[$1]}/24 dev \$n; ping -c 1 -W 1 -I \$n 10.0.2.2; }" >/dev/null 2>&1
}
both_send() { sends 0 && sends 1; }

senders_begin() { # PF
	local i
	for i in 0 1; do guest_begin "${SENDERS[i]}" 1; done
	for i in 0 1; do
		guest_ready "${SENDERS[i]}" || bail "the guest does not start"
		ok "a VF for guest ${SENDERS[i]}" sriovctl attach -t 120 --qmp "$GUESTS/${SENDERS[i]}/qmp" "$1" --id net0 \
			--mac "${SENDER_MACS[i]}" --wait-guest
	done
	ok "both send" eventually 60 both_send
}

senders_end() {
	guest_kill a
	guest_kill b
	ok "the VFs of killed guests come back" await 20 free
}
