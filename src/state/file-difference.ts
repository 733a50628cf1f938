/** One thing of which the configuration file and the store say different things (decision 30). */
import type { Instant } from '../kernel/types.ts'

/** What can differ. */
export const DIFFERENCE_KINDS = [
  'enforcement',
  'approval-model',
  'standing',
  'retired-at',
  'sunset',
  'chain',
  'source',
  'revocation-list',
  'revocation',
  'only-in-file',
  'only-in-store',
  'upstream-tls',
] as const

/** One thing of which the file and the store say different things. */
export interface FileDifference {
  readonly kind: (typeof DIFFERENCE_KINDS)[number]
  /** The place in the file; the file itself where it says nothing. */
  readonly at: string
  /** The enrollment setting, the upstream, or the key of the file. */
  readonly subject: string
  readonly file: string
  readonly store: string
  /** Who says what is in force. */
  readonly inForce: 'file' | 'store' | 'latch'
  /** Whether the file's word is the stricter one, and holds unstored; `until` of a sunset that does. */
  readonly holds: boolean
  readonly until?: Instant
  /** What makes the store say what the file says, in this order; empty where no command does. */
  readonly commands: readonly string[]
  readonly nextStep: string
}

/** What an operator is told of a difference. */
export function differenceText({
  file,
  store,
  inForce,
  holds,
  nextStep: next,
}: FileDifference): string {
  const both = `found ${file}, and the store says ${store}`
  if (holds)
    return `${both}: the file's word is the stricter one, and holds as long as it stands here, unstored; ${next}`
  if (inForce === 'file') return `${both}: the file's word is in force; ${next}`
  return `${both}, which is in force; ${next}`
}
