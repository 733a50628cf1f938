/** Each kind of difference between file and store: who says what is in force, whether it holds, and the commands. */
import { expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Instant, Millis } from '../../src/kernel/types.ts'
import { differenceText, type FileDifference } from '../../src/state/file-difference.ts'
import { fileDifferences } from '../../src/state/file-differences.ts'
import { revocationInForce } from '../../src/state/held-revocation.ts'
import type { StoreRules } from '../../src/state/store-rules.ts'
import type { StoredEnrollmentSetting } from '../../src/state/stored-setting.ts'
import { mintCa } from '../support/certificates/mint.ts'
import { inMemoryFiles } from '../support/config/in-memory-files.ts'

const CAS = {
  a: mintCa({ name: 'A' }),
  b: mintCa({ name: 'B' }),
  c: mintCa({ name: 'C' }),
} as const
type Letter = keyof typeof CAS

interface FileWords {
  readonly settings: readonly string[]
  readonly head?: string
  readonly tls?: string
}

/** The file; `file:a.pem` holds the chain of CA A. */
async function configOf({ settings, head = '', tls = '{}' }: FileWords): Promise<Config> {
  const text = `${head}
store: { dangerousNone: true }
profile: generic
trust: { enrollmentSettings: [${settings.join(', ')}] }
listeners:
  devices:
    port: 8443
    hosts: [mdm.example.com]
    certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }]
    routes: all
routes: { all: { upstream: core, rows: [{ id: all, path: /*, class: device }] } }
upstreams: { core: { url: 'https://core.internal', tls: ${tls} } }
`
  const read = await loadConfig('c.yaml', {}, inMemoryFiles('c.yaml', text))
  if (!read.ok) throw new Error(JSON.stringify(read.failure))
  const { config } = read.value
  const enrollmentSettings = config.trust.enrollmentSettings.map((setting) => {
    const letter = setting.chain.path.replace(/^.*\/|\.pem$/gu, '') as Letter
    return { ...setting, chain: { ...setting.chain, bytes: Buffer.from(CAS[letter].pem) } }
  })
  return { ...config, trust: { ...config.trust, enrollmentSettings } }
}

const stored = (
  name: string,
  standing: StoredEnrollmentSetting['standing'],
  changes: Partial<StoredEnrollmentSetting> & { readonly letter?: Letter } = {},
): StoredEnrollmentSetting => {
  const { letter = name.toLowerCase() as Letter, ...rest } = changes
  const chain = [CAS[letter].certificate]
  return { name, source: 'local', standing, chain, crl: undefined, ...rest }
}

const rulesOf = (
  enrollmentSettings: readonly StoredEnrollmentSetting[],
  changes: Partial<StoreRules> = {},
): StoreRules => ({
  revision: 1,
  latch: 'recording',
  enrollmentSettings,
  removedSettings: [],
  listPoints: [],
  approvalModel: undefined,
  oauth: { modern: 'enabled', legacy: 'enabled' },
  closedListeners: [],
  upstreamTls: [],
  ...changes,
})

const written = (name: string, rest: string, letter = name.toLowerCase()): string =>
  `{ name: ${name}, chain: 'file:${letter}.pem', ${rest} }`
const A = written('A', 'standing: current')
const OLD_B = written('B', 'standing: previously-trusted, retiredAt: 2024-01-01')
const CURRENT = { kind: 'current' } as const
const STAGED = { kind: 'staged' } as const
const DISTRUSTED = { kind: 'distrusted' } as const
const day = (text: string): Instant => Date.parse(text) as Instant
const previous = (sunset?: string, retiredAt = '2024-01-01') =>
  ({
    kind: 'previously-trusted',
    retiredAt: day(retiredAt),
    cutOff: 'not-before',
    sunset: sunset === undefined ? undefined : day(sunset),
  }) as const

interface Row {
  readonly promise: string
  readonly file: FileWords
  readonly rules: StoreRules
  /** Kind, subject, who is in force (`held` where the file's stricter word is), and the commands. */
  readonly found: readonly (readonly [
    FileDifference['kind'],
    string,
    'store' | 'latch' | 'file' | 'held',
    ...string[],
  ])[]
}

const SECURE = { protocols: [], suites: [], groups: [] } as never

const ROWS: readonly Row[] = [
  {
    promise: 'a store that says the same has no difference',
    file: { settings: [A, OLD_B] },
    rules: rulesOf([stored('A', CURRENT), stored('B', previous())]),
    found: [],
  },
  {
    promise: 'a cut-off that only a store can have is no difference',
    file: { settings: [A, OLD_B] },
    rules: rulesOf([stored('A', CURRENT), stored('B', { ...previous(), cutOff: 'known-devices' })]),
    found: [],
  },
  {
    promise: 'what the file distrusts and the store has current holds',
    file: { settings: [written('B', 'standing: current'), written('A', 'standing: distrusted')] },
    rules: rulesOf([stored('A', CURRENT), stored('B', STAGED)]),
    found: [
      ['standing', 'B', 'store', 'tfe ca promote B'],
      ['standing', 'A', 'held', 'tfe ca distrust A'],
    ],
  },
  {
    promise: 'what the file distrusts and the store has removed holds',
    file: { settings: [A, written('B', 'standing: distrusted')] },
    rules: rulesOf([stored('A', CURRENT)], { removedSettings: ['B'] }),
    found: [['standing', 'B', 'held', 'tfe ca distrust B']],
  },
  {
    promise: 'what the file distrusts and the store never had holds, and is uploaded first',
    file: { settings: [A, written('B', 'standing: distrusted')] },
    rules: rulesOf([stored('A', CURRENT)]),
    found: [['only-in-file', 'B', 'held', 'tfe ca upload B /given/b.pem', 'tfe ca distrust B']],
  },
  {
    promise:
      'what the file distrusts under another name is distrusted by the name that the store has',
    file: { settings: [A, written('Stolen', 'standing: distrusted', 'b')] },
    rules: rulesOf([stored('A', CURRENT), stored('B', previous())]),
    found: [
      ['only-in-file', 'Stolen', 'held', 'tfe ca distrust B'],
      ['only-in-store', 'B', 'store', 'tfe ca remove B'],
    ],
  },
  {
    promise: 'a distrust under another name is no difference once the store has it',
    file: { settings: [A, written('Stolen', 'standing: distrusted', 'b')] },
    rules: rulesOf([stored('A', CURRENT), stored('B', DISTRUSTED)]),
    found: [['only-in-store', 'B', 'store', 'tfe ca remove B --force']],
  },
  {
    promise: 'what the file calls removed holds against a setting that admits',
    file: { settings: [A, written('B', 'standing: removed')] },
    rules: rulesOf([stored('A', CURRENT), stored('B', previous())]),
    found: [['standing', 'B', 'held', 'tfe ca remove B']],
  },
  {
    promise: 'the current setting is removed once its successor is promoted',
    file: { settings: [A, written('B', 'standing: removed')] },
    rules: rulesOf([stored('A', STAGED), stored('B', CURRENT)]),
    found: [
      ['standing', 'A', 'store', 'tfe ca promote A'],
      ['standing', 'B', 'held', 'tfe ca promote A', 'tfe ca remove B'],
    ],
  },
  {
    promise: 'what the file calls removed does not hold against distrust, which is stricter',
    file: { settings: [A, written('B', 'standing: removed')] },
    rules: rulesOf([stored('A', CURRENT), stored('B', DISTRUSTED)]),
    found: [['standing', 'B', 'store', 'tfe ca remove B --force']],
  },
  {
    promise: 'what the file calls removed and the store does not have is no difference',
    file: { settings: [A, written('B', 'standing: removed'), written('C', 'standing: removed')] },
    rules: rulesOf([stored('A', CURRENT)], { removedSettings: ['B'] }),
    found: [],
  },
  {
    promise: 'an earlier sunset of the file holds',
    file: { settings: [A, OLD_B.replace('2024-01-01', '2024-01-01, sunset: 2026-01-01')] },
    rules: rulesOf([stored('A', CURRENT), stored('B', previous('2027-01-01'))]),
    found: [['sunset', 'B', 'held', 'tfe ca amend B --sunset 2026-01-01T00:00:00.000Z']],
  },
  {
    promise: 'a sunset of the file holds against none in the store',
    file: { settings: [A, OLD_B.replace('2024-01-01', '2024-01-01, sunset: 2026-01-01')] },
    rules: rulesOf([stored('A', CURRENT), stored('B', previous())]),
    found: [['sunset', 'B', 'held', 'tfe ca amend B --sunset 2026-01-01T00:00:00.000Z']],
  },
  {
    promise: 'a later sunset of the file is named alone',
    file: { settings: [A, OLD_B.replace('2024-01-01', '2024-01-01, sunset: 2028-01-01')] },
    rules: rulesOf([stored('A', CURRENT), stored('B', previous('2027-01-01'))]),
    found: [['sunset', 'B', 'store', 'tfe ca amend B --sunset 2028-01-01T00:00:00.000Z']],
  },
  {
    promise: 'no sunset in the file is named alone',
    file: { settings: [A, OLD_B] },
    rules: rulesOf([stored('A', CURRENT), stored('B', previous('2027-01-01'))]),
    found: [['sunset', 'B', 'store', 'tfe ca amend B --sunset never']],
  },
  {
    promise:
      'a sunset of a setting that the store has as current is a file that is older than a command',
    file: {
      settings: [A, OLD_B.replace('2024-01-01', '2024-01-01, sunset: 2026-01-01')],
    },
    rules: rulesOf([stored('B', CURRENT), stored('A', previous())]),
    found: [
      ['standing', 'A', 'store', 'tfe ca promote A'],
      ['standing', 'B', 'store', 'tfe ca promote A'],
    ],
  },
  {
    promise: 'staged in the file is not stricter than current in the store',
    file: { settings: [A, written('B', 'standing: staged')] },
    rules: rulesOf([stored('A', previous()), stored('B', CURRENT)]),
    found: [
      ['standing', 'A', 'store', 'tfe ca promote A'],
      ['standing', 'B', 'store'],
    ],
  },
  {
    promise: 'another retirement is told, and no command changes it',
    file: { settings: [A, OLD_B] },
    rules: rulesOf([stored('A', CURRENT), stored('B', previous(undefined, '2024-02-01'))]),
    found: [['retired-at', 'B', 'store']],
  },
  {
    promise: 'no command takes back a distrust or a removal',
    file: { settings: [A, OLD_B, written('C', 'standing: staged')] },
    rules: rulesOf([stored('A', DISTRUSTED), stored('B', DISTRUSTED)], { removedSettings: ['C'] }),
    found: [
      ['standing', 'A', 'store'],
      ['standing', 'B', 'store'],
      ['standing', 'C', 'store'],
    ],
  },
  {
    promise: 'another chain is told, and no command changes it',
    file: { settings: [written('A', 'standing: current', 'b')] },
    rules: rulesOf([stored('A', CURRENT)]),
    found: [['chain', 'A', 'store']],
  },
  {
    promise: 'another source is told',
    file: { settings: [written('A', 'standing: current, source: scep')] },
    rules: rulesOf([stored('A', CURRENT)]),
    found: [['source', 'A', 'store']],
  },
  {
    promise: 'a setting that the file alone has is uploaded and promoted by commands',
    file: { settings: [A, written('B', 'standing: staged')] },
    rules: rulesOf([]),
    found: [
      ['only-in-file', 'A', 'store', 'tfe ca upload A /given/a.pem', 'tfe ca promote A'],
      ['only-in-file', 'B', 'store', 'tfe ca upload B /given/b.pem'],
    ],
  },
  {
    promise: 'a previously trusted setting that the file alone has is reached by no command',
    file: { settings: [A, OLD_B] },
    rules: rulesOf([stored('A', CURRENT)]),
    found: [['only-in-file', 'B', 'store']],
  },
  {
    promise: 'a setting that was renamed in the file is told by both names',
    file: { settings: [written('Renamed', 'standing: current', 'a')] },
    rules: rulesOf([stored('A', CURRENT)]),
    found: [
      ['only-in-file', 'Renamed', 'store'],
      ['only-in-store', 'A', 'store'],
    ],
  },
  {
    promise: 'required in the file holds against a store that records',
    file: { settings: [A], head: 'enforcement: required' },
    rules: rulesOf([stored('A', CURRENT)]),
    found: [['enforcement', 'enforcement', 'held', 'tfe enforce require']],
  },
  {
    promise: 'recording in the file does nothing against the latch',
    file: { settings: [A], head: 'enforcement: recording' },
    rules: rulesOf([stored('A', CURRENT)], { latch: 'required' }),
    found: [['enforcement', 'enforcement', 'latch']],
  },
  {
    promise: 'the default of a profile is no word of the file',
    file: { settings: [A] },
    rules: rulesOf([stored('A', CURRENT)], { latch: 'required' }),
    found: [],
  },
  {
    promise: 'the approval model of the file is in force, and another one of the store is told',
    file: { settings: [A], head: 'approval: { model: manual }' },
    rules: rulesOf([stored('A', CURRENT)], { approvalModel: 'off' }),
    found: [['approval-model', 'approval.model', 'file', 'tfe approval use manual']],
  },
  {
    promise: 'a model that the file does not state is no difference',
    file: { settings: [A] },
    rules: rulesOf([stored('A', CURRENT)], { approvalModel: 'off' }),
    found: [],
  },
  {
    promise:
      'upstream TLS that the file states is in force, and other choices of the store are told',
    file: { settings: [A], tls: '{ sni: core.example.com }' },
    rules: rulesOf([stored('A', CURRENT)], {
      upstreamTls: [
        { upstream: 'core', selection: SECURE, chosen: { sni: { kind: 'off' }, strict: false } },
      ],
    }),
    found: [['upstream-tls', 'core', 'file']],
  },
]

const crl = (failure: 'hard-fail' | 'soft-fail', ...urls: readonly string[]) => {
  const [first = '', ...others] = urls
  const list = (url: string) => ({ kind: 'url', url }) as const
  const hour = 3_600_000 as Millis
  return {
    failure,
    grace: 0 as Millis,
    refresh: hour,
    resets: 0,
    lists: [list(first), ...others.map(list)],
  } as const
}
const UPLOAD = { kind: 'upload', digest: 'd', octets: Buffer.of(1) } as const
const withCrl = (words: string) => written('A', `standing: current, crl: { ${words} }`)
const LIST = "lists: [{ url: 'http://ca.example/a.crl' }]"
const A_CRL = 'http://ca.example/a.crl'

const CRL_ROWS: readonly Row[] = [
  {
    promise: 'lists that both have are no difference',
    file: { settings: [withCrl(LIST)] },
    rules: rulesOf([stored('A', CURRENT, { crl: crl('hard-fail', A_CRL) })]),
    found: [],
  },
  {
    promise: 'a file that says nothing of revocation does not differ from a store that asks for it',
    file: { settings: [A] },
    rules: rulesOf([stored('A', CURRENT, { crl: crl('hard-fail', A_CRL) })]),
    found: [],
  },
  {
    promise: 'a list that the store lacks holds, with what follows while it cannot be had',
    file: { settings: [withCrl(LIST)] },
    rules: rulesOf([stored('A', CURRENT)]),
    found: [['revocation-list', 'A', 'held', `tfe crl add A ${A_CRL} --failure hard-fail`]],
  },
  {
    promise: 'a list beside those of the store holds in addition, and theirs is told',
    file: { settings: [withCrl(LIST)] },
    rules: rulesOf([stored('A', CURRENT, { crl: crl('hard-fail', 'http://ca.example/b.crl') })]),
    found: [
      ['revocation-list', 'A', 'held', `tfe crl add A ${A_CRL}`],
      ['revocation-list', 'A', 'store', 'tfe crl remove A 1'],
    ],
  },
  {
    promise: 'hard-fail holds against soft-fail',
    file: { settings: [withCrl(LIST)] },
    rules: rulesOf([stored('A', CURRENT, { crl: crl('soft-fail', A_CRL) })]),
    found: [['revocation', 'A', 'held', 'tfe crl set A --failure hard-fail']],
  },
  {
    promise: 'soft-fail does not hold against hard-fail',
    file: { settings: [withCrl(`${LIST}, failure: soft-fail`)] },
    rules: rulesOf([stored('A', CURRENT, { crl: crl('hard-fail', A_CRL) })]),
    found: [['revocation', 'A', 'store', 'tfe crl set A --failure soft-fail']],
  },
  {
    promise: 'another grace and another refresh are told',
    file: { settings: [withCrl(`${LIST}, grace: 1h, refresh: 2h`)] },
    rules: rulesOf([stored('A', CURRENT, { crl: crl('hard-fail', A_CRL) })]),
    found: [
      ['revocation', 'A', 'store', 'tfe crl set A --grace 3600s'],
      ['revocation', 'A', 'store', 'tfe crl set A --refresh 7200s'],
    ],
  },
  {
    promise: 'what was uploaded a file cannot name, and does not differ from',
    file: { settings: [withCrl(LIST)] },
    rules: rulesOf([
      stored('A', CURRENT, {
        crl: {
          ...crl('hard-fail', A_CRL),
          lists: [{ kind: 'url', url: A_CRL }, UPLOAD],
        },
      }),
    ]),
    found: [],
  },
  {
    promise: 'of a setting that admits no device lists do not count',
    file: {
      settings: [withCrl(LIST).replace('current', 'distrusted'), written('B', 'standing: current')],
    },
    rules: rulesOf([stored('A', DISTRUSTED), stored('B', CURRENT)]),
    found: [],
  },
]

for (const { promise, file, rules, found } of [...ROWS, ...CRL_ROWS]) {
  test(promise, async () => {
    const differences = fileDifferences(await configOf(file), rules)
    const summary = differences.map(({ kind, subject, inForce, holds, commands }) => [
      kind,
      subject,
      holds ? 'held' : inForce,
      ...commands,
    ])
    expect(summary).toEqual(found)
  })
}

test('without a store there is nothing to differ from', async () => {
  expect(fileDifferences(await configOf({ settings: [A] }), undefined)).toEqual([])
})

const sentences = async (file: FileWords, rules: StoreRules): Promise<readonly string[]> =>
  fileDifferences(await configOf(file), rules).map((one) => `${one.at}: ${differenceText(one)}`)

test('a difference is told with its place, both words, which is in force, and what to do', async () => {
  const settings = [A, written('B', 'standing: distrusted')]
  expect(
    await sentences({ settings }, rulesOf([stored('A', CURRENT), stored('B', previous())])),
  ).toEqual([
    expect.stringMatching(
      /^c\.yaml:4:\d+ trust\.enrollmentSettings\[1\]: found standing: distrusted of B, and the store says previously-trusted: the file's word is the stricter one, and holds as long as it stands here, unstored; run `tfe ca distrust B`, or write standing: previously-trusted$/u,
    ),
  ])
  expect(
    await sentences(
      { settings: [A, OLD_B] },
      rulesOf([stored('A', CURRENT), stored('B', DISTRUSTED)]),
    ),
  ).toEqual([
    expect.stringMatching(
      /: found standing: previously-trusted of B, and the store says distrusted, which is in force; write standing: distrusted$/u,
    ),
  ])
  expect(
    await sentences(
      { settings: [A], head: 'enforcement: recording' },
      rulesOf([stored('A', CURRENT)], { latch: 'required' }),
    ),
  ).toEqual([
    'c.yaml:1:14 enforcement: found enforcement: recording, and the store says that certificates are required for good, which is in force; write enforcement: required, or take the line out',
  ])
  expect(
    await sentences(
      { settings: [A], head: 'approval: { model: manual }' },
      rulesOf([stored('A', CURRENT)], { approvalModel: 'off' }),
    ),
  ).toEqual([
    "c.yaml:1:20 approval.model: found approval.model: manual, and the store says off: the file's word is in force; take approval.model out of the file and let the store decide; `tfe approval use manual` then keeps it as it is",
  ])
})

test('a difference in upstream TLS is told at the key that states the setting', async () => {
  const chosen = { strict: false, sni: { kind: 'off' }, defaultStore: 'off' } as const
  const upstreamTls = [{ upstream: 'core', selection: SECURE, chosen }]
  const tls = '{ strict: true, sni: on, trust: { default: bundled } }'
  const places = (
    await sentences({ settings: [A], tls }, rulesOf([stored('A', CURRENT)], { upstreamTls }))
  )
    .map((text) => text.slice(0, text.indexOf(': found')))
    .toSorted()
  expect(places).toEqual([
    'c.yaml:12:100 upstreams.core.tls.trust.default',
    'c.yaml:12:67 upstreams.core.tls.strict',
    'c.yaml:12:78 upstreams.core.tls.sni',
  ])
})

test('the lists in force are those of the store and of the file, and hard-fail in either is hard-fail', () => {
  const at = 'store: A'
  const inStore = crl('soft-fail', 'http://ca.example/b.crl')
  const inFile = {
    ...crl('hard-fail', A_CRL),
    grace: 5 as Millis,
    lists: [{ kind: 'url', url: A_CRL, at: 'c.yaml' }],
  } as const
  expect(revocationInForce(undefined, undefined, at)).toBeUndefined()
  expect(revocationInForce(undefined, inFile, at)).toEqual(inFile)
  expect(revocationInForce(inStore, undefined, at)).toEqual({
    ...inStore,
    lists: [{ ...inStore.lists[0], at }],
  })
  expect(revocationInForce(inStore, inFile, at)).toEqual({
    ...inStore,
    failure: 'hard-fail',
    grace: 5,
    lists: [{ ...inStore.lists[0], at }, inFile.lists[0]],
  })
  // The file's soft word loosens nothing.
  const hard = { ...inStore, failure: 'hard-fail', grace: 7 as Millis } as const
  expect(revocationInForce(hard, { ...inFile, failure: 'soft-fail' }, at)).toMatchObject({
    failure: 'hard-fail',
    grace: 7,
  })
})
