# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What Debian's packages and RPMs have in common: the version and the archive of the sources.  Sourced, in the checkout.

umask 022 # what a package has is for all
. ./VERSION
# shellcheck disable=SC2034 # for the scripts that source this
version=$SRIOV_BROKER_VERSION

die() { echo "${0##*/}: $*" >&2; exit 1; }

# The files that git knows or would add, or without git's data all that is there; each ended by NUL.
sources() {
	if [ -e .git ]; then
		git -c safe.directory="$PWD" ls-files -co --exclude-standard -z
	else
		find . -type f ! -path './out/*' ! -name '.sources*' -printf '%P\0'
	fi | sort -z | while IFS= read -rd '' f; do [ ! -f "$f" ] || printf '%s\0' "$f"; done
}

# Two archives of one checkout are the same: neither the maker nor the time is in it, but that of the
# last entry in Debian's changelog.  Not in it: debian/.
archive() { # FILE
	local when
	when=$(sed -n '/^ -- .*>  /{s///p;q}' debian/changelog)
	sources | grep -zv '^debian/' | tar -c --null -T - --transform "s,^,sriov-broker-$version/," \
		--mtime="$when" --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r,go-w --format=gnu | xz >"$1"
}
