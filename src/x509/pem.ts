/**
 * PEM text ⇄ DER (RFC 7468). Text outside the blocks is explanation and ignored; inside, every fault is reported
 * with its line, a hundred of them at once, because people write these files.
 */
import { FaultList } from '../kernel/fault-list.ts'
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
  `found a block labelled ${labelText(label)}, wanted ${wanted}: remove it from this file`

/** A label as sentences show it: at most 64 characters, each of them printable ASCII. */
export function labelText(label: string): string {
  const shown = label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 3)}...` : label
  return shown.replaceAll(/[^ -~]/gu, '?')
}

/** The longest label in use has 26. */
const MAX_LABEL = 64

/** Decodes the blocks of a text that are wanted; those of `skipped` labels are passed over, not looked at. */
export function readPem(
  text: string,
  rule: LabelRule,
  skips: (label: string) => boolean = () => false,
): Result<PemText, readonly PemFault[]> {
  const blocks: PemBlock[] = []
  const faults = new FaultList<PemFault>()
  const departures = new Set<FileDeparture>()
  let open: OpenBlock | undefined
  const bare = text.replace(BYTE_ORDER_MARK, '')
  if (bare.length < text.length) departures.add('byte-order-mark')
  const lines = bare.replaceAll(/\r\n?/gu, '\n').split('\n')
  for (const [index, content] of lines.entries()) {
    const bareLine = content.trim()
    // Not kept and not looked at: a file may consist of them.
    if (bareLine === '') continue
    const line = index + 1
    const boundary = boundaryIn(bareLine)
    if (boundary === undefined) {
      if (JOINED.test(bareLine)) faults.add({ line, message: JOINED_MESSAGE })
      else if (open === undefined) {
        const message = lostBlock(bareLine, skips)
        if (message !== undefined) faults.add({ line, message })
      } else if (bareLine.startsWith(END)) {
        faults.add({ line, message: BEHIND_END_MESSAGE })
        open = undefined
      } else addLine(open, line, bareLine)
      continue
    }
    const { edge, label } = boundary
    if (!content.startsWith(DASHES)) departures.add('indented-boundary')
    if (edge === 'BEGIN') {
      if (open !== undefined) faults.add(unended(open))
      open = { label, line, base64: [], faults: new FaultList() }
      continue
    }
    const closed = closing(open, { label, line })
    open = undefined
    if (!closed.ok) faults.add(closed.failure)
    else if (!skips(label)) {
      const message = rule(label)
      // A private key in a file of certificates has already travelled too far; its octets are not looked at.
      if (message !== undefined) faults.add({ line: closed.value.line, message })
      else {
        const block = decoded(closed.value)
        if (block.ok) blocks.push(block.value)
        else faults.join(block.failure)
      }
    }
  }
  if (open !== undefined) faults.add(unended(open))
  const { all } = faults
  return all.length === 0 ? ok({ blocks, departures }) : fail(all)
}

/** U+FEFF, decoded as UTF-8 or octet by octet. */
const BYTE_ORDER_MARK = /^(?:\uFEFF|\u00EF\u00BB\u00BF)/u
const MARK_OCTETS = '\u00EF\u00BB\u00BF'
/** Two files put together of which the first has no line feed at its end. */
const JOINED = /-----END [^-]*-----+BEGIN [^-]*-----/u
const JOINED_MESSAGE =
  'found END and BEGIN on one line, wanted each on a line of its own: put a line break between them'

const BEHIND_END_MESSAGE =
  'found more than an END on its line, wanted it alone: remove what stands behind it, a control character perhaps'
const ONE_LINE_MESSAGE =
  'found a whole block on one line, which would not be read, wanted its BEGIN and its END on lines of their own: put the line breaks back that have become blanks or \\n'

const MARK_MESSAGE =
  'found a byte order mark, which editors do not show, in front of a BEGIN inside the file, wanted the BEGIN alone: remove the mark from the file that was put behind another'

/** Why a block would be missed that begins in a line of explanation; nothing where none does. */
function lostBlock(line: string, skips: (label: string) => boolean): string | undefined {
  if (line.startsWith(`${MARK_OCTETS}${BEGIN}`)) return MARK_MESSAGE
  return labelsInside(line).some((label) => !skips(label)) ? ONE_LINE_MESSAGE : undefined
}

/** The labels of blocks that a line of explanation holds from BEGIN to END, as in JSON or in a variable that lost its line breaks. */
function labelsInside(line: string): readonly string[] {
  return line
    .split(END)
    .slice(0, -1)
    .flatMap((before) => {
      const begin = before.lastIndexOf(BEGIN)
      // Explanations that speak of both boundaries have some words between them.
      if (begin === -1 || before.length - begin < SHORTEST_BLOCK) return []
      const [label = ''] = before.slice(begin + BEGIN.length).split(DASHES, 1)
      return [label]
    })
}

interface Boundary {
  readonly edge: 'BEGIN' | 'END'
  readonly label: string
}

/** What a line begins or ends; by hand, because an expression for it runs out of stack on a label of some megabytes. */
function boundaryIn(bare: string): Boundary | undefined {
  const edge = EDGES.find((one) => bare.startsWith(`${DASHES}${one} `))
  if (edge === undefined || !bare.endsWith(DASHES)) return undefined
  const label = bare.slice(DASHES.length + edge.length + 1, -DASHES.length)
  // RFC 7468 §3: single dashes, and none at the end.
  if (label.includes('--') || label.endsWith('-')) return undefined
  return { edge, label }
}

const EDGES = ['BEGIN', 'END'] as const
const DASHES = '-----'
const BEGIN = `${DASHES}BEGIN `
const END = `${DASHES}END `
/** In characters, boundary and all: less than the smallest key has. */
const SHORTEST_BLOCK = 100

interface OpenBlock {
  readonly label: string
  readonly line: number
  /** The lines that are base64. */
  readonly base64: string[]
  /** Those that are not. */
  readonly faults: FaultList<PemFault>
}

function addLine({ base64, faults }: OpenBlock, line: number, content: string): void {
  if (!/^[A-Za-z0-9+/]*={0,2}$/u.test(content)) faults.add({ line, message: lineFault(content) })
  else base64.push(content)
}

const unended = ({ label, line }: OpenBlock): PemFault => ({
  line,
  message: `found BEGIN ${labelText(label)} without its END, wanted -----END ${labelText(label)}-----: copy the whole file`,
})

function closing(
  open: OpenBlock | undefined,
  { label, line }: { readonly label: string; readonly line: number },
): Result<OpenBlock, PemFault> {
  const shown = labelText(label)
  if (open === undefined) {
    const message = `found END ${shown} without its BEGIN, wanted -----BEGIN ${shown}----- above: copy the whole file`
    return fail({ line, message })
  }
  if (open.label === label) return ok(open)
  const message = `found END ${shown}, wanted END ${labelText(open.label)} for the BEGIN of line ${open.line}`
  return fail({ line, message })
}

function decoded({
  label,
  line,
  base64: lines,
  faults,
}: OpenBlock): Result<PemBlock, FaultList<PemFault>> {
  if (faults.all.length > 0) return fail(faults)
  const base64 = lines.join('')
  const der = Buffer.from(base64, 'base64')
  if (der.length === 0) {
    faults.add({ line, message: `found an empty ${labelText(label)}, wanted its base64` })
  } else if (der.toString('base64') !== base64) {
    // Padding inside, a length that is no multiple of four, stray bits at the end: the text lost something.
    const message = `found base64 that does not add up in this ${labelText(label)}, wanted its text unaltered: copy the block again`
    faults.add({ line, message })
  }
  return faults.all.length > 0 ? fail(faults) : ok({ label, der, line })
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
