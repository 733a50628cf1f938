/** What the judge demands of keys, signatures and the length of a path. */
import { DEFAULT_LIMITS } from '../../trust/limits.ts'
import type { Danger, TrustLimits } from '../config.ts'
import {
  type Desk,
  type Maybe,
  missing,
  placeOf,
  present,
  warn,
  whole,
} from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import type { Draft } from '../shape.ts'

type Written = Draft<Document['trust']['limits']>

/** Reads the limits; what they give up is added to `dangers`. */
export function readLimits(
  desk: Desk,
  { written, dangers }: { written: Written; dangers: Danger[] },
): Maybe<TrustLimits> {
  const { rsaBits, digest, dangerousRsaBits, dangerousSha1 } = written
  const give = (key: string, sentence: string): void => {
    const place = ['trust', 'limits', key]
    dangers.push({ kind: 'weak-device-certificates', at: placeOf(desk, place), sentence })
    warn(desk, place, sentence)
  }
  if (dangerousRsaBits !== undefined) {
    give(
      'dangerousRsaBits',
      `RSA keys of ${dangerousRsaBits} bits are taken: whoever factors one is that device, or issues devices of that CA`,
    )
  }
  if (dangerousSha1 === true) {
    give(
      'dangerousSha1',
      'signatures made with SHA-1 are taken: whoever buys a collision has a certificate that no CA issued',
    )
  }
  const least = dangerousRsaBits ?? rsaBits
  return whole<TrustLimits>({
    depth: present(written.depth),
    rsaBits: least === undefined ? missing : { ...DEFAULT_LIMITS.rsaBits, minimum: least },
    digests:
      digest === undefined
        ? missing
        : [
            ...(dangerousSha1 === true ? (['sha1'] as const) : []),
            ...DIGESTS.slice(DIGESTS.indexOf(digest)),
          ],
    anyPurpose: present(written.anyPurpose),
  })
}

/** The weakest first. */
const DIGESTS = ['sha256', 'sha384', 'sha512'] as const
