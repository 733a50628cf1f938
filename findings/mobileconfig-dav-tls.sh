#!/usr/bin/env bash
# @zone-eu/mobileconfig 2.4.6 turns TLS on for port 80 and off for port 443 in profiles for CalDAV and CardDAV.
#
# Run: profiles for calendars and contacts are made with a port alone, and with nothing; the mail profile, where the same
# package decides by the port, too, stands beside them.
# Expected: its documentation calls the port and "secure" optional. RFC 6764 §4 and §5: https has port 443, http port 80,
# and a client should use TLS. The mail profile takes port 993, and no other, for TLS.
# Seen (@zone-eu/mobileconfig 2.4.6, 2026-12): port 443 gives CalDAVUseSSL and CardDAVUseSSL false, port 80 gives true.
# Before an MDM server: with a port and without "secure", the account on port 443 is told to speak plain
# HTTP to a TLS server, and never works; the profile itself installs without an error.
# Workaround: state "secure" in each call.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm @zone-eu/mobileconfig@2.4.6

cat > made.cjs <<'JS'
const made = require('@zone-eu/mobileconfig')
const [call, port] = process.argv.slice(2)
const server = { hostname: 'server.example', ...(port && { port: Number(port) }) }
const text = made[call]({ imap: server, dav: server })
const tls = /(?:IncomingMailServer|DAV)UseSSL<\/key>\s*<(true|false)\/>/.exec(text)?.[1]
const at = /(?:IncomingMailServerPortNumber|DAVPort)<\/key>\s*<integer>(\d+)/.exec(text)?.[1]
console.log(`port ${at}, TLS ${tls}`)
JS

for call in getCalDAVConfig getCardDAVConfig; do
  seen "$call, port 443" 'port 443, TLS false' "$(node made.cjs $call 443)"
  seen "$call, port 80" 'port 80, TLS true' "$(node made.cjs $call 80)"
done
seen 'getEmailConfig, port 993' 'port 993, TLS true' "$(node made.cjs getEmailConfig 993)"
seen 'getEmailConfig, port 143' 'port 143, TLS false' "$(node made.cjs getEmailConfig 143)"
verdict 'RFC 6764 §4 and §5: https is port 443, http is port 80'
