/** The presets that come with the program. */
export const PRESET_NAMES = ['epmm', 'core-10', 'nanomdm', 'generic'] as const

export type PresetName = (typeof PRESET_NAMES)[number]
