/** What the approval of a device would change (decision 9): the verdict for each state that an administrator can give it. */
import { decide, type Decision, type Peer } from '../../decide/decide.ts'
import { approvalDemand, type Origin } from '../../decide/judge-approval.ts'
import type { Approval, Policy } from '../../decide/policy.ts'
import { modelText } from '../approval-model.ts'
import { note, type Section, type Step } from './account.ts'
import { knowsStore, type ExplainContext } from './context.ts'
import { verdictStep } from './telling.ts'
import { askOf } from './verdicts.ts'
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
  const model = knowsStore(context) ? { ...approval, modelStated: true } : approval
  const intro = note(modelText(model), ...approvalHint(peer, context))
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
function approvalHint(peer: Peer, context: ExplainContext): readonly string[] {
  if (peer.kind !== 'presented') return []
  const key = peer.leaf.publicKey.fingerprint
  const { approvals } = context.compiled.policy.fleet
  const known = knowsStore(context)
    ? [`the device is ${approvals.approvalOf(key)}, by its key`]
    : context.knowledge === 'storeless'
      ? []
      : [
          'the verdict takes the device for unapproved: the store, which knows better, could not be read',
        ]
  return [
    ...known,
    ...signedIdsHint(peer.leaf),
    `\`tfe devices list --text ${key.slice(0, 16)}\` shows what it is`,
  ]
}

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
function stepsByState(peer: Peer, row: RouteRow, context: ExplainContext): readonly Step[] {
  const { compiled, query } = context
  const ask = askOf(peer, row, context)
  const verdict = (state: Approval, origin: typeof ask.origin): Decision =>
    decide({ ...ask, origin }, withApproval(compiled.policy, state), query.at)
  const demandFrom = (origin: Origin) => approvalDemand({ ...ask, origin }, compiled.policy)
  const isSplit = query.from === undefined && demandFrom('external') !== demandFrom('internal')
  const unapproved = isSplit
    ? [
        labelled(context, 'unapproved, from outside', verdict('unapproved', 'external')),
        labelled(context, 'unapproved, from inside', verdict('unapproved', 'internal')),
      ]
    : [labelled(context, 'unapproved', verdict('unapproved', ask.origin))]
  return [
    ...unapproved,
    labelled(context, 'approved', verdict('approved', ask.origin)),
    labelled(context, 'blocked', verdict('blocked', ask.origin)),
  ]
}

const withApproval = (policy: Policy, state: Approval): Policy => ({
  ...policy,
  fleet: { ...policy.fleet, approvals: { approvalOf: () => state } },
})

function labelled(context: ExplainContext, state: string, decision: Decision): Step {
  const step = verdictStep(decision, context)
  return { ...step, text: `${state}: ${step.text}` }
}
