/**
 * Checks, before anything is served, that this TLS runtime shows what a peer presented. Versions of Node have lost
 * intermediates, which an operator would notice only when devices are locked out. So it shakes hands with itself over
 * the loopback, with the contexts that listeners use, and reads the chain with the code that reads a device's.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { DEFAULT_CIPHER_SUITES } from '../../handshake/cipher-suites.ts'
import { serverContexts } from '../../handshake/server-context.ts'
import { presentedBy, type Presented } from '../../identify/presented.ts'
import type { Config } from '../../config/config.ts'
import type { Fault, TrustVersion } from '../../kernel/types.ts'
import { explainRuntimeFault, type RuntimeFault, type TestedTlsVersion } from './fault.ts'
import { selfTestCertificates, type SelfTestCertificates } from './certificates.ts'

/** How a presented chain is taken from a socket. */
export type ReadPresented = (socket: TLSSocket) => Presented

/** Returns what is wrong with this TLS runtime, tested over every version that a listener of the configuration speaks. */
export async function runtimeFaults(
  { listeners }: Config,
  readPresented: ReadPresented | undefined,
): Promise<readonly Fault[]> {
  const spoken = VERSIONS.filter((version) =>
    listeners.some(({ tls }) => tls.minVersion <= version && version <= tls.maxVersion),
  )
  const fault = await selfTestFault(spoken, readPresented)
  if (fault === undefined) return []
  const { node, openssl } = process.versions
  const { sentence, nextStep } = explainRuntimeFault(fault, `Node ${node} (OpenSSL ${openssl})`)
  return [{ at: fault.kind, message: `${sentence}; ${nextStep}` }]
}

const VERSIONS: readonly TestedTlsVersion[] = ['TLSv1.2', 'TLSv1.3']

/** The first thing wrong with the runtime, if anything is. A runtime does not change: what passed is not asked again. */
export async function selfTestFault(
  versions: readonly TestedTlsVersion[],
  readPresented: ReadPresented = presentedBy,
): Promise<RuntimeFault | undefined> {
  const known = passed.get(readPresented) ?? new Set()
  const untried = versions.filter((version) => !known.has(version))
  if (untried.length === 0) return undefined
  const material = selfTestCertificates()
  for (const advertised of [[], [material.rootPem]]) {
    const fault = await faultOf({ material, advertised, readPresented }, untried)
    if (fault !== undefined) return fault
  }
  passed.set(readPresented, new Set([...known, ...untried]))
  return undefined
}

const passed = new WeakMap<ReadPresented, Set<TestedTlsVersion>>()

interface SelfTestCase {
  readonly material: SelfTestCertificates
  /** Naming authorities makes OpenSSL verify what is presented, and Node has lost intermediates only then. */
  readonly advertised: readonly string[]
  readonly readPresented: ReadPresented
}

/** A test case whose server listens. */
interface RunningTest extends SelfTestCase {
  readonly server: Server
}

async function faultOf(
  testCase: SelfTestCase,
  versions: readonly TestedTlsVersion[],
): Promise<RuntimeFault | undefined> {
  const server = serverFor(testCase)
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    for (const tls of versions) {
      const fault = await faultOver(tls, { ...testCase, server })
      if (fault !== undefined) return fault
    }
    return undefined
  } finally {
    server.close()
  }
}

function serverFor({ material, advertised }: SelfTestCase): Server {
  const settings = {
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: DEFAULT_CIPHER_SUITES,
    groups: undefined,
    resumption: true,
    advertised,
  } as const
  const { defaults } = serverContexts([material.identity], settings, {
    secret: randomBytes(32),
    listener: 'self-test',
    trustVersion: 'self-test' as TrustVersion,
  })
  return createServer({ ...defaults, requestCert: true, rejectUnauthorized: false })
}

async function faultOver(
  tls: TestedTlsVersion,
  test: RunningTest,
): Promise<RuntimeFault | undefined> {
  try {
    const known = await faultWithCertificate(tls, test)
    // The last one needs no second look with other authorities: nothing is presented.
    if (known !== undefined || test.advertised.length > 0) return known
    return await faultWithout(tls, test)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { kind: 'runtime-cannot-handshake', tls, detail }
  }
}

async function faultWithCertificate(
  tls: TestedTlsVersion,
  test: RunningTest,
): Promise<RuntimeFault | undefined> {
  const first = await handshake(test, { tls, presents: true, session: undefined })
  const { leaf, intermediate } = test.material
  const shown = first.certificates
  const isWhole = shown.length === 2 && shown[0]?.equals(leaf) && shown[1]?.equals(intermediate)
  if (isWhole !== true || first.presented.kind !== 'chain' || first.presented.resumed) {
    return { kind: 'runtime-loses-chain', tls, presented: 2, kept: shown.length }
  }
  const again = await handshake(test, { tls, presents: true, session: first.session })
  if (!isResumed(again.presented)) return { kind: 'runtime-does-not-resume', tls }
  const [returned] = again.certificates
  return returned?.equals(leaf) === true ? undefined : { kind: 'runtime-loses-leaf', tls }
}

async function faultWithout(
  tls: TestedTlsVersion,
  test: RunningTest,
): Promise<RuntimeFault | undefined> {
  const first = await handshake(test, { tls, presents: false, session: undefined })
  if (first.presented.kind !== 'none') return { kind: 'runtime-invents-certificate', tls }
  // As a device that was issued one since.
  const again = await handshake(test, { tls, presents: true, session: first.session })
  if (again.presented.kind !== 'none') return { kind: 'runtime-invents-certificate', tls }
  return isResumed(again.presented) ? undefined : { kind: 'runtime-does-not-resume', tls }
}

function certificatesIn(presented: Presented): readonly Buffer[] {
  if (presented.kind !== 'chain') return []
  const others = presented.intermediates()
  return [presented.leaf, ...(others.ok ? others.value : [])].map(({ der }) => der)
}

const isResumed = (presented: Presented): boolean =>
  (presented.kind === 'none' || presented.kind === 'chain') && presented.resumed

interface ClientOptions {
  readonly tls: TestedTlsVersion
  readonly presents: boolean
  readonly session: Buffer | undefined
}

interface HandshakeResult {
  readonly presented: Presented
  /** All that was presented, leaf first: asked for while the connection lived. */
  readonly certificates: readonly Buffer[]
  readonly session: Buffer | undefined
}

/** One connection, from both sides. */
function handshake(
  { material, readPresented, server }: RunningTest,
  options: ClientOptions,
): Promise<HandshakeResult> {
  const { promise, resolve, reject } = Promise.withResolvers<HandshakeResult>()
  const { identity, rootPem } = material
  let presented: Presented | undefined
  let certificates: readonly Buffer[] = []
  let session: Buffer | undefined
  server.once('tlsClientError', reject)
  server.once('secureConnection', (socket) => {
    server.off('tlsClientError', reject)
    socket.on('error', reject)
    try {
      presented = readPresented(socket)
      certificates = certificatesIn(presented)
    } catch (error) {
      reject(error)
    }
    // An octet, because a client of TLS 1.3 reads its ticket together with what follows.
    socket.end('.')
  })
  const { port } = server.address() as AddressInfo
  const client = connect({
    host: '127.0.0.1',
    port,
    ca: rootPem,
    // There is no name to check: both ends are this process.
    checkServerIdentity: () => undefined,
    minVersion: options.tls,
    maxVersion: options.tls,
    ...(options.presents ? { cert: identity.chainPem, key: identity.keyPem } : {}),
    ...(options.session === undefined ? {} : { session: options.session }),
  })
  client.setTimeout(HANDSHAKE_TIMEOUT_MS, () =>
    client.destroy(new Error('no answer within seconds')),
  )
  client.on('session', (ticket) => {
    session = ticket
  })
  client.on('error', reject)
  client.on('close', () => {
    if (presented === undefined) reject(new Error('the connection was closed'))
    else resolve({ presented, certificates, session })
  })
  client.resume()
  return promise
}

/** A handshake takes milliseconds; a machine that needs longer has other troubles, and should say so. */
const HANDSHAKE_TIMEOUT_MS = 5000
