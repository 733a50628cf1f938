import { request } from 'node:https'
import { expect, test } from 'vitest'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import type { Leaf } from '../../support/certificates/mint.ts'

interface Row {
  readonly promise: string
  readonly device?: Leaf
  readonly path: string
  readonly status: number
  readonly code: string
}

const ROWS: readonly Row[] = [
  {
    promise: 'a device of the current CA is admitted and vouched for',
    device: fleet.device,
    path: '/device/x',
    status: 200,
    code: 'verified',
  },
  {
    promise: 'a device of a previously trusted CA is admitted',
    device: fleet.old,
    path: '/device/x',
    status: 200,
    code: 'verified',
  },
  {
    promise: 'no certificate is refused on a device route',
    path: '/device/x',
    status: 403,
    code: 'no-certificate',
  },
  {
    promise: 'no certificate passes an open route',
    path: '/enroll/x',
    status: 200,
    code: 'open-route',
  },
  {
    promise: 'an expired device is refused on a device route',
    device: fleet.inGrace,
    path: '/device/x',
    status: 403,
    code: 'expired',
  },
  {
    promise: 'an expired device is admitted on a renewal route in grace',
    device: fleet.inGrace,
    path: '/renew/x',
    status: 200,
    code: 'in-grace',
  },
  {
    promise: 'beyond grace a renewal route refuses',
    device: fleet.beyondGrace,
    path: '/renew/x',
    status: 403,
    code: 'expired-beyond-grace',
  },
  {
    promise: 'a device of an unknown CA is refused',
    device: fleet.unknown,
    path: '/device/x',
    status: 403,
    code: 'untrusted-issuer',
  },
  {
    promise: 'a management path is refused to a good device',
    device: fleet.device,
    path: '/admin/x',
    status: 403,
    code: 'route-denied',
  },
  {
    promise: 'a path that no row names is not found',
    device: fleet.device,
    path: '/other',
    status: 404,
    code: 'route-unknown',
  },
  {
    promise: 'an ambiguous path is refused to a good device',
    device: fleet.device,
    path: '/device/.;/admin',
    status: 400,
    code: 'target-path-parameter',
  },
]

for (const { promise, device, path, status, code } of ROWS) {
  test(promise, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port })
    const answer = await ask(frontEnd.port, path, device)
    expect(answer.status).toBe(status)
    const line = await frontEnd.waitForLine((one) => 'decision' in one)
    expect(line['code']).toBe(code)
    if (status !== 200) {
      expect(answer.body).toContain(String(line['reference']))
      expect(answer.type).toBe('application/problem+json')
    }
  })
}

interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly body: string
}

function ask(port: number, path: string, device?: Leaf): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const outgoing = request({ ...clientTls(port, device), path, agent: false }, (response) => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      body += chunk
    })
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], body }),
    )
  })
  outgoing.on('error', reject)
  outgoing.end()
  return promise
}
