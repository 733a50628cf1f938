import { expect, test } from 'vitest'
import {
  advertisedCas,
  JAVA_NAMES_OCTETS,
  MAX_NAMES_OCTETS,
} from '../../src/state/advertised-cas.ts'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintKeys } from '../support/certificates/mint-certificate.ts'
import { mintCa } from '../support/certificates/mint.ts'

const keys = mintKeys()

/** An authority whose encoded name has so many octets, which is at least 18. */
function named(octets: number, number: number): Certificate {
  const head = String(number).padStart(5, '0')
  const base = der.commonName(head).length
  let subject = der.commonName(head + 'x'.repeat(octets - base))
  // Longer names have longer lengths before them.
  for (let over = subject.length - octets; over > 0; over = subject.length - octets) {
    subject = der.commonName(head + 'x'.repeat(octets - base - over))
  }
  const parsed = parseCertificate(mintCa({ subject, keys }).der)
  if (!parsed.ok) throw new Error(parsed.failure.kind)
  expect(parsed.value.subject.der).toHaveLength(octets)
  return parsed.value
}

/** Names of 158 octets and one that fills up to a sum, two octets of length for each. */
function authorities(sum: number): readonly Certificate[] {
  const full = Math.floor((sum - 20) / 160)
  return [
    ...Array.from({ length: full }, (_, number) => named(158, number)),
    named(sum - full * 160 - 2, full),
  ]
}

test('as many names as fit a certificate request are named, and one octet more is none', () => {
  const most = advertisedCas(authorities(MAX_NAMES_OCTETS), 'tfe.yaml:1:1')
  expect(most.pems.length).toBeGreaterThan(400)
  const over = advertisedCas(authorities(MAX_NAMES_OCTETS + 1), 'tfe.yaml:1:1')
  expect(over.pems).toEqual([])
  expect(over.warnings).toHaveLength(1)
  expect(over.warnings[0]?.at).toBe('tfe.yaml:1:1')
  expect(over.warnings[0]?.message).toContain(`found ${most.pems.length} authorities`)
  expect(over.warnings[0]?.message).toContain('none is named')
  expect(over.warnings[0]?.message).toContain(`take ${MAX_NAMES_OCTETS + 1} octets`)
})

test('more names than a client in Java takes are named, with a warning that says so, and one octet less is none', () => {
  const most = advertisedCas(authorities(JAVA_NAMES_OCTETS), 'tfe.yaml:1:1')
  expect(most.warnings).toEqual([])
  const over = advertisedCas(authorities(JAVA_NAMES_OCTETS + 1), 'tfe.yaml:1:1')
  expect(over.pems).toHaveLength(most.pems.length)
  expect(over.warnings.map(({ at }) => at)).toEqual(['tfe.yaml:1:1'])
  expect(over.warnings[0]?.message).toContain(`take ${JAVA_NAMES_OCTETS + 1} octets`)
  expect(over.warnings[0]?.message).toContain('Java')
})

test('a name that several authorities have is named once', () => {
  const [one, other] = [named(100, 1), named(100, 1)]
  expect(advertisedCas([one, other], '').pems).toHaveLength(1)
})
