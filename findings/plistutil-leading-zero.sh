#!/usr/bin/env bash
# plistutil (libplist 2.2.0) reads an integer of an XML property list that begins with a zero as an octal number.
#
# Run: property lists with the integers 10, 010 and 0755 are turned into the binary form and back; Python's plistlib,
# which reads the same XML, stands beside it.
# Expected: Apple's PropertyList-1.0 DTD: the content of <integer> represents an integer number in base 10. A zero
# before it changes nothing.
# Seen (libplist 2.2.0, 2026-12): 010 becomes 8 and 0755 becomes 493, without a message. In base 10 they are 10 and 755.
# Before an MDM server: a profile or a command made from a template that fills numbers up with zeros (a minute, a
# passcode's length, a port) means one thing to the server and another to the tools that administrators use for
# supervised devices, which are built on libplist.
# Workaround: write integers without leading zeros.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need python3 python3
from_debian libplist-utils libplist3

plist() {
  printf '<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><integer>%s</integer></plist>' "$1" > in.plist
}
by_plistutil() {
  plist "$1"
  unpacked usr/bin/plistutil -i in.plist -f bin -o out.plist
  unpacked usr/bin/plistutil -i out.plist -f xml -o - | sed -n 's/.*<integer>\(.*\)<.*/\1/p'
}
by_plistlib() {
  plist "$1"
  python3 -c 'import plistlib; print(plistlib.load(open("in.plist", "rb")))'
}

seen 'plistutil, 10' 10 "$(by_plistutil 10)"
seen 'plistutil, 010' 8 "$(by_plistutil 010)"
seen 'plistutil, 0755' 493 "$(by_plistutil 0755)"
seen 'plistlib, 010' 10 "$(by_plistlib 010)"
seen 'plistlib, 0755' 755 "$(by_plistlib 0755)"
verdict "Apple's PropertyList-1.0 DTD, <integer>: an integer number in base 10"
