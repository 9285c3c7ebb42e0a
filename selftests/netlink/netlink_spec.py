#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The netlink spec, Documentation/netlink/sriov_broker.yaml, read; and compared with the UAPI header.

Run: prints each enum that both have, with its number of entries, then a line for each thing that one
side lacks or has otherwise, and fails if there is one.  Every enum of the header has to be in the
spec but for those of NOT_SENT.

There is no YAML library in the test machines: load() reads as much of YAML as the spec is written
in, and gives up on anything else.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
SPEC = TOP / "Documentation/netlink/sriov_broker.yaml"
HEADER = TOP / "uapi/linux/sriov_broker.h"

# Enums of the ioctls alone.
NOT_SENT = {"reason", "stat_kind", "lease_event_type"}


class Reader:
    """Lines as (indent, text), eaten from the top."""

    def __init__(self, text):
        self.lines = []
        self.anchors = {}
        for number, line in enumerate(text.splitlines(), 1):
            bare = line.strip()
            if bare and bare != "---" and not bare.startswith("#"):
                self.lines.append((len(line) - len(line.lstrip()), bare, number))

    def indent(self):
        return self.lines[0][0] if self.lines else -1

    def block(self):
        at_list = self.lines[0][1].split()[0] == "-"
        return self.sequence() if at_list else self.mapping()

    def sequence(self):
        indent, items = self.indent(), []
        while self.indent() == indent:
            _, text, number = self.lines.pop(0)
            if text == "-":
                items.append(self.below(indent, number))
            elif text.startswith("- "):
                items.append(self.scalar(text[2:].strip()))
            else:
                raise ValueError(f"line {number}: an item of a list begins with -")
        return items

    def mapping(self):
        indent, found = self.indent(), {}
        while self.indent() == indent:
            _, text, number = self.lines.pop(0)
            match = re.fullmatch(r"([\w-]+):(?: (.*))?", text)
            if not match or match[1] in found:
                raise ValueError(f"line {number}: not a new key: {text}")
            found[match[1]] = self.value(match[2] or "", indent, number)
        if self.indent() > indent:
            raise ValueError(f"line {self.lines[0][2]}: too far to the right")
        return found

    def value(self, text, indent, number):
        if text == "|":
            prose = []
            while self.indent() > indent:
                prose.append(self.lines.pop(0)[1])
            return "\n".join(prose)
        if text and not text.startswith("&"):
            return self.scalar(text)
        below = self.below(indent, number)
        if text:
            self.anchors[text[1:]] = below
        return below

    def below(self, indent, number):
        if self.indent() <= indent:
            raise ValueError(f"line {number}: nothing follows")
        return self.block()

    def scalar(self, text):
        if text.startswith("*"):
            return self.anchors[text[1:]]
        if text.startswith("["):
            return [part.strip() for part in text.strip("[]").split(",") if part.strip()]
        return int(text) if re.fullmatch(r"-?\d+", text) else text


def load():
    reader = Reader(SPEC.read_text())
    spec = reader.block()
    if reader.lines:
        raise ValueError(f"line {reader.lines[0][2]}: not read")
    return spec


def c_name(*parts):
    return "-".join(parts).replace("-", "_").upper()


def by_spec(spec):
    """The C names and values that the spec stands for: {enum: {entry: value}}, and attributes' types."""
    enums = {}
    for enum in spec["definitions"]:
        prefix = c_name(spec["name"], enum["name"])
        enums[prefix] = {c_name(prefix, e["name"]): e["value"] for e in enum["entries"]}
    (attributes,) = spec["attribute-sets"]
    operations = spec["operations"]
    for items, names in ((attributes["attributes"], attributes), (operations["list"], operations)):
        prefix = names["name-prefix"]
        entries = {c_name(prefix + item["name"]): item["value"] for item in items}
        enums[c_name(prefix.rstrip("-"))] = entries
    prefix = attributes["name-prefix"]
    types = {c_name(prefix + a["name"]): a["type"] for a in attributes["attributes"]}
    return enums, {name: kind for name, kind in types.items() if kind not in ("unused", "pad")}


def by_header(text):
    """The same of the header; an enum is called by what its entries' names have in common."""
    enums = {}
    for name, body in re.findall(r"^enum sriov_broker_(\w+) \{\n(.*?)^\};", text, re.M | re.S):
        if name in NOT_SENT:
            continue
        entries = {}
        for line in body.strip().splitlines():
            match = re.fullmatch(r"\s*(SRIOV_BROKER_\w+) = (\d+),", line)
            if not match:
                raise ValueError(f"enum sriov_broker_{name}: {line.strip()}")
            entries[match[1]] = int(match[2])
        prefix = c_name("sriov_broker", re.sub(r"_(state|type)$", "", name))
        enums[prefix] = entries
    types = re.findall(r"^ \* @(SRIOV_BROKER_NL_ATTR_\w+): (string|[us]\d+):", text, re.M)
    return enums, dict(types)


def differences(what, spec, header):
    for name in sorted(spec.keys() | header.keys()):
        if name not in spec or name not in header:
            yield f"{what} {name}: not in the {'header' if name in spec else 'spec'}"
        elif spec[name] != header[name]:
            yield f"{what} {name}: {spec[name]} in the spec, {header[name]} in the header"


def main():
    spec, spec_types = by_spec(load())
    header, header_types = by_header(HEADER.read_text())
    wrong = []
    for enum in sorted(spec.keys() | header.keys()):
        ours, theirs = spec.get(enum), header.get(enum)
        if not ours or not theirs:
            wrong.append(f"enum {enum}: not in the {'header' if ours else 'spec'}, or empty")
            continue
        print(enum, len(theirs))
        wrong += differences("enum", ours, theirs)
    wrong += differences("type of", spec_types, header_types)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
