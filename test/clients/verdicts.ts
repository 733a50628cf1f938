/**
 * What the calls of a walk must come to. Under `auto` everything is right at once. Under `on` TLS itself holds some
 * clients to the session they began; that is what the design notes give as the reason for `auto`, and how far it may
 * go: refused once after enrolment, held to the old certificate after renewal, locked out never.
 */
import type { VisitOutcome, Setting } from './front-end.ts'

export interface WalkOutcomes {
  readonly expected: 'none' | 'first' | 'second'
  /** The same call, made twice. */
  readonly calls: readonly VisitOutcome[]
}

export interface Verdict {
  readonly setting: Setting
  /** What resumption does to this client, known and bounded. */
  readonly notes: readonly string[]
  readonly faults: readonly string[]
}

/** Judges one walk. */
export function judge(setting: Setting, outcomes: readonly WalkOutcomes[]): Verdict {
  const findings = outcomes.flatMap(({ expected, calls }) =>
    calls.map((fate, call) => finding(fate, { setting, expected, isFirst: call === 0 })),
  )
  const said = (kind: Finding['kind']): readonly string[] => [
    ...new Set(findings.filter((one) => one.kind === kind).map(({ says }) => says)),
  ]
  return { setting, notes: said('note'), faults: said('fault') }
}

/** Whether there is still a client that `on` would do harm to. */
export const heldBack = (verdicts: readonly Verdict[]): boolean =>
  verdicts.some(({ setting, notes }) => setting === 'on' && notes.length > 0)

/** Both calls of a step as the table shows them. */
export const cellOf = ({ calls }: WalkOutcomes): string =>
  calls
    .map(({ status, seen, resumed }) => `${status === 200 ? seen : status}${resumed ? '*' : ''}`)
    .join(' ')

interface Finding {
  readonly kind: 'right' | 'note' | 'fault'
  readonly says: string
}

interface Circumstances {
  readonly setting: Setting
  readonly expected: WalkOutcomes['expected']
  readonly isFirst: boolean
}

function finding(
  { status, code, resumed, seen }: VisitOutcome,
  { setting, expected, isFirst }: Circumstances,
): Finding {
  if (setting === 'auto' && resumed) return { kind: 'fault', says: 'resumed where devices enrol' }
  if (status === 200 && seen === expected) return { kind: 'right', says: '' }
  if (resumed && code === 'resumed-without-certificate' && isFirst) {
    return { kind: 'note', says: 'refused once' }
  }
  if (resumed && status === 200 && expected === 'second' && seen === 'first') {
    return { kind: 'note', says: 'held to the old certificate' }
  }
  const got = status === 200 ? seen : `${status} ${code}`
  return { kind: 'fault', says: `got ${got}, wanted ${expected}` }
}
