/** The limits that `trust` demands of keys, signatures and the length of a path. */
import { versions } from 'node:process'
import { Type } from 'typebox'
import { integer, defaultGroup, flag, choice } from '../reading/schema-types.ts'
import { DEFAULT_LIMITS } from '../../trust/limits.ts'
import { allOrMissing, type Maybe, missing, type Place, type Written } from '../reading/place.ts'
import type { TrustLimits } from './types.ts'

/** Every key has a default that is safe. */
export const trustLimits = defaultGroup(
  'How long a path may be, and how strong its keys and signatures.',
  {
    depth: integer(
      'How many CAs may stand between a device and the trust anchor; those that issued themselves a new key are not counted.',
      [0, 20],
      8,
    ),
    rsaBits: integer('The fewest bits of an RSA key, in devices and CAs.', [2048, 8192], 2048),
    digest: choice(
      'The weakest digest that a signature may be made with.',
      ['sha256', 'sha384', 'sha512'],
      'sha256',
    ),
    mlDsa: choice(
      'The weakest set of parameters of ML-DSA (FIPS 204) that keys and signatures of certificates and revocation lists may have; `off` takes none. What stands behind us has to read such certificates, too, if it is handed them.',
      ['off', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'],
      'off',
    ),
    anyPurpose: flag(
      'Whether a device certificate for any purpose (anyExtendedKeyUsage) is one for TLS clients. One without purposes always is.',
      false,
    ),
    dangerousRsaBits: Type.Optional(
      integer(
        'Takes weaker RSA keys than `rsaBits` may say, for a fleet that has them already. An attacker who can factor one of them is that device, or that CA.',
        [1024, 2047],
      ),
    ),
    dangerousSha1: flag(
      'Takes signatures made with SHA-1 as well. Collisions are for sale, and a collision is a forged certificate.',
      false,
    ),
  },
)

/** Reads the limits; what they give up is added to the dangers. */
export function readTrustLimits(place: Place<Written<typeof trustLimits>>): Maybe<TrustLimits> {
  const { rsaBits, digest, mlDsa, dangerousRsaBits, dangerousSha1 } = place.written ?? {}
  const kind = 'weak-device-certificates'
  if (dangerousRsaBits !== undefined) {
    const sentence = `RSA keys of ${dangerousRsaBits} bits are taken: an attacker who factors one is that device, or issues devices of that CA`
    place.at('dangerousRsaBits').warnOfDanger({ kind, sentence })
  }
  if (dangerousSha1 === true) {
    const sentence =
      'signatures made with SHA-1 are taken: an attacker who buys a collision has a certificate that no CA issued'
    place.at('dangerousSha1').warnOfDanger({ kind, sentence })
  }
  const minimum = dangerousRsaBits ?? rsaBits
  if (mlDsa !== undefined && mlDsa !== 'off' && !verifiesMlDsa(versions.openssl)) {
    const message = `found mlDsa: ${mlDsa}, which the TLS library of this runtime (OpenSSL ${versions.openssl}) cannot verify, wanted off: run a Node.js with OpenSSL 3.5 or later`
    place.at('mlDsa').fault(message)
  }
  return allOrMissing<TrustLimits>({
    depth: place.required('depth'),
    rsaBits: minimum === undefined ? missing : { ...DEFAULT_LIMITS.rsaBits, minimum },
    digests:
      digest === undefined
        ? missing
        : [
            ...(dangerousSha1 === true ? (['sha1'] as const) : []),
            ...DIGESTS.slice(DIGESTS.indexOf(digest)),
          ],
    mlDsa: mlDsa === undefined ? missing : ML_DSA_SETS[mlDsa],
    anyPurpose: place.required('anyPurpose'),
  })
}

const ML_DSA_SETS = { off: 'off', 'ML-DSA-44': 44, 'ML-DSA-65': 65, 'ML-DSA-87': 87 } as const

/** Whether this version of OpenSSL has ML-DSA: 3.5 brought it. */
export function verifiesMlDsa(openssl: string): boolean {
  const [major = 0, minor = 0] = openssl.split('.').map(Number)
  return major > 3 || (major === 3 && minor >= 5)
}

/** The weakest first. */
const DIGESTS = ['sha256', 'sha384', 'sha512'] as const
