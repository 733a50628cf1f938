/**
 * Holds what each source says of a device against what the device met. Where a source is not asked the same, what it says
 * instead is as exact: see `docs/design-notes.md`.
 */
import { caWord } from '../../src/fleet/evidence.ts'
import type { FrontEnd } from '../cases/front-end.ts'
import type { Leaf } from '../support/certificates/mint.ts'
import type { ListedDevice } from './listed-devices.ts'
import type { Call } from './random-call.ts'
import type { ExplainedDevice } from './random-device.ts'
import type { Met } from './real-request.ts'
import {
  beforeWithout,
  explain,
  explainReference,
  keptRefusal,
  verdictOf,
  type Before,
  type Explained,
} from './sources.ts'
import type { Source, Tally } from './tally.ts'
import { listedText, verdictText, type Verdict } from './verdict.ts'

/** A device of a state, what it met, and what is known of it. */
export interface Compared {
  readonly state: number
  readonly device: ExplainedDevice
  readonly met: Met
  readonly before: Before
  /** Its row in the list before its last request and after it. */
  readonly rows: readonly [ListedDevice | undefined, ListedDevice | undefined]
  /** Devices of the inventory that are listed as refused for want of a certificate. */
  readonly without: ReadonlySet<string>
}

/** Compares all that there is of one device. */
export async function compareDevice(on: FrontEnd, it: Compared, tally: Tally): Promise<void> {
  const { state, device, met, rows } = it
  const { leaf, call } = device
  const where = `${device.name}, ${call.listener} ${call.path} from ${call.from} ${call.userAgent ?? ''}`
  const compare: Compare = (source, said, wanted) => {
    tally.compare({ state, source, where, said, wanted })
  }
  const wanted = verdictText(met.verdict)
  tally.count(met)
  const byCertificate =
    leaf === undefined ? undefined : await explain(on, { certificate: leaf.chainPem }, call)
  const [, row] = rows
  if (byCertificate !== undefined) {
    compare('certificate', verdictText(verdictOf(byCertificate)), wanted)
    compareFacts(it, byCertificate, compare)
  }
  if (row === undefined) {
    // A device that only ever asked for rows where none is asked for is not known.
    compare('list', 'no row', isListed(it) ? 'a row' : 'no row')
  } else {
    const byDevice = await explain(on, { device: row.id }, call)
    compare('device', verdictText(verdictOf(byDevice)), verdictText(keptVerdict(it, byCertificate)))
    compareRow(it, row, compare)
  }
  await comparePreview(on, it, byCertificate, compare)
  await compareReference(on, met, compare)
}

type Compare = (source: Source, said: string, wanted: string) => void

/** What all of them name besides: the row, the settings, the approval, and the entry of the deny list. */
function compareFacts({ met, rows }: Compared, said: Explained, compare: Compare): void {
  const [, listed] = rows
  const { in_force: inForce } = said
  if (met.row !== undefined) compare('certificate', `row ${said.route?.id}`, `row ${met.row}`)
  const names = inForce.settings.map(({ name }) => name)
  if (met.setting !== undefined) {
    const isNamed = names.includes(met.setting) ? met.setting : names.join(', ')
    compare('certificate', `setting ${isNamed}`, `setting ${met.setting}`)
  }
  if (met.verdict.code.startsWith('denied-')) {
    const found = inForce.deny_entries.length > 0 ? 'an entry' : 'no entry'
    compare('certificate', found, 'an entry')
  }
  if (listed === undefined) return
  compare('list', `it is ${listed.approval}`, `it is ${inForce.approval?.state}`)
}

/**
 * Of a certificate its names and policies are not kept: on a row that asks for them it is judged as on one that does
 * not, which the certificate itself is judged on as well.
 */
function keptVerdict({ device, met }: Compared, byCertificate: Explained | undefined): Verdict {
  const isOtherwise = device.call.row === 'named' && byCertificate !== undefined
  return isOtherwise ? onRow('data', byCertificate) : met.verdict
}

function onRow(row: string, said: Explained | undefined): Verdict {
  const found = said?.rows.find((one) => one.row === row)
  if (found === undefined) throw new Error(`no verdict on the row ${row}`)
  return verdictOf(found)
}

/** The list says what a device met last where it was asked for a certificate, or was refused for what it is. */
function isListed({ device: { call }, met: { verdict, status } }: Compared): boolean {
  // A connection that no row could admit ends before there is a row.
  if (status === 0) return true
  if (call.row === 'admin' || NOT_SERVING.has(verdict.code)) return false
  const isAsked = call.row !== 'enroll' && call.row !== 'old-token'
  return isAsked || !verdict.admitted
}

const NOT_SERVING = new Set(['legacy-oauth-disabled', 'oauth-disabled', 'oauth-not-configured'])

function compareRow(it: Compared, row: ListedDevice, compare: Compare): void {
  const { device, met, without } = it
  const [was] = it.rows
  if (device.leaf === undefined) {
    const isListedWithout = without.has(device.call.reportedId ?? '')
    const isAsked = isListed(it) && met.verdict.code === 'no-certificate' && saysWhoItIs(device)
    compare(
      'list',
      isListedWithout ? 'no-certificate' : 'none',
      isAsked ? 'no-certificate' : 'none',
    )
    return
  }
  if (!isListed(it)) {
    const [before, after] = [was, row].map(
      (one) => `${one?.sightings} ${one?.verdict} ${one?.code}`,
    )
    compare('list', `as before: ${after}`, `as before: ${before}`)
    return
  }
  compare('list', `${row.verdict}: ${row.code}`, listedText(met.verdict))
  compare('list', `on ${row.listener}`, `on ${device.call.listener}`)
  // Of a CA that refuses it, no certificate counts for the list: its key would make any number of devices.
  const isCounted = caWord(row.verdict ?? '', row.code ?? '') !== 'refused'
  const setting = isCounted ? met.setting : (was?.setting ?? undefined)
  if (met.setting !== undefined) compare('list', `of ${row.setting}`, `of ${setting ?? null}`)
}

/** Only on these rows a client gives its id. */
const saysWhoItIs = ({ call: { row, listener } }: ExplainedDevice): boolean =>
  listener !== 'strict' && ['data', 'kept', 'renew'].includes(row)

async function comparePreview(
  on: FrontEnd,
  it: Compared,
  byCertificate: Explained | undefined,
  compare: Compare,
): Promise<void> {
  const { device, met, before, rows } = it
  const { call, leaf } = device
  // A row that admits no device is asked of none.
  if (call.row === 'admin') return
  const what = notAsked(it)
  if (what !== undefined)
    compare('preview', before.notAsked.find((one) => one === what) ?? '', what)
  if (leaf === undefined) {
    const said = what === undefined ? await beforeWithout(on, call) : undefined
    if (said !== undefined) compare('preview', verdictText(said), verdictText(met.verdict))
    return
  }
  const [, row] = rows
  if (row === undefined) return
  const wanted =
    what === undefined
      ? met.verdict
      : what === AGENTS
        ? await withoutAgent(on, leaf, call)
        : onRow('data', byCertificate)
  compare('preview', verdictText(before.verdictOn(row, call)), verdictText(wanted))
}

/** What of a request a preview says that it does not ask. */
function notAsked({ device: { call }, met: { verdict } }: Compared): string | undefined {
  if (verdict.code === 'address-not-allowed') return NETWORKS
  if (verdict.code === 'expired-without-grace') return AGENTS
  return call.row === 'named' ? NAMES : undefined
}

const NETWORKS = 'networks that rows are open to'
const NAMES = 'match rules on names and policies of certificates'
const AGENTS = 'what clients say of themselves, by which some have no grace'

/** What a client meets that says nothing of itself. */
async function withoutAgent(on: FrontEnd, leaf: Leaf, call: Call): Promise<Verdict> {
  const asked = { ...call, userAgent: undefined }
  return verdictOf(await explain(on, { certificate: leaf.chainPem }, asked))
}

async function compareReference(on: FrontEnd, met: Met, compare: Compare): Promise<void> {
  const { reference, verdict, status, row } = met
  if (reference === undefined) return
  const kept = await keptRefusal(on, reference)
  compare(
    'reference',
    `${kept.code} ${kept.status} ${kept.route}`,
    `${verdict.code} ${status === 0 ? null : status} ${row ?? null}`,
  )
  const said = await explainReference(on, reference)
  compare('reference', `then ${said.reference?.code}`, `then ${verdict.code}`)
  // What a client said of itself, and what a row asked of names, is not kept: the explanation says so and compares nothing.
  const isAgain = !NOT_KEPT.has(verdict.code)
  compare('reference', `same ${said.reference?.same}`, `same ${isAgain ? true : null}`)
  if (isAgain) compare('reference', verdictText(verdictOf(said)), verdictText(verdict))
}

const NOT_KEPT = new Set(['expired-without-grace', 'match-rule-unmet'])
