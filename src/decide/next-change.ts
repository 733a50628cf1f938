/**
 * When a verdict turns by itself. A connection that lives on is judged again at those instants, so that a certificate
 * that ends, a grace that is over, a sunset and a list that is too old end it there and not at its next request.
 */
import { plus, type Instant } from '../kernel/types.ts'
import type { SoundPath } from '../trust/validate.ts'
import type { Peer } from './decide.ts'
import type { Policy } from './policy.ts'

/** The first instant after `after` from which any verdict on this peer may be worse; nothing when none will. */
export function nextChange(peer: Peer, policy: Policy, after: Instant): Instant | undefined {
  if (peer.kind !== 'presented' || !peer.paths.ok) return undefined
  let next = Infinity
  for (const path of peer.paths.value) {
    for (const at of changesOf(path, policy)) if (at > after && at < next) next = at
  }
  return next === Infinity ? undefined : (next as Instant)
}

/** What ends on a path, each end with the first instant that it does not cover any more. */
function* changesOf(path: SoundPath, policy: Policy): Generator<Instant> {
  const { certificates, anchor } = path
  for (const { notAfter } of certificates) yield past(notAfter)
  yield past(anchor.certificate.notAfter)
  yield past(plus(certificates[0].notAfter, policy.grace))
  const standing = policy.standings.get(anchor.setting)
  // From its sunset on a CA admits no device: that instant is the first of the end.
  if (standing?.kind === 'previously-trusted' && standing.sunset !== undefined) {
    yield standing.sunset
  }
  const { lists, demands } = policy.revocation
  const demand = demands.get(anchor.setting)
  if (demand?.failure !== 'hard-fail') return
  // Which list speaks for which certificate is settled where it is judged; a turn too many costs a judgement.
  for (const some of lists.values()) {
    for (const { crl } of some) {
      yield past(crl.nextUpdate)
      yield past(plus(crl.nextUpdate, demand.grace))
    }
  }
}

const past = (last: Instant): Instant => (last + 1) as Instant
