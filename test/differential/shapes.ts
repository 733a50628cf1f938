/** Well-formed requests of the shapes that devices send; what is mutated begins as one of them. */
import type { SeededRandom } from '../support/seeded-random.ts'

const HOST = 'Host: mdm.example\r\n'
const AGENT = 'User-Agent: MDM-Agent/12.5 (Device; OS 14)\r\nAccept: */*\r\n'
const TRACE = 'X-Trace: one\r\nX-Trace: two\r\n'

/** Names say what a shape is for. */
export const SHAPES: Readonly<Record<string, string>> = {
  'a question': `GET /mdm/checkin?udid=7F-11 HTTP/1.1\r\n${HOST}${AGENT}${TRACE}\r\n`,
  'a question of an old client': `GET /mdm HTTP/1.0\r\n${HOST}\r\n`,
  'an old client that keeps its connection': `GET /mdm HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`,
  'a last question': `GET /mdm HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  'a head': `HEAD /mdm/profile HTTP/1.1\r\n${HOST}${AGENT}\r\n`,
  'an option': `OPTIONS /mdm HTTP/1.1\r\n${HOST}\r\n`,
  'a deletion': `DELETE /mdm/profile/1 HTTP/1.1\r\n${HOST}\r\n`,
  'a check-in': `PUT /mdm/checkin HTTP/1.1\r\n${HOST}Content-Type: text/xml\r\nContent-Length: 11\r\n\r\n<plist\r\n/>\n`,
  'an empty report': `POST /enroll HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
  'a report without content': `POST /enroll HTTP/1.1\r\n${HOST}\r\n`,
  'an old report': `POST /mdm HTTP/1.0\r\n${HOST}Content-Length: 4\r\n\r\nbody`,
  chunks: `POST /mdm HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nb\r\n wide world\r\n0\r\n\r\n`,
  'chunks that say more': `POST /mdm HTTP/1.1\r\n${HOST}transfer-encoding: Chunked\r\nTrailer: X-Sum\r\n\r\n4;name=value;q="a\\"b"\r\nwiki\r\n0F\r\nthree lines\r\n\r\n\r\n0;last\r\nX-Sum: 1\r\n\r\n`,
  'a report that asks first': `POST /mdm HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nasked`,
  'an upgrade': `GET /mdm/push HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  'absolute-form': `GET https://mdm.example/mdm?x=1 HTTP/1.1\r\n${HOST}\r\n`,
  'hop-by-hop fields': `GET /mdm HTTP/1.1\r\n${HOST}Connection: X-Trace, TE\r\nTE: trailers\r\nKeep-Alive: 5\r\n${TRACE}X-Forwarded-For: 10.0.0.1\r\nClient-Cert: :forged=:\r\n\r\n`,
  'odd values': `GET /mdm HTTP/1.1\r\n${HOST}X-Empty:\r\nX-Wide:  \t a b\t \r\nX-Latin: caf\xe9\r\nX-Tight:a\r\n\r\n`,
  'a refused path': `POST /admin/users HTTP/1.1\r\n${HOST}Content-Length: 7\r\n\r\nrefused`,
  'a row of another method': `GET /enroll HTTP/1.1\r\n${HOST}\r\n`,
  'chunks that are refused': `POST /admin/users HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n7\r\nrefused\r\n0\r\n\r\n`,
  'another host': `GET /mdm HTTP/1.1\r\nHost: other.example\r\n\r\n`,
  'a host with its port': `GET /mdm HTTP/1.1\r\nHost: MDM.example.:443\r\n\r\n`,
}

const NAMES = Object.keys(SHAPES)

/** One to three requests behind each other; now and then one with much in it. */
export function shapeOf(random: SeededRandom): string {
  let text = ''
  for (let left = random.oneIn(3) ? 1 + random.below(3) : 1; left > 0; left -= 1) {
    text += SHAPES[NAMES[random.below(NAMES.length)] ?? ''] ?? ''
  }
  return random.oneIn(400) ? text + large(random) : text
}

/** More than is gathered before a server is asked, or more than a limit. */
function large(random: SeededRandom): string {
  const octets = random.pick([16_383, 16_384, 20_000, 40_000, 40_001, 70_000])
  const filler = 'x'.repeat(octets)
  return random.pick([
    `POST /mdm HTTP/1.1\r\n${HOST}Content-Length: ${octets}\r\n\r\n${filler}`,
    `POST /mdm HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${octets.toString(16)}\r\n${filler}\r\n0\r\n\r\n`,
    `GET /mdm HTTP/1.1\r\n${HOST}X-Much: ${filler}\r\n\r\n`,
    `POST /mdm HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1;${filler}\r\na\r\n0\r\n\r\n`,
  ])
}
