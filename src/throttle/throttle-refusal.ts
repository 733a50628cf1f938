/** Requests that were admitted and are held back all the same, and what the operator reads about it. */
import { unreachable } from '../kernel/types.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** What a request was counted by; a closed list, fit for a metric's label. */
export type ThrottledBy = (typeof THROTTLED_BY)[number]
export const THROTTLED_BY = ['address', 'account-and-network', 'account'] as const

/** Why a request was held back; `retryAfter` is in seconds. */
export type ThrottleRefusal =
  | {
      readonly kind: 'rate-limited'
      readonly by: ThrottledBy
      readonly retryAfter: number
      readonly perMinute: number
    }
  | {
      readonly kind: 'locked-out'
      readonly by: ThrottledBy
      readonly retryAfter: number
      readonly failures: number
    }

/** Explains it. */
export function explainThrottle(refusal: ThrottleRefusal): Explanation {
  const who = WHO[refusal.by]
  switch (refusal.kind) {
    case 'rate-limited':
      return {
        sentence: `${who} asked the legacy OAuth endpoint more often than the ${Math.ceil(refusal.perMinute)} times a minute that one worker allows; it may ask again in ${refusal.retryAfter} s`,
        nextStep: `none if that is meant; otherwise let the client keep its token, or raise \`legacyOAuth.${refusal.by === 'address' ? 'address' : 'account'}\``,
      }
    case 'locked-out':
      return {
        sentence: `${who} failed ${refusal.failures} times to sign in at the legacy OAuth endpoint, and is locked out for another ${refusal.retryAfter} s`,
        nextStep: NEXT[refusal.by],
      }
    default:
      return unreachable(refusal)
  }
}

const WHO: Readonly<Record<ThrottledBy, string>> = {
  address: 'this address (IPv6: its /64)',
  'account-and-network': 'this account from this address (IPv6: from its /64)',
  account: 'this account, from addresses where it has not signed in recently,',
}

const NEXT: Readonly<Record<ThrottledBy, string>> = {
  address:
    'see in the log which accounts it named: many are password spraying; if many people share the address, raise `legacyOAuth.lockout.addressFailures`',
  'account-and-network':
    'let its owner correct the password that a client keeps; if clients show an id of the program in Basic, write `legacyOAuth.basic: client`',
  account:
    'its password is being guessed from many addresses: let its owner change it, or sign in from an address used before',
}
