/**
 * What a row of the matrix says: a server as it is built, an upstream as it is configured, and exactly what has to
 * come of it.
 */
import type { Leaf } from '../support/certificates/mint.ts'

/** The programs that play servers. */
export const KINDS = ['openssl', 'nginx', 'node'] as const
export type Kind = (typeof KINDS)[number]

export type Protocol = 'TLSv1.3' | 'TLSv1.2' | 'TLSv1.1' | 'TLSv1'
export const ALL_PROTOCOLS: readonly Protocol[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1']

/** A TLS server in the words that all three kinds understand. */
export interface ServerSpec {
  /** Shown to a client that does not name the virtual host; `undefined` refuses other names. */
  readonly leaf: Pick<Leaf, 'chainPem' | 'keyPem'> | undefined
  /** A virtual host that only SNI reaches. */
  readonly virtualHost?: { readonly name: string; readonly leaf: Leaf }
  /** Left out: all four. */
  readonly protocols?: readonly Protocol[]
  /** OpenSSL's names; left out: everything that authenticates. */
  readonly suites?: readonly string[]
  /** PEM of the CA whose client certificates are demanded. */
  readonly clientCa?: string
}

/** What must come of it; `UPSTREAM` stands for the name of the upstream. */
export interface Expected {
  /** What the device sees. */
  readonly status: number
  /** What the server says of the connection. */
  readonly protocol?: Protocol
  readonly suite?: string
  /** The reason in the log, word for word; left out: nothing is logged besides the request. */
  readonly reason?: string
  /** Each moved by one. */
  readonly metrics: readonly string[]
}

/** One situation, played by several kinds of servers. */
export interface Row {
  readonly what: string
  readonly server: ServerSpec
  /** `tls` of the upstream, over what every row has in common. */
  readonly tls?: Readonly<Record<string, unknown>>
  readonly expected: Expected
  /** Where a kind of server behaves differently. */
  readonly except?: Partial<Readonly<Record<Kind, Expected>>>
}

/** Rows that are played before one front end. */
export interface Group {
  readonly title: string
  readonly rows: readonly Row[]
  /** What the front end announces of itself: the kinds of `tfe_dangerous`. */
  readonly dangerous: readonly string[]
}

/** The device is answered, and nothing is wrong. */
export const served = (more: Partial<Expected> = {}): Expected => ({
  status: 200,
  metrics: [],
  ...more,
})

/** The device gets 502; `failure` is the closed list's word for it. */
export const failed = (failure: string, reason: string): Expected => ({
  status: 502,
  reason,
  metrics: [`tfe_upstream_failures_total{upstream="UPSTREAM",failure="${failure}"}`],
})

/** The server said why, in the words of RFC 8446 §6. */
export const alerted = (alert: string): Expected =>
  failed('tls-handshake', `UPSTREAM refused the TLS connection with the alert ${alert}`)

/** Used all the same, and logged: strict TLS is off. */
export const loggedOnly = (reasons: readonly string[], reason: string): Expected => ({
  status: 200,
  reason,
  metrics: reasons.map(
    (one) => `tfe_upstream_untrusted_total{upstream="UPSTREAM",reason="${one}"}`,
  ),
})
