# SPDX-License-Identifier: GPL-2.0-only
# What a document lacks or has otherwise than a JSON Schema says, as far as ours goes: type, enum, pattern, required,
# properties, items, anyOf, $ref.  A key that is not among the properties is wrong here, as to the schema it is not:
# programs have to be ready for more keys, but a release has none that are not described.  Prints an array of sentences.
#	jq --slurpfile schema FILE --arg of COMMAND -f schema.jq DOCUMENT

def kind: if type == "number" and . == floor then "integer" else type end;
def place($at): if $at == "" then "." else $at end;

# What each document may have.
def common($root; $at): if $at == "" then $root.properties | keys else [] end;

def wrong($root; $s; $at):
  . as $value |
  if $s | has("$ref") then wrong($root; $root["$defs"][$s["$ref"] | ltrimstr("#/$defs/")]; $at)
  elif $s | has("anyOf") then
    [$s.anyOf[] as $one | $value | [wrong($root; $one; $at)]] |
    if any(. == []) then empty else "\(place($at)): none of those that it may be: \(min_by(length) | join("; "))" end
  else
    (if ($s | has("type")) and ([$s.type] | flatten | index($value | kind) | not) then
       "\(place($at)): \($value | kind), not \([$s.type] | flatten | join(" or "))" else empty end),
    (if ($s | has("enum")) and ($s.enum | index([$value]) | not) then "\($at): \($value | tojson) is not in \($s.enum | tojson)"
     else empty end),
    (if ($s | has("pattern")) and ($value | type) == "string" and ($value | test($s.pattern) | not) then
       "\($at): \($value) does not fit \($s.pattern)" else empty end),
    (if ($value | type) == "object" then
       ($s.required // [])[] as $key | if $value | has($key) then empty else "\(place($at)): no \($key)" end
     else empty end),
    (if ($value | type) == "object" and ($s | has("properties") and (has("$defs") | not)) then
       ($value | keys) - ($s.properties | keys) - common($root; $at) | .[] | "\($at).\(.): not described" else empty end),
    (if ($value | type) == "object" then
       ($s.properties // {} | to_entries[]) as $p | if $value | has($p.key) then
         $value[$p.key] | wrong($root; $p.value; "\($at).\($p.key)") else empty end
     else empty end),
    (if ($value | type) == "array" and ($s | has("items")) then
       range($value | length) as $i | $value[$i] | wrong($root; $s.items; "\($at)[\($i)]") else empty end)
  end;

[wrong($schema[0]; $schema[0]; ""),
 if $schema[0]["$defs"] | has($of) then wrong($schema[0]; $schema[0]["$defs"][$of]; "") else "the schema has no \($of)" end]
