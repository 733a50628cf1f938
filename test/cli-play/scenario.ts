/**
 * One command line with what is expected of it. Scenarios are played in their order on one front end, so that one can
 * show what the one before has done.
 */
import type { Stage } from './stage.ts'

export interface Scenario {
  /** The command's path without `tfe`, such as `ca promote`. */
  readonly command: string
  /** What follows, words apart; `$name` stands for a value of the stage, which may hold spaces. */
  readonly args: string
  /** Default 0. */
  readonly code?: number
  /** What standard output and standard error must hold. */
  readonly says?: RegExp | undefined
  /** What is expected instead where the store is PostgreSQL. */
  readonly onPostgres?: Pick<Scenario, 'code' | 'says'>
  /** Only reads, so that it is played again with `--json` and with `--wide`. */
  readonly reads?: true
  /** What is piped in. */
  readonly input?: string
  /** What a person types when asked; without it no person is there. */
  readonly answers?: readonly string[]
  /** What happens in the world before it. */
  readonly before?: (stage: Stage) => Promise<void>
  /** What later scenarios need of its answer. */
  readonly keep?: (out: string, stage: Stage) => void
  /** A process of its own, as a person starts it; `until`: it goes on until a signal, which is sent at this sign. */
  readonly process?: { readonly until?: RegExp; readonly signal?: NodeJS.Signals }
}

/** Makes scenarios of one command: what follows its path, and what is expected. */
export const scenarios = (
  command: string,
  ...rows: readonly (readonly [args: string, expected?: Omit<Scenario, 'args' | 'command'>])[]
): readonly Scenario[] => rows.map(([args, expected = {}]) => ({ command, args, ...expected }))

/** The items of a list in JSON. */
export const itemsOf = (out: string): readonly Record<string, unknown>[] =>
  (JSON.parse(out) as { readonly items: readonly Record<string, unknown>[] }).items
