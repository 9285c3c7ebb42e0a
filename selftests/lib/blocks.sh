# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The blocks of the manual's pages that are marked "run by NAME" (blocks.awk), for NAME to run them.  Sourced.
#
#	pages ROOT		the pages that have shell blocks
#	cut_blocks NAME ROOT	what run_block is to find; $BLOCKS/env is what its shell reads first
#	run_block PAGE WORDS	run the one of that page which begins so, up to the first line that fails
#	blocks_left		those that run_block has not run

pages() {
	find "$1/Documentation" -name generated -prune -o -name '*.rst' -print -o -name sriovctl.8.scd -print
	echo "$1/README.md"
}

BLOCKS=
cut_blocks() {
	local page dir how
	BLOCKS=$(mktemp -d)
	# shellcheck disable=SC2016 # for that shell
	echo 'sudo() { "$@"; }' >"$BLOCKS/env"
	while read -r page; do
		dir=$BLOCKS/$(basename "${page%.*}")
		mkdir "$dir"
		awk -v to="$dir" -f "${BASH_SOURCE[0]%/*}/blocks.awk" "$page" || return
		for how in "$dir"/*.how; do
			[ ! -e "$how" ] || [ "$(cat "$how")" = "run by $1" ] || rm "${how%.how}"{,.how,.before}
		done
	done < <(pages "$2")
}

run_block() {
	local how
	for how in "$BLOCKS/$1"/*.how; do
		[[ -e $how && $(grep -m 1 . "${how%.how}") == "$2"* ]] || continue
		rm "$how"
		BASH_ENV=$BLOCKS/env bash -e "${how%.how}" </dev/null
		return
	done
	echo "$1: no block that is to be run here begins with $2"
	return 1
}

blocks_left() { find "$BLOCKS" -name '*.how' -printf '%P\n' | sed 's/\.how$//' | sort; }
