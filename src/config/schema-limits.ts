/** What the judge demands of device certificates and of the CAs above them, beyond RFC 5280. */
import { Type } from 'typebox'
import { integer, defaultGroup, flag, choice } from './reading/schema-types.ts'

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
        'Takes weaker RSA keys than `rsaBits` may say, for a fleet that has them already. Whoever can factor one of them is that device, or that CA.',
        [1024, 2047],
      ),
    ),
    dangerousSha1: flag(
      'Takes signatures made with SHA-1 as well. Collisions are for sale, and a collision is a forged certificate.',
      false,
    ),
  },
)
