#!/usr/bin/env bash
# nodejs-websocket 1.7.2 destroys a character of a text message that is split between two frames.
#
# Run: a server of the package, and a client that sends the text "Zoë" in two frames, once cut before the last
# character and once inside its two octets.
# Expected: the same text both times. RFC 6455 §5.4 lets a sender, and a proxy between, cut a message anywhere; §5.6:
# a text frame may hold a part of a UTF-8 sequence, only the whole message has to be valid.
# Seen (nodejs-websocket 1.7.2, 2026-11): each frame is decoded by itself, so the halves become two replacement
# characters. No error, and the connection goes on.
# Before an MDM server: agents keep a WebSocket for commands. Clients and proxies cut long messages at a buffer size,
# so a device name or a path with a letter outside ASCII arrives broken now and then, depending on its position.
# Workaround: let the client send binary messages, which are joined correctly, and decode them at the end; or use
# ws, which joins first.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm nodejs-websocket@1.7.2

cat > split.cjs <<'JS'
const { connect } = require('node:net')
const text = Buffer.from('Zoë')
const cut = Number(process.argv[2])
// A client masks its frames; a mask of zeros leaves the octets as they are.
const frame = (head, data) => Buffer.concat([Buffer.from([head, 0x80 | data.length, 0, 0, 0, 0]), data])
const server = require('nodejs-websocket').createServer((connection) => {
  connection.on('error', () => undefined)
  connection.on('text', (got) => {
    console.log(JSON.stringify(got))
    process.exit()
  })
})
server.listen(0, '127.0.0.1', () => {
  const socket = connect(server.socket.address().port, '127.0.0.1', () =>
    socket.write(
      'GET / HTTP/1.1\r\nHost: device\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    ),
  )
  socket.once('data', () => {
    socket.write(frame(0x01, text.subarray(0, cut)))
    socket.write(frame(0x80, text.subarray(cut)))
  })
})
JS

seen 'cut before the letter' '"Zoë"' "$(node split.cjs 2)"
seen 'cut inside the letter' '"Zo��"' "$(node split.cjs 3)"
verdict 'RFC 6455 §5.6, a text frame may hold a part of a UTF-8 sequence'
