# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Bash completion of sriovctl, which itself knows what may be typed next.

_sriovctl() {
	local words=() word joined='' i line prefix
	# Bash takes a word apart at colons and equals signs; ours have these in them.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((i > 1)) && [[ $word == [:=]* || $joined == *[:=] ]]; then
			joined+=$word
			words[-1]=$joined
		else
			joined=$word
			words+=("$word")
		fi
	done
	COMPREPLY=()
	prefix=${joined%"${joined##*[:=]}"}
	while IFS= read -r line; do
		case $line in
		:file)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "${joined#"$prefix"}")
			;;
		:command) _sriovctl_command ;;
		*)
			line=${line%%$'\t'*}
			[[ $line != *[=#] ]] || compopt -o nospace 2>/dev/null
			COMPREPLY+=("${line#"$prefix"}")
			;;
		esac
	done < <("${COMP_WORDS[0]}" --complete "${words[@]}" 2>/dev/null)
}

# A command line of its own, behind "--".
_sriovctl_command() {
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" != -- ] || break
	done
	if declare -F _command_offset >/dev/null; then
		_command_offset $((i + 1))
	elif ((COMP_CWORD == i + 1)); then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
	fi
}

complete -F _sriovctl sriovctl
