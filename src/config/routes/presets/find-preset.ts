import { core10 } from './core-10.ts'
import { epmm } from './epmm.ts'
import { generic } from './generic.ts'
import { nanomdm } from './nanomdm.ts'
import type { RoutePreset } from './preset.ts'
import type { PresetName } from './names.ts'

/** The preset of that name. */
export const findPreset = (name: PresetName): RoutePreset => PRESETS_BY_NAME[name]

export const isPresetName = (name: string): name is PresetName =>
  Object.hasOwn(PRESETS_BY_NAME, name)

const PRESETS_BY_NAME: Readonly<Record<PresetName, RoutePreset>> = {
  epmm,
  'core-10': core10,
  nanomdm,
  generic,
}
