/** A chain in a file is read as an upload is, whatever wraps it. */
import { expect, test } from 'vitest'
import type { TrustSettings } from '../../src/config/trust/types.ts'
import type { Instant } from '../../src/kernel/types.ts'
import { trustedAuthorities } from '../../src/state/authorities.ts'
import { DEFAULT_LIMITS } from '../../src/trust/limits.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCa } from '../support/certificates/mint.ts'

const root = mintCa({ name: 'Root' })
const issuing = mintCa({ name: 'Issuing', issuer: root })
const bag = der.sequence(
  der.oid('1.2.840.113549.1.7.2'),
  der.context(
    0,
    der.sequence(
      der.integer(1),
      der.set(),
      der.sequence(der.oid('1.2.840.113549.1.7.1')),
      der.context(0, root.der, issuing.der),
      der.set(),
    ),
  ),
)

function read(content: string | Buffer, profile: TrustSettings['profile'] = 'private') {
  const chain = { at: 'tfe.yaml:3:5', path: 'ca.pem', bytes: Buffer.from(content) }
  return trustedAuthorities(
    {
      profile,
      enrollmentSettings: [
        {
          at: 'tfe.yaml:3:1',
          name: 'Fleet',
          source: 'other',
          standing: { kind: 'current' },
          chain,
          crl: undefined,
        },
      ],
      removed: [],
      denied: { keys: new Set(), serials: new Set() },
      limits: DEFAULT_LIMITS,
    },
    Date.now() as Instant,
  )
}

const SHAPES: readonly (readonly [what: string, content: string | Buffer, count: number])[] = [
  ['PEM', root.pem + issuing.pem, 2],
  ['DER', root.der, 1],
  ['PKCS#7', bag, 2],
]

for (const [what, content, count] of SHAPES) {
  test(`${what} is read in either profile, and nothing is said about it`, () => {
    for (const profile of ['private', 'strict'] as const) {
      const found = read(content, profile)
      if (!found.ok) throw new Error(JSON.stringify(found.failure))
      expect(found.value.chains.get('Fleet')).toHaveLength(count)
      expect(found.value.warnings).toEqual([])
    }
  })
}

const ODD: readonly (readonly [what: string, content: string | Buffer, said: RegExp])[] = [
  ['a byte order mark', `\uFEFF${root.pem}`, /byte order mark/u],
  ['an old label', root.pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'), /no longer in use/u],
  ['white space behind DER', Buffer.concat([root.der, Buffer.of(0x0a)]), /white space behind/u],
]

for (const [what, content, said] of ODD) {
  test(`${what} is a warning in profile private, and refused in strict`, () => {
    const found = read(content)
    if (!found.ok) throw new Error(JSON.stringify(found.failure))
    expect(found.value.chains.get('Fleet')).toHaveLength(1)
    expect(found.value.warnings).toMatchObject([{ at: 'tfe.yaml:3:5' }])
    expect(found.value.warnings[0]?.message).toMatch(said)
    const strict = read(content, 'strict')
    expect(strict).toMatchObject({ ok: false, failure: [{ at: 'ca.pem' }] })
    expect(strict.ok ? '' : strict.failure[0]?.message).toMatch(said)
  })
}

test('a fault is told with the line of its block and its number in a bag', () => {
  const text = `${root.pem}-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n`
  const line = root.pem.split('\n').length
  expect(read(text)).toMatchObject({ ok: false, failure: [{ at: `ca.pem:${line}` }] })
  const odd = Buffer.from(bag)
  // The second certificate ends with its signature.
  odd[odd.indexOf(issuing.der) + 4] = 0x31
  expect(read(odd)).toMatchObject({ ok: false, failure: [{ at: 'ca.pem, certificate 2' }] })
})
