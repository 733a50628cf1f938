/**
 * Returns what could not be verified about the presets in use: rows that are off, paths that are not known, questions
 * that only the product's own pages answer. `tfe check` prints it.
 */
import type { Config } from '../config.ts'
import { findPreset } from './presets/find-preset.ts'
import type { PresetName } from './presets/names.ts'
import type { RouteTable, DisabledRow } from './types.ts'

/** One thing to confirm before relying on a preset. */
export interface PresetFact {
  readonly preset: PresetName
  /** `row-off`: unverified, off until turned on. `path-unknown`: off until its path is said. `question`: not about a row. */
  readonly kind: 'row-off' | 'path-unknown' | 'question'
  /** The row's or the question's id. */
  readonly id: string
  readonly sentence: string
}

/** Everything unverified in the presets that this configuration uses, each once. */
export function presetFacts({ listeners }: Config): readonly PresetFact[] {
  const tables = [...new Set(listeners.map(({ routes }) => routes))]
  const facts = tables.flatMap(factsOf)
  const key = ({ preset, kind, id }: PresetFact): string => `${preset} ${kind} ${id}`
  return [...new Map(facts.map((fact) => [key(fact), fact])).values()]
}

function factsOf({ preset, off }: RouteTable): readonly PresetFact[] {
  if (preset === undefined) return []
  const unverified = off.filter(({ origin }) => origin.preset !== undefined && !origin.verified)
  const questions = findPreset(preset).questions.map(({ id, sentence }): PresetFact => ({
    preset,
    kind: 'question',
    id,
    sentence,
  }))
  return [...unverified.map((row) => factOf(preset, row)), ...questions]
}

function factOf(preset: PresetName, { id, path, class: kind, origin }: DisabledRow): PresetFact {
  const sentence = `${path ?? 'path not known'} (${kind}): ${origin.sentence}`
  return { preset, kind: path === undefined ? 'path-unknown' : 'row-off', id, sentence }
}
