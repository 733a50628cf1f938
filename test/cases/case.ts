/** One case: what is done to the product, what has to be seen, and what is seen where the defence is absent. */

/** A case that was found by running the product, or a variant of one. */
export interface Case {
  /** Its public name; variants of one thing share it. */
  readonly id: string
  readonly what: string
  readonly expected: string
  /** What the control has to come to: without it, an attack that fails for another reason would look like a defence. */
  readonly control?: string
}

/** What comes out of playing a case, in a few words that are compared. */
export interface Seen {
  readonly seen: string
  /** Of the same steps without the defence. */
  readonly control?: string
  /** Numbers behind it, which are printed and not compared. */
  readonly measured?: string
  /** What another program says of the same, which is printed and not compared. */
  readonly beside?: string
}

/** Cases that are played on one front end: what is seen comes in their order. */
export interface Scene {
  /** It measures time, and is played when nothing else is. */
  readonly isMeasured?: true
  readonly cases: readonly Case[]
  play(): Promise<readonly Seen[]>
}

/** Scenes, and the ids that have to have a case among them. */
export interface Section {
  readonly letter: string
  /** What the ids have in common. */
  readonly title: string
  readonly ids: readonly string[]
  readonly scenes: readonly Scene[]
  /** What is printed beside rows where nginx and HAProxy were not asked, by id: why not. */
  readonly withoutPeers?: Readonly<Record<string, string>>
}

/** Ids from the first to the last of a section. */
export const idsOf = (letter: string, last: number): readonly string[] =>
  Array.from({ length: last }, (_, index) => `${letter}${index + 1}`)

/** Plays the same steps with the defence and without it. */
export async function withControl(
  steps: (isDefended: boolean) => Promise<readonly string[]>,
): Promise<readonly Seen[]> {
  const [seen, control] = await Promise.all([steps(true), steps(false)])
  return seen.map((one, at) => ({ seen: one, control: control[at] ?? 'none' }))
}
