import { expect, test } from 'vitest'
import { isWellFormedConstraint, matchName } from '../../src/trust/name-match.ts'
import type { GeneralName } from '../../src/x509/general-name.ts'

const dns = (text: string): GeneralName => ({ kind: 'dns', text })
const email = (text: string): GeneralName => ({ kind: 'email', text })
const uri = (text: string): GeneralName => ({ kind: 'uri', text })
const ip = (...octets: readonly number[]): GeneralName => ({
  kind: 'ip',
  octets: Buffer.from(octets),
  text: octets.join('.'),
})
const directory: GeneralName = {
  kind: 'directory',
  name: { der: Buffer.from('a'), rdns: [], key: 'a' },
}

const KINDS = [
  dns('a.example'),
  email('a@a.example'),
  uri('https://a.example'),
  ip(1, 2, 3, 4),
  directory,
]

test('names of different kinds are never compared', () => {
  for (const name of KINDS) {
    for (const base of KINDS) {
      if (base.kind !== name.kind) expect(matchName(name, base)).toBe('undecidable')
    }
  }
})

const rows: readonly (readonly [name: GeneralName, base: GeneralName, match: string])[] = [
  [email('a@b.example'), email('b.example'), 'inside'],
  [email('a@b..example'), email('.example'), 'undecidable'],
  [email('a@b.example'), email('@b.example'), 'outside'],
  [uri('HTTPS://a.example/x'), uri('a.example'), 'inside'],
  [uri('1https://a.example/x'), uri('a.example'), 'undecidable'],
  [uri('https://a@b@a.example/x'), uri('a.example'), 'inside'],
  [uri('https://a.exam:ple/'), uri('a.example'), 'undecidable'],
  [uri('https://a.example:443/'), uri('a.example'), 'inside'],
  [uri('https://a..example/'), uri('.example'), 'undecidable'],
  [uri('https://a.example1/'), uri('a.example1'), 'inside'],
  [uri('https://1.a.example/'), uri('1.a.example'), 'inside'],
  [uri('https://192.0.2.1/'), uri('192.0.2.1'), 'undecidable'],
  [ip(1, 2, 3, 4), ip(...Buffer.alloc(8)), 'inside'],
  [ip(1, 2, 3, 4), ip(...Buffer.alloc(32)), 'outside'],
  [ip(...Buffer.alloc(16)), ip(...Buffer.alloc(8)), 'outside'],
]

for (const [name, base, match] of rows) {
  test(`${JSON.stringify(name)} is ${match} with regard to ${JSON.stringify(base)}`, () => {
    expect(matchName(name, base)).toBe(match)
  })
}

test('a range is as long as two addresses of one family', () => {
  const lengths = Array.from({ length: 40 }, (_, length) => length)
  const wellFormed = lengths.filter((length) => isWellFormedConstraint(ip(...Buffer.alloc(length))))
  expect(wellFormed).toEqual([8, 32])
})
