/**
 * The front end itself, as a process of its own, at a time of our choosing, whom to trust changed by reloads.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Profile } from '../../src/trust/limits.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'
import type { SettingFiles } from './case-files.ts'
import type { Line } from '../support/front-ends/product.ts'
import { FrontEndProcess } from './front-end-process.ts'

/** Whom the front end shall trust, and how strictly it shall judge. */
export interface Trust {
  /** One trust anchor each. */
  readonly settings: readonly SettingFiles[]
  readonly profile: Profile
  /** How many CAs may stand between; nothing for the default. */
  readonly depth: number | null
}

export interface LiveOptions {
  /** ISO 8601, or nothing for the time that it is. */
  readonly at: string | undefined
  /** Where the configuration lies. */
  readonly folder: string
  /** The port of a plain HTTP upstream on this machine. */
  readonly upstreamPort: number
}

/** A front end that serves until it is disposed of. */
export class LiveFrontEnd {
  readonly port: number
  /** Every line so far; the last ones arrive when it ends. */
  readonly lines: readonly Line[]
  readonly #process: FrontEndProcess
  readonly #options: LiveOptions
  #reloads = { applied: 0, refused: 0 }

  /** Starts it, trusting no CA that appears in any case. */
  static async start(options: LiveOptions): Promise<LiveFrontEnd> {
    mkdirSync(options.folder, { recursive: true })
    writeIdentity(options.folder)
    writeConfiguration(options, { profile: 'private', settings: [], depth: null })
    const config = join(options.folder, 'tfe.yaml')
    return new LiveFrontEnd(await FrontEndProcess.start(config, options.at), options)
  }

  private constructor(frontEnd: FrontEndProcess, options: LiveOptions) {
    this.#process = frontEnd
    this.#options = options
    this.lines = frontEnd.lines
    this.port = frontEnd.port
  }

  /** Writes the configuration anew and reloads it: whether it took effect. */
  async trust(trust: Trust): Promise<boolean> {
    writeConfiguration(this.#options, trust)
    this.#process.reload()
    const deadline = performance.now() + RELOAD_WITHIN_MS
    for (;;) {
      const before = this.#reloads
      this.#reloads = await this.#counted()
      if (this.#reloads.refused > before.refused) return false
      if (this.#reloads.applied > before.applied) return true
      if (performance.now() > deadline) throw new Error('the front end does not reload')
      await pause(POLL_MS)
    }
  }

  async #counted(): Promise<{ applied: number; refused: number }> {
    const response = await fetch(`http://127.0.0.1:${this.#process.statusPort}/metrics`)
    const text = await response.text()
    const count = (outcome: string): number =>
      Number(new RegExp(`^tfe_reload_total\\{outcome="${outcome}"\\} (\\d+)`, 'mu').exec(text)?.[1])
    return { applied: count('applied') + count('unchanged'), refused: count('refused') }
  }

  /** Ends it; all of its lines are there then. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]()
  }
}

/** The most that the configuration knows; what a case allows beyond that, none of them needs. */
const MOST_DEPTH = 20
/** A reload takes some ten milliseconds; two busy cores may take longer, a minute is a fault. */
const RELOAD_WITHIN_MS = 60_000
const POLL_MS = 5

/** What it shows its clients, good at every time that a case asks for; and an anchor that signed nothing. */
export function writeIdentity(folder: string): void {
  const always = { notBefore: new Date(0), notAfter: new Date('2100-01-01T00:00:00Z') }
  const root = mintCa({ name: 'Front End Root', ...always })
  const leaf = mintLeaf({ issuer: root, purposes: ['serverAuth'], dns: ['localhost'], ...always })
  writeFileSync(join(folder, 'server.pem'), leaf.chainPem)
  writeFileSync(join(folder, 'server.key'), leaf.keyPem, { mode: 0o600 })
  writeFileSync(join(folder, 'unused-ca.pem'), mintCa({ name: 'Unused CA', ...always }).pem)
}

function writeConfiguration(
  { folder, upstreamPort }: LiveOptions,
  { profile, settings, depth }: Trust,
): void {
  // A front end has to trust a CA; no client has a certificate of this one.
  const trusted = settings.length === 0 ? [{ chain: 'unused-ca.pem', lists: [] }] : settings
  const configuration = {
    profile: 'generic',
    workers: 1,
    store: { dangerousNone: true },
    enforcement: 'required',
    trust: {
      profile,
      ...(depth === null ? {} : { limits: { depth: Math.min(depth, MOST_DEPTH) } }),
      enrollmentSettings: trusted.map(({ chain, lists }, index) => ({
        name: `setting ${index}`,
        chain: `file:${chain}`,
        ...(lists.length === 0 ? {} : { crl: { lists: lists.map((file) => ({ file })) } }),
        // Exactly one is current; the others admit just the same what they issued before they retired.
        ...(index === 0
          ? { standing: 'current' }
          : { standing: 'previously-trusted', retiredAt: '2100-01-01T00:00:00Z' }),
      })),
    },
    listeners: {
      devices: {
        address: '127.0.0.1',
        port: 0,
        hosts: ['localhost'],
        certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }],
        tls: { resumption: 'off' },
        routes: 'limbo',
      },
    },
    routes: {
      limbo: {
        upstream: 'answering',
        rows: [
          { id: 'case', path: '/case/*', class: 'always' },
          // Keeps the listener open to a client that is refused, so that the refusal has a status and a line.
          { id: 'open', path: '/open/*', class: 'open' },
        ],
      },
    },
    upstreams: {
      answering: { url: `http://127.0.0.1:${upstreamPort}`, dangerousPlaintext: true },
    },
    metrics: { address: '127.0.0.1', port: 0 },
  }
  // JSON is YAML, and needs no writer.
  writeFileSync(join(folder, 'tfe.yaml'), JSON.stringify(configuration, null, 2))
}
