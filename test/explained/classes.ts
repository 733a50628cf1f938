/**
 * Classes of verdicts that a whole run has to see, or it has shown nothing of them. What comes in a few states only is
 * left out of them, so that no seed misses one: such a code is asked for in any manner.
 */
export const CLASSES: readonly string[] = [
  'admitted: verified',
  'admitted: in-grace',
  'admitted: open-route',
  'recorded: issued-after-retirement',
  'recorded: no-certificate',
  'recorded: weak-key',
  'recorded: wrong-purpose',
  'refused: address-not-allowed',
  'refused: bad-signature',
  'refused: blocked',
  'refused: denied-key',
  'refused: denied-serial',
  'refused: distrusted',
  'refused: expired',
  'refused: expired-without-grace',
  'refused: issued-after-retirement',
  'refused: issuer-expired',
  'refused: no-certificate',
  'refused: oauth-not-configured',
  'refused: revoked',
  'refused: route-denied',
  'refused: staged',
  'refused: sunset',
  'refused: unapproved',
  'refused: untrusted-issuer',
  'refused: weak-key',
  'refused: weak-signature',
  'refused: wrong-purpose',
]

/** Codes that a whole run has to see, admitted, recorded or refused. */
export const CODES: readonly string[] = [
  'expired-beyond-grace',
  'match-rule-unmet',
  'not-yet-valid',
  'revocation-stale',
  'revocation-unknown',
  'self-signed',
  'unknown-at-retirement',
]

/** What even a few devices show. */
export const MANNERS = ['admitted', 'recorded', 'refused'] as const
