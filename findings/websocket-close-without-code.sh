#!/usr/bin/env bash
# websocket 1.0.35 reports an orderly close without a status code as a connection that was dropped.
#
# Run: a server of the package, and clients that close with status 1000, with a Close frame that has no status, and
# by ending the TCP connection without a Close frame.
# Expected: RFC 6455 §7.1.5: without a status in the Close frame the code of the connection is 1005, and it is 1006
# only when no Close frame was received. §5.5.1: the body of a Close frame is optional.
# Seen (websocket 1.0.35, 2026-11): the second and the third client are both 1006, "Connection dropped by remote
# peer.". The package answers the Close frame, so it has read it. Its source states that the text is for a connection
# without a Close frame.
# Before an MDM server: `close()` without an argument in a browser or in an agent sends no status. A server that
# counts 1006 as network failures, or keeps the session for a reconnection, does so after each normal end.
# Workaround: let clients close with 1000, or take 1006 for normal when the peer had nothing outstanding.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm websocket@1.0.35

cat > close.cjs <<'JS'
const { connect } = require('node:net')
const { createServer } = require('node:http')
const endings = { 1000: [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8], none: [0x88, 0x80, 0, 0, 0, 0], tcp: [] }
const ending = endings[process.argv[2]]
const http = createServer()
const websocket = new (require('websocket').server)({ httpServer: http, autoAcceptConnections: true })
let answer = 'no Close frame'
websocket.on('connect', (connection) =>
  connection.on('close', (code, text) =>
    // The client reads the answer before the process ends.
    setTimeout(() => {
      console.log(`answered with ${answer}; reported ${code} ${text}`)
      process.exit()
    }, 200),
  ),
)
http.listen(0, '127.0.0.1', () => {
  const socket = connect(http.address().port, '127.0.0.1', () =>
    socket.write(
      'GET / HTTP/1.1\r\nHost: device\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    ),
  )
  socket.once('data', () => {
    socket.on('data', (octets) => {
      if (octets[0] === 0x88) answer = 'a Close frame'
    })
    if (ending.length === 0) socket.end()
    else socket.write(Buffer.from(ending))
  })
})
JS

seen 'Close frame with 1000' \
  'answered with a Close frame; reported 1000 Normal connection closure' "$(node close.cjs 1000)"
seen 'Close frame without a status' \
  'answered with a Close frame; reported 1006 Connection dropped by remote peer.' "$(node close.cjs none)"
seen 'TCP ended, no Close frame' \
  'answered with no Close frame; reported 1006 Connection dropped by remote peer.' "$(node close.cjs tcp)"
verdict 'RFC 6455 §7.1.5, a Close frame without a status is 1005'
