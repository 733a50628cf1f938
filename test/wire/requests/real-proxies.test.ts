/**
 * What an upstream reads behind real proxies that end TLS: HAProxy 2.6.12 and nginx 1.22.1, as Debian 12 has them. HAProxy
 * adds a field of its own behind that of the client, nginx appends to the client's text without reading it. Each client
 * sends something that it made up, from an address of its own: 127.0.0.2.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import {
  haproxyHttp,
  missingProxy,
  nginxHttp,
  startProxy,
  type HttpProxy,
} from '../../support/balancers/http-proxies.ts'
import { product } from '../../support/front-ends/product.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const HAPROXY = haproxyHttp('option forwardfor')
const NGINX = nginxHttp('proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;')
/** HAProxy 2.6.12 does not know `option forwarded` yet; what 3.0.11 writes has a row in inbound-forwarding.test.ts. */
const NGINX_FORWARDED = nginxHttp(
  'proxy_set_header Forwarded "$http_forwarded, for=$remote_addr;proto=$scheme";',
)
const HAPROXY_FORWARDED = haproxyHttp(
  'http-request add-header Forwarded for=%[src];by=_haproxy;proto=http',
)

interface Row {
  readonly promise: string
  readonly proxy: HttpProxy
  /** The fields of the client. */
  readonly said: readonly string[]
  readonly style?: 'forwarded'
  readonly from?: string
  /** What the upstream reads. */
  readonly told: string
}

const rows: readonly Row[] = [
  {
    promise: 'HAProxy tells its client',
    proxy: HAPROXY,
    said: [],
    told: 'X-Forwarded-For: 127.0.0.2, 127.0.0.1',
  },
  {
    promise: 'nginx tells its client',
    proxy: NGINX,
    said: [],
    told: 'X-Forwarded-For: 127.0.0.2, 127.0.0.1',
  },
  {
    promise: 'HAProxy keeps what its client says before that',
    proxy: HAPROXY,
    said: ['X-Forwarded-For: 192.0.2.9'],
    told: 'X-Forwarded-For: 192.0.2.9, 127.0.0.2, 127.0.0.1',
  },
  {
    promise: 'nginx keeps what its client says before that',
    proxy: NGINX,
    said: ['X-Forwarded-For: 192.0.2.9'],
    told: 'X-Forwarded-For: 192.0.2.9, 127.0.0.2, 127.0.0.1',
  },
  {
    promise: 'rubbish hides no client of HAProxy',
    proxy: HAPROXY,
    said: ['X-Forwarded-For: "rubbish, '],
    told: 'X-Forwarded-For: 127.0.0.2, 127.0.0.1',
  },
  {
    promise: 'rubbish hides no client of nginx',
    proxy: NGINX,
    said: ['X-Forwarded-For: "rubbish, '],
    told: 'X-Forwarded-For: 127.0.0.2, 127.0.0.1',
  },
  {
    promise: 'a Forwarded of HAProxy is told without its protocol',
    proxy: HAPROXY_FORWARDED,
    said: ['Forwarded: for="_open;host=evil.test'],
    style: 'forwarded',
    told: 'Forwarded: for=127.0.0.2;by=_haproxy, for=127.0.0.1;host="localhost";proto=https',
  },
  {
    promise: 'a quote left open hides no client of nginx',
    proxy: NGINX_FORWARDED,
    said: ['Forwarded: for="_open;host=evil.test'],
    style: 'forwarded',
    told: 'Forwarded: for=127.0.0.2, for=127.0.0.1;host="localhost";proto=https',
  },
  {
    promise: 'HAProxy is not heard from an address that is not named',
    proxy: HAPROXY,
    said: [],
    from: '192.0.2.0/24',
    told: 'X-Forwarded-For: 127.0.0.1',
  },
  {
    promise: 'nginx is not heard from an address that is not named',
    proxy: NGINX,
    said: [],
    from: '192.0.2.0/24',
    told: 'X-Forwarded-For: 127.0.0.1',
  },
]

for (const { promise, proxy, said, style = 'x-forwarded', from = '127.0.0.1', told } of rows) {
  const missing = missingProxy(proxy)
  if (missing !== undefined) {
    test.skip(`${promise}: ${missing}`, () => {})
    continue
  }
  test(promise, async () => {
    const heads: string[] = []
    await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
      for (let one = await peer.request(); one; one = await peer.request()) {
        heads.push(one.head)
        peer.write(OK)
      }
    })
    await using frontEnd = await product({
      upstreamPort: upstream.port,
      listener: [`forwardedFrom: [${from}]`],
      upstreamLines: [`forwarding: ${style}`],
    })
    await using running = await startProxy(proxy, frontEnd.port)
    expect(await askFrom('127.0.0.2', running.port, said)).toContain(' 200 ')
    const list = style === 'forwarded' ? /^forwarded:/iu : /^x-forwarded-for:/iu
    expect(heads.map((head) => head.split('\r\n').filter((line) => list.test(line)))).toEqual([
      [told],
    ])
  })
}

/** The head of the answer to one request from this address. */
async function askFrom(
  localAddress: string,
  port: number,
  said: readonly string[],
): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, localAddress })
  let answer = ''
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1')
  })
  const lines = ['Host: localhost', 'Connection: close', ...said]
  socket.write(`GET /enroll/x HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  await once(socket, 'close')
  return answer.split('\r\n\r\n', 1)[0] ?? ''
}
