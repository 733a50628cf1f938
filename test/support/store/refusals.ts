import type { KeptRefusal, RefusalBatch } from '../../../src/fleet/kept-refusal.ts'
import type { Fingerprint, Instant } from '../../../src/kernel/types.ts'
import { aKey, DAY, hex, SEEN } from './sightings.ts'

/** A refusal of a peer without a certificate from an address. */
export const aRefusal = (reference: string, change: Partial<KeptRefusal> = {}): KeptRefusal => ({
  reference,
  at: SEEN,
  outcome: 'refused',
  listener: 'devices',
  route: 'mdm-checkin',
  routeClass: 'device',
  code: 'no-certificate',
  sentence: 'the device showed no certificate',
  nextStep: 'enrol the device',
  status: 403,
  method: 'PUT',
  path: '/mdm/checkin',
  address: change.owner ?? '192.0.2.7',
  certificate: undefined,
  known: false,
  owner: '192.0.2.7',
  snapshot: 3,
  ...change,
})

/** A refusal of a known device, in whose certificate a CA signed these ids. */
export const aDeviceRefusal = (
  reference: string,
  key: string,
  { signedIds = [], ...change }: Partial<KeptRefusal> & { signedIds?: readonly string[] } = {},
): KeptRefusal =>
  aRefusal(reference, {
    code: 'expired',
    sentence: "the device's certificate ended",
    known: true,
    owner: aKey(key),
    address: '192.0.2.7',
    certificate: {
      fingerprint: hex(`certificate ${key}`) as Fingerprint,
      key: aKey(key),
      subject: `CN=${key}`,
      issuer: 'CN=Test CA',
      serial: '0a1b',
      notBefore: (SEEN - DAY) as Instant,
      notAfter: (SEEN - 1) as Instant,
      setting: 'first',
      issuerKey: aKey('issuer'),
      signedIds,
    },
    ...change,
  })

/** A batch in which nothing was lost. */
export const batchOf = (...refusals: readonly KeptRefusal[]): RefusalBatch => ({
  refusals,
  notKept: [],
})
