/** The limits that `trust` demands of keys, signatures and the length of a path. */
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
  const { rsaBits, digest, dangerousRsaBits, dangerousSha1 } = place.written ?? {}
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
    anyPurpose: place.required('anyPurpose'),
  })
}

/** The weakest first. */
const DIGESTS = ['sha256', 'sha384', 'sha512'] as const
