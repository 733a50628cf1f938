/**
 * One state of the law of previews: random changes are foretold, made in a real store, read again, compiled and asked with
 * real certificates.
 */
import { hash } from 'node:crypto'
import type { AdminContext } from '../../../src/admin/context.ts'
import { previewStep, type FleetPreview } from '../../../src/admin/preview/fleet-preview.ts'
import { readStateFacts } from '../../../src/serve/store-sync/read-rules.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import type { AlteredVerdict } from '../../../src/state/preview/preview.ts'
import type { Store } from '../../../src/store/store.ts'
import { SeededRandom } from '../../support/seeded-random.ts'
import { opened, testClock, type Backend } from '../../support/store/backends.ts'
import { unwrap } from '../../support/store/sightings.ts'
import { differences, disagreements, foretold, type Disagreement } from './disagreements.ts'
import { CHAINS, NOW, type SettingName, type Shown } from './fleet-cas.ts'
import { makeChange, randomStep, stepName } from './random-step.ts'
import { RealJudge } from './real-judge.ts'
import { fillStore, type RandomState } from './random-state.ts'
import { representatives } from './representatives.ts'

/** Names every state and every change. */
export const SEED = 20_261_122
const STEPS = 6

/** What came of a state. */
export class Played {
  /** What was met and not foretold, or foretold and not met. */
  readonly faults: object[] = []
  readonly #met = new Map<string, number>()

  count(what: string, many = 1): void {
    this.#met.set(what, this.seen(what) + many)
  }

  seen(what: string): number {
    return this.#met.get(what) ?? 0
  }
}

/** Plays the state of a number in an empty store. */
export async function playState(backend: Backend, number: number, played: Played): Promise<void> {
  const random = new SeededRandom(SEED, number)
  await using place = await backend.place()
  await using store = await opened(place, { clock: testClock(NOW) })
  const state = await fillStore(store, random)
  let before = await RealJudge.read(store, state.config, { ...state, now: NOW })
  for (let at = 0; at < STEPS; at += 1) {
    const step = await randomStep(store, state, random)
    const settings = unwrap(await store.enrollment.list())
    const devices = await knownDevices(store, state)
    const preview = await previewStep(contextOf(store, state), { step })
    const changed = await makeChange(store, step)
    const where = { seed: SEED, number, at, step: stepName(step) }
    // What the store refuses is not foretold, and what is foretold can be done.
    if (preview.ok !== changed.ok) played.faults.push({ ...where, preview, changed })
    if (!preview.ok) {
      played.count('refused')
      continue
    }
    played.count(step.kind === 'standing' ? step.change : step.kind)
    const after = await RealJudge.read(store, state.config, { ...state, now: NOW })
    const classes = representatives(settings, unwrap(await store.enrollment.list()))
    const faults = compare({ before, after, preview: preview.value, devices, classes }, played)
    played.faults.push(...faults.map((fault) => ({ ...where, ...fault })))
    before = after
  }
}

interface Comparison {
  readonly before: RealJudge
  readonly after: RealJudge
  readonly preview: FleetPreview
  readonly devices: Awaited<ReturnType<typeof knownDevices>>
  readonly classes: ReturnType<typeof representatives>
}

function compare(
  { before, after, preview, devices, classes }: Comparison,
  played: Played,
): readonly object[] {
  const { notAsked } = preview
  const one = (
    who: string,
    { shown, isUnsure = false, isOfPresented = false, at = NOW }: Met,
    told: readonly AlteredVerdict[] = [],
  ): readonly object[] => {
    const real = differences(before.verdicts(shown, at), after.verdicts(shown, at))
    played.count('verdicts', real.all)
    played.count('altered', real.altered.size)
    const showsMore = isOfPresented || before.showsMore(shown) || after.showsMore(shown)
    const faulty = disagreements(foretold(told), real).filter((found) => {
      const why = reasonNotAsked(found, { shown, showsMore, isUnsure })
      if (why === undefined || !notAsked.includes(why)) return true
      played.count(why)
      return false
    })
    return faulty.length > 0 ? [{ who, faulty }] : []
  }
  // No device and no class is named besides.
  const others = [
    ...preview.devices.filter(({ id }) => !devices.has(id)),
    ...preview.classes.filter(({ label }) => !classes.has(label)),
  ]
  return [
    ...[...devices].flatMap(([id, device]) =>
      one(device.shown.label, device, preview.devices.find((it) => it.id === id)?.verdicts),
    ),
    ...[...classes].flatMap(([label, shown]) =>
      one(
        label,
        { shown, at: issuedBy(shown) },
        preview.classes.find((it) => it.label === label)?.verdicts,
      ),
    ),
    ...(others.length > 0 ? [{ others }] : []),
  ]
}

/** A device that was not met comes when it has been issued. */
const issuedBy = (shown: Shown | undefined): Instant =>
  Math.max(NOW, shown?.certificate.notBefore ?? NOW) as Instant

/** As much of the admin API's context as a preview asks. */
const contextOf = (store: Store, { config, crls }: RandomState): AdminContext =>
  ({
    store,
    clock: { now: () => NOW },
    frontEnd: {
      config: () => config,
      stateFacts: () => readStateFacts(store, config),
      loadedCrls: () => crls,
    },
  }) as unknown as AdminContext

/** What is asked about, and what the store knows of it. */
interface Met {
  /** Undefined for a client without a certificate. */
  readonly shown: Shown | undefined
  /** No CA vouched for it when it was seen. */
  readonly isUnsure?: boolean
  /** It was vouched for over a CA certificate that a device presented. */
  readonly isOfPresented?: boolean
  /** When it comes. */
  readonly at?: Instant
}

/** The certificate that is kept of each device. */
async function knownDevices(
  store: Store,
  { shown }: RandomState,
): Promise<ReadonlyMap<string, Met & { readonly shown: Shown }>> {
  const devices = new Map<string, Met & { readonly shown: Shown }>()
  const settings = unwrap(await store.enrollment.list()).map(({ name }) => name)
  for (const name of [...settings, undefined]) {
    const page = unwrap(await store.devices.retainedCertificates(name, { limit: 1000 }))
    for (const { device, key, sound, setting, issuerKey } of page.items) {
      const one = shown.get(key)
      if (one === undefined) throw new Error('a device was kept that was not shown')
      const keys = setting === undefined ? [] : CHAINS[setting as SettingName].map(keyOf)
      const isOfPresented = sound && !keys.includes(issuerKey ?? '')
      devices.set(device, { shown: one, isUnsure: !sound, isOfPresented })
    }
  }
  return devices
}

const keyOf = ({ spki }: { readonly spki: Buffer }): string => hash('sha256', spki)

/** What made a verdict another one than was foretold, in the words of a preview that does not ask it. */
function reasonNotAsked(
  { row, real = '' }: Disagreement,
  { shown, showsMore, isUnsure }: Pick<Met, 'isUnsure' | 'shown'> & { readonly showsMore: boolean },
): string | undefined {
  if (showsMore) return PRESENTED
  if (row.startsWith('rows/near') && real.includes('address-not-allowed')) return NETWORKS
  const names = shown?.certificate.subjectAltNames ?? []
  const isNamed = names.some((name) => 'text' in name && name.text === 'urn:x-device:1')
  if (row.startsWith('rows/named') && !isNamed) return NAMES
  return isUnsure === true ? UNSURE : undefined
}

const PRESENTED = 'CA certificates that devices present and no enrollment setting in force holds'
const NETWORKS = 'networks that rows are open to'
const NAMES = 'match rules on names and policies of certificates'
const UNSURE =
  'whether a CA signed the certificates that bear its name, and that no CA vouched for when they were seen'
/** Everything that a preview may say it does not ask. */
export const NOT_ASKED = [PRESENTED, NETWORKS, NAMES, UNSURE]
