/**
 * The head of a request, read once: for whom it is, what it asks for, and whether two servers could read it
 * differently. The parser has refused what it cannot read; a line that says HTTP/0.9 or HTTP/2.0 is none of that.
 */
import { fieldValue, ownText, type RequestMessage } from '../http1/message.ts'
import { fail, ok, type Result } from '../kernel/types.ts'
import { checkAuthority, hostValues } from '../message/authority.ts'
import { absoluteForm, parseTarget, type Target } from '../message/target.ts'
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
  request: RequestMessage,
  connection: Connection,
  listener: ListenerView,
): Result<RequestHead, Rejection> {
  const { version } = request
  if (!VERSIONS.has(version)) return fail({ kind: 'http-version-unknown', version })
  const framing = framingFault(request, listener)
  if (framing !== undefined) return fail(framing)
  const values = hostValues(request.fields)
  const [sent] = values
  let host = values.length === 1 ? connection.knownHost(sent, listener) : undefined
  if (host === undefined) {
    const authority = checkAuthority(values, connection.sni, listener.hosts)
    if (!authority.ok) return fail({ kind: 'host', fault: authority.failure })
    // They live as long as the connection.
    host = ownText(authority.value.text)
    connection.rememberHost({ sent: ownText(sent ?? ''), text: host }, listener)
  }
  const origin = originForm(request.target, host, { connection, listener })
  if (!origin.ok) return origin
  const target = parseTarget(origin.value)
  if (!target.ok) return fail({ kind: 'target', fault: target.failure })
  return ok({ target: target.value, host })
}

/**
 * Makes a target in absolute-form one in origin-form, when it is for the host that the request names. Stricter than RFC 9112
 * §3.2.2, by which such a target would overrule the `Host`: two readers could pick different ones.
 */
function originForm(
  target: string,
  host: string,
  { connection, listener }: { readonly connection: Connection; readonly listener: ListenerView },
): Result<string, Rejection> {
  const absolute = absoluteForm(target)
  if (absolute === undefined) return ok(target)
  const named = checkAuthority([absolute.authority], connection.sni, listener.hosts)
  if (!named.ok) return fail({ kind: 'host', fault: named.failure })
  return named.value.text === host
    ? ok(absolute.origin)
    : fail({ kind: 'target', fault: { kind: 'absolute-form' } })
}

/** What a request line may say: forwarded as HTTP/1.1, another one would be another request to the upstream. */
const VERSIONS: ReadonlySet<string> = new Set(['1.0', '1.1'])

function framingFault(request: RequestMessage, listener: ListenerView): Rejection | undefined {
  const { fields, version } = request
  const limit = listener.compiled.config.limits.headerCount
  if (fields.length > limit * 2) return { kind: 'too-many-fields', limit }
  const coding = fieldValue(fields, 'transfer-encoding')
  if (coding !== undefined) {
    if (version === '1.0') return { kind: 'http-1.0-transfer-coding' }
    // Only the framing is undone here: a coding below it would reach the upstream unannounced.
    if (coding.toLowerCase() !== 'chunked') return { kind: 'transfer-coding-unknown', coding }
  }
  // An empty list expects nothing (RFC 9110 §5.6.1).
  const expect = fieldValue(fields, 'expect')
  if (expect !== undefined && expect !== '' && expect.toLowerCase() !== '100-continue') {
    return { kind: 'expectation-unknown' }
  }
  return undefined
}
