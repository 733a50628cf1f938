/**
 * The simulation's own book-keeping: every number that the admin API can be asked for, worked out from what the
 * simulation did. Nothing in it was ever read from the product.
 */
import type { Agent, Certificate, Device } from './devices.ts'
import type { Place } from './kinds.ts'
import { beginning, fateOf, settingOf, type Fate, type Regime } from './rules.ts'

/** A count; the two differ when a program was killed before it could say how far it came. */
export interface Range {
  least: number
  most: number
}

/** What the product has to say of one device. */
export interface Entry {
  readonly device: Device
  inventory: string | null
  class: string | null
  product: string | null
  version: string | null
  listener: string | null
  verdict: 'admit' | 'refuse' | null
  code: string | null
  authentication: 'failed' | 'no-info' | 'succeeded'
  approval: 'approved' | 'blocked' | 'unapproved'
  awaiting: boolean
  migration: 'none' | 'pending' | 'success'
  setting: string | null
  notAfter: number | null
  readonly sightings: Range
  /** When it last began a request that was answered. */
  metAt: number
  /** Public keys that it has shown. */
  readonly keys: Set<string>
  /** Certificates that it has shown. */
  readonly certificates: Set<Certificate>
}

/** A request that somebody makes. */
export interface Meeting {
  readonly device: Device
  readonly certificate: Certificate | undefined
  readonly place: Place
  readonly agent: Agent
  readonly listener: string
}

/** One that was answered, what it came to, and when. */
interface Met {
  readonly meeting: Meeting
  readonly fate: Fate
  readonly at: number
}

export class Books {
  readonly regime: Regime = beginning()
  /** By the device's name. */
  readonly entries = new Map<string, Entry>()
  /** Requests that nobody could assign, by listener. */
  readonly unidentified = new Map<string, Range>()
  /** What the upstream has to have seen. */
  readonly upstream = { named: zero(), anonymous: zero(), relayed: zero() }
  /** Rows of the audit trail, by action. */
  readonly trail = new Map<string, Range>()
  minimums: readonly { readonly class: string; readonly version: string }[] = []
  #recent: Met[] = []

  /** What becomes of a request now. */
  fate({ device, certificate, place }: Meeting): Fate {
    const approval = this.entries.get(device.name)?.approval ?? 'unapproved'
    return fateOf({ certificate, approval }, place, this.regime)
  }

  /** A request was answered as it had to be. */
  met(meeting: Meeting, fate: Fate, began: number): void {
    // What left no trace cannot be lost, and made again it could: on a port, say, that was closed then and is open now.
    if (fate.counts !== 'nobody') this.#recent.push({ meeting, fate, at: Date.now() })
    const sightings = this.#sightingsOf(meeting, fate)
    sightings.least += 1
    sightings.most += 1
    if (fate.upstream !== 'nothing') {
      this.upstream[fate.upstream].least += 1
      this.upstream[fate.upstream].most += 1
    }
    if (fate.counts !== 'device') return
    this.#note(meeting, fate)
    this.#entry(meeting.device).metAt = began
  }

  /** A request that died with the program: it may have been counted, or not. */
  mayHaveMet(meeting: Meeting, fate: Fate): void {
    this.#sightingsOf(meeting, fate).most += 1
    if (fate.upstream !== 'nothing') this.upstream[fate.upstream].most += 1
  }

  /**
   * The program died: what it had counted since then may be lost with it. The requests are handed back in their order,
   * to be made once more.
   */
  doubt(since: number): readonly Meeting[] {
    const doubtful = this.#recent.filter(({ at }) => at >= since)
    this.#recent = []
    for (const { meeting, fate } of doubtful) this.#sightingsOf(meeting, fate).least -= 1
    return doubtful.map(({ meeting }) => meeting)
  }

  /** An administrator's change was acknowledged. */
  wrote(action: string, rows = 1): void {
    if (rows === 0) return
    const range = this.#rowsOf(action)
    range.least += rows
    range.most += rows
  }

  /** The program died under something that leaves a row. */
  mayHaveWritten(action: string): void {
    this.#rowsOf(action).most += 1
  }

  /** What may have been written was. */
  hasWritten(action: string): void {
    this.#rowsOf(action).least += 1
  }

  /** The inventory says that a device should be there. */
  expects(device: Device, { pending = false } = {}): void {
    const entry = this.#entry(device)
    entry.inventory = device.urn
    entry.class ??= device.facts.kind
    entry.product ??= device.agent.product
    entry.version ??= device.agent.version
    if (pending && entry.migration === 'none') entry.migration = 'pending'
  }

  /** An administrator had it forgotten. */
  forget({ name }: Device): void {
    this.entries.delete(name)
  }

  entry(device: Device): Entry {
    const entry = this.entries.get(device.name)
    if (entry === undefined) throw new Error(`the books know no ${device.name}`)
    return entry
  }

  #rowsOf(action: string): Range {
    const range = this.trail.get(action) ?? zero()
    this.trail.set(action, range)
    return range
  }

  #sightingsOf({ device, listener }: Meeting, { counts }: Fate): Range {
    switch (counts) {
      case 'nobody':
        return zero()
      case 'device':
        return this.#entry(device).sightings
      case 'unidentified': {
        const range = this.unidentified.get(listener) ?? zero()
        this.unidentified.set(listener, range)
        return range
      }
    }
  }

  #note({ device, certificate, agent, place, listener }: Meeting, fate: Fate): void {
    const entry = this.#entry(device)
    const { status, code, isFit, isSound } = fate
    entry.listener = listener
    entry.code = code
    // What it meets, or would meet if certificates were required.
    entry.verdict = isFit ? 'admit' : 'refuse'
    entry.authentication = isFit ? 'succeeded' : 'failed'
    entry.awaiting = false
    // Neither a connection that ends before it asks for anything nor the sync port says anything of the agent.
    if (status !== 0 && place.asks !== 'relay') {
      entry.class = device.facts.told ?? entry.class
      entry.product = agent.product
      entry.version = agent.version ?? entry.version
    }
    if (certificate === undefined) return
    if (place.asks === 'relay' && isSound) entry.migration = 'pending'
    else if (isFit && entry.migration === 'pending') entry.migration = 'success'
    entry.keys.add(certificate.key)
    entry.certificates.add(certificate)
    if (!isSound) return
    entry.setting = settingOf(certificate)
    entry.notAfter = certificate.notAfter
  }

  #entry(device: Device): Entry {
    const known = this.entries.get(device.name)
    if (known !== undefined) return known
    const entry: Entry = {
      device,
      inventory: null,
      class: null,
      product: null,
      version: null,
      listener: null,
      verdict: null,
      code: null,
      authentication: 'no-info',
      approval: 'unapproved',
      awaiting: false,
      migration: 'none',
      setting: null,
      notAfter: null,
      sightings: zero(),
      metAt: 0,
      keys: new Set(),
      certificates: new Set(),
    }
    this.entries.set(device.name, entry)
    return entry
  }
}

const zero = (): Range => ({ least: 0, most: 0 })
