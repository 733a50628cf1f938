/** Who must upgrade, for every class and profile, one release on either side of each minimum (S0-34, S0-45, S1-03 to S1-06). */
import { expect, test } from 'vitest'
import { PROFILES } from '../../src/config/reading/profiles.ts'
import {
  CLIENT_CLASSES,
  isOlder,
  parseMinimum,
  parseVersion,
  versionRank,
  type ClientClass,
} from '../../src/fleet/client.ts'
import { readinessOf } from '../../src/fleet/readiness.ts'

type Row = readonly [lastTooOld: string, firstNewEnough: string] | 'any'
type Table = Readonly<Record<ClientClass, Row>>

const NO_MINIMUM = {
  'ios-mdm': 'any',
  'ios-apps': 'any',
  'macos-maw': 'any',
  'macos-mdm': 'any',
  win10: 'any',
} as const

const TABLES: Readonly<Record<keyof typeof PROFILES, Table>> = {
  'epmm-11.5': {
    ...NO_MINIMUM,
    'ios-maw': ['12.11.9', '12.11.10'],
    'ios-appconnect': ['12.11.9.999', '12.11.10'],
    'android-maw': ['10.0.9999', '10.1'],
    'android-apps': ['10.1.9999.999', '10.2.0.0'],
  },
  'core-10': {
    ...NO_MINIMUM,
    'ios-maw': ['9.7.9', '9.8'],
    'ios-appconnect': ['9.7', '9.8.0'],
    'android-maw': ['10.0.9', '10.1.0.0'],
    'android-apps': ['10.1.9', '10.2'],
  },
  generic: {
    ...NO_MINIMUM,
    'ios-maw': 'any',
    'ios-appconnect': 'any',
    'android-maw': 'any',
    'android-apps': 'any',
  },
}

const FAILED = { kind: 'refuse', code: 'no-certificate' } as const
const NEVER = { kind: 'none' } as const
const OLDEST = '0.0.0.1'

for (const profile of ['epmm-11.5', 'core-10', 'generic'] as const) {
  for (const name of CLIENT_CLASSES) {
    const { minimums } = PROFILES[profile]
    const state = (text: string, verdict: typeof FAILED | typeof NEVER): string =>
      readinessOf({ verdict, class: name, version: parseVersion(text) }, minimums).state
    const row = TABLES[profile][name]
    test(`${profile}: ${name} ${row === 'any' ? 'has no release that must upgrade' : `must upgrade up to ${row[0]}, and not from ${row[1]} on`}`, () => {
      if (row === 'any') {
        expect([state(OLDEST, FAILED), state(OLDEST, NEVER)]).toEqual(['failed', 'no-info'])
        return
      }
      const [tooOld, newEnough] = row
      expect([state(tooOld, FAILED), state(tooOld, NEVER)]).toEqual([
        'must-upgrade',
        'must-upgrade',
      ])
      expect([state(newEnough, FAILED), state(newEnough, NEVER)]).toEqual(['failed', 'no-info'])
    })
  }
}

const WRITTEN: readonly [string, boolean][] = [
  ['10', true],
  ['10.1', true],
  ['9999.9999.9999.999', true],
  ['0', true],
  ['10000', false],
  ['1.10000', false],
  ['1.2.3.1000', false],
  ['1.2.3.4.5', false],
  ['1.', false],
  ['.1', false],
  ['1..2', false],
  ['v1', false],
  ['1-beta', false],
  [' 1', false],
  ['1\n', false],
  ['', false],
  ['none', false],
]

for (const [text, taken] of WRITTEN) {
  test(`${JSON.stringify(text)} is ${taken ? 'a' : 'no'} minimum`, () => {
    expect(parseMinimum(text)).toEqual(taken ? text.split('.').map(Number) : undefined)
  })
}

test('a list that the store filters and a device that is shown agree about who must upgrade', () => {
  const minimums = ['0', '9.8', '10.1', '12.11.10', '9999.9999.9999.999', '1.0.0.999']
  const agents = [...minimums, '9.7.99999', '10.0.123456.7', '1.0.0.998.9', '1.0.0.1000', '1.0.1']
  for (const minimum of minimums.map(parseMinimum)) {
    for (const agent of [...agents, '99999.1', '12.11.9', '12.11.10.0.0.1'].map(parseVersion)) {
      if (minimum === undefined || agent === undefined) throw new Error('a version of the table')
      expect(
        versionRank(agent) < versionRank(minimum),
        `${agent.join('.')} under ${minimum.join('.')}`,
      ).toBe(isOlder(agent, minimum))
    }
  }
})
