/** Which upstreams lose Allow and Log as it was, where, and what is said of it. */
import { expect, test } from 'vitest'
import {
  allowAndLogDropped,
  explainAllowAndLogDropped,
  withoutFormerAllowAndLog,
  type FormerAllowAndLog,
} from '../../src/upstream-tls/allow-and-log.ts'

const upstream = (
  name: string,
  file: boolean,
  stored: FormerAllowAndLog['stored'] = [],
): FormerAllowAndLog => ({ upstream: name, file, stored })

const ROWS: readonly (readonly [
  promise: string,
  upstreams: readonly FormerAllowAndLog[],
  dropped: readonly string[],
])[] = [
  ['an upstream that never had it loses nothing', [upstream('a', false)], []],
  ['no upstream, no loss', [], []],
  ['one that has it in the file is named', [upstream('a', true)], ['a file']],
  ['one that has it applied is named', [upstream('a', false, ['applied'])], ['a applied']],
  ['one that has it drafted is named', [upstream('a', false, ['draft'])], ['a draft']],
  [
    'each place of each upstream is named, in order',
    [upstream('a', true, ['applied', 'draft']), upstream('b', false), upstream('c', true)],
    ['a file', 'a applied', 'a draft', 'c file'],
  ],
]

for (const [promise, upstreams, dropped] of ROWS) {
  test(promise, () => {
    const found = allowAndLogDropped(upstreams)
    expect(found.map((one) => `${one.upstream} ${one.where}`)).toEqual(dropped)
    expect(found.every(({ kind }) => kind === 'allow-and-log-dropped')).toBe(true)
  })
}

test('a loss is told with its place, and with what is chosen in its stead', () => {
  const told = allowAndLogDropped([upstream('mdm', true, ['applied', 'draft'])])
  expect(told.map(explainAllowAndLogDropped)).toEqual([
    {
      sentence:
        'mdm: dangerousUnverified in the configuration file was Allow and Log untrusted servers as the signature under strict TLS being off, and says no more than that strict TLS may be off',
      nextStep:
        'write `dangerousStrictOff: true` in its place; under strict TLS, `dangerousAllowAndLog: true` allows servers that no trust store vouches for',
    },
    {
      sentence:
        'mdm: Allow and Log untrusted servers was on in what is applied, as the signature under strict TLS being off, and is off now',
      nextStep:
        'strict TLS stays as it is; to allow servers that no trust store vouches for under strict TLS, choose it anew with `tfe upstream-tls draft mdm --strict on --allow-and-log on`',
    },
    {
      sentence:
        'mdm: Allow and Log untrusted servers was on in the draft, as the signature under strict TLS being off, and is off now',
      nextStep:
        'strict TLS stays as it is; to allow servers that no trust store vouches for under strict TLS, choose it anew with `tfe upstream-tls draft mdm --strict on --allow-and-log on`',
    },
  ])
})

test('stored choices without the former one are those that count', () => {
  expect(withoutFormerAllowAndLog({ strict: false, allowUntrusted: true })).toEqual({
    chosen: { strict: false },
    wasOn: true,
  })
  expect(withoutFormerAllowAndLog({ strict: false, allowUntrusted: false })).toEqual({
    chosen: { strict: false },
    wasOn: false,
  })
  expect(withoutFormerAllowAndLog({ allowAndLog: true })).toEqual({
    chosen: { allowAndLog: true },
    wasOn: false,
  })
})
