/**
 * Which keys and signed ids are linked to a device by nothing but certificates that were refused. Programs before decision
 * 29 took such a certificate for evidence, and what they linked stays in a store until it is undone.
 */
import { caWord } from './evidence.ts'
import type { SightedCertificate } from './sighting.ts'
import type { Instant } from '../kernel/types.ts'

/** A certificate as the store keeps it, with the verdict that it met last. */
export interface MetCertificate extends Pick<
  SightedCertificate,
  'key' | 'notAfter' | 'notBefore' | 'setting' | 'signedIds' | 'sound' | 'subject'
> {
  readonly verdict: string
  readonly code: string
  readonly firstSeen: Instant
}

/** What leads to one device. */
export interface LinkedDevice {
  /** In the order in which they were first seen. */
  readonly keys: readonly string[]
  readonly signedIds: readonly string[]
  /** Every certificate that is kept of these keys. */
  readonly certificates: readonly MetCertificate[]
}

/** One key or id, and the refused certificate that it is linked by. */
export interface RefusedLink {
  readonly kind: 'key' | 'signed-id'
  readonly value: string
  readonly certificate: MetCertificate
}

/**
 * Finds them. A device keeps at least one key: where every one was linked by a refused certificate, the first is the
 * device itself, and the ids alone are not its own.
 */
export function refusedLinks({
  keys,
  signedIds,
  certificates,
}: LinkedDevice): readonly RefusedLink[] {
  const own = new Set(signedIds)
  const naming = certificates.filter((one) => one.sound && one.signedIds.some((id) => own.has(id)))
  const refusedOnly = (mine: readonly MetCertificate[]): MetCertificate | undefined =>
    mine.some(isEvidence) ? undefined : mine[0]
  const found = keys.flatMap((value): readonly RefusedLink[] => {
    const certificate = refusedOnly(naming.filter(({ key }) => key === value))
    return certificate === undefined ? [] : [{ kind: 'key', value, certificate }]
  })
  const isEveryKey = found.length === keys.length
  const ids = signedIds.flatMap((value): readonly RefusedLink[] => {
    const certificate = refusedOnly(naming.filter((one) => one.signedIds.includes(value)))
    return certificate === undefined ? [] : [{ kind: 'signed-id', value, certificate }]
  })
  return [...(isEveryKey ? found.slice(1) : found), ...ids]
}

/**
 * Whether what a certificate names counts. One that is refused now for its time, or because its revocation is unknown, may
 * have been admitted before: it counts when it was first seen while it was valid.
 */
function isEvidence({ verdict, code, firstSeen, notBefore, notAfter }: MetCertificate): boolean {
  const word = caWord(verdict, code)
  return word === 'accepted' || (word === 'open' && firstSeen >= notBefore && firstSeen <= notAfter)
}
