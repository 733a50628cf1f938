/**
 * What the approval of a device would change (decision 9): the verdict is asked for once for each state that an
 * administrator can give it, because the store, which knows the present one, is not opened here.
 */
import type { RouteRow } from '../../config/config.ts'
import { decide, type Decision, type Peer } from '../../decide/decide.ts'
import type { Approval, Policy } from '../../decide/policy.ts'
import type { World } from '../../state/world.ts'
import { modelText } from '../approval-model.ts'
import { note, type Section, type Step } from './report.ts'
import type { Question } from './arguments.ts'
import { askOf, decisionStep } from './verdicts.ts'

interface Around {
  readonly world: World
  readonly question: Question
}

/** One section for the row of a request; for each kind of sensitive row where there is no request. */
export function approvalSections(
  peer: Peer,
  row: RouteRow | undefined,
  around: Around,
): readonly Section[] {
  const { approval } = around.world.config
  const begin = note(modelText(approval), ...present(peer))
  if (row?.class === 'denied') return []
  if (row !== undefined) {
    const steps = [begin, ...plainness(row), ...states(peer, row, around)]
    return [{ title: 'What approval would change', steps }]
  }
  const rows = around.question.listener.config.routes.rows.filter((one) => one.sensitive)
  const kinds = [...Map.groupBy(rows, (one) => one.class).values()]
  return [
    {
      title: 'What approval would change',
      steps: [
        begin,
        ...(kinds.length === 0
          ? [note('no row of this listener is sensitive: it keeps nobody out, a block does')]
          : []),
      ],
    },
    ...kinds.flatMap((alike) => {
      const names = alike.map(({ id }) => id).join(', ')
      return alike.slice(0, 1).map((first): Section => {
        // What a row asks of certificates besides is its own: `--route` tells.
        const general = { ...first, match: undefined, networks: undefined }
        const title = `On sensitive rows of class ${first.class} (${names})`
        return { title, steps: states(peer, general, around) }
      })
    }),
  ]
}

/** Approval follows the key, so that is what to look for. */
const present = (peer: Peer): readonly string[] =>
  peer.kind === 'presented'
    ? [
        'the verdict takes the device for unapproved: the store, which knows better, is not opened here',
        `\`tfe devices list --text ${peer.leaf.publicKey.fingerprint.slice(0, 16)}\` shows what it is`,
      ]
    : []

const plainness = ({ id, sensitive }: RouteRow): readonly Step[] =>
  sensitive ? [] : [note(`the row ${id} is not sensitive: it asks nobody to be approved`)]

/** A step for each state, and for each side of the internal networks where it matters and nobody said which. */
function states(peer: Peer, row: RouteRow, { world, question }: Around): readonly Step[] {
  const ask = askOf(peer, row, { world, question })
  const verdict = (state: Approval, origin: typeof ask.origin): Decision =>
    decide({ ...ask, origin }, withApproval(world.policy, state), question.at)
  const isSplit =
    world.config.approval.model === 'manual-external' &&
    row.sensitive &&
    question.from === undefined
  const unapproved = isSplit
    ? [
        named('unapproved, from outside', verdict('unapproved', 'external')),
        named('unapproved, from an internal network', verdict('unapproved', 'internal')),
      ]
    : [named('unapproved', verdict('unapproved', ask.origin))]
  return [
    ...unapproved,
    named('approved', verdict('approved', ask.origin)),
    named('blocked', verdict('blocked', ask.origin)),
  ]
}

const withApproval = (policy: Policy, state: Approval): Policy => ({
  ...policy,
  fleet: { ...policy.fleet, approvals: { approvalOf: () => state } },
})

function named(state: string, decision: Decision): Step {
  const step = decisionStep(decision)
  return { ...step, text: `${state}: ${step.text}` }
}
