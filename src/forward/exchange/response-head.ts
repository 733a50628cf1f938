/**
 * undici hands over a response's fields as octets; this makes text of them, whichever octets they are.
 */
import { responseFields, trailerFields } from '../../message/response-fields.ts'

/** What the device may see of a response's header section, and the length of the body it announces. */
export interface ResponseHead {
  /** Name, value, name, value … */
  readonly fields: string[]
  /** Octets; negative when the head does not say. */
  readonly length: number
}

/** Reads a header section, final or interim. */
export function responseHead(raw: readonly Buffer[]): ResponseHead {
  const fields = responseFields(texts(raw))
  return { fields, length: announcedLength(fields) }
}

/** Name and value of what may follow a response (RFC 9110 §6.5). */
export function trailers(raw: readonly Buffer[]): [name: string, value: string][] {
  const fields = trailerFields(texts(raw))
  const pairs: [string, string][] = []
  for (let index = 1; index < fields.length; index += 2) {
    pairs.push([fields[index - 1] ?? '', fields[index] ?? ''])
  }
  return pairs
}

/** Latin-1 keeps every octet as it is (RFC 9110 §5.5: obs-text is opaque data). */
export function latin1(octets: Buffer): string {
  // What `toString('latin1')` comes down to, without looking the encoding up: it is done for every field.
  return (octets as Buffer & { latin1Slice(): string }).latin1Slice()
}

const texts = (raw: readonly Buffer[]): string[] => raw.map(latin1)

function announcedLength(fields: readonly string[]): number {
  for (let index = 1; index < fields.length; index += 2) {
    const name = fields[index - 1] ?? ''
    if (name.length === 14 && name.toLowerCase() === 'content-length') return Number(fields[index])
  }
  return -1
}
