/**
 * PEM text ⇄ DER (RFC 7468). Text outside the blocks is explanation and ignored; inside, every fault is reported
 * with its line, all of them at once, because people write these files.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import type { FileDeparture } from './file/file-departure.ts'

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

/** Says of a label why its block is not wanted; nothing for one that is. */
export type LabelRule = (label: string) => string | undefined

/** Blocks, and what is odd about their text. */
export interface PemText {
  readonly blocks: readonly PemBlock[]
  readonly departures: ReadonlySet<FileDeparture>
}

/** Decodes all blocks of a text; those with another label than the wanted one are faults. */
export function parsePem(
  text: string,
  wanted = 'CERTIFICATE',
): Result<readonly PemBlock[], readonly PemFault[]> {
  const read = readPem(text, (label) =>
    label === wanted ? undefined : unwanted(label, `only ${wanted}`),
  )
  return read.ok ? ok(read.value.blocks) : read
}

/** The sentence about a block that is not wanted. */
export const unwanted = (label: string, wanted: string): string =>
  `found a block labelled ${label}, wanted ${wanted}: remove it from this file`

/** Decodes the blocks of a text that are wanted; those of `skipped` labels are passed over, not looked at. */
export function readPem(
  text: string,
  rule: LabelRule,
  skips: (label: string) => boolean = () => false,
): Result<PemText, readonly PemFault[]> {
  const blocks: PemBlock[] = []
  const faults: PemFault[] = []
  const departures = new Set<FileDeparture>()
  let open: OpenBlock | undefined
  const bare = text.replace(BYTE_ORDER_MARK, '')
  if (bare.length < text.length) departures.add('byte-order-mark')
  for (const [index, content] of bare.split(/\r\n|\r|\n/u).entries()) {
    const line = index + 1
    const { indent, edge, label = '' } = BOUNDARY.exec(content)?.groups ?? {}
    if (indent !== undefined && indent !== '') departures.add('indented-boundary')
    if (edge === undefined) {
      if (JOINED.test(content)) faults.push({ line, message: JOINED_MESSAGE })
      else open?.lines.push({ line, content: content.trim() })
    }
    if (edge === 'BEGIN') {
      if (open !== undefined) faults.push(unended(open))
      open = { label, line, lines: [] }
    }
    if (edge === 'END') {
      const closed = closing(open, { label, line })
      if (!closed.ok) faults.push(closed.failure)
      else if (!skips(label)) {
        const message = rule(label)
        const block = message === undefined ? decoded(closed.value) : undefined
        // A private key in a file of certificates has already travelled too far; its octets are not looked at.
        if (block === undefined) faults.push({ line: closed.value.line, message: message ?? '' })
        else if (block.ok) blocks.push(block.value)
        else faults.push(...block.failure)
      }
      open = undefined
    }
  }
  if (open !== undefined) faults.push(unended(open))
  return faults.length === 0 ? ok({ blocks, departures }) : fail(faults)
}

/** U+FEFF, decoded as UTF-8 or octet by octet. */
const BYTE_ORDER_MARK = /^(?:\uFEFF|\u00EF\u00BB\u00BF)/u
const BOUNDARY = /^(?<indent>\s*)-----(?<edge>BEGIN|END) (?<label>[^-]*(?:-[^-]+)*)-----\s*$/u
/** Two files put together of which the first has no line feed at its end. */
const JOINED = /-----END [^-]*-----+BEGIN [^-]*-----/u
const JOINED_MESSAGE =
  'found END and BEGIN on one line, wanted each on a line of its own: put a line break between them'

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
): Result<OpenBlock, PemFault> {
  if (open === undefined) {
    const message = `found END ${label} without its BEGIN, wanted -----BEGIN ${label}----- above: copy the whole file`
    return fail({ line, message })
  }
  if (open.label === label) return ok(open)
  const message = `found END ${label}, wanted END ${open.label} for the BEGIN of line ${open.line}`
  return fail({ line, message })
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
