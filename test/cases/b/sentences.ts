/** B12: what is refused is refused in words that the administrator of a CA can act on. */
import { connect } from 'node:tls'
import { generateKeyPairSync } from 'node:crypto'
import * as der from '../../support/certificates/der-writer.ts'
import { mintCertificate } from '../../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf, OIDS } from '../../support/certificates/mint.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd } from '../front-end.ts'
import { explained } from './explained.ts'
import { GIVEN_DAY, givenInput, openssl } from './openssl.ts'

const YEAR = 365 * 86_400_000
const keys = mintCa({ name: 'Old Root' })
const first = mintCertificate({
  subject: keys.subject,
  keys,
  issuer: keys,
  version: 0,
  notBefore: new Date(Date.now() - YEAR),
  notAfter: new Date(Date.now() + YEAR),
})

const toldOf = (said: string, words: readonly RegExp[]): string =>
  words.map((word) => (word.test(said) ? word.source : `without ${word.source}`)).join('; ')

const VERSION = [/version 1/u, /basic constraints came with version 3/u]
const NAME = [/subject alternative name/u, /outside ASCII/u]

async function upload(chain: string): Promise<string> {
  await using on = await frontEnd()
  const body = { name: 'old', source: 'scep', chain }
  const { body: answer } = await on.call('POST', '/api/enrollment-settings', body)
  return JSON.stringify(answer)
}

async function sentences(
  root: string,
  leaf: string,
  ca: string,
  at?: string,
): Promise<readonly Seen[]> {
  const files = { 'device.pem': leaf, 'ca.pem': ca }
  const { said } = await explained({ files, ...(at === undefined ? {} : { at }) })
  const time = at === undefined ? [] : ['-attime', String(Date.parse(at) / 1000)]
  const verify = (anchor: string, one: string) =>
    openssl(['verify', ...time, '-CAfile', 'a.pem', 'b.pem'], { 'a.pem': anchor, 'b.pem': one })
  return [
    { seen: toldOf(await upload(root), VERSION), beside: verify(root, root) },
    { seen: toldOf(said, NAME), beside: verify(ca, leaf) },
  ]
}

const SENTENCES = (whose: string): Scene['cases'] => [
  {
    id: 'B12',
    what: `${whose} root of version 1 is refused for its version`,
    expected: toldOf('version 1, basic constraints came with version 3', VERSION),
  },
  {
    id: 'B12',
    what: `${whose} certificate with an e-mail address beyond ASCII is refused for that`,
    expected: toldOf('subject alternative name, outside ASCII', NAME),
  },
]

/** A server whose name its CA may not issue for. */
async function constrained(tag: 0 | 1): Promise<Seen> {
  const base = Buffer.from(tag === 0 ? 'elsewhere.test' : 'localhost')
  const value = der.sequence(der.context(tag, der.sequence(der.contextPrimitive(2, base))))
  const narrow = mintCa({
    name: 'Narrow CA',
    extensions: [{ oid: OIDS.nameConstraints, critical: true, value }],
  })
  const server = mintLeaf({ issuer: narrow, dns: ['localhost'], purposes: ['serverAuth'] })
  await using upstream = await rawUpstream({ key: server.keyPem, cert: server.pem }, answering(OK))
  const files = { 'upstream-ca.pem': narrow.pem }
  await using on = await frontEnd({ files, upstreamPort: upstream.port })
  const status = await on.status(fleet.device)
  const line = on.product.lines.find(
    (one) =>
      JSON.stringify(one).includes('VIOLATION') || JSON.stringify(one).includes('UNSPECIFIED'),
  )
  const said = JSON.stringify(line ?? {})
  const code = /(?:PERMITTED|EXCLUDED)_VIOLATION|UNSPECIFIED/u.exec(said)?.[0]
  const beside = openssl(['verify', '-CAfile', 'a.pem', 'b.pem'], {
    'a.pem': narrow.pem,
    'b.pem': server.pem,
  })
  return {
    seen: `${status}, ${code}, ${/may not issue for a name/u.test(said) ? 'said' : 'not said'}`,
    beside,
  }
}

/** A device whose key is on a curve that the listener does not have, in TLS 1.2. */
async function curve(): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const device = mintLeaf({ issuer: fleet.devices, keys: { key: privateKey, spki } })
  await using on = await frontEnd()
  const socket = connect({ ...clientTls(on.product.port, device), maxVersion: 'TLSv1.2' })
  socket.on('error', () => {})
  const line = await on.product.waitForLine(({ outcome }) => outcome === 'handshake-failed')
  socket.destroy()
  return String(line['code'])
}

const GIVEN = ['12-root-v1.pem', '13-san-email-utf8.pem', 'ca.pem'] as const

export const SENTENCES_OF_REFUSALS: readonly Scene[] = [
  {
    cases: SENTENCES('a'),
    play: () => {
      const email = der.contextPrimitive(1, Buffer.from('jörg@example.org'))
      const extensions = [{ oid: OIDS.subjectAltName, value: der.sequence(email) }]
      const leaf = mintLeaf({ issuer: fleet.root, extensions })
      return sentences(first.pem, leaf.pem, fleet.root.pem)
    },
  },
  {
    cases: [
      {
        id: 'B12',
        what: 'a server whose name its CA is not given',
        expected: '502, PERMITTED_VIOLATION, said',
      },
      {
        id: 'B12',
        what: 'a server whose name its CA is denied',
        expected: '502, EXCLUDED_VIOLATION, said',
      },
    ],
    play: async () => [await constrained(0), await constrained(1)],
  },
  {
    cases: [
      {
        id: 'B12',
        what: 'a device key on a curve that TLS 1.2 is not allowed',
        expected: 'certificate-curve',
      },
    ],
    play: async () => [{ seen: await curve() }],
  },
  ...(process.env['TFE_CASES'] === undefined
    ? []
    : [
        {
          cases: SENTENCES('the given'),
          play: () => {
            const [root, leaf, ca] = GIVEN.map((name) => givenInput(name)?.toString('utf8') ?? '')
            return sentences(root ?? '', leaf ?? '', ca ?? '', GIVEN_DAY)
          },
        },
      ]),
]
