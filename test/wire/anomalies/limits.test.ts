/** Requests at a limit and one beyond, for the wrong host, in the oldest version: each has its answer and its record. */
import { expect, test } from 'vitest'
import type { Device } from '../../support/devices/device.ts'
import { valuesOf, type RawMessage } from '../../support/http/raw-message.ts'
import {
  productWithUpstream,
  type ProductWithUpstreamOptions,
} from '../../support/front-ends/product-with-upstream.ts'
import { OK } from '../../support/upstreams/raw-upstream.ts'

interface Row {
  readonly promise: string
  readonly octets: string
  readonly status: number
  readonly code: string
  readonly options?: ProductWithUpstreamOptions
}

const LINE = 'GET /device/x HTTP/1.1\r\n'
const HOST = 'Host: localhost\r\n'
const fields = (count: number): string =>
  Array.from({ length: count }, (_, index) => `X-${index}: x\r\n`).join('')
const FEW_FIELDS: ProductWithUpstreamOptions = { limits: ['headerCount: 20'] }
const SMALL_BODIES: ProductWithUpstreamOptions = { limits: ['bodyBytes: 10B'] }
const POST = `POST /device/x HTTP/1.1\r\n${HOST}`

const ROWS: readonly Row[] = [
  {
    promise: 'as many fields as the limit allows are let through',
    octets: `${LINE}${HOST}${fields(19)}\r\n`,
    status: 200,
    code: 'verified',
    options: FEW_FIELDS,
  },
  {
    promise: 'one field more than the limit is answered 431',
    octets: `${LINE}${HOST}${fields(20)}\r\n`,
    status: 431,
    code: 'too-many-fields',
    options: FEW_FIELDS,
  },
  {
    promise: 'many more fields than the limit are answered 431',
    octets: `${LINE}${HOST}${fields(500)}\r\n`,
    status: 431,
    code: 'too-many-fields',
    options: FEW_FIELDS,
  },
  {
    promise: 'a body as large as the limit is let through',
    octets: `${POST}Content-Length: 10\r\n\r\n0123456789`,
    status: 200,
    code: 'verified',
    options: SMALL_BODIES,
  },
  {
    promise: 'a body one octet larger is answered 413',
    octets: `${POST}Content-Length: 11\r\n\r\n0123456789a`,
    status: 413,
    code: 'verified',
    options: SMALL_BODIES,
  },
  {
    promise: 'a chunked body as large as the limit is let through',
    octets: `${POST}Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n`,
    status: 200,
    code: 'verified',
    options: SMALL_BODIES,
  },
  {
    promise: 'a chunked body one octet larger is answered 413',
    octets: `${POST}Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n`,
    status: 413,
    code: 'verified',
    options: SMALL_BODIES,
  },
  {
    promise: 'a length beyond all numbers is answered 4xx',
    octets: `${POST}Content-Length: 999999999999999\r\n\r\n`,
    status: 413,
    code: 'verified',
  },
  {
    promise: 'a host that is not served here is answered 421',
    octets: `${LINE}Host: elsewhere.test\r\n\r\n`,
    status: 421,
    code: 'host-unknown',
  },
  {
    promise: 'two Host fields are answered 400, also when they agree',
    octets: `${LINE}${HOST}${HOST}\r\n`,
    status: 400,
    code: 'host-repeated',
  },
  {
    promise: 'no Host is answered 400',
    octets: `${LINE}\r\n`,
    status: 400,
    code: 'host-missing',
  },
  {
    promise: 'an empty Host is answered 400',
    octets: `${LINE}Host:\r\n\r\n`,
    status: 400,
    code: 'host-malformed',
  },
  {
    promise: 'a Host with user information is answered 400',
    octets: `${LINE}Host: localhost@elsewhere.test\r\n\r\n`,
    status: 400,
    code: 'host-malformed',
  },
  {
    promise: 'a whole URL of https for the host that the request names is let through',
    octets: `GET https://localhost/device/x HTTP/1.1\r\n${HOST}\r\n`,
    status: 200,
    code: 'verified',
  },
  {
    promise: 'a whole URL of http for a target is answered 400',
    octets: `GET http://localhost/device/x HTTP/1.1\r\n${HOST}\r\n`,
    status: 400,
    code: 'target-absolute-form',
  },
  {
    promise: 'a whole URL for a host that is not served is answered 421',
    octets: `GET https://elsewhere.test/device/x HTTP/1.1\r\n${HOST}\r\n`,
    status: 421,
    code: 'host-unknown',
  },
  {
    promise: 'a whole URL with user information is answered 400',
    octets: `GET https://localhost@elsewhere.test/device/x HTTP/1.1\r\n${HOST}\r\n`,
    status: 400,
    code: 'host-malformed',
  },
  {
    promise: 'a whole URL for another host than the Host field names is answered 400',
    octets: `GET https://127.0.0.1/device/x HTTP/1.1\r\n${HOST}\r\n`,
    status: 400,
    code: 'target-absolute-form',
  },
  {
    promise: 'OPTIONS * is answered 400',
    octets: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
    status: 400,
    code: 'target-asterisk-form',
  },
  {
    promise: 'TRACE is answered 404: it would show a device what we say about it',
    octets: `TRACE /device/x HTTP/1.1\r\n${HOST}\r\n`,
    status: 404,
    code: 'route-unknown',
  },
  {
    promise: 'a request line without a version is answered 505, whatever fields follow',
    octets: `GET /device/x\r\n${HOST}\r\n`,
    status: 505,
    code: 'http-version-unknown',
  },
  {
    promise: 'HTTP/0.9 is answered 505',
    octets: `GET /device/x HTTP/0.9\r\n${HOST}\r\n`,
    status: 505,
    code: 'http-version-unknown',
  },
  {
    promise: 'HTTP/2.0 in a request line is answered 505',
    octets: `GET /device/x HTTP/2.0\r\n${HOST}\r\n`,
    status: 505,
    code: 'http-version-unknown',
  },
  {
    promise: 'HTTP/1.0 with a transfer coding is answered 400',
    octets: `POST /device/x HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
    code: 'http-1.0-transfer-coding',
  },
  {
    promise: 'a coding below chunked is answered 501',
    octets: `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    status: 501,
    code: 'transfer-coding-unknown',
  },
  {
    promise: 'an unknown expectation is answered 417',
    octets: `${POST}Expect: miracles\r\nContent-Length: 0\r\n\r\n`,
    status: 417,
    code: 'expectation-unknown',
  },
]

for (const { promise, octets, status, code, options } of ROWS) {
  test(promise, async () => {
    await using stage = await productWithUpstream(undefined, options)
    {
      await using device = await stage.device()
      device.send(octets)
      expect(statusOf(await device.response())).toBe(status)
    }
    const [record] = await stage.expectCleanState(1)
    expect(record).toMatchObject({ status, code })
    // Who was turned away was asked for nowhere.
    expect(record?.['upstream']).toBe(code === 'verified' ? 'mdm' : undefined)
  })
}

const statusOf = ({ startLine }: RawMessage): number => Number(startLine.split(' ')[1])

test('a header section beyond its limit is answered 431 before it is a request', async () => {
  await using stage = await productWithUpstream(undefined, { limits: ['headerBytes: 1KiB'] })
  {
    await using device = await stage.device()
    device.send(`${LINE}${HOST}X-Long: ${'x'.repeat(2000)}\r\n\r\n`)
    expect(statusOf(await device.response())).toBe(431)
  }
  await stage.expectCleanState(0)
})

test('a request for a host of another certificate than the one shown is answered 421', async () => {
  await using stage = await productWithUpstream(undefined, {
    yaml: { listeners: TWO_CERTIFICATES },
  })
  const asking = async (servername: string, host: string): Promise<number> => {
    await using device = await stage.device({ servername })
    device.send(`${LINE}Host: ${host}\r\n\r\n`)
    return statusOf(await device.response())
  }
  expect(await asking('localhost', 'other.test')).toBe(421)
  expect(await asking('other.test', 'localhost')).toBe(421)
  expect(await asking('other.test', 'other.test')).toBe(200)
  expect(await asking('localhost', '127.0.0.1')).toBe(200)
  const records = await stage.expectCleanState(4)
  expect(records.map(({ code }) => code)).toEqual([
    'host-not-sni',
    'host-not-sni',
    'verified',
    'verified',
  ])
})

const TWO_CERTIFICATES = `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost, 127.0.0.1, other.test]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
      - { chain: 'file:other.pem', key: 'file:other.key' }
    routes: tested`

async function askOld(device: Device, ...lines: readonly string[]): Promise<RawMessage> {
  device.send(`${['GET /device/x HTTP/1.0', 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n`)
  return device.response()
}

test('an HTTP/1.0 device that asks for it keeps its connection', async () => {
  await using stage = await productWithUpstream()
  {
    await using device = await stage.device()
    const first = await askOld(device, 'Connection: keep-alive')
    expect(valuesOf(first, 'connection').join()).toMatch(/^keep-alive$/i)
    expect((await askOld(device, 'Connection: keep-alive')).body).toBe('ok')
  }
  await stage.expectCleanState(2)
})

test('an HTTP/1.0 device that does not ask loses its connection after the answer', async () => {
  await using stage = await productWithUpstream()
  {
    await using device = await stage.device()
    expect((await askOld(device)).body).toBe('ok')
    expect(await device.ended).toBe('clean')
  }
  await stage.expectCleanState(1)
})

test('an HTTP/1.0 device gets a body of unknown length up to the end of the connection, never in chunks', async () => {
  await using stage = await productWithUpstream(async (peer) => {
    await peer.request()
    peer.write(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n4\r\nhalf\r\n0\r\n\r\n',
    )
    await peer.request()
    peer.write(OK)
  })
  {
    await using device = await stage.device()
    const answer = await askOld(device, 'Connection: keep-alive')
    expect(valuesOf(answer, 'transfer-encoding')).toEqual([])
    expect(answer.body).toBe('halfhalf')
  }
  await stage.expectCleanState(1)
})

test('after as many requests as a connection may carry it ends, and the next one is not read', async () => {
  await using stage = await productWithUpstream(undefined, { limits: ['requestsPerConnection: 2'] })
  {
    await using device = await stage.device()
    for (const number of [1, 2, 3]) stage.request(device, `GET /device/${number}`)
    expect(valuesOf(await device.response(), 'connection')).toEqual(['keep-alive'])
    expect(valuesOf(await device.response(), 'connection')).toEqual(['close'])
    expect(await device.ended).toBe('clean')
    expect(device.pending).toBe('')
  }
  const records = await stage.expectCleanState(2)
  expect(records.map(({ path }) => path)).toEqual(['/device/1', '/device/2'])
})
