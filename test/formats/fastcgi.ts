/** The little of FastCGI that a server needs which is asked once and answers nothing (FastCGI 1.0, §3). */

export const FASTCGI_VERSION = 1

/** The variables of a request, each octet a character; nothing while there are more to come. */
export function fastCgiVariables(
  octets: Buffer,
): readonly (readonly [string, string])[] | undefined {
  const parts: Buffer[] = []
  for (let at = 0; at + HEADER <= octets.length;) {
    const length = octets.readUInt16BE(at + 4)
    const end = at + HEADER + length
    if (end > octets.length) return undefined
    if (octets[at + 1] === TYPE.params) {
      // An empty record ends the stream.
      if (length === 0) return pairsIn(Buffer.concat(parts))
      parts.push(octets.subarray(at + HEADER, end))
    }
    at = end + (octets[at + 6] ?? 0)
  }
  return undefined
}

const HEADER = 8
const TYPE = { end: 3, params: 4, stdout: 6 } as const

function pairsIn(octets: Buffer): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = []
  let at = 0
  // One octet, or four with the highest bit set.
  const length = (): number => {
    const first = octets[at] ?? 0
    if (first < 0x80) return octets[at++] ?? 0
    at += 4
    return octets.readUInt32BE(at - 4) - 0x80000000
  }
  const text = (octetCount: number): string => {
    at += octetCount
    return octets.toString('latin1', at - octetCount, at)
  }
  while (at < octets.length) {
    const [name, value] = [length(), length()]
    pairs.push([text(name), text(value)])
  }
  return pairs
}

const record = (type: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.of(FASTCGI_VERSION, type, 0, 1, 0, content.length, 0, 0), content])

/** Status 200 without a body, for request 1. */
export const FASTCGI_ANSWER: Buffer = Buffer.concat([
  record(TYPE.stdout, Buffer.from('Status: 200 OK\r\n\r\n')),
  record(TYPE.stdout, Buffer.alloc(0)),
  record(TYPE.end, Buffer.alloc(8)),
])
