#!/usr/bin/env bash
# undici 7.30.2 calls a whole response too short or too long when a tab stands behind its Content-Length.
#
# Run: a loopback server that sends two octets and says `Content-Length: 2`, with nothing, a space, or a tab between the 2 and
# the end of the line, asked by `undici.request`.
# Expected: RFC 9110 §5.5 and §5.6.3: optional white space, spaces and tabs alike, around a field value is no part of it.
# Seen (undici 7.30.2, 2026-12): behind a space the answer is read. Behind a tab it fails with "Response body length does not
# match content-length header", although the two octets are there: the text sends its reader to look for octets that a
# proxy lost.
# Before an MDM server: a health check or an agent on `fetch` reports a server down that curl and browsers reach, and blames
# the network.
# Workaround: let the server end its lines where the value ends.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm undici@7.30.2

cat > ask.cjs <<'JS'
const { createServer } = require('node:net')
const { request } = require('undici')
const behind = { nothing: '', space: ' ', tab: '\t' }[process.argv[2]]
const server = createServer((socket) =>
  socket.once('data', () =>
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 2${behind}\r\nConnection: close\r\n\r\nok`),
  ),
)
const tell = (text) => {
  console.log(text)
  process.exit()
}
server.listen(0, '127.0.0.1', () => {
  request(`http://127.0.0.1:${server.address().port}/`)
    .then(async ({ body }) => tell(await body.text()))
    .catch((error) => tell(error.message))
})
JS

seen 'nothing behind the length' ok "$(node ask.cjs nothing)"
seen 'a space behind the length' ok "$(node ask.cjs space)"
seen 'a tab behind the length' \
  'Response body length does not match content-length header' "$(node ask.cjs tab)"
verdict 'RFC 9110 §5.5, white space behind a field value is spaces and tabs, and no part of it'
