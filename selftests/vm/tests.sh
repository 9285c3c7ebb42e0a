# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What tests.list says, and tests that are not begun because there is no time left for them.  Sourced, on the
# host and in the test machine, whose clock is the host's.  UNTIL: seconds since 1970 at which all is to be over,
# or empty.

TESTS_LIST=$(dirname "${BASH_SOURCE[0]}")/../tests.list

# KERNEL [TEST...]: lines "NAME MACHINE SECONDS": those of the tests, or without any, all that run on that kernel.
list_tests() {
	local kernel=$1
	shift
	awk -v kernel="$kernel" -v wanted=" $* " -v full="${FULL:-}" '
		/^#/ || NF != 4 { next }
		{ here = full || $4 == "all" || ($4 == "stock" && kernel != "debug") || index("," $4 ",", "," kernel ",") }
		{ first = !seen[$1]++ }
		wanted != "  " { here = index(wanted, " " $1 " ") && (here || first) }
		here { print $1, $2, $3 }' "$TESTS_LIST"
}

# NAME: what runs it, in selftests/: a program, or a script of one of the rooms.
command_of() {
	local script
	if [ -x "bin/$1" ]; then echo "bin/$1"; return; fi
	for script in {module,ctl,netlink}/"$1".sh; do [ ! -e "$script" ] || echo "bash $script"; done
}

# KERNEL: how much longer than on a stock kernel all takes.
slower_by() { if [ "$1" = debug ]; then echo 5; else echo 1; fi; }

# SECONDS KERNEL: how long a test may take that takes so long alone: several machines share the host, and it may
# be a slow one.
limit_of() { echo $(((120 + 12 * $1) * $(slower_by "$2"))); }

# LIMIT: seconds that it may take.  It hardly ever takes a sixth of them, but what is begun shall have that.
too_late() { [ -n "${UNTIL:-}" ] && [ $(($(date +%s) + $1 / 6)) -gt "$UNTIL" ]; }

# NAME WHY DIR: its TAP; it is skipped once.
skip_late() {
	echo "1..0 # SKIP $1: no time left for it; $2" | tee "$3/$1.tap"
	echo 1..0 >"$3/$1.end.tap"
}
