# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # TAP_COUNT and TAP_FAILED are for tap.sh
# For a test that goes on after a reboot, then with systemd as init.  Sourced, after tap.sh.  It is run from its beginning
# in each boot:
#
#	BOOT		which one this is, from 1 on
#	DISK		what a disk would keep: the machine's init lays it over the root (vm/machine-init)
#	install_broker [PARAMETER...]	in the first: what `make install` does, and what an admin does then; the module, which
#			is loaded from /mnt, has these parameters
#	begin UNIT...	what install_broker has systemd leave out, for the test that is about it
#	await_boot	in the others: all that systemd starts is started
#	next_boot	the last thing that a test does in a boot: run-tests reboots
#
# What has been said in earlier boots is said again, so that the plan is that of all.

BOOTS=/results/boots DISK=$BOOTS/root BOOT=1

if [ -e $BOOTS/said ]; then
	cat $BOOTS/said
	TAP_COUNT=$(grep -cE '^(not )?ok ' $BOOTS/said)
	TAP_FAILED=$(grep -c '^not ok ' $BOOTS/said) || true
	BOOT=$(($(<$BOOTS/number) + 1))
else
	mkdir -p $DISK/etc/systemd/system/multi-user.target.wants
	# Another id at each boot would be a first boot each time, with presets of units and all.
	echo 0123456789abcdef0123456789abcdef >$DISK/etc/machine-id
	cp "${BASH_SOURCE[0]%/*}/../vm/machine-job.service" $DISK/etc/systemd/system
	ln -s ../machine-job.service $DISK/etc/systemd/system/multi-user.target.wants
	cp -a /etc/modprobe.d $DISK/etc
fi
echo $BOOT >$BOOTS/number

next_boot() {
	cp "/results/$(basename "$0" .sh).tap" $BOOTS/said
	touch $BOOTS/next
	exit 0
}

# Built already, in a directory that can't be written; but for the manual, whose pages would take a minute here.
make_install() {
	mkdir -p /run/tools/{upper,work,man} && touch /run/tools/man/{none.8,.made} && rm -f /usr/local/lib/sriovctl &&
		busybox mount -t overlay -o lowerdir=/mnt/tools,upperdir=/run/tools/upper,workdir=/run/tools/work tools /mnt/tools &&
		make -s -C /mnt/tools install DESTDIR="$DISK" man=/run/tools/man
}

install_broker() {
	ok "make install" make_install
	# shellcheck disable=SC2016 # for modprobe
	printf '%s\n' 'install sriov_broker modprobe vfio-pci && insmod /mnt/sriov_broker.ko $CMDLINE_OPTS' \
		"options sriov_broker $*" >$DISK/etc/modprobe.d/sriov-broker.conf
	systemd-sysusers $DISK/usr/local/lib/sysusers.d/sriov-broker.conf
	cp -a /etc/group /etc/gshadow $DISK/etc
	ok "it is enabled" systemctl --root=$DISK -q enable sriov-broker.service
	# What has no part in it.
	systemctl --root=$DISK -q mask prometheus.service timers.target NetworkManager.service \
		NetworkManager-wait-online.service systemd-networkd.{service,socket} libvirtd.service \
		libvirtd{,-ro,-admin}.socket libvirt-guests.service
}

begin() { systemctl -q unmask "$@" && systemctl start "$@"; }

await_boot() {
	case $(timeout 400 systemctl is-system-running --wait) in
	running) ;;
	degraded) diag "$(systemctl --failed --no-legend --plain)" ;;
	*) bail "systemd does not come up: $(systemctl list-jobs --no-legend)" ;;
	esac
}
