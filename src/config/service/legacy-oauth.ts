/** How often the legacy OAuth endpoint may be asked. */
import type { LegacyOAuthSettings } from '../config-legacy-oauth.ts'
import { millis } from '../reading/tls.ts'
import {
  type ReadContext,
  fault,
  type Maybe,
  missing,
  orMissing,
  allOrMissing,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { DeepPartial } from '../shape.ts'

type Written = DeepPartial<ConfigDocument['legacyOAuth']>

/** Reads the group. */
export function readLegacyOAuth(
  context: ReadContext,
  written: Written,
): Maybe<LegacyOAuthSettings> {
  const { address, account, lockout } = written
  return allOrMissing<LegacyOAuthSettings>({
    address: readRateLimit(address ?? {}),
    account: readRateLimit(account ?? {}),
    basic: orMissing(written.basic),
    lockout: readLockout(context, lockout ?? {}),
  })
}

function readRateLimit(
  written: DeepPartial<ConfigDocument['legacyOAuth']['address']>,
): Maybe<LegacyOAuthSettings['address']> {
  return allOrMissing<LegacyOAuthSettings['address']>({
    perMinute: orMissing(written.rate),
    burst: orMissing(written.burst),
  })
}

function readLockout(
  context: ReadContext,
  written: DeepPartial<ConfigDocument['legacyOAuth']['lockout']>,
): Maybe<LegacyOAuthSettings['lockout']> {
  const path = ['legacyOAuth', 'lockout']
  const first = millis(written.first)
  const longest = millis(written.longest)
  if (first !== missing && longest !== missing && longest < first) {
    const message = `found ${written.longest}, shorter than the first time (${written.first}), wanted at least that: raise it, or lower first`
    fault(context, [...path, 'longest'], message)
  }
  // The smaller bound would always be met first, and the one of account and address together would never be.
  for (const key of ['addressFailures', 'accountFailures'] as const) {
    const [found, least] = [written[key], written.failures]
    if (found === undefined || least === undefined || found >= least) continue
    const message = `found ${found}, less than failures (${least}), which would never be met, wanted at least that: raise it, or lower failures`
    fault(context, [...path, key], message)
  }
  return allOrMissing<LegacyOAuthSettings['lockout']>({
    period: millis(written.period),
    failures: orMissing(written.failures),
    addressFailures: orMissing(written.addressFailures),
    accountFailures: orMissing(written.accountFailures),
    first,
    longest,
  })
}
