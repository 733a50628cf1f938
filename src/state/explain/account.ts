/**
 * An account of a judgement: what was decided, the facts behind it, and sections of steps, each of which held, failed, or is
 * only worth knowing. Plain data: it travels between processes and to programs. Times in its texts are in RFC 3339.
 */
import type { RouteClass } from '../../decide/policy.ts'
import type { Timeliness } from '../../decide/timeliness.ts'
import type { Fingerprint, Instant, KeyFingerprint } from '../../kernel/types.ts'
import type { ProcessFacts } from './in-force.ts'

/** A name and what is said of it. */
export type Fact = readonly [name: string, value: string]

/** One thing that was looked at. */
export interface Step {
  readonly kind: 'yes' | 'no' | 'note'
  readonly text: string
  /** What belongs under it: facts first, then sentences. */
  readonly facts: readonly Fact[]
  readonly more: readonly string[]
}

export interface Section {
  readonly title: string
  readonly steps: readonly Step[]
}

export const yes = (text: string, ...more: readonly string[]): Step => step('yes', text, more)
export const no = (text: string, ...more: readonly string[]): Step => step('no', text, more)
export const note = (text: string, ...more: readonly string[]): Step => step('note', text, more)

/** A step with facts under it. */
export const withFacts = (one: Step, facts: readonly Fact[]): Step => ({ ...one, facts })

const step = (kind: Step['kind'], text: string, more: readonly string[]): Step => ({
  kind,
  text,
  facts: [],
  more,
})

/** A verdict in words. */
export interface TellingVerdict {
  readonly verdict: 'admit' | 'refuse'
  /** The basis of the admission, or the code of the refusal. */
  readonly code: string
  readonly sentence: string
  readonly nextStep: string
  /** Of an admission in recording: what it would be refused for once certificates are required. */
  readonly wouldRefuse: string | undefined
}

/** The verdict on one row of the listener; a sync port has one, with the name of the listener. */
export interface RowVerdict extends TellingVerdict {
  readonly row: string
  readonly class: RouteClass
}

/** A certificate, as far as it is known. */
export interface ToldCertificate {
  readonly subject: string
  readonly issuer: string | undefined
  readonly serial: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly key: KeyFingerprint
  /** Undefined where only its key is known. */
  readonly fingerprint: Fingerprint | undefined
}

/** A sound path, device first and trust anchor last, and what it is worth by itself. */
export interface ToldPath {
  readonly setting: string
  readonly certificates: readonly ToldCertificate[]
  /** `timely`, or the code of what speaks against it. */
  readonly worth: string
}

/** What a process answers to a question. */
export type Explained =
  | { readonly kind: 'explained'; readonly account: Account }
  /** No listener has the name that the question asks for. */
  | { readonly kind: 'no-listener' }
  /** No process serves, or the one that was asked gave no answer. */
  | { readonly kind: 'not-serving' }

export interface Account extends TellingVerdict {
  readonly at: Instant
  readonly listener: string
  /** The row that the request meets; undefined where no request was named, or where it meets none. */
  readonly route:
    | {
        readonly id: string
        readonly class: RouteClass
        readonly sensitive: boolean
        readonly endpoint: 'oauth' | undefined
      }
    | undefined
  readonly rows: readonly RowVerdict[]
  readonly timeliness: Timeliness | undefined
  readonly findings: readonly string[]
  /** As they were presented, or as they are kept; the device's own first. */
  readonly certificates: readonly ToldCertificate[]
  readonly paths: readonly ToldPath[]
  readonly inForce: ProcessFacts
  readonly sections: readonly Section[]
}
