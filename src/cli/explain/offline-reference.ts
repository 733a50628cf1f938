/** A reference without a front end that serves: the store has what was decided then, and the request that it was about. */
import {
  unknownReference,
  ambiguousReference,
} from '../../admin/routes/refusals/unknown-reference.ts'
import type { Config } from '../../config/config.ts'
import type { KeptRefusal } from '../../fleet/kept-refusal.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import type { OpenedState } from '../../serve/store-sync/read-stored-state.ts'
import { askedThen } from '../../state/explain/kept.ts'
import type { Circumstances, Question } from '../../state/explain/question.ts'
import { explainStore } from '../../store/explain.ts'

/** What was typed. */
export interface AskedReference {
  readonly reference: string
  readonly circumstances: Circumstances
}

/** What it is looked up in; the store is undefined where there is none, or none that could be read. */
export interface ReferenceBasis {
  readonly stored: OpenedState | undefined
  readonly config: Pick<Config, 'refusals'>
}

/** Returns what was asked then, asked again, and the refusal; a string says what was typed wrong. */
export async function questionOfReference(
  { reference, circumstances }: AskedReference,
  { stored, config }: ReferenceBasis,
): Promise<
  Result<{ readonly question: Question; readonly refusal: KeptRefusal }, readonly Fault[] | string>
> {
  const { at, ...others } = circumstances
  if (Object.values(others).some((value) => value !== undefined)) {
    return fail(
      'found a reference and circumstances, wanted the request that the reference is of: leave --listener, --route, --from and --user-agent out',
    )
  }
  const faulty = (message: string) => fail([{ at: reference, message }])
  if (stored === undefined) {
    return faulty(
      'found a reference, and no store that could be read, wanted one that keeps refusals: see that the store of the configuration can be read, or that a front end serves',
    )
  }
  const found = await stored.store.refusals.find(reference)
  if (!found.ok) {
    const { sentence, nextStep } = explainStore(found.failure)
    return faulty(`${sentence}: ${nextStep}`)
  }
  const answer = found.value
  switch (answer.kind) {
    case 'found': {
      const { refusal } = answer
      return ok({ question: { ...askedThen(refusal), at }, refusal })
    }
    case 'ambiguous': {
      const { detail, next_step: next } = ambiguousReference(reference, answer.refusals)
      return faulty(`${detail}: ${next}`)
    }
    case 'unknown': {
      const facts = { keep: config.refusals.keep, notKept: answer.notKept }
      const { detail, next_step: next } = unknownReference(reference, facts)
      return faulty(`${detail}, or a front end has not written it yet: ${next}`)
    }
  }
}

/** What a store does not say of a reference, each thing in a sentence. */
export const notKnownOf = ({ certificate }: KeptRefusal): readonly string[] => [
  'what a front end that serves has in force: it may judge by another configuration, or by what the store said before',
  'revocation lists that a front end has read, where their place does not answer from here',
  'what of the request is not kept: its Host, its query, its fields, and what the client said of itself',
  ...(certificate === undefined
    ? []
    : [
        'what of the certificate is not kept: its octets, its other names, its purposes and its policies',
        'issuers that devices have shown to a running front end, by which a path may be found that is not found here',
      ]),
]
