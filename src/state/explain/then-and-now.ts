/** What was decided when a reference was given, beside what is decided now, and what of it has changed since. */
import type { KeptRefusal } from '../../fleet/kept-refusal.ts'
import { isoText } from '../../kernel/types.ts'
import { note, no, yes, type Account, type Section } from './account.ts'
import type { Since, StoreSince } from './since.ts'

/** The two verdicts. */
export interface ThenAndNow {
  readonly refusal: KeptRefusal
  readonly isSame: boolean
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
    isSame: verdict === 'refuse' && code === refusal.code,
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
  { verdict, code }: Account,
): Section {
  const { reference, at, sentence, nextStep, outcome } = refusal
  const told = `${outcome} as ${refusal.code} at ${isoText(at)}`
  const now = isSame
    ? note('the same would be decided now')
    : (verdict === 'admit' ? yes : no)(
        `now it would be ${verdict === 'admit' ? 'admitted' : 'refused'}: ${code}`,
        ...(changed.length === 0
          ? [
              'what has changed since is not in the store: the file, the time, or what processes know',
            ]
          : changed),
      )
  return {
    title: `The reference ${reference}`,
    steps: [no(told, sentence, ...(nextStep === undefined ? [] : [`next step: ${nextStep}`])), now],
  }
}
