# SPDX-License-Identifier: GPL-2.0-only
# The manual pages of sriovctl, from one source.
#	awk -v out=DIRECTORY -f manual.awk TABLES sriovctl.8.scd
# TABLES is what sriovctl --tables prints.
# Each command's section becomes a page of its own, with the names of its options as the program has them; so do the
# sections on configuration, libvirt and JSON.  What is left is sriovctl(8).  Each page is DIRECTORY/NAME.SECTION.scd.

# "-f, --force WHAT" as scdoc has it
function option(command, name,    key, arg) {
	key = command SUBSEP name
	if (!(key in help)) {
		print FILENAME ": " command " has no option --" name >"/dev/stderr"
		failed = 1
	}
	arg = args[key] == "-" ? "" : args[key]
	gsub(/[A-Za-z]+/, "<&>", arg)
	while (match(arg, /<[^>]*>/))
		arg = substr(arg, 1, RSTART - 1) mark(substr(arg, RSTART + 1, RLENGTH - 2)) substr(arg, RSTART + RLENGTH)
	seen[key] = 1
	return (letter[key] == "-" ? "" : "*-" letter[key] "*, ") "*--" name "*" (arg == "" ? "" : " " arg)
}

function mark(word) { return word ~ /[a-z]/ ? "*" word "*" : "_" word "_" }

# A line that says of which options the text below it is
function options_of(command, line,    all, word, words, n, i) {
	n = split(line, words, /[^a-z-]+/)
	for (i = 1; i <= n; i++)
		if (words[i] ~ /^--[a-z]/)
			all = all (all ? ", " : "") option(command, substr(words[i], 3))
	return all
}

function begin(page, name) {
	sub(/\.$/, "", name)
	put(page, page "\n\n# NAME\n\n" substr(page, 1, index(page, "(") - 1) " - " tolower(substr(name, 1, 1)) substr(name, 2))
	return page
}

function file_of(page) {
	sub(/\(/, ".", page)
	sub(/\)/, ".scd", page)
	return page
}

# Empty lines at the end wait for what comes behind them.
function put(page, text) {
	gsub(/\*CONFIGURATION\*/, "*sriov-broker.conf*(5)", text)
	gsub(/\*GUESTS OF LIBVIRT\*/, "*sriovctl-libvirt*(8)", text)
	gsub(/\*OUTPUT FOR PROGRAMS\*/, "*sriovctl-json*(7)", text)
	if (page != "sriovctl(8)")
		gsub(/\*(NAMES|EXIT STATUS)\*/, "& of *sriovctl*(8)", text)
	text = waiting[page] text
	sub(/^\n+/, "\n", text)
	while (text ~ /\n\n\n/)
		sub(/\n\n\n+/, "\n\n", text)
	waiting[page] = ""
	if (text ~ /\n$/ || text == "") {
		sub(/\n+$/, "", text)
		waiting[page] = "\n"
	}
	if (text != "")
		print text >(out "/" file_of(page))
}

# Commands that a text names, but itself.
function others(command, text,    name, list) {
	for (name = 1; name <= num_commands; name++)
		if (commands[name] != command && (text ~ "[*]" commands[name] "([*]| --)"))
			list = list ", *sriovctl-" commands[name] "*(8)"
	return list
}

# A section may be of several commands; each has it on its page.
function end_command(    i) {
	for (i = 1; command && i <= num_group; i++)
		command_page(group[i])
	command = ""
}

function command_page(command,    i, name, opts, page) {
	opts = options
	page = begin("sriovctl-" command "(8)", abouts[command])
	put(page, "\n# SYNOPSIS\n\n" synopsis[command] "\n\n# DESCRIPTION\n" text)
	for (i = 1; i <= num_options[command]; i++) {
		name = option_names[command, i]
		if (!((command, name) in seen))
			opts = opts "\n" option(command, name) "\n\t" help[command, name]
	}
	put(page, "\n# OPTIONS\n" opts "\n" common(command))
	put(page, "\n# EXIT STATUS\n\nSee *sriovctl*(8), which also says how devices are named.")
	put(page, "\n# SEE ALSO\n\n*sriovctl*(8)" others(command, text opts))
}

function common(command) {
	return (forms[command] == "json" ? "*-j*, *--json*, *--pretty*, " : "") \
		"*-h*, *--help*\n\tAs with all commands, see *sriovctl*(8)."
}

function list_commands(    i) {
	for (i = 1; i <= num_commands; i++)
		if (commands[i] != "help")
			put("sriovctl(8)", "*sriovctl-" commands[i] "*(8)\n\t" abouts[commands[i]])
}

function list_keys(    i) {
	put(page, "\n# KEYS\n\nAll that a file can say, and what each value is. They are those of *sriovctl apply --schema*.\n")
	for (i = 1; i <= num_keys; i++)
		put(page, "*" keys[i] "*" (places[i] == "top" ? "" : " of " places[i]) "\n\t" wanted[i])
}

BEGIN {
	FS = "\t"
	page = begin("sriovctl(8)", "lease SR-IOV virtual functions, and plug them into running guests")
}

# ---- the program's tables ----

$1 == "command" { commands[++num_commands] = $2; forms[$2] = $3; abouts[$2] = $4 }
$1 == "option" {
	option_names[$2, ++num_options[$2]] = $3
	letter[$2, $3] = $4
	args[$2, $3] = $5
	help[$2, $3] = $6
}
$1 == "key" {
	keys[++num_keys] = $3
	places[num_keys] = $2
	sub(/,$/, "", $4)
	wanted[num_keys] = $4
}
NR == FNR { next }

# ---- the source ----

FNR <= 2 { next }
/^# / {
	end_command()
	if (page ~ /^sriov-broker.conf/ && num_keys)
		list_keys()
	section = substr($0, 3)
	page = "sriovctl(8)"
	if (section == "NAME")
		next
	if (section == "CONFIGURATION") {
		page = begin("sriov-broker.conf(5)", "what a host's virtual functions shall be")
		put(page, "\n# DESCRIPTION")
	} else if (section == "GUESTS OF LIBVIRT") {
		page = begin("sriovctl-libvirt(8)", "reach guests that libvirt runs")
		put(page, "\n# SYNOPSIS\n\n*sriovctl* _COMMAND_ *--libvirt* _DOMAIN_ ...\n\n# DESCRIPTION")
	} else if (section == "OUTPUT FOR PROGRAMS") {
		page = begin("sriovctl-json(7)", "what sriovctl prints for programs")
		put(page, "\n# DESCRIPTION")
	} else {
		put(page, "\n" $0)
	}
	next
}
section == "NAME" { next }
section == "SYNOPSIS" && /^\*sriovctl [a-z]+\*/ && !/^\*sriovctl help\*/ {
	name = $0
	sub(/^\*sriovctl /, "", name)
	sub(/\*.*/, "", name)
	sub(/\+\+$/, "")
	synopsis[name] = synopsis[name] (synopsis[name] ? "++\n" : "") $0
	next
}
section == "COMMANDS" && /^## / {
	if (!listed++)
		list_commands()
	end_command()
	num_group = split(substr($0, 4), group, /, */)
	command = group[1]
	text = options = ""
	for (i = 1; i <= num_group; i++)
		if (!(group[i] in abouts)) {
			print FILENAME ": no command " group[i] >"/dev/stderr"
			failed = 1
		}
	next
}
command && /^\*-/ { options = options "\n" options_of(command, $0); in_option = 1; next }
command && in_option && /^\t/ { options = options "\n" $0; next }
command { in_option = 0; text = text "\n" $0; next }
{ put(page, $0) }

END {
	for (name = 1; name <= num_commands; name++)
		if (commands[name] != "help" && !(commands[name] in synopsis)) {
			print FILENAME ": the synopsis lacks " commands[name] >"/dev/stderr"
			failed = 1
		}
	for (i = split("sriov-broker.conf(5) sriovctl-libvirt(8) sriovctl-json(7)", pages, " "); i; i--)
		put(pages[i], "\n# SEE ALSO\n\n*sriovctl*(8)")
	exit failed
}
