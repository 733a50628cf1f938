import { expect, test } from 'vitest'
import {
  refusedLinks,
  type LinkedDevice,
  type MetCertificate,
} from '../../src/fleet/refused-links.ts'
import type { Instant, KeyFingerprint } from '../../src/kernel/types.ts'

const met = (key: string, code: string, change: Partial<MetCertificate> = {}): MetCertificate => ({
  key: key as KeyFingerprint,
  subject: `CN=${key}`,
  setting: 'first',
  signedIds: ['x'],
  sound: true,
  verdict: code === 'verified' ? 'admit' : 'refuse',
  code,
  notBefore: 100 as Instant,
  notAfter: 200 as Instant,
  firstSeen: 150 as Instant,
  ...change,
})

interface Row {
  readonly promise: string
  readonly device: Partial<LinkedDevice>
  readonly links: readonly string[]
}

const own = met('own', 'verified')
const ROWS: readonly Row[] = [
  {
    promise: 'a key whose certificate was admitted is its own',
    device: { certificates: [own, met('thief', 'verified')] },
    links: [],
  },
  {
    promise: 'a key that only a refused certificate links is found',
    device: { certificates: [own, met('thief', 'denied-issuer')] },
    links: ['key thief'],
  },
  {
    promise: 'an ordinary certificate of that key that names no id is no evidence',
    device: {
      certificates: [
        own,
        met('thief', 'denied-issuer'),
        met('thief', 'verified', { signedIds: [] }),
      ],
    },
    links: ['key thief'],
  },
  {
    promise: 'an admitted certificate of that key that names the id is',
    device: { certificates: [own, met('thief', 'denied-issuer'), met('thief', 'verified')] },
    links: [],
  },
  {
    promise: 'an id of another device is no evidence either',
    device: {
      certificates: [own, met('thief', 'revoked'), met('thief', 'verified', { signedIds: ['y'] })],
    },
    links: ['key thief'],
  },
  {
    promise: 'a key without any certificate that names an id made the device',
    device: { certificates: [own, met('thief', 'denied-issuer', { signedIds: [] })] },
    links: [],
  },
  {
    promise: 'a certificate without a sound path linked nothing',
    device: { certificates: [own, met('thief', 'denied-issuer', { sound: false })] },
    links: [],
  },
  {
    promise: 'a certificate that was fit links although it was refused',
    device: { certificates: [own, met('thief', 'unapproved')] },
    links: [],
  },
  {
    promise: 'one that has expired since it was first seen links',
    device: { certificates: [own, met('thief', 'expired', { firstSeen: 200 as Instant })] },
    links: [],
  },
  {
    promise: 'one that was first seen after its end does not',
    device: { certificates: [own, met('thief', 'expired', { firstSeen: 201 as Instant })] },
    links: ['key thief'],
  },
  {
    promise: 'one that was first seen at its beginning links',
    device: { certificates: [own, met('thief', 'expired', { firstSeen: 100 as Instant })] },
    links: [],
  },
  {
    promise: 'one that was first seen before its beginning does not',
    device: { certificates: [own, met('thief', 'not-yet-valid', { firstSeen: 99 as Instant })] },
    links: ['key thief'],
  },
  {
    promise: 'a key that a refused certificate made goes when another proves the id',
    device: { keys: ['thief', 'own'], certificates: [met('thief', 'sunset'), own] },
    links: ['key thief'],
  },
  {
    promise: 'where every key is refused the first stays, and the ids go',
    device: {
      keys: ['thief', 'second'],
      certificates: [met('thief', 'denied-issuer'), met('second', 'denied-issuer')],
    },
    links: ['key second', 'signed-id x'],
  },
  {
    promise: 'an id that only the refused certificate named goes, one that is proven stays',
    device: {
      signedIds: ['x', 'y'],
      certificates: [own, met('thief', 'denied-issuer', { signedIds: ['x', 'y'] })],
    },
    links: ['key thief', 'signed-id y'],
  },
  {
    promise: 'an id that no kept certificate names stays',
    device: { signedIds: ['x', 'gone'], certificates: [own] },
    links: [],
  },
]

test.each(ROWS)('$promise', ({ device, links }) => {
  const found = refusedLinks({
    keys: ['own', 'thief'],
    signedIds: ['x'],
    certificates: [],
    ...device,
  })
  expect(found.map(({ kind, value }) => `${kind} ${value}`)).toEqual(links)
})

test('a link carries the refused certificate', () => {
  const refused = met('thief', 'denied-issuer')
  const found = refusedLinks({
    keys: ['own', 'thief'],
    signedIds: ['x'],
    certificates: [own, refused],
  })
  expect(found).toEqual([{ kind: 'key', value: 'thief', certificate: refused }])
})
