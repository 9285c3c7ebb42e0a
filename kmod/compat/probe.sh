#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probe.sh HEADER 'PROBE.c ...' COMPILER FLAGS ... - run the compile probes.
#
# Called by Kbuild with the flags that the module itself is compiled with. Each
# probe-NAME.c that compiles becomes "#define VFB_HAVE_NAME 1" in HEADER. Two of
# them are controls: one must compile, one must not; else the probing itself is
# broken and the build stops. A refuse-NAME.c that does not compile names, with
# #error, a kernel that this module must not be built for: the build stops with
# that sentence.
set -eu

header=$1 probes=$2
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

compiles()
{
	"$@" -Werror -Wno-missing-prototypes -Wno-missing-declarations \
		-c -o "$tmp/probe.o" "$probe" >"$tmp/log" 2>&1
}

die()
{
	echo "sriov_broker: $*" >&2
	exit 1
}

{
	echo "/* Made by kmod/compat/probe.sh. Do not edit. */"
	for probe in $probes; do
		name=$(basename "$probe" .c)
		name=${name#probe-}
		case $name in
		control-pass)
			compiles "$@" || {
				cat "$tmp/log" >&2
				die "a probe that must compile does not"
			}
			;;
		control-fail)
			! compiles "$@" || die "a probe that must not compile does"
			;;
		refuse-*)
			compiles "$@" ||
				die "$(sed -n 's/.*#error //p' "$tmp/log" | head -n 1)"
			;;
		*)
			if compiles "$@"; then
				echo "#define VFB_HAVE_$(echo "$name" | tr 'a-z-' 'A-Z_') 1"
			fi
			;;
		esac
	done
} >"$tmp/header"
mv "$tmp/header" "$header"
