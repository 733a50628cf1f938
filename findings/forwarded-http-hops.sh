#!/usr/bin/env bash
# forwarded-http 0.3.0 lists no IPv4 address, and two proxies make the scheme of a request an array.
#
# Run: a server on this machine reads the field Forwarded with the package's defaults: one hop with an IPv6 address,
# one with an IPv4 address, and two with IPv4 addresses.
# Expected: RFC 7239 §4: a comma separates what one proxy adds from what the next one adds, and pairs that semicolons
# join belong to one proxy; §5.4: `proto` is the protocol of the request that this proxy received. The package's
# description: `ips` is the list of the addresses that the client came through, `proto` is a string.
# Seen (forwarded-http 0.3.0 with ip-filter 1.0.2, 2026-12): `ips` holds the IPv6 address and no IPv4 address, and with
# the filter `**` in place of the default `*` it holds them. With two hops `proto` is an array, which no comparison with
# a string finds equal. No error is raised.
# Before an MDM server: an application behind the proxy that limits or records by address sees no device that came by
# IPv4, and one that compares `proto` with "https" turns each request away once a load balancer stands before the proxy.
# Workaround: `{ filter: '**' }` for the addresses; forwarded-parse reads the field hop by hop.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm forwarded-http@0.3.0 ip-filter@1.0.2 forwarded-parse@2.2.0

cat > ask.cjs <<'JS'
const { createServer, get } = require('node:http')
const read = require('forwarded-http')
const [what, forwarded, filter = '*'] = process.argv.slice(2)
const server = createServer((request, answer) => answer.end(JSON.stringify(read(request, { filter })[what])))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address()
  get({ host: '127.0.0.1', port, agent: false, headers: { forwarded } }, (answer) => {
    answer.pipe(process.stdout)
    answer.on('end', () => server.close())
  })
})
JS
ask() { node --no-deprecation ask.cjs "$@"; }
hops='for=192.0.2.43;proto=https, for=198.51.100.17;proto=http'

seen 'ips, an IPv6 client' '["2001:db8::17"]' "$(ask ips 'for="[2001:db8::17]"')"
seen 'ips, an IPv4 client' '[]' "$(ask ips 'for=192.0.2.43')"
seen 'ips, an IPv4 client, filter **' '["127.0.0.1","192.0.2.43"]' "$(ask ips 'for=192.0.2.43' '**')"
seen 'proto, one hop' '"https"' "$(ask proto 'for=192.0.2.43;proto=https')"
seen 'proto, two hops' '["https","http"]' "$(ask proto "$hops")"
seen 'forwarded-parse, two hops' 'https of 192.0.2.43, http of 198.51.100.17' "$(node -p '
  require("forwarded-parse")(process.argv[1]).map((hop) => `${hop.proto} of ${hop.for}`).join(", ")' "$hops")"
verdict 'RFC 7239 §4, a comma ends what one proxy says; §5.4, `proto` is the protocol of its request'
