#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""type_tab.py SETUP LINE...: types each LINE and a tab into an interactive bash, after the
command SETUP, and prints what each has become."""

import os
import pty
import re
import signal
import sys

SHOW = r"""bind -x '"\C-x": printf "\nGOT<%s>\n" "$READLINE_LINE"'"""
GOT = re.compile(rb"\nGOT<(.*?)>\r\n", re.S)


def main():
    setup, lines = sys.argv[1], sys.argv[2:]
    pid, fd = pty.fork()
    if not pid:
        os.environ.update(PS1="", TERM="dumb")
        os.execlp("bash", "bash", "--norc", "--noprofile", "-i")
    signal.alarm(300)
    os.write(fd, f"{setup}; {SHOW}\n".encode())
    out = b""
    for line in lines:
        os.write(fd, line.encode() + b"\t\x18")
        while not (got := GOT.search(out)):
            out += os.read(fd, 4096)
        print(got[1].decode())
        out = out[got.end():]
        os.write(fd, b"\x15")  # away with it
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


main()
