#!/usr/bin/env bash
# bplist-creator 0.3.0 writes a large real number without a fraction as an integer of 16 octets, or refuses it.
#
# Run: the numbers 1.5, 1e19, 1e20 and 1e300 are written with bplist-creator and read with plistutil (libplist 2.2.0),
# and with Python's plistlib. plistlib's own way of writing 1e20 stands beside it.
# Expected: a number of JavaScript is a double, and a binary property list holds any double in nine octets (marker 23).
# What one writes another reads as the same number.
# Seen (bplist-creator 0.3.0, libplist 2.2.0, 2026-12): whether the number has a fraction decides on the type. 1e20 gets
# 16 octets as an integer, of which plistutil takes the last eight: 7766279631452241920, without a message. plistlib
# reads 100000000000000000000, an integer. 1e300 is an Error ("integer out of range"), and no list is written.
# Before an MDM server: a profile or a report with measured values (octets, times in nanoseconds) that a service in
# Node.js makes and a tool built on libplist reads carries another number, and only where the value is large.
# Workaround: write such values as strings, or the list as XML.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs && need python3 python3
from_npm bplist-creator@0.3.0
from_debian libplist-utils libplist3

written() {
  node -e 'require("fs").writeFileSync("out.bin", require("bplist-creator")([Number(process.argv[1])]))' "$1" 2>&1 |
    sed -n 's/^\(RangeError\|Error\): .*/\1/p' || true
}
by_plistutil() {
  rm -f out.bin
  written "$1"
  if [ -e out.bin ]; then
    unpacked usr/bin/plistutil -i out.bin -f xml -o - | sed -n 's/.*<\(integer\|real\)>\(.*\)<.*/\1 \2/p'
  fi
}
by_plistlib() { python3 -c 'import plistlib; print(plistlib.load(open("out.bin", "rb"))[0])'; }

seen '1.5, read by plistutil' 'real 1.5' "$(by_plistutil 1.5)"
seen '1e19, read by plistutil' 'integer 10000000000000000000' "$(by_plistutil 1e19)"
seen '1e20, read by plistutil' 'integer 7766279631452241920' "$(by_plistutil 1e20)"
seen '1e20, read by plistlib' '100000000000000000000' "$(written 1e20; by_plistlib)"
seen '1e300' 'Error' "$(by_plistutil 1e300)"
python3 -c 'import plistlib; plistlib.dump([1e20], open("out.bin", "wb"), fmt=plistlib.FMT_BINARY)'
seen '1e20 written by plistlib, read by plistutil' 'real 1e+20' \
  "$(unpacked usr/bin/plistutil -i out.bin -f xml -o - | sed -n 's/.*<\(integer\|real\)>\(.*\)<.*/\1 \2/p')"
verdict 'CFBinaryPList.c of CoreFoundation: marker 0010 nnnn is a real of 2^nnnn octets; 1e20 is a double'
