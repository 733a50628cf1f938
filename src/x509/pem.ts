/**
 * PEM text ⇄ DER (RFC 7468). Text outside the blocks is explanation and ignored; inside, every fault is reported
 * with its line, all of them at once, because people write these files.
 */
import { fail, ok, type Result } from '../kernel/types.ts'

/** One decoded block; `line` is that of its BEGIN, counted from 1. */
export interface PemBlock {
  readonly label: string
  readonly der: Buffer
  readonly line: number
}

/** What is wrong with a PEM text, and in which line, counted from 1. */
export interface PemFault {
  readonly line: number
  readonly message: string
}

/** Decodes all blocks of a text; those with another label than the wanted one are faults. */
export function parsePem(
  text: string,
  wanted = 'CERTIFICATE',
): Result<readonly PemBlock[], readonly PemFault[]> {
  const blocks: PemBlock[] = []
  const faults: PemFault[] = []
  let open: OpenBlock | undefined
  for (const [index, content] of text.split(/\r\n|\r|\n/u).entries()) {
    const line = index + 1
    const { edge, label = '' } = BOUNDARY.exec(content)?.groups ?? {}
    if (edge === undefined) open?.lines.push({ line, content: content.trim() })
    if (edge === 'BEGIN') {
      if (open !== undefined) faults.push(unended(open))
      open = { label, line, lines: [] }
    }
    if (edge === 'END') {
      const closed = closing(open, { label, line }, wanted)
      if (closed.ok) blocks.push(closed.value)
      else faults.push(...closed.failure)
      open = undefined
    }
  }
  if (open !== undefined) faults.push(unended(open))
  return faults.length === 0 ? ok(blocks) : fail(faults)
}

const BOUNDARY = /^-----(?<edge>BEGIN|END) (?<label>[^-]*(?:-[^-]+)*)-----\s*$/u

interface Line {
  readonly line: number
  readonly content: string
}

interface OpenBlock {
  readonly label: string
  readonly line: number
  readonly lines: Line[]
}

const unended = ({ label, line }: OpenBlock): PemFault => ({
  line,
  message: `found BEGIN ${label} without its END, wanted -----END ${label}-----: copy the whole file`,
})

function closing(
  open: OpenBlock | undefined,
  { label, line }: { readonly label: string; readonly line: number },
  wanted: string,
): Result<PemBlock, readonly PemFault[]> {
  if (open === undefined) {
    const message = `found END ${label} without its BEGIN, wanted -----BEGIN ${label}----- above: copy the whole file`
    return fail([{ line, message }])
  }
  if (open.label !== label) {
    const message = `found END ${label}, wanted END ${open.label} for the BEGIN of line ${open.line}`
    return fail([{ line, message }])
  }
  if (label !== wanted) {
    // A private key in a file of certificates has already travelled too far; its octets are not looked at.
    const message = `found a block labelled ${label}, wanted only ${wanted}: remove it from this file`
    return fail([{ line: open.line, message }])
  }
  return decoded(open)
}

function decoded({ label, line, lines }: OpenBlock): Result<PemBlock, readonly PemFault[]> {
  const faults = lines
    .filter(({ content }) => !/^[A-Za-z0-9+/]*={0,2}$/u.test(content))
    .map(({ line, content }) => ({ line, message: lineFault(content) }))
  if (faults.length > 0) return fail(faults)
  const base64 = lines.map(({ content }) => content).join('')
  const der = Buffer.from(base64, 'base64')
  if (der.length === 0)
    return fail([{ line, message: `found an empty ${label}, wanted its base64` }])
  // Padding inside, a length that is no multiple of four, stray bits at the end: the text lost something.
  if (der.toString('base64') !== base64) {
    const message = `found base64 that does not add up in this ${label}, wanted its text unaltered: copy the block again`
    return fail([{ line, message }])
  }
  return ok({ label, der, line })
}

function lineFault(content: string): string {
  if (content.includes(':')) {
    return 'found a header field inside the block (RFC 1421 style), wanted base64 only: export it without encryption or attributes'
  }
  return 'found characters that are not base64, wanted A-Z a-z 0-9 + / and = at the end: copy the block again'
}

/** Cuts the certificates out of a text, each with its boundaries; nothing between them is decoded. */
export const certificateBlocks = (text: string): readonly string[] => text.match(CERTIFICATE) ?? []

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Writes DER as PEM: 64 characters a line, a line feed at the end (RFC 7468 §2). */
export function pemOf(der: Uint8Array, label = 'CERTIFICATE'): string {
  const base64 = Buffer.from(der).toString('base64')
  const lines = base64.match(/.{1,64}/gu) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
