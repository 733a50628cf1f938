/** Requests that were admitted and are held back all the same, and what the operator reads about it. */
import { unreachable } from '../kernel/types.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** What somebody was counted by; a closed list, fit for a metric's label. */
export type HeldBy = (typeof HELD_BY)[number]
export const HELD_BY = ['address', 'account-and-network', 'account'] as const

/** Why a request was held back; `retryAfter` is in seconds. */
export type Held =
  | {
      readonly kind: 'rate-limited'
      readonly by: HeldBy
      readonly retryAfter: number
      readonly perMinute: number
    }
  | {
      readonly kind: 'locked-out'
      readonly by: HeldBy
      readonly retryAfter: number
      readonly failures: number
    }

/** Explains it. */
export function explainHeld(held: Held): Explanation {
  const who = WHO[held.by]
  switch (held.kind) {
    case 'rate-limited':
      return {
        sentence: `${who} asked the legacy OAuth endpoint more often than the ${Math.ceil(held.perMinute)} times a minute that one worker allows; it may again in ${held.retryAfter} s`,
        nextStep: `none if that is meant; otherwise let the client keep its token, or raise \`legacyOAuth.${held.by === 'address' ? 'address' : 'account'}\``,
      }
    case 'locked-out':
      return {
        sentence: `${who} failed ${held.failures} times to sign in at the legacy OAuth endpoint, and is locked out for another ${held.retryAfter} s`,
        nextStep: NEXT[held.by],
      }
    default:
      return unreachable(held)
  }
}

const WHO: Readonly<Record<HeldBy, string>> = {
  address: 'this address (IPv6: its /64)',
  'account-and-network': 'this account from this address (IPv6: from its /64)',
  account: 'this account, from addresses where it has not signed in lately,',
}

const NEXT: Readonly<Record<HeldBy, string>> = {
  address:
    'see in the log which accounts it named: many are password spraying; if many people share the address, raise `legacyOAuth.lockout.addressFailures`',
  'account-and-network':
    'let its owner correct the password that a client keeps; if clients show an id of the program in Basic, write `legacyOAuth.basic: client`',
  account:
    'somebody guesses its password from many addresses: let its owner change it, or sign in from where he did before',
}
