/**
 * One state of the law of previews on the wire: a real front end is asked what a change would alter, the change is made over
 * its admin API, and devices come over real TLS before and after.
 */
import { SeededRandom } from '../../support/seeded-random.ts'
import type { Leaf } from '../../support/certificates/mint.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { until } from '../../support/until.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { differences, disagreements, foretold } from '../../admin/preview/disagreements.ts'
import type { Verdicts } from '../../admin/preview/real-judge.ts'
import { keyOf, Meetings } from './meetings.ts'
import { CHANGES, randomChange, type RandomChange } from './random-change.ts'
import { CAS, fleetYaml, randomDevices, type FleetDevice } from './random-fleet.ts'
import { unmetClasses, unmetDevices, type ShownSetting } from './unmet-devices.ts'

/** Names every state and every change. */
export const SEED = 20_261_134
export const STATES = 3
/** Changes that are made in each state; those that the product refuses come besides. */
const MADE = 4
const DRAWN = 24

/** The kinds that a state begins with: each has its part, so that all are made. */
function dealtTo(number: number): RandomChange['kind'][] {
  const order = new SeededRandom(SEED, STATES).shuffled(CHANGES)
  return order.filter((_, at) => at % STATES === number)
}

/** What came of a state. */
export interface PlayedState {
  /** What was met and not foretold, or foretold and not met. */
  readonly faults: readonly object[]
  readonly made: readonly RandomChange['kind'][]
  readonly refused: number
  readonly altered: number
}

interface Told {
  readonly rows: readonly string[]
  readonly from: string
  readonly to: string
  readonly admitted: boolean
  readonly stays_admitted: boolean
}

/** The answer of a call that foretells. */
interface Preview {
  readonly judged: number
  readonly refused: number
  readonly items: readonly (Told & { readonly subject: string })[]
  readonly unknown: readonly (Told & { readonly class: string })[]
  readonly not_asked: readonly string[]
}

/** Plays the state of a number. */
export async function playOnWire(number: number): Promise<PlayedState> {
  const random = new SeededRandom(SEED, number)
  const ports = {
    outside: await claimPort(),
    // Without one the new OAuth endpoint has less to wait for.
    sync: number % 3 === 0 ? undefined : await claimPort(),
  }
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using deployment = await servedWithStore(upstream.port, fleetYaml(random, ports), {
    // Each worker has its own, and a tunnel is an upstream connection of its own.
    upstreamLimits: ['connections: 64', 'connect: 60s'],
    workers: 1 + (number % 2),
  })
  const { call, frontEnd } = deployment
  await call('POST', '/api/enrollment-settings', {
    name: 'Next',
    source: 'other',
    chain: CAS['Next']?.pem,
  })
  await deployment.inForce()
  const meetings = new Meetings(frontEnd, { inside: frontEnd.port, ...ports })
  const devices = randomDevices(random)
  const state = new WireState(deployment, meetings, devices)
  // The first time they are not known.
  await state.meetKnown()
  await approveSome(deployment, random)
  let before = await state.look()
  const faults: object[] = []
  const made: RandomChange['kind'][] = []
  let [altered, refused] = [0, 0]
  const kinds = dealtTo(number)
  for (let drawn = 0; made.length < MADE && drawn < DRAWN; drawn += 1) {
    const kind = kinds.shift() ?? random.pick(CHANGES)
    const change = await randomChange(kind, { call, devices, random })
    const where = { seed: SEED, number, drawn, change: change.text }
    const preview = await change.foretell()
    const answer = await change.make()
    // What the product refuses is not foretold, and what is foretold can be done.
    if ((preview.status === 200) !== answer.status < 300) faults.push({ ...where, preview, answer })
    if (answer.status >= 300) {
      refused += 1
      // Many a change is refused for what stands, and is not later.
      kinds.push(kind)
      continue
    }
    made.push(kind)
    const after = await state.look()
    const compared = compare(preview.body as Preview, { before, after, devices })
    altered += compared.altered
    faults.push(...compared.faults.map((fault) => ({ ...where, ...fault })))
    before = after
  }
  return { faults, made, refused, altered }
}

/** Half of those that can be. */
async function approveSome({ call }: ServedWithStore, random: SeededRandom): Promise<void> {
  const { body } = await call('GET', '/api/devices')
  const { items } = body as {
    readonly items: readonly { id: string; version: number; subject: string }[]
  }
  const sorted = items.toSorted((one, two) => (one.subject < two.subject ? -1 : 1))
  const chosen = random.shuffled(sorted).slice(0, sorted.length / 2)
  const devices = chosen.map(({ id, version }) => ({ id, version }))
  await call('POST', '/api/devices/approve', { devices })
}

/** What all meet at a time: devices by their names, and the settings as they stand then. */
interface Seen {
  readonly settings: readonly ShownSetting[]
  readonly met: ReadonlyMap<string, Verdicts>
}

class WireState {
  readonly #deployment: ServedWithStore
  readonly #meetings: Meetings
  readonly #devices: readonly FleetDevice[]
  /** When each setting retired, as far as it was seen. */
  readonly #retirements = new Map<string, Set<string>>()

  constructor(deployment: ServedWithStore, meetings: Meetings, devices: readonly FleetDevice[]) {
    this.#deployment = deployment
    this.#meetings = meetings
    this.#devices = devices
  }

  /** Sends all devices, and those that nothing is known of, which are forgotten again. */
  async look(): Promise<Seen> {
    await this.#deployment.inForce()
    const { body } = await this.#deployment.call('GET', '/api/enrollment-settings')
    const settings = (body as { readonly items: readonly ShownSetting[] }).items
    for (const { name, retired_at: at } of settings) {
      const times = this.#retirements.get(name) ?? new Set()
      this.#retirements.set(name, at === null ? times : times.add(at))
    }
    const strangers = await unmetDevices(settings, this.#retirements)
    const met = await this.#meetings.verdictsOf([...this.#known(), ...strangers, NO_CERTIFICATE])
    await this.#recorded()
    for (const leaf of strangers.values()) await this.#forget(leaf)
    await this.#deployment.inForce()
    return { settings, met }
  }

  /** Sends the devices alone. */
  async meetKnown(): Promise<void> {
    await this.#meetings.verdictsOf(this.#known())
    await this.#recorded()
  }

  #known(): readonly (readonly [string, Leaf])[] {
    return this.#devices.map(({ name, leaf }) => [name, leaf])
  }

  /** Settles once all that was met is in the store; being asked for metrics, the workers send what they have. */
  async #recorded(): Promise<void> {
    const { frontEnd } = this.#deployment
    await frontEnd.fetchStatus('/metrics')
    await until(
      () => frontEnd.fetchStatus('/metrics'),
      (text) => /^tfe_sightings_buffered 0$/mu.test(text),
    )
  }

  async #forget(leaf: Leaf): Promise<void> {
    const { call } = this.#deployment
    const { body } = await call('GET', `/api/devices?text=${keyOf(leaf).slice(0, 16)}`)
    const [device] = (body as { readonly items: readonly { id: string; version: number }[] }).items
    if (device === undefined) throw new Error('a device was met and is not known')
    const done = await call('DELETE', `/api/devices/${device.id}`, undefined, `"${device.version}"`)
    if (done.status !== 204) throw new Error(JSON.stringify(done))
  }
}

interface Comparison {
  readonly before: Seen
  readonly after: Seen
  readonly devices: readonly FleetDevice[]
}

function compare(preview: Preview, { before, after, devices }: Comparison) {
  let altered = 0
  const one = (who: string, names: readonly [string, string], told: readonly Told[]) => {
    const [was, is] = [before.met.get(names[0]), after.met.get(names[1])]
    if (was === undefined || is === undefined) throw new Error(`${who} was not sent`)
    const real = differences(was, is)
    altered += real.altered.size
    const isCutOff = [...was].some(([row, it]) => it.admitted && is.get(row)?.admitted === false)
    const faulty = disagreements(foretold(told.map(verdictOf)), real)
    return { isCutOff, faults: faulty.length === 0 ? [] : [{ who, faulty }] }
  }
  const known = devices.map(({ name }) => {
    const told = preview.items.filter(({ subject }) => subject === `CN=${name}`)
    return one(name, [name, name], told)
  })
  const classes = [
    ...unmetClasses(before.settings, after.settings),
    { label: WITHOUT, before: WITHOUT, after: WITHOUT },
  ]
  const unmet = classes.map(({ label, before: was, after: is }) => {
    const told = preview.unknown.filter((it) => it.class === label)
    return one(label, [was, is], told)
  })
  const labels = new Set(classes.map(({ label }) => label))
  const names = new Set(devices.map(({ name }) => `CN=${name}`))
  // No device and no class is named besides, and the counts are those of the devices.
  const others = [
    ...preview.items.filter(({ subject }) => !names.has(subject)),
    ...preview.unknown.filter((it) => !labels.has(it.class)),
  ]
  const { judged, refused } = preview
  const cutOff = known.filter(({ isCutOff }) => isCutOff).length
  const isCounted = judged === devices.length && refused === cutOff
  const faults = [
    ...[...known, ...unmet].flatMap((it) => it.faults),
    ...(others.length > 0 ? [{ others }] : []),
    ...(isCounted ? [] : [{ judged, refused, devices: devices.length, cutOff }]),
  ]
  return { altered, faults }
}

const WITHOUT = 'a client without a certificate'
const NO_CERTIFICATE = [WITHOUT, undefined] as const

const verdictOf = ({ rows, from, to, admitted, stays_admitted: stays }: Told) => ({
  rows,
  before: { admitted, code: from },
  after: { admitted: stays, code: to },
})
