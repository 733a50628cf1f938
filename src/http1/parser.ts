/**
 * Reads messages one at a time: a head, and then, where it is sent in chunks, the body. A body of a known length is counted by
 * its reader and never passes through here: it is not parsed, and so not copied.
 *
 * What llhttp takes beyond HTTP/1 is refused here: methods of RTSP and its protocol name in the first line, more than one blank
 * in a request line (RFC 9112 §3), the preface of HTTP/2.
 */
import type { Buffer } from 'node:buffer'
import {
  emptyMessage,
  latin1,
  Llhttp,
  type CollectedMessage,
  type Execution,
  type MessageKind,
} from './llhttp.ts'
import { HTTP_METHODS } from './methods.ts'
import {
  fieldValue,
  firstFieldValue,
  type BodyLength,
  type RequestMessage,
  type ResponseMessage,
} from './message.ts'

/** Why what arrived is no message. */
export type ParseFault =
  /** The head, or the trailer section, has more octets than it may have. */
  | { readonly kind: 'head-too-large'; readonly limit: number }
  /** Chunks say too much of themselves (RFC 9112 §7.1.1). */
  | { readonly kind: 'chunk-overhead' }
  | { readonly kind: 'malformed'; readonly reason: string }

/** How far the reading of a head came. */
export type HeadResult<Head> =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'head'; readonly head: Head; readonly taken: number }
  | { readonly kind: 'fault'; readonly fault: ParseFault }

/** What one input held of a body in chunks. */
export type BodyResult =
  | {
      readonly kind: 'body'
      readonly pieces: readonly Buffer[]
      /** Octets of the input that belong to this message: all, unless it ends in it. */
      readonly taken: number
      /** Fields behind the last chunk, name, value, name, value …; undefined as long as the body goes on. */
      readonly trailers: readonly string[] | undefined
    }
  | { readonly kind: 'fault'; readonly fault: ParseFault }

/** A parser for one direction of one connection; it holds memory of llhttp only inside a message. */
export class MessageParser {
  readonly #kind: MessageKind
  readonly #limit: number
  #llhttp: Llhttp | undefined
  #message: CollectedMessage | undefined
  /** What was read of an unfinished head, for its first line. */
  #begun = ''
  /** Octets of framing since the last octet of a body. */
  #overhead = 0

  /** `limit`: octets of target, field names and values of a head. */
  constructor(kind: MessageKind, limit: number) {
    this.#kind = kind
    this.#limit = limit
  }

  /** A head has begun and is not complete, or a body in chunks is; empty lines begin nothing. */
  get isInside(): boolean {
    return (
      this.#message !== undefined && (this.#message.isHeadComplete || /[^\r\n]/.test(this.#begun))
    )
  }

  /** Reads a request's head from its beginning or where the last input ended. */
  requestHead(octets: Buffer): HeadResult<RequestMessage> {
    const result = this.#head(octets)
    if (result.kind !== 'head') return result
    const { message, llhttp, line, taken } = result
    const { method, version } = llhttp
    const { target, fields, keepAlive, upgrade } = message
    const body = bodyLength(fields, 0)
    this.#endHead(body)
    const isSound =
      begins(line, `${method} ${target} HTTP/${version}\r`) ||
      // Without a version it is an HTTP/0.9 request, which is whole to llhttp.
      (version === '0.9' && begins(line, `${method} ${target}\r`))
    if (!isSound || !HTTP_METHODS.has(method)) return malformed(BAD_REQUEST_LINE)
    // llhttp takes an option for another word where a tab stands behind it.
    const options = fieldValue(fields, 'connection')
    const head = {
      method,
      target,
      version,
      fields,
      body,
      keepAlive: keepAlive && !says(options, CLOSE),
      upgrade: upgrade || (says(options, UPGRADE) && fieldValue(fields, 'upgrade') !== undefined),
    }
    return { kind: 'head', taken, head }
  }

  /** Reads a response's head, final or interim. `method` is that of the request. */
  responseHead(octets: Buffer, method: string): HeadResult<ResponseMessage> {
    const result = this.#head(octets)
    if (result.kind !== 'head') return result
    const { message, llhttp, line, taken } = result
    const { version } = llhttp
    const { status, reason, fields, keepAlive } = message
    const framed = bodyLength(fields, 'until-close')
    const body = isBodiless(status, method) ? 0 : framed
    this.#endHead(body)
    if (!begins(line, 'HTTP/1.')) return malformed('Expected HTTP/1.x')
    const coding = fieldValue(fields, 'transfer-encoding')
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
      // Undone is the outermost coding only; one below it would reach the device unannounced.
      return malformed('Unknown transfer coding')
    }
    const isKept =
      !says(fieldValue(fields, 'connection'), CLOSE) &&
      (keepAlive || (body !== 'until-close' && version === '1.1'))
    // HTTP/1.0 knows no chunks: such framing cannot be trusted for what follows (RFC 9112 §6.1).
    const isSound = version === '1.1' || coding === undefined
    return {
      kind: 'head',
      taken,
      head: { version, fields, body, keepAlive: isKept && isSound, status, reason },
    }
  }

  /** Reads octets of a body in chunks. */
  body(octets: Buffer): BodyResult {
    const [llhttp, message] = [this.#llhttp, this.#message]
    if (llhttp === undefined || message === undefined) throw new Error('no body in chunks is read')
    const { taken, fault } = llhttp.execute(octets, message)
    const { pieces, isComplete } = message
    if (fault !== undefined) return this.#fault(fault, message)
    if (this.#framing(octets, taken, pieces) > MAX_OVERHEAD) {
      this.reset()
      return { kind: 'fault', fault: { kind: 'chunk-overhead' } }
    }
    message.pieces = []
    if (isComplete) this.reset()
    // Of fields that frame a message llhttp takes this one, empty, for a trailer (RFC 9110 §6.5.1).
    const framing = isComplete ? firstFieldValue(message.fields, 'transfer-encoding') : undefined
    if (framing !== undefined && this.#kind === 'request') return malformed('Framing in a trailer')
    return { kind: 'body', pieces, taken, trailers: isComplete ? message.fields : undefined }
  }

  /** Returns the most octets that stand between two octets of the body, wherever the input was cut. */
  #framing(octets: Buffer, taken: number, pieces: readonly Buffer[]): number {
    let most = 0
    let end = octets.byteOffset
    for (const piece of pieces) {
      most = Math.max(most, this.#overhead + piece.byteOffset - end)
      this.#overhead = 0
      end = piece.byteOffset + piece.length
    }
    this.#overhead += octets.byteOffset + taken - end
    return Math.max(most, this.#overhead)
  }

  /** Forgets what was read; the next octet begins a message. */
  reset(): void {
    if (this.#llhttp !== undefined) putBack(this.#kind, this.#llhttp)
    this.#llhttp = undefined
    this.#message = undefined
    this.#begun = ''
  }

  #head(octets: Buffer):
    | Exclude<HeadResult<never>, { readonly kind: 'head' }>
    | {
        readonly kind: 'head'
        readonly message: CollectedMessage
        readonly llhttp: Llhttp
        readonly line: string
        readonly taken: number
      } {
    const llhttp = (this.#llhttp ??= takeParser(this.#kind))
    const message = (this.#message ??= emptyMessage(this.#limit))
    const { taken, fault }: Execution = llhttp.execute(octets, message)
    if (fault !== undefined) return this.#fault(fault, message)
    if (!message.isHeadComplete) {
      if (this.#begun.length < MAX_LINE) this.#begun += latin1(octets, 0, octets.length)
      return this.#isBlankFlood(message) ? this.#tooLarge() : UNFINISHED
    }
    const line = this.#begun + latin1(octets, 0, Math.min(taken, MAX_LINE))
    this.#begun = ''
    return { kind: 'head', message, llhttp, line, taken }
  }

  /**
   * Whether nothing but empty lines has come, and more than a head may have: they count for nothing to llhttp, and must not go
   * on for ever. They are counted for themselves, so that what a head may have does not hang on how it was cut.
   */
  #isBlankFlood({ limit }: CollectedMessage): boolean {
    return this.#begun.length > Math.min(limit, MAX_LINE - 1) && !this.isInside
  }

  /** Keeps the parser for a body in chunks only. */
  #endHead(body: BodyLength): void {
    this.#overhead = 0
    if (body !== 'chunked' || this.#message === undefined) {
      this.reset()
      return
    }
    // What follows is counted for itself, and its fields are the trailers.
    this.#message.fields = []
    this.#message.octets = 0
  }

  #fault(
    reason: string,
    { octets, limit }: CollectedMessage,
  ): { readonly kind: 'fault'; readonly fault: ParseFault } {
    if (octets > limit) return this.#tooLarge()
    this.reset()
    return malformed(reason)
  }

  #tooLarge(): { readonly kind: 'fault'; readonly fault: ParseFault } {
    this.reset()
    return { kind: 'fault', fault: { kind: 'head-too-large', limit: this.#limit } }
  }
}

/** Parsers that are not in use: nearly every message is read from one input, and needs one for that long. */
const unused: Record<MessageKind, Llhttp[]> = { request: [], response: [] }

function takeParser(kind: MessageKind): Llhttp {
  const llhttp = unused[kind].pop()
  if (llhttp === undefined) return new Llhttp(kind)
  llhttp.reset()
  return llhttp
}

function putBack(kind: MessageKind, llhttp: Llhttp): void {
  if (unused[kind].length < MAX_UNUSED) unused[kind].push(llhttp)
  else llhttp.free()
}

/** More are in use at once only in a flood of slow messages, whose memory need not be kept. */
const MAX_UNUSED = 64

/** Returns where the body ends; `otherwise` where nothing says so. */
function bodyLength(fields: readonly string[], otherwise: BodyLength): BodyLength {
  // Of both, of two lengths, and of a length that is no number, llhttp takes none.
  if (firstFieldValue(fields, 'transfer-encoding') !== undefined) return 'chunked'
  const length = firstFieldValue(fields, 'content-length')
  return length === undefined ? otherwise : Number(length)
}

/** RFC 9112 §6.3: these have no body, whatever their fields say. */
const isBodiless = (status: number, method: string): boolean =>
  method === 'HEAD' || status < 200 || status === 204 || status === 304

const says = (options: string | undefined, option: RegExp): boolean =>
  options !== undefined && option.test(options)

/** Options of a connection (RFC 9110 §7.6.1). */
const [CLOSE, UPGRADE] = [/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i, /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i]

/** Empty lines may stand in front of a first line (RFC 9112 §2.2). */
function begins(line: string, wanted: string): boolean {
  let start = 0
  while (line.charCodeAt(start) === CR || line.charCodeAt(start) === LF) start += 1
  return line.startsWith(wanted, start)
}

const [CR, LF] = [0x0d, 0x0a]

const malformed = (reason: string) =>
  ({ kind: 'fault', fault: { kind: 'malformed', reason } }) as const

const UNFINISHED = { kind: 'unfinished' } as const
const BAD_REQUEST_LINE = 'Expected method, one blank, target, one blank, HTTP version'

/** The longest target that is served, with method and version; what is longer is never compared. */
const MAX_LINE = 66_000

/** Octets between two octets of a body: as Node's own server allows for the extensions of chunks. */
const MAX_OVERHEAD = 16_384
