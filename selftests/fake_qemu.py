#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A peer on a QMP socket that misbehaves when told to.

fake_qemu.py SOCKET HOW [COMMAND[#N]] [-OPTION ...]: be a polite QEMU until COMMAND
comes (at once without one; for the Nth time), then HOW: silent, garbage, half,
endless, close, die, or refuse that command. HOW polite: do not misbehave at all.
HOW unwilling: it has a device that its guest does not let go of. HOW deaf: its guest
does not hear the first time it is asked for one. HOW fickle: its
guest lets go of the first device that it is given, as if it had been asked to.
HOW slow: the same, but only after SLOW seconds, and makes no use of it until then.
HOW late: it lets go when there is a file SOCKET.go,
without a word.
HOW stingy: it closes no descriptor.
HOW idle: its guest makes no use of what it is given. HOW hidden: query-pci does not
list that at first, for no bus has a number yet. More than one: fickle,silent.

With HOST, a VF's address, in the environment it has a device with that, which
its guest does let go of; with an empty HOST one that came by descriptor. If its id
is in USED query-pci lists it, as one that the guest makes use of. It keeps
the descriptors it is sent, and those of -add-fd, as QEMU does; all for device ID,
if that is in the environment, or with OPAQUE in place of their texts; with MARKED a
swap has been asking for them. It has PORTS
(none) ports for hot-plug. VERSION is 10.0 by default, UUID what it calls its own. What
it was told to do is in SOCKET.log.

With - for SOCKET it is at the other end of its standard input, as sriovctl-libvirt is;
process PID is then said to be its QEMU's, and what it was told is in LOG.
"""
import array
import json
import os
import socket
import sys
import time

PORTS = [
    {"name": f"hp{i}", "type": "child<pcie-root-port>"}
    for i in range(int(os.environ.get("PORTS", 0)))
]
ANSWERS = {
    "query-name": {"name": "fake"},
    "qom-list": PORTS,
    "query-uuid": {"UUID": os.environ.get("UUID", "")},
}
VERSION = os.environ.get("VERSION", "10.0").split(".")
GREETING = {
    "QMP": {
        "version": {
            "qemu": {
                "major": int(VERSION[0]),
                "minor": int(VERSION[1]),
                "micro": 0,
            }
        },
        "capabilities": [],
    }
}
if "PID" in os.environ:
    GREETING["pid"] = int(os.environ["PID"])


def babble(conn):
    try:
        conn.sendall(b'{"return": "')
        while True:
            conn.sendall(b"x" * 65536)
    except OSError:
        pass  # whoever listened has gone


SICK = {"silent", "garbage", "half", "endless", "close", "die"}


def misbehave(conn, how):
    if "garbage" in how:
        conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    elif "half" in how:
        conn.sendall(b'{"return": {"ha')
    elif "close" in how:
        conn.close()
    elif "die" in how:
        os._exit(1)
    elif "endless" in how:
        babble(conn)
    time.sleep(600)


HOST = os.environ.get("HOST")
SOCKET = sys.argv[1]
SLOW = 8  # seconds, longer than sriovctl looks after a device that is of no use
device = None if HOST is None else {"type": "vfio-pci", "host": HOST}
if device and "USED" in os.environ:
    device |= {"id": os.environ["USED"], "used": True}
times_added = times_asked = times_told = 0
fdsets = {}  # number: [(descriptor, opaque), ...]


def look_at_guest(how):
    """A late one has let go by now, if it is told to."""
    global device
    if "late" in how and os.path.exists(SOCKET + ".go"):
        device = None


def qom_get(arguments, how):
    look_at_guest(how)
    name = os.path.basename(arguments["path"])
    if device is None or name != device.get("id", name):
        return refusal("DeviceNotFound")
    return {"return": device.get(arguments["property"]) or ""}


def device_add(how, arguments):
    global device, times_added
    if device is not None:
        return refusal("GenericError")
    times_added += 1
    if "fickle" not in how or times_added > 1:
        device = {"type": "vfio-pci", "host": arguments.get("host")}
        device["id"] = arguments["id"]
        device["used"] = "idle" not in how
        if "slow" in how and times_added == 1:
            device["used"] = False
            device["until"] = time.monotonic() + SLOW
    return {"return": {}}


def is_unheard(how):
    return "deaf" in how and times_told == 1


def device_del(how):
    global device, times_told
    times_told += 1
    if not how & {"unwilling", "late"} and not is_unheard(how):
        device = None
    return {"return": {}}


def refusal(name):
    return {"error": {"class": name, "desc": os.environ.get("REFUSAL", "no")}}


def keep(number, fd, opaque):
    if " id=" in opaque:
        opaque = os.environ.get("OPAQUE", opaque)
        if "ID" in os.environ:
            opaque = opaque[: opaque.index(" id=")] + " id=" + os.environ["ID"]
    fdsets.setdefault(number, []).insert(0, (fd, opaque))
    if "MARKED" in os.environ and " id=" in opaque:
        mark = os.open("/dev/null", os.O_RDONLY)
        fdsets[number].insert(0, (mark, "sriov_broker_swap"))


def add_fd(fd, arguments):
    number = arguments.get("fdset-id", max(fdsets, default=-1) + 1)
    keep(number, fd, arguments.get("opaque"))
    return {"return": {"fdset-id": number, "fd": fd}}


def query_fdsets():
    return {
        "return": [
            {"fdset-id": n, "fds": [{"fd": f, "opaque": o} for f, o in fds]}
            for n, fds in fdsets.items()
        ]
    }


def remove_fd(how, arguments):
    if "stingy" in how:
        return {"return": {}}
    fds = fdsets.pop(arguments["fdset-id"])
    gone = arguments.get("fd")
    for fd, _ in fds:
        if gone in (None, fd):
            os.close(fd)
    left = [(fd, opaque) for fd, opaque in fds if gone not in (None, fd)]
    if left:
        fdsets[arguments["fdset-id"]] = left
    return {"return": {}}


def query_pci(how):
    """What it has, and whether its guest uses that."""
    global device, times_asked
    times_asked += 1
    devices = []
    if device and time.monotonic() > device.get("until", float("inf")):
        device = None
    if device and not ("hidden" in how and times_asked < 3):
        use = [{"bar": 0, "address": 4096 if device.get("used") else -1}]
        devices = [{"qdev_id": device.get("id"), "regions": use}]
    return {"return": [{"bus": 0, "devices": devices}]}


def answer_to(name, arguments, fd, how):
    if name == "qom-get":
        return qom_get(arguments, how)
    if name == "add-fd":
        return add_fd(fd, arguments)
    if name == "query-fdsets":
        return query_fdsets()
    if name == "device_add":
        return device_add(how, arguments)
    if name == "device_del":
        return device_del(how)
    if name == "query-pci":
        return query_pci(how)
    if name == "remove-fd":
        return remove_fd(how, arguments)
    return {"return": ANSWERS.get(name, {})}


def send(conn, message):
    conn.sendall(json.dumps(message).encode() + b"\r\n")


def receive(conn):
    """A command, and the descriptor that came with it, if one did."""
    fds = array.array("i")
    data, controls, _, _ = conn.recvmsg(65536, socket.CMSG_SPACE(fds.itemsize))
    for _, _, control in controls:
        fds.frombytes(control)
    return json.loads(data) if data else None, fds[0] if fds else None


def serve(conn, how, when, log):
    if not when and how & SICK:
        misbehave(conn, how)
    when, _, times = (when or "").partition("#")
    left = int(times or 1)  # times that it must come yet
    send(conn, GREETING)
    while True:
        message, fd = receive(conn)
        if not message:
            return
        name = message["execute"]
        print(name, file=log, flush=True)
        left -= name == when
        if name == when and left <= 0 and how & SICK:
            misbehave(conn, how)
        if name == when and left <= 0:
            answer = refusal("GenericError")
        else:
            answer = answer_to(name, message.get("arguments"), fd, how)
        send(conn, {**answer, "id": message["id"]})
        if name == "device_del" and "late" not in how and not is_unheard(how):
            data = {"device": message["arguments"]["id"], "path": "/x"}
            event = "DEVICE_DELETED"
            if "unwilling" in how:
                event = "DEVICE_UNPLUG_GUEST_ERROR"
            send(conn, {"event": event, "data": data})


def take_options(words):
    """-add-fd fd=3,set=1000007,opaque=..."""
    for option, value in zip(words, words[1:]):
        if option == "-add-fd":
            fd, number, opaque = value.split(",", 2)
            keep(int(number[4:]), int(fd[3:]), opaque[7:])


def main():
    words = sys.argv[1:]
    options = [i for i, word in enumerate(words) if word[0] == "-" < word]
    path, how, when = (words[: (options + [len(words)])[0]] + [None])[:3]
    take_options(words)
    if path == "-":
        with open(os.environ["LOG"], "w", encoding="ascii") as log:
            serve(socket.socket(fileno=0), set(how.split(",")), when, log)
        return
    listener = socket.socket(socket.AF_UNIX)
    with open(path + ".log", "w", encoding="ascii") as log:
        # It is there when it can be connected to.
        listener.bind(path + ".new")
        listener.listen()
        os.rename(path + ".new", path)
        while True:
            try:
                serve(listener.accept()[0], set(how.split(",")), when, log)
            except OSError:
                pass  # whoever listened has gone


main()
