/**
 * What a change would do to the fleet: every device of which a certificate is kept, page by page, and the classes of
 * devices that were never met.
 */
import { ok, type Instant, type Result } from '../../kernel/types.ts'
import { judgedState, type JudgedState } from '../../state/preview/judged-state.ts'
import {
  isAltered,
  Preview,
  type AlteredVerdict,
  type KnownDevice,
} from '../../state/preview/preview.ts'
import { unknownClasses } from '../../state/preview/unknown-devices.ts'
import { isPathFailureKind } from '../../trust/failure.ts'
import type { RetainedCertificate } from '../../store/devices/retained-certificates.ts'
import type { AdminContext } from '../context.ts'
import type { RouteFailure } from '../define-route.ts'
import { refuse } from '../refused.ts'
import { factsAfter, type PreviewedStep } from './change.ts'

/** What a change alters. */
export interface FleetPreview {
  /** Devices of which a certificate is kept. */
  readonly judged: number
  /** False when there are more devices than are judged. */
  readonly complete: boolean
  readonly groups: readonly AlteredGroup[]
  /** Devices that are refused on a row where they were admitted, each by the first code that it gets. */
  readonly cutOff: ReadonlyMap<string, number>
  /** Devices that are named to an upstream now, and go on unnamed while certificates are recorded. */
  readonly unnamed: number
  /** The first of the devices that meet another verdict. */
  readonly devices: readonly AlteredDevice[]
  readonly classes: readonly AlteredClass[]
  /** What the judge was not asked, in words. */
  readonly notAsked: readonly string[]
}

/** Devices that meet the same change. */
export interface AlteredGroup extends AlteredVerdict {
  /** Undefined where no CA vouches for the devices. */
  readonly setting: string | undefined
  readonly count: number
}

export interface AlteredDevice {
  readonly id: string
  readonly subject: string
  readonly verdicts: readonly AlteredVerdict[]
}

export interface AlteredClass {
  readonly label: string
  readonly verdicts: readonly AlteredVerdict[]
}

/** What is asked; `at` is the time that both states are judged by. */
export interface PreviewRequest {
  readonly step: PreviewedStep
  readonly at?: Instant | undefined
}

/** Asks the judge about the state in force and about the one after a step; nothing is changed. */
export async function previewStep(
  { store, clock, frontEnd }: AdminContext,
  { step, at }: PreviewRequest,
): Promise<Result<FleetPreview, RouteFailure>> {
  const facts = await frontEnd.stateFacts()
  if (!facts.ok) return facts
  const settings = await store.enrollment.list()
  if (!settings.ok) return settings
  const moment = clock.now()
  const next = factsAfter(facts.value, step, { settings: settings.value, now: moment })
  if (!next.ok) return next
  const now = at ?? moment
  const crls = frontEnd.loadedCrls()
  const before = judgedState(frontEnd.config(), { ...facts.value, crls }, now)
  const after = judgedState(frontEnd.config(), { ...next.value, crls }, now)
  if (!before.ok) return UNBUILT
  if (!after.ok) return UNBUILT
  const change = { before: before.value, after: after.value, now }
  const preview = new Preview(change)
  const sum = new PreviewSum()
  const notAsked = (): readonly string[] => [
    ...new Set([...before.value.notAsked, ...after.value.notAsked]),
    ...(preview.isUnsure ? [UNSURE] : []),
  ]
  for (const name of [...settings.value.map((one) => one.name), undefined]) {
    let page: string | undefined
    do {
      if (sum.judged >= MAX_JUDGED)
        return ok(sum.result(classesOf(preview, change), { complete: false, notAsked: notAsked() }))
      const read = await store.devices.retainedCertificates(name, { limit: 1000, after: page })
      if (!read.ok) return read
      for (const retained of read.value.items) {
        const isBlocked = step.kind === 'block' && step.devices.has(retained.device)
        const device = knownDevice(retained)
        const approvalAfter = isBlocked ? 'blocked' : undefined
        sum.add(retained, preview.verdictsOn(device, { approvalAfter }))
      }
      page = read.value.next
    } while (page !== undefined)
  }
  return ok(sum.result(classesOf(preview, change), { complete: true, notAsked: notAsked() }))
}

const UNSURE =
  'whether a CA signed the certificates that bear its name, and that no CA vouched for when they were seen'

const UNBUILT = refuse({
  status: 409,
  code: 'preview-impossible',
  detail: 'no trust store can be made of the enrollment settings as they are, or would be',
  nextStep: '`tfe status` and the log say what is wrong with which chain; mend that first',
})

/** Row → device, as the preview asks for it. */
const knownDevice = (retained: RetainedCertificate): KnownDevice => ({
  leaf: retained,
  issuerKey: retained.issuerKey,
  issuer: retained.issuer,
  setting: retained.sound ? retained.setting : undefined,
  failure: isPathFailureKind(retained.code) ? { kind: retained.code } : undefined,
  approval: retained.approval,
  knownSince: retained.knownSince,
})

function classesOf(
  preview: Preview,
  { before, after, now }: { before: JudgedState; after: JudgedState; now: Instant },
): readonly AlteredClass[] {
  const classes = unknownClasses(before, after, now).map(({ label, device, at }) => ({
    label,
    verdicts: merged(preview.verdictsOn(device, { at }).filter(isAltered)),
  }))
  const without = {
    label: 'a client without a certificate',
    verdicts: merged(preview.verdictsWithout().filter(isAltered)),
  }
  return [...classes, without].filter(({ verdicts }) => verdicts.length > 0)
}

/** Verdicts that change alike, with the rows of all. */
function merged(altered: readonly AlteredVerdict[]): readonly AlteredVerdict[] {
  const groups = Map.groupBy(altered, ({ before, after }) => JSON.stringify([before, after]))
  return [...groups.values()].flatMap((alike) =>
    alike.slice(0, 1).map((first) => ({ ...first, rows: alike.flatMap(({ rows }) => rows) })),
  )
}

const losesName = ({ before, after }: AlteredVerdict): boolean =>
  NAMED.has(before.code) && after.admitted && !NAMED.has(after.code)

/** Bases on which a device is named to an upstream. */
const NAMED: ReadonlySet<string> = new Set(['verified', 'in-grace'])

/** What was found so far. */
class PreviewSum {
  judged = 0
  readonly #groups = new Map<string, AlteredGroup & { rows: string[]; count: number }>()
  readonly #cutOff = new Map<string, number>()
  readonly #devices: AlteredDevice[] = []
  #unnamed = 0

  add(
    { device: id, subject, setting }: RetainedCertificate,
    verdicts: readonly AlteredVerdict[],
  ): void {
    this.judged += 1
    const altered = merged(verdicts.filter(isAltered))
    if (altered.length === 0) return
    for (const { before, after, rows } of altered) {
      const key = JSON.stringify([setting, before, after])
      const group = this.#groups.get(key) ?? { setting, before, after, rows: [], count: 0 }
      this.#groups.set(key, group)
      for (const row of rows) if (!group.rows.includes(row)) group.rows.push(row)
      group.count += 1
    }
    const cut = altered.find(({ before, after }) => before.admitted && !after.admitted)
    if (cut !== undefined) {
      const { code } = cut.after
      this.#cutOff.set(code, (this.#cutOff.get(code) ?? 0) + 1)
    } else if (altered.some(losesName)) this.#unnamed += 1
    if (this.#devices.length < MAX_SHOWN) this.#devices.push({ id, subject, verdicts: altered })
  }

  result(
    classes: FleetPreview['classes'],
    { complete, notAsked }: Pick<FleetPreview, 'complete' | 'notAsked'>,
  ): FleetPreview {
    return {
      judged: this.judged,
      complete,
      groups: [...this.#groups.values()],
      cutOff: this.#cutOff,
      unnamed: this.#unnamed,
      devices: this.#devices,
      classes,
      notAsked,
    }
  }
}

/** What is read in a few seconds; of a larger fleet the proportions are told. */
const MAX_JUDGED = 200_000
const MAX_SHOWN = 100
