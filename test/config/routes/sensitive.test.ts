/** Which rows of the presets are for approved devices, where the approval model asks. */
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { findPreset } from '../../../src/config/routes/presets/find-preset.ts'
import { PRESET_NAMES } from '../../../src/config/routes/presets/names.ts'
import type { RouteRow } from '../../../src/config/routes/types.ts'
import { inMemoryFiles } from '../../support/config/in-memory-files.ts'

/** Every row that enrols, renews or is refused asks for no approval, and neither does the check-in that ends enrolment. */
const SENSITIVE = {
  epmm: [
    'in-house-app-files',
    'android-files',
    'client-check-in',
    'ios-mdm',
    'windows-check-in',
    'oauth',
    'apps-data',
    'apps-storefront',
    'apps-storefront-certificate',
  ],
  'core-10': [
    'in-house-app-files',
    'android-files',
    'client-check-in',
    'ios-mdm',
    'windows-check-in',
    'apps-data',
    'apps-storefront',
    'apps-storefront-certificate',
  ],
  nanomdm: ['mdm', 'authproxy'],
  generic: ['everything'],
} as const

for (const name of PRESET_NAMES) {
  test(`the preset ${name} marks the rows that hand out a device's data, and no others`, () => {
    const marked = findPreset(name).rows.filter(({ sensitive }) => sensitive === true)
    expect(marked.map(({ id }) => id)).toEqual(SENSITIVE[name])
  })
}

async function rowOf(change: string): Promise<RouteRow | undefined> {
  const text = `trust:
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: file:ca.pem }
listeners:
  devices:
    hosts: [mdm.example.com]
    certificates: [{ chain: file:a.pem, key: file:a.key }]
    routes: mine
routes:
  mine: { preset: generic, rows: [{ id: everything${change} }] }
upstreams:
  core: { url: https://core.example.com, identity: {} }
`
  const loaded = await loadConfig('a.yaml', {}, inMemoryFiles('a.yaml', text))
  return loaded.ok ? loaded.value.config.listeners[0].routes.rows[0] : undefined
}

for (const [promise, change, sensitive] of [
  ['is in force as long as the operator says nothing', '', true],
  ['goes when the operator says so', ', sensitive: false', false],
  ['stays on a row of class always', ', class: always', true],
  ['goes where a row comes to renew', ', class: renewal', false],
  ['goes where a row comes to ask for no certificate', ', class: open', false],
  ['is one of the operator on a row that renews', ', class: renewal, sensitive: true', true],
] as const) {
  test(`the mark of a preset ${promise}`, async () => {
    expect((await rowOf(change))?.sensitive).toBe(sensitive)
  })
}
