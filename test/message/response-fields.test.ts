import { expect, test } from 'vitest'
import { responseFields, trailerFields } from '../../src/message/response-fields.ts'

const rows: readonly (readonly [promise: string, raw: string[], seen: string[]])[] = [
  [
    'end-to-end fields keep order, spelling and repetition',
    ['set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Proxy-Status', 'x', 'SSL_CLIENT_CERT', 'echo'],
    ['set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Proxy-Status', 'x', 'SSL_CLIENT_CERT', 'echo'],
  ],
  [
    'what is meant for our connection with the upstream ends there',
    ['Connection', 'X-One, close', 'X-One', '1', 'Keep-Alive', 'x', 'Upgrade', 'h2c', 'A', 'b'],
    ['A', 'b'],
  ],
  [
    'framing that belongs to the hop is dropped, the length stays',
    ['Transfer-Encoding', 'chunked', 'Trailer', 'X', 'Content-Length', '3'],
    ['Content-Length', '3'],
  ],
  [
    'an upstream cannot nominate the length away',
    ['Connection', 'Content-Length, Set-Cookie', 'Content-Length', '3', 'Set-Cookie', 'a=b'],
    ['Content-Length', '3', 'Set-Cookie', 'a=b'],
  ],
  ['Client-Cert never appears in a response', ['Client-Cert', ':AA==:', 'A', 'b'], ['A', 'b']],
  [
    'Client-Cert-Chain never appears in a response, in any spelling',
    ['client_cert_chain', 'x', 'CLIENT.CERT', 'y', 'Client-Cert-Hint', 'z'],
    ['Client-Cert-Hint', 'z'],
  ],
  ['Vary over other fields stays', ['Vary', 'Accept, Origin'], ['Vary', 'Accept, Origin']],
  ['Vary: * stays', ['vary', '*'], ['vary', '*']],
  ['Vary over Client-Cert varies over everything', ['Vary', 'client-cert'], ['Vary', '*']],
  ['Vary over Client-Cert among others, too', ['Vary', 'Accept, Client-Cert '], ['Vary', '*']],
  ['Vary over another identity field, too', ['Vary', 'ssl-client-verify'], ['Vary', '*']],
  ['Vary over the protocol stays', ['Vary', 'X-Forwarded-Proto'], ['Vary', 'X-Forwarded-Proto']],
  ['each Vary is looked at', ['Vary', 'a', 'Vary', 'client-cert'], ['Vary', 'a', 'Vary', '*']],
  ['a name without a value is left out', ['A', 'b', 'Broken'], ['A', 'b']],
  ['only Connection nominates', ['Keep-Alive', 'A', 'A', 'b'], ['A', 'b']],
  ['Expect means nothing in a response', ['Expect', 'x'], ['Expect', 'x']],
]

for (const [promise, raw, seen] of rows) {
  test(promise, () => {
    expect(responseFields(raw)).toEqual(seen)
    expect(responseFields(responseFields(raw))).toEqual(seen)
  })
}

test('trailers carry nothing that frames, describes or identifies', () => {
  const never = `
    age cache-control content-encoding content-length content-range content-type date expires location
    retry-after set-cookie vary warning www-authenticate transfer-encoding trailer client-cert connection
  `
  const names = never.trim().split(/\s+/)
  const raw = names.flatMap((name) => [name, 'x', name.toUpperCase(), 'y'])
  expect(trailerFields(['X-Checksum', 'date', ...raw, 'Grpc-Status', '0'])).toEqual([
    'X-Checksum',
    'date',
    'Grpc-Status',
    '0',
  ])
})
