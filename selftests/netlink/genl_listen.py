#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Speak with the generic netlink family sriov_broker by nothing but a raw socket.

Without a word: listens.  Says "ready" when it does, then one JSON array an event: sequence number,
type, PF, VF, index, state, state before, fault, lease, value, value before; null for an attribute that was
not sent.

With the name of a dump (pf-get, vf-get, lease-get): asks for it, and prints it as one JSON object: in
how many parts it came, and its entries with their attributes.

It knows the family from its spec alone (netlink_spec.py), names and types of attributes and which of
them a message may have, and shares no code with the tool.
"""
import json
import os
import socket
import struct
import sys

import netlink_spec

NETLINK_GENERIC = 16
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP = 1
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_DUMP_INTR, NLM_F_DUMP = 1, 0x10, 0x300
CTRL = 16  # the controller's message type
CTRL_GETFAMILY = 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS = 1, 2, 7
GROUP_NAME, GROUP_ID = 1, 2
ROOM = 4096  # so much at a time: a dump of more than some thirty VFs comes in parts
NUMBERS = {"u16": "=H", "u32": "=I", "s32": "=i", "u64": "=Q"}
EVENT = "seq type pf vf index state old-state fault lease-id value old-value".split()


class Family:
    """What the spec says about messages."""

    def __init__(self, spec):
        self.name = spec["name"]
        self.group = spec["mcast-groups"]["list"][0]["name"]
        self.enums = {
            enum["name"]: {entry["value"]: entry["name"] for entry in enum["entries"]}
            for enum in spec["definitions"]
        }
        attributes = spec["attribute-sets"][0]["attributes"]
        self.attributes = {attribute["value"]: attribute for attribute in attributes}
        self.operations = {op["name"]: op for op in spec["operations"]["list"]}

    def value(self, attribute, data):
        if attribute["type"] == "string":
            return text(data)
        (number,) = struct.unpack(NUMBERS[attribute["type"]], data)
        if "enum" in attribute:
            return self.enums[attribute["enum"]][number]
        return f"{number:#06x}" if attribute.get("display-hint") == "hex" else number

    def decode(self, allowed, data):
        """{name: value} of a message's attributes; one that is not allowed to be there is an error."""
        found = {}
        for kind, raw in attributes(data).items():
            attribute = self.attributes[kind]
            if attribute["type"] == "pad":
                continue
            if attribute["name"] not in allowed:
                sys.exit(f"{attribute['name']}: not in the spec of this message")
            found[attribute["name"]] = self.value(attribute, raw)
        return found


def attributes(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def text(data):
    return data.rstrip(b"\0").decode()


def request(sock, kind, flags, command, attr=b""):
    sock.send(struct.pack("=IHHIIBBH", 20 + len(attr), kind, flags, 1, 0, command, 1, 0) + attr)


def resolve(sock, name, group):
    attr = name.encode() + b"\0"
    attr = struct.pack("=HH", 4 + len(attr), CTRL_ATTR_FAMILY_NAME) + attr
    attr += b"\0" * (-len(attr) % 4)
    request(sock, CTRL, NLM_F_REQUEST, CTRL_GETFAMILY, attr)
    found = attributes(sock.recv(ROOM)[20:])
    groups = [attributes(g) for g in attributes(found[CTRL_ATTR_MCAST_GROUPS]).values()]
    number = next(g[GROUP_ID] for g in groups if text(g[GROUP_NAME]) == group)
    return struct.unpack("=H", found[CTRL_ATTR_FAMILY_ID])[0], struct.unpack("=I", number)[0]


def messages(data):
    """The messages of a datagram: (type, flags, what follows the header)."""
    while len(data) >= 16:
        length, kind, flags = struct.unpack_from("=IHH", data)
        if length > len(data):
            sys.exit("a message was cut off")
        yield kind, flags, data[16:length]
        data = data[(length + 3) & ~3 :]


def listen(sock, family, number, group):
    operation = family.operations["event"]
    sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
    print("ready", flush=True)
    while True:
        for kind, _, data in messages(sock.recv(ROOM)):
            if kind == number and data[0] == operation["value"]:
                found = family.decode(operation["event"]["attributes"], data[4:])
                if found.get("fault") == "none":
                    found["fault"] = None
                print(json.dumps([found.get(name) for name in EVENT]), flush=True)


def dump(sock, family, number, name):
    operation = family.operations[name]
    parts, entries = 0, []
    request(sock, number, NLM_F_REQUEST | NLM_F_DUMP, operation["value"])
    while True:
        has_entries = False
        for kind, flags, data in messages(sock.recv(ROOM)):
            if kind == NLMSG_ERROR:
                sys.exit(f"{name}: {os.strerror(-struct.unpack_from('=i', data)[0])}")
            if flags & NLM_F_DUMP_INTR:
                sys.exit(f"{name}: not one picture")
            if kind == NLMSG_DONE:
                return {"parts": parts + has_entries, "entries": entries}
            if kind != number or data[0] != operation["value"]:
                sys.exit(f"{name}: message {kind}, command {data[0]}")
            has_entries = True
            entries.append(family.decode(operation["dump"]["reply"]["attributes"], data[4:]))
        parts += has_entries


def main():
    family = Family(netlink_spec.load())
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    sock.bind((0, 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    number, group = resolve(sock, family.name, family.group)
    if len(sys.argv) > 1:
        print(json.dumps(dump(sock, family, number, sys.argv[1])))
    else:
        listen(sock, family, number, group)


main()
