# SPDX-License-Identifier: GPL-2.0-only
# The shell blocks of a page of the manual: each becomes a file, TO/NUMBER, and what its mark says another, TO/NUMBER.how.
#	awk -v to=TO -f blocks.awk PAGE
# A mark is a comment above the block (.. , <!-- -->, ; ):
#	before: COMMAND			what is run ahead of it, to have it find what it talks of: in TO/NUMBER.before
#	run [: WORDS]			the test `manual` runs it; that test says which words there are
#	run by NAME			another test, or vm/lint, does
#	not run: WHY			none does
# A block without one has "unmarked" there.  Literal blocks that do not begin with a small letter are no shell's.

function begin(depth) {
	file = sprintf("%s/%02d", to, ++n)
	print(how == "" ? "unmarked" : how) >(file ".how")
	printf "%s", before >(file ".before")
	on = 1; set_in = depth; how = before = ""
}

# In a literal block that has begun before it is known how far it is set in.
literal && NF { literal = 0; if (match($0, /[^ ]/) && substr($0, RSTART) ~ /^[a-z]/) begin(RSTART - 1) }

# A block is set in by so much, or ends with its fence.
on && (/^```$/ || NF && match($0, /[^ ]/) && RSTART <= set_in) { on = 0; if (/^```$/) next }
on { print substr($0, set_in + 1) >file; last = $0; next }

match($0, /^ *(\.\.|<!--|;) (before: |run( |:|$)|not run: )/) {
	words = substr($0, index($0, $2)); sub(/ *-->$/, "", words)
	if (sub(/^before: /, "", words)) { before = before words "\n" } else { how = words }
	next
}
FILENAME ~ /rst$/ && /^ *\.\. code-block:: sh$/ { begin(index($0, ".") + 2); next }
FILENAME ~ /rst$/ && /::$/ && !/^ *\.\. / { literal = 1; next }
FILENAME ~ /scd$/ && fence { fence = 0; if (/^[a-z]/) { begin(0); print >file } else { other = 1 }; next }
FILENAME ~ /scd$/ && /^```$/ { if (other) { other = 0 } else { fence = 1 }; next }
# What is set in below text; the rest of such a block is not another one.
FILENAME ~ /md$/ && NF && !/^    / { code = 0 }
FILENAME ~ /md$/ && /^    / && !code && (how != "" || last == "") {
	code = 1
	if (/^    [a-z]/) { begin(4); print substr($0, 5) >file; next }
}
NF && how != "" && !on { print FILENAME ": a mark without a block: " how >"/dev/stderr"; failed = 1; how = before = "" }
{ last = $0 }
END { exit failed || how != "" }
