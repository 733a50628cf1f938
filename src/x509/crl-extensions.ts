/**
 * The extensions of a revocation list (RFC 5280 §5.2): which certificates it is about, and what it leaves out.
 */
import type { CrlFault } from './crl-fault.ts'
import { primitive, constructed, TAG, type DerReader } from './der.ts'
import { readPointName } from './distribution-points.ts'
import { authorityKeyIdentifierIn, type AuthorityKeyIdentifier } from './extensions.ts'

/** Which certificates of its issuer a list is about (§5.2.5): those that it does not name are good only within it. */
export interface Scope {
  readonly certificates: 'all' | 'users' | 'authorities'
  /** Only those that name one of these points in their own extension; undefined where it does not matter. */
  readonly points: readonly string[] | undefined
}

/** What the extensions of a list say. */
export interface CrlExtensions {
  readonly number: string | undefined
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined
  readonly scope: Scope
}

interface Draft {
  number: string | undefined
  authorityKeyIdentifier: AuthorityKeyIdentifier | undefined
  scope: Scope
  readonly objections: CrlFault[]
}

/** Reads Extensions inside their explicit tag, which is there or not. */
export function readCrlExtensions(
  explicit: DerReader | undefined,
  objections: CrlFault[],
): CrlExtensions {
  const draft: Draft = {
    number: undefined,
    authorityKeyIdentifier: undefined,
    scope: { certificates: 'all', points: undefined },
    objections,
  }
  if (explicit !== undefined) readList(explicit, draft)
  const { number, authorityKeyIdentifier, scope } = draft
  return { number, authorityKeyIdentifier, scope }
}

function readList(explicit: DerReader, draft: Draft): void {
  const list = explicit.enter(TAG.sequence)
  explicit.end()
  if (!list.more) list.refuse('missing-element')
  const seen = new Set<string>()
  while (list.more) {
    if (seen.size === MAX_EXTENSIONS) list.refuse('too-many-elements')
    readExtension(list.enter(TAG.sequence), seen, draft)
  }
}

/** The fullest lists in use have some six. */
const MAX_EXTENSIONS = 32

function readExtension(extension: DerReader, seen: Set<string>, draft: Draft): void {
  const oid = extension.oid()
  extension.field(`extension ${oid}`)
  const critical = extension.flag()
  const value = extension.enter(TAG.octetString)
  extension.end()
  if (seen.has(oid)) extension.refuse('duplicate-extension')
  seen.add(oid)
  const decode = DECODERS.get(oid)
  if (decode !== undefined) {
    decode(value, draft, critical)
    value.end()
  } else if (critical) {
    draft.objections.push({ kind: 'crl-unknown-critical-extension', oid })
  }
}

type Decode = (value: DerReader, draft: Draft, critical: boolean) => void

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['2.5.29.20', readNumber],
  [
    '2.5.29.27',
    (value, { objections }) => {
      value.integer()
      objections.push({ kind: 'crl-delta' })
    },
  ],
  ['2.5.29.28', readIssuingPoint],
  [
    '2.5.29.35',
    (value, draft) => {
      draft.authorityKeyIdentifier = authorityKeyIdentifierIn(value)
    },
  ],
])

function readNumber(value: DerReader, draft: Draft, critical: boolean): void {
  const octets = value.integer()
  draft.number = octets.toString('hex')
  // §5.2.3: conforming numbers have at most 20 octets, and readers must take so many.
  const fits = octets.length <= 20 && (octets[0] ?? 0) < 0x80
  if (!fits) draft.objections.push({ kind: 'crl-number-unfit', found: 'too-large' })
  if (critical) draft.objections.push({ kind: 'crl-number-unfit', found: 'critical' })
}

/** IssuingDistributionPoint, whether marked as critical (as it must be) or not: what it says holds all the same. */
function readIssuingPoint(value: DerReader, draft: Draft): void {
  const { objections } = draft
  const fields = value.enter(TAG.sequence)
  const point = fields.optional(constructed(0))
  const points = point === undefined ? undefined : readPointName(point)
  point?.end()
  if (point !== undefined && points === undefined) {
    objections.push({ kind: 'crl-partial', scope: 'relative-name' })
  }
  const users = fields.flag(primitive(1))
  const authorities = fields.flag(primitive(2))
  if (fields.tag === primitive(3)) {
    fields.namedBits(primitive(3))
    objections.push({ kind: 'crl-partial', scope: 'some-reasons' })
  }
  if (fields.flag(primitive(4))) objections.push({ kind: 'crl-indirect' })
  const attributes = fields.flag(primitive(5))
  // Certificates that are neither: for attributes, or for users and for authorities at once (§5.2.5: at most one).
  if (attributes || (users && authorities)) {
    objections.push({ kind: 'crl-partial', scope: 'attributes' })
  }
  fields.end()
  const certificates = users ? 'users' : authorities ? 'authorities' : 'all'
  draft.scope = { certificates, points }
}
