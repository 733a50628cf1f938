/**
 * The head of a request, read once: for whom it is, what it asks for, and whether two servers could read it
 * differently. Node's parser has refused what it cannot read; a line that says HTTP/0.9 or HTTP/2.0 is none of that.
 */
import type { IncomingMessage } from 'node:http'
import { fail, ok, type Result } from '../kernel/types.ts'
import { checkAuthority, hostValues } from '../message/authority.ts'
import { parseTarget, type Target } from '../message/target.ts'
import type { ListenerView } from '../state/snapshot.ts'
import type { Connection } from './connection.ts'
import type { Rejection } from './rejection.ts'

/** What a request is for. */
export interface RequestHead {
  readonly target: Target
  /** The authority as the upstream may read it (`Authority.text`). */
  readonly host: string
}

/** Reads a head, or says why the request is rejected. */
export function readRequestHead(
  request: IncomingMessage,
  connection: Connection,
  listener: ListenerView,
): Result<RequestHead, Rejection> {
  const { httpVersion: version } = request
  if (!VERSIONS.has(version)) return fail({ kind: 'http-version-unknown', version })
  const framing = framingFault(request, listener)
  if (framing !== undefined) return fail(framing)
  const values = hostValues(request.rawHeaders)
  const [sent] = values
  let host = values.length === 1 ? connection.knownHost(sent, listener) : undefined
  if (host === undefined) {
    const authority = checkAuthority(values, connection.sni, listener.hosts)
    if (!authority.ok) return fail({ kind: 'host', fault: authority.failure })
    host = authority.value.text
    connection.rememberHost({ sent, text: host }, listener)
  }
  const target = parseTarget(request.url ?? '')
  if (!target.ok) return fail({ kind: 'target', fault: target.failure })
  return ok({ target: target.value, host })
}

/** What a request line may say: forwarded as HTTP/1.1, another one would be another request to the upstream. */
const VERSIONS: ReadonlySet<string> = new Set(['1.0', '1.1'])

function framingFault(request: IncomingMessage, listener: ListenerView): Rejection | undefined {
  const { headers, rawHeaders } = request
  const limit = listener.compiled.config.limits.headerCount
  if (rawHeaders.length > limit * 2) return { kind: 'too-many-fields', limit }
  const coding = headers['transfer-encoding']
  if (coding !== undefined) {
    if (request.httpVersionMajor === 1 && request.httpVersionMinor === 0) {
      return { kind: 'http-1.0-transfer-coding' }
    }
    // Only the framing is undone here: a coding below it would reach the upstream unannounced.
    if (coding.toLowerCase() !== 'chunked') return { kind: 'transfer-coding-unknown', coding }
  }
  const { expect } = headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    return { kind: 'expectation-unknown' }
  }
  return undefined
}
