import { expect, test } from 'vitest'
import type { ClientClass } from '../../src/fleet/client.ts'
import {
  deviationsFrom,
  expectationOf,
  type Expectation,
  type Installation,
  type PortObservation,
  type MutualAuthenticationSetting,
} from '../../src/fleet/expectation.ts'

/** `443 MA`, `443`, `9997`, or `9997 until its next check-in`. */
const inWords = ({ port, mutual }: Expectation): string => {
  const at = port === 'https' ? '443' : '9997'
  if (mutual === 'from-next-check-in') return `${at} until its next check-in`
  return mutual === 'used' ? `${at} MA` : at
}

interface Row {
  readonly client: ClientClass
  readonly version?: readonly number[]
  readonly registered?: 'before' | 'after'
  /** What is expected under off, turned on, on before the upgrade, on from the start. */
  readonly expected: readonly [string, string, string, string]
}

const SETTINGS: readonly MutualAuthenticationSetting[] = [
  'off',
  'turned-on',
  'on-before-upgrade',
  'on-from-start',
]
const ALWAYS = ['443 MA', '443 MA', '443 MA', '443 MA'] as const
const NEVER = ['9997', '9997', '9997', '9997'] as const
const BY_SETTING = ['443', '443 MA', '443 MA', '443 MA'] as const
const MOVES = [
  '9997',
  '9997 until its next check-in',
  '9997 until its next check-in',
  '443 MA',
] as const

/** S0-08, S0-13, S0-14, S0-15. */
const EPMM: readonly Row[] = [
  { client: 'android-maw', registered: 'after', expected: ['9997', '443 MA', '443 MA', '443 MA'] },
  { client: 'android-maw', registered: 'before', expected: MOVES },
  { client: 'ios-maw', registered: 'after', expected: ['9997', '443 MA', '443 MA', '443 MA'] },
  { client: 'ios-maw', registered: 'before', expected: MOVES },
  { client: 'ios-maw', version: [9, 7, 9], expected: NEVER },
  { client: 'ios-maw', version: [9, 8], expected: ['9997', '443 MA', '443 MA', '443 MA'] },
  { client: 'ios-appconnect', registered: 'before', expected: MOVES },
  { client: 'ios-mdm', expected: BY_SETTING },
  { client: 'macos-mdm', expected: BY_SETTING },
  { client: 'macos-maw', expected: ALWAYS },
  { client: 'win10', expected: ALWAYS },
  { client: 'ios-apps', expected: ALWAYS },
  { client: 'android-apps', expected: ['443', '443', '443', '443'] },
]

/** S1-03 to S1-08. */
const CORE: readonly Row[] = [
  { client: 'android-maw', registered: 'after', expected: ['9997', '443 MA', '443 MA', '443 MA'] },
  { client: 'android-maw', registered: 'before', expected: ['9997', '9997', '443 MA', '443 MA'] },
  { client: 'ios-maw', registered: 'after', expected: ['9997', '443 MA', '443 MA', '443 MA'] },
  { client: 'ios-maw', registered: 'before', expected: ['9997', '9997', '9997', '443 MA'] },
  { client: 'ios-maw', version: [9, 7], expected: NEVER },
  { client: 'ios-appconnect', version: [9, 7], expected: NEVER },
  { client: 'ios-mdm', expected: BY_SETTING },
  { client: 'macos-mdm', expected: BY_SETTING },
  { client: 'macos-maw', expected: ALWAYS },
  { client: 'win10', expected: ALWAYS },
  { client: 'ios-apps', expected: ['443', '443', '443', '443'] },
]

/** Where the app store front asks for certificates (S1-04, S1-05). */
const STOREFRONT: readonly Row[] = [
  { client: 'ios-apps', expected: ALWAYS },
  { client: 'android-apps', expected: BY_SETTING },
  { client: 'android-apps', version: [10, 1, 9], expected: ['443', '443', '443', '443'] },
  { client: 'android-apps', version: [10, 2], expected: BY_SETTING },
]

const TABLES: readonly [Installation['profile'], boolean, readonly Row[]][] = [
  ['epmm-11.5', false, EPMM],
  ['core-10', false, CORE],
  ['core-10', true, STOREFRONT],
  ['epmm-11.5', true, STOREFRONT],
]

for (const [profile, storefrontCertificates, rows] of TABLES) {
  for (const { client, version, registered = 'after', expected } of rows) {
    const front = storefrontCertificates ? ', store front with certificates' : ''
    const who = `${client} ${version?.join('.') ?? ''} registered ${registered} turning on`
    test(`${profile}${front}: ${who} is expected on ${expected.join(', ')}`, () => {
      const found = SETTINGS.map((setting) =>
        inWords(
          expectationOf(
            { class: client, version, registered: `${registered}-turning-on` },
            { profile, setting, storefrontCertificates },
          ),
        ),
      )
      expect(found).toEqual(expected)
    })
  }
}

const DEPARTURES: readonly [string, Expectation, PortObservation, readonly string[]][] = [
  [
    'a device on 443 with a fit certificate is where it belongs',
    { port: 'https', mutual: 'used' },
    { port: 'https', verified: true },
    [],
  ],
  [
    'a device that should have left the sync port is on the wrong port',
    { port: 'https', mutual: 'used' },
    { port: 'sync', verified: true },
    ['on-sync-port'],
  ],
  [
    'a device that should authenticate and does not is a finding on the right port, too',
    { port: 'https', mutual: 'used' },
    { port: 'https', verified: false },
    ['without-certificate'],
  ],
  [
    'both can be wrong at once',
    { port: 'https', mutual: 'used' },
    { port: 'sync', verified: false },
    ['on-sync-port', 'without-certificate'],
  ],
  [
    'a device that never authenticates may stay on the sync port',
    { port: 'sync', mutual: 'not-used' },
    { port: 'sync', verified: false },
    [],
  ],
  [
    'a device that belongs on the sync port is odd on 443',
    { port: 'sync', mutual: 'not-used' },
    { port: 'https', verified: false },
    ['on-https-port'],
  ],
  [
    'a device that is due to move may be met on either port',
    { port: 'sync', mutual: 'from-next-check-in' },
    { port: 'https', verified: true },
    [],
  ],
]

for (const [promise, expected, met, deviations] of DEPARTURES) {
  test(promise, () => {
    expect(deviationsFrom(expected, met)).toEqual(deviations)
  })
}
