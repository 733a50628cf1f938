/**
 * Everything that the chapters of the story share: who plays, where, what is written down, and what becomes of a
 * request or a change when the program dies under it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { ExpectedState, type PlannedRequest } from './expected-state.ts'
import type { Core } from './core.ts'
import type { Authorities, Certificate, Device } from './devices.ts'
import type { ServeProcess } from './serve-process.ts'
import { metricsOf } from './metrics.ts'
import { PLACES, type Place } from './client-kinds.ts'
import type { ExpectedOutcome } from './expected-verdicts.ts'
import { EXPORT, AdminClient, type Answer, type Method } from './admin-client.ts'
import { settledAgain } from './settled-numbers.ts'
import { relayOnce, requestOnce, type Address } from './device-request.ts'

/** Who plays. */
export interface Participants {
  readonly serveProcess: ServeProcess
  readonly core: Core
  readonly authorities: Authorities
  readonly devices: readonly Device[]
  /** Whom the inventory expects in vain. */
  readonly absentDevices: readonly Device[]
  readonly siteRoot: string
  readonly say: (line: string) => void
}

/** A call that an administrator makes. */
export interface Call {
  readonly method: Method
  readonly path: string
  /** Made anew for each attempt, because a device may have another id after a sudden end. */
  readonly body?: () => Promise<unknown>
  /** Where the version that it is decided on can be read; left out where none is asked for. */
  readonly versionAt?: string
}

/** A change, and what it comes to once it is made. */
export interface Change extends Call {
  /** The rows that it leaves in the audit trail, by action. */
  readonly trail: Readonly<Record<string, number>>
  /** What is expected of it from then on. */
  readonly effect: () => void
}

/** A change that is not acknowledged yet; what is found of it in a dead store is said here. */
export interface Pending {
  readonly change: Change
  isFound: boolean
}

/** How a request is not the device's usual one. */
export interface RequestVariation {
  readonly place?: Place
  readonly certificate?: Certificate | undefined
  /** The code that the story is about; the expected state has to come to the same. */
  readonly code?: string
}

export class Simulation {
  readonly expectedState = new ExpectedState()
  readonly adminClient: AdminClient
  readonly participants: Participants
  /** Things that were not as they had to be. */
  readonly faults: string[] = []
  /** How often the program was started; what began in another life than it ended in has died. */
  startCount = 1
  /** Each call waits for the program to be up. */
  up: Promise<void> = Promise.resolve()
  /** What is under way; there is one administrator. */
  pending: Pending | undefined
  /** Called before each step, with its weight among the moments of the story, and how long it lasts. */
  moment: (weight: number, lastsMs: number) => void = () => {}

  constructor(participants: Participants) {
    this.participants = participants
    this.adminClient = new AdminClient(
      participants.serveProcess.ports.admin,
      participants.serveProcess.token,
    )
  }

  /** A device makes a request, until it is answered by a program that lives. */
  async call(device: Device, manner: RequestVariation = {}): Promise<void> {
    const place = manner.place ?? (device.isLegacy ? PLACES.sync : device.facts.checkIn)
    const planned: PlannedRequest = {
      device,
      certificate: 'certificate' in manner ? manner.certificate : device.certificate,
      place,
      agent: device.agent,
      listener: place.asks === 'relay' ? 'sync' : 'devices',
    }
    await this.send(planned, manner.code)
  }

  /** Makes a request, and makes it again when the program dies under it. */
  async send(planned: PlannedRequest, code?: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      await this.up
      const expectedOutcome = this.expectedState.expectedOutcome(planned)
      if (code !== undefined && expectedOutcome.code !== code) {
        this.fault(`${planned.device.name}: expected ${expectedOutcome.code}, the story ${code}`)
      }
      if (attempt === 1) this.moment(...VISIT)
      if (await this.#visit(planned, expectedOutcome)) return
    }
  }

  /** Requests that may have been forgotten are made once more, each device's in their order. */
  async resend(requests: readonly PlannedRequest[]): Promise<void> {
    const byDevice = Map.groupBy(requests, ({ device }) => device)
    await this.each([...byDevice.keys()], async (device) => {
      for (const planned of byDevice.get(device) ?? []) {
        await this.#visit(planned, this.expectedState.expectedOutcome(planned))
      }
    })
  }

  /** One attempt; false when the program died meanwhile. */
  async #visit(planned: PlannedRequest, expectedOutcome: ExpectedOutcome): Promise<boolean> {
    const { startCount } = this
    const { certificate, place, agent, device } = planned
    const { userAgent } = agent
    const began = Date.now()
    const status =
      place.asks === 'relay'
        ? await relayOnce(this.addressOf('sync'), certificate)
        : await requestOnce(this.addressOf('devices'), { certificate, path: place.path, userAgent })
    if (startCount !== this.startCount) {
      this.expectedState.countMaybe(planned, expectedOutcome)
      return false
    }
    if (status !== expectedOutcome.status) {
      const wanted = `${expectedOutcome.status} (${expectedOutcome.code}) expected`
      this.fault(`${device.name} on ${place.path}: met ${status}, ${wanted}`)
    }
    this.expectedState.countAnswered(planned, expectedOutcome, began)
    return true
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
      const { startCount } = this
      // Who takes everything away is written down, before the first line of it.
      const leaves = path === EXPORT ? ['store.export'] : []
      // Before the answer: a look into the store of a program that died under it may find the row.
      for (const action of leaves) this.expectedState.countAuditMaybe(action)
      try {
        const answer = await this.adminClient.call('GET', path)
        if (answer.status !== 200) {
          this.fault(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
        }
        for (const action of leaves) this.expectedState.confirmAudit(action)
        return answer
      } catch (error) {
        await this.#died(startCount, error)
      }
    }
  }

  /** A call that has to be refused, with a status and a code; nothing is written down of it. */
  async refused(call: Call, status: number, code: string): Promise<Answer> {
    const answer = await this.ask(call)
    const { code: found } = answer.body as { readonly code?: string }
    if (answer.status !== status || found !== code) {
      this.fault(`${call.method} ${call.path}: ${answer.status} ${found}, wanted ${status} ${code}`)
    }
    return answer
  }

  /** A call that changes nothing, until it is answered. */
  async ask(call: Call): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const { startCount, answer } = await this.#attempt(call, attempt)
      if (answer !== undefined) return answer
      await this.#next(startCount)
    }
  }

  /**
   * A change that has to be made, and is made once, whatever dies meanwhile; the answer, unless the program died after
   * the change and before the answer.
   */
  async change(change: Change): Promise<Answer | undefined> {
    const pending: Pending = { change, isFound: false }
    this.pending = pending
    try {
      for (let attempt = 1; ; attempt += 1) {
        const { startCount, answer } = await this.#attempt(change, attempt)
        if (answer === undefined) await this.#next(startCount)
        // Found in the dead store: its answer was on the way, or never sent.
        if (pending.isFound) return answer
        if (answer === undefined) continue
        if (answer.status < 200 || answer.status > 299) {
          this.fault(
            `${change.method} ${change.path}: ${answer.status} ${JSON.stringify(answer.body)}`,
          )
        } else this.acknowledge(change)
        return answer
      }
    } finally {
      this.pending = undefined
    }
  }

  /** The change is acknowledged, or was found. */
  acknowledge({ trail, effect }: Change): void {
    for (const [action, rows] of Object.entries(trail)) this.expectedState.countAudit(action, rows)
    effect()
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
      const { startCount } = this
      try {
        return await metricsOf(this.participants.serveProcess.ports.status)
      } catch (error) {
        await this.#died(startCount, error)
      }
    }
  }

  addressOf(listener: 'devices' | 'sync'): Address {
    return {
      port: this.participants.serveProcess.ports[listener],
      siteRoot: this.participants.siteRoot,
    }
  }

  fault(text: string): void {
    this.faults.push(text)
    this.participants.say(`  NOT AS IT HAS TO BE: ${text}`)
  }

  async #attempt(
    { method, path, body, versionAt }: Call,
    attempt: number,
  ): Promise<{ readonly startCount: number; readonly answer: Answer | undefined }> {
    // What was seen before a sudden end has to have been seen again.
    if (attempt > 1) await settledAgain(this)
    const match = versionAt === undefined ? undefined : (await this.read(versionAt)).etag
    const sent = await body?.()
    await this.up
    const { startCount } = this
    if (this.pending?.isFound === true) return { startCount, answer: undefined }
    if (attempt === 1) this.moment(...CHANGE)
    try {
      const answer = await this.adminClient.call(method, path, {
        ...(sent === undefined ? {} : { body: sent }),
        ...(match === undefined ? {} : { match }),
      })
      return { startCount, answer }
    } catch (error) {
      if (startCount === this.startCount) throw error
      return { startCount, answer: undefined }
    }
  }

  async #next(startCount: number): Promise<void> {
    await this.up
    if (startCount === this.startCount && this.pending?.isFound !== true)
      throw new Error('no program died')
  }

  /** A call that was cut off because the program died waits for its next life; anything else is a fault of the story. */
  async #died(startCount: number, error: unknown): Promise<void> {
    if (startCount === this.startCount) throw error
    await this.up
  }
}

/** How many devices call at the same time. */
const AT_A_TIME = 12
const LOOK_AGAIN_MS = 50
/** Moments of the story, by weight and length: changes are few and requests are many, and a sudden end shall meet both. */
const CHANGE = [60, 30] as const
const VISIT = [1, 30] as const
