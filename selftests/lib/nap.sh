# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# nap SECONDS: sleep, without starting a program.  Sourced.

exec {NAP}<> <(:) # a pipe in which nothing ever comes
nap() { read -rt "$1" -u "$NAP" _ || true; }
