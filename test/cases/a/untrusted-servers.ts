/**
 * A13: Allow and Log untrusted servers is an option of strict TLS: it forgives that no trust store vouches for a server,
 * and nothing else. The control is the same server with strict TLS off.
 */
import { mintCa, mintLeaf, type Leaf, type LeafOptions } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd } from '../front-end.ts'

const DAY = 86_400_000
const STRICT_OFF = ['strict: false', 'dangerousStrictOff: true']
const ALLOW = ['dangerousAllowAndLog: true']
const PIN = "pins: ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=']"

const strange = (options: Partial<LeafOptions> = {}): Leaf =>
  mintLeaf({
    issuer: fleet.stranger,
    purposes: ['serverAuth'],
    dns: ['localhost'],
    ...options,
  })
const between = mintCa({ name: 'Strange Intermediate', issuer: fleet.stranger })
const past = { notBefore: Date.now() - 9 * DAY, notAfter: Date.now() - DAY }

interface Row {
  readonly what: string
  readonly leaf: Leaf
  readonly tls?: readonly string[]
  readonly isUsed: boolean
}

const ROWS: readonly Row[] = [
  { what: 'whose CA is in no trust store', leaf: strange(), isUsed: true },
  { what: 'that signed its certificate itself', leaf: strange({ selfSigned: true }), isUsed: true },
  { what: 'below an unknown intermediate', leaf: strange({ issuer: between }), isUsed: true },
  { what: 'of another name', leaf: strange({ dns: ['other.test'] }), isUsed: false },
  { what: 'whose certificate has expired', leaf: strange(past), isUsed: false },
  {
    what: 'whose certificate is not valid yet',
    leaf: strange({ notBefore: Date.now() + DAY, notAfter: Date.now() + 9 * DAY }),
    isUsed: false,
  },
  {
    what: 'with a certificate for clients alone',
    leaf: strange({ purposes: ['clientAuth'] }),
    isUsed: false,
  },
  { what: 'that shows no pinned key', leaf: strange(), tls: [PIN], isUsed: false },
  {
    what: 'that a trust store vouches for, of another name',
    leaf: strange({ issuer: fleet.upstreamCa, dns: ['other.test'] }),
    isUsed: false,
  },
]

/** The status, whether the upstream was handed an identity, and what of it was logged. */
async function ask(leaf: Leaf, upstreamTls: readonly string[]): Promise<string> {
  const heads: string[] = []
  const options = { ...upstreamTlsOptions, cert: leaf.chainPem, key: leaf.keyPem }
  await using upstream = await rawUpstream(options, async (peer) => {
    for (;;) {
      const request = await peer.request()
      if (request === undefined) return
      heads.push(request.head)
      peer.write(OK)
    }
  })
  await using on = await frontEnd({ upstreamPort: upstream.port, upstreamTls })
  const status = await on.status(fleet.device)
  const isTold = heads.some((head) => /^client-cert: :/imu.test(head))
  const why = on.product.lines.find(({ msg }) => String(msg).startsWith('untrusted upstream used'))
  const logged = why === undefined ? 'not logged' : String(why['msg']).replace(/^.*: /u, '')
  return `${status}, ${isTold ? 'told' : 'told nothing'}, ${logged}`
}

const REFUSED = '502, told nothing, not logged'
const USED = '200, told, Allow and Log untrusted servers is on'
const OFF = '200, told, strict TLS is off'

export const UNTRUSTED_SERVERS: readonly Scene[] = [
  ...ROWS.map(({ what, leaf, tls = [], isUsed }) => ({
    cases: [
      {
        id: 'A13',
        what: `a server ${what} is ${isUsed ? 'used and logged' : 'refused'} under Allow and Log`,
        expected: isUsed ? USED : REFUSED,
        control: OFF,
      },
    ],
    async play(): Promise<readonly Seen[]> {
      const [seen, control] = await Promise.all([
        ask(leaf, [...ALLOW, ...tls]),
        ask(leaf, [...STRICT_OFF, ...tls]),
      ])
      return [{ seen, control }]
    },
  })),
  {
    cases: [
      {
        id: 'A13',
        what: 'without the option a server of an unknown CA is told nothing',
        expected: REFUSED,
        control: USED,
      },
      {
        id: 'A13',
        what: 'the former signature allows no server under strict TLS',
        expected: REFUSED,
        control: USED,
      },
    ],
    async play() {
      const leaf = strange()
      const [none, former, control] = await Promise.all([
        ask(leaf, []),
        ask(leaf, ['strict: true', 'dangerousUnverified: true']),
        ask(leaf, ALLOW),
      ])
      return [none, former].map((seen) => ({ seen, control }))
    },
  },
]
