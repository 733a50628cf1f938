/** What of a refusal is asked again: what only its octets, its fields or the upstream decided is not. */
import { expect, test } from 'vitest'
import type { KeptRefusal, RefusalOutcome } from '../../src/fleet/kept-refusal.ts'
import { notAskedAgain } from '../../src/state/explain/asked-again.ts'

const refusal = (code: string, outcome: RefusalOutcome = 'refused', shown = true): KeptRefusal =>
  ({ code, outcome, certificate: shown ? {} : undefined }) as KeptRefusal

test.each(['no-certificate', 'denied-key', 'expired', 'route-unknown', 'bad-signature'])(
  '%s is asked again',
  (code) => {
    expect(notAskedAgain(refusal(code))).toBeUndefined()
  },
)

test.each([
  'host-unknown',
  'target-bad-escape',
  'too-many-fields',
  'match-rule-unmet',
  'expired-without-grace',
  'resumed-without-certificate',
  'certificate-too-large',
  'drained',
])('%s is not', (code) => {
  expect(notAskedAgain(refusal(code))).toMatch(/is not kept/u)
})

test('neither is what failed behind the front end, or a path of a certificate that is not kept', () => {
  expect(notAskedAgain(refusal('connect-failed', 'failed'))).toMatch(/the upstream/u)
  expect(notAskedAgain(refusal('bad-signature', 'refused', false))).toMatch(/is not kept/u)
})
