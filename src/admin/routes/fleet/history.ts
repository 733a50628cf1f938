/**
 * What was rolled up by the hour, for a chart over time.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import {
  HISTORY_DAYS,
  HISTORY_KINDS,
  STATE_KINDS,
  type HistoryKind,
} from '../../../fleet/history.ts'
import { READINESS } from '../../../fleet/readiness.ts'
import { countText } from '../../../kernel/count-text.ts'
import { DAY_MS, isoText, ok, type Fault, type Instant } from '../../../kernel/types.ts'
import { EXPIRY_BUCKETS } from '../../../record/expiry-metrics.ts'
import {
  STEP_MS,
  type HistoryPoints,
  type HistoryQuestion,
  type HistoryStep,
} from '../../../store/history/read-points.ts'
import { AUTHENTICATIONS, MIGRATIONS } from '../../../store/schema/vocabulary.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute } from '../../define-route.ts'
import { refuse, wrongText } from '../../refused.ts'
import { nullable, patternText, strictObject, stringEnum, time } from '../../schemas.ts'
import { instantOf } from '../../times.ts'

const STEPS = ['hour', 'day'] as const

const historyShape = strictObject({
  step: stringEnum(STEPS),
  times: Type.Array(time("A step's beginning, in UTC."), {
    description: 'Oldest first; the last step may not be over.',
  }),
  series: Type.Array(
    strictObject({
      kind: stringEnum(HISTORY_KINDS),
      name: Type.String({
        description:
          'A decision, a code, or a segment of a chart; `others` for codes that an hour tells apart no more.',
      }),
      measure: stringEnum(
        ['count', 'state'],
        'A count is of the whole step; a state is as it was last within the step.',
      ),
      values: Type.Array(nullable(Type.Integer()), {
        description: 'One for each of `times`; null where nothing was recorded.',
      }),
    }),
  ),
})

/** Adds the call. */
export function addHistoryRoute(app: FastifyInstance, { store, clock }: AdminContext): void {
  const kind = `(?:${HISTORY_KINDS.join('|')})`
  defineRoute(app, {
    route: 'GET /api/history',
    role: 'viewer',
    tag: 'history',
    summary: `What was counted and how the fleet was, by hour or by day (UTC); kept for ${HISTORY_DAYS} days.`,
    query: strictObject({
      kinds: Type.Optional(
        patternText(`^${kind}(?:,${kind}){0,${HISTORY_KINDS.length - 1}}$`, {
          maxLength: 200,
          wanted: `kinds with commas between them, of ${HISTORY_KINDS.join(', ')}`,
        }),
      ),
      from: Type.Optional(
        time(
          'The step that this lies in is the first; a day before `until` when left out, a month by day.',
        ),
      ),
      until: Type.Optional(time('Steps that begin before this; now when left out.')),
      step: Type.Optional(stringEnum(STEPS, 'An hour when left out.')),
    }),
    response: historyShape,
    handle: async ({ query }) => {
      const step = query.step ?? 'hour'
      const until = instantOf(query.until) ?? clock.now()
      const from = instantOf(query.from) ?? (Math.max(0, until - USUAL_MS[step]) as Instant)
      const faults = rangeFaults({ from, until, step })
      if (faults.length > 0) {
        return refuse({
          status: 400,
          code: 'data-faulty',
          detail: wrongText(faults, 'the query'),
          nextStep: 'correct it, and call again',
          faults,
        })
      }
      const question = {
        kinds: HISTORY_KINDS.filter((one) => query.kinds?.split(',').includes(one) ?? true),
        from: (from - (from % STEP_MS[step])) as Instant,
        // A step that begins before the end is whole.
        until: (Math.ceil(until / STEP_MS[step]) * STEP_MS[step]) as Instant,
        step,
      }
      const found = await store.history.points(question)
      return found.ok ? ok({ body: shownHistory(question, found.value) }) : found
    },
  })
}

type Range = Omit<HistoryQuestion, 'kinds'>

/** What is wrong with a time that is asked for: it is no time, or its answer would be too long. */
function rangeFaults({ from, until, step }: Range): readonly Fault[] {
  if (from >= until) {
    const message = `found ${isoText(from)}, wanted a time before until, which is ${isoText(until)}: let it begin earlier or end later`
    return [{ at: 'from', message }]
  }
  const steps = Math.ceil((until - (from - (from % STEP_MS[step]))) / STEP_MS[step])
  if (steps <= MAX_STEPS[step]) return []
  const advice = step === 'hour' ? 'ask by day, or for less time' : 'ask for less time'
  const message = `found ${countText(steps, step)} up to until, wanted at most ${MAX_STEPS[step]}: ${advice}`
  return [{ at: 'from', message }]
}

/** Points → a series for each name, with a value for each step. */
function shownHistory(
  { kinds, from, until, step }: HistoryQuestion,
  { points, counted }: HistoryPoints,
): Static<typeof historyShape> {
  const times: Instant[] = []
  for (let at: number = from; at < until; at += STEP_MS[step]) times.push(at as Instant)
  const countedAt = new Set(counted)
  const byKind = Map.groupBy(points, (one) => one.kind)
  return {
    step,
    times: times.map(isoText),
    series: kinds.flatMap((kind) => {
      const byName = Map.groupBy(byKind.get(kind) ?? [], ({ name }) => name)
      const names = new Set([...(NAMES[kind] ?? []), ...[...byName.keys()].toSorted()])
      return [...names].map((name) => {
        const values = new Map(byName.get(name)?.map(({ at, value }) => [at, value]))
        return {
          kind,
          name,
          measure: isState(kind) ? ('state' as const) : ('count' as const),
          // Results of authentication may be left unsaved, so that none is not nought.
          values: times.map(
            (at) =>
              values.get(at) ??
              (!isState(kind) && kind !== 'authentication' && countedAt.has(at) ? 0 : null),
          ),
        }
      })
    }),
  }
}

const isState = (kind: HistoryKind): boolean => STATE_KINDS.some((one) => one === kind)

/** Names that a kind always has, in the order of its chart. */
const NAMES: Readonly<Partial<Record<HistoryKind, readonly string[]>>> = {
  requests: ['admit', 'refuse'],
  relayed: ['admit', 'refuse'],
  authentication: AUTHENTICATIONS,
  readiness: READINESS,
  approval: ['approved', 'awaiting', 'unapproved', 'blocked'],
  migration: MIGRATIONS,
  expiry: EXPIRY_BUCKETS,
}

/** What is looked back on where nothing else is asked for. */
const USUAL_MS: Readonly<Record<HistoryStep, number>> = { hour: DAY_MS, day: 30 * DAY_MS }
/** A month of hours in which 40 codes of two kinds were met is 400 KB, in 0.1 s (measured); a longer time is drawn by day. */
const MAX_STEPS: Readonly<Record<HistoryStep, number>> = { hour: 31 * 24, day: HISTORY_DAYS + 1 }
