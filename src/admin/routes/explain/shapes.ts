/**
 * An account of a judgement as the admin API shows it; `tfe explain --json` prints the same where no front end was asked.
 */
import { Type, type Static } from 'typebox'
import { APPROVAL_MODELS } from '../../../decide/policy.ts'
import { ENFORCEMENT_SOURCES } from '../../../fleet/enforcement-in-force.ts'
import { REFUSAL_OUTCOMES } from '../../../fleet/kept-refusal.ts'
import { isoText } from '../../../kernel/types.ts'
import type { Account, Step, ToldCertificate } from '../../../state/explain/account.ts'
import { inForceSection } from '../../../state/explain/in-force-section.ts'
import type { ProcessFacts } from '../../../state/explain/in-force.ts'
import type { Since, StoreSince } from '../../../state/explain/since.ts'
import { thenAndNowSection, type ThenAndNow } from '../../../state/explain/then-and-now.ts'
import { APPROVALS, ENFORCEMENTS } from '../../../store/schema/vocabulary.ts'
import { nullable, strictObject, stringEnum, time } from '../../schemas.ts'
import { timeOrNull } from '../../times.ts'

const verdictProperties = {
  verdict: stringEnum(['admit', 'refuse'] as const),
  code: Type.String({ description: 'The basis of the admission, or the code of the refusal.' }),
  sentence: Type.String(),
  next_step: Type.String({ description: '`none` where there is nothing to do.' }),
  would_refuse: nullable(
    Type.String({ description: 'Of an admission in recording: what it would be refused for.' }),
  ),
}

const routeProperties = {
  class: stringEnum(
    ['open', 'device', 'always', 'renewal', 'legacy-oauth', 'denied'] as const,
    'What the row asks of the device.',
  ),
}

const certificate = strictObject({
  subject: Type.String(),
  issuer: nullable(Type.String()),
  serial: Type.String(),
  not_before: nullable(time('Its first moment; null where it is not known.')),
  not_after: nullable(time('Its last moment; null where it is not known.')),
  key: Type.String({ description: 'SHA-256 of its public key.' }),
  fingerprint: nullable(Type.String({ description: 'SHA-256 of all of it; null where unknown.' })),
})

const sinceProperties = {
  since: nullable(time('Null where that is not known.')),
  by: nullable(Type.String({ description: 'Who made it so; null where that is not known.' })),
}

const step = strictObject({
  kind: stringEnum(['yes', 'no', 'note'] as const),
  text: Type.String(),
  facts: Type.Array(strictObject({ name: Type.String(), value: Type.String() })),
  more: Type.Array(Type.String()),
})

/** Whom the account has its knowledge from, and what it lacks. */
const knowledgeProperties = {
  known_from: stringEnum(
    ['running', 'store', 'file', 'storeless'] as const,
    'Who judged: the front end that serves; or, from a command beside it, the store and the file, the file alone because the store could not be read, or a file that does without a store.',
  ),
  unknown: Type.Array(Type.String(), { description: 'What could not be known, in words.' }),
}

export const accountShape = strictObject({
  ...verdictProperties,
  ...knowledgeProperties,
  at: time('The time that it was judged by.'),
  listener: Type.String(),
  route: nullable(
    strictObject({
      id: Type.String(),
      ...routeProperties,
      sensitive: Type.Boolean(),
      endpoint: Type.Optional(Type.String()),
    }),
  ),
  rows: Type.Array(strictObject({ row: Type.String(), ...routeProperties, ...verdictProperties }), {
    description: 'The verdict on each row of the listener.',
  }),
  timeliness: nullable(Type.String({ description: "Where the device's certificate is in time." })),
  findings: Type.Array(Type.String()),
  certificates: Type.Array(certificate, {
    description: "As presented, or as kept; the device's own first.",
  }),
  paths: Type.Array(
    strictObject({
      setting: Type.String(),
      worth: Type.String({ description: '`timely`, or the code of what speaks against it.' }),
      certificates: Type.Array(certificate, { description: 'The trust anchor last.' }),
    }),
    { description: 'Each sound path.' },
  ),
  in_force: strictObject({
    enforcement: strictObject({
      state: stringEnum(ENFORCEMENTS),
      said_by: stringEnum(ENFORCEMENT_SOURCES),
      ...sinceProperties,
    }),
    approval_model: stringEnum(APPROVAL_MODELS),
    approval: nullable(strictObject({ state: stringEnum(APPROVALS), ...sinceProperties })),
    settings: Type.Array(
      strictObject({
        name: Type.String(),
        standing: stringEnum([
          'staged',
          'current',
          'previously-trusted',
          'distrusted',
          'gone',
        ] as const),
        ...sinceProperties,
      }),
    ),
    deny_entries: Type.Array(
      strictObject({
        of: stringEnum(['key', 'serial'] as const),
        value: Type.String(),
        owner: stringEnum(['distrust', 'file', 'store'] as const),
        note: nullable(Type.String()),
        ...sinceProperties,
      }),
    ),
    lists: Type.Array(
      strictObject({
        setting: Type.String(),
        number: nullable(Type.String({ description: 'Hexadecimal.' })),
        made: time('When it was made.'),
        next_due: time('When the next one is due.'),
      }),
    ),
    trust_version: Type.String(),
    snapshot: nullable(Type.Integer({ description: 'Counts the configurations of this process.' })),
    revision: nullable(Type.Integer({ description: 'Of the store; null where it does not say.' })),
  }),
  reference: nullable(
    strictObject(
      {
        reference: Type.String(),
        at: time('When it was given.'),
        outcome: stringEnum(REFUSAL_OUTCOMES),
        code: Type.String(),
        sentence: Type.String(),
        same: nullable(
          Type.Boolean({
            description:
              'Whether the same would be decided now; null where what it was refused for is not kept, or was no verdict.',
          }),
        ),
        changed: Type.Array(Type.String(), {
          description: 'What became as it is since then, as far as the store knows.',
        }),
      },
      'What was decided then; null where no reference was asked about.',
    ),
  ),
  steps: Type.Array(strictObject({ title: Type.String(), steps: Type.Array(step) }), {
    description: 'Every check, in the order in which a person reads them.',
  }),
})

/** What an account lacks, and who gave it. */
export interface Told {
  readonly account: Account
  /** Undefined where no store says since when. */
  readonly since: StoreSince | undefined
  readonly knownFrom: Static<typeof accountShape>['known_from']
  readonly unknown: readonly string[]
  /** Where a reference was asked about. */
  readonly compared?: ThenAndNow | undefined
}

export function shownAccount({
  account,
  since,
  knownFrom,
  unknown,
  compared,
}: Told): Static<typeof accountShape> {
  const { at, listener, route, rows, timeliness, findings, certificates, paths, inForce } = account
  const first = compared === undefined ? [] : [thenAndNowSection(compared, account)]
  const sections = [...first, ...account.sections, inForceSection(inForce, since)]
  return {
    ...shownVerdict(account),
    known_from: knownFrom,
    unknown: [...unknown],
    at: isoText(at),
    listener,
    route:
      route === undefined
        ? null
        : {
            id: route.id,
            class: route.class,
            sensitive: route.sensitive,
            ...(route.endpoint === undefined ? {} : { endpoint: route.endpoint }),
          },
    rows: rows.map((one) => ({ row: one.row, class: one.class, ...shownVerdict(one) })),
    timeliness: timeliness ?? null,
    findings: [...findings],
    certificates: certificates.map(shownCertificate),
    paths: paths.map((path) => ({
      setting: path.setting,
      worth: path.worth,
      certificates: path.certificates.map(shownCertificate),
    })),
    in_force: shownInForce(inForce, since),
    reference:
      compared === undefined
        ? null
        : {
            reference: compared.refusal.reference,
            at: isoText(compared.refusal.at),
            outcome: compared.refusal.outcome,
            code: compared.refusal.code,
            sentence: compared.refusal.sentence,
            same: compared.isSame ?? null,
            changed: [...compared.changed],
          },
    steps: sections.map(({ title, steps }) => ({ title, steps: steps.map(shownStep) })),
  }
}

const shownVerdict = ({
  verdict,
  code,
  sentence,
  nextStep,
  wouldRefuse,
}: Pick<Account, 'code' | 'nextStep' | 'sentence' | 'verdict' | 'wouldRefuse'>) => ({
  verdict,
  code,
  sentence,
  next_step: nextStep,
  would_refuse: wouldRefuse ?? null,
})

const shownStep = ({ kind, text, facts, more }: Step) => ({
  kind,
  text,
  facts: facts.map(([name, value]) => ({ name, value })),
  more: [...more],
})

const shownCertificate = (one: ToldCertificate) => ({
  subject: one.subject,
  issuer: one.issuer ?? null,
  serial: one.serial,
  not_before: Number.isFinite(one.notBefore) ? isoText(one.notBefore) : null,
  not_after: Number.isFinite(one.notAfter) ? isoText(one.notAfter) : null,
  key: one.key,
  fingerprint: one.fingerprint ?? null,
})

const shownSince = (since: Since | undefined) => ({
  since: timeOrNull(since?.at),
  by: since?.by ?? null,
})

function shownInForce(
  facts: ProcessFacts,
  since: StoreSince | undefined,
): Static<typeof accountShape>['in_force'] {
  const { state, saidBy } = facts.enforcement
  const isStored = saidBy === 'latch' || saidBy === 'store'
  return {
    enforcement: {
      state,
      said_by: saidBy,
      ...shownSince(isStored ? since?.enforcement : undefined),
    },
    approval_model: facts.model,
    approval:
      facts.approval === undefined
        ? null
        : { state: facts.approval, ...shownSince(since?.approval) },
    settings: facts.settings.map(({ name, standing }) => ({
      name,
      standing,
      ...shownSince(since?.settings.get(name)),
    })),
    deny_entries: facts.denials.map(({ of, value, owner }) => {
      const stored = since?.denials.get(`${of}:${value}`)
      return { of, value, owner, note: stored?.note ?? null, ...shownSince(stored) }
    }),
    lists: facts.lists.map(({ setting, number, thisUpdate, nextUpdate }) => ({
      setting,
      number: number ?? null,
      made: isoText(thisUpdate),
      next_due: isoText(nextUpdate),
    })),
    trust_version: facts.trustVersion,
    snapshot: facts.snapshot ?? null,
    revision: since?.revision ?? null,
  }
}
