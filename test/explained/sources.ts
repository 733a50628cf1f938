/** What each source says of a device and its request: explanations, a preview, and what is kept of a refusal. */
import type { Answer, FrontEnd } from '../cases/front-end.ts'
import { until } from '../support/until.ts'
import type { ListedDevice } from './listed-devices.ts'
import { LISTENERS, placeOf, type Call } from './random-call.ts'
import type { Verdict } from './verdict.ts'

/** A verdict as the admin API tells it. */
interface ToldVerdict {
  readonly verdict: 'admit' | 'refuse'
  readonly code: string
  readonly would_refuse: string | null
}

/** An answer of `POST /api/explain`, as far as it is compared. */
export interface Explained extends ToldVerdict {
  readonly route: { readonly id: string } | null
  readonly rows: readonly (ToldVerdict & { readonly row: string })[]
  readonly in_force: {
    readonly approval: { readonly state: string } | null
    readonly settings: readonly { readonly name: string }[]
    readonly deny_entries: readonly { readonly value: string }[]
  }
  readonly reference: {
    readonly code: string
    readonly same: boolean | null
  } | null
  readonly steps: readonly unknown[]
}

/** Verdict of an explanation, in the form that all are compared in. */
export const verdictOf = ({ verdict, code, would_refuse: recorded }: ToldVerdict): Verdict => ({
  admitted: verdict === 'admit',
  code: recorded ?? code,
})

/** Explains a subject in the circumstances of a call. */
export async function explain(
  on: FrontEnd,
  subject: { readonly certificate: string } | { readonly device: string },
  { listener, path, from, userAgent }: Call,
): Promise<Explained> {
  const agent = userAgent === undefined ? {} : { user_agent: userAgent }
  const asked = { ...subject, listener, path, from, ...agent }
  return body(await on.call('POST', '/api/explain', asked)) as Explained
}

/** Explains a reference, once the store keeps it. */
export async function explainReference(on: FrontEnd, reference: string): Promise<Explained> {
  await keptRefusal(on, reference)
  return body(await on.call('POST', '/api/explain', { reference })) as Explained
}

/** What is kept of a refusal. */
export interface KeptRefusal {
  readonly code: string
  readonly status: number | null
  readonly route: string | null
}

export async function keptRefusal(on: FrontEnd, reference: string): Promise<KeptRefusal> {
  const kept = await until(
    () => on.call('GET', `/api/refusals/${reference}`),
    ({ status }) => status === 200,
  )
  return body(kept) as KeptRefusal
}

interface Told {
  readonly rows: readonly string[]
  readonly from: string
  readonly to: string
  readonly admitted: boolean
}

/** What a preview says that devices meet before a change, by row. */
export interface Before {
  readonly notAsked: readonly string[]
  /** What a device meets on the row of a call. */
  verdictOn(device: ListedDevice, call: Call): Verdict
}

/**
 * The preview of blocking all devices: each meets `blocked` on every row after it, so that a row on which nothing alters
 * is one on which the device is blocked before, too.
 */
export async function before(on: FrontEnd, listed: readonly ListedDevice[]): Promise<Before> {
  const devices = listed.map(({ id, version }) => ({ id, version }))
  const answer = await on.call('POST', '/api/devices/block/preview', { devices })
  const preview = body(answer) as {
    readonly judged: number
    readonly items: readonly (Told & { readonly device: string })[]
    readonly not_asked: readonly string[]
  }
  if (preview.judged !== listed.length) {
    throw new Error(`${preview.judged} devices were judged of ${listed.length}`)
  }
  return {
    notAsked: preview.not_asked,
    verdictOn({ id }, call) {
      const told = toldOf(
        preview.items.filter(({ device }) => device === id),
        call,
      )
      if (told === undefined) return { admitted: false, code: 'blocked' }
      if (told.to !== 'blocked') throw new Error(JSON.stringify(told))
      return { admitted: told.admitted, code: told.from }
    },
  }
}

/** What the preview of the latch says that a client without a certificate meets; undefined where nothing alters. */
export async function beforeWithout(on: FrontEnd, call: Call): Promise<Verdict | undefined> {
  const { unknown } = body(await on.call('POST', '/api/enforcement/preview')) as {
    readonly unknown: readonly (Told & { readonly class: string })[]
  }
  const told = toldOf(
    unknown.filter((one) => one.class === 'a client without a certificate'),
    call,
  )
  return told && { admitted: told.admitted, code: told.from }
}

/** A row is named with its place where that matters. */
function toldOf(items: readonly Told[], call: Call): Told | undefined {
  const row = `${LISTENERS[call.listener].table}/${call.row}`
  const names = [row, `${row} (${placeOf(call)})`]
  return items.find(({ rows }) => rows.some((one) => names.includes(one)))
}

/** The body of an answer that has to be one. */
function body({ status, body: answer }: Answer): unknown {
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(answer)}`)
  return answer
}
