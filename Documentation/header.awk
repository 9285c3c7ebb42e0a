# SPDX-License-Identifier: GPL-2.0-only
# What a header's comments say, as a page.
#	awk -v form=rst|scd -f header.awk HEADER
# Taken are kernel-doc comments, and any other that stands directly above code: this is shown as it is, but for a
# comment that begins with a function's name.  The header's first comment is its introduction.

function escape(text) {
	if (form == "rst") {
		gsub(/[\\*_`|<>]/, "\\\\&", text)
	} else {
		gsub(/[\\*_]/, "\\\\&", text)
		sub(/^-/, "\\-", text)
	}
	return text
}

# "@name" is an argument or a field.
function prose(text,    out) {
	text = escape(text)
	while (match(text, /@[A-Za-z0-9\\_]+/)) {
		name = substr(text, RSTART + 1, RLENGTH - 1)
		if (form == "rst")
			gsub(/\\/, "", name)
		out = out substr(text, 1, RSTART - 1) (form == "rst" ? "``" name "``" : "_" name "_")
		text = substr(text, RSTART + RLENGTH)
	}
	return out text
}

function heading(text, level,    line) {
	if (form == "scd") {
		printf "\n%s %s\n\n", level == 1 ? "#" : "##", level == 1 ? toupper(text) : text
		return
	}
	line = text
	gsub(/./, level == 1 ? "=" : "-", line)
	printf "\n%s\n%s\n\n", text, line
}

function code(text) {
	if (form == "scd") {
		printf "```\n%s\n```\n\n", text
		return
	}
	gsub(/\n/, "\n   ", text)
	gsub(/\t/, "        ", text)
	printf ".. code-block:: c\n\n   %s\n\n", text
}

# Lines of the text, which are paragraphs, lists, or code where a tab begins them.
function body(lines, from, to,    i, held) {
	for (i = from; i <= to; i++) {
		if (lines[i] ~ /^\t/) {
			held = held (held ? "\n" : "") substr(lines[i], 2)
			continue
		}
		if (held && lines[i] == "" && lines[i + 1] ~ /^\t/) {
			held = held "\n"
			continue
		}
		if (held)
			code(held)
		held = ""
		if (form == "scd" && lines[i] ~ /^ /)
			sub(/^ +/, lines[i] ~ /^ +- / ? "" : "  ", lines[i])
		print prose(lines[i])
	}
	if (held)
		code(held)
	print ""
}

# "@pf: which one" and what follows it: behind one another, before the text
function arguments(lines, n,    i, name, inside) {
	for (i = 2; i <= n; i++) {
		if (lines[i] ~ /^@[A-Za-z0-9_]+:/) {
			name = substr(lines[i], 2, index(lines[i], ":") - 2)
			sub(/^@[^:]*: */, "", lines[i])
			printf form == "scd" ? "%s*%s*\n\t%s\n" : "%s``%s``\n    %s\n", "",
				form == "scd" ? escape(name) : name, prose(lines[i])
			inside = 1
		} else if (inside && lines[i] ~ /^\t/) {
			sub(/^\t/, "", lines[i])
			printf form == "scd" ? "\t%s\n" : "    %s\n", prose(lines[i])
		} else {
			break
		}
	}
	print ""
	return i
}

# Of a function what a program calls: the inline one's head, where there is one.
function prototype(text,    at) {
	at = index(text, "static inline ")
	if (!at)
		at = index(text, "static inline\n")
	if (at) {
		text = substr(text, at + 14)
		sub(/\n\{.*/, ";", text)
	}
	return text
}

function section(lines, n, text,    first, title, i) {
	first = lines[1]
	if (first ~ /^DOC: /) {
		heading(substr(first, 6), 1)
		body(lines, 2, n)
		return
	}
	title = first
	sub(/ - .*/, "", title)
	sub(/^[^-]* - /, "", first)
	heading(title, 2)
	code(title ~ /^(struct|enum) / ? text : prototype(text))
	print prose(toupper(substr(first, 1, 1)) substr(first, 2)) (first ~ /\.$/ || (n > 1 && lines[2] !~ /^@|^$/) ? "" : ".") "\n"
	i = 2
	if (lines[2] ~ /^@/)
		i = arguments(lines, n)
	body(lines, i, n)
}

# The comment of one, or several, lines that begins at $0.
function comment(lines,    n, line) {
	n = 0
	line = $0
	sub(/^\/\*\*? ?/, "", line)
	for (;;) {
		if (line ~ /\*\/$/) {
			sub(/ ?\*\/$/, "", line)
			if (line != "")
				lines[++n] = line
			return n
		}
		if (line != "" || n)
			lines[++n] = line
		if ((getline line) <= 0)
			return n
		raw = raw "\n" line
		sub(/^ \*($|[ \t])/, line ~ /^ \*\t/ ? "\t" : "", line)
		if (line ~ /^ \*\/$/)
			line = "*/"
	}
}

/^\/\*/ {
	delete lines
	raw = $0
	is_doc = raw == "/**"
	n = comment(lines)
	if (raw ~ /SPDX/)
		next
	if (!introduced) {
		introduced = 1
		body(lines, 1, n)
		if (form == "scd")
			heading("Functions and types", 1)
		next
	}
	text = ""
	if (!(is_doc && lines[1] ~ /^DOC: /))
		while ((getline line) > 0 && line != "")
			text = text (text ? "\n" : "") line
	if (is_doc || lines[1] ~ /^sriovb_[a-z_]+ - /)
		section(lines, n, text)
	else if (text)
		code(raw "\n" text)
}
