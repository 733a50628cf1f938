import { expect, test } from 'vitest'
import {
  CLIENT_CLASSES,
  isOlder,
  parseVersion,
  type ClientClass,
  type Version,
} from '../../src/fleet/client.ts'
import { departingCases, type DepartingCase } from '../../src/fleet/departing-cases.ts'
import {
  compareWithDocuments,
  DEPARTURES,
  explainDeparture,
  explainExpectation,
  RELEASE_STEPS,
  type Departure,
  type DepartureFacts,
  type Situation,
} from '../../src/fleet/departure.ts'
import {
  DOCUMENTED_SERVERS,
  MUTUAL_AUTHENTICATION_SETTINGS,
  type Expectation,
  type Installation,
} from '../../src/fleet/expectation.ts'

const EPMM: Installation = {
  profile: 'epmm-11.5',
  setting: undefined,
  isRequired: true,
  storefrontCertificates: undefined,
}
const CORE: Installation = { ...EPMM, profile: 'core-10' }
const FROM_START: Installation = { ...EPMM, setting: 'on-from-start' }
const OFF: Installation = { ...EPMM, setting: 'off', isRequired: false }
const RECORDING: Installation = { ...EPMM, isRequired: false }

const QUIET: Situation = { port: undefined, migration: 'none', cameWithout: false }
const ON_SYNC: Situation = { ...QUIET, port: 'sync', migration: 'pending' }
const ON_443: Situation = { ...QUIET, port: 'https' }
const WITHOUT: Situation = { ...QUIET, cameWithout: true }

/** `ios-maw 9.7` as a device in a situation. */
function device(client: string, situation: Situation): DepartureFacts {
  const [kind, version = ''] = client.split(' ')
  return {
    class: CLIENT_CLASSES.find((one) => one === kind),
    version: parseVersion(version),
    situation,
  }
}

const ROWS: readonly [string, Installation, Situation, client: string, codes: string][] = [
  // S0-08, S0-13: macOS and Windows always use 443, whatever the setting.
  ['macOS on the sync port', EPMM, ON_SYNC, 'macos-maw', 'on-sync-port'],
  ['the same while recording', RECORDING, ON_SYNC, 'macos-maw', 'on-sync-port'],
  ['the same where the setting is off', OFF, ON_SYNC, 'macos-maw', 'on-sync-port'],
  ['macOS MDM on the sync port', RECORDING, ON_SYNC, 'macos-mdm', 'on-sync-port'],
  ['Windows on the sync port', CORE, ON_SYNC, 'win10', 'on-sync-port'],
  ['macOS on 443', EPMM, ON_443, 'macos-maw', ''],
  ['macOS of which no port is known', EPMM, QUIET, 'macos-maw', ''],
  // A phone whose last class is its MDM client may have Mobile@Work on the sync port beside it.
  ['iOS MDM beside Mobile@Work', EPMM, ON_SYNC, 'ios-mdm', ''],
  ['Apps@Work for iOS beside Mobile@Work', EPMM, ON_SYNC, 'ios-apps', ''],
  ['Apps@Work for Android beside Mobile@Work', CORE, ON_SYNC, 'android-apps', ''],
  ['AppConnect beside Mobile@Work', FROM_START, ON_SYNC, 'ios-appconnect', ''],
  // S0-15, S1-08: until it is known how devices came, the sync port may be right.
  ['Mobile@Work that is about to move', EPMM, ON_SYNC, 'android-maw 10.1', ''],
  ['Mobile@Work that Core leaves where it is', CORE, ON_SYNC, 'android-maw 10.1', ''],
  ['Mobile@Work while recording', RECORDING, ON_SYNC, 'android-maw 10.1', ''],
  ['Mobile@Work where the setting is off', OFF, ON_SYNC, 'android-maw 10.1', ''],
  // S0-14: new installation.
  ['Mobile@Work of a new server', FROM_START, ON_SYNC, 'android-maw 10.1', 'on-sync-port'],
  ['Mobile@Work for iOS of a new server', FROM_START, ON_SYNC, 'ios-maw 13', 'on-sync-port'],
  // S1-08: Core had moved its Android clients before.
  [
    'Android on a Core that was upgraded with the setting',
    { ...CORE, setting: 'on-before-upgrade' },
    ON_SYNC,
    'android-maw 10.1',
    'on-sync-port',
  ],
  // S0-13, S1-06: before 9.8 it never leaves the sync port.
  ['an old Mobile@Work for iOS on 443', EPMM, ON_443, 'ios-maw 9.7.9', 'on-https-port'],
  ['the same at Core', CORE, ON_443, 'ios-maw 9.7.9', 'on-https-port'],
  ['the first that can', EPMM, ON_443, 'ios-maw 9.8', ''],
  ['one of unknown release', EPMM, ON_443, 'ios-maw', ''],
  [
    'an old one that once was on the sync port',
    EPMM,
    { ...ON_443, migration: 'success' },
    'ios-maw 9.7.9',
    '',
  ],
  [
    'an old one that may still be there',
    EPMM,
    { ...ON_443, migration: 'pending' },
    'ios-maw 9.7.9',
    'cannot-migrate',
  ],
  ['Mobile@Work on 443 with the setting off', OFF, ON_443, 'android-maw', 'on-https-port'],
  ['Mobile@Work on 443 while recording', RECORDING, ON_443, 'android-maw', ''],
  // S0-13, S0-14: who always authenticates, or does by the setting.
  ['macOS without a certificate', RECORDING, WITHOUT, 'macos-maw', 'came-without-certificate'],
  ['Windows without a certificate', OFF, WITHOUT, 'win10', 'came-without-certificate'],
  ['Apps@Work for iOS without one', EPMM, WITHOUT, 'ios-apps', 'came-without-certificate'],
  ['the same at a Core whose store front is unknown', CORE, WITHOUT, 'ios-apps', ''],
  [
    'the same at a Core whose store front asks for one',
    { ...CORE, storefrontCertificates: true },
    WITHOUT,
    'ios-apps',
    'came-without-certificate',
  ],
  ['iOS MDM without one', EPMM, WITHOUT, 'ios-mdm', 'came-without-certificate'],
  ['iOS MDM without one while recording', RECORDING, WITHOUT, 'ios-mdm', ''],
  ['iOS MDM without one where the setting is off', OFF, WITHOUT, 'ios-mdm', ''],
  ['Mobile@Work that is about to move, without one', EPMM, WITHOUT, 'android-maw', ''],
  ['an old Mobile@Work for iOS without one', EPMM, WITHOUT, 'ios-maw 9.7', ''],
  ['Apps@Work for Android without one', EPMM, WITHOUT, 'android-apps 10.2', ''],
  [
    'both at once',
    EPMM,
    { ...ON_SYNC, cameWithout: true },
    'macos-maw',
    'on-sync-port came-without-certificate',
  ],
  // S0-45: EPMM migrates Android from 10.1 and iOS from 12.11.10 on; S1-14: Core migrates Android alone.
  ['Android before 10.1', EPMM, ON_SYNC, 'android-maw 10.0.9', 'cannot-migrate'],
  ['Android before 10.1 at Core', CORE, ON_SYNC, 'android-maw 10.0.9', 'cannot-migrate'],
  ['iOS before 12.11.10', EPMM, ON_SYNC, 'ios-maw 12.11.9', 'cannot-migrate'],
  ['iOS from 12.11.10 on', EPMM, ON_SYNC, 'ios-maw 12.11.10', ''],
  ['iOS at Core', CORE, ON_SYNC, 'ios-maw 13', 'cannot-migrate'],
  ['iOS of any release at Core', CORE, ON_SYNC, 'ios-maw', 'cannot-migrate'],
  ['iOS of unknown release', EPMM, ON_SYNC, 'ios-maw', ''],
  ['Android of unknown release', EPMM, ON_SYNC, 'android-maw', ''],
  ['an old one that is not pending', EPMM, QUIET, 'android-maw 9', ''],
  ['an old one that migrated', EPMM, { ...ON_443, migration: 'success' }, 'android-maw 9', ''],
  ['AppConnect, of which no migration is documented', EPMM, ON_SYNC, 'ios-appconnect 1', ''],
  [
    'a phone met elsewhere that is still pending',
    EPMM,
    { ...QUIET, migration: 'pending' },
    'android-maw 10',
    'cannot-migrate',
  ],
  // The version of what is no Mobile@Work is no release of it.
  [
    'a browser of version 5',
    { ...CORE, storefrontCertificates: true },
    WITHOUT,
    'android-apps 5',
    '',
  ],
  ['a class that is not known', EPMM, { ...ON_SYNC, cameWithout: true }, 'unknown', ''],
]

for (const [what, installation, situation, client, codes] of ROWS) {
  test(`${what} (${client}, ${installation.profile}) departs by: ${codes || 'nothing'}`, () => {
    const { departures } = compareWithDocuments(device(client, situation), installation)
    expect(departures.map(({ kind }) => kind).join(' ')).toBe(codes)
  })
}

test('a server without documents expects nothing of any device', () => {
  for (const kind of CLIENT_CLASSES) {
    expect(
      compareWithDocuments(device(kind, { ...ON_SYNC, cameWithout: true }), undefined),
    ).toEqual({ expected: undefined, departures: [] })
  }
})

test('where nothing is stated no expectation is shown, and what is stated is shown whole', () => {
  const expectedOf = (client: string, installation: Installation): Expectation | undefined =>
    compareWithDocuments(device(client, QUIET), installation).expected
  expect(expectedOf('android-maw', RECORDING)).toBeUndefined()
  expect(expectedOf('unknown', EPMM)).toBeUndefined()
  expect(expectedOf('ios-apps', EPMM)).toEqual({ port: undefined, mutual: 'used' })
  expect(expectedOf('ios-mdm', RECORDING)).toEqual({ port: 'https', mutual: undefined })
  expect(expectedOf('macos-maw', EPMM)).toEqual({ port: 'https', mutual: 'used' })
})

const EXPECTED: readonly [ClientClass, Expectation, string][] = [
  [
    'macos-maw',
    { port: 'https', mutual: 'used' },
    'Mobile@Work for macOS on 443 with a certificate',
  ],
  ['ios-mdm', { port: 'https', mutual: undefined }, 'iOS MDM on 443'],
  ['ios-mdm', { port: 'https', mutual: 'not-used' }, 'iOS MDM on 443 without a certificate'],
  [
    'ios-maw',
    { port: 'sync', mutual: 'not-used' },
    'Mobile@Work for iOS on the sync port without a certificate',
  ],
  ['ios-apps', { port: undefined, mutual: 'used' }, 'Apps@Work for iOS with a certificate'],
  [
    'android-maw',
    { port: undefined, mutual: 'from-next-check-in' },
    'Mobile@Work for Android on 443 with a certificate from the check-in on that follows the setting, and on the sync port at most until then',
  ],
]

for (const [kind, expectation, words] of EXPECTED) {
  test(`an expectation reads: ${words}`, () => {
    expect(explainExpectation(kind, expectation, 'epmm-11.5')).toBe(
      `the documents of EPMM 11.5 expect ${words}`,
    )
    expect(explainExpectation(kind, expectation, 'core-10')).toBe(
      `the documents of Core 10 expect ${words}`,
    )
  })
}

const SENTENCES: readonly [Departure, string, string][] = [
  [
    { kind: 'on-sync-port', class: 'win10' },
    'as far as is known it checks in on the sync port, and the documents of Core 10 expect Windows 10 on 443',
    'compare its class with the inventory of the server; if it is right, register the device again, so that it uses 443',
  ],
  [
    { kind: 'on-https-port', class: 'ios-maw' },
    'it was last met on another port than the sync port, where the documents of Core 10 expect Mobile@Work for iOS to stay',
    'compare its class, its release and the mutual authentication setting with the server: it was upgraded, the setting is on, or it is not the client that it says it is',
  ],
  [
    { kind: 'came-without-certificate', class: 'ios-apps' },
    'a client that said to be this device came without a certificate, the device never showed one, and the documents of Core 10 expect Apps@Work for iOS to use one',
    'register the device again, or find out from the log which client it was',
  ],
  [
    { kind: 'cannot-migrate', class: 'android-maw', version: [9, 5], from: [10, 1] },
    'it has still to leave the sync port, its agent was last told as release 9.5, and the documents of Core 10 have Mobile@Work for Android migrate from 10.1 on',
    'upgrade it to 10.1 or later',
  ],
  [
    { kind: 'cannot-migrate', class: 'ios-maw', version: undefined, from: undefined },
    'it has still to leave the sync port, and the documents of Core 10 describe no migration of Mobile@Work for iOS',
    'register the device again, or keep the sync port open for it',
  ],
]

for (const [departure, sentence, nextStep] of SENTENCES) {
  test(`${departure.kind} of ${departure.class} is explained, with a next step`, () => {
    expect(explainDeparture(departure, 'core-10')).toEqual({ sentence, nextStep })
  })
}

const VERSIONS = ['0', '9', '9.7.9', '9.8', '10.0.9', '10.1', '12.11.9', '12.11.10', '99'].map(
  (text) => parseVersion(text),
)
const SITUATIONS = (['sync', 'https', undefined] as const).flatMap((port) =>
  (['none', 'pending', 'success'] as const).flatMap((migration) =>
    [false, true].map((cameWithout): Situation => ({ port, migration, cameWithout })),
  ),
)

function isIn(version: Version | undefined, it: DepartingCase): boolean {
  const { releases } = it
  if (releases.kind === 'any') return true
  if (releases.kind === 'unknown' || version === undefined) {
    return releases.kind === 'unknown' && version === undefined
  }
  const { from, below } = releases
  return (
    (from === undefined || !isOlder(version, from)) &&
    (below === undefined || isOlder(version, below))
  )
}

const everyDevice = (): readonly DepartureFacts[] =>
  CLIENT_CLASSES.flatMap((kind) =>
    [undefined, ...VERSIONS].flatMap((version) =>
      SITUATIONS.map((situation) => ({ class: kind, version, situation })),
    ),
  )

const isMeant = ({ class: kind, version, situation }: DepartureFacts, it: DepartingCase): boolean =>
  kind !== undefined &&
  it.classes.includes(kind) &&
  isIn(version, it) &&
  it.ports.includes(situation.port) &&
  it.migrations.includes(situation.migration) &&
  it.cameWithout.includes(situation.cameWithout)

test('the cases of each departure are those in which a device departs, for every server, release and situation', () => {
  let met = 0
  const wrong: unknown[] = []
  for (const profile of DOCUMENTED_SERVERS) {
    for (const setting of [...MUTUAL_AUTHENTICATION_SETTINGS, undefined]) {
      const installation = { ...EPMM, profile, setting }
      const cases = DEPARTURES.map((code) => departingCases(code, installation))
      for (const facts of everyDevice()) {
        const { departures } = compareWithDocuments(facts, installation)
        const departs = departures.map(({ kind }) => kind)
        const named = DEPARTURES.filter((_, at) => cases[at]?.some((one) => isMeant(facts, one)))
        met += departs.length
        if (departs.join() !== named.join()) wrong.push({ installation, facts, departs, named })
      }
    }
  }
  expect(wrong).toEqual([])
  expect(met).toBeGreaterThan(1000)
})

test('a server without documents has no cases', () => {
  expect(DEPARTURES.flatMap((code) => departingCases(code, undefined))).toEqual([])
})

test('the releases that the store compares by go up, each once', () => {
  expect([...RELEASE_STEPS]).toEqual([
    ['android-maw', [[10, 1]]],
    [
      'ios-maw',
      [
        [9, 8],
        [12, 11, 10],
      ],
    ],
  ])
})
