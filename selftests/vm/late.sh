# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tests that are not begun because there is no time left for them.  Sourced, on the host and in the test
# machine, whose clock is the host's.  UNTIL: seconds since 1970 at which all is to be over, or empty.

# LIMIT: seconds that it may take.  It need not take as long, but what is begun shall have its time.
too_late() { [ -n "${UNTIL:-}" ] && [ $(($(date +%s) + $1)) -gt "$UNTIL" ]; }

# NAME LIMIT DIR: its TAP.
skip_late() {
	echo "1..0 # SKIP $1: no time left for it; it may take $2 s" | tee "$3/$1.tap"
	echo "1..0 # SKIP $1 was not begun" >"$3/$1.end.tap"
}
