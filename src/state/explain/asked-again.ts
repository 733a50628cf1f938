/** Whether what is kept of a refusal is enough to ask again what was decided then: its Host, query, fields and octets are not. */
import type { RefusalCode } from '../../decide/refusal.ts'
import type { KeptRefusal } from '../../fleet/kept-refusal.ts'
import { isPathFailureKind } from '../../trust/failure.ts'

/** Why it is not asked again; undefined where it is. */
export function notAskedAgain({ outcome, code, certificate }: KeptRefusal): string | undefined {
  if (outcome === 'failed')
    return 'the device was admitted, and the upstream, or the way to it, failed: the verdict says nothing of that'
  if (isPathFailureKind(code) ? certificate !== undefined : ASKED_AGAIN.has(code)) return undefined
  return 'what it was refused for is not kept, such as its Host, its query, its fields or the octets of its certificate: the verdict is on what is kept'
}

/** What is decided by the row, the address, what is kept of the certificate, and what is in force. */
const ASKED_AGAIN: ReadonlySet<string> = new Set<RefusalCode | 'listener-closed' | 'route-unknown'>(
  [
    'address-not-allowed',
    'blocked',
    'denied-issuer',
    'denied-key',
    'denied-serial',
    'distrusted',
    'expired',
    'expired-beyond-grace',
    'issued-after-retirement',
    'issuer-expired',
    'issuer-not-yet-valid',
    'issuer-revoked',
    'legacy-oauth-disabled',
    'listener-closed',
    'no-certificate',
    'not-yet-valid',
    'oauth-disabled',
    'oauth-not-configured',
    'revocation-stale',
    'revocation-unknown',
    'revoked',
    'route-denied',
    'route-unknown',
    'staged',
    'sunset',
    'unapproved',
    'unknown-at-retirement',
  ],
)
