import type { PresetName } from '../../config.ts'
import { core10 } from './core-10.ts'
import { epmm } from './epmm.ts'
import { generic } from './generic.ts'
import { nanomdm } from './nanomdm.ts'
import type { Preset } from './preset.ts'

/** The preset of that name. */
export const findPreset = (name: PresetName): Preset => PRESETS[name]

export const isPresetName = (name: string): name is PresetName => Object.hasOwn(PRESETS, name)

const PRESETS: Readonly<Record<PresetName, Preset>> = {
  epmm,
  'core-10': core10,
  nanomdm,
  generic,
}
