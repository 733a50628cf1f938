/** What the configuration gives up, in writing. */
import type { World } from '../../state/world.ts'

/** One line per guarantee given up; empty when none is. */
export const dangers = ({ config }: World): readonly string[] =>
  config.dangers.map(({ at, sentence }) => `  ${at}: ${sentence}`)
