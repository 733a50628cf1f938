/** The commands that make the store say of an enrollment setting what the configuration file says. */
import { shellWord } from '../kernel/shell-word.ts'
import { isoText } from '../kernel/types.ts'
import type { FileTrust, StandingInStore } from './file-holds.ts'
import type { StoreRules } from './store-rules.ts'

/** What both say, and where the chain is that the store has to be given first. */
export interface KnownSettings {
  readonly trust: FileTrust
  readonly rules: Pick<StoreRules, 'enrollmentSettings' | 'removedSettings'>
  readonly chain?: string
}

/** Returns the commands in their order; none where no command leads there. */
export function commandsFor(
  name: string,
  word: StandingInStore,
  /** Undefined where the store has no such setting yet. */
  stored: StandingInStore | undefined,
  known: KnownSettings,
): readonly string[] {
  if (stored !== undefined) return changesOf(name, word, stored, known)
  if (known.chain === undefined) return []
  const upload = `${ca('upload', name)} ${shellWord(known.chain)}`
  // Before it is previously trusted, it would have to be current.
  if (word.kind === 'previously-trusted' || word.kind === 'removed') return []
  return [upload, ...(word.kind === 'staged' ? [] : changesOf(name, word, STAGED, known))]
}

function changesOf(
  name: string,
  word: StandingInStore,
  stored: StandingInStore,
  known: KnownSettings,
): readonly string[] {
  const isAlive = stored.kind === 'staged' || stored.kind === 'previously-trusted'
  switch (word.kind) {
    case 'current':
      return isAlive ? [ca('promote', name)] : []
    case 'previously-trusted':
      if (stored.kind === 'current') return successor(name, known)
      if (stored.kind !== 'previously-trusted') return []
      return [
        `${ca('amend', name)} --sunset ${word.sunset === undefined ? 'never' : isoText(word.sunset)}`,
      ]
    case 'distrusted':
      return [ca('distrust', name)]
    case 'removed':
      if (stored.kind === 'distrusted') return [`${ca('remove', name)} --force`]
      if (stored.kind !== 'current') return isAlive ? [ca('remove', name)] : []
      return successor(name, known).flatMap((one) => [one, ca('remove', name)])
    // No command takes a setting back to where it began.
    case 'staged':
      return []
  }
}

/** What retires the current setting: that the file's current one takes its place. */
function successor(name: string, { trust, rules }: KnownSettings): readonly string[] {
  const next = trust.enrollmentSettings.find(({ standing }) => standing.kind === 'current')
  const stored = rules.enrollmentSettings.find((one) => one.name === next?.name)
  const isReady =
    stored?.standing.kind === 'staged' || stored?.standing.kind === 'previously-trusted'
  return next === undefined || next.name === name || !isReady ? [] : [ca('promote', next.name)]
}

const ca = (verb: string, name: string): string => `tfe ca ${verb} ${shellWord(name)}`

const STAGED: StandingInStore = { kind: 'staged' }
