import { expect, test } from 'vitest'
import { decide, type Peer } from '../../src/decide/decide.ts'
import { ruleOutcomes, unmetRule, type MatchRules } from '../../src/decide/match.ts'
import { parseNamePattern, type NamePattern } from '../../src/decide/name-pattern.ts'
import { ok, type KeyFingerprint } from '../../src/kernel/types.ts'
import type { GeneralName } from '../../src/x509/certificate.ts'
import { aPath, aPolicy, at, DAY, EXPIRY, ISSUED } from './builders.ts'
import { CURRENT, DISTRUSTED, promise, unsound } from './table-row.ts'

const rules = (parts: Partial<MatchRules>): MatchRules => ({
  subjectAltNames: undefined,
  enrollmentSettings: undefined,
  issuerKeys: undefined,
  policies: undefined,
  ...parts,
})

function pattern(text: string): NamePattern {
  const parsed = parseNamePattern(text)
  if (!parsed.ok) throw new Error(parsed.failure)
  return parsed.value
}

const named = (...texts: readonly string[]) => rules({ subjectAltNames: texts.map(pattern) })
const keyed = (...keys: readonly string[]) => rules({ issuerKeys: keys as KeyFingerprint[] })
const dns = (text: string): GeneralName => ({ kind: 'dns', text })
const uri = (text: string): GeneralName => ({ kind: 'uri', text })
const UNMET = 'refuse match-rule-unmet'

promise([
  {
    promise: 'a row without rules asks nothing besides its class',
    match: rules({}),
    expect: 'admit verified',
  },
  {
    promise: 'one of the names that a row asks for is enough',
    match: named('dns:a.example', 'dns:b.example'),
    path: { names: [uri('urn:x'), dns('b.example')] },
    expect: 'admit verified',
  },
  {
    promise: 'a certificate with other names is refused',
    match: named('dns:a.example'),
    path: { names: [dns('b.example')] },
    expect: UNMET,
  },
  {
    promise: 'a certificate without names is refused where one is asked for',
    match: named('dns:a.example'),
    expect: UNMET,
  },
  {
    promise: 'a name of another kind is another name',
    match: named('dns:a.example'),
    path: { names: [uri('a.example')] },
    expect: UNMET,
  },
  {
    promise: 'an empty list admits no device',
    match: rules({ enrollmentSettings: [] }),
    expect: UNMET,
  },
  {
    promise: 'the setting at the end of the path is the one that counts',
    match: rules({ enrollmentSettings: ['devices'] }),
    expect: 'admit verified',
  },
  {
    promise: 'a device of another setting is refused',
    match: rules({ enrollmentSettings: ['others'] }),
    expect: UNMET,
  },
  {
    promise: 'of several paths one that ends where the row asks for admits',
    match: rules({ enrollmentSettings: ['devices'] }),
    paths: [{ setting: 'others' }, {}],
    standings: { devices: CURRENT, others: CURRENT },
    expect: 'admit verified',
  },
  {
    promise: 'the key of the anchor counts where it signed the device itself',
    match: keyed('anchor-key'),
    expect: 'admit verified',
  },
  {
    promise: 'the key of an intermediate counts where it signed the device',
    match: keyed('intermediate-key'),
    path: { intermediate: {} },
    expect: 'admit verified',
  },
  {
    promise: 'the key of a CA above the issuer does not count',
    match: keyed('anchor-key'),
    path: { intermediate: {} },
    expect: UNMET,
  },
  {
    promise: "the device's own key is not its issuer's",
    match: keyed('leaf-key'),
    expect: UNMET,
  },
  {
    promise: 'a policy that the leaf names under an anchor counts',
    match: rules({ policies: ['1.2.3'] }),
    path: { policies: ['1.2.9', '1.2.3'] },
    expect: 'admit verified',
  },
  {
    promise: 'a leaf without policies is refused where one is asked for',
    match: rules({ policies: ['1.2.3'] }),
    expect: UNMET,
  },
  {
    promise: 'a policy that the intermediate allows counts',
    match: rules({ policies: ['1.2.3'] }),
    path: { policies: ['1.2.3'], intermediate: { policies: ['1.2.3'] } },
    expect: 'admit verified',
  },
  {
    promise: 'a policy below an intermediate that allows any counts',
    match: rules({ policies: ['1.2.3'] }),
    path: { policies: ['1.2.3'], intermediate: { policies: ['2.5.29.32.0'] } },
    expect: 'admit verified',
  },
  {
    promise: 'a policy that the intermediate was not given does not count',
    match: rules({ policies: ['1.2.3'] }),
    path: { policies: ['1.2.3'], intermediate: { policies: ['1.2.4'] } },
    expect: UNMET,
  },
  {
    promise: 'a policy below an intermediate without any does not count',
    match: rules({ policies: ['1.2.3'] }),
    path: { policies: ['1.2.3'], intermediate: {} },
    expect: UNMET,
  },
  {
    promise: 'a leaf for any policy has none in particular',
    match: rules({ policies: ['1.2.3'] }),
    path: { policies: ['2.5.29.32.0'] },
    expect: UNMET,
  },
  {
    promise: 'every rule of a row must be met',
    match: { ...named('dns:a.example'), enrollmentSettings: ['others'] },
    path: { names: [dns('a.example')] },
    expect: UNMET,
  },
  {
    promise: 'rules never admit whom time refuses',
    match: rules({ enrollmentSettings: ['devices'] }),
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'rules never admit whom trust refuses',
    match: rules({ enrollmentSettings: ['devices'] }),
    peer: unsound,
    expect: 'refuse untrusted-issuer',
  },
  {
    promise: 'rules never admit under a distrusted setting',
    match: rules({ enrollmentSettings: ['devices'] }),
    standing: DISTRUSTED,
    expect: 'refuse distrusted',
  },
  {
    promise: 'rules narrow grace, too',
    match: rules({ enrollmentSettings: ['others'] }),
    now: EXPIRY + 1,
    route: 'renewal',
    expect: UNMET,
  },
  {
    promise: 'whom the rules of a renewal row mean keeps grace',
    match: rules({ enrollmentSettings: ['devices'] }),
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'admit in-grace',
  },
  {
    promise: 'rules hold on an always row in recording',
    match: rules({ enrollmentSettings: ['others'] }),
    route: 'always',
    enforcement: 'recording',
    expect: UNMET,
  },
  {
    promise: 'on a device row recording writes down whom the rules would refuse',
    match: rules({ enrollmentSettings: ['others'] }),
    enforcement: 'recording',
    expect: 'admit recording match-rule-unmet',
  },
  {
    promise: 'a path that the rules refuse tells more than one that has expired above',
    match: rules({ enrollmentSettings: ['others'] }),
    paths: [{ intermediate: { notAfter: ISSUED } }, {}],
    expect: UNMET,
  },
  {
    promise:
      'a path that the rules refuse tells more than one that has expired above, in either order',
    match: rules({ enrollmentSettings: ['others'] }),
    paths: [{}, { intermediate: { notAfter: ISSUED } }],
    expect: UNMET,
  },
  {
    promise:
      'a client without grace is refused on a renewal route when its certificate has expired',
    withoutGrace: 'Old below 2',
    now: EXPIRY + 1,
    route: 'renewal',
    expect: 'refuse expired-without-grace',
  },
  {
    promise: 'a client without grace renews through the last millisecond of its certificate',
    withoutGrace: 'Old below 2',
    now: EXPIRY,
    route: 'renewal',
    expect: 'admit verified',
  },
  {
    promise: 'a client without grace is told on other routes what everybody is told',
    withoutGrace: 'Old below 2',
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'saying that it is an old client helps no client without a certificate',
    withoutGrace: 'Old below 2',
    peer: { kind: 'none' },
    route: 'renewal',
    expect: 'refuse no-certificate',
  },
])

const verdictOn = (match: MatchRules, names: readonly GeneralName[]): unknown => {
  const sound = aPath({ names })
  const peer: Peer = { kind: 'presented', leaf: sound.certificates[0], paths: ok([sound]) }
  const decision = decide({ peer, route: 'device', match }, aPolicy(), at(EXPIRY))
  return decision.kind === 'refuse' && decision.why
}

test('a refusal says which rule, what was wanted and what was found', () => {
  expect(verdictOn(named('dns:*.a.example', 'ip:192.0.2.0/24'), [dns('b.example')])).toEqual({
    kind: 'match-rule-unmet',
    rule: 'subjectAltNames',
    wanted: ['dns:*.a.example', 'ip:192.0.2.0/24'],
    found: ['dns:b.example'],
  })
  expect(verdictOn(keyed('stolen'), [])).toEqual({
    kind: 'match-rule-unmet',
    rule: 'issuerKeys',
    wanted: ['stolen'],
    found: ['anchor-key'],
  })
})

test('rules and client never admit a device that the row alone refuses, nor name another one', () => {
  const narrowings = [
    { match: rules({ enrollmentSettings: ['devices'] }) },
    { match: rules({ enrollmentSettings: ['others'] }) },
    { match: keyed('anchor-key') },
    { match: rules({ policies: ['1.2.3'] }) },
    { withoutGrace: 'Old below 2' },
    { match: keyed('anchor-key'), withoutGrace: 'Old below 2' },
  ]
  const paths = [
    aPath(),
    aPath({ intermediate: {}, policies: ['1.2.3'] }),
    aPath({ setting: 'others' }),
    aPath({ anchor: { notAfter: EXPIRY } }),
  ]
  const standings = { devices: CURRENT, others: CURRENT }
  let narrowed = 0
  for (const route of ['open', 'device', 'always', 'renewal', 'legacy-oauth', 'denied'] as const) {
    for (const enforcement of ['required', 'recording'] as const) {
      for (const [index, first] of paths.entries()) {
        const sound = ok([first, ...paths.slice(index + 1)] as const)
        const peer: Peer = { kind: 'presented', leaf: first.certificates[0], paths: sound }
        for (const now of [ISSUED - 1, ISSUED, EXPIRY, EXPIRY + 1, EXPIRY + 40 * DAY]) {
          const policy = aPolicy({ enforcement, standings })
          const plain = decide({ peer, route }, policy, at(now))
          for (const narrowing of narrowings) {
            const narrow = decide({ peer, route, ...narrowing }, policy, at(now))
            if (plain.kind === 'refuse') expect(narrow.kind).toBe('refuse')
            else if (narrow.kind === 'refuse' || narrow.basis.kind !== plain.basis.kind) {
              narrowed += 1
              if (narrow.kind === 'admit') expect(narrow.basis.kind).toBe('recording')
            }
          }
        }
      }
    }
  }
  expect(narrowed).toBeGreaterThan(50)
})

test('a certificate full of names does not fill the record', () => {
  const names = Array.from({ length: 1000 }, (_, index) => dns(`${index}.${'x'.repeat(500)}`))
  const why = verdictOn(named('dns:a.example'), names)
  expect(JSON.stringify(why).length).toBeLessThan(1500)
})

test('of several rules that are not met the first one is told', () => {
  const match = rules({ enrollmentSettings: ['other'], issuerKeys: [], policies: [] })
  expect(unmetRule(aPath(), match)).toMatchObject({ rule: 'enrollmentSettings' })
})

test('of what a certificate has in place of a rule so much is told as helps to recognise it', () => {
  const long = 'a'.repeat(200)
  const path = aPath({
    names: Array.from({ length: 9 }, () => dns(long)),
    policies: Array.from({ length: 9 }, (_, index) => `1.2.${index}`),
  })
  const [names] = ruleOutcomes(path, named('dns:a.example'))
  expect(names?.found()).toEqual(Array.from({ length: 8 }, () => `dns:${long}`.slice(0, 128)))
  expect(unmetRule(path, rules({ policies: ['1.3'] }))?.found).toEqual(
    Array.from({ length: 8 }, (_, index) => `1.2.${index}`),
  )
})
