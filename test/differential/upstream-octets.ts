/**
 * What reached an upstream, in a form in which two writers can be compared. Made equal is only this:
 * - `Host` stands first and its name in lower case, because undici has it so (RFC 9110 §5.3 leaves the order to the sender);
 * - `Content-Length` and `Transfer-Encoding` are taken out of the fields, because undici writes them last: compared is the kind of
 *   framing; a length of nothing and chunks of nothing count as no body (RFC 9112 §6.3);
 * - the boundaries of chunks, and of connections: a client may open another one for each request (RFC 9112 §9.3);
 * - of undici's own, the one `connection` line that it writes.
 * Every other octet counts: names as spelled, values with the blanks around them, the order of fields.
 */

/** What an upstream read. */
export interface UpstreamReading {
  /** Whole requests, in the order in which they came. */
  readonly requests: readonly string[]
  /** What came of requests that never came to their end; empty where there was none. */
  readonly unfinished: readonly string[]
}

/** Reads what was written on all connections of an input. */
export function readUpstream(
  connections: readonly string[],
  writer: 'node' | 'ours',
): UpstreamReading {
  const requests: string[] = []
  const unfinished: string[] = []
  for (const octets of connections) {
    for (let at = 0; at < octets.length;) {
      const { text, end } = readOne(octets, at, writer)
      if (end === undefined) {
        unfinished.push(text)
        break
      }
      requests.push(text)
      at = end
    }
  }
  return { requests, unfinished }
}

/** `end` is undefined where the request does not come to its end. */
interface OneRequest {
  readonly text: string
  readonly end: number | undefined
}

function readOne(octets: string, at: number, writer: 'node' | 'ours'): OneRequest {
  const headEnd = octets.indexOf('\r\n\r\n', at)
  if (headEnd === -1) return { text: octets.slice(at), end: undefined }
  const [requestLine = '', ...lines] = octets.slice(at, headEnd).split('\r\n')
  const isNamed = (name: string) => (line: string) => line.toLowerCase().startsWith(`${name}:`)
  const hosts = lines.filter(isNamed('host')).map((line) => line.replace(/^host/i, 'host'))
  const lengths = lines.filter(isNamed('content-length'))
  const codings = lines.filter(isNamed('transfer-encoding'))
  const others = lines.filter(
    (line) =>
      !isNamed('host')(line) &&
      !lengths.includes(line) &&
      !codings.includes(line) &&
      !(writer === 'node' && /^connection: (?:close|keep-alive)$/.test(line)),
  )
  const [length = '0'] = lengths.map((line) => line.slice(line.indexOf(':') + 1).trim())
  const body =
    codings.length > 0
      ? chunksAt(octets, headEnd + 4)
      : lengthAt(octets, headEnd + 4, Number(length))
  const isEmpty = codings.length > 0 && body.text === '' && body.end !== undefined
  const framing =
    codings.length > 0 && !isEmpty ? codings.join().toLowerCase() : `${Number(length)} octets`
  // More than one of either would be two readings: it is kept, and differs.
  const doubled = lengths.length + codings.length > 1 ? [...lengths, ...codings] : []
  const head = [requestLine, ...hosts, ...others, ...doubled, framing].join('\r\n')
  return { text: `${head}\r\n\r\n${body.text}`, end: body.end }
}

function lengthAt(octets: string, at: number, length: number): OneRequest {
  const text = octets.slice(at, at + length)
  return { text, end: text.length === length ? at + length : undefined }
}

function chunksAt(octets: string, start: number): OneRequest {
  let text = ''
  for (let at = start; ;) {
    const lineEnd = octets.indexOf('\r\n', at)
    if (lineEnd === -1) return { text, end: undefined }
    const size = Number.parseInt(octets.slice(at, lineEnd), 16)
    const from = lineEnd + 2
    if (size === 0) {
      const end = octets.indexOf('\r\n', from)
      const trailers = octets.slice(from, end === -1 ? undefined : end)
      return { text: text + trailers, end: end === -1 ? undefined : end + 2 }
    }
    text += octets.slice(from, from + size)
    at = from + size + 2
    if (at > octets.length) return { text, end: undefined }
  }
}
