/**
 * What the approval of a device would change (decision 9): the verdict is asked for once for each state that an
 * administrator can give it, because the store, which knows the present one, is not asked for it here.
 */
import { decide, type Decision, type Peer } from '../../decide/decide.ts'
import { approvalDemand, type Origin } from '../../decide/judge-approval.ts'
import type { Approval, Policy } from '../../decide/policy.ts'
import { modelText } from '../approval-model.ts'
import type { ExplainQuery } from './arguments.ts'
import { note, type Section, type Step } from './report.ts'
import { decisionInput, decisionStep, type ExplainContext } from './verdicts.ts'
import { signedIdsOf } from '../../trust/signed-ids.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { RouteRow } from '../../config/routes/types.ts'

/** One section for the row of a request; for each kind of sensitive row where there is no request. */
export function approvalSections(
  peer: Peer,
  row: RouteRow | undefined,
  context: ExplainContext,
): readonly Section[] {
  const { approval } = context.compiled.config
  const intro = note(modelText(approval), ...storeHint(peer))
  if (row?.class === 'denied') return []
  if (row !== undefined) {
    const steps = [intro, ...notSensitiveNote(row), ...stepsByState(peer, row, context)]
    return [{ title: 'What approval would change', steps }]
  }
  const kinds = kindsOfRows(context)
  return [
    {
      title: 'What approval would change',
      steps: [
        intro,
        ...(kinds.length === 0
          ? [
              note(
                'no row of this listener asks for a certificate: approval keeps no device out, a block does',
              ),
            ]
          : []),
      ],
    },
    ...kinds.flatMap((alike) => {
      const names = alike.map(({ id }) => id).join(', ')
      return alike.slice(0, 1).map((first): Section => {
        // What a row asks of certificates besides is its own: `--route` tells.
        const general = { ...first, match: undefined, networks: undefined }
        const marked = first.sensitive ? 'sensitive rows' : 'rows that are not sensitive,'
        const title = `On ${marked} of class ${first.class} (${names})`
        return { title, steps: stepsByState(peer, general, context) }
      })
    }),
  ]
}

/** Approval follows the key, so that is what to look for. */
const storeHint = (peer: Peer): readonly string[] =>
  peer.kind === 'presented'
    ? [
        'the verdict takes the device for unapproved: the store, which knows better, is not asked for it here',
        ...signedIdsHint(peer.leaf),
        `\`tfe devices list --text ${peer.leaf.publicKey.fingerprint.slice(0, 16)}\` shows what it is`,
      ]
    : []

/** Approval and block reach a certificate by the ids in it, too, whatever its key is. */
function signedIdsHint(leaf: Certificate): readonly string[] {
  const { ids } = signedIdsOf(leaf)
  if (ids.length === 0) return []
  const listed = ids.map(({ text }) => text).join(', ')
  return [
    `it is refused as blocked while a device with its key or a signed id of it is, and approved while one is: ${listed}`,
  ]
}

const notSensitiveNote = ({ id, sensitive }: RouteRow): readonly Step[] =>
  sensitive
    ? []
    : [note(`the row ${id} is not sensitive: it can ask for approval from outside alone`)]

/** Rows that ask for a certificate, alike by class and mark. */
function kindsOfRows({ query }: ExplainContext): readonly (readonly RouteRow[])[] {
  const rows = query.listener.config.routes.rows.filter(({ class: kind }) => ASKING.has(kind))
  return [...Map.groupBy(rows, (row) => `${row.class} ${row.sensitive}`).values()]
}

const ASKING: ReadonlySet<RouteRow['class']> = new Set(['device', 'always', 'renewal'])

/** A step for each state, and for inside and outside where that matters and no address was named. */
function stepsByState(
  peer: Peer,
  row: RouteRow,
  { compiled, query }: ExplainContext,
): readonly Step[] {
  const ask = decisionInput(peer, row, { compiled, query })
  const verdict = (state: Approval, origin: typeof ask.origin): Decision =>
    decide({ ...ask, origin }, withApproval(compiled.policy, state), query.at)
  const demandFrom = (origin: Origin) => approvalDemand({ ...ask, origin }, compiled.policy)
  const isSplit = query.from === undefined && demandFrom('external') !== demandFrom('internal')
  const unapproved = isSplit
    ? [
        labelled(query, 'unapproved, from outside', verdict('unapproved', 'external')),
        labelled(query, 'unapproved, from inside', verdict('unapproved', 'internal')),
      ]
    : [labelled(query, 'unapproved', verdict('unapproved', ask.origin))]
  return [
    ...unapproved,
    labelled(query, 'approved', verdict('approved', ask.origin)),
    labelled(query, 'blocked', verdict('blocked', ask.origin)),
  ]
}

const withApproval = (policy: Policy, state: Approval): Policy => ({
  ...policy,
  fleet: { ...policy.fleet, approvals: { approvalOf: () => state } },
})

function labelled(query: ExplainQuery, state: string, decision: Decision): Step {
  const step = decisionStep(decision, query)
  return { ...step, text: `${state}: ${step.text}` }
}
