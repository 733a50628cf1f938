/** Whose certificates are believed under strict TLS, and whose keys. */
import { createHash } from 'node:crypto'
import type { Leaf } from '../support/certificates/mint.ts'
import {
  belowIntermediate,
  belowLapsed,
  belowOdd,
  expired,
  forClients,
  good,
  intermediate,
  notYetValid,
  ofStranger,
  selfSigned,
} from './material.ts'
import { failed, served, type Expected, type Row } from './row.ts'

/** What the log says of a chain that is not believed. */
export const untrusted = (why: string): string => `UPSTREAM's certificate is not trusted: ${why}`

const refused = (why: string): Expected => failed('tls-untrusted', untrusted(why))

/** What the log says of each fault of a chain. */
export const WHY = {
  expired: 'it or a certificate above it has expired (CERT_HAS_EXPIRED)',
  notYetValid: 'it or a certificate above it is not valid yet (CERT_NOT_YET_VALID)',
  selfSigned: 'it is self-signed and not in the trust store (DEPTH_ZERO_SELF_SIGNED_CERT)',
  unknownCa: 'its chain does not lead to the trust store (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)',
  unsound: 'its chain is no sound path to the trust store by RFC 5280 (anchor-contradicts-itself)',
  wrongPurpose:
    'it is not meant for servers, or a CA above it not for certificates of servers (INVALID_PURPOSE)',
} as const

export const CERTIFICATE_ROWS: readonly Row[] = [
  { what: 'of the trusted CA', server: { leaf: good }, expected: served() },
  {
    what: 'below an intermediate that is sent',
    server: { leaf: belowIntermediate },
    expected: served(),
  },
  {
    what: 'below an intermediate that is not sent',
    server: { leaf: { chainPem: belowIntermediate.pem, keyPem: belowIntermediate.keyPem } },
    expected: refused(WHY.unknownCa),
  },
  { what: 'expired', server: { leaf: expired }, expected: refused(WHY.expired) },
  {
    what: 'below an expired intermediate',
    server: { leaf: belowLapsed },
    expected: refused(WHY.expired),
  },
  { what: 'not yet valid', server: { leaf: notYetValid }, expected: refused(WHY.notYetValid) },
  { what: 'self-signed', server: { leaf: selfSigned }, expected: refused(WHY.selfSigned) },
  {
    what: 'self-signed, and itself in the custom trust store',
    server: { leaf: selfSigned },
    tls: { trust: { default: 'off', custom: ['file:self-signed.pem'] } },
    expected: served(),
  },
  { what: 'of an unknown CA', server: { leaf: ofStranger }, expected: refused(WHY.unknownCa) },
  {
    what: 'of our own CA, when only the bundled ones are trusted',
    server: { leaf: good },
    tls: { trust: { default: 'bundled', custom: [] } },
    expected: refused(WHY.unknownCa),
  },
  {
    what: 'of a trusted CA that contradicts itself',
    server: { leaf: belowOdd },
    tls: { trust: { default: 'off', custom: ['file:odd-ca.pem'] } },
    expected: refused(WHY.unsound),
  },
  { what: 'for clients only', server: { leaf: forClients }, expected: refused(WHY.wrongPurpose) },
]

const pin = (spki: Buffer): string => createHash('sha256').update(spki).digest('base64')
/** The pin of a key that no server has. */
export const UNUSED_PIN = pin(Buffer.from('no server has this key'))

/** What the log says when only this key was shown. */
export const unpinned = ({ spki }: Leaf): string =>
  `UPSTREAM showed none of the pinned keys, but: [${pin(spki)}]`

export const PIN_ROWS: readonly Row[] = [
  {
    what: 'the pin of the server',
    server: { leaf: good },
    tls: { pins: [pin(good.spki)] },
    expected: served(),
  },
  {
    what: 'the pin of a key in reserve beside it',
    server: { leaf: good },
    tls: { pins: [UNUSED_PIN, pin(good.spki)] },
    expected: served(),
  },
  {
    what: 'the pin of the intermediate that it sends',
    server: { leaf: belowIntermediate },
    tls: { pins: [pin(intermediate.spki)] },
    expected: served(),
  },
  {
    what: 'the pin of another key',
    server: { leaf: good },
    tls: { pins: [UNUSED_PIN] },
    expected: failed('tls-pin-mismatch', unpinned(good)),
  },
]
