import { expect, test } from 'vitest'
import { caWord } from '../../src/fleet/evidence.ts'

/** Every refusal of a certificate that was presented, and what becomes of the word of its CA. */
const ROWS: readonly (readonly [string, ReturnType<typeof caWord>])[] = [
  ['match-rule-unmet', 'accepted'],
  ['unapproved', 'accepted'],
  ['blocked', 'refused'],
  ['denied-issuer', 'refused'],
  ['denied-key', 'refused'],
  ['denied-serial', 'refused'],
  ['distrusted', 'refused'],
  ['issued-after-retirement', 'refused'],
  ['issuer-revoked', 'refused'],
  ['revoked', 'refused'],
  ['sunset', 'refused'],
  ['too-many-ids', 'refused'],
  ['unknown-at-retirement', 'refused'],
  ['address-not-allowed', 'open'],
  ['expired', 'open'],
  ['expired-beyond-grace', 'open'],
  ['expired-without-grace', 'open'],
  ['issuer-expired', 'open'],
  ['issuer-not-yet-valid', 'open'],
  ['not-yet-valid', 'open'],
  ['oauth-disabled', 'open'],
  ['revocation-stale', 'open'],
  ['revocation-unknown', 'open'],
  ['route-denied', 'open'],
  ['staged', 'open'],
  ['a code of another version', 'open'],
  ['', 'open'],
]

for (const [code, word] of ROWS) {
  test(`the word of the CA of a certificate refused as ${code || 'nothing'} is ${word}`, () => {
    expect(caWord('refuse', code)).toBe(word)
  })
}

for (const code of ['verified', 'in-grace', 'open-route']) {
  test(`the word of the CA of a certificate admitted as ${code} is accepted`, () => {
    expect(caWord('admit', code)).toBe('accepted')
  })
}

test('where nothing was met nothing is evidence', () => {
  expect(caWord(null, null)).toBe('open')
  expect(caWord(null, 'verified')).toBe('open')
})
