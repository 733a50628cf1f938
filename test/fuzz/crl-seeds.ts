/**
 * The corpus of revocation lists: with every entry extension and every extension that the reader decodes, the same
 * octets in every run.
 */
import * as der from '../support/certificates/der-writer.ts'
import {
  issuingPoint,
  mintCrl,
  pointName,
  type CrlFields,
} from '../support/certificates/mint-crl.ts'
import { authorityKeyIdentifier } from '../support/certificates/mint.ts'
import { ed25519 } from './keys.ts'
import type { Seed } from './seeds.ts'

const signer = ed25519('issuing')
const AT = new Date('2026-02-03T04:05:06Z')

const list = (fields: Partial<CrlFields> = {}): Buffer =>
  mintCrl({
    issuer: { subject: der.nameOf(['2.5.4.10', 'Fuzz'], ['2.5.4.3', 'Issuing']), key: signer.key },
    thisUpdate: AT,
    nextUpdate: new Date('2036-01-01T00:00:00Z'),
    ...fields,
  })

const entry = (serial: number | bigint | Buffer, reason?: number) => ({
  serial,
  at: AT,
  ...(reason === undefined ? {} : { reason }),
})

const SERIALS = [1, 0x7f, 0x80, 0x1234_5678, -1n, 2n ** 150n + 7n].map((serial, index) =>
  entry(serial, [undefined, 0, 1, 4, 6, 10][index]),
)

const lists: Readonly<Record<string, Buffer>> = {
  'none revoked': list(),
  'some revoked': list({ revoked: SERIALS }),
  'version 1': list({ version: 0, revoked: [entry(7), entry(8)] }),
  'every extension': list({
    number: 4711,
    revoked: [
      {
        ...entry(9, 1),
        extensions: [
          { oid: '2.5.29.24', value: der.tlv(0x18, Buffer.from('20260101000000Z')) },
          { oid: '1.2.3.4', value: der.nothing() },
        ],
      },
    ],
    extensions: [
      authorityKeyIdentifier(signer.spki),
      issuingPoint(
        pointName('http://crl.test/a.crl', 'http://crl.test/b.crl'),
        der.contextPrimitive(1, Buffer.from([0xff])),
      ),
      { oid: '2.5.29.46', value: der.sequence(der.sequence(pointName('http://crl.test/d.crl'))) },
    ],
  }),
  'a delta': list({
    revoked: [entry(5, 8)],
    extensions: [{ oid: '2.5.29.27', critical: true, value: der.integer(3) }],
  }),
  indirect: list({
    revoked: [
      {
        ...entry(6),
        extensions: [
          {
            oid: '2.5.29.29',
            critical: true,
            value: der.sequence(der.context(4, der.commonName('Other'))),
          },
        ],
      },
    ],
    extensions: [issuingPoint(der.contextPrimitive(4, Buffer.from([0xff])))],
  }),
  partial: list({ extensions: [issuingPoint(der.contextPrimitive(3, Buffer.from([1, 0x60])))] }),
  'another century, never again': list({
    thisUpdate: new Date('1999-12-31T23:59:59Z'),
    nextUpdate: null,
  }),
}

export const CRL_SEEDS: readonly Seed[] = Object.entries(lists).map(([name, octets]) => ({
  name,
  der: octets,
  signer,
}))
