import { expect, test } from 'vitest'
import { findPreset } from '../../src/config/routes/presets/find-preset.ts'
import { CLIENT_CLASSES } from '../../src/fleet/client.ts'
import { detectClient, detectionOf, CLIENT_RULES } from '../../src/fleet/detect-client.ts'

/** The row, the User-Agent, and the kind of client that it seems to be. */
const ROWS: readonly [string, string | undefined, string | undefined][] = [
  ['windows-check-in', undefined, 'win10'],
  ['windows-check-in', 'MDM-OSX/1.0', 'win10'],
  ['everything', 'MSFT OMA DM Client/1.2.0.1', 'win10'],
  ['everything', 'OMA/1.0 DM', undefined],
  ['ios-mdm', 'MDM-OSX/1.0 mdmclient/1234', 'macos-mdm'],
  ['ios-mdm', 'MDM/1.0', 'ios-mdm'],
  ['everything', 'MDM/1.0', undefined],
  ['apps-storefront', 'Mozilla/5.0 (Linux; Android 14)', 'android-apps'],
  ['apps-storefront', 'Mozilla/5.0 (iPhone; CPU)', undefined],
  ['client-check-in', 'MobileIron/12.1 (Android 14)', 'android-maw'],
  ['client-check-in', 'MobileIron/12.1 (iPhone; iOS 17.0)', 'ios-maw'],
  ['client-check-in', 'MobileIron/12.1 (iPad; iOS 17.0)', 'ios-maw'],
  ['everything', 'MobileIron/12.1 (iPhone; iOS 17.0)', undefined],
  // Any app of Apple's platforms says this much.
  ['client-check-in', 'MobileIron/12.1 CFNetwork/1404 Darwin/22.3.0', undefined],
  ['client-check-in', 'MobileAtWork/13.0.1 CFNetwork/1404 Darwin/22.3.0', undefined],
  ['client-check-in', 'MobileAtWork/13.0.1 (Macintosh)', undefined],
  ['client-check-in', 'AppConnect/4.9.0 (iPad)', undefined],
  ['client-check-in', 'AppConnect/4.9.0 (iPhone)', undefined],
  ['client-check-in', 'curl/8.0', undefined],
  ['everything', undefined, undefined],
  ['everything', '', undefined],
]

for (const [row, userAgent, expected] of ROWS) {
  test(`${userAgent ?? 'no agent'} on ${row} seems to be ${expected ?? 'no known client'}`, () => {
    expect(detectClient(row, userAgent).class).toBe(expected)
  })
}

/** The User-Agent, the product, and its version. */
const AGENTS: readonly [string, string | undefined, string | undefined][] = [
  ['MobileIron/10.2.0.0 (Android)', 'MobileIron', '10.2.0.0'],
  ['MobileIron', 'MobileIron', undefined],
  ['MobileIron/', 'MobileIron', undefined],
  ['MobileIron/10..2', 'MobileIron', undefined],
  ['MobileIron/1.2.3.4.5.6.7', 'MobileIron', undefined],
  ['MobileIron/ten', 'MobileIron', undefined],
  ['(comment only)', undefined, undefined],
  ['', undefined, undefined],
  [`${'x'.repeat(5000)}/1.0`, 'x'.repeat(100), undefined],
]

for (const [userAgent, agent, version] of AGENTS) {
  test(`${userAgent.slice(0, 40)} names ${agent?.slice(0, 20) ?? 'no product'} and ${version ?? 'no version'}`, () => {
    expect(detectClient('everything', userAgent)).toMatchObject({ agent, agentVersion: version })
  })
}

test('every row that a sign names is one of a preset', () => {
  const known = (['epmm', 'core-10'] as const).flatMap((name) =>
    findPreset(name).rows.map(({ id }) => id),
  )
  expect(
    CLIENT_RULES.flatMap(({ row }) => (row === undefined || known.includes(row) ? [] : [row])),
  ).toEqual([])
})

test('what was never compared with a real client is not called verified', () => {
  expect(detectClient('windows-check-in', undefined).verified).toBe(true)
  expect(detectClient('client-check-in', 'a (Android)').verified).toBe(false)
  expect(detectClient('everything', undefined).verified).toBe(false)
})

test('Mobile@Work for macOS and AppConnect are detected by nothing, the others by documents or by assumptions', () => {
  expect(CLIENT_CLASSES.map((kind) => [kind, detectionOf(kind)])).toEqual([
    ['ios-maw', 'assumed'],
    ['ios-appconnect', 'off'],
    ['ios-mdm', 'assumed'],
    ['ios-apps', 'assumed'],
    ['macos-maw', 'off'],
    ['macos-mdm', 'assumed'],
    ['android-maw', 'assumed'],
    ['android-apps', 'documented'],
    ['win10', 'documented'],
  ])
})
