import { expect, test } from 'vitest'
import { isPathFailureKind, type PathFailure } from '../../src/trust/failure.ts'

/** Each kind once: the compiler asks for a new one. */
const KINDS: Readonly<Record<PathFailure['kind'], true>> = {
  'untrusted-issuer': true,
  'self-signed': true,
  'path-too-long': true,
  'unfit-anchor': true,
  'bad-signature': true,
  'weak-signature': true,
  'weak-key': true,
  'unsupported-signature': true,
  'unsupported-key': true,
  'not-a-ca': true,
  'ca-may-not-sign': true,
  'path-length-exceeded': true,
  'unknown-critical-extension': true,
  'name-constraints-malformed': true,
  'name-undecidable': true,
  'name-not-permitted': true,
  'name-excluded': true,
  'policy-mapping-malformed': true,
  'no-common-policy': true,
  'wrong-purpose': true,
  'wrong-key-usage': true,
  'departs-from-profile': true,
  'budget-exhausted': true,
}

for (const kind of Object.keys(KINDS)) {
  test(`${kind} says that no path is sound`, () => {
    expect(isPathFailureKind(kind)).toBe(true)
  })
}

for (const code of [
  '',
  'blocked',
  'denied-key',
  'expired',
  'no-certificate',
  'revoked',
  'verified',
]) {
  test(`"${code}" does not say that no path is sound`, () => {
    expect(isPathFailureKind(code)).toBe(false)
  })
}
