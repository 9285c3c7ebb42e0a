# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the harness's programs share on the host: where things are cached, becoming root,
# and the kernels we support.  Sourced, never run.

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the scripts that source this
REPO=$(cd "$VM_DIR/../.." && pwd)
# shellcheck disable=SC2034 # and this
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/sriov-broker

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The one kernel release (uname -r) installed in a tree.
tree_release() {
	local dirs=("$1"/lib/modules/*/)
	if [ ${#dirs[@]} != 1 ] || [ ! -d "${dirs[0]}" ]; then
		die "$1: expected one kernel, found: ${dirs[*]}"
	fi
	basename "${dirs[0]}"
}

# enter TREE DIR MEDIA COMMAND...: run a command in a tree, in DIR, which is /mnt there; MEDIA, if
# not empty, is /media.  The mounts live in a name space of their own and end with the command.
enter() {
	local tree=$1 out=$2 media=$3 user
	user=$(id -u):$(id -g)
	shift 3
	# shellcheck disable=SC2016 # for the inner shell
	as_root unshare --mount --propagation private bash -euc '
		tree=$1 out=$2 user=$3 media=$4; shift 4
		mount --bind "$out" "$tree/mnt"
		mount -t proc proc "$tree/proc"
		[ -z "$media" ] || mount --bind "$media" "$tree/media"
		exec chroot --userspec="$user" "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin \
			HOME=/tmp LC_ALL=C.UTF-8 bash -c "cd /mnt && exec \"\$@\"" in-tree "$@"
	' in-tree "$tree" "$out" "$user" "$media" "$@"
}
