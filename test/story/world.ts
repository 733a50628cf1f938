/**
 * Everything that the chapters of the story share: who plays, where, what is written down, and what becomes of a
 * request or a change when the program dies under it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Books, type Meeting } from './books.ts'
import type { Core } from './core.ts'
import type { Authorities, Certificate, Device } from './devices.ts'
import type { House } from './house.ts'
import type { Place } from './kinds.ts'
import { Office, type Answer, type Method } from './office.ts'
import { visit, type Address } from './visit.ts'

/** Who plays. */
export interface Cast {
  readonly house: House
  readonly core: Core
  readonly authorities: Authorities
  readonly devices: readonly Device[]
  /** Whom the inventory expects in vain. */
  readonly ghosts: readonly Device[]
  readonly siteRoot: string
  readonly say: (line: string) => void
}

/** A change that an administrator makes. */
export interface Change {
  readonly method: Method
  readonly path: string
  readonly body?: unknown
  /** Where the version that it is decided on can be read; left out where none is asked for. */
  readonly versionAt?: string
  /** The rows that it leaves in the audit trail, by action, once it is acknowledged. */
  readonly trail: Readonly<Record<string, number>>
}

/** How a request is not the device's usual one. */
export interface Manner {
  readonly place?: Place
  readonly certificate?: Certificate | undefined
  /** The code that the story is about; the books have to come to the same. */
  readonly code?: string
}

export class World {
  readonly books = new Books()
  readonly office: Office
  readonly cast: Cast
  /** Things that were not as they had to be. */
  readonly faults: string[] = []
  /** How often the program was started; what began in another life than it ended in has died. */
  life = 1
  /** Whoever wants something waits for the program to be up. */
  up: Promise<void> = Promise.resolve()
  /** Called before everything that somebody does, with its weight among the moments of the story. */
  moment: (weight: number) => void = () => {}

  constructor(cast: Cast) {
    this.cast = cast
    this.office = new Office(cast.house.ports.admin, cast.house.token)
  }

  /** A device makes a request, until it is answered by a program that lives. */
  async call(device: Device, manner: Manner = {}): Promise<void> {
    const meeting: Meeting = {
      device,
      certificate: 'certificate' in manner ? manner.certificate : device.certificate,
      place: manner.place ?? device.facts.checkIn,
      agent: device.agent,
      listener: 'devices',
    }
    await this.meet(meeting, manner.code)
  }

  /** Makes a request, or makes it again. */
  async meet(meeting: Meeting, code?: string): Promise<void> {
    for (;;) {
      await this.up
      const { life } = this
      const fate = this.books.fate(meeting)
      if (code !== undefined && fate.code !== code) {
        this.fault(`${meeting.device.name}: the books say ${fate.code}, the story ${code}`)
      }
      this.moment(VISIT)
      const { certificate, place, agent } = meeting
      const status = await visit(this.address, {
        certificate,
        path: place.path,
        userAgent: agent.userAgent,
      })
      if (life !== this.life) {
        this.books.mayHaveMet(meeting, fate)
        continue
      }
      if (status !== fate.status) {
        this.fault(
          `${meeting.device.name} on ${place.path}: met ${status}, ${fate.status} (${fate.code}) in the books`,
        )
      }
      this.books.met(meeting, fate)
      return
    }
  }

  /** So many at a time. */
  async each(devices: readonly Device[], act: (device: Device) => Promise<void>): Promise<void> {
    const queue = [...devices]
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await act(next)
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  }

  /** Reads something, from a program that lives. */
  async read(path: string): Promise<Answer> {
    for (;;) {
      await this.up
      const { life } = this
      try {
        const answer = await this.office.call('GET', path)
        if (answer.status !== 200)
          this.fault(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
        return answer
      } catch (error) {
        await this.#died(life, error)
      }
    }
  }

  /** A change that has to be refused, with a status and a code; nothing is written down of it. */
  async refused(change: Omit<Change, 'trail'>, status: number, code: string): Promise<Answer> {
    const answer = await this.#attempt({ ...change, trail: {} })
    const { code: found } = answer.body as { readonly code?: string }
    if (answer.status !== status || found !== code) {
      this.fault(
        `${change.method} ${change.path}: ${answer.status} ${found}, wanted ${status} ${code}`,
      )
    }
    return answer
  }

  /** A change that has to be made; acknowledged once, whatever dies meanwhile. */
  async change(change: Change): Promise<Answer> {
    const answer = await this.#attempt(change)
    if (answer.status < 200 || answer.status > 299) {
      this.fault(`${change.method} ${change.path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer
    }
    for (const [action, rows] of Object.entries(change.trail)) this.books.wrote(action, rows)
    return answer
  }

  /** Settles once every process judges by what was changed last. */
  async inForce(): Promise<void> {
    for (;;) {
      const { body } = await this.read('/api/status')
      const { snapshot } = body as { readonly snapshot: { readonly behind: number | null } }
      if (snapshot.behind === 0) break
      await pause(LOOK_AGAIN_MS)
    }
    // Workers answer a scrape after what they were told before it.
    await this.scrape()
  }

  /** The metrics of all processes, from a program that lives. */
  async scrape(): Promise<string> {
    for (;;) {
      await this.up
      const { life } = this
      try {
        const answer = await fetch(`http://127.0.0.1:${this.cast.house.ports.status}/metrics`)
        return await answer.text()
      } catch (error) {
        await this.#died(life, error)
      }
    }
  }

  get address(): Address {
    return { port: this.cast.house.ports.devices, siteRoot: this.cast.siteRoot }
  }

  fault(text: string): void {
    this.faults.push(text)
    this.cast.say(`  NOT AS IT HAS TO BE: ${text}`)
  }

  async #attempt(change: Change): Promise<Answer> {
    const { method, path, body, versionAt } = change
    for (;;) {
      const match = versionAt === undefined ? undefined : (await this.read(versionAt)).etag
      await this.up
      const { life } = this
      this.moment(CHANGE)
      try {
        return await this.office.call(method, path, {
          ...(body === undefined ? {} : { body }),
          ...(match === undefined ? {} : { match }),
        })
      } catch (error) {
        await this.#died(life, error)
      }
    }
  }

  /** Whoever was cut off because the program died waits for its next life; anything else is a fault of the story. */
  async #died(life: number, error: unknown): Promise<void> {
    if (life === this.life) throw error
    await this.up
  }
}

/** How many devices call at the same time. */
const AT_A_TIME = 12
const LOOK_AGAIN_MS = 50
/** Moments of the story: changes are few and requests are many, and both shall be met by a sudden end. */
const CHANGE = 20
const VISIT = 1
