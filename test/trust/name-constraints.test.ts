import { expect, test } from 'vitest'
import * as der from '../support/certificates/der-writer.ts'
import type { MintedExtension } from '../support/certificates/mint-certificate.ts'
import { ipOctets, mintCa, mintLeaf, OIDS, type LeafOptions } from '../support/certificates/mint.ts'
import { caBelow, judged, verdict } from './fleet.ts'

const dns = (text: string): Buffer => der.contextPrimitive(2, Buffer.from(text))
const email = (text: string): Buffer => der.contextPrimitive(1, Buffer.from(text))
const uri = (text: string): Buffer => der.contextPrimitive(6, Buffer.from(text))
const directory = (name: Buffer): Buffer => der.context(4, name)
const ip = (address: string, mask: string): Buffer =>
  der.contextPrimitive(7, Buffer.concat([ipOctets(address), ipOctets(mask)]))
const upn = (text: string): Buffer =>
  der.context(0, der.oid('1.3.6.1.4.1.311.20.2.3'), der.context(0, der.utf8(text)))
const registered = der.contextPrimitive(8, Buffer.from([0x2a, 3]))

interface Constraints {
  readonly permitted?: readonly Buffer[]
  readonly excluded?: readonly Buffer[]
  readonly minimum?: number
}

function constraints({ permitted = [], excluded = [], minimum }: Constraints): MintedExtension {
  const distance = minimum === undefined ? [] : [der.contextPrimitive(0, Buffer.from([minimum]))]
  const subtrees = (tag: number, bases: readonly Buffer[]): Buffer[] =>
    bases.length === 0
      ? []
      : [der.context(tag, ...bases.map((base) => der.sequence(base, ...distance)))]
  const value = der.sequence(...subtrees(0, permitted), ...subtrees(1, excluded))
  return { oid: OIDS.nameConstraints, critical: true, value }
}

const names = (...encoded: readonly Buffer[]): MintedExtension => ({
  oid: OIDS.subjectAltName,
  value: der.sequence(...encoded),
})

interface Row extends Constraints {
  readonly promise: string
  readonly leaf?: Partial<LeafOptions>
  readonly expect: string
}

const O = '2.5.4.10'
const CN = '2.5.4.3'
const fleet = directory(der.nameOf([O, 'Fleet']))
const mailIn = (address: string): Buffer =>
  der.sequence(der.set(der.sequence(der.oid('1.2.840.113549.1.9.1'), der.ia5(address))))

/** Labels of 49 letters, then `example.com`, as long as asked. */
function longHost(length: number): string {
  const filling = `${'a'.repeat(49)}.`.repeat(5).slice(0, length - '.example.com'.length)
  return `${filling}.example.com`
}

const rows: readonly Row[] = [
  {
    promise: 'a host is within itself',
    permitted: [dns('example.com')],
    leaf: { dns: ['example.com'] },
    expect: 'sound',
  },
  {
    promise: 'a subject is constrained beside alternative names',
    permitted: [fleet],
    leaf: { subject: der.nameOf([O, 'Else']), dns: ['a.example'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a common name is no mailbox',
    permitted: [email('example.com')],
    leaf: { name: 'device-1' },
    expect: 'sound',
  },
  {
    promise: 'a host below is within',
    permitted: [dns('example.com')],
    leaf: { dns: ['a.b.example.com'] },
    expect: 'sound',
  },
  {
    promise: 'hosts have no case',
    permitted: [dns('Example.COM')],
    leaf: { dns: ['A.eXample.com'] },
    expect: 'sound',
  },
  {
    promise: 'a host that only ends alike is outside',
    permitted: [dns('example.com')],
    leaf: { dns: ['notexample.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a host above is outside',
    permitted: [dns('a.example.com')],
    leaf: { dns: ['example.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'one name of several outside is enough',
    permitted: [dns('example.com')],
    leaf: { dns: ['example.com', 'other.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'one subtree of several is enough',
    permitted: [dns('other.com'), dns('example.com')],
    leaf: { dns: ['example.com'] },
    expect: 'sound',
  },
  {
    promise: 'what is excluded is excluded',
    excluded: [dns('example.com')],
    leaf: { dns: ['a.example.com'] },
    expect: 'name-excluded',
  },
  {
    promise: 'what is permitted and excluded is excluded',
    permitted: [dns('example.com')],
    excluded: [dns('a.example.com')],
    leaf: { dns: ['a.example.com'] },
    expect: 'name-excluded',
  },
  {
    promise: 'what is not excluded passes',
    excluded: [dns('example.com')],
    leaf: { dns: ['example.org'] },
    expect: 'sound',
  },
  {
    promise: 'an empty exclusion excludes every host',
    excluded: [dns('')],
    leaf: { dns: ['example.org'] },
    expect: 'name-excluded',
  },
  {
    promise: 'names of other kinds are not constrained',
    permitted: [dns('example.com')],
    leaf: { ips: ['192.0.2.1'] },
    expect: 'sound',
  },
  {
    promise: 'a device without names is not constrained',
    permitted: [dns('example.com')],
    expect: 'sound',
  },

  {
    promise: 'a leading period leaves the host itself outside',
    permitted: [dns('.example.com')],
    leaf: { dns: ['example.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a leading period takes the hosts below',
    permitted: [dns('.example.com')],
    leaf: { dns: ['a.example.com'] },
    expect: 'sound',
  },

  {
    promise: 'a pattern within its own domain is within',
    permitted: [dns('example.com')],
    leaf: { dns: ['*.example.com'] },
    expect: 'sound',
  },
  {
    promise: 'a pattern within a domain below is within',
    permitted: [dns('example.com')],
    leaf: { dns: ['*.a.example.com'] },
    expect: 'sound',
  },
  {
    promise: 'a pattern that covers more than is permitted is outside',
    permitted: [dns('a.example.com')],
    leaf: { dns: ['*.example.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a pattern that covers something excluded is excluded',
    excluded: [dns('a.example.com')],
    leaf: { dns: ['*.example.com'] },
    expect: 'name-excluded',
  },
  {
    promise: 'a pattern elsewhere is not excluded',
    excluded: [dns('a.example.com')],
    leaf: { dns: ['*.example.org'] },
    expect: 'sound',
  },
  {
    promise: 'a pattern within a leading period is within',
    permitted: [dns('.example.com')],
    leaf: { dns: ['*.example.com'] },
    expect: 'sound',
  },
  {
    promise: 'a pattern inside a label cannot be decided',
    permitted: [dns('example.com')],
    leaf: { dns: ['a*.example.com'] },
    expect: 'name-undecidable',
  },
  {
    promise: 'a lone asterisk cannot be decided',
    excluded: [dns('example.com')],
    leaf: { dns: ['*'] },
    expect: 'name-undecidable',
  },
  {
    promise: 'a name with a leading period cannot be decided',
    permitted: [dns('example.com')],
    leaf: { dns: ['.example.com'] },
    expect: 'name-undecidable',
  },
  {
    promise: 'a name with a trailing period cannot be decided',
    excluded: [dns('example.com')],
    leaf: { dns: ['example.com.'] },
    expect: 'name-undecidable',
  },
  {
    promise: 'an empty name cannot be decided',
    excluded: [dns('example.com')],
    leaf: { dns: [''] },
    expect: 'name-undecidable',
  },
  {
    promise: 'underscores are met in devices',
    permitted: [dns('example.com')],
    leaf: { dns: ['dev_1.example.com'] },
    expect: 'sound',
  },
  {
    promise: 'a host of 253 letters is a host',
    permitted: [dns('example.com')],
    leaf: { dns: [longHost(253)] },
    expect: 'sound',
  },
  {
    promise: 'a host of 254 letters cannot be decided',
    permitted: [dns('example.com')],
    leaf: { dns: [longHost(254)] },
    expect: 'name-undecidable',
  },
  {
    promise: 'a label of sixty-four letters cannot be decided',
    permitted: [dns('example.com')],
    leaf: { dns: [`${'a'.repeat(64)}.example.com`] },
    expect: 'name-undecidable',
  },

  {
    promise: 'a mailbox is within itself',
    permitted: [email('a@example.com')],
    leaf: { emails: ['a@EXAMPLE.com'] },
    expect: 'sound',
  },
  {
    promise: 'a mailbox has case',
    permitted: [email('a@example.com')],
    leaf: { emails: ['A@example.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a mailbox elsewhere is outside',
    permitted: [email('a@example.com')],
    leaf: { emails: ['a@b.example.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a host permits its mailboxes',
    permitted: [email('example.com')],
    leaf: { emails: ['b@example.com'] },
    expect: 'sound',
  },
  {
    promise: 'a host does not permit mailboxes below',
    permitted: [email('example.com')],
    leaf: { emails: ['b@a.example.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a leading period permits mailboxes below',
    permitted: [email('.example.com')],
    leaf: { emails: ['b@a.example.com'] },
    expect: 'sound',
  },
  {
    promise: 'a leading period does not permit the host',
    permitted: [email('.example.com')],
    leaf: { emails: ['b@example.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a mailbox without a box cannot be decided',
    permitted: [email('example.com')],
    leaf: { emails: ['@example.com'] },
    expect: 'name-undecidable',
  },
  {
    promise: 'two @ cannot be decided',
    permitted: [email('example.com')],
    leaf: { emails: ['a@b@example.com'] },
    expect: 'name-undecidable',
  },
  {
    promise: 'no @ cannot be decided',
    excluded: [email('example.com')],
    leaf: { emails: ['example.com'] },
    expect: 'name-undecidable',
  },
  {
    promise: 'a mailbox in the subject counts where no alternative names are',
    excluded: [email('example.com')],
    leaf: { subject: mailIn('a@example.com') },
    expect: 'name-excluded',
  },
  {
    promise: 'a mailbox in the subject does not count beside alternative names',
    excluded: [email('example.com')],
    leaf: { subject: mailIn('a@example.com'), dns: ['x.org'] },
    expect: 'sound',
  },

  {
    promise: 'a URI is within its host',
    permitted: [uri('example.com')],
    leaf: { uris: ['https://example.com/x'] },
    expect: 'sound',
  },
  {
    promise: 'a port and a user do not matter',
    permitted: [uri('example.com')],
    leaf: { uris: ['https://u:p@Example.com:8443/x'] },
    expect: 'sound',
  },
  {
    promise: 'a URI of a host below is outside',
    permitted: [uri('example.com')],
    leaf: { uris: ['https://a.example.com/'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a leading period takes URIs of hosts below',
    permitted: [uri('.example.com')],
    leaf: { uris: ['https://a.example.com/'] },
    expect: 'sound',
  },
  {
    promise: 'a user that looks like the host is not taken for it',
    permitted: [uri('example.com')],
    leaf: { uris: ['https://example.com@evil.org/'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a path that looks like a user is not taken for one',
    permitted: [uri('example.com')],
    leaf: { uris: ['https://evil.org/@example.com'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a URI without a host cannot be decided',
    permitted: [uri('example.com')],
    leaf: { uris: ['urn:device:1'] },
    expect: 'name-undecidable',
  },
  {
    promise: 'a URI with an address cannot be decided',
    excluded: [uri('example.com')],
    leaf: { uris: ['https://192.0.2.1/'] },
    expect: 'name-undecidable',
  },
  {
    promise: 'a URI with a single label cannot be decided',
    excluded: [uri('example.com')],
    leaf: { uris: ['https://intranet/'] },
    expect: 'name-undecidable',
  },

  {
    promise: 'an address is within its range',
    permitted: [ip('192.0.2.0', '255.255.255.0')],
    leaf: { ips: ['192.0.2.255'] },
    expect: 'sound',
  },
  {
    promise: 'a range may end within an octet',
    permitted: [ip('192.0.2.128', '255.255.255.192')],
    leaf: { ips: ['192.0.2.191'] },
    expect: 'sound',
  },
  {
    promise: 'the address beyond such a range is outside',
    permitted: [ip('192.0.2.128', '255.255.255.192')],
    leaf: { ips: ['192.0.2.192'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'the address beyond the range is outside',
    permitted: [ip('192.0.2.0', '255.255.255.0')],
    leaf: { ips: ['192.0.3.0'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'the bits below the mask do not count',
    permitted: [ip('192.0.2.77', '255.255.255.0')],
    leaf: { ips: ['192.0.2.1'] },
    expect: 'sound',
  },
  {
    promise: 'an address of the other family is outside',
    permitted: [ip('192.0.2.0', '255.255.255.0')],
    leaf: { ips: ['2001:db8::1'] },
    expect: 'name-not-permitted',
  },
  {
    promise: 'an address of the other family is not excluded',
    excluded: [ip('0.0.0.0', '0.0.0.0')],
    leaf: { ips: ['2001:db8::1'] },
    expect: 'sound',
  },
  {
    promise: 'ranges of the longer family are known',
    excluded: [ip('2001:db8::', 'ffff:ffff::')],
    leaf: { ips: ['2001:db8::1'] },
    expect: 'name-excluded',
  },
  {
    promise: 'an address that is a range cannot be decided',
    permitted: [ip('192.0.2.0', '255.255.255.0')],
    leaf: { extensions: [names(ip('192.0.2.0', '255.255.255.0'))] },
    expect: 'name-undecidable',
  },

  {
    promise: 'a subject below a directory name is within',
    permitted: [fleet],
    leaf: { subject: der.nameOf([O, 'fleet'], [CN, 'x']) },
    expect: 'sound',
  },
  {
    promise: 'a subject elsewhere is outside',
    permitted: [fleet],
    leaf: { subject: der.nameOf([O, 'Fleet 2'], [CN, 'x']) },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a subject that only contains the name is outside',
    permitted: [fleet],
    leaf: { subject: der.nameOf([CN, 'x'], [O, 'Fleet']) },
    expect: 'name-not-permitted',
  },
  {
    promise: 'a subject below an excluded name is excluded',
    excluded: [fleet],
    leaf: { subject: der.nameOf([O, 'FLEET'], [CN, 'x']) },
    expect: 'name-excluded',
  },
  {
    promise: 'a directory name among the alternatives counts',
    excluded: [fleet],
    leaf: { extensions: [names(directory(der.nameOf([O, 'Fleet'])))] },
    expect: 'name-excluded',
  },
  {
    promise: 'a device without a subject has none to constrain',
    permitted: [fleet],
    leaf: { subject: der.sequence(), dns: ['x'] },
    expect: 'sound',
  },

  {
    promise: 'a kind that cannot be compared cannot be decided',
    excluded: [upn('a@example.com')],
    leaf: { extensions: [names(upn('b@example.com'))] },
    expect: 'name-undecidable',
  },
  {
    promise: 'a kind that cannot be compared is no matter where it is absent',
    excluded: [upn('a@example.com')],
    leaf: { dns: ['example.com'] },
    expect: 'sound',
  },
  {
    promise: 'another kind that cannot be compared is no matter',
    excluded: [upn('a@example.com')],
    leaf: { extensions: [names(registered)] },
    expect: 'sound',
  },
  {
    promise: 'a distance within a subtree cannot be decided',
    permitted: [dns('example.com')],
    minimum: 1,
    leaf: { dns: ['example.com'] },
    expect: 'name-undecidable',
  },

  ...[
    ['a pattern', dns('*.example.com')],
    ['a host with a port', dns('example.com:443')],
    ['a mailbox with two @', email('a@b@example.com')],
    ['a mailbox without a host', email('a@')],
    ['a mailbox without a box', email('@example.com')],
    ['a mailbox of the hosts below', email('a@.example.com')],
    ['a URI', uri('https://example.com')],
    ['an address without a mask', der.contextPrimitive(7, ipOctets('192.0.2.1'))],
    ['an address with a mask of holes', ip('192.0.2.0', '255.0.255.0')],
    ['a long address without a mask', der.contextPrimitive(7, ipOctets('2001:db8::1'))],
  ].map(([what, base]): Row => ({
    promise: `a constraint that is ${String(what)} makes its CA useless, whatever is below`,
    permitted: [base as Buffer],
    expect: 'name-constraints-malformed',
  })),
]

for (const { promise, leaf, expect: expected, ...bounds } of rows) {
  test(promise, () => {
    const root = mintCa({ name: 'Root', extensions: [constraints(bounds)] })
    const peer = { leaf: mintLeaf({ issuer: root, ...leaf }), presented: [], chains: [[root]] }
    expect(verdict(peer)).toBe(expected)
  })
}

test('a CA below cannot widen what it was given', () => {
  const root = mintCa({ name: 'Root', extensions: [constraints({ permitted: [dns('a.com')] })] })
  const issuing = caBelow(root, 'Issuing', {
    extensions: [constraints({ permitted: [dns('a.com'), dns('b.com')] })],
  })
  const peer = { presented: [issuing], chains: [[root]] }
  expect(verdict({ ...peer, leaf: mintLeaf({ issuer: issuing, dns: ['b.com'] }) })).toBe(
    'name-not-permitted',
  )
  expect(verdict({ ...peer, leaf: mintLeaf({ issuer: issuing, dns: ['a.com'] }) })).toBe('sound')
})

test('a CA below cannot lift an exclusion', () => {
  const root = mintCa({ name: 'Root', extensions: [constraints({ excluded: [dns('a.com')] })] })
  const issuing = caBelow(root, 'Issuing', {
    extensions: [constraints({ permitted: [dns('a.com')] })],
  })
  const leaf = mintLeaf({ issuer: issuing, dns: ['a.com'] })
  expect(verdict({ leaf, presented: [issuing], chains: [[root]] })).toBe('name-excluded')
})

test('the names of intermediates are constrained as well', () => {
  const root = mintCa({ name: 'Root', extensions: [constraints({ permitted: [dns('a.com')] })] })
  const issuing = caBelow(root, 'Issuing', { extensions: [names(dns('b.com'))] })
  const leaf = mintLeaf({ issuer: issuing, dns: ['a.com'] })
  expect(verdict({ leaf, presented: [issuing], chains: [[root]] })).toBe('name-not-permitted')
})

test('a self-issued intermediate is not constrained, a self-issued device is', () => {
  const bounds = constraints({ permitted: [dns('a.com')] })
  const root = mintCa({ name: 'Root', extensions: [bounds] })
  const renewed = caBelow(root, 'Root', { extensions: [names(dns('b.com'))] })
  const allowed = mintLeaf({ issuer: renewed, dns: ['a.com'] })
  expect(verdict({ leaf: allowed, presented: [renewed], chains: [[root]] })).toBe('sound')
  const selfIssued = mintLeaf({ issuer: renewed, name: 'Root', dns: ['b.com'] })
  expect(verdict({ leaf: selfIssued, presented: [renewed], chains: [[root]] })).toBe(
    'name-not-permitted',
  )
})

test('name constraints in a device are refused', () => {
  const root = mintCa({ name: 'Root' })
  const extensions = [constraints({ permitted: [dns('a.com')] })]
  const peer = { presented: [], chains: [[root]] }
  expect(verdict({ ...peer, leaf: mintLeaf({ issuer: root, extensions }) })).toBe(
    'name-constraints-malformed',
  )
})

test('names times constraints are bounded', () => {
  const permitted = Array.from({ length: 30 }, (_, index) => dns(`${index}.example.com`))
  const root = mintCa({ name: 'Root', extensions: [constraints({ permitted })] })
  const leaf = mintLeaf({ issuer: root, dns: Array.from({ length: 10 }, () => '29.example.com') })
  const peer = { leaf, presented: [], chains: [[root]] }
  expect(verdict({ ...peer, limits: { comparisons: 300 } })).toBe('sound')
  expect(verdict({ ...peer, limits: { comparisons: 299 } })).toBe('budget-exhausted')
})

test('a CA as device may constrain names', () => {
  const root = mintCa({ name: 'Root' })
  const extensions = [constraints({ permitted: [dns('a.com')] })]
  const leaf = caBelow(root, 'Device CA', { extensions })
  expect(verdict({ leaf, presented: [], chains: [[root]] })).toBe('sound')
})

const told: readonly (readonly [promise: string, Constraints, readonly Buffer[], object])[] = [
  [
    'of several malformed constraints the first one is told',
    { permitted: [dns('a..b'), dns('c..d')] },
    [],
    { kind: 'name-constraints-malformed', constraint: 'dns a..b' },
  ],
  [
    'a malformed exclusion is told as well',
    { excluded: [dns('a..b')] },
    [],
    { kind: 'name-constraints-malformed', constraint: 'dns a..b' },
  ],
  [
    'of several constraints that cannot be decided the first one is told',
    { permitted: [upn('a'), upn('b'), registered], minimum: 1 },
    [upn('c')],
    { kind: 'name-undecidable', name: 'name of kind 0', constraint: 'name of kind 0' },
  ],
  [
    'a registered identifier is told by its kind',
    { excluded: [registered] },
    [registered],
    { kind: 'name-undecidable', name: 'name of kind 8', constraint: 'name of kind 8' },
  ],
  [
    'of several hosts that cannot be decided the first one is told',
    { permitted: [dns('a.com'), dns('b.com')], minimum: 1 },
    [dns('c.com')],
    { kind: 'name-undecidable', name: 'dns c.com', constraint: 'dns a.com' },
  ],
]

for (const [promise, limits, found, failure] of told) {
  test(promise, () => {
    const root = mintCa({ name: 'Root' })
    const issuing = caBelow(root, 'Issuing', { extensions: [constraints(limits)] })
    const leaf = mintLeaf({
      issuer: issuing,
      extensions: found.length === 0 ? [] : [names(...found)],
    })
    const result = judged({ leaf, presented: [issuing], chains: [[root]] })
    expect(result).toMatchObject({ ok: false, failure })
  })
}
