# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Documents of sriovctl beside their schema.  Sourced.
#
#	fits COMMAND	prints what standard input, documents of that command, has otherwise than the schema, and what the
#			schema does not describe; nothing if all is as it is there

SCHEMA=../Documentation/sriovctl.schema.json
fits() {
	local seen
	seen=$(jq -c --slurpfile schema $SCHEMA --arg of "$1" -f lib/schema.jq 2>&1) || { echo "that could not be looked at: $seen"; return; }
	[ -n "$seen" ] || { echo "no document"; return; }
	jq -r ".[]" <<<"$seen" 2>&1 || echo "that could not be looked at"
}
