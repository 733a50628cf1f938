/** What is dangerous about the configuration in force is said when it begins to be, whoever decided it. */
import type { Config } from '../config/config.ts'
import type { ProcessLogger } from './log.ts'

type Dangerous = Pick<Config, 'dangers'>

/** A line for each danger that was not there before. */
export function logNewDangers(
  { dangers }: Dangerous,
  before: Dangerous,
  { log }: ProcessLogger,
): void {
  const known = before.dangers.map(({ sentence }) => sentence)
  for (const { kind, at, sentence } of dangers) {
    if (!known.includes(sentence)) log.warn({ dangerous: kind, at }, sentence)
  }
}
