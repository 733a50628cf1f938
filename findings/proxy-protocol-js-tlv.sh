#!/usr/bin/env bash
# proxy-protocol-js 4.0.6 takes the TLVs of a PROXY protocol version 2 header for the first octets of the connection.
#
# Run: a version 2 header for TCP over IPv4 with one TLV (PP2_TYPE_ALPN, "h2"), then the data "GET"; parsed, and
# built again from what the parser returned.
# Expected: PROXY protocol specification §2.2: the length field counts the addresses and the TLVs after them, and
# the receiver takes that many octets as the header; the data starts behind them.
# Seen (proxy-protocol-js 4.0.6, 2026-11): the length field is read and only checked for being too short. `data`
# starts at the TLV, and the length itself is not handed out, so a caller cannot tell where the header ends. A
# header that is built from the parsed one has the length of the addresses alone, while the TLV still follows it.
# Neither is an error, and the README names no limitation.
# Before an MDM server: HAProxy (proxy-v2-options), hitch (proxy-tlv) and cloud balancers send TLVs. The TLS or HTTP
# parser behind this library is given the TLV first and closes the connection as malformed.
# Workaround: read octets 14 and 15 yourself and cut 16 + length octets off; or turn the TLVs off at the balancer.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm proxy-protocol-js@4.0.6

cat > parse.cjs <<'JS'
const { V2ProxyProtocol } = require('proxy-protocol-js')
const signature = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
const addresses = [192, 0, 2, 1, 198, 51, 100, 1, 48, 57, 1, 187]
const tlv = [0x01, 0, 2, 0x68, 0x32]
const header = [...signature, 0x21, 0x11, 0, addresses.length + tlv.length, ...addresses, ...tlv]
const parsed = V2ProxyProtocol.parse(Uint8Array.from([...header, ...Buffer.from('GET')]))
const hex = (octets) => Buffer.from(octets).toString('hex')
const built = parsed.build()
console.log(process.argv[2] === 'data' ? hex(parsed.data) : built[14] * 256 + built[15])
JS

echo "the TLV is 0100026832, the data behind the header is $(printf GET | od -An -tx1 | tr -d ' ')"
seen 'data, as parsed' '0100026832474554' "$(node parse.cjs data)"
seen 'length field, built again (17 came in)' '12' "$(node parse.cjs length)"
verdict 'PROXY protocol §2.2, the length covers addresses and TLVs'
