import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import { createServer, type SecureContextOptions } from 'node:tls'
import { expect, test } from 'vitest'
import {
  serverContexts,
  type ServerTls,
  type TicketBinding,
} from '../../src/handshake/server-context.ts'
import { DEFAULT_CIPHER_SUITES } from '../../src/handshake/cipher-suites.ts'
import { serverIdentity } from '../../src/handshake/server-identity.ts'
import type { TrustVersion } from '../../src/kernel/types.ts'
import { mintLeaf, type Leaf } from '../support/certificates/mint.ts'
import { fleet } from '../support/front-ends/product.ts'
import { VERSIONS, requestOnce } from '../support/devices/request-once.ts'

const TLS: ServerTls = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: DEFAULT_CIPHER_SUITES,
  groups: undefined,
  resumption: true,
  advertised: [],
}

const BINDING: TicketBinding = {
  secret: randomBytes(32),
  listener: 'devices',
  trustVersion: 'one' as TrustVersion,
}

interface ServerVariant {
  readonly binding?: Partial<TicketBinding>
  readonly identity?: Leaf
  readonly tls?: Partial<ServerTls>
}

/** The same name from the same CA, as after a renewal. */
const renewed = mintLeaf({ issuer: fleet.serverCa, purposes: ['serverAuth'], dns: ['localhost'] })

const OTHER_DOORS: readonly (readonly [string, ServerVariant])[] = [
  ['with another secret', { binding: { secret: randomBytes(32) } }],
  ['of another listener', { binding: { listener: 'people' } }],
  ['under another trust version', { binding: { trustVersion: 'two' as TrustVersion } }],
  ['with another certificate', { identity: renewed }],
  ['without resumption', { tls: { resumption: false } }],
]

for (const version of VERSIONS) {
  test(`${version}: a ticket serves at every door with the same secret, listener, certificate and trust version`, async () => {
    expect(await resumes(version, {}, {})).toBe(true)
  })

  for (const [what, other] of OTHER_DOORS) {
    test(`${version}: a ticket does not serve at a door ${what}`, async () => {
      expect(await resumes(version, {}, other)).toBe(false)
    })
  }

  test(`${version}: without resumption no ticket is worth anything even where it came from`, async () => {
    const closed = { tls: { resumption: false } }
    expect(await resumes(version, closed, closed)).toBe(false)
  })
}

/** Whether the session from the first door, another process as far as TLS can tell, serves at the second. */
async function resumes(
  version: (typeof VERSIONS)[number],
  from: ServerVariant,
  to: ServerVariant,
): Promise<boolean> {
  await using first = await open(from)
  await using second = await open(to)
  const { session } = await requestOnce(first, { version, device: fleet.device })
  // Another session than its own must be what makes the difference.
  const fresh = await requestOnce(second, { version, device: fleet.device })
  expect(fresh.resumed).toBe(false)
  return (await requestOnce(second, { version, device: fleet.device, session })).resumed
}

async function open({ binding, identity = fleet.server, tls }: ServerVariant) {
  const file = (text: string) => ({ path: 'a file', at: 'here', bytes: Buffer.from(text) })
  const opened = serverIdentity({
    kind: 'pem',
    chain: file(identity.chainPem),
    key: file(identity.keyPem),
    passphrase: undefined,
  })
  if (!opened.ok) throw new Error(JSON.stringify(opened.failure))
  const { defaults } = serverContexts(
    [opened.value],
    { ...TLS, ...tls },
    { ...BINDING, ...binding },
  )
  const options: SecureContextOptions = defaults
  const server = createServer(
    { ...options, requestCert: true, rejectUnauthorized: false },
    (socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}
