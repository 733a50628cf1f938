/** What the judge demands of keys, signatures and the length of a path. */
import { DEFAULT_LIMITS } from '../../trust/limits.ts'
import type { Danger, TrustLimits } from '../config.ts'
import {
  type ReadContext,
  type Maybe,
  missing,
  locationOf,
  orMissing,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { DeepPartial } from '../shape.ts'

type Written = DeepPartial<ConfigDocument['trust']['limits']>

/** Reads the limits; what they give up is added to `dangers`. */
export function readTrustLimits(
  context: ReadContext,
  { written, dangers }: { written: Written; dangers: Danger[] },
): Maybe<TrustLimits> {
  const { rsaBits, digest, dangerousRsaBits, dangerousSha1 } = written
  const addDanger = (key: string, sentence: string): void => {
    const place = ['trust', 'limits', key]
    dangers.push({ kind: 'weak-device-certificates', at: locationOf(context, place), sentence })
    warn(context, place, sentence)
  }
  if (dangerousRsaBits !== undefined) {
    addDanger(
      'dangerousRsaBits',
      `RSA keys of ${dangerousRsaBits} bits are taken: whoever factors one is that device, or issues devices of that CA`,
    )
  }
  if (dangerousSha1 === true) {
    addDanger(
      'dangerousSha1',
      'signatures made with SHA-1 are taken: whoever buys a collision has a certificate that no CA issued',
    )
  }
  const minimum = dangerousRsaBits ?? rsaBits
  return allOrMissing<TrustLimits>({
    depth: orMissing(written.depth),
    rsaBits: minimum === undefined ? missing : { ...DEFAULT_LIMITS.rsaBits, minimum: minimum },
    digests:
      digest === undefined
        ? missing
        : [
            ...(dangerousSha1 === true ? (['sha1'] as const) : []),
            ...DIGESTS.slice(DIGESTS.indexOf(digest)),
          ],
    anyPurpose: orMissing(written.anyPurpose),
  })
}

/** The weakest first. */
const DIGESTS = ['sha256', 'sha384', 'sha512'] as const
