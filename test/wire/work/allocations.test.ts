/**
 * What a request and a connection allocate, in octets of the heap of JavaScript. The engine's compilers are switched off:
 * what they leave out, and when, depends on how busy the machine is; without them a count is the same to a tenth.
 */
import { setFlagsFromString } from 'node:v8'
import { expect, test } from 'vitest'
import { peersOnThread } from '../../support/counts/allocated-octets.ts'
import { product } from '../../support/front-ends/product.ts'

// This process runs this file only.
for (const compiler of ['opt', 'maglev', 'sparkplug']) setFlagsFromString(`--no-${compiler}`)

const GET = 'GET /device/check-in HTTP/1.1\r\nHost: localhost\r\n\r\n'
const POST = `POST /device/check-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4096\r\n\r\n${'x'.repeat(4096)}`

const rows: readonly (readonly [
  promise: string,
  ask: { readonly request: string; readonly isAnew: boolean },
  atMost: number,
])[] = [
  // Found: 37,000 to 41,000 with undici and Node's own messages on both sides.
  ['a GET allocates less than 60,000 octets', { request: GET, isAnew: false }, 60_000],
  // Found: 45,000 to 48,000.
  ['a POST of 4 KB allocates less than 70,000 octets', { request: POST, isAnew: false }, 70_000],
  // Found: 73,000 to 79,000, the request included.
  ['a connection allocates less than 120,000 octets', { request: GET, isAnew: true }, 120_000],
]

for (const [promise, ask, atMost] of rows) {
  test(promise, async () => {
    await using peers = await peersOnThread()
    await using frontEnd = await product({
      upstreamPort: peers.upstreamPort,
      yaml: { log: ' { requests: false, connections: false }' },
    })
    const asked = { ...ask, port: frontEnd.port, times: 100 }
    // What is allocated once, such as a connection to the upstream and what the engine notes about types.
    await peers.allocated(asked)
    const found = await peers.allocated(asked)
    expect(found).toBeLessThan(atMost)
    // It does count: nothing of ours allocates less than a kilobyte for a request.
    expect(found).toBeGreaterThan(1000)
  })
}
