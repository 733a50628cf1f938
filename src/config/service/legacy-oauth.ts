/** How often the legacy OAuth endpoint may be asked. */
import type { LegacyOAuth } from '../config-legacy-oauth.ts'
import { millis } from '../reading/tls.ts'
import { type Desk, fault, type Maybe, missing, present, whole } from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import type { Draft } from '../shape.ts'

type Written = Draft<Document['legacyOAuth']>

/** Reads the group. */
export function readLegacyOAuth(desk: Desk, written: Written): Maybe<LegacyOAuth> {
  const { address, account, lockout } = written
  return whole<LegacyOAuth>({
    address: readPace(address ?? {}),
    account: readPace(account ?? {}),
    basic: present(written.basic),
    lockout: readLockout(desk, lockout ?? {}),
  })
}

function readPace(
  written: Draft<Document['legacyOAuth']['address']>,
): Maybe<LegacyOAuth['address']> {
  return whole<LegacyOAuth['address']>({
    perMinute: present(written.rate),
    burst: present(written.burst),
  })
}

function readLockout(
  desk: Desk,
  written: Draft<Document['legacyOAuth']['lockout']>,
): Maybe<LegacyOAuth['lockout']> {
  const path = ['legacyOAuth', 'lockout']
  const first = millis(written.first)
  const longest = millis(written.longest)
  if (first !== missing && longest !== missing && longest < first) {
    const message = `found ${written.longest}, shorter than the first time (${written.first}), wanted at least that: raise it, or lower first`
    fault(desk, [...path, 'longest'], message)
  }
  // The smaller bound would always be met first, and the one of account and address together would never be.
  for (const key of ['addressFailures', 'accountFailures'] as const) {
    const [found, least] = [written[key], written.failures]
    if (found === undefined || least === undefined || found >= least) continue
    const message = `found ${found}, less than failures (${least}), which would never be met, wanted at least that: raise it, or lower failures`
    fault(desk, [...path, key], message)
  }
  return whole<LegacyOAuth['lockout']>({
    period: millis(written.period),
    failures: present(written.failures),
    addressFailures: present(written.addressFailures),
    accountFailures: present(written.accountFailures),
    first,
    longest,
  })
}
