/**
 * The entries of a revocation list. A list may have a million of them: they stay where they are in the encoding, are
 * read strictly once, and are found again through one table of offsets; no object is made per entry.
 */
import type { Instant } from '../kernel/types.ts'
import type { CrlFault } from './crl-fault.ts'
import { DerReader, TAG } from './der.ts'
import { serialOctets } from './extensions.ts'
import { readTime, timeIn } from './time.ts'

/** Where the entries begin and end in the encoding, and how many there are. */
export interface EntrySpan {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** One certificate that was revoked. */
export interface RevokedEntry {
  readonly at: Instant
  readonly reason: RevocationReason
}

/** RFC 5280 §5.3.1, in its order; `removeFromCRL` belongs to delta lists. */
export type RevocationReason = Exclude<(typeof REASONS)[number], undefined>

const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const satisfies readonly (string | undefined)[]

/** Finds entries by serial number. */
export interface EntryIndex {
  /** The entry of a serial as `Certificate.serial` writes it. */
  find(serial: string): RevokedEntry | undefined
  /** Whether each serial among the entries of another list is here, too. */
  includes(other: { readonly der: Buffer; readonly entries: EntrySpan }): boolean
}

interface Walk {
  readonly version: 1 | 2
  readonly objections: CrlFault[]
}

/** Twice what the largest list here is expected to have; the table of offsets then has 16 MiB. */
export const MAX_ENTRIES = 2_000_000

/** Reads every entry for its form and remembers none; a list without any is one that revokes nothing. */
export function walkEntries(tbs: DerReader, der: Buffer, walk: Walk): EntrySpan {
  const list = tbs.optional(TAG.sequence)
  if (list === undefined) return { from: 0, to: 0, count: 0 }
  const from = list.position
  let count = 0
  // The first entry that makes the list unfit ends the walk: a million objections are no better than one.
  while (list.more && walk.objections.length === 0) {
    if (count === MAX_ENTRIES) {
      walk.objections.push({ kind: 'crl-too-many-entries', limit: MAX_ENTRIES })
      break
    }
    count += 1
    checkEntry(list.enter(TAG.sequence), der, walk)
  }
  return { from, to: list.position, count }
}

function checkEntry(entry: DerReader, der: Buffer, walk: Walk): void {
  const start = entry.position
  const serial = entry.step(TAG.integer)
  if (!isSerial(der, serial, entry.position)) entry.refuse('integer-not-minimal', start)
  const isUtc = entry.tag === TAG.utcTime
  const time = entry.step(isUtc ? TAG.utcTime : TAG.generalizedTime)
  if (timeIn(der, time, entry.position, isUtc) === undefined) entry.refuse('time-malformed', time)
  if (!entry.more) return
  if (walk.version === 1) entry.refuse('extensions-in-old-version')
  readEntryExtensions(entry.enter(TAG.sequence), walk.objections)
  entry.end()
}

/** The fewest octets possible (X.690 §8.3.2), and not more than a length of one octet can say: RFC 5280 allows 20. */
function isSerial(der: Buffer, from: number, to: number): boolean {
  const [first = 0, second = 0, size] = [der[from], der[from + 1], to - from]
  if (size === 0 || size > 0x7f) return false
  return size === 1 || !(first === 0 ? second < 0x80 : first === 0xff && second > 0x7f)
}

/** §5.3: the reason; and what makes the entry mean something else is an objection. */
function readEntryExtensions(
  list: DerReader,
  objections: CrlFault[],
): RevocationReason | undefined {
  let reason: RevocationReason | undefined
  if (!list.more) list.refuse('missing-element')
  while (list.more) {
    const extension = list.enter(TAG.sequence)
    const oid = extension.oid()
    const critical = extension.flag()
    const value = extension.enter(TAG.octetString)
    extension.end()
    if (oid === REASON_CODE) {
      if (reason !== undefined) list.refuse('duplicate-extension')
      reason = readReason(value)
      if (reason === 'removeFromCRL') objections.push({ kind: 'crl-delta' })
    } else if (oid === CERTIFICATE_ISSUER) objections.push({ kind: 'crl-indirect' })
    else if (critical) objections.push({ kind: 'crl-unknown-critical-extension', oid })
  }
  return reason
}

const REASON_CODE = '2.5.29.21'
const CERTIFICATE_ISSUER = '2.5.29.29'

function readReason(value: DerReader): RevocationReason | undefined {
  const code = value.content(ENUMERATED)
  value.end()
  const reason = code.length === 1 ? REASONS[code[0] ?? 0] : undefined
  if (reason === undefined) value.refuse('unexpected-element')
  return reason
}

const ENUMERATED = 0x0a

/**
 * Builds the table. To be done after the signature has been verified: an attacker who chooses the serials can choose them to
 * collide, and only the CA should be able to.
 */
export function indexEntries(der: Buffer, { from, to, count }: EntrySpan): EntryIndex {
  // Half full at most, so that a search ends after one or two steps.
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(count * 2 + 2)))
  for (let entry = from; entry < to; entry = endOf(der, entry)) {
    const serial = serialOf(der, entry)
    const slot = slotOf({ der, slots }, der, serial)
    // Of two entries with one serial the first speaks.
    if (slots[slot] === 0) slots[slot] = entry
  }
  return {
    find: (serial) => {
      const octets = serialOctets(serial)
      if (octets.length > 0x7f) return undefined
      const wanted = Buffer.concat([Buffer.from([octets.length]), octets])
      const entry = slots[slotOf({ der, slots }, wanted, 0)] ?? 0
      return entry === 0 ? undefined : entryAt(der, entry)
    },
    includes: ({ der: bytes, entries }) => {
      for (let entry = entries.from; entry < entries.to; entry = endOf(bytes, entry)) {
        if (slots[slotOf({ der, slots }, bytes, serialOf(bytes, entry))] === 0) return false
      }
      return true
    },
  }
}

interface Table {
  readonly der: Buffer
  /** Where entries begin in `der`; 0 is an empty slot. */
  readonly slots: Uint32Array
}

/** The slot of the entry with the serial whose length and octets stand in `bytes` at `at`, or the empty one for it. */
function slotOf({ der, slots }: Table, bytes: Buffer, at: number): number {
  const end = at + 1 + (bytes[at] ?? 0)
  const mask = slots.length - 1
  let slot = sumOf(bytes, at + 1, end) & mask
  for (let entry = slots[slot] ?? 0; entry !== 0; entry = slots[slot] ?? 0) {
    if (isSame(der, serialOf(der, entry), { bytes, at, end })) return slot
    slot = (slot + 1) & mask
  }
  return slot
}

/** FNV-1a: serials count up by one or are random, and it spreads both. */
function sumOf(bytes: Buffer, from: number, to: number): number {
  let sum = 0x811c_9dc5
  for (let at = from; at < to; at += 1) sum = Math.imul(sum ^ (bytes[at] ?? 0), 0x0100_0193)
  return sum ^ (sum >>> 15)
}

function isSame(
  der: Buffer,
  serial: number,
  { bytes, at, end }: { readonly bytes: Buffer; readonly at: number; readonly end: number },
): boolean {
  for (let index = 0; index < end - at; index += 1) {
    if (der[serial + index] !== bytes[at + index]) return false
  }
  return true
}

/** Where the length of an entry's serial stands, its octets behind it; the walk has seen that it is one octet. */
const serialOf = (der: Buffer, entry: number): number => contentOf(der, entry) + 1

/** Where the content of an element begins; the walk has seen that its length is in order. */
function contentOf(der: Buffer, element: number): number {
  const first = der[element + 1] ?? 0
  return element + 2 + (first < 0x80 ? 0 : first & 0x7f)
}

function endOf(der: Buffer, element: number): number {
  const first = der[element + 1] ?? 0
  const content = contentOf(der, element)
  return content + (first < 0x80 ? first : der.readUIntBE(element + 2, first & 0x7f))
}

/** Reads an entry that the walk has found in order. */
function entryAt(der: Buffer, entry: number): RevokedEntry {
  const fields = DerReader.over(der.subarray(entry, endOf(der, entry))).enter(TAG.sequence)
  fields.step(TAG.integer)
  const { at } = readTime(fields)
  const reason = fields.more ? readEntryExtensions(fields.enter(TAG.sequence), []) : undefined
  return { at, reason: reason ?? 'unspecified' }
}
