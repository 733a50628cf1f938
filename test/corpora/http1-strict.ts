/**
 * A reader of HTTP/1.x requests that forgives nothing (RFC 9112), kept apart from every parser under test. What it
 * reads out of a device's octets is what may reach an upstream; what it finds wrong in an upstream's octets is what
 * should never have been forwarded. Text is Latin-1 throughout: one character, one octet.
 */

/** A request that has only one reading. */
export interface StrictRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  /** In order, names as spelled, values without the white space around them. */
  readonly fields: readonly Field[]
  /** The content, chunk framing removed. */
  readonly body: string
  readonly trailers: readonly Field[]
}

export type Field = readonly [name: string, value: string]

/** What makes octets unsafe to forward. */
export type Unsafe =
  | 'bad field name'
  | 'bad field value'
  | 'bad request line'
  | 'bare CR, LF or NUL'
  | 'broken chunk'
  | 'length and transfer coding'
  | 'odd length'
  | 'odd transfer coding'
  | 'two lengths'

/** What follows the last whole request. */
export type Rest =
  | { readonly kind: 'nothing' }
  /** `lacks` is one way to go on so that the part under way comes to its end. */
  | { readonly kind: 'unfinished'; readonly lacks: string }
  | { readonly kind: 'malformed'; readonly why: Unsafe }

export interface Reading {
  readonly requests: readonly StrictRequest[]
  readonly rest: Rest
}

/** Reads as many whole requests as there are. */
export function readRequests(octets: string): Reading {
  const requests: StrictRequest[] = []
  const reader = new Reader(octets)
  try {
    for (;;) {
      // RFC 9112 §2.2: empty lines before a request line are skipped.
      while (octets.startsWith('\r\n', reader.at)) reader.at += 2
      if (reader.at === octets.length) return { requests, rest: { kind: 'nothing' } }
      requests.push(readRequest(reader))
    }
  } catch (stop) {
    if (stop instanceof Stop) return { requests, rest: stop.rest }
    throw stop
  }
}

/** Ends a reading; thrown, because it may happen at any depth. */
class Stop extends Error {
  readonly rest: Rest

  constructor(rest: Rest) {
    super(rest.kind)
    this.rest = rest
  }
}

const malformed = (why: Unsafe): Stop => new Stop({ kind: 'malformed', why })
const unfinished = (lacks: string): Stop => new Stop({ kind: 'unfinished', lacks })

class Reader {
  at = 0
  readonly octets: string

  constructor(octets: string) {
    this.octets = octets
  }

  /** The next line without its CRLF; a CR or LF of its own, or a NUL, is nowhere allowed. */
  line(): string {
    for (let end = this.at; end < this.octets.length; end++) {
      const octet = this.octets[end]
      if (octet === '\0' || octet === '\n') throw malformed('bare CR, LF or NUL')
      if (octet !== '\r') continue
      const next = this.octets[end + 1]
      if (next === undefined) throw unfinished('\n\r\n')
      if (next !== '\n') throw malformed('bare CR, LF or NUL')
      const line = this.octets.slice(this.at, end)
      this.at = end + 2
      return line
    }
    throw unfinished(this.at === this.octets.length ? '\r\n' : '\r\n\r\n')
  }

  /** Exactly so many octets; `after` is what would have to follow them. */
  take(count: number, after: string): string {
    const missing = this.at + count - this.octets.length
    if (missing > 0) throw unfinished('x'.repeat(missing) + after)
    const taken = this.octets.slice(this.at, this.at + count)
    this.at += count
    return taken
  }
}

function readRequest(reader: Reader): StrictRequest {
  const [, method, target, version] = REQUEST_LINE.exec(reader.line()) ?? []
  if (method === undefined || target === undefined || version === undefined) {
    throw malformed('bad request line')
  }
  const fields = readFields(reader)
  const values = (name: string): readonly string[] =>
    fields.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value)
  const lengths = values('content-length')
  const codings = values('transfer-encoding')
  if (codings.length > 0) {
    if (lengths.length > 0) throw malformed('length and transfer coding')
    if (version !== 'HTTP/1.1' || codings.join().toLowerCase() !== 'chunked') {
      throw malformed('odd transfer coding')
    }
    return { method, target, version, fields, ...readChunks(reader) }
  }
  const [length = '0', ...more] = lengths
  if (more.length > 0) throw malformed('two lengths')
  if (!/^\d{1,15}$/.test(length)) throw malformed('odd length')
  const body = reader.take(Number(length), '')
  return { method, target, version, fields, body, trailers: [] }
}

function readFields(reader: Reader): readonly Field[] {
  const fields: Field[] = []
  for (let line = reader.line(); line !== ''; line = reader.line()) {
    const colon = line.indexOf(':')
    // White space before the colon or at the start of a line (obs-fold) makes a bad name, too.
    if (!TOKEN.test(line.slice(0, Math.max(colon, 0)))) throw malformed('bad field name')
    const value = line.slice(colon + 1).replaceAll(/^[ \t]+|[ \t]+$/g, '')
    if (!VALUE.test(value)) throw malformed('bad field value')
    fields.push([line.slice(0, colon), value])
  }
  return fields
}

function readChunks(reader: Reader): Pick<StrictRequest, 'body' | 'trailers'> {
  let body = ''
  for (;;) {
    if (reader.at === reader.octets.length) throw unfinished('0\r\n\r\n')
    const size = CHUNK_LINE.exec(reader.line())?.[1]
    if (size === undefined) throw malformed('broken chunk')
    const count = Number.parseInt(size, 16)
    if (count === 0) return { body, trailers: readFields(reader) }
    body += reader.take(count, '\r\n')
    if (reader.take(2, '') !== '\r\n') throw malformed('broken chunk')
  }
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
/** Visible octets, spaces and tabs, and what RFC 9110 §5.5 calls obs-text. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/**
 * A target holds no fragment; bare quotes, bars and backslashes are forgiven, because every parser passes them. RTSP
 * and ICE are read like HTTP/1.0, because the corpus has it so.
 */
const REQUEST_LINE = /^([\w!#$%&'*+.^`|~-]+) ([!"$-~]+) (HTTP\/1\.[01]|RTSP\/1\.0|ICE\/1\.0)$/
/** A size and its extensions (RFC 9112 §7.1.1), without the white space that smuggles. */
const CHUNK_LINE =
  /^([0-9A-Fa-f]{1,8})(?:;[\w!#$%&'*+.^`|~-]+(?:=(?:[\w!#$%&'*+.^`|~-]+|"(?:[^"\\]|\\.)*"))?)*$/
