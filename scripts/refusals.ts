/**
 * docs/refusals.md: every code that a request, a connection or a handshake can end with, in the words of the rooms
 * themselves, so that the page and the log never tell different stories.
 */
import { unparsableStatus } from '../src/accept/unparsable.ts'
import { explain } from '../src/decide/explain-refusal.ts'
import { FINDING_EXPLANATIONS } from '../src/decide/explain-trust-finding.ts'
import { failureStatus, explainUpstream } from '../src/forward/upstream-failure.ts'
import { explainCheck } from '../src/forward/balance/health-check.ts'
import { explainHandshake } from '../src/handshake/handshake-failure.ts'
import { explainProxyFault } from '../src/message/proxy-header/fault.ts'
import type { AuthorityFault } from '../src/message/authority.ts'
import type { TargetFault } from '../src/message/target.ts'
import type { ApplyFault } from '../src/upstream-tls/apply-draft.ts'
import { explainSettingsFault } from '../src/upstream-tls/explain-settings.ts'
import type { DraftFault } from '../src/upstream-tls/read-draft.ts'
import { FORBIDDEN } from '../src/pipeline/pipeline.ts'
import { explainRejection, NO_ANSWER, type Rejection } from '../src/pipeline/rejection.ts'
import { explainUnparsable } from '../src/serve/process/http-connections.ts'
import { explainRuntimeFault } from '../src/serve/self-test/fault.ts'
import { amount, withNames } from './refusals/placeholders.ts'
import {
  HANDSHAKES,
  PROXIED,
  HOSTS,
  REFUSALS,
  RUNTIME,
  TARGETS,
  REJECTIONS,
  UNPARSABLE,
} from './refusals/samples.ts'
import type { Case, Cause } from './refusals/samples.ts'
import { UPSTREAM_TLS } from './refusals/upstream-tls-samples.ts'
import { explainStore } from '../src/store/explain.ts'
import { explainCrlFailure } from '../src/revoke/crl-failure.ts'
import { CRLS } from './refusals/crl-samples.ts'
import { explainThrottle } from '../src/throttle/throttle-refusal.ts'
import { THROTTLED } from './refusals/throttle-samples.ts'
import { STORE } from './refusals/store-samples.ts'
import { explainRelay } from '../src/forward/tunnel/relay-failure.ts'
import { RELAYED } from './refusals/relay-samples.ts'
import { UPSTREAM } from './refusals/upstream-samples.ts'

/** The codes of one module. */
export interface Group {
  readonly title: string
  readonly introduction: string
  readonly rows: readonly Row[]
}

/** One code; several values where they depend on the facts. */
export interface Row {
  readonly code: string
  readonly by: Cause
  readonly sees: readonly string[]
  readonly sentences: readonly string[]
  readonly nextSteps: readonly string[]
}

/** Text of docs/refusals.md. */
export const refusalsText = (): string =>
  `${[INTRODUCTION, ...groups().map(section), findings()].join('\n\n')}\n`

/** Every code there is, in the order in which a device meets them. */
export const groups = (): readonly Group[] => [
  {
    title: 'The handshake failed',
    introduction:
      'In `code` of a `connection` line with `outcome: handshake-failed`; `reason` holds the sentence and the next step (`next_step`, where a PROXY header was at fault), `tls_code` what the TLS library said. The device sees a closed connection or a TLS alert, and has no reference.',
    rows: [
      ...entriesOf(HANDSHAKES).map(([failure, by]) => {
        const [sentence = '', ...rest] = explainHandshake(failure).split('; ')
        return row(failure, by, [{ sees: CLOSED, sentence, nextStep: rest.join('; ') || NONE }])
      }),
      ...entriesOf(PROXIED).map(([code, { by, facts }]) =>
        row(
          code,
          by,
          facts.map((fault) => ({ sees: CLOSED, ...explainProxyFault(fault) })),
        ),
      ),
    ],
  },
  {
    title: 'It was no request',
    introduction:
      'In `code` of a `connection` line with `outcome: refused`. Behind requests that still wait for their answers no status is sent: those are answered, or the connection ends. A connection that merely broke has no code.',
    rows: entriesOf(UNPARSABLE).map(([fault, by]) => {
      const { code, reason, next_step } = explainUnparsable(fault)
      const sees = String(unparsableStatus(fault) ?? CLOSED)
      return row(code, by, [{ sees, sentence: reason, nextStep: next_step }])
    }),
  },
  {
    title: 'The request was turned away',
    introduction:
      'In `code` of a request line with `decision: refuse` and `route_class: none`: the device had not been asked yet who it is.',
    rows: [
      ...rejections<AuthorityFault>(Object.values(HOSTS), (fault) => ({ kind: 'host', fault })),
      ...rejections<TargetFault>(Object.values(TARGETS), (fault) => ({ kind: 'target', fault })),
      ...rejections<Rejection>(Object.values(REJECTIONS), (why) => why),
    ],
  },
  {
    title: 'The device was refused',
    introduction: `In \`code\` of a request line with \`decision: refuse\`; under \`enforcement: recording\` mostly in \`would_refuse\`, and the request passes. Where no row of the listener could admit the device whatever it asked for, the connection is closed instead, with \`outcome: closed-before-request\` and the same code.`,
    rows: entriesOf(REFUSALS).map(([code, { by, facts }]) =>
      row(
        code,
        by,
        facts.map((why) => ({ sees: String(FORBIDDEN), ...explain(why) })),
      ),
    ),
  },
  {
    title: 'The request was held back',
    introduction:
      'In `code` of a request line with `decision: refuse` and `route_class: legacy-oauth`; `account_hash` is the same for the same account until the next start. `Retry-After` tells the device when to come back.',
    rows: entriesOf(THROTTLED).map(([code, { by, facts }]) =>
      row(
        code,
        by,
        facts.map((held) => ({ sees: '429', ...explainThrottle(held) })),
      ),
    ),
  },
  {
    title: 'The request was admitted and failed',
    introduction:
      'In `failure` of a request line with `decision: admit`. The device sees the status and the error of `Proxy-Status` (RFC 9209 §2.3); when its answer had begun, it sees that break off.',
    rows: entriesOf(UPSTREAM).map(([code, { by, facts }]) =>
      row(
        code,
        by,
        facts.map((failure) => {
          const { status, error } = failureStatus(failure)
          // The device is gone.
          const sees = failure.kind === 'device-gone' ? NOTHING : `${status} \`${error}\``
          return { sees, ...explainUpstream(failure, '{upstream}') }
        }),
      ),
    ),
  },
  {
    title: 'The relayed connection ended',
    introduction:
      'In `failure` of a `tunnel` line, beside the codes of the table above for the connection to the upstream. On a sync port there are no requests: a connection is judged as a whole, with the codes of "The device was refused", and whatever happens the device sees a closed connection.',
    rows: entriesOf(RELAYED).map(([code, { by, facts }]) =>
      row(
        code,
        by,
        facts.map((end) => ({ sees: CLOSED, ...explainRelay(end, '{upstream}') })),
      ),
    ),
  },
  {
    title: 'The front end did not start',
    introduction:
      'At the start the TLS runtime shakes hands with itself; when it does not show what was presented, `tfe serve` says this on standard error and ends with exit code 3. No device sees anything but a refused connection.',
    rows: entriesOf(RUNTIME).map(([code, { by, facts }]) =>
      row(
        code,
        by,
        facts.map((fault) => ({ sees: NOTHING, ...explainRuntimeFault(fault, '{runtime}') })),
      ),
    ),
  },
  {
    title: 'A server failed its health check',
    introduction:
      'In `failure` of a line `upstream server is unavailable`, beside the codes of the table above: the device sees nothing, because requests go to other servers; when none is left, all are tried.',
    rows: [
      row('check-status', 'upstream', [
        {
          sees: NOTHING,
          ...explainCheck({ kind: 'check-status', status: amount('status') }, '{server}'),
        },
      ]),
    ],
  },
  {
    title: 'A change of the upstream TLS settings was turned down',
    introduction:
      'In `code`, or in `faults` with its place, of a problem document of the admin API; nothing was changed. In a configuration file the same stands in a fault, with its place.',
    rows: entriesOf(UPSTREAM_TLS).map(([code, { by, facts }]) =>
      row(
        code,
        by,
        facts.map((fault: DraftFault | ApplyFault) => ({
          sees: NOTHING,
          ...explainSettingsFault(fault),
        })),
      ),
    ),
  },
  {
    title: 'A revocation list was not taken',
    introduction:
      'In `code` of a line `revocation list not taken`, and as `outcome` of `tfe_crl_refresh_total`. The list read before stays in force; while none was ever read, or it has become too old, the enrollment setting says what follows.',
    rows: entriesOf(CRLS).map(([code, { by, facts }]) =>
      row(
        code,
        by,
        facts.map((why) => ({ sees: NOTHING, ...explainCrlFailure(why) })),
      ),
    ),
  },
  {
    title: 'The store said no',
    introduction:
      'In `code` of a problem document of the admin API, and in the log of whatever asked. Nothing was changed. Requests of devices never wait for the store; judging goes on with the last snapshot.',
    rows: entriesOf(STORE).map(([code, { by, facts }]) =>
      row(
        code,
        by,
        facts.map((why) => ({ sees: NOTHING, ...explainStore(why) })),
      ),
    ),
  },
]

/** What is no refusal under profile `private`, and one under `strict`. */
const findings = (): string =>
  [
    '## What was admitted all the same',
    '',
    'In `findings` of a request line with `decision: admit`, and the label of `tfe_findings_total`: harmless departures on the path, its CAs included. Under `profile: strict` each of them is a reason for `departs-from-profile`. § is of RFC 5280.',
    '',
    '| Code | What it means |',
    '|---|---|',
    ...Object.entries(FINDING_EXPLANATIONS).map(([code, words]) => `| \`${code}\` | ${words} |`),
  ].join('\n')

const CLOSED = 'a closed connection'
const NOTHING = 'nothing'
const NONE = '—'

const INTRODUCTION = `<!-- Generated by \`npm run generate\`; change the sentences in src/ or the facts in scripts/refusals/ instead. -->

# Every refusal

A device that was refused quotes a reference like \`4f1d09c2a7b3e856-3\`: \`tfe why 4f1d09c2a7b3e856-3\` says why, what was shown, and what to do next; its code stands in a table below. \`tfe refusals\` lists refusals by device, key, code, listener, address and time.
Where a device saw a closed connection there is no reference: what the log calls its \`connection\` leads to the same, and \`tfe refusals --address ADDRESS\` finds it.

Refusals are kept for 30 days, 100,000 of them at most (\`refusals\` in the configuration), also where \`log.requests\` is off. Half of the room is for known devices: those that are approved or blocked, or whose certificate a CA in force vouches for. Within a half each code, and within a code each address (IPv6: /64) or known device, has its share, so that a flood pushes out its own. What is not kept is counted, by code and address, and \`tfe why\` names those counts where it does not know a reference; \`tfe_refusals_not_kept_total\` counts them, too. No header, query, body or secret is kept, and \`tfe devices forget\` erases a device's refusals with it. Without a store, search the log for the line with that \`reference\`, or with that \`connection\`.

Who has to change something: the **device** (or the CA that issued its certificate), the **upstream**, or **us** (this configuration, this machine, or nothing because it is meant). \`{…}\` stands for a fact of the case, and a list of findings or faults is an example. The codes are stable and are the labels of the metrics, too.`

interface Answered {
  readonly sees: string
  readonly sentence: string
  readonly nextStep: string
}

function row(code: string, by: Cause, answers: readonly Answered[]): Row {
  return {
    code,
    by,
    sees: distinct(answers.map(({ sees }) => sees)),
    sentences: distinct(answers.map(({ sentence }) => withNames(sentence))),
    nextSteps: distinct(answers.map(({ nextStep }) => withNames(nextStep))),
  }
}

function rejections<Facts>(
  cases: readonly Case<Facts>[],
  why: (facts: Facts) => Rejection,
): readonly Row[] {
  return cases.flatMap(({ by, facts }) =>
    facts.map((one) => {
      const { code, status, sentence, nextStep } = explainRejection(why(one))
      const sees = status === NO_ANSWER ? NOTHING : String(status)
      return row(code, by, [{ sees, sentence, nextStep }])
    }),
  )
}

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)]

/** The keys are closed unions, and the tables hold no others. */
const entriesOf = <Key extends string, Value>(
  table: Readonly<Record<Key, Value>>,
): readonly (readonly [Key, Value])[] => Object.entries(table) as [Key, Value][]

function section({ title, introduction, rows }: Group): string {
  const lines = rows.map(
    ({ code, by, sees, sentences, nextSteps }) =>
      `| \`${code}\` | ${by} | ${[sees, sentences, nextSteps].map(cell).join(' | ')} |`,
  )
  return [`## ${title}`, '', introduction, '', ...HEAD, ...lines].join('\n')
}

const HEAD = [
  '| Code | Who | The device sees | What happened | Next step |',
  '|---|---|---|---|---|',
]

const cell = (texts: readonly string[]): string => texts.join('<br>').replaceAll('|', '\\|')
