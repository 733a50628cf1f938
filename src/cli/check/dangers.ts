/** What the configuration gives up, in writing. */
import type { Config } from '../../config/config.ts'

/** One line per guarantee given up; empty when none is. */
export const dangers = ({ dangers }: Config): readonly string[] =>
  dangers.map(({ at, sentence }) => `  ${at}: ${sentence}`)
