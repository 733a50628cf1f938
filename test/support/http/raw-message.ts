/**
 * Just enough HTTP/1.1 framing to know where a message ends, kept apart from every parser under test.
 */

/** A message as it came over the wire; text is Latin-1. */
export interface RawMessage {
  /** Start line and fields, without the empty line. */
  readonly head: string
  readonly startLine: string
  /** Names as spelled, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** The content, chunk framing removed. */
  readonly body: string
  /** Trailer lines after a chunked body. */
  readonly trailers: readonly string[]
  /** How the body was framed. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
}

/** The values of every field of this name, in any case. */
export function valuesOf(message: RawMessage, name: string): readonly string[] {
  const lower = name.toLowerCase()
  return message.fields.filter(([found]) => found.toLowerCase() === lower).map(([, value]) => value)
}

export interface Taken {
  readonly message: RawMessage
  readonly rest: Buffer
}

/** What may be known only from outside: `no-body` answers HEAD, `ended` means that nothing more will come. */
export type Situation = 'request' | 'response' | 'no-body' | 'ended'

/** The first whole message of the octets, or nothing yet. */
export function takeMessage(octets: Buffer, situation: Situation): Taken | undefined {
  const text = octets.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = text.slice(0, end)
  const [startLine = '', ...lines] = head.split('\r\n')
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  const found = bodyOf(text.slice(end + 4), { startLine, fields, situation })
  if (found === undefined) return undefined
  const { used, ...content } = found
  const message = { head, startLine, fields, ...content }
  return { message, rest: octets.subarray(end + 4 + used) }
}

interface Head {
  readonly startLine: string
  readonly fields: RawMessage['fields']
  readonly situation: Situation
}

type Content = Pick<RawMessage, 'body' | 'trailers' | 'framing'> & { readonly used: number }

const EMPTY: Content = { body: '', trailers: [], framing: 'none', used: 0 }

function bodyOf(text: string, { startLine, fields, situation }: Head): Content | undefined {
  const status = /^HTTP\/1\.\d (\d{3})/.exec(startLine)?.[1] ?? ''
  if (situation === 'no-body' || /^(1..|204|304)$/.test(status)) return EMPTY
  const field = (name: string): string | undefined =>
    fields.find(([found]) => found.toLowerCase() === name)?.[1]
  if (field('transfer-encoding') !== undefined) return chunked(text)
  const length = field('content-length')
  if (length !== undefined) {
    const used = Number(length)
    if (text.length < used) return undefined
    return { body: text.slice(0, used), trailers: [], framing: 'length', used }
  }
  if (situation === 'request') return EMPTY
  if (situation !== 'ended') return undefined
  return { body: text, trailers: [], framing: 'close', used: text.length }
}

function chunked(text: string): Content | undefined {
  let body = ''
  for (let at = 0; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (Number.isNaN(size)) throw new Error(`not a chunk size: ${text.slice(at, lineEnd)}`)
    if (size === 0) return closing(text, lineEnd + 2, body)
    const end = lineEnd + 2 + size
    if (text.length < end + 2) return undefined
    body += text.slice(lineEnd + 2, end)
    at = end + 2
  }
}

function closing(text: string, at: number, body: string): Content | undefined {
  const trailers: string[] = []
  for (let from = at; ;) {
    const lineEnd = text.indexOf('\r\n', from)
    if (lineEnd === -1) return undefined
    if (lineEnd === from) return { body, trailers, framing: 'chunked', used: lineEnd + 2 }
    trailers.push(text.slice(from, lineEnd))
    from = lineEnd + 2
  }
}
