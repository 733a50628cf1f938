/** How often the legacy OAuth endpoint may be asked. */
import { integer, defaultGroup, duration, choice } from '../reading/schema-types.ts'
import { allOrMissing, type Maybe, missing, type Place, type Written } from '../reading/place.ts'
import type { LegacyOAuthSettings } from './types.ts'

/** Rows of class `legacy-oauth`. */
export const legacyOAuth = defaultGroup(
  'How rows of class `legacy-oauth` are throttled: no certificate is asked for there, so passwords can be guessed. A client that asks too often, or fails too often (the server answers 400, 401 or 403), is answered 429 and told when to come back. Everything is counted in memory; a restart forgets it.',
  {
    address: defaultGroup(
      'How often one address may ask (IPv6: one /64), whatever accounts it names. With several workers each allows its share, at least five at once. Behind something that hides addresses all clients are one address: raise this, and `addressFailures`.',
      {
        rate: integer(
          'Requests a minute. A client keeps its token for hours, so one a second is an office behind one address, and far too slow to try passwords.',
          [1, 60_000],
          60,
        ),
        burst: integer(
          'Requests at once, after a quiet time: people who open their apps in the morning.',
          [1, 10_000],
          20,
        ),
      },
    ),
    account: defaultGroup(
      'How often one account may be named from addresses where it has not recently signed in, all together. Where it has, only the address counts.',
      {
        rate: integer(
          'Requests a minute: a script that asks for a token before each call.',
          [1, 60_000],
          12,
        ),
        burst: integer('Requests at once: several devices of one person.', [1, 10_000], 10),
      },
    ),
    basic: choice(
      'Whose name stands in `Authorization: Basic`. `account`: it is counted, with any `username` in form or query. `client`: beside a `username` it is that of the program (RFC 6749 §2.3.1), which many people share, and is not counted; write this only if your server reads it so.',
      ['account', 'client'],
      'account',
    ),
    lockout: defaultGroup(
      'What failing too often leads to. A success forgives nothing, or the owner of one account could go on guessing the others. Failures are counted by each worker for itself; divided, one mistyped password would be too many.',
      {
        period: duration(
          'How long failures count. Also how long an account that failed `accountFailures` times is closed to addresses where it has not recently signed in, every time the same: so no attacker can lock an account for good.',
          ['10s', '1d'],
          '15m',
        ),
        failures: integer(
          'Of one account from one address, until the two are locked out together. People mistype a password two or three times.',
          [1, 1000],
          5,
        ),
        addressFailures: integer(
          'Of one address with any accounts, until it is locked out. More than `failures`, for people who share an address; few enough to stop who tries many names.',
          [1, 10_000],
          20,
        ),
        accountFailures: integer(
          'Of one account from all addresses, until it is locked out where it has not recently signed in. Large, because it can be used against its owner.',
          [1, 100_000],
          50,
        ),
        first: duration(
          'How long a lock of an address, or of an account from an address, lasts the first time. Each further one lasts twice as long as the one before, until there was none for `longest`.',
          ['1s', '1d'],
          '1m',
        ),
        longest: duration(
          'As long as it gets: with these numbers an address has some 600 guesses a day.',
          ['1s', '7d'],
          '1h',
        ),
      },
    ),
  },
)

/** Reads the group. */
export function readLegacyOAuth(
  place: Place<Written<typeof legacyOAuth>>,
): Maybe<LegacyOAuthSettings> {
  return allOrMissing<LegacyOAuthSettings>({
    address: readRateLimit(place.at('address')),
    account: readRateLimit(place.at('account')),
    basic: place.required('basic'),
    lockout: readLockout(place.at('lockout')),
  })
}

const readRateLimit = (
  place: Place<NonNullable<Written<typeof legacyOAuth>['address']>>,
): Maybe<LegacyOAuthSettings['address']> =>
  allOrMissing<LegacyOAuthSettings['address']>({
    perMinute: place.required('rate'),
    burst: place.required('burst'),
  })

function readLockout(
  place: Place<NonNullable<Written<typeof legacyOAuth>['lockout']>>,
): Maybe<LegacyOAuthSettings['lockout']> {
  const { written = {} } = place
  const first = place.millis('first')
  const longest = place.millis('longest')
  if (first !== missing && longest !== missing && longest < first) {
    const message = `found ${written.longest}, shorter than the first time (${written.first}), wanted at least that: raise it, or lower first`
    place.at('longest').fault(message)
  }
  // The smaller bound would always be met first, and the one of account and address together would never be.
  for (const key of ['addressFailures', 'accountFailures'] as const) {
    const [found, least] = [written[key], written.failures]
    if (found === undefined || least === undefined || found >= least) continue
    const message = `found ${found}, less than failures (${least}), which would never be met, wanted at least that: raise it, or lower failures`
    place.at(key).fault(message)
  }
  return allOrMissing<LegacyOAuthSettings['lockout']>({
    period: place.millis('period'),
    failures: place.required('failures'),
    addressFailures: place.required('addressFailures'),
    accountFailures: place.required('accountFailures'),
    first,
    longest,
  })
}
