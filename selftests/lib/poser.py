#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Processes that are not what they look like; each says "ready" and waits.

poser.py open FILE	has FILE open
poser.py path FILE	the same by O_PATH only, which wants no right to it
poser.py lock FILE	has all of FILE locked
poser.py byte FILE N	has that byte of it locked
poser.py listen SOCKET	listens there, and says so of each that connects; descriptor 77 is of TCP

More words are those of a QEMU.
"""
import fcntl
import os
import socket
import sys
import time


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    with socket.socket() as tcp:
        os.dup2(tcp.fileno(), 77)
    print("ready", flush=True)
    while True:
        conn = listener.accept()[0]
        print("connected", flush=True)
        conn.close()


def main():
    how, path = sys.argv[1:3]
    if how == "listen":
        listen(path)
    fd = os.open(path, os.O_PATH if how == "path" else os.O_RDWR)
    if how == "lock":
        fcntl.lockf(fd, fcntl.LOCK_EX)
    if how == "byte":
        fcntl.lockf(fd, fcntl.LOCK_EX, 1, int(sys.argv[3]))
    print("ready", flush=True)
    time.sleep(600)


main()
