/** An upstream that gives tokens for a name and a password, as the legacy OAuth endpoint does. */
import { upstreamTlsOptions } from './upstream-tls.ts'
import { valuesOf, type RawMessage } from '../http/raw-message.ts'
import { rawUpstream, type RawUpstream } from './raw-upstream.ts'

/** The server, and every request that reached it. */
export interface TokenServer extends AsyncDisposable {
  readonly port: number
  readonly requests: readonly RawMessage[]
  readonly upstream: RawUpstream
}

/** Anybody's password is `right`. */
export async function tokenServer(refusal = 401): Promise<TokenServer> {
  const requests: RawMessage[] = []
  const upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    for (;;) {
      const request = await peer.request()
      if (request === undefined) return
      requests.push(request)
      peer.write(isRight(request) ? TOKEN : refused(refusal))
    }
  })
  return {
    port: upstream.port,
    requests,
    upstream,
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  }
}

function isRight(request: RawMessage): boolean {
  const form = new URLSearchParams(request.body)
  const [, token = ''] = valuesOf(request, 'Authorization')[0]?.split(' ') ?? []
  const [, password] = Buffer.from(token, 'base64').toString('utf8').split(':')
  return form.get('password') === 'right' || password === 'right'
}

const refused = (status: number): string =>
  `HTTP/1.1 ${status} No\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`
const TOKEN =
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"access_token":"x"}'
