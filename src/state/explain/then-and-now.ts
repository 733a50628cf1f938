/** What was decided when a reference was given, beside what is decided now, and what of it has changed since. */
import type { KeptRefusal } from '../../fleet/kept-refusal.ts'
import { isoText } from '../../kernel/types.ts'
import { note, no, yes, type Account, type Section, type Step } from './account.ts'
import { notAskedAgain } from './asked-again.ts'
import type { Since, StoreSince } from './since.ts'

/** The two verdicts. */
export interface ThenAndNow {
  readonly refusal: KeptRefusal
  /** Undefined where what was decided then is not asked again. */
  readonly isSame: boolean | undefined
  /** What became as it is after it was decided then, in words. */
  readonly changed: readonly string[]
}

/** Compares them. */
export function thenAndNow(
  refusal: KeptRefusal,
  { code, verdict, inForce }: Account,
  since: StoreSince | undefined,
): ThenAndNow {
  const after = (what: string, it: Since | undefined): readonly string[] =>
    it?.at === undefined || it.at <= refusal.at
      ? []
      : [`${what}, since ${isoText(it.at)}${it.by === undefined ? '' : `, by ${it.by}`}`]
  const { settings, denials, approval, enforcement, lists } = inForce
  const isStored = enforcement.saidBy === 'latch' || enforcement.saidBy === 'store'
  return {
    refusal,
    isSame:
      notAskedAgain(refusal) === undefined
        ? verdict === 'refuse' && code === refusal.code
        : undefined,
    changed: [
      ...after(
        `certificates are ${enforcement.state === 'required' ? 'required' : 'recorded'}`,
        isStored ? since?.enforcement : undefined,
      ),
      ...settings.flatMap(({ name, standing }) =>
        after(`the enrollment setting ${name} is ${standing}`, since?.settings.get(name)),
      ),
      ...denials.flatMap(({ of, value }) =>
        after(`the deny list names the ${of} ${value}`, since?.denials.get(`${of}:${value}`)),
      ),
      ...(approval === undefined ? [] : after(`the device is ${approval}`, since?.approval)),
      ...lists
        .filter(({ thisUpdate }) => thisUpdate > refusal.at)
        .map(
          ({ setting, thisUpdate }) => `${setting} has a revocation list of ${isoText(thisUpdate)}`,
        ),
    ],
  }
}

/** The first section of an account of a reference. */
export function thenAndNowSection(
  { refusal, isSame, changed }: ThenAndNow,
  { verdict, code }: Pick<Account, 'code' | 'verdict'>,
): Section {
  const { reference, at, sentence, nextStep, outcome } = refusal
  const told = `${outcome} as ${refusal.code} at ${isoText(at)}`
  const now = nowStep({ refusal, isSame, changed }, { verdict, code })
  return {
    title: `The reference ${reference}`,
    steps: [no(told, sentence, ...(nextStep === undefined ? [] : [`next step: ${nextStep}`])), now],
  }
}

function nowStep(
  { refusal, isSame, changed }: ThenAndNow,
  { verdict, code }: Pick<Account, 'code' | 'verdict'>,
): Step {
  const why = notAskedAgain(refusal)
  if (why !== undefined) return note('what was decided then is not asked again', why)
  if (isSame === true) return note('the same would be decided now')
  const [say, word] = verdict === 'admit' ? [yes, 'admitted'] : [no, 'refused']
  const because =
    changed.length === 0
      ? ['what has changed since is not in the store: the file, the time, or what processes know']
      : changed
  return say(`now it would be ${word}: ${code}`, ...because)
}
