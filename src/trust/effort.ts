/**
 * How much work one peer has caused, and the signatures that need not be verified twice.
 */
import type { KeyFingerprint } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { PathFailure, Resource } from './failure.ts'
import type { Limits } from './limits.ts'
import { verifiesUnder } from '../x509/verify-signature.ts'

/** The budget of one judgement; lives as long as it. */
export class Effort {
  readonly #limits: Limits
  readonly #spent: Record<Resource, number> = { signatures: 0, steps: 0, comparisons: 0 }
  #exhausted: Resource | undefined

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Whether a budget was overdrawn; from then on nothing more is spent. */
  get isExhausted(): boolean {
    return this.#exhausted !== undefined
  }

  /** What was spent so far. */
  get spent(): Readonly<Record<Resource, number>> {
    return this.#spent
  }

  /** Takes from a budget; `false` when it does not suffice. */
  spend(resource: Resource, amount = 1): boolean {
    if (this.#exhausted !== undefined) return false
    this.#spent[resource] += amount
    if (this.#spent[resource] > this.#limits[resource]) this.#exhausted = resource
    return this.#exhausted === undefined
  }

  /** Why judging stopped. */
  failure(): PathFailure {
    const resource = this.#exhausted ?? 'steps'
    return { kind: 'budget-exhausted', resource, limit: this.#limits[resource] }
  }

  /**
   * Whether the issuer's key signed the certificate; nothing when the budget is spent. Answers are kept with the
   * certificate: for a CA's that is as long as the store lives, so that a device costs its own signature only.
   */
  verifies(certificate: Certificate, issuer: Certificate): boolean | undefined {
    const key = issuer.publicKey.fingerprint
    const known = answers.get(certificate)
    for (let answer = known; answer !== undefined; answer = answer.before) {
      if (answer.key === key) return answer.verified
    }
    if (!this.spend('signatures')) return undefined
    const verified = verifiesUnder(certificate, issuer)
    answers.set(certificate, { key, verified, before: known })
    return verified
  }
}

/** What became of a signature under one issuer's key. A list, because nearly every certificate has one issuer. */
interface Answer {
  readonly key: KeyFingerprint
  readonly verified: boolean
  readonly before: Answer | undefined
}

/**
 * Grows by one entry per issuer key tried. Keys are tried from the anchor downwards, so only keys that an anchor
 * vouches for get here: a peer cannot fill it.
 */
const answers = new WeakMap<Certificate, Answer>()
