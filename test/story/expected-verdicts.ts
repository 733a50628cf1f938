/**
 * The story's own idea of what a device has to meet: the rules of the documents once more, in few lines, so that the
 * expected state never has to ask the product. Nothing here is imported from it.
 */
import { SETTING_NAMES, type Certificate, type Issuer } from './devices.ts'
import type { Place } from './client-kinds.ts'

const DAY = 86_400_000
export const GRACE = 30 * DAY

/** Where a CA of the story stands. */
export type Standing = 'absent' | 'staged' | 'current' | 'previously-trusted' | 'removed'

/** What the operator has decided for the whole fleet so far. */
export interface PolicyState {
  enforcement: 'recording' | 'required'
  model: 'auto' | 'manual'
  readonly standings: Record<'next' | 'old', Standing>
  /** When the old CA was retired; read off the clock of the one who promoted the new one. */
  retiredAt: number
  /** When the old CA stops counting. */
  sunset: number
  legacy: 'enabled' | 'disabled'
  modern: 'not-configured' | 'enabled' | 'disabled'
  sync: 'open' | 'closed'
}

export const initialPolicy = (): PolicyState => ({
  enforcement: 'recording',
  model: 'auto',
  standings: { old: 'current', next: 'absent' },
  retiredAt: Infinity,
  sunset: Infinity,
  legacy: 'enabled',
  modern: 'not-configured',
  sync: 'open',
})

/** Who asks. */
export interface Requester {
  readonly certificate: Certificate | undefined
  readonly approval: 'approved' | 'blocked' | 'unapproved'
}

/** What a device has to meet. */
export interface ExpectedOutcome {
  /** As in the list of devices. */
  readonly code: string
  /** What the device sees; 0 is a connection that ends without an answer. */
  readonly status: 200 | 403 | 0
  /** Whether the upstream hears of it, and whether by name. */
  readonly upstream: 'anonymous' | 'named' | 'nothing' | 'relayed'
  /** Whom it is counted for. */
  readonly counts: 'device' | 'none' | 'unidentified'
  readonly isFit: boolean
  readonly isSound: boolean
}

/** What becomes of a request, by the rules of the documents. */
export function expectedOutcomeOf(
  { certificate, approval }: Requester,
  place: Place,
  policyState: PolicyState,
  now = Date.now(),
): ExpectedOutcome {
  const isSound = certificate !== undefined && isKnown(certificate.issuer, policyState)
  const counts = certificate === undefined ? 'unidentified' : 'device'
  if (certificate !== undefined && approval === 'blocked') {
    return { code: 'blocked', status: 0, upstream: 'nothing', counts, isFit: false, isSound }
  }
  if (place.asks === 'relay' && policyState.sync === 'closed') {
    // The device is not asked who it is any more.
    const code = 'listener-closed'
    return { code, status: 0, upstream: 'nothing', counts: 'none', isFit: false, isSound }
  }
  if (place.endpoint === 'oauth' && policyState.modern !== 'enabled') {
    // Says nothing of the device.
    const code = `oauth-${policyState.modern}`
    return { code, status: 403, upstream: 'nothing', counts: 'none', isFit: false, isSound }
  }
  const isOpenPort = place.asks === 'relay' && certificate === undefined
  if (place.asks === 'legacy-oauth' || place.asks === 'open' || isOpenPort) {
    if (place.asks === 'legacy-oauth' && policyState.legacy === 'disabled') {
      return {
        code: 'legacy-oauth-disabled',
        status: 403,
        upstream: 'nothing',
        counts: 'none',
        isFit: false,
        isSound,
      }
    }
    // Nothing was asked, so nothing is known of a device that has a certificate.
    const uncounted = certificate === undefined ? 'unidentified' : 'none'
    return {
      code: 'open-route',
      status: 200,
      upstream: isOpenPort ? 'relayed' : 'anonymous',
      counts: uncounted,
      isFit: false,
      isSound,
    }
  }
  const code = codeOf({ certificate, approval }, place, { ...policyState, now })
  if (code === 'verified' || code === 'in-grace') {
    const upstream = place.asks === 'relay' ? 'relayed' : 'named'
    return { code, status: 200, upstream, counts, isFit: true, isSound }
  }
  const isLetPass = policyState.enforcement === 'recording' && place.asks !== 'always'
  // Where no HTTP is spoken a client cannot be told that it is refused.
  const refused = place.asks === 'relay' ? 0 : 403
  const anonymous = place.asks === 'relay' ? 'relayed' : 'anonymous'
  return {
    code,
    status: isLetPass ? 200 : refused,
    upstream: isLetPass ? anonymous : 'nothing',
    counts,
    isFit: false,
    isSound,
  }
}

const isKnown = (issuer: Issuer, { standings }: PolicyState): boolean =>
  issuer !== 'stranger' && standings[issuer] !== 'absent' && standings[issuer] !== 'removed'

function codeOf(
  { certificate, approval }: Requester,
  place: Place,
  policyState: PolicyState & { readonly now: number },
): string {
  if (certificate === undefined) return 'no-certificate'
  const { issuer, notBefore, notAfter } = certificate
  if (issuer === 'stranger' || !isKnown(issuer, policyState)) return 'untrusted-issuer'
  const standing = policyState.standings[issuer]
  if (standing === 'staged') return 'staged'
  if (standing === 'previously-trusted' && notBefore > policyState.retiredAt)
    return 'issued-after-retirement'
  if (standing === 'previously-trusted' && policyState.now >= policyState.sunset) return 'sunset'
  const late = policyState.now - notAfter
  if (late > GRACE) return 'expired-beyond-grace'
  if (late > 0 && place.asks !== 'renewal') return 'expired'
  // Everything of the story is inside: approval is asked for once certificates are required.
  const isAsked = policyState.model === 'manual' && policyState.enforcement === 'required'
  if (isAsked && place.sensitive === true && approval !== 'approved') return 'unapproved'
  return late > 0 ? 'in-grace' : 'verified'
}

/**
 * What a verdict makes of what the CA signed: only an accepted certificate leads to the device that it names. A refused one
 * says nothing; of one that came at the wrong time its CA is believed as to setting and validity.
 */
export function caWordOf(code: string): 'accepted' | 'open' | 'refused' {
  if (['verified', 'in-grace', 'unapproved'].includes(code)) return 'accepted'
  return ['blocked', 'issued-after-retirement', 'sunset'].includes(code) ? 'refused' : 'open'
}

/** The enrollment setting that vouches for a certificate. */
export const settingOf = ({ issuer }: Certificate): string | null =>
  issuer === 'stranger' ? null : SETTING_NAMES[issuer]
