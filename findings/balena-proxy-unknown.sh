#!/usr/bin/env bash
# @balena/proxy-protocol-parser 1.0.2 reads "PROXY UNKNOWN" as an IPv6 connection, or refuses it when it validates.
#
# Run: headers of PROXY protocol version 1 are decoded: TCP4, and UNKNOWN without and with validation.
# Expected: the PROXY protocol, section 2.1: a receiver must accept UNKNOWN, must ignore what stands between it and CRLF,
# and must use the addresses of the connection itself.
# Seen (@balena/proxy-protocol-parser 1.0.2, 2026-12): without validation the family is IPv6, the address is a line end
# and the ports are NaN. With validation it is an Error. Its documentation excludes UNIX sockets and UDP in version 1, not UNKNOWN.
# Before an MDM server: HAProxy sends UNKNOWN for its health checks and for what came in over a UNIX socket. A service
# behind it counts a line end as an address, or has its health check refused and is taken out.
# Workaround: look for "PROXY UNKNOWN" before decoding, and take the socket's own addresses.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm @balena/proxy-protocol-parser@1.0.2

cat > decode.cjs <<'JS'
const { decode } = require('@balena/proxy-protocol-parser')
const [line, validate] = process.argv.slice(2)
try {
  const { remoteFamily, remoteAddress, remotePort } = decode(Buffer.from(`${line}\r\n`), validate === 'validate')
  console.log(JSON.stringify([remoteFamily, remoteAddress, String(remotePort)]))
} catch (error) {
  console.log(`${error.name}: ${error.message}`)
}
JS

seen 'TCP4' '["IPv4","192.0.2.1","5000"]' "$(node decode.cjs 'PROXY TCP4 192.0.2.1 192.0.2.2 5000 443')"
seen 'UNKNOWN' '["IPv6","\r\n","NaN"]' "$(node decode.cjs 'PROXY UNKNOWN')"
seen 'UNKNOWN, validated' 'Error: proxy protocol: unsupported family received' \
  "$(node decode.cjs 'PROXY UNKNOWN' validate)"
verdict 'The PROXY protocol, section 2.1: a receiver must accept UNKNOWN and ignore what follows it'
