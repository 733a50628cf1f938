/**
 * Distinguished names: compared by RFC 5280 §7.1, printed as RFC 4514 and as older tools print them.
 */

/** One `type=value` of a relative distinguished name. */
export interface Attribute {
  /** Dotted decimal, e.g. `2.5.4.3`. */
  readonly oid: string
  /** The value as text; an undecodable one is `#` and the hex of its DER (RFC 4514 §2.4). */
  readonly text: string
}

/** A parsed Name (RFC 5280 §4.1.2.4). */
export interface Name {
  readonly der: Buffer
  /** In the order of the encoding: the most significant (usually country) first. */
  readonly rdns: readonly (readonly Attribute[])[]
  /** Two names are the same exactly when their keys are equal (RFC 5280 §7.1). */
  readonly key: string
}

/** How a name is written out; `rfc2253` keeps that RFC's short list of type names, `slash` is OpenSSL's old one-line form. */
export type NameForm = 'rfc4514' | 'rfc2253' | 'slash'
