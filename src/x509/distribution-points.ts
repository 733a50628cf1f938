/**
 * The names of distribution points (RFC 5280 §4.2.1.13, §5.2.5): where a list is published, and so which of several
 * lists of one CA is about a certificate.
 */
import { constructed, DerReader, primitive, TAG } from './der.ts'
import { readGeneralNames, type GeneralName } from './general-name.ts'

/** Reads DistributionPointName; nothing for a name relative to the issuer, which no CA in use writes. */
export function readPointName(reader: DerReader): readonly string[] | undefined {
  const full = reader.optional(constructed(0))
  if (full !== undefined) return readGeneralNames(full).map(textOf)
  reader.element(constructed(1))
  return undefined
}

/**
 * The points at which a certificate says that everything about its revocation is published. Points for some reasons,
 * or with another issuer, do not count; an undecodable list names none, and then no list of one point covers it.
 */
export function pointsOf(encoded: Buffer | undefined): readonly string[] {
  if (encoded === undefined) return []
  const reader = DerReader.over(encoded)
  const list = reader.enter(TAG.sequence)
  reader.end()
  const names: string[] = []
  for (let count = 0; list.more && count < MAX_POINTS; count += 1) {
    const point = list.enter(TAG.sequence)
    const name = point.optional(constructed(0))
    const found = name === undefined ? [] : (readPointName(name) ?? [])
    name?.end()
    const partial = point.tag === primitive(1)
    if (partial) point.content(primitive(1))
    const indirect = point.optional(constructed(2)) !== undefined
    point.end()
    if (!partial && !indirect) names.push(...found)
  }
  return reader.fault === undefined ? names : []
}

/** The http URLs among them: those that a person, or this program, can fetch a list from. */
export const listUrlsOf = (encoded: Buffer | undefined): readonly string[] =>
  pointsOf(encoded).flatMap((point) => {
    const url = point.startsWith('uri:') ? point.slice('uri:'.length) : ''
    return URL_OF_LIST.test(url) ? [url] : []
  })

/** As long as a configuration may name; without characters that a terminal would act on. */
const URL_OF_LIST = /^https?:\/\/[\x21-\x7e]{1,2000}$/i

/** Certificates name one or two. */
const MAX_POINTS = 32

function textOf(name: GeneralName): string {
  switch (name.kind) {
    case 'uri':
    case 'dns':
    case 'email':
    case 'ip':
      return `${name.kind}:${name.text}`
    case 'directory':
      return `directory:${name.name.key}`
    case 'other':
      return `other:${name.der.toString('hex')}`
  }
}
