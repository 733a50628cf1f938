#!/usr/bin/env bash
# rfc2253 0.2.0 takes a number sign within a value for the start of hexadecimal digits, so "Device #42" becomes
# "Device B".
#
# Run: four names are read with parse, and what format writes of the second one is shown.
# Expected: RFC 4514 §2.4 (RFC 2253 §2.4 says the same): a number sign is escaped where it is the first character of a
# value; §3: elsewhere it is a character like others, and hexadecimal digits have a meaning only behind a number sign
# that begins the value or behind a backslash.
# Seen (rfc2253 0.2.0, 2026-12): the two digits behind the sign become one octet of the value. Where one digit stands
# there, the comma behind it goes with it, and the next part of the name becomes a piece of the value. No error is
# raised, and what format writes is read as another name.
# Before an MDM server: "iPad #1" is a usual kind of name for a device. A service behind the proxy that reads a
# forwarded subject with this package looks for a device that does not exist, or loses the organization.
# Workaround: write each number sign as `\#` before parse.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm rfc2253@0.2.0

read_name() {
  node --no-deprecation -p 'const name = require("rfc2253").parse(process.argv[1])
    JSON.stringify({ CN: name.get("CN"), O: name.get("O") })' "$1"
}
write_name() { node --no-deprecation -p 'require("rfc2253").format([{ CN: process.argv[1] }])' "$1"; }

seen 'Device 42' '{"CN":"Device 42","O":"Acme"}' "$(read_name 'CN=Device 42,O=Acme')"
seen 'Device #42' '{"CN":"Device B","O":"Acme"}' "$(read_name 'CN=Device #42,O=Acme')"
seen 'iPad #1' '{"CN":"iPad \u0001O=Acme"}' "$(read_name 'CN=iPad #1,O=Acme')"
seen 'Device #42, escaped' '{"CN":"Device #42","O":"Acme"}' "$(read_name 'CN=Device \#42,O=Acme')"
seen 'Device #42, written' 'CN=Device #42' "$(write_name 'Device #42')"
verdict 'RFC 4514 §2.4, a number sign is special only as the first character of a value'
