/**
 * Paths that our judge found where the TLS library found none. It builds one path, by names and key identifiers, and goes
 * back from no certificate that leads nowhere: of a web of cross-signed, expired and like-named CAs it may take the wrong
 * thread (RFC 4158 §2.4.1). Handed the sound path alone, it has the last word on it. What became of it is remembered for
 * each server until the upstream is opened anew, so that only the first connection costs more than one handshake.
 */
import type { X509Certificate } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import { completedIdentity, looksSelfSigned, pathContext } from './client-context.ts'
import type { OwnPathCheck, TimelyPath } from './own-path-check.ts'
import type { ClientIdentity, UpstreamTls } from '../settings.ts'

/** What can be done about a chain that the TLS library does not believe and our judge does. */
export type Handover =
  | { readonly kind: 'hand'; readonly path: HandedPath }
  /** The library has refused this path, too; `code` is what it said. */
  | { readonly kind: 'refused'; readonly code: string }

/** A path as the TLS library is handed it. */
export interface HandedPath {
  /** Names the leaf and the path. */
  readonly key: string
  readonly context: SecureContext
  /** When every certificate of it but the leaf is valid, both ends included; milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

/** The `HandedPaths` of one upstream; at most one for each server and name that is sent to it. */
export class HandedPaths {
  readonly #tls: UpstreamTls
  /** Worked out when the first path is handed: nearly no upstream needs one. */
  readonly #identity: () => ClientIdentity | undefined
  readonly #check: OwnPathCheck
  readonly #known = new Map<string, Known>()

  constructor(tls: UpstreamTls, identity: ClientIdentity | undefined, check: OwnPathCheck) {
    this.#tls = tls
    let completed: { readonly identity: ClientIdentity | undefined } | undefined
    this.#identity = () => {
      completed ??= { identity: completedIdentity(tls, identity) }
      return completed.identity
    }
    this.#check = check
  }

  /** The path by which a server was last believed; `place` is the server and the name that is sent to it. */
  taken(place: string, now: number): HandedPath | undefined {
    const known = this.#known.get(place)
    if (known?.kind !== 'taken') return undefined
    const { path } = known
    if (path.notBefore <= now && now <= path.notAfter) return path
    this.#known.delete(place)
    return undefined
  }

  /** Looks for a path where the TLS library said `code`; nothing where our judge finds none, or it may not be looked for. */
  find(
    place: string,
    { leaf, code }: { readonly leaf: X509Certificate; readonly code: string },
    now: number,
  ): Handover | undefined {
    if (FINAL.has(code)) return undefined
    const found = this.#check.timelyPath(leaf, now)
    if (found === undefined) return undefined
    const key = keyOf(found)
    const known = this.#known.get(place)
    if (known?.kind === 'refused' && known.key === key) return known
    const path = this.#handed(key, found)
    return path === undefined ? { kind: 'refused', code } : { kind: 'hand', path }
  }

  /** The TLS library has believed a server by this path. */
  remember(place: string, path: HandedPath): void {
    this.#known.set(place, { kind: 'taken', path })
  }

  /** The TLS library has refused this path with `code`: it will be so again. */
  refuse(place: string, { key }: HandedPath, code: string): void {
    this.#known.set(place, { kind: 'refused', key, code })
  }

  forget(place: string): void {
    this.#known.delete(place)
  }

  #handed(key: string, found: TimelyPath): HandedPath | undefined {
    const issuers = [...found.intermediates, found.anchor]
    try {
      // A CA's new key signed with its old one, without key identifiers: it would be an anchor.
      if (found.intermediates.some(looksSelfSigned)) return undefined
      return {
        key,
        context: pathContext(this.#tls, this.#identity(), found),
        notBefore: Math.max(...issuers.map(({ notBefore }) => notBefore)),
        notAfter: Math.min(...issuers.map(({ notAfter }) => notAfter)),
      }
    } catch {
      // The peer wrote some of this, and an error thrown in the event of a handshake would end the process.
      return undefined
    }
  }
}

type Known =
  | { readonly kind: 'taken'; readonly path: HandedPath }
  | (Handover & { readonly kind: 'refused'; readonly key: string })

const keyOf = ({ leaf, intermediates, anchor }: TimelyPath): string =>
  [leaf, ...intermediates, anchor].map(({ fingerprint }) => fingerprint).join()

/** Verdicts on what another path would not change, or that another context would not repeat. */
const FINAL: ReadonlySet<string> = new Set([
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CRL_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_SIGNATURE_FAILURE',
  'HOSTNAME_MISMATCH',
  'OUT_OF_MEM',
  'UNABLE_TO_GET_CRL',
])
