import { expect, test } from 'vitest'
import { type ClientClass, parseVersion } from '../../src/fleet/client.ts'
import {
  expectationOf,
  MUTUAL_AUTHENTICATION_SETTINGS,
  type Client,
  type Expectation,
  type Installation,
} from '../../src/fleet/expectation.ts'

/** `443 MA`, `443`, `9997`, `MA` where no port is stated, `moves`, or `-` where nothing is. */
function inWords({ port, mutual }: Expectation): string {
  if (mutual === 'from-next-check-in') return port === undefined ? 'moves' : `moves on ${port}`
  const words = [
    port === undefined ? '' : { https: '443', sync: '9997' }[port],
    mutual === undefined ? '?' : { used: 'MA', 'not-used': '' }[mutual],
  ]
  const text = words.join(' ').trim()
  if (port === undefined && mutual === 'not-used') return 'no MA'
  return text === '?' ? '-' : text
}

/** The client, and what is expected under off, on from the start, turned on, on before the upgrade. */
type Row = readonly [
  client: string,
  off: string,
  onFromStart: string,
  turnedOn: string,
  onBeforeUpgrade: string,
]

/** S0-08, S0-13 to S0-15: the tables of EPMM 11.5 (ports; when devices use mutual authentication). */
const EPMM: readonly Row[] = [
  ['android-maw 10.0 after', '9997', '443 MA', '443 MA', '443 MA'],
  ['android-maw 10.0 before', '9997', '443 MA', 'moves', 'moves'],
  ['ios-maw 9.8 after', '9997', '443 MA', '443 MA', '443 MA'],
  ['ios-maw 9.8 before', '9997', '443 MA', 'moves', 'moves'],
  ['ios-maw 9.7.9 after', '9997', '9997', '9997', '9997'],
  ['ios-maw 9.7.9 before', '9997', '9997', '9997', '9997'],
  ['ios-mdm', '443', '443 MA', '443 MA', '443 MA'],
  ['macos-maw', '443 MA', '443 MA', '443 MA', '443 MA'],
  ['macos-mdm', '443', '443 MA', '443 MA', '443 MA'],
  ['win10', '443 MA', '443 MA', '443 MA', '443 MA'],
  // S0-13: always from 11.3.0.1 on; the tables of ports leave Apps@Work out (S0-39).
  ['ios-apps', 'MA', 'MA', 'MA', 'MA'],
  // S0-36: it can, and no document of EPMM says when.
  ['android-apps', '-', '-', '-', '-'],
  // S0-12: the check box names AppConnect; no table has it.
  ['ios-appconnect after', 'no MA', 'MA', 'MA', 'MA'],
  ['ios-appconnect before', 'no MA', 'MA', '-', '-'],
]

/** S1-03 to S1-08: the tables of Core 10. */
const CORE: readonly Row[] = [
  ['android-maw 10.0 after', '9997', '443 MA', '443 MA', '443 MA'],
  ['android-maw 10.0 before', '9997', '443 MA', '9997', '443 MA'],
  ['ios-maw 9.8 after', '9997', '443 MA', '443 MA', '443 MA'],
  ['ios-maw 9.8 before', '9997', '443 MA', '9997', '9997'],
  ['ios-maw 9.7 after', '9997', '9997', '9997', '9997'],
  ['ios-maw 9.7 before', '9997', '9997', '9997', '9997'],
  ['ios-mdm', '443', '443 MA', '443 MA', '443 MA'],
  ['macos-maw', '443 MA', '443 MA', '443 MA', '443 MA'],
  ['macos-mdm', '443', '443 MA', '443 MA', '443 MA'],
  ['win10', '443 MA', '443 MA', '443 MA', '443 MA'],
  ['ios-appconnect after', '-', '-', '-', '-'],
]

/** S1-04, S1-05: what Core's app store front asks for. */
const STOREFRONT: readonly Row[] = [
  ['ios-apps', 'MA', 'MA', 'MA', 'MA'],
  ['android-apps 10.1.9', 'no MA', 'no MA', 'no MA', 'no MA'],
  ['android-apps 10.2', 'no MA', 'MA', 'MA', 'MA'],
]
const NO_STOREFRONT: readonly Row[] = [
  ['ios-apps', 'no MA', 'no MA', 'no MA', 'no MA'],
  ['android-apps 10.2', 'no MA', 'no MA', 'no MA', 'no MA'],
]

/** What still holds where the facts of the client are not known. */
const EPMM_UNKNOWN: readonly Row[] = [
  ['android-maw', '9997', '443 MA', 'moves', 'moves'],
  ['ios-maw', '9997', '-', '-', '-'],
  ['ios-maw 9.8', '9997', '443 MA', 'moves', 'moves'],
  ['ios-maw 9.7.9', '9997', '9997', '9997', '9997'],
  ['ios-appconnect', 'no MA', 'MA', '-', '-'],
]
const CORE_UNKNOWN: readonly Row[] = [
  ['android-maw', '9997', '443 MA', '-', '443 MA'],
  ['ios-maw', '9997', '-', '-', '-'],
  ['ios-maw 9.8', '9997', '443 MA', '-', '-'],
]
const CORE_STOREFRONT_UNKNOWN: readonly Row[] = [['android-apps', 'no MA', '-', '-', '-']]

const TABLES: readonly [Installation['profile'], boolean | undefined, readonly Row[]][] = [
  ['epmm-11.5', false, EPMM],
  ['epmm-11.5', true, EPMM],
  ['epmm-11.5', undefined, EPMM],
  ['epmm-11.5', undefined, EPMM_UNKNOWN],
  ['core-10', false, CORE],
  ['core-10', undefined, CORE],
  ['core-10', undefined, CORE_UNKNOWN],
  ['core-10', true, STOREFRONT],
  ['core-10', true, CORE_STOREFRONT_UNKNOWN],
  ['core-10', undefined, [['ios-apps', '-', '-', '-', '-']]],
  ['core-10', undefined, [['android-apps 10.2', 'no MA', '-', '-', '-']]],
  ['core-10', false, NO_STOREFRONT],
]

function clientOf(text: string): Client {
  const [kind, ...rest] = text.split(' ')
  const registered = (['before', 'after'] as const).find((one) => rest.includes(one))
  const version = rest.map(parseVersion).find((one) => one !== undefined)
  return {
    class: kind as ClientClass,
    version,
    registered: registered === undefined ? undefined : `${registered}-turning-on`,
  }
}

for (const [profile, storefrontCertificates, rows] of TABLES) {
  for (const [client, ...expected] of rows) {
    const front = `store front ${storefrontCertificates ?? 'unknown'}`
    test(`${profile}, ${front}: ${client} is expected on ${expected.join(', ')}`, () => {
      const found = MUTUAL_AUTHENTICATION_SETTINGS.map((setting) => {
        const installation = { profile, setting, isRequired: true, storefrontCertificates }
        return inWords(expectationOf(clientOf(client), installation))
      })
      expect(found).toEqual(expected)
    })
  }
}

/** Where the setting was not said: while certificates are recorded, and once they are required. */
const UNSAID: readonly [string, Installation['profile'], recording: string, required: string][] = [
  ['macos-maw', 'epmm-11.5', '443 MA', '443 MA'],
  ['win10', 'core-10', '443 MA', '443 MA'],
  ['ios-mdm', 'epmm-11.5', '443 ?', '443 MA'],
  ['macos-mdm', 'core-10', '443 ?', '443 MA'],
  ['ios-maw 9.7', 'core-10', '9997', '9997'],
  ['ios-maw 9.8', 'epmm-11.5', '-', 'moves'],
  ['ios-maw 9.8', 'core-10', '-', '-'],
  ['ios-maw 9.8 after', 'core-10', '-', '443 MA'],
  ['android-maw', 'epmm-11.5', '-', 'moves'],
  ['android-maw', 'core-10', '-', '-'],
  ['ios-apps', 'epmm-11.5', 'MA', 'MA'],
  ['ios-appconnect after', 'epmm-11.5', '-', 'MA'],
]

for (const [client, profile, recording, required] of UNSAID) {
  test(`${profile}, setting unsaid: ${client} is expected on ${recording}, once required on ${required}`, () => {
    const found = [false, true].map((isRequired) => {
      const unsaid = { setting: undefined, storefrontCertificates: undefined }
      return inWords(expectationOf(clientOf(client), { profile, isRequired, ...unsaid }))
    })
    expect(found).toEqual([recording, required])
  })
}
