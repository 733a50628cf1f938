/**
 * **Scan**: which protocols, cipher suites and groups a server accepts, with and without SNI. Handshakes only:
 * nothing is verified and nothing is asked, so nothing that is found here says that the server can be trusted.
 */
import { getCiphers } from 'node:tls'
import { GROUPS } from '../../upstream-tls/group.ts'
import { suiteFacts, type TlsVersion } from '../../upstream-tls/suite.ts'
import { serverName, wantedName, type DialPlan } from '../connect/attempt.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
import { probe, type Offer, type ProbeResult } from './probe.ts'
import { Semaphore } from './semaphore.ts'
import type { ClientIdentity } from '../settings.ts'

/** How a scan goes about it. */
export interface ScanOptions {
  readonly identity: ClientIdentity | undefined
  /** Connections open at a time. */
  readonly concurrency: number
  /** Connections altogether: an upstream that counts failed handshakes must not lock us out. */
  readonly maxConnections: number
  /** Milliseconds for each connection. */
  readonly timeout: number
  /** On the clock of `performance.now()`: no connection begins after this. Undefined: `most` is the end. */
  readonly until?: number
  /** Told after each connection. */
  readonly onProgress: (connections: number, doing: string) => void
}

/** What a scan found. */
export interface ScanReport {
  readonly upstream: string
  readonly server: string
  /** The name that was sent with SNI; `undefined` when there is none to send. */
  readonly sni: string | undefined
  readonly protocols: readonly ScannedProtocol[]
  /** By OpenSSL's names, in the order of our list; found with the newest protocol that has them. */
  readonly groups: readonly string[]
  readonly connections: number
  /** False when `most` or `until` was reached: then what is missing may be accepted all the same. */
  readonly complete: boolean
}

export interface ScannedProtocol {
  readonly protocol: TlsVersion
  /** `undefined` when there is no name to send. */
  readonly withSni: OfferResult | undefined
  readonly withoutSni: OfferResult
  /** OpenSSL's spelling, in the order in which the server takes them from a list. */
  readonly suites: readonly string[]
}

/** Accepted, under which certificate, or what came instead. */
export type OfferResult =
  | { readonly kind: 'accepted'; readonly fingerprint: string; readonly names: readonly string[] }
  | { readonly kind: 'refused'; readonly failure: UpstreamFailure }
  /** This runtime cannot offer it, or the scan was over. */
  | { readonly kind: 'not-tried' }

/** Scans one server of an `https:` upstream; settles when everything was asked or `most` is reached. */
export async function scanServer(plan: DialPlan, options: ScanOptions): Promise<ScanReport> {
  const scan = new Scan(plan, options)
  const protocols = await Promise.all(VERSIONS.map((version) => scan.protocol(version)))
  const newest = protocols.find((one) => bestOf(one).kind === 'accepted')
  const groups = newest === undefined ? [] : await scan.groups(newest)
  return {
    upstream: plan.settings.name,
    server: plan.server.name,
    sni: scan.name === '' ? undefined : scan.name,
    protocols,
    groups,
    connections: scan.connections,
    complete: scan.complete,
  }
}

const VERSIONS: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1']

const bestOf = ({
  withSni,
  withoutSni,
}: Pick<ScannedProtocol, 'withSni' | 'withoutSni'>): OfferResult =>
  withSni?.kind === 'accepted' ? withSni : withoutSni

class Scan {
  readonly name: string
  connections = 0
  complete = true
  readonly #plan: DialPlan
  readonly #options: ScanOptions
  readonly #semaphore: Semaphore

  constructor(plan: DialPlan, options: ScanOptions) {
    this.#plan = plan
    this.#options = options
    this.#semaphore = new Semaphore(options.concurrency)
    const { tls } = plan.settings
    const own = tls?.sni.kind === 'name' ? tls.sni : ({ kind: 'on' } as const)
    // What requests would send, or what they could: that is the question when SNI is off.
    this.name = serverName(own, wantedName(plan))
  }

  /** With SNI and without, then suite after suite until the server takes none of what is left. */
  async protocol(version: TlsVersion): Promise<ScannedProtocol> {
    const suites = suitesOf(version)
    const ask = (sni: string): Promise<ProbeResult | undefined> =>
      this.#probe({ version, suites, groups: undefined, sni })
    const [named, nameless] = await Promise.all([
      this.name === '' ? undefined : ask(this.name),
      ask(''),
    ])
    const withSni = this.name === '' ? undefined : offerResultOf(named)
    const withoutSni = offerResultOf(nameless)
    const answers = { withSni, withoutSni }
    if (bestOf(answers).kind !== 'accepted') return { protocol: version, ...answers, suites: [] }
    const sni = withSni?.kind === 'accepted' ? this.name : ''
    const first = withSni?.kind === 'accepted' ? named : nameless
    return {
      protocol: version,
      ...answers,
      suites: await this.#suites({ version, suites, sni }, first),
    }
  }

  /** Each by itself: a server that takes several would name only its favourite. */
  async groups({ protocol: version, withSni }: ScannedProtocol): Promise<readonly string[]> {
    const suites = suitesOf(version)
    const sni = withSni?.kind === 'accepted' ? this.name : ''
    const accepted = await Promise.all(
      GROUPS.filter(({ protocols }) => protocols.includes(version)).map(async ({ name }) => {
        const offer = { version, suites: keyExchanging(suites), groups: [name], sni }
        return (await this.#probe(offer))?.kind === 'accepted' ? [name] : []
      }),
    )
    return accepted.flat()
  }

  async #suites(
    { version, suites, sni }: Omit<Offer, 'groups'>,
    first: ProbeResult | undefined,
  ): Promise<readonly string[]> {
    const taken: string[] = []
    let left = suites
    for (let answer = first; answer?.kind === 'accepted';) {
      const { suite } = answer
      // It took something that was not offered: whatever that is, it would never end.
      if (!left.includes(suite)) break
      taken.push(suite)
      left = left.filter((one) => one !== suite)
      answer = await this.#probe({ version, suites: left, groups: undefined, sni })
    }
    return taken
  }

  /** `undefined` when there may be no more connections. */
  async #probe(offer: Offer): Promise<ProbeResult | undefined> {
    if (offer.suites.length === 0) return { kind: 'impossible' }
    await this.#semaphore.acquire()
    try {
      const { maxConnections, timeout, until = Infinity, identity, onProgress } = this.#options
      if (this.connections >= maxConnections || performance.now() > until) {
        this.complete = false
        return undefined
      }
      this.connections += 1
      const result = await probe(this.#plan, offer, { identity, timeout })
      onProgress(this.connections, offer.version)
      return result
    } finally {
      this.#semaphore.release()
    }
  }
}

function offerResultOf(result: ProbeResult | undefined): OfferResult {
  switch (result?.kind) {
    case 'accepted':
      return { kind: 'accepted', fingerprint: result.fingerprint, names: result.names }
    case 'refused':
      return result
    case 'impossible':
    case undefined:
      return { kind: 'not-tried' }
  }
}

/** What this runtime can offer; a suite that needs a shared secret says nothing about a server. */
function suitesOf(version: TlsVersion): readonly string[] {
  return getCiphers()
    .map((name) => name.toUpperCase())
    .filter((name) => suiteFacts(name)?.protocols.includes(version) === true)
}

/** Suites that use a group at all; those of TLS 1.3 all do. */
const keyExchanging = (suites: readonly string[]): readonly string[] =>
  suites.filter((name) => name.startsWith('TLS_') || name.startsWith('ECDHE-'))
