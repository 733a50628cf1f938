/**
 * What is taken from a socket: beside Node's own account of the same handshake.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { presentedBy, type Presented } from '../../src/identify/presented.ts'
import { certificateIn } from '../../src/identify/session-certificate.ts'
import { PresentedBudget } from '../../src/identify/presented-budget.ts'
import * as der from '../support/certificates/der-writer.ts'
import type { KeyType, Minted, MintedExtension } from '../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf, type Leaf } from '../support/certificates/mint.ts'

const ROOT = mintCa({ name: 'Root' })
const ISSUING = mintCa({ name: 'Issuing', issuer: ROOT })
const OTHER = mintCa({ name: 'Other', issuer: ROOT })
const SERVER = mintLeaf({ issuer: ROOT, dns: ['localhost'], purposes: ['serverAuth'] })
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

interface Caller {
  readonly version: (typeof VERSIONS)[number]
  readonly leaf?: Leaf
  readonly others?: readonly { readonly pem: string }[]
  readonly session?: Buffer | undefined
}

interface Met {
  /** What `look` made of the server's side of the connection. */
  readonly seen: unknown
  /** For the next call. */
  readonly session: Buffer | undefined
}

/** One connection; `look` sees the socket as a listener does. */
async function meet(look: (socket: TLSSocket) => unknown, ...callers: Caller[]): Promise<Met> {
  const server = createServer({
    cert: SERVER.pem,
    key: SERVER.keyPem,
    ca: [],
    requestCert: true,
    rejectUnauthorized: false,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    let met: Met = { seen: undefined, session: undefined }
    for (const caller of callers)
      met = await call(server, look, { session: met.session, ...caller })
    return met
  } finally {
    server.close()
  }
}

function call(
  server: ReturnType<typeof createServer>,
  look: (socket: TLSSocket) => unknown,
  { version, leaf, others = [], session }: Caller,
): Promise<Met> {
  const { promise, resolve, reject } = Promise.withResolvers<Met>()
  let seen: unknown
  let ticket: Buffer | undefined
  server.once('secureConnection', (socket) => {
    seen = look(socket)
    socket.end('.')
  })
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    ca: ROOT.pem,
    checkServerIdentity: () => undefined,
    minVersion: version,
    maxVersion: version,
    ...(leaf === undefined
      ? {}
      : { cert: [leaf, ...others].map(({ pem }) => pem).join(''), key: leaf.keyPem }),
    ...(session === undefined ? {} : { session }),
  })
  client.on('session', (one) => (ticket = one))
  client.on('error', reject)
  client.on('close', () => resolve({ seen, session: ticket }))
  client.resume()
  return promise
}

/** What we see, and what Node says. */
const both = (socket: TLSSocket): Seen => {
  const presented = presentedBy(socket)
  const nodes: string[] = []
  for (let one = socket.getPeerX509Certificate(); one !== undefined; one = one.issuerCertificate) {
    nodes.push(one.fingerprint256.replaceAll(':', '').toLowerCase())
  }
  return { presented, ours: fingerprints(presented), nodes }
}

interface Seen {
  readonly presented: Presented
  readonly ours: readonly string[]
  readonly nodes: readonly string[]
}

function fingerprints(presented: Presented): readonly string[] {
  if (presented.kind !== 'chain') return []
  const others = presented.intermediates()
  if (!others.ok) return [others.failure.kind]
  return [presented.leaf, ...others.value].map(({ fingerprint }) => fingerprint)
}

const KEYS: readonly KeyType[] = ['p256', 'p384', 'rsa2048', 'ed25519']

for (const version of VERSIONS) {
  for (const type of KEYS) {
    test(`over ${version}, the leaf with a key of type ${type} and its intermediates are what Node says they are`, async () => {
      const leaf = mintLeaf({ issuer: ISSUING, keyType: type })
      const { seen } = await meet(both, { version, leaf, others: [ISSUING, OTHER] })
      const { ours, nodes } = seen as Seen
      expect(ours).toHaveLength(3)
      expect(ours).toEqual(nodes)
    })
  }

  test(`over ${version}, a resumed session shows the leaf alone, as Node does`, async () => {
    const leaf = mintLeaf({ issuer: ISSUING })
    const caller = { version, leaf, others: [ISSUING] }
    const { seen } = await meet(both, caller, caller)
    const { presented, ours, nodes } = seen as Seen
    expect(presented).toMatchObject({ kind: 'chain', resumed: true })
    expect(ours).toHaveLength(1)
    expect(ours).toEqual(nodes)
  })

  test(`over ${version}, there is no peer where nothing was presented, resumed or not`, async () => {
    const first = await meet(presentedBy, { version })
    expect(first.seen).toEqual({ kind: 'none', resumed: false })
    const again = await meet(presentedBy, { version }, { version })
    expect(again.seen).toEqual({ kind: 'none', resumed: true })
  })

  test(`over ${version}, no secret of the session is left in memory that was ours`, async () => {
    const sessions: Buffer[] = []
    const spied = (socket: TLSSocket): boolean => {
      const take = socket.getSession.bind(socket)
      socket.getSession = () => {
        const session = take()
        if (session !== undefined) sessions.push(session)
        return session
      }
      return presentedBy(socket).kind === 'chain' && (take() ?? Buffer.alloc(0)).some(Boolean)
    }
    // What Node hands out afterwards is whole: there was something to erase.
    const { seen } = await meet(spied, { version, leaf: mintLeaf({ issuer: ISSUING }) })
    expect(seen).toBe(true)
    expect(sessions).toHaveLength(1)
    expect(sessions[0]?.every((octet) => octet === 0)).toBe(true)
  })

  test(`over ${version}, a session that is written otherwise makes us ask Node`, async () => {
    const leaf = mintLeaf({ issuer: ISSUING })
    const strange = (socket: TLSSocket): Seen => {
      socket.getSession = () => Buffer.from('3003020101', 'hex')
      return both(socket)
    }
    const { seen } = await meet(strange, { version, leaf, others: [ISSUING] })
    const { ours, nodes } = seen as Seen
    expect(ours).toHaveLength(2)
    expect(ours).toEqual(nodes)
  })

  test(`over ${version}, a connection that is gone shows no intermediates, and nothing breaks`, async () => {
    const { promise, resolve } = Promise.withResolvers<Presented>()
    const later = (socket: TLSSocket): void => {
      const presented = presentedBy(socket)
      socket.on('error', () => {})
      socket.on('close', () => resolve(presented))
    }
    await meet(later, { version, leaf: mintLeaf({ issuer: ISSUING }), others: [ISSUING] })
    expect(fingerprints(await promise)).toHaveLength(1)
  })
}

/** Certificates of some 4 KiB each. */
const LARGE = Array.from({ length: 13 }, (_, index) =>
  mintCa({ name: `Large ${index}`, issuer: ROOT, extensions: [padding(3600)] }),
)

function padding(octets: number): MintedExtension {
  return {
    oid: '1.3.6.1.4.1.99999.1',
    critical: false,
    value: der.octetString(Buffer.alloc(octets)),
  }
}

interface Weighed {
  readonly presented: Presented
  /** How often Node was asked for the chain, which it copies. */
  readonly asked: number
  readonly shown: readonly string[]
}

const weighedWith =
  (budget?: PresentedBudget) =>
  (socket: TLSSocket): Weighed => {
    let asked = 0
    const take = socket.getPeerX509Certificate.bind(socket)
    socket.getPeerX509Certificate = () => {
      asked += 1
      return take()
    }
    const presented = presentedBy(socket, budget)
    const shown = fingerprints(presented)
    return { presented, asked, shown }
  }

for (const version of VERSIONS) {
  test(`over ${version}, the octets of the handshake are those that arrived on the socket below`, async () => {
    const leaf = mintLeaf({ issuer: ISSUING })
    const octets = async (others: readonly Minted[]): Promise<number> => {
      const { seen } = await meet(presentedBy, { version, leaf, others })
      return (seen as Presented & { kind: 'chain' }).handshakeOctets
    }
    const more = (await octets(LARGE.slice(0, 4))) - (await octets([]))
    const sent = LARGE.slice(0, 4).reduce((sum, one) => sum + one.der.length, 0)
    expect(more).toBeGreaterThanOrEqual(sent)
    expect(more).toBeLessThan(sent + 200)
  })

  test(`over ${version}, forty small certificates are handed over, every one`, async () => {
    const others = Array.from({ length: 40 }, () => OTHER)
    const leaf = mintLeaf({ issuer: ISSUING })
    const { seen } = await meet(both, { version, leaf, others })
    const { ours, nodes } = seen as Seen
    expect(ours).toHaveLength(41)
    expect(ours).toEqual(nodes)
  })

  test(`over ${version}, ten certificates of 4 KiB are handed over, and thirteen are too large without Node being asked for one`, async () => {
    const leaf = mintLeaf({ issuer: ISSUING })
    const weigh = weighedWith()
    const ten = (await meet(weigh, { version, leaf, others: LARGE.slice(0, 10) })).seen as Weighed
    expect(ten.shown).toHaveLength(11)
    // The control: what is asked for is copied.
    expect(ten.asked).toBe(1)
    const many = [...LARGE, ...LARGE.slice(0, 2)]
    const { presented, asked } = (await meet(weigh, { version, leaf, others: many }))
      .seen as Weighed
    expect(presented).toMatchObject({ kind: 'chain-too-large', limit: 56 * 1024 })
    expect(asked).toBe(0)
  })

  test(`over ${version}, a chain that its handshake did not give away is too large when it is asked for`, async () => {
    const leaf = mintLeaf({ issuer: ISSUING })
    const { seen } = await meet(weighedWith(), { version, leaf, others: LARGE })
    expect((seen as Weighed).shown).toEqual(['chain-too-large'])
  })

  test(`over ${version}, where others hold the budget a large chain is not asked for, and an ordinary one is`, async () => {
    const leaf = mintLeaf({ issuer: ISSUING })
    const budget = new PresentedBudget(30_000)
    const release = budget.hold(20_000)
    const weigh = weighedWith(budget)
    const large = { version, leaf, others: LARGE.slice(0, 4) } as const
    const full = (await meet(weigh, large)).seen as Weighed
    expect(full).toMatchObject({ shown: ['no-room-for-chain'], asked: 0 })
    const ordinary = (await meet(weigh, { version, leaf, others: [ISSUING] })).seen as Weighed
    expect(ordinary.shown).toHaveLength(2)
    release()
    expect(((await meet(weigh, large)).seen as Weighed).shown).toHaveLength(5)
  })
}

test('every cut and every changed octet of a session gives the certificate or nothing', async () => {
  const leaf = mintLeaf({ issuer: ISSUING })
  const take = (socket: TLSSocket): Buffer | undefined => socket.getSession()
  const { seen } = await meet(take, { version: 'TLSv1.3', leaf })
  const session = seen as Buffer
  expect(certificateIn(session)?.equals(leaf.der)).toBe(true)
  for (let length = 0; length < session.length; length += 1) {
    expect(certificateIn(session.subarray(0, length))).toBeUndefined()
  }
  const begins = session.indexOf(leaf.der)
  for (let at = 0; at < begins; at += 1) {
    const changed = Buffer.from(session)
    changed[at] = (changed[at] ?? 0) ^ 0x01
    const found = certificateIn(changed)
    expect(found === undefined || found.equals(leaf.der), `octet ${at}`).toBe(true)
  }
})
