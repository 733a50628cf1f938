#!/usr/bin/env bash
# @plist/xml.parse 1.1.0 trims the strings of a property list and leaves character references as they stand.
#
# Run: a property list such as a configuration profile holds, with a password that begins and ends with a space and
# a name with a character reference; parsed with @plist/xml.parse, and with plist 5.0.0 beside it.
# Expected: XML 1.0 §2.10: a parser passes all white space of the content on. §4.1: `&#233;` and `&#xE9;` are
# references to a character and are replaced by it. Apple's PropertyList-1.0 DTD declares <string> as #PCDATA and
# declares no other treatment.
# Seen (@plist/xml.parse 1.1.0, 2026-11): spaces and line ends at both ends of each string are gone, a string of
# spaces is empty, and `&#233;` is six letters. `&amp;` is replaced. No error.
# Before an MDM server: a profile that is read, amended and written by a tool with this package installs a Wi-Fi or
# VPN password that is not the one that was set, and a name with the characters "&#233;" in it. The device reports
# success, and authentication fails later.
# Workaround: parse XML property lists with plist, or send the binary form, which @plist/binary.parse keeps exactly.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm @plist/xml.parse@1.1.0 plist@5.0.0

cat > profile.mjs <<'JS'
const { parse } = await import(process.argv[2])
const text = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Password</key><string> secret </string>
<key>Name</key><string>Caf&#233; &amp; Bar</string>
</dict></plist>`
const { Password, Name } = parse(text)
console.log(JSON.stringify({ Password, Name }))
JS

seen 'plist' '{"Password":" secret ","Name":"Café & Bar"}' "$(node profile.mjs plist)"
seen '@plist/xml.parse' '{"Password":"secret","Name":"Caf&#233; & Bar"}' "$(node profile.mjs @plist/xml.parse)"
verdict 'XML 1.0 §2.10 (white space is passed on) and §4.1 (character references are replaced)'
