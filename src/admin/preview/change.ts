/**
 * Every change that is previewed, and the state that it would put in force. Refused where the store would refuse it.
 */
import { fail, ok, unreachable, type Instant, type Result } from '../../kernel/types.ts'
import type { ApprovalModel, OAuthEndpoints } from '../../decide/policy.ts'
import { Overlay, signedIdsDelta, type OverlayDelta } from '../../state/overlay.ts'
import type { StateFacts } from '../../state/preview/judged-state.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import { denyColumns, type DenyTarget } from '../../store/devices/denials.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { StandingKind } from '../../store/schema/vocabulary.ts'
import type { Retirement, StoredSetting } from '../../store/settings/enrollment-setting.ts'

/** A `PreviewedStep` is one change of what requests are judged by. */
export type PreviewedStep =
  | {
      readonly kind: 'standing'
      readonly setting: string
      readonly change: StandingChange
      /** Of the CA that retires, or is amended; what is left out stays. */
      readonly retirement: Partial<Pick<Retirement, 'cutOff' | 'sunset'>>
    }
  | { readonly kind: 'approval-model'; readonly model: ApprovalModel }
  | { readonly kind: 'require-certificates' }
  | { readonly kind: 'oauth'; readonly endpoints: OAuthEndpoints }
  | { readonly kind: 'close-sync-port'; readonly listener: string }
  | { readonly kind: 'deny'; readonly denied: DenyTarget }
  | {
      readonly kind: 'block'
      /** Ids of the devices. */
      readonly devices: ReadonlySet<string>
      /** Those by which other certificates are told to be theirs. */
      readonly signedIds: readonly string[]
    }

export type StandingChange = 'amend' | 'distrust' | 'promote' | 'remove'

/** What a step needs to know besides the state before it. */
export interface StepContext {
  readonly settings: readonly StoredSetting[]
  readonly now: Instant
}

/** Returns what the store would say after a step. */
export function factsAfter(
  facts: StateFacts,
  step: PreviewedStep,
  { settings, now }: StepContext,
): Result<StateFacts, StoreFailure> {
  const withRules = (rules: Partial<StoreRules>) =>
    ok({ ...facts, rules: { ...facts.rules, ...rules } })
  switch (step.kind) {
    case 'standing': {
      const after = settingsAfter(facts.rules, { step, settings, now })
      return after.ok ? withRules(after.value) : after
    }
    case 'approval-model':
      return withRules({ approvalModel: step.model })
    case 'require-certificates':
      return withRules({ latch: 'required' })
    case 'oauth':
      return withRules({ oauth: step.endpoints })
    case 'close-sync-port':
      return withRules({ closedListeners: [...facts.rules.closedListeners, step.listener] })
    case 'deny':
      return denied(facts, step.denied)
    case 'block': {
      const ids = step.signedIds.map((id) => ({ id, approval: 'blocked' }) as const)
      return ok({ ...facts, overlay: withDelta(facts, signedIdsDelta(0, ids)) })
    }
    default:
      return unreachable(step)
  }
}

function denied(facts: StateFacts, target: DenyTarget): Result<StateFacts, StoreFailure> {
  const { kind: of, value } = denyColumns(target)
  const isThere = [...facts.overlay.deltas()].some(
    (delta) =>
      delta.kind === 'denied' && delta.entries.some((it) => it.of === of && it.value === value),
  )
  if (isThere) return fail({ kind: 'already-exists', what: 'deny entry', key: value })
  const entries = [{ of, value, denied: true }]
  return ok({ ...facts, overlay: withDelta(facts, { kind: 'denied', revision: 0, entries }) })
}

function withDelta(facts: StateFacts, delta: OverlayDelta): Overlay {
  const overlay = new Overlay()
  for (const one of facts.overlay.deltas()) overlay.apply(one)
  overlay.apply(delta)
  return overlay
}

type StandingStep = PreviewedStep & { readonly kind: 'standing' }

interface StandingContext extends StepContext {
  readonly step: StandingStep
}

type SettingRules = Pick<StoreRules, 'enrollmentSettings' | 'removedSettings'>

/** The settings in force after a change of standing; one that is removed is in force no more. */
function settingsAfter(
  rules: SettingRules,
  { step, settings, now }: StandingContext,
): Result<SettingRules, StoreFailure> {
  const named = settings.find(({ name }) => name === step.setting)
  if (named === undefined) {
    return fail({ kind: 'not-found', what: 'enrollment setting', key: step.setting })
  }
  const wanted = CHANGEABLE[step.change]
  if (!wanted.includes(named.standing.kind)) {
    const [found, setting] = [named.standing.kind, step.setting]
    return fail({ kind: 'standing-refused', setting, found, wanted: wanted.join(' or ') })
  }
  const after = settings.map((one) => ({ ...one, standing: standingAfter(one, step, now) }))
  return ok({
    enrollmentSettings: after.flatMap(({ name, source, chain, standing, revocation, resets }) => {
      if (standing.kind === 'removed') return []
      const before = rules.enrollmentSettings.find((one) => one.name === name)
      // One that was removed had no list in force, and has those that the store kept for it.
      const kept = typeof revocation === 'string' ? undefined : { ...revocation, resets }
      return [{ name, source, chain, standing, crl: before === undefined ? kept : before.crl }]
    }),
    removedSettings: after
      .filter(({ standing }) => standing.kind === 'removed')
      .map(({ name }) => name),
  })
}

function standingAfter(
  { name, standing }: StoredSetting,
  { setting, change, retirement }: StandingStep,
  now: Instant,
): StoredSetting['standing'] {
  const { cutOff = 'not-before', sunset } = retirement
  if (name !== setting) {
    return change === 'promote' && standing.kind === 'current'
      ? { kind: 'previously-trusted', retiredAt: now, cutOff, sunset }
      : standing
  }
  switch (change) {
    case 'promote':
      return { kind: 'current' }
    case 'amend':
      return standing.kind === 'previously-trusted' ? { ...standing, ...retirement } : standing
    case 'remove':
      return { kind: 'removed' }
    case 'distrust':
      return { kind: 'distrusted' }
    default:
      return unreachable(change)
  }
}

/** Where a setting has to stand for each change; the store holds the same. */
const CHANGEABLE: Readonly<Record<StandingChange, readonly StandingKind[]>> = {
  promote: ['staged', 'previously-trusted'],
  amend: ['previously-trusted'],
  remove: ['staged', 'previously-trusted', 'distrusted'],
  distrust: ['staged', 'current', 'previously-trusted', 'removed'],
}
