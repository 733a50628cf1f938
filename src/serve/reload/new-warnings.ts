/** What a configuration in force is warned of, said once: at the start, and by each reload for what is new. */
import type { Config } from '../../config/config.ts'
import type { Fault } from '../../kernel/types.ts'
import { differenceFault, type CompiledConfig } from '../../state/compiled-config.ts'
import type { ProcessLogger } from '../log.ts'

/** Logs a warning for each danger of the configuration that was not there before, whatever brought it into force. */
export function logNewDangers(
  { dangers }: Pick<Config, 'dangers'>,
  before: Pick<Config, 'dangers'>,
  { log }: ProcessLogger,
): void {
  const known = before.dangers.map(({ sentence }) => sentence)
  for (const { kind, at, sentence } of dangers) {
    if (!known.includes(sentence)) log.warn({ dangerous: kind, at }, sentence)
  }
}

/** What there is to say about a configuration in force. */
export interface Warned {
  /** Of reading the file. */
  readonly fileWarnings: readonly Fault[]
  readonly compiled: Pick<CompiledConfig, 'differences' | 'warnings'>
}

/**
 * Logs each warning of the configuration that was not there before, in the same place: one that stands is said once. A
 * word of the file that holds against the store is an error: it ends with its line, and no other replica knows it.
 */
export function logNewWarnings(
  { fileWarnings, compiled }: Warned,
  before: Warned | undefined,
  { log }: ProcessLogger,
): void {
  const known = before === undefined ? [] : [...before.fileWarnings, ...before.compiled.warnings]
  const held = compiled.differences.filter(({ holds }) => holds).map(differenceFault)
  for (const warning of [...fileWarnings, ...compiled.warnings]) {
    const { at, message } = warning
    if (known.some((one) => isSame(one, warning))) continue
    if (held.some((one) => isSame(one, warning))) log.error({ at }, message)
    else log.warn({ at }, message)
  }
}

const isSame = (one: Fault, other: Fault): boolean =>
  one.at === other.at && one.message === other.message
